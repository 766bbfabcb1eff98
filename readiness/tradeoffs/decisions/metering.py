"""Telemetry of a site over a span: power by the hour, its peak, accelerators in use, round trips."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from readiness.evidence import queries as evidence
from readiness.evidence.core.load import WORDS, MeteringLevel, complete_sum, site_load
from readiness.evidence.core.provenance import worst_provenance
from readiness.evidence.gather import meters_of, power_by_site
from readiness.evidence.measures import POWER_METRICS, ROUND_TRIP, SITE_LOAD, SITE_POWER_METRICS
from readiness.scoring.core.states import Provenance
from readiness.tradeoffs.core.options import BandedFigure
from readiness.tradeoffs.core.realised import MeasuredSpan, Metered
from readiness.tradeoffs.core.series import FactorSeries
from telemetry.queries import window_means

HOUR_S = 3600
IN_USE_METRIC = "slurm_gpus_alloc"
SEND_NOTHING = "No meter of the site sent power in this time."


class NotKnown(Exception):
    """Says why there is no figure."""


def whole_hours(span: MeasuredSpan) -> MeasuredSpan:
    start = span.start.replace(minute=0, second=0, microsecond=0)
    return MeasuredSpan(start if start == span.start else start + timedelta(hours=1), span.end)


def power_of(site_id: int, span: MeasuredSpan, *, pue: float | None, now: datetime) -> Metered:
    """Power by the hour at the outermost meters that are complete. Raises NotKnown where none is.

    Meters behind the supply see no cooling: theirs is multiplied by `pue`. The supply is one series, so it is asked
    first; thousands of nodes are read only where nobody meters it.
    """
    hours = whole_hours(span)
    why = SEND_NOTHING
    for metrics in (SITE_POWER_METRICS, POWER_METRICS):
        series = window_means([site_id], metrics, start=hours.start, end=hours.end, now=now, step_s=HOUR_S)
        sent = power_by_site(series).get(site_id)
        load = site_load(sent.levels(meters_of([site_id])[site_id])) if sent is not None else None
        if load is None or load.level is None:
            why = load.reason if load is not None and load.reason else why
            continue
        if not load.level.sees_everything and pue is None:
            raise NotKnown("Only IT power is metered, and the PUE of the site is unknown.")
        starts = int(hours.start.timestamp()) + HOUR_S * np.arange(load.windows.size, dtype=np.int64)
        factor = 1.0 if load.level.sees_everything else pue or 1.0
        words = f"{WORDS[load.level]}" + ("" if factor == 1.0 else f" x PUE {factor:.3g}")
        is_simulated = worst_provenance(mean.provenance for mean in series) == Provenance.SIMULATED
        return Metered(FactorSeries(HOUR_S, starts, load.windows), factor, is_simulated, words)
    raise NotKnown(why)


def peak_of(site_id: int, first: datetime, end: datetime) -> BandedFigure:
    """The highest 5-minute mean of the site's power over the UTC days after that of `first`, kW.

    Meters stand one behind the other; of the levels that are known the outermost counts.
    """
    days = _days(first, end)
    means = evidence.peaks([site_id], {SITE_LOAD.key}, days=days, now=end).get(site_id, [])
    known = [mean for mean in means if mean.value is not None]
    if not known:
        raise NotKnown(next((mean.detail for mean in means if mean.detail), SEND_NOTHING))
    peak = min(known, key=lambda value: list(MeteringLevel).index(MeteringLevel(value.part)))
    source = f"peak of {days} days, {peak.part}"
    return BandedFigure(peak.value, "kW", Provenance(peak.provenance), peak.taken_at, source=source)


def in_use_of(site_id: int, span: MeasuredSpan, *, now: datetime) -> BandedFigure:
    """The highest hourly mean of what the schedulers of the site have allocated."""
    hours = whole_hours(span)
    means = window_means([site_id], [IN_USE_METRIC], start=hours.start, end=hours.end, now=now, step_s=HOUR_S)
    series = [mean for mean in means if mean.object_kind == "site"]
    total = complete_sum(np.vstack([mean.values for mean in series])) if series else np.empty(0)
    known = total[np.isfinite(total)]
    if not known.size:
        raise NotKnown(f"No scheduler sent {IN_USE_METRIC} in this time.")
    return BandedFigure(
        float(known.max()),
        "accelerators",
        Provenance(worst_provenance(mean.provenance for mean in series)),
        max(mean.newest_at for mean in series),
        source=f"highest hour of {IN_USE_METRIC}",
    )


def latency_of(
    site_id: int, regions: Sequence[str], percentile: float, first: datetime, end: datetime
) -> BandedFigure:
    """The worst of the round trips to these user regions at the percentile, over the UTC days after that of `first`.

    Read as p2-placement-latency reads it: the percentile of all probes, not a mean of percentiles.
    """
    if not regions:
        raise NotKnown("The envelope serves no user region.")
    days = _days(first, end)
    if days < 1:
        raise NotKnown("No whole day has passed yet.")
    trips = evidence.quantiles([site_id], {ROUND_TRIP.key}, q=percentile / 100, days=days, now=end)
    by_region = {trip.part: trip for trip in trips.get(site_id, ()) if trip.value is not None}
    missing = [region for region in regions if region not in by_region]
    if missing:
        raise NotKnown(f"No round trip from {', '.join(missing)} was measured in this time.")
    worst = max((by_region[region] for region in regions), key=lambda trip: trip.value or 0.0)
    source = f"p{percentile:g} of {days} days from {worst.part}"
    return BandedFigure(worst.value, "ms", Provenance(worst.provenance), worst.taken_at, source=source)


def _days(first: datetime, end: datetime) -> int:
    return (end.astimezone(UTC).date() - first.astimezone(UTC).date()).days
