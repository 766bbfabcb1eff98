"""Measuring days: each UTC day of each site becomes a few rows that outlive its samples."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max, Min

from inventory.models import SiteChange
from readiness.assessment.evidence import measures, queries
from readiness.assessment.evidence.core.load import continuous, largest_step, peak, site_load
from readiness.assessment.evidence.core.parsed import worst_provenance
from readiness.assessment.evidence.gather import (
    Circuit,
    Metrics,
    SiteMeters,
    SitePower,
    current_a,
    gather_day,
    power_kw,
)
from readiness.assessment.evidence.models import Measure, MeasuredDay
from telemetry.core.sketch import Sketch, merge_all
from telemetry.models import LateDay, Series
from telemetry.queries import DailySketch, WindowMeans, WindowQuantiles


@dataclass(frozen=True, slots=True)
class DayFigure:
    """One row of `Measure` before it has a day. `value` None has a `detail` with the reason."""

    site_id: int
    key: str
    part: str
    value: float | None
    unit: str
    taken_at: datetime
    provenance: str
    detail: str = ""
    samples: int = 0
    sketch_buckets: list[int] | None = None
    sketch_counts: list[int] | None = None


def _figure(
    measure: measures.DailyMeasure, site_id: int, series: Sequence[WindowMeans | DailySketch], **columns: Any
) -> DayFigure:
    """The figure is as new as the newest of its series, and trusted no more than the least trusted of them."""
    return DayFigure(
        site_id=site_id,
        key=measure.key,
        unit=measure.unit,
        taken_at=max(each.newest_at for each in series),
        provenance=worst_provenance(each.provenance for each in series),
        **columns,
    )


def _sketched(sketch: Sketch) -> dict[str, Any]:
    return {
        "value": float(sketch.quantile(measures.QUANTILE)),
        "samples": sketch.count,
        "sketch_buckets": sketch.buckets.tolist(),
        "sketch_counts": sketch.counts.tolist(),
    }


def load_figures(
    site_id: int, meters: SiteMeters, power: SitePower, *, start: datetime
) -> Iterator[DayFigure]:
    load = site_load(power.levels(meters))
    if load is not None:
        highest = peak(load.windows)
        figure = _figure(
            measures.SITE_LOAD,
            site_id,
            list(power.series()),
            part=load.level or "",
            value=None if highest is None else highest.value,
            detail=load.reason,
        )
        if highest is not None:
            end = start + (highest.last + 1) * measures.WINDOW
            figure = replace(figure, taken_at=min(end, figure.taken_at))
        yield figure
    for circuit in meters.circuits:
        yield from _circuit_figures(site_id, circuit, power.circuit_metrics(circuit))


def _circuit_figures(site_id: int, circuit: Circuit, metrics: Metrics) -> Iterator[DayFigure]:
    current = current_a(metrics) if circuit.breaker_a else None
    kw = power_kw(metrics) if current is None else None
    if current is not None and circuit.breaker_a:
        share, detail = current / circuit.breaker_a, ""
    elif kw is not None:
        share = kw / circuit.capacity_kw
        detail = "" if circuit.by_breaker else "of the feed's rated power; its breaker is not declared"
    else:
        return
    if (highest := peak(continuous(share))) is not None:
        series = [of_metric for many in metrics.values() for of_metric in many]
        value = highest.value * 100
        yield _figure(measures.CIRCUIT_LOAD, site_id, series, part=circuit.name, value=value, detail=detail)


def step_figures(
    measure: measures.DailyMeasure,
    meters: Mapping[int, SiteMeters],
    power: Mapping[int, SitePower],
    *,
    span: int,
) -> Iterator[DayFigure]:
    for site_id, sent in sorted(power.items()):
        load = site_load(sent.levels(meters[site_id]))
        step = largest_step(load.windows, span) if load is not None and load.level else None
        if load is not None and step is not None:
            yield _figure(measure, site_id, list(sent.series()), part=load.level or "", value=step)


def sketch_figures(
    measure: measures.DailyMeasure, sketches: Iterable[DailySketch], parts: Mapping[int, str]
) -> Iterator[DayFigure]:
    grouped: dict[tuple[int, str], list[DailySketch]] = defaultdict(list)
    for sketch in sketches:
        if sketch.series_id in parts and len(sketch.buckets):
            grouped[sketch.site_id, parts[sketch.series_id]].append(sketch)
    for (site_id, part), several in sorted(grouped.items()):
        merged = merge_all([Sketch.from_arrays(each.buckets, each.counts) for each in several])
        yield _figure(measure, site_id, several, part=part, **_sketched(merged))


def serving_figures(sent: Iterable[WindowQuantiles]) -> Iterator[DayFigure]:
    for quantiles in sent:
        yield DayFigure(
            site_id=quantiles.site_id,
            key=quantiles.key,
            part="",
            unit=measures.MEASURES[quantiles.key].unit,
            taken_at=quantiles.newest_at,
            provenance=worst_provenance(quantiles.provenances),
            **_sketched(Sketch.build(quantiles.values)),
        )


DAYS_A_RUN = 4
"""Number of days measured in one run, so that a run after a long pause stays short; the next run continues."""
OVERLAP = timedelta(minutes=15)
"""Today's loads are read again from this long before the last measuring, for samples that arrived late."""
WHOLE_DAY_EVERY = timedelta(hours=1)
"""Today's loads are read from midnight this often, for samples that arrived even later."""
HIGHEST_SO_FAR = frozenset(
    {measures.SITE_LOAD.key, measures.CIRCUIT_LOAD.key, measures.STEP_1S.key, measures.STEP_10S.key}
)
_KEY = ("site_id", "key", "part")
_place, _said = attrgetter(*_KEY), attrgetter("value", "taken_at", "detail", "samples")
_DISTRIBUTIONS = frozenset(measure.key for measure in measures.SERVING)
"""Measures of which more than the value counts."""
FRESH_FOR = timedelta(seconds=60)
"""Today's rows are not refreshed more often than this."""
CLOSE_AFTER = timedelta(minutes=15)
"""A day is closed this long after its end, when its last windows have been rolled up."""
CATCH_UP_DAYS = 31
"""How far back missed days are measured: the span of the 30-day peak."""
_LOCK = 0x4D4541  # "MEA"


