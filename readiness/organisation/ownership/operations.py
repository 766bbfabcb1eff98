"""Operations on assignments, with their permissions and rules. Refusals are defined next to their rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import Site
from readiness.organisation.ownership import deputies
from readiness.organisation.ownership.core.standing import CONFIRM_EVERY
from readiness.organisation.ownership.models import Assignment, Confirmation, HandoverStep
from readiness.organisation.ownership.rules import (
    MAY_PROPOSE,
    MAY_SEE,
    acts_as_deputy,
    nobody_answers,
    refuse_deputy,
    refuse_own_deputy,
    refuse_same,
    refuse_unsuitable,
    require_end,
    require_named,
    require_tick,
)
from readiness.organisation.people.models import Person, Team
from web.workflows import Turn, Workflow, require, second, still_there
from web.workflows.waiting import subjects_by

REMIND_BEFORE = timedelta(days=14)
"""How long before its end a confirmation is requested. Operator-set default."""
MOST_AT_ONCE = 1000
MOST_ITEMS = 28
"""Largest number of items of one owner before they count as overloaded. Operator-set default: four whole sites of seven
items.
"""


CHECKLIST = (
    "Open incidents, findings and waivers were gone through",
    "Runbooks and the decision log were gone through",
    "Access to consoles and orchestration works",
    "The escalation route was tried",
    "The deputy and the teams were told",
)
"""Lines of a hand-over. Accepting does not wait for them; open lines stay on the page."""


def _state(assignment: Assignment, now: datetime) -> str:
    """An accepted term whose end has passed counts as ended, even before anybody writes that."""
    is_over = assignment.state == Assignment.State.ACCEPTED and not assignment.is_live(now)
    return Assignment.State.ENDED if is_over else assignment.state


LIVE = (Assignment.State.PROPOSED, Assignment.State.ACCEPTED)
ASSIGNMENTS = Workflow(
    model=Assignment,
    states=dict(Assignment.State.choices),
    state_of=_state,
    joined=("accountable__user", "deputy__user", "site"),
    # Lock the site first, as proposals do, to avoid a deadlock.
    lock_before=lambda assignment: still_there(
        Site.objects.select_for_update(no_key=True), assignment.site_id
    ),
)


class ProposalsRefused(ValidationError):
    """The refused ones of many proposals, by number."""

    def __init__(self, refusals: Mapping[int, ValidationError]) -> None:
        super().__init__({str(number): error.messages for number, error in refusals.items()})
        self.refusals = dict(refusals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposal for one item. Without `effective_at` it begins with the acceptance."""

    site: Site
    item: str
    accountable: Person
    team: Team
    decision_rights: str
    deputy: Person | None = None
    responsible: Team | None = None
    escalation: str = ""
    effective_at: datetime | None = None


@transaction.atomic
def propose(proposal: Proposal, *, by: User, now: datetime) -> Assignment:
    """Ask a person to own an item.

    Nothing changes until they accept. Raises MissingPermission, and ValidationError by field: another proposal is open,
    the person has left or could not accept.
    """
    require(by, MAY_PROPOSE)
    # The lock makes two proposals for one site wait, so that each sees the other.
    still_there(Site.objects.select_for_update(no_key=True), proposal.site.pk)
    others = list(Assignment.objects.live(now).filter(site=proposal.site, item=proposal.item).order_by("pk"))
    return _propose(proposal, others, by=by, now=now)


@transaction.atomic
def propose_many(proposals: Sequence[Proposal], *, by: User, now: datetime) -> list[Assignment]:
    """Make all proposals or none: ProposalsRefused by number of the proposal, from 0. Raises MissingPermission."""
    require(by, MAY_PROPOSE)
    if not 0 < len(proposals) <= MOST_AT_ONCE:
        raise ValidationError(
            f"{MOST_AT_ONCE} proposals at most can be made at once; you chose {len(proposals)}."
        )
    site_ids = sorted({proposal.site.pk for proposal in proposals})
    list(Site.objects.select_for_update(no_key=True).filter(pk__in=site_ids).order_by("pk").values_list("pk"))
    live: dict[tuple[int, str], list[Assignment]] = {}
    for assignment in Assignment.objects.live(now).filter(site__in=site_ids).order_by("pk"):
        live.setdefault((assignment.site_id, assignment.item), []).append(assignment)
    assignments, refusals = [], {}
    for number, proposal in enumerate(proposals):
        others = live.setdefault((proposal.site.pk, proposal.item), [])
        try:
            assignments.append(_propose(proposal, others, by=by, now=now))
            others.append(assignments[-1])
        except ValidationError as error:
            refusals[number] = error
    if refusals:
        raise ProposalsRefused(refusals)
    return assignments


