"""Who may do what with an assignment, and what it needs. Refusals are defined next to their rules."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError

from accounts.models import User
from readiness.organisation.ownership import deputies
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.people.models import Person
from web import clock
from web.permissions import roles_of
from web.workflows import require, second

MAY_SEE = "ownership.view_assignment"
MAY_PROPOSE = "ownership.add_assignment"
MAY_END = "ownership.end_assignment"
FURTHEST = timedelta(days=365)
"""How far ahead a term may begin. Operator-set default: plans beyond a year name roles, not people."""


class NotThePersonNamed(PermissionDenied):
    """Only the person named answers and confirms."""


def require_named(assignment: Assignment, by: User) -> None:
    """The person named, or the deputy who acts for them."""
    if not is_named(assignment, by):
        _require_turn_of_deputy(assignment, by, clock.now())


def _not_named() -> NotThePersonNamed:
    return NotThePersonNamed(
        "Only the person named may do this, signed in with their own account, and the deputy while that person is on"
        f" leave. Whoever has the role {roles_of(MAY_PROPOSE)} may propose somebody else."
    )


def acts_as_deputy(assignment: Assignment, by: User, now: datetime) -> bool:
    """Whether this is done as deputy, which the history then says; raise NotThePersonNamed out of turn."""
    if is_named(assignment, by):
        return False
    _require_turn_of_deputy(assignment, by, now)
    deputies.note_deputy(assignment.accountable.name)
    return True


def _require_turn_of_deputy(assignment: Assignment, by: User, now: datetime) -> None:
    """Nobody decides alone what takes two: not who entered the leave, nor who proposed what they would accept."""
    if not may_act(assignment, by, now):
        raise _not_named()
    if deputies.entered_leave(by, assignment, now):
        raise NotThePersonNamed("You entered this leave yourself, so you cannot act because of it.")
    if assignment.state == Assignment.State.PROPOSED:
        proposed = {"since": assignment.proposed_at, "now": now}
        second.refuse_same_person(assignment.proposed_by_id, by, **proposed)


def may_act(assignment: Assignment, user: User, now: datetime) -> bool:
    """The person named, or the deputy while that person is on leave."""
    if is_named(assignment, user):
        return True
    return is_deputy(assignment, user) and deputies.acting_for(assignment, at=now) is not None


def is_deputy(assignment: Assignment, user: User) -> bool:
    deputy = assignment.deputy
    return deputy is not None and deputy.user_id is not None and deputy.user_id == user.pk


ONLY_DEPUTY = "Only the deputy may answer a hand-over during leave, where the leave asks for one."


def require_deputy(assignment: Assignment, by: User) -> None:
    if not is_deputy(assignment, by) or not deputies.offered_leaves(assignment, clock.now()):
        raise NotThePersonNamed(ONLY_DEPUTY)


def is_named(assignment: Assignment, user: User) -> bool:
    return assignment.accountable.user_id is not None and assignment.accountable.user_id == user.pk


def require_end(assignment: Assignment, by: User) -> None:
    """Users who may end assignments, the proposer before an answer, and the person named."""
    own_proposal = assignment.state == Assignment.State.PROPOSED and assignment.proposed_by_id == by.pk
    if not (is_named(assignment, by) or (own_proposal and by.has_perm(MAY_PROPOSE))):
        require(by, MAY_END)


def require_tick(assignment: Assignment, by: User, now: datetime) -> None:
    if not by.has_perm(MAY_PROPOSE):
        acts_as_deputy(assignment, by, now)


def refuse_unsuitable(assignment: Assignment, now: datetime) -> None:
    """Raise ValidationError by field if the proposal could not be accepted or would have no effect."""
    errors = nobody_answers(assignment, now)
    if problem := _deputy_problem(assignment, now):
        errors["deputy"] = [problem]
    if not assignment.decision_rights.strip():
        errors["decision_rights"] = ["Enter what the person may decide."]
    if assignment.effective_at > now + FURTHEST:
        errors["effective_at"] = [f"It begins within {FURTHEST.days} days."]
    if errors:
        raise ValidationError(errors)


def nobody_answers(assignment: Assignment, now: datetime) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if assignment.accountable.left_by(now):
        errors["accountable"] = ["This person has left."]
    elif assignment.accountable.user_id is None:
        errors["accountable"] = ["No user has confirmed to be this person, so nobody could accept."]
    if assignment.team.dissolved_at is not None and assignment.team.dissolved_at <= now:
        errors["team"] = ["This team is dissolved."]
    return errors


def refuse_own_deputy(assignment: Assignment, deputy: Person | None, by: User, now: datetime) -> None:
    """Nobody makes themselves the deputy of somebody on leave: they would act at once, by nobody else's decision."""
    if deputy is None or deputy.pk == assignment.deputy_id or deputy.user_id != by.pk:
        return
    if deputies.presence_of(assignment, at=now).leave is not None:
        raise ValidationError({"deputy": ["The owner is on leave: somebody else must make you the deputy."]})


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