@transaction.atomic
def measure(*, now: datetime, site_ids: Collection[int] | None = None) -> int:
    """Measure what is due: today if data changed, past days once, and again after late data.

    Only one worker measures at a time; another finds the lock taken and returns 0. The number of statements does not
    depend on the number of sites. Returns the number of rows written.
    """
    if not _lock():
        return 0
    due = _due_days(now=now, site_ids=site_ids)
    days = {day: due[day] for day in sorted(due, reverse=True)[:DAYS_A_RUN]}
    late = _claim_late_days(site_ids)
    for site_id, day in late:
        days.setdefault(day, set()).add(site_id)
    return sum(
        measure_day(day=day, now=now, site_ids=days[day], whole=day in {on for _, on in late})
        for day in sorted(days)
    )


def _due_days(*, now: datetime, site_ids: Collection[int] | None = None) -> dict[date, set[int]]:
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
    if now >= queries.start_of(day) + timedelta(days=1) + CLOSE_AFTER:
        return not closed
    changed = received is not None and received > measured_at
    return changed and now >= measured_at + FRESH_FOR


@transaction.atomic
def measure_day(*, day: date, now: datetime, site_ids: Collection[int], whole: bool = False) -> int:
    """Measure one UTC day up to `now`, whether due or not; sites whose rows changed are marked for scoring. A day that
    was measured a moment ago is read from there on, unless the `whole` of it is requested."""
    since = queries.start_of(day) if whole else _since(site_ids, day=day, now=now)
    gathered = gather_day(site_ids, day=day, now=now, since=since)
    figures: list[DayFigure] = []
    for site_id, power in sorted(gathered.power.items()):
        figures += load_figures(site_id, gathered.meters[site_id], power, start=gathered.start)
    figures += step_figures(measures.STEP_1S, gathered.meters, gathered.power_1s, span=1)
    figures += step_figures(measures.STEP_10S, gathered.meters, gathered.power_1s, span=10)
    figures += step_figures(measures.STEP_10S, gathered.meters, gathered.power_10s, span=1)
    figures += sketch_figures(measures.INLET, gathered.inlets, gathered.parts)
    figures += sketch_figures(measures.SUPPLY, gathered.supplies, gathered.parts)
    figures += sketch_figures(measures.ROUND_TRIP, gathered.trips, gathered.parts)
    figures += serving_figures(gathered.serving)
    changed = _write(figures, day=day, now=now, replace_day=since <= queries.start_of(day))
    _note_measured(site_ids, day=day, now=now, whole=since <= queries.start_of(day))
    # It is what the site sent, and no record.
    SiteChange.objects.bulk_create(
        SiteChange(
            site_id=site_id,
            origin=SiteChange.Origin.TELEMETRY,
            waits_until=None if has_another_value else now + FRESH_FOR,
        )
        for site_id, has_another_value in sorted(changed.items())
    )
    return len(figures)