def _propose(proposal: Proposal, others: Sequence[Assignment], *, by: User, now: datetime) -> Assignment:
    """`others` are the live assignments of the same item; the site is locked."""
    values = {field.name: getattr(proposal, field.name) for field in fields(proposal)}
    values |= {name: values[name].strip() for name in ("decision_rights", "escalation")}
    values["effective_at"] = max(proposal.effective_at or now, now)
    assignment = Assignment(**values, proposed_by=by, proposed_at=now)
    assignment.clean_fields(exclude=["proposed_by"])
    refuse_unsuitable(assignment, now)
    _refuse_second(others, now)
    refuse_same(next((other for other in others if other.is_in_force(now)), None), proposal.accountable)
    assignment.save(force_insert=True)
    HandoverStep.objects.bulk_create(
        HandoverStep(assignment=assignment, number=number, text=text)
        for number, text in enumerate(CHECKLIST, start=1)
    )
    return assignment


def _refuse_second(others: Sequence[Assignment], now: datetime) -> None:
    """The table's constraints refuse it too; this message names the existing assignment."""
    for other in others:
        if other.state == Assignment.State.PROPOSED:
            raise ValidationError(
                {"item": [f"Somebody is already asked to accept this item, in assignment {other.pk}."]}
            )
        if other.effective_at > now:
            begins_later = f"Assignment {other.pk} was accepted and begins later: end it first."
            raise ValidationError({"item": [begins_later]})


ANSWERING = Turn(
    kind="Accept ownership",
    verb="Answer",
    tab="owned-by-me",
    page="assignment",
    of=lambda by, now: Q(
        Q(accountable__user=by) | (deputies.acted_for_by(by, now) & second.others("proposed_by", by, now)),
        state=Assignment.State.PROPOSED,
    ),
    subjects=subjects_by(lambda assignment: assignment.get_item_display()),
    asked_by=lambda assignment: assignment.proposed_by,
    since="proposed_at",
    joined=("site", "proposed_by"),
)
CONFIRMING = replace(
    ANSWERING,
    kind="Confirm ownership",
    verb="Confirm",
    of=lambda by, now: (
        Q(
            Q(accountable__user=by) | deputies.acted_for_by(by, now),
            state=Assignment.State.ACCEPTED,
            due_at__lte=now + REMIND_BEFORE,
        )
        & (Q(ended_at=None) | Q(ended_at__gt=now))
    ),
    asked_by=lambda assignment: None,
    since="confirmed_at",
    due="due_at",
    joined=("site",),
)
ANSWER: dict[str, Any] = {
    "after": [Assignment.State.PROPOSED],
    "any_of": (MAY_SEE,),
    "refuse": require_named,
    "longest": 1000,
}


@ASSIGNMENTS.step(**ANSWER, turn=ANSWERING)
def accept(assignment: Assignment, *, note: str, by: User, now: datetime) -> None:
    """Accept the item.

    The previous owner's term ends at that moment. Raises ValidationError if somebody else is accountable in that time,
    or the person or the team is gone.
    """
    if errors := nobody_answers(assignment, now):
        raise ValidationError(errors)
    assignment.answered_as_deputy = acts_as_deputy(assignment, by, now)
    begins = max(assignment.effective_at, now)
    _hand_over(assignment, begins, by=by, now=now)
    assignment.effective_at = begins
    _confirm(assignment, by=by, now=now, as_deputy=assignment.answered_as_deputy)
    try:
        with transaction.atomic():
            _save_answer(assignment, Assignment.State.ACCEPTED, note, by, now)
    except IntegrityError as error:
        if "assignment_one_accountable" not in str(error):
            raise
        raise ValidationError("Somebody else is accountable for this item in that time.") from error


@ASSIGNMENTS.step(**ANSWER, must_say=True)
def decline(assignment: Assignment, *, note: str, by: User, now: datetime) -> None:
    """Decline the item, with a reason."""
    assignment.answered_as_deputy = acts_as_deputy(assignment, by, now)
    _save_answer(assignment, Assignment.State.DECLINED, note, by, now)


def _save_answer(assignment: Assignment, state: Assignment.State, note: str, by: User, now: datetime) -> None:
    assignment.state, assignment.answer_note = state, note
    assignment.answered_by, assignment.answered_at = by, now
    answer = ("state", "answered_by", "answered_at", "answered_as_deputy", "answer_note")
    assignment.save(update_fields=[*answer, "effective_at", "confirmed_at", "due_at"])


