"""Add, change, finish and drop actions, and see their effects."""

from datetime import UTC, date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import TruncDay

from accounts.models import User
from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.models import CheckResult
from readiness.loop.actions.models import Action
from readiness.loop.actions.queries import waits_for
from readiness.organisation.people.models import Person, Team
from web.workflows import Turn, Workflow, require, require_words
from web.workflows.waiting import awaits, subjects_by

MAY_ADD = "actions.add_action"
MAY_CHANGE = "actions.change_action"
OPEN, DONE, DROPPED = Action.State.OPEN, Action.State.DONE, Action.State.DROPPED

ACTIONS = Workflow(
    model=Action,
    states=dict(Action.State.choices),
    joined=("site",),
    refusal="The action is {state}, so this is no longer possible.",
)
FINISHING = Turn(
    kind="Finish an action",
    verb="Open",
    tab="action-list",
    page="action-detail",
    of=waits_for,
    subjects=subjects_by(str),
    asked_by=lambda action: action.added_by,
    since="added_at",
    due="due_on",
    joined=("site", "added_by"),
)
awaits(Action, MAY_CHANGE, turn=FINISHING)


@transaction.atomic
def add_action(
    *,
    title: str,
    effect: str,
    site: Site | None = None,
    owner: Person | None = None,
    team: Team | None = None,
    due_on: date | None = None,
    check_id: str = "",
    effect_reason: str = "",
    note: str = "",
    by: User | None,
    now: datetime,
) -> Action:
    """Add an action; without a site it is of the whole fleet. `by` is None where Muster adds it.

    Raises MissingPermission, and ValidationError by field.
    """
    if by is not None:
        require(by, MAY_ADD)
    action = Action(
        title=title.strip(),
        site=site,
        owner=owner,
        team=team,
        due_on=due_on,
        effect=effect,
        check_id=check_id,
        effect_reason=effect_reason.strip(),
        note=note.strip(),
        added_by=by,
        added_at=now,
    )
    _refuse_wrong(action)
    action.save(force_insert=True)
    return action


CHANGES = frozenset({"title", "owner", "team", "due_on", "effect", "check_id", "effect_reason", "note"})


@transaction.atomic
def change_action(action: Action, *, by: User, now: datetime, **changes: Any) -> Action:
    """Change any of CHANGES while it is open. Raises MissingPermission, NotInState, ValidationError by field."""
    require(by, MAY_CHANGE)
    if unknown := sorted(set(changes) - CHANGES):
        raise ValidationError({name: ["This field cannot be changed."] for name in unknown})
    locked = ACTIONS.locked(action)
    ACTIONS.refuse_unless(locked, (OPEN,), now)
    for name, value in changes.items():
        setattr(locked, name, value.strip() if isinstance(value, str) else value)
    _refuse_wrong(locked)
    locked.save()
    return locked


@ACTIONS.step(after=(OPEN,), any_of=(MAY_CHANGE,), longest=500)
def finish_action(action: Action, *, note: str, by: User, now: datetime) -> None:
    """Mark an action as done. Its effect is seen later, unless none was promised."""
    _end(action, DONE, note, by, now)
    has_evidence = action.effect == Action.Effect.EVIDENCE and bool(action.evidence)
    if action.effect == Action.Effect.NONE or has_evidence:
        action.observed_at = now
    action.save()


@ACTIONS.step(after=(OPEN,), any_of=(MAY_CHANGE,), must_say=True, longest=500)
def drop_action(action: Action, *, note: str, by: User, now: datetime) -> None:
    """Drop it, with a reason."""
    _end(action, DROPPED, note, by, now)
    action.save()


@ACTIONS.step(after=(DONE, DROPPED), any_of=(MAY_CHANGE,), words="")
def reopen_action(action: Action, *, by: User, now: datetime) -> None:
    """Open it again. The evidence of the first time, which its history keeps, proves nothing of the next."""
    action.state, action.ended_by, action.ended_at, action.end_note = OPEN, None, None, ""
    action.observed_at, action.evidence = None, ""
    action.save()


@ACTIONS.step(after=(OPEN, DONE), any_of=(MAY_CHANGE,), words="evidence", must_say=True, longest=500)
def attach_evidence(action: Action, *, evidence: str, by: User, now: datetime) -> None:
    """Attach the evidence that it helped: an address, or where it is kept."""
    if action.effect != Action.Effect.EVIDENCE:
        raise ValidationError({"evidence": ["Another effect than evidence is asked for."]})
    action.evidence = evidence
    action.observed_at = now if action.state == DONE else None
    action.save()


def observe_effects(*, now: datetime) -> int:
    """Mark effects as seen: of actions that are done, and whose check passes since. Returns their number; one
    statement.

    A result from before the action was done proves nothing: the evidence is newer, or the check passes only since then
    by evidence of that day, for much evidence knows its day and no hour.
    """
    is_newer = Q(taken_at__gt=OuterRef("ended_at")) | Q(
        Q(taken_at=None) | Q(taken_at__gte=OuterRef("ended_day")), since__gt=OuterRef("ended_at")
    )
    passing = CheckResult.objects.filter(
        is_newer, site=OuterRef("site"), check_id=OuterRef("check_id"), measured_state="pass"
    )
    unseen = Action.objects.unseen().filter(effect=Action.Effect.CHECK, ended_at__lte=now)
    unseen = unseen.annotate(ended_day=TruncDay("ended_at", tzinfo=UTC))
    return unseen.filter(Exists(passing)).update(observed_at=now)


def _end(action: Action, state: Action.State, note: str, by: User, now: datetime) -> None:
    action.state, action.ended_by, action.ended_at, action.end_note = state, by, now, note


def _refuse_wrong(action: Action) -> None:
    require_words("title", action.title)
    if action.effect == Action.Effect.CHECK:
        if action.site is None:
            raise ValidationError({"site": ["A check passes at a site: name one."]})
        _refuse_unknown(action.check_id)
    else:
        action.check_id = ""
    if action.effect == Action.Effect.NONE:
        action.effect_reason = require_words("effect_reason", action.effect_reason)
    else:
        action.effect_reason = ""
    if action.effect != Action.Effect.EVIDENCE:
        action.evidence = ""
    action.clean_fields(exclude=["added_by", "ended_by", "site", "owner", "team"])


def _refuse_unknown(check_id: str) -> None:
    _version, framework = framework_queries.current()
    if check_id not in framework.checks_by_id:
        text = f"{framework.version} has no check {check_id[:64]}." if check_id else "Choose a check."
        raise ValidationError({"check_id": [text]})
