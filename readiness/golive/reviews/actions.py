"""Actions that a review leaves to be done."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from readiness.evidence.models import Review, ReviewAction, SignOff
from readiness.golive.reviews.operations import MAY_CHANGE, MAY_SEE, ReviewNotInState, claim
from web.permissions import MissingPermission

MOST = 100
"""Actions of one review. Operator-set default: a review with more is no review but a project."""
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
    locked = _locked(review)
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
    _require(by)
    locked = _locked_action(action)
    for field in given.keys() & set(CHANGED):
        value = given[field]
        setattr(locked, field, value.strip() if isinstance(value, str) else value)
    locked.full_clean(exclude=["review", "opened_by", "closed_by"])
    locked.save(update_fields=CHANGED)
    claim(locked.review)
    return locked


@transaction.atomic
def close(action: ReviewAction, *, note: str = "", by: User, now: datetime) -> ReviewAction:
    """Close an action that is done. Its owner may do so too."""
    refuse_strangers(action.pk, by=by)
    locked = _locked_action(action)
    locked.closed_by, locked.closed_at, locked.close_note = by, now, note.strip()
    locked.clean_fields(exclude=["review", "opened_by", "closed_by", "owner"])
    locked.save(update_fields=["closed_by", "closed_at", "close_note"])
    claim(locked.review)
    return locked


def refuse_others(review_id: int, *, by: User) -> None:
    """Raise MissingPermission for those who neither may change such a review nor are named in it."""
    _require(by, named=SignOff.objects.filter(review=review_id, approver=by).exists())


def refuse_strangers(action_id: int, *, by: User) -> None:
    """Raise MissingPermission for those who neither may change reviews nor own such an action."""
    _require(by, named=ReviewAction.objects.filter(pk=action_id, owner=by).exists())


def _locked(review: Review) -> Review:
    locked = Review.objects.select_for_update(of=("self",)).select_related("site").get(pk=review.pk)
    if locked.state == Review.State.CANCELLED:
        raise ReviewNotInState("The review is cancelled.")
    return locked


def _locked_action(action: ReviewAction) -> ReviewAction:
    review = _locked(action.review)
    locked = ReviewAction.objects.select_for_update(of=("self",)).get(pk=action.pk)
    if not locked.is_open:
        raise ReviewNotInState("The action is closed already.")
    locked.review = review
    return locked


def _require(by: User, *, named: bool = False) -> None:
    needed = MAY_SEE if named else MAY_CHANGE
    if not by.has_perm(needed):
        raise MissingPermission([needed])