def _hand_over(to: Assignment, at: datetime, *, by: User, now: datetime) -> None:
    """End the open-ended term of the present owner of the same item."""
    open_ended = Assignment.objects.select_for_update().filter(
        site=to.site_id, item=to.item, state=Assignment.State.ACCEPTED, ended_at=None
    )
    for before in open_ended.exclude(pk=to.pk).order_by("pk"):
        if before.effective_at > at:
            # A term that begins later is not handed over; the constraint refuses the overlap.
            continue
        before.ended_at, before.ended_by = at, by
        before.end_reason = f"Handed over: assignment {to.pk}."
        if at <= now:
            before.state = Assignment.State.ENDED
        before.save(update_fields=["state", "ended_at", "ended_by", "end_reason"])


@ASSIGNMENTS.step(
    after=[Assignment.State.ACCEPTED], any_of=(MAY_SEE,), refuse=require_named, words="", turn=CONFIRMING
)
def confirm(assignment: Assignment, *, by: User, now: datetime) -> None:
    """Confirm that you still answer for the item. It counts anew from now."""
    _confirm(assignment, by=by, now=now, as_deputy=acts_as_deputy(assignment, by, now))
    assignment.save(update_fields=["confirmed_at", "due_at"])


def _confirm(assignment: Assignment, *, by: User, now: datetime, as_deputy: bool) -> None:
    who = {"by": by, "as_deputy": as_deputy}
    Confirmation.objects.get_or_create(assignment=assignment, confirmed_at=now, defaults=who)
    assignment.confirmed_at, assignment.due_at = now, now + CONFIRM_EVERY


@ASSIGNMENTS.step(
    after=LIVE, any_of=(MAY_SEE,), refuse=require_end, words="reason", must_say=True, longest=1000
)
def end(assignment: Assignment, *, reason: str, by: User, now: datetime) -> None:
    """End the assignment now, or withdraw the proposal.

    If it had not begun, the owner whom it would have replaced stays.
    """
    begins = assignment.effective_at if assignment.state == Assignment.State.ACCEPTED else None
    assignment.state, assignment.ended_at, assignment.ended_by = Assignment.State.ENDED, now, by
    assignment.end_reason = reason
    assignment.save(update_fields=["state", "ended_at", "ended_by", "end_reason"])
    if begins is not None and begins > now:
        Assignment.objects.filter(
            site=assignment.site_id, item=assignment.item, state=Assignment.State.ACCEPTED, ended_at=begins
        ).update(ended_at=None, ended_by=None, end_reason="")


AMENDED = frozenset({"deputy", "responsible", "escalation"})
"""Fields that may change in an accepted term; other changes need a new proposal."""


@transaction.atomic
def amend(
    assignment: Assignment, *, by: User, now: datetime, **changes: Person | Team | str | None
) -> Assignment:
    """Change the deputy, the responsible team or the escalation.

    Raises MissingPermission, NotInState, and ValidationError by field.
    """
    require(by, MAY_PROPOSE)
    unknown = sorted(set(changes) - AMENDED)
    if unknown:
        raise ValidationError(
            {
                name: ["This assignment was accepted with its present values. Propose a new one."]
                for name in unknown
            }
        )
    locked = ASSIGNMENTS.locked(assignment)
    ASSIGNMENTS.refuse_unless(locked, LIVE, now)
    if isinstance(deputy := changes.get("deputy"), Person):
        refuse_own_deputy(locked, deputy, by, now)
    for name, value in changes.items():
        setattr(locked, name, value.strip() if isinstance(value, str) else value)
    locked.clean_fields(exclude=["proposed_by"])
    refuse_deputy(locked, now)
    locked.save(update_fields=sorted(changes))
    return locked


@transaction.atomic
def set_step(step: HandoverStep, *, done: bool, by: User, now: datetime) -> HandoverStep:
    """Tick or untick a line of the checklist. Raises NotThePersonNamed, NotInState."""
    locked = HandoverStep.objects.select_for_update(of=("self",)).get(pk=step.pk)
    people = ("accountable__user", "deputy__user")
    assignment = Assignment.objects.select_related(*people).get(pk=locked.assignment_id)
    require_tick(assignment, by, now)
    ASSIGNMENTS.refuse_unless(assignment, LIVE, now)
    if done != (locked.done_at is not None):
        locked.done_at, locked.done_by = (now, by) if done else (None, None)
        locked.save(update_fields=["done_at", "done_by"])
    return locked
