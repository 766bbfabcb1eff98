"""Operations on assignments, with their permissions and rules. Refusals are defined next to their rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import Site
from readiness.organisation.ownership.core.standing import CONFIRM_EVERY
from readiness.organisation.ownership.models import Assignment, Confirmation, HandoverStep
from readiness.organisation.people.models import Person, Team
from web.permissions import roles_of
from web.workflows import Turn, Workflow, require, still_there
from web.workflows.waiting import subjects_by

MAY_SEE = "ownership.view_assignment"
MAY_PROPOSE = "ownership.add_assignment"
MAY_END = "ownership.end_assignment"
FURTHEST = timedelta(days=365)
"""How far ahead a term may begin. Operator-set default: plans beyond a year name roles, not people."""
REMIND_BEFORE = timedelta(days=14)
"""How long before its end a confirmation is requested. Operator-set default."""
MOST_AT_ONCE = 1000
MOST_ITEMS = 28
"""Largest number of items of one owner before they count as overloaded. Operator-set default: four whole sites of seven
items.
"""


class NotThePersonNamed(PermissionDenied):
    """Only the person named answers and confirms."""


def require_named(assignment: Assignment, by: User) -> None:
    if not is_named(assignment, by):
        raise NotThePersonNamed(
            "Only the person named may do this, signed in with their own account."
            f" Whoever has the role {roles_of(MAY_PROPOSE)} may propose somebody else."
        )


def is_named(assignment: Assignment, user: User) -> bool:
    return assignment.accountable.user_id is not None and assignment.accountable.user_id == user.pk


def require_end(assignment: Assignment, by: User) -> None:
    """Users who may end assignments, the proposer before an answer, and the person named."""
    own_proposal = assignment.state == Assignment.State.PROPOSED and assignment.proposed_by_id == by.pk
    if not (is_named(assignment, by) or (own_proposal and by.has_perm(MAY_PROPOSE))):
        require(by, MAY_END)


def require_tick(assignment: Assignment, by: User) -> None:
    if not by.has_perm(MAY_PROPOSE):
        require_named(assignment, by)


def refuse_unsuitable(assignment: Assignment, now: datetime) -> None:
    """Raise ValidationError by field if the proposal could not be accepted or would have no effect."""
    errors = _nobody_answers(assignment, now)
    if problem := _deputy_problem(assignment, now):
        errors["deputy"] = [problem]
    if not assignment.decision_rights.strip():
        errors["decision_rights"] = ["Enter what the person may decide."]
    if assignment.effective_at > now + FURTHEST:
        errors["effective_at"] = [f"It begins within {FURTHEST.days} days."]
    if errors:
        raise ValidationError(errors)


def _nobody_answers(assignment: Assignment, now: datetime) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if assignment.accountable.left_by(now):
        errors["accountable"] = ["This person has left."]
    elif assignment.accountable.user_id is None:
        errors["accountable"] = ["No user has confirmed to be this person, so nobody could accept."]
    if assignment.team.dissolved_at is not None and assignment.team.dissolved_at <= now:
        errors["team"] = ["This team is dissolved."]
    return errors


def refuse_deputy(assignment: Assignment, now: datetime) -> None:
    if problem := _deputy_problem(assignment, now):
        raise ValidationError({"deputy": [problem]})


def _deputy_problem(assignment: Assignment, now: datetime) -> str:
    if assignment.deputy is None:
        return ""
    if assignment.deputy.left_by(now):
        return "This person has left."
    if assignment.deputy_id == assignment.accountable_id:
        return "The deputy and the accountable person must be two people."
    return ""


def refuse_same(current: Assignment | None, accountable: Person) -> None:
    if current is not None and current.accountable_id == accountable.pk:
        raise ValidationError({"accountable": ["This person already owns the item. Ask them to confirm it."]})


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
    joined=("accountable__user", "site"),
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
    of=lambda by, now: Q(state=Assignment.State.PROPOSED, accountable__user=by),
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
        Q(state=Assignment.State.ACCEPTED, accountable__user=by, due_at__lte=now + REMIND_BEFORE)
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
    if errors := _nobody_answers(assignment, now):
        raise ValidationError(errors)
    begins = max(assignment.effective_at, now)
    _hand_over(assignment, begins, by=by, now=now)
    assignment.effective_at = begins
    _confirm(assignment, by=by, now=now)
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
    _save_answer(assignment, Assignment.State.DECLINED, note, by, now)


def _save_answer(assignment: Assignment, state: Assignment.State, note: str, by: User, now: datetime) -> None:
    assignment.state, assignment.answer_note = state, note
    assignment.answered_by, assignment.answered_at = by, now
    answer = ("state", "answered_by", "answered_at", "answer_note")
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
    _confirm(assignment, by=by, now=now)
    assignment.save(update_fields=["confirmed_at", "due_at"])


def _confirm(assignment: Assignment, *, by: User, now: datetime) -> None:
    Confirmation.objects.get_or_create(assignment=assignment, confirmed_at=now, defaults={"by": by})
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
    assignment = Assignment.objects.select_related("accountable").get(pk=locked.assignment_id)
    require_tick(assignment, by)
    ASSIGNMENTS.refuse_unless(assignment, LIVE, now)
    if done != (locked.done_at is not None):
        locked.done_at, locked.done_by = (now, by) if done else (None, None)
        locked.save(update_fields=["done_at", "done_by"])
    return locked