def _since(site_ids: Collection[int], *, day: date, now: datetime) -> datetime:
    """Return where today's loads are read from: midnight for a past day, or one not measured as a whole lately. It is
    on a quarter of an hour, so that 15-minute means agree with those of the whole day."""
    start = queries.start_of(day)
    noted = MeasuredDay.objects.filter(site_id__in=site_ids, on_date=day)
    oldest = noted.aggregate(count=Count("pk"), measured=Min("measured_at"), whole=Min("whole_at"))
    over = now >= start + timedelta(days=1)
    if over or oldest["count"] < len(site_ids) or now >= oldest["whole"] + WHOLE_DAY_EVERY:
        return start
    quarters = (oldest["measured"] - OVERLAP - start) // timedelta(minutes=15)
    return start + max(quarters, 0) * timedelta(minutes=15)


def _lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])


def _claim_late_days(site_ids: Collection[int] | None) -> list[tuple[int, date]]:
    claims = LateDay.objects.select_for_update(skip_locked=True)
    if site_ids is not None:
        claims = claims.filter(site_id__in=site_ids)
    taken = list(claims.values_list("id", "site_id", "on_date"))
    LateDay.objects.filter(id__in=[claim_id for claim_id, _, _ in taken]).delete()
    return sorted({(site_id, day) for _, site_id, day in taken})


def _write(figures: Sequence[DayFigure], *, day: date, now: datetime, replace_day: bool) -> dict[int, bool]:
    """Upsert the day's rows; returns the sites whose rows changed, and whether a value did: one that is only younger
    shows with the next samples. If the whole day was read, missing rows are deleted; otherwise a load keeps its earlier
    maximum."""
    sites = {figure.site_id for figure in figures}
    before = {
        _place(row): row
        for row in Measure.objects.filter(site_id__in=sites, on_date=day).defer("sketch_buckets")
    }
    if replace_day:
        measured = set(map(_place, figures))
        Measure.objects.filter(
            pk__in=[row.pk for place, row in before.items() if place not in measured]
        ).delete()
    else:
        figures = _highest_so_far(figures, before)
    figures = [
        figure
        for figure in figures
        if (stored_row := before.get(_place(figure))) is None or _said(stored_row) != _said(figure)
    ]
    # In the order of the unique key, so that two writers cannot wait for each other.
    in_order = sorted(figures, key=_place)
    Measure.objects.bulk_create(
        [Measure(on_date=day, measured_at=now, **asdict(figure)) for figure in in_order],
        update_conflicts=True,
        unique_fields=["site", "key", "part", "on_date"],
        update_fields=[*(each.name for each in fields(DayFigure) if each.name not in _KEY), "measured_at"],
    )
    changed: dict[int, bool] = defaultdict(bool)
    for figure in figures:
        changed[figure.site_id] |= (
            figure.key in _DISTRIBUTIONS
            or (stored_row := before.get(_place(figure))) is None
            or (stored_row.value, stored_row.detail) != (figure.value, figure.detail)
        )
    return changed


def _highest_so_far(
    figures: Iterable[DayFigure], before: Mapping[tuple[int, str, str], Measure]
) -> list[DayFigure]:
    """Keep the maxima of earlier readings of the day. A level that is incomplete now does not undo an earlier load."""
    complete = {(site_id, key) for (site_id, key, part), row in before.items() if row.value is not None}
    highest = []
    for figure in figures:
        earlier = before.get(_place(figure))
        if figure.key not in HIGHEST_SO_FAR:
            highest.append(figure)
        elif figure.value is None:
            if (figure.site_id, figure.key) not in complete:
                highest.append(figure)
        elif earlier is None or earlier.value is None:
            highest.append(figure)
        else:
            taken_at = max(figure.taken_at, earlier.taken_at)
            highest.append(replace(figure, value=max(figure.value, earlier.value), taken_at=taken_at))
    return highest


def _note_measured(site_ids: Collection[int], *, day: date, now: datetime, whole: bool) -> None:
    closed = now >= queries.start_of(day) + timedelta(days=1) + CLOSE_AFTER
    written = ["measured_at", "closed", *(["whole_at"] if whole else [])]
    MeasuredDay.objects.bulk_create(
        [
            MeasuredDay(site_id=site_id, on_date=day, measured_at=now, whole_at=now, closed=closed)
            for site_id in sorted(site_ids)
        ],
        update_conflicts=True,
        unique_fields=["site", "on_date"],
        update_fields=written,
    )
