"""Figures that a go-live review proves, and which review of a site counts. No database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

CANCELLED = "cancelled"
DOMAINS = ("compute", "network", "energy", "security", "planning")


@dataclass(frozen=True, slots=True)
class ReviewCounts:
    signatures_missing: int
    critical: int
    undated: int
    dated: int


def counted(signed: Collection[str], actions: Collection[tuple[bool, date | None]]) -> ReviewCounts:
    """Each open action is given by whether it is critical and when it is due."""
    dated = [due_on is not None for is_critical, due_on in actions if not is_critical]
    return ReviewCounts(
        signatures_missing=len(set(DOMAINS) - set(signed)),
        critical=len(actions) - len(dated),
        undated=dated.count(False),
        dated=dated.count(True),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldReview:
    """One review as it was at an instant: open, decided go or no-go, or cancelled; `decided_at` is not set for a
    cancelled one. `signed_at` is when its signatures count from: its end or the newest answer. `acted_at` is the last
    change of its actions, no earlier than that.
    """

    id: int
    state: str
    decided_at: datetime | None
    signed_at: datetime
    acted_at: datetime
    counts: ReviewCounts

    @property
    def is_cancelled(self) -> bool:
        return self.state == CANCELLED


def counting_review(reviews: Sequence[HeldReview], *, valid: timedelta, now: datetime) -> HeldReview | None:
    """The newest decided review while it is valid, then the open one, then the stale decided one. Otherwise the newest
    cancelled one, which proves nothing but shows that the site had a review."""
    decided = [review for review in reviews if review.decided_at is not None]
    last = max(decided, key=lambda review: (review.signed_at, review.id), default=None)
    if last is not None and last.signed_at + valid > now:
        return last
    cancelled = [review for review in reviews if review.is_cancelled]
    undecided = (review for review in reviews if review.decided_at is None and not review.is_cancelled)
    return next(
        undecided, last or max(cancelled, key=lambda review: (review.signed_at, review.id), default=None)
    )
