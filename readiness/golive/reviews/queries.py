"""Queries for the pages of reviews, and for what a site's page says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from inventory.models import Site
from readiness.evidence.in_force import counts_of
from readiness.evidence.models import Review, ReviewAction, SignOff
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework
from readiness.golive.reviews.gate import CHECK
from readiness.golive.reviews.models import Approver
from readiness.golive.reviews.operations import obstacles
from readiness.golive.reviews.standing import frozen, standing_of
from readiness.scoring.models import SiteScore

YEARLY = timedelta(days=365)
"""How long a review holds where the framework in force does not say [S32, once a year]."""


@dataclass(frozen=True, slots=True)
class ReviewRow:
    review: Review
    signed: int
    open_actions: int
    holds_until: datetime | None


@dataclass(frozen=True, slots=True)
class SitesReview:
    """How a site stands with its reviews. `held` is the newest go, `open` the one that is under way."""

    held: Review | None
    open: Review | None
    holds_until: datetime | None

    def is_due(self, now: datetime) -> bool:
        return self.holds_until is not None and self.holds_until <= now


def reviews() -> QuerySet[Review]:
    """Reviews without their large columns, and with what a row counts."""
    joined = Review.objects.select_related("site", "opened_by", "ended_by", "framework_version")
    return joined.defer("snapshot", "framework_version__definition").annotate(
        signed=Count("sign_offs", filter=Q(sign_offs__state=SignOff.State.SIGNED), distinct=True),
        open_actions=Count("actions", filter=Q(actions__closed_at=None), distinct=True),
    )


def whole_reviews() -> QuerySet[Review]:
    """Reviews with their signatures and actions; three statements."""
    return (
        reviews()
        .defer(None)
        .defer("framework_version__definition")
        .prefetch_related(
            Prefetch("sign_offs", SignOff.objects.select_related("approver", "signed_by").order_by("id")),
            Prefetch("actions", ReviewAction.objects.select_related("owner", "opened_by", "closed_by")),
        )
    )


def validity(framework: Framework) -> timedelta:
    """How long the signatures of a review count."""
    check = framework.checks_by_id.get(CHECK)
    part = next((each for each in check.parts if each.id == "signatures-missing"), None) if check else None
    seconds = part.validity.max_age_s if part else None
    return timedelta(seconds=seconds) if seconds else YEARLY


def holds_until(review: Review, framework: Framework) -> datetime | None:
    """The time until which a go holds, when the review is due again."""
    if review.state != Review.State.GO or review.ended_at is None:
        return None
    return review.ended_at + validity(framework)


def rows(listed: Sequence[Any]) -> list[ReviewRow]:
    """Rows of `reviews()`; one statement."""
    _version, framework = framework_queries.current()
    return [
        ReviewRow(review, review.signed, review.open_actions, holds_until(review, framework))
        for review in listed
    ]


def of_site(site: Site) -> SitesReview:
    """Two statements."""
    _version, framework = framework_queries.current()
    newest = Review.objects.filter(site=site).select_related("ended_by").defer("snapshot")
    held = under_way = None
    for review in newest.filter(state__in=[Review.State.OPEN, Review.State.GO]).order_by("-opened_at", "-id"):
        if review.is_open:
            under_way = review
        elif held is None:
            held = review
    return SitesReview(held, under_way, holds_until(held, framework) if held else None)


@dataclass(frozen=True, slots=True)
class GateSnapshot:
    """BLOCK checks and exceptions as values: those that were frozen, or as they are now."""

    at: datetime | None
    version: str
    snapshot: dict[str, Any]
    obstacles: tuple[str, ...]


def gate_of(review: Review, *, now: datetime) -> GateSnapshot:
    """The gate that an ended review kept; for an open one, that of now and what stands in the way of a go."""
    if review.snapshot is not None and review.framework_version is not None:
        return GateSnapshot(review.ended_at, review.framework_version.version, review.snapshot, ())
    version, framework = framework_queries.current()
    if not review.is_open:
        return GateSnapshot(None, "", {}, ())
    missing = tuple(obstacles(counts_of(review), standing_of(review.site)))
    judged = SiteScore.objects.filter(site=review.site).exists()
    return GateSnapshot(
        now, version.version, frozen(review.site, framework, now=now) if judged else {}, missing
    )


def approvers() -> QuerySet[Approver]:
    return Approver.objects.select_related("user", "site")
