"""Turns what was sent on a UTC day into the figures that are kept of it. No database here."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from readiness.evidence.core.load import continuous, largest_step, peak, site_load
from readiness.evidence.core.provenance import worst_provenance
from readiness.evidence.gather import Circuit, Metrics, SiteMeters, SitePower, current_a, power_kw
from readiness.evidence.measures import CIRCUIT_LOAD, MEASURES, QUANTILE, SITE_LOAD, WINDOW, DailyMeasure
from telemetry.core.sketch import Sketch, merge_all
from telemetry.queries import DailySketch, WindowMeans, WindowQuantiles


@dataclass(frozen=True, slots=True)
class DayFigure:
    """One row of `Measure` before it has a day. `value` None with a detail: it could not be told, and why."""

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
    measure: DailyMeasure, site_id: int, series: Sequence[WindowMeans | DailySketch], **given: Any
) -> DayFigure:
    """The figure is as new as the newest of the series behind it, and trusted no more than the least of them."""
    return DayFigure(
        site_id=site_id,
        key=measure.key,
        unit=measure.unit,
        taken_at=max(each.newest_at for each in series),
        provenance=worst_provenance(each.provenance for each in series),
        **given,
    )


def _sketched(sketch: Sketch) -> dict[str, Any]:
    return {
        "value": float(sketch.quantile(QUANTILE)),
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
            SITE_LOAD,
            site_id,
            list(power.series()),
            part=load.level or "",
            value=None if highest is None else highest.value,
            detail=load.reason,
        )
        if highest is not None:
            end = start + (highest.last + 1) * WINDOW
            figure = replace(figure, taken_at=min(end, figure.taken_at))
        yield figure
    for circuit in meters.circuits:
        yield from _circuit_figures(site_id, circuit, power.of_circuit(circuit))


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
        yield _figure(CIRCUIT_LOAD, site_id, series, part=circuit.name, value=value, detail=detail)


def step_figures(
    measure: DailyMeasure, meters: Mapping[int, SiteMeters], power: Mapping[int, SitePower], *, span: int
) -> Iterator[DayFigure]:
    for site_id, sent in sorted(power.items()):
        load = site_load(sent.levels(meters[site_id]))
        step = largest_step(load.windows, span) if load is not None and load.level else None
        if load is not None and step is not None:
            yield _figure(measure, site_id, list(sent.series()), part=load.level or "", value=step)


def sketch_figures(
    measure: DailyMeasure, sketches: Iterable[DailySketch], parts: Mapping[int, str]
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
            unit=MEASURES[quantiles.key].unit,
            taken_at=quantiles.newest_at,
            provenance=worst_provenance(quantiles.provenances),
            **_sketched(Sketch.of(quantiles.values)),
        )
