"""The hand-over that follows a leave: proposed by itself, answered by the deputy, over with the leave.

It moves nothing: the owner stays the owner, and the deputy says whether they will answer meanwhile.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from accounts.models import User
from readiness.organisation.ownership import deputies
from readiness.organisation.ownership.models import Assignment, LeaveHandover
from readiness.organisation.ownership.operations import ANSWERING, ASSIGNMENTS
from readiness.organisation.ownership.rules import MAY_SEE, require_deputy
from web.workflows import NotInState, Turn
from web.workflows.waiting import subjects_by


def _offered_to(by: User, now: datetime) -> Q:
    return Q(deputies.offered(now), deputy__user=by)


COVERING = Turn(
    kind="Cover during leave",
    verb="Answer",
    tab=ANSWERING.tab,
    page=ANSWERING.page,
    of=_offered_to,
    subjects=subjects_by(lambda assignment: assignment.get_item_display()),
    since="confirmed_at",
    joined=("site",),
)
ANSWER: dict[str, Any] = {
    "after": [Assignment.State.ACCEPTED],
    "any_of": (MAY_SEE,),
    "refuse": require_deputy,
    "longest": 1000,
}


@ASSIGNMENTS.step(**ANSWER, turn=COVERING)
def cover(assignment: Assignment, *, note: str, by: User, now: datetime) -> None:
    """Agree to answer for the item during each leave of the owner that asks for it."""
    _save(assignment, _leaves(assignment, now), accepted=True, note=note, by=by, now=now)


@ASSIGNMENTS.step(**ANSWER, must_say=True)
def refuse(assignment: Assignment, *, note: str, by: User, now: datetime) -> None:
    """Decline to answer for the item during the leave, with a reason. A queue then says that nobody does."""
    _save(assignment, _leaves(assignment, now), accepted=False, note=note, by=by, now=now)


def _leaves(assignment: Assignment, now: datetime) -> Sequence[Any]:
    if leaves := deputies.offered_leaves(assignment, now):
        return leaves
    raise NotInState("No leave of the owner asks for a hand-over, or it is answered already.")


def _save(
    assignment: Assignment, leaves: Iterable[Any], *, accepted: bool, note: str, by: User, now: datetime
) -> None:
    deputy = assignment.deputy
    if deputy is None or deputy.left_by(now):
        raise ValidationError("This deputy has left.")
    deputies.note_deputy(assignment.accountable.name)
    LeaveHandover.objects.bulk_create(
        LeaveHandover(
            assignment=assignment,
            leave=leave,
            deputy=deputy,
            accepted=accepted,
            answered_by=by,
            answered_at=now,
            note=note,
        )
        for leave in leaves
    )
