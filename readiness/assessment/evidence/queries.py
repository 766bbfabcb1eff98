"""Which days are due, stored days over a span, circuit loads, and records for other rooms.

Only evidence taken at or before `now` is read.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from operator import itemgetter

from django.db.models import F, Func, Max, Min, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import JSONObject

from readiness.assessment.evidence.core.load import CircuitLoads, merged_quantiles
from readiness.assessment.evidence.measures import CIRCUIT_LOAD
from readiness.assessment.evidence.models import Attestation, DeclaredLimit, MeasuredDay, RecordedFact
from readiness.assessment.framework.models import FrameworkVersion
from telemetry.binary import fetched
from telemetry.core.sketch import Sketch
from telemetry.models import Series
from web.visibility import name_of

FRESH_FOR = timedelta(seconds=60)
"""Today's rows are not refreshed more often than this."""
CLOSE_AFTER = timedelta(minutes=15)
"""A day is closed this long after its end, when its last windows have been rolled up."""
CATCH_UP_DAYS = 31
"""How far back missed days are measured: the span of the 30-day peak."""


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def due_days(*, now: datetime, site_ids: Collection[int] | None = None) -> dict[date, set[int]]:
    today = now.astimezone(UTC).date()
    oldest = today - timedelta(days=CATCH_UP_DAYS)
    series = Series.objects.filter(site__isnull=False)
    if site_ids is not None:
        series = series.filter(site_id__in=site_ids)
    sending = series.values_list("site_id").annotate(
        first=Min("first_seen_at"), received=Max("source__status__last_received_at")
    )
    noted = {
        (site_id, day): (measured_at, closed)
        for site_id, day, measured_at, closed in MeasuredDay.objects.filter(on_date__gte=oldest).values_list(
            "site_id", "on_date", "measured_at", "closed"
        )
    }
    due: dict[date, set[int]] = defaultdict(set)
    for site_id, first, received in sending:
        day = max(first.astimezone(UTC).date(), oldest)
        while day <= today:
            if _is_due(noted.get((site_id, day)), day, received, now):
                due[day].add(site_id)
            day += timedelta(days=1)
    return due


def _is_due(noted: tuple[datetime, bool] | None, day: date, received: datetime | None, now: datetime) -> bool:
    if noted is None:
        return True
    measured_at, closed = noted
    if now >= start_of(day) + timedelta(days=1) + CLOSE_AFTER:
        return not closed
    changed = received is not None and received > measured_at
    return changed and now >= measured_at + FRESH_FOR


@dataclass(frozen=True, slots=True)
class SpanFigure:
    """A figure over several days. `part` names its subject, `detail` what it leaves out."""

    key: str
    part: str
    value: float | None
    unit: str
    taken_at: datetime
    provenance: str
    detail: str


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


@dataclass(frozen=True, slots=True)
class Distribution:
    """All values of a measure over several days, as a sketch; `provenance` is that of the newest day."""

    key: str
    provenance: str
    sketch: Sketch


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


def declared_limits() -> QuerySet[DeclaredLimit]:
    """Read declared limits with the names of the framework in force."""
    in_force = FrameworkVersion.objects.published().values("definition__limits")[:1]
    path = Value("$[*] ? (@.id == $id).name")
    limit_entry = Func(
        F("limits_known"), path, JSONObject(id=F("limit_id")), function="jsonb_path_query_first"
    )
    text = Func(limit_entry, template="(%(expressions)s #>> '{}')", output_field=TextField())
    rows = DeclaredLimit.objects.select_related("site", "workload_class", "by")
    return rows.alias(limits_known=Subquery(in_force)).annotate(limit_name=text)


def entries_of(declared: DeclaredLimit, *, limit: int = 50) -> list[DeclaredLimit]:
    same = {
        "site": declared.site_id,
        "workload_class": declared.workload_class_id,
        "limit_id": declared.limit_id,
    }
    return list(declared_limits().filter(**same).order_by("-declared_on", "-pk")[:limit])


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
