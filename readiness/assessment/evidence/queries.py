"""Evidence of sites for other rooms: figures over days, limits in force, go-live reviews, records, and the
loads of circuits.

Only evidence taken at or before `now` is read.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Case, Count, DateTimeField, F, Max, Q, QuerySet, Value, When
from django.db.models.functions import Greatest

from readiness.assessment.evidence.core.figures import Distribution, SpanFigure
from readiness.assessment.evidence.core.limits import DeclaredEntry, Limit, limit_in_force, newest, strictest
from readiness.assessment.evidence.core.load import CircuitLoads, merged_quantiles
from readiness.assessment.evidence.core.reviews import DOMAINS, HeldReview, ReviewCounts
from readiness.assessment.evidence.measures import CIRCUIT_LOAD
from readiness.assessment.evidence.models import Attestation, DeclaredLimit, RecordedFact, Review, SignOff
from readiness.assessment.framework.core.definition import Framework
from telemetry.binary import fetched
from telemetry.core.sketch import Sketch
from web.visibility import name_of


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


@dataclass(frozen=True, slots=True)
class MeasurePeriod:
    """A query over the last `days` days: the maximum of each key and part, or the quantile `q`."""

    keys: frozenset[str]
    days: int
    q: float | None = None

    def since(self, now: datetime) -> date:
        return now.astimezone(UTC).date() - timedelta(days=self.days)


_HIGHEST = """
SELECT DISTINCT ON (site_id, key, part) site_id, key, part, max(value) OVER (PARTITION BY site_id, key, part),
    unit, taken_at, provenance, detail
FROM evidence_measure
WHERE site_id = ANY(%(sites)s) AND key = ANY(%(keys)s) AND on_date > %(since)s AND taken_at <= %(now)s
ORDER BY site_id, key, part, on_date DESC
"""
_SKETCHES = """
SELECT site_id, key, part, unit, taken_at, provenance, sketch_buckets, sketch_counts::int[]
FROM evidence_measure
WHERE site_id = ANY(%(sites)s) AND key = ANY(%(keys)s) AND on_date > %(since)s AND taken_at <= %(now)s
    AND sketch_buckets IS NOT NULL
ORDER BY site_id, key, part, on_date
"""


def figures(
    site_ids: Collection[int], spans: Sequence[MeasurePeriod], *, now: datetime
) -> list[dict[int, list[SpanFigure]]]:
    return [_figures(site_ids, span, now) for span in spans]


def _figures(site_ids: Collection[int], span: MeasurePeriod, now: datetime) -> dict[int, list[SpanFigure]]:
    statement = _HIGHEST if span.q is None else _SKETCHES
    parameters = {"sites": list(site_ids), "keys": sorted(span.keys), "since": span.since(now), "now": now}
    rows = fetched(statement, parameters)
    figures_by_site: dict[int, list[SpanFigure]] = defaultdict(list)
    if span.q is None:
        for site_id, *of_part in rows:
            figures_by_site[site_id].append(SpanFigure(*of_part))
        return figures_by_site
    things = [(place, list(days)) for place, days in groupby(rows, itemgetter(0, 1, 2))]
    values = merged_quantiles(span.q, [[day[-2:] for day in days] for _, days in things])
    for ((site_id, key, part), days), value in zip(things, values, strict=True):
        unit, taken_at, provenance = days[-1][3:6]
        figures_by_site[site_id].append(SpanFigure(key, part, value, unit, taken_at, provenance, ""))
    return figures_by_site


def peaks(
    site_ids: Collection[int], keys: Collection[str], *, days: int, now: datetime
) -> dict[int, list[SpanFigure]]:
    return figures(site_ids, [MeasurePeriod(frozenset(keys), days)], now=now)[0]


def quantiles(
    site_ids: Collection[int], keys: Collection[str], *, q: float, days: int, now: datetime
) -> dict[int, list[SpanFigure]]:
    return figures(site_ids, [MeasurePeriod(frozenset(keys), days, q)], now=now)[0]


_DISTRIBUTIONS = """
WITH day AS MATERIALIZED (
    SELECT site_id, key, on_date, provenance, sketch_buckets, sketch_counts FROM evidence_measure
    WHERE site_id = ANY(%(sites)s) AND key = ANY(%(keys)s) AND on_date > %(since)s AND taken_at <= %(now)s
        AND sketch_buckets IS NOT NULL
), held AS (
    SELECT site_id, key, bucket, sum(n)::bigint AS n
    FROM day, unnest(sketch_buckets, sketch_counts) AS of_day (bucket, n) GROUP BY 1, 2, 3
), newest AS (
    SELECT DISTINCT ON (site_id, key) site_id, key, provenance FROM day ORDER BY site_id, key, on_date DESC
)
SELECT site_id, key, min(provenance), array_agg(bucket ORDER BY bucket), array_agg(n ORDER BY bucket)
FROM held JOIN newest USING (site_id, key) GROUP BY site_id, key ORDER BY site_id, key
"""


def distributions(
    site_ids: Collection[int], keys: Collection[str], *, days: int, now: datetime
) -> dict[int, list[Distribution]]:
    since = MeasurePeriod(frozenset(keys), days).since(now)
    parameters = {"sites": list(site_ids), "keys": sorted(keys), "since": since, "now": now}
    by_site: dict[int, list[Distribution]] = defaultdict(list)
    for site_id, key, provenance, buckets, counts in fetched(_DISTRIBUTIONS, parameters):
        by_site[site_id].append(Distribution(key, provenance, Sketch.from_arrays(buckets, counts)))
    return by_site


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


NO_LIMITS = SiteLimits()


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


@dataclass(frozen=True, slots=True)
class NewestRecord:
    """The last record or attestation of a sub-measure at a site; `kind` is fact or attestation."""

    kind: str
    pk: int
    value: float
    taken_on: date
    provenance: str
    said_by: str

    @property
    def source(self) -> str:
        """The name of the source as the present reader may see it, because an attestation names a person."""
        return name_of(self.said_by) if self.kind == "attestation" else self.said_by


def newest_records(
    parts: Collection[tuple[str, str]], *, now: datetime
) -> dict[int, dict[str, NewestRecord]]:
    """Return the newest record by site and sub-measure for these (check, sub-measure) pairs, in two statements. It
    leaves out voided, expired and rejected records. `newest_of_classes` gives attestations of workload classes alone.
    """
    parts_filter = Q()
    for check_id, part in parts:
        parts_filter |= Q(check_id=check_id, part=part)
    not_voided = Q(voided_at__isnull=True) | Q(voided_at__gt=now)
    in_force = Q(valid_until__isnull=True) | Q(valid_until__gte=now.date())
    facts = RecordedFact.objects.filter(parts_filter, not_voided, taken_at__lte=now)
    standing = Q(rejected_at=None) | Q(rejected_at__gt=now)
    attestations = Attestation.objects.filter(
        parts_filter, not_voided, in_force, standing, taken_at__lte=now, workload_classes=[]
    )
    columns = ("site_id", "part", "pk", "value", "taken_on", "provenance")
    records_by_site: dict[int, dict[str, NewestRecord]] = defaultdict(dict)
    for kind, records, whose in (("fact", facts, "source"), ("attestation", attestations, "attested_by")):
        newest = records.order_by("site_id", "part", "-taken_at", "-pk").distinct("site_id", "part")
        for site_id, part, *of_record in newest.values_list(*columns, whose):
            record = NewestRecord(kind, *of_record)
            earlier = records_by_site[site_id].get(part)
            if earlier is None or record.taken_on > earlier.taken_on:
                records_by_site[site_id][part] = record
    return dict(records_by_site)


_OF_CLASSES = """
SELECT DISTINCT ON (site_id, slug) site_id, slug, 'attestation', id, value, taken_on, provenance, attested_by
FROM evidence_attestation, unnest(workload_classes) AS of_class (slug)
WHERE check_id = %(check)s AND part = %(part)s AND taken_at <= %(now)s
    AND (voided_at IS NULL OR voided_at > %(now)s) AND (valid_until IS NULL OR valid_until >= %(today)s)
    AND (rejected_at IS NULL OR rejected_at > %(now)s)
