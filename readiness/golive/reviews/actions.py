"""Actions that a review leaves to be done."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from readiness.evidence.models import Review, ReviewAction, SignOff
from readiness.golive.reviews.operations import MAY_CHANGE, MAY_SEE, REVIEWS, claim
from web.workflows import Workflow, require

MOST = 100
"""Actions of one review. Operator-set default: a review with more is no review but a project."""
NOT_CANCELLED = set(Review.State.values) - {Review.State.CANCELLED}


def _state(action: ReviewAction, now: datetime) -> str:
    if action.review.state == Review.State.CANCELLED:
        return "cancelled"
    return "open" if action.is_open else "closed"


ACTIONS = Workflow(
    model=ReviewAction,
    states={"open": "open", "closed": "closed already", "cancelled": "of a review that is cancelled"},
    state_of=_state,
    joined=("review__site",),
    lock_before=lambda action: REVIEWS.locked(action.review),
    refusal="The action is {state}.",
)
CHANGED = ("title", "critical", "owner", "owner_name", "due_on")


@transaction.atomic
def add(
    review: Review,
    *,
    title: str,
    critical: bool = False,
    owner: User | None = None,
    owner_name: str = "",
    due_on: date | None = None,
    by: User,
    now: datetime,
) -> ReviewAction:
    """Whoever is named to sign may say what is missing, beside those who may change the review."""
    refuse_others(review.pk, by=by)
    locked = REVIEWS.locked(review)
    REVIEWS.refuse_unless(locked, NOT_CANCELLED, now)
    if locked.actions.count() >= MOST:
        raise ValidationError(f"A review has {MOST} actions at most.")
    action = ReviewAction(
        review=locked,
        title=title.strip(),
        critical=critical,
        owner=owner,
        owner_name=owner_name.strip(),
        due_on=due_on,
        opened_by=by,
        opened_at=now,
    )
    action.full_clean(exclude=["review", "opened_by", "closed_by"])
    action.save(force_insert=True)
    claim(locked)
    return action


@transaction.atomic
def change(action: ReviewAction, *, by: User, now: datetime, **given: Any) -> ReviewAction:
    """`given` are title, critical, owner, owner_name, due_on."""
    require(by, MAY_CHANGE)
    locked = ACTIONS.locked(action)
    ACTIONS.refuse_unless(locked, ["open"], now)
    for field in given.keys() & set(CHANGED):
        value = given[field]
        setattr(locked, field, value.strip() if isinstance(value, str) else value)
    locked.full_clean(exclude=["review", "opened_by", "closed_by"])
    locked.save(update_fields=CHANGED)
    claim(locked.review)
    return locked


def _refuse_stranger(action: ReviewAction, by: User) -> None:
    """Whoever owns it may close it too."""
    if action.owner_id != by.pk:
        require(by, MAY_CHANGE)


@ACTIONS.step(after=["open"], any_of=(MAY_SEE,), refuse=_refuse_stranger)
def close(action: ReviewAction, *, note: str, by: User, now: datetime) -> None:
    """Close an action."""
    action.closed_by, action.closed_at, action.close_note = by, now, note
    action.clean_fields(exclude=["review", "opened_by", "closed_by", "owner"])
    action.save(update_fields=["closed_by", "closed_at", "close_note"])
    claim(action.review)


def refuse_others(review_id: int, *, by: User) -> None:
    """Raise MissingPermission for those who neither may change such a review nor are named in it."""
    named = SignOff.objects.filter(review=review_id, approver=by).exists()
    require(by, MAY_SEE if named else MAY_CHANGE)
