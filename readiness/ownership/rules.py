"""Who may do what with an assignment, and what an assignment must be. Refusals are named here, next to the rules."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError

from accounts.models import User
from readiness.ownership.models import Assignment
from readiness.people.models import Person
from web.permissions import roles_of
from web.workflows import require

MAY_SEE = "ownership.view_assignment"
MAY_PROPOSE = "ownership.add_assignment"
MAY_END = "ownership.end_assignment"
FURTHEST = timedelta(days=365)
"""How far ahead a term may begin. Operator-set default: plans of more than a year name roles, not people."""
MOST_AT_ONCE = 1000
MOST_ITEMS = 28
"""Items that one person can answer for: more, and the owner counts as overloaded.

Operator-set default: four whole sites of seven items.
"""


class NotThePersonNamed(PermissionDenied):
    """Only the person named answers and confirms."""


def require_named(assignment: Assignment, by: User) -> None:
    if not is_named(assignment, by):
        raise NotThePersonNamed(
            "Only the person named does this, signed in as themselves."
            f" Whoever has the role {roles_of(MAY_PROPOSE)} may propose somebody else."
        )


def is_named(assignment: Assignment, user: User) -> bool:
    return assignment.accountable.user_id is not None and assignment.accountable.user_id == user.pk


def require_end(assignment: Assignment, by: User) -> None:
    """Whoever may end assignments; whoever asked, as long as nobody answered; and the person named."""
    own_proposal = assignment.state == Assignment.State.PROPOSED and assignment.proposed_by_id == by.pk
    if not (is_named(assignment, by) or (own_proposal and by.has_perm(MAY_PROPOSE))):
        require(by, MAY_END)


def require_tick(assignment: Assignment, by: User) -> None:
    """The person named, and whoever may propose."""
    if not by.has_perm(MAY_PROPOSE):
        require_named(assignment, by)


def refuse_unsuitable(assignment: Assignment, now: datetime) -> None:
    """Raise ValidationError by field where it could not be accepted, or would mean nothing."""
    errors: dict[str, list[str]] = {}
    if assignment.accountable.left_by(now):
        errors["accountable"] = ["This person has left."]
    elif assignment.accountable.user_id is None:
        errors["accountable"] = ["No user has confirmed to be this person, so nobody could accept."]
    if assignment.team.dissolved_at is not None and assignment.team.dissolved_at <= now:
        errors["team"] = ["This team is dissolved."]
    if problem := _deputy_problem(assignment, now):
        errors["deputy"] = [problem]
    if not assignment.decision_rights.strip():
        errors["decision_rights"] = ["Write down what may be decided."]
    if assignment.effective_at > now + FURTHEST:
        errors["effective_at"] = [f"It begins within {FURTHEST.days} days."]
    if errors:
        raise ValidationError(errors)


def refuse_deputy(assignment: Assignment, now: datetime) -> None:
    if problem := _deputy_problem(assignment, now):
        raise ValidationError({"deputy": [problem]})


def _deputy_problem(assignment: Assignment, now: datetime) -> str:
    if assignment.deputy is None:
        return ""
    if assignment.deputy.left_by(now):
        return "This person has left."
    if assignment.deputy_id == assignment.accountable_id:
        return "The deputy is somebody else than who is accountable."
    return ""


def refuse_same(current: Assignment | None, accountable: Person) -> None:
    if current is not None and current.accountable_id == accountable.pk:
        raise ValidationError(
            {"accountable": ["This person is accountable for it already; ask them to confirm it."]}
        )