ORDER BY site_id, slug, taken_at DESC, id DESC
"""


def newest_of_classes(check_id: str, part: str, *, now: datetime) -> dict[tuple[int, str], NewestRecord]:
    parameters = {"check": check_id, "part": part, "now": now, "today": now.date()}
    return {
        (site_id, slug): NewestRecord(*record) for site_id, slug, *record in fetched(_OF_CLASSES, parameters)
    }


CIRCUIT_DAYS = 2
"""Today and yesterday, as p2-power-headroom looks at circuits."""


# The breaker's rating takes precedence over the feed's, as in inventory.models.facility.breaker_kw and the daily
# measure.
_LOADS = """
WITH load AS (
    SELECT DISTINCT ON (site_id, part) site_id, part, max(value) OVER (PARTITION BY site_id, part) AS percent,
        taken_at, provenance
    FROM evidence_measure
    WHERE site_id = ANY(%(sites)s) AND key = %(key)s AND on_date > %(since)s AND taken_at <= %(now)s
    ORDER BY site_id, part, on_date DESC
)
SELECT feed.site_id,
    sum(load.percent / 100 * coalesce(
        feed.breaker_rating_a * feed.voltage_v * CASE feed.phases WHEN 3 THEN sqrt(3) ELSE 1 END / 1000,
        feed.rated_kw)),
    (array_agg(feed.name ORDER BY load.percent DESC, feed.name))[1], max(load.percent), min(load.taken_at),
    (array_agg(load.provenance ORDER BY load.percent DESC, feed.name))[1]
FROM inventory_powerfeed AS feed
LEFT JOIN load ON load.site_id = feed.site_id AND load.part = feed.name
WHERE feed.site_id = ANY(%(sites)s) AND feed.rack_id IS NOT NULL
GROUP BY feed.site_id
HAVING count(*) = count(load.percent)
"""


def circuit_loads(site_ids: Collection[int], *, now: datetime) -> dict[int, CircuitLoads]:
    """Return loads of the sites where every circuit of a rack has a load, because a sum that leaves one out is
    wrong."""
    parameters = {
        "sites": list(site_ids),
        "key": CIRCUIT_LOAD.key,
        "since": now.astimezone(UTC).date() - timedelta(days=CIRCUIT_DAYS),
        "now": now,
    }
    return {site_id: CircuitLoads(*of_site) for site_id, *of_site in fetched(_LOADS, parameters)}
