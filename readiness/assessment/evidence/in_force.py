"""Declared limits in force at sites by day, read in one statement, and the figures of go-live reviews."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Count, DateTimeField, F, Max, Q, QuerySet, Value, When
from django.db.models.functions import Greatest

from readiness.assessment.evidence.core.limits import DeclaredEntry, Limit, limit_in_force, newest, strictest
from readiness.assessment.evidence.core.reviews import DOMAINS, HeldReview, ReviewCounts, counted
from readiness.assessment.evidence.models import DeclaredLimit, Review, SignOff
from readiness.assessment.framework.core.definition import Framework


@dataclass(frozen=True, slots=True)
class SiteDay:
    site_id: int
    day: date
    classes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SiteLimits:
    """`site` are the site's own limits, by limit id; `classes` those of its classes, by slug and limit id."""

    site: Mapping[str, Limit] = field(default_factory=dict)
    classes: Mapping[str, Mapping[str, Limit]] = field(default_factory=dict)

    def strictest(self, framework: Framework) -> dict[str, Limit]:
        limits_by_id: dict[str, list[Limit]] = defaultdict(list)
        for limits in (self.site, *self.classes.values()):
            for limit_id, limit in limits.items():
                limits_by_id[limit_id].append(limit)
        bound = {
            limit_id: strictest(limits, framework, limit_id) for limit_id, limits in limits_by_id.items()
        }
        return {limit_id: limit for limit_id, limit in bound.items() if limit is not None}


NONE = SiteLimits()


def limits_in_force(places: Sequence[SiteDay], framework: Framework) -> dict[int, SiteLimits]:
    if not places:
        return {}
    slugs = {slug for place in places for slug in place.classes}
    rows = (
        DeclaredLimit.objects.filter(
            Q(site_id__in=[place.site_id for place in places]) | Q(workload_class__slug__in=slugs),
            declared_on__lte=max(place.day for place in places),
        )
        .order_by("id")
        .values_list(
            *("site_id", "site__name", "workload_class__slug"),
            *("limit_id", "value", "preset", "declared_on"),
        )
    )
    of_site: dict[int, list[DeclaredEntry]] = defaultdict(list)
    of_class: dict[str, list[DeclaredEntry]] = defaultdict(list)
    for site_id, site, slug, limit_id, value, preset, declared_on in rows:
        whose = site if slug is None else f"class {slug}"
        entry = DeclaredEntry(limit_id, value, preset, declared_on, whose)
        if slug is None:
            of_site[site_id].append(entry)
        else:
            of_class[slug].append(entry)
    limits_by_site = {
        place.site_id: SiteLimits(
            _limits_by_id(of_site[place.site_id], place.day, framework),
            {slug: _limits_by_id(of_class[slug], place.day, framework) for slug in place.classes},
        )
        for place in places
    }
    return {
        site_id: limits
        for site_id, limits in limits_by_site.items()
        if limits.site or any(limits.classes.values())
    }


def _limits_by_id(entries: Sequence[DeclaredEntry], day: date, framework: Framework) -> dict[str, Limit]:
    limit_by_id = {
        entry.limit_id: limit_in_force(entry, framework) for entry in newest(entries, day).values()
    }
    return {limit_id: limit for limit_id, limit in limit_by_id.items() if limit is not None}


def counts_of(review: Review) -> ReviewCounts:
    signed = review.sign_offs.filter(state=SignOff.State.SIGNED).values_list("domain", flat=True)
    actions = review.actions.filter(closed_at=None).values_list("critical", "due_on")
    return counted(list(signed), list(actions))


def held_reviews(site_ids: Collection[int], *, now: datetime) -> dict[int, tuple[HeldReview, ...]]:
    """The reviews of each site that ever had one, by site id; two statements, or one if no site had any.

    With `now` in the past, answers, decisions and actions count only up to then. The actions of a no-go stay as they
    were at the decision: closing them later improves nothing.
    """
    reviews = Review.objects.filter(site_id__in=site_ids, opened_at__lte=now)
    # Most sites never had a review, and the statement below takes longer to compose than to run.
    if not reviews.exists():
        return {}
    found: dict[int, list[HeldReview]] = defaultdict(list)
    for site_id, review in _held_reviews(reviews, now):
        found[site_id].append(review)
    return {site_id: tuple(reviews) for site_id, reviews in found.items()}


def _held_reviews(reviews: QuerySet[Review], now: datetime) -> Iterator[tuple[int, HeldReview]]:
    for site_id, pk, state, ended_at, signed, *rest in _counted_by(reviews, now):
        critical, undated, dated, signed_at, acted_at = rest
        has_ended = ended_at is not None and ended_at <= now
        is_decided = has_ended and state != Review.State.CANCELLED
        yield (
            site_id,
            HeldReview(
                id=pk,
                state=state if has_ended else Review.State.OPEN.value,
                decided_at=ended_at if is_decided else None,
                signed_at=ended_at if has_ended else signed_at,
                acted_at=max(ended_at, acted_at) if has_ended else max(signed_at, acted_at),
                counts=ReviewCounts(len(DOMAINS) - signed, critical, undated, dated),
            ),
        )


def _counted_by(reviews: QuerySet[Review], now: datetime) -> QuerySet[Review, tuple[Any, ...]]:
    by_then = Case(
        When(state=Review.State.NO_GO, ended_at__lte=now, then=F("ended_at")),
        default=Value(now),
        output_field=DateTimeField(),
    )
    is_open = Q(actions__opened_at__lte=F("by_then")) & (
        Q(actions__closed_at=None) | Q(actions__closed_at__gt=F("by_then"))
    )
    is_signed = Q(sign_offs__state=SignOff.State.SIGNED, sign_offs__answered_at__lte=now)
    rows = reviews.order_by("opened_at", "pk").annotate(
        by_then=by_then,
        signed=Count("sign_offs", filter=is_signed, distinct=True),
        critical=_actions(is_open & Q(actions__critical=True)),
        undated=_actions(is_open & Q(actions__critical=False, actions__due_on=None)),
        dated=_actions(is_open & Q(actions__critical=False, actions__due_on__isnull=False)),
        answered_at=Max("sign_offs__answered_at", filter=Q(sign_offs__answered_at__lte=now)),
        added_at=Max("actions__opened_at", filter=Q(actions__opened_at__lte=F("by_then"))),
        done_at=Max("actions__closed_at", filter=Q(actions__closed_at__lte=F("by_then"))),
    )
    columns = ("site_id", "pk", "state", "ended_at", "signed", "critical", "undated", "dated")
    return rows.annotate(
        signed_at=Greatest("opened_at", "answered_at"), acted_at=Greatest("opened_at", "added_at", "done_at")
    ).values_list(*columns, "signed_at", "acted_at")


def _actions(condition: Q) -> Count:
    return Count("actions", filter=condition, distinct=True)
