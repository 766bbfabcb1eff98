"""The key figures of each domain: their names, how a site measures them from real samples, and how the figures of
several sites combine into the fleet's. Each site stores `{key: {value, provenance, taken_at, weight, source, samples}}`
with its health. A figure that a site cannot measure is absent, never 0.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from readiness.assessment.evidence.core.load import WORDS, MeteringLevel, level_of
from readiness.assessment.evidence.core.parsed import worst_provenance
from readiness.assessment.evidence.measures import INLET as INLET_MEASURE
from readiness.assessment.evidence.measures import (
    INLET_METRICS,
    INLET_SENSORS,
    POWER_METRICS,
    ROUND_TRIP_METRICS,
    ROUND_TRIPS,
    SITE_POWER_METRICS,
)
from readiness.assessment.evidence.measures import ROUND_TRIP as ROUND_TRIP_MEASURE
from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.scoring.checks.hardware import (
    ROW_REMAP_METRICS,
    UNCORRECTABLE_METRICS,
    XID_METRICS,
    faults,
)
from readiness.assessment.scoring.facts import EvaluationFacts
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.core.rows import Latest, MeasuredSeries
from telemetry.core.spec import Matcher
from web.versioned.core.documents import LARGEST


class OverSites(StrEnum):
    """How figures of sites combine: a weighted mean, a sum, or the maximum."""

    MEAN = "mean"
    SUM = "sum"
    HIGHEST = "highest"


TAKEN_AS = {OverSites.MEAN: "mean", OverSites.SUM: "sum", OverSites.HIGHEST: "highest"}


@dataclass(frozen=True, slots=True)
class FigureKind:
    """`within` says how a site's own figure is made of several, like the fleet's of sites; empty if a site has only
    one. `noun` may begin with a superlative that already says what is taken ("Hottest GPU"). `hours` is the length of
    time before its newest sample that shows what it was computed from."""

    key: str
    domain: str
    noun: str
    unit: str
    over_sites: OverSites
    within: str = ""
    hours: int = 1

    def label(self, sites: int) -> str:
        if sites == 1 and not self.within:
            return str(self.noun)
        if self.over_sites is OverSites.HIGHEST and not self.within:
            return str(self.noun)
        return f"{self.noun}, {TAKEN_AS[self.over_sites]} of {self.within or 'sites'}"


@dataclass(frozen=True, slots=True)
class DomainFigure:
    """A number with its unit and provenance. `value` None means unknown and is never shown as 0. `samples` are the
    parameters of Explore for the series behind the figure of one site, over `hours` before `taken_at`."""

    key: str
    label: str
    value: float | None
    unit: str = ""
    provenance: str = ""
    source: str = ""
    taken_at: datetime | None = None
    samples: Mapping[str, str] = field(default_factory=dict)
    hours: int = 1


DAY_H, WEEK_H = 24, 7 * 24
GPU_UTILISATION = FigureKind("gpu-utilisation", "compute", "GPU utilisation", "%", OverSites.MEAN, "GPUs")
GPU_TEMPERATURE = FigureKind("gpu-temperature", "compute", "Hottest GPU", "°C", OverSites.HIGHEST)
FAULTS = FigureKind("faults", "compute", "Fatal faults, 24 h", "", OverSites.SUM, "GPUs", DAY_H)
ROUND_TRIP = FigureKind(
    "round-trip", "network", "Round trip p99, 7 d", "ms", OverSites.HIGHEST, "paths", WEEK_H
)
FLAPS = FigureKind("flaps", "network", "Link flaps, 24 h", "", OverSites.SUM, "ports", DAY_H)
LINK_ERRORS = FigureKind("link-errors", "network", "Link errors, 24 h", "", OverSites.SUM, "ports", DAY_H)
POWER = FigureKind("power", "energy", "Power", "kW", OverSites.SUM)
HEADROOM = FigureKind("headroom", "energy", "Headroom to contract", "kW", OverSites.SUM)
PUE = FigureKind("pue", "energy", "PUE now", "", OverSites.MEAN)
INLET = FigureKind("inlet", "energy", "Hottest inlet p99, 7 d", "°C", OverSites.HIGHEST, hours=WEEK_H)

_NONE: dict[str, Any] = {"value": None}

UTILISATION_METRICS = ("DCGM_FI_DEV_GPU_UTIL", "gpu_gfx_activity")
GPU_TEMPERATURE_METRICS = ("DCGM_FI_DEV_GPU_TEMP", "gpu_junction_temperature")

FIGURES = (
    *(GPU_UTILISATION, GPU_TEMPERATURE, FAULTS, ROUND_TRIP, FLAPS, LINK_ERRORS, POWER, HEADROOM, PUE),
    INLET,
)


def stored(
    kind: FigureKind,
    value: float,
    *,
    taken_at: datetime,
    provenance: str,
    weight: float = 1.0,
    source: str = "",
    samples: Mapping[str, str] | None = None,
) -> dict[str, dict[str, Any]]:
    """One figure as a site stores it. `weight` is its weight in a mean over sites; `source` names its subject;
    `samples` are the parameters of Explore for the series behind it. An invalid value of a broken meter (NaN or
    infinite) counts as none."""
    if not abs(value) <= LARGEST or not 0 <= weight <= LARGEST:
        return {}
    return {
        kind.key: {
            "value": value,
            "weight": weight,
            "taken_at": taken_at.isoformat(),
            "provenance": provenance,
            "source": source,
            "samples": dict(samples or {}),
        }
    }


def provenance_of_all(figures: Iterable[DomainFigure]) -> str:
    """The common provenance of all known figures, which a page shows once; "" if they differ."""
    provenances = {figure.provenance for figure in figures if figure.value is not None}
    return provenances.pop() if len(provenances) == 1 else ""


def site_figure(kind: FigureKind, figures: dict[str, Any]) -> DomainFigure:
    return combined(kind, [figures])


def combined(kind: FigureKind, sites: Sequence[dict[str, Any]]) -> DomainFigure:
    figures = [site[kind.key] for site in sites if site.get(kind.key, _NONE)["value"] is not None]
    if not figures:
        return DomainFigure(kind.key, kind.label(len(sites)), None, kind.unit)
    values = [figure["value"] for figure in figures]
    weights = [figure["weight"] for figure in figures]
    match kind.over_sites:
        case OverSites.SUM:
            value = sum(values)
        case OverSites.HIGHEST:
            value = max(values)
        case OverSites.MEAN:
            weighed = sum(value * weight for value, weight in zip(values, weights, strict=True))
            # Without any weight, all figures count equally.
            value = weighed / sum(weights) if any(weights) else sum(values) / len(values)
    return DomainFigure(
        key=kind.key,
        label=kind.label(len(sites)),
        value=value,
        unit=kind.unit,
        provenance=worst_provenance(figure["provenance"] for figure in figures),
        source=figures[values.index(value)]["source"] if value in values else "",
        taken_at=min(datetime.fromisoformat(figure["taken_at"]) for figure in figures),
        # An evaluation before figures had samples stored none.
        samples=figures[0].get("samples", {}) if len(sites) == 1 else {},
        hours=kind.hours,
    )


type Figures = dict[str, dict[str, Any]]


def site_figures(facts: EvaluationFacts, framework: Framework, now: datetime) -> dict[str, Figures]:
    return {
        "compute": _compute(facts, now),
        "network": _network(facts, framework, now),
        "energy": _energy(facts, now),
    }


def _compute(facts: EvaluationFacts, now: datetime) -> Figures:
    figures: Figures = {}
    busy = _live(facts, UTILISATION_METRICS, now)
    if busy:
        mean = sum(sample.value for sample in busy) / len(busy)
        figures |= _stored_samples(GPU_UTILISATION, mean, busy, weight=len(busy))
    hot = _live(facts, GPU_TEMPERATURE_METRICS, now)
    if hot:
        hottest = max(hot, key=lambda sample: sample.value)
        name = facts.names.get(("accelerator", hottest.accelerator_id or 0), "")
        figures |= _stored_samples(GPU_TEMPERATURE, hottest.value, [hottest], source=name)
    gpu_samples = [
        sample for samples in facts.latest_of_day.values() for sample in samples if sample.accelerator_id
    ]
    if gpu_samples:
        fatal_faults = list(faults(facts))
        series = _series_of_faults(facts, gpu_samples, {fault.series_id for fault in fatal_faults})
        figures |= _stored_samples(FAULTS, float(len(fatal_faults)), gpu_samples, explained_by=series)
    return figures


def _series_of_faults(
    facts: EvaluationFacts, samples: Sequence[Latest], faulty_ids: set[int]
) -> Sequence[MeasuredSeries]:
    """The series that show faults; without a fault, those in which one would show first."""
    rises = [rise for metric in UNCORRECTABLE_METRICS for rise in facts.rises.get(metric, ())]
    faulty_series = [series for series in (*samples, *rises) if series.series_id in faulty_ids]
    if faulty_series:
        return faulty_series
    for metric in (*XID_METRICS, *ROW_REMAP_METRICS, *UNCORRECTABLE_METRICS):
        if of_metric := [sample for sample in samples if sample.metric == metric]:
            return of_metric
    return samples


def _network(facts: EvaluationFacts, framework: Framework, now: datetime) -> Figures:
    figures = _highest(ROUND_TRIP, ROUND_TRIP_MEASURE.key, facts, ROUND_TRIP_METRICS, ROUND_TRIPS)
    check = framework.checks_by_id.get("p5-fabric-health")
    if check is not None:
        figures |= _risen(FLAPS, facts, check, "flaps", now)
        figures |= _risen(LINK_ERRORS, facts, check, "link-errors", now)
    return figures


def _risen(kind: FigureKind, facts: EvaluationFacts, check: Check, part_id: str, now: datetime) -> Figures:
    metrics = next((part.metrics for part in check.parts if part.id == part_id), ())
    port_samples = [sample for sample in _live(facts, metrics, now) if sample.port_id is not None]
    if not port_samples:
        return {}
    rises = [rise for metric in metrics for rise in facts.rises.get(metric, ()) if rise.port_id]
    total = sum(rise.increase for rise in rises)
    return _stored_samples(
        kind, total, port_samples, explained_by=[rise for rise in rises if rise.increase > 0]
    )


def _energy(facts: EvaluationFacts, now: datetime) -> Figures:
    figures = _highest(INLET, INLET_MEASURE.key, facts, INLET_METRICS, INLET_SENSORS)
    levels = _levels(facts, now)
    outermost = next((level for level in MeteringLevel if level in levels), None)
    if outermost is None:
        return figures
    kw, samples = levels[outermost]
    figures |= _stored_samples(POWER, kw, samples, source=WORDS[outermost])
    if facts.profile.contracted_kw is not None:
        figures |= _stored_samples(
            HEADROOM, facts.profile.contracted_kw - kw, samples, source=WORDS[outermost]
        )
    inner = next(
        (
            level
            for level in (MeteringLevel.UPS, MeteringLevel.ROOM_PDU, MeteringLevel.RACK_PDU)
            if level in levels
        ),
        None,
    )
    # Below 1 there is none: meters that say so contradict each other.
    if outermost.sees_everything and inner is not None and 0 < levels[inner][0] <= kw:
        it_kw, it_samples = levels[inner]
        source = f"{WORDS[outermost]} over {WORDS[inner]}s"
        meters = _ratio(_explore_parameters(samples), _explore_parameters(it_samples))
        origin = _newest_and_worst([*samples, *it_samples])
        figures |= stored(PUE, kw / it_kw, weight=it_kw, source=source, samples=meters, **origin)
    return figures


def _ratio(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Parameters that draw one sum over another. Two levels with one metric are drawn as their series."""
    if first["metric"] == second["metric"]:
        return dict(first)
    whole = {"group_by": "*", "combine": "sum"}
    questions = {"metric": first["metric"], "b_metric": second["metric"], "relation": "ratio"}
    return questions | whole | {f"b_{name}": value for name, value in whole.items()}


def _levels(facts: EvaluationFacts, now: datetime) -> dict[MeteringLevel, tuple[float, list[Latest]]]:
    by_device: dict[int, list[Latest]] = defaultdict(list)
    for sample in _live(facts, POWER_METRICS, now):
        if sample.device_id is not None and sample.unit == "W":
            by_device[sample.device_id].append(sample)
    expected: dict[MeteringLevel, list[int]] = defaultdict(list)
    for thing in facts.things_in_service(kind="device"):
        level = level_of(thing.role, in_rack=thing.in_rack)
        if level is not None:
            expected[level].append(thing.key[1])
    by_level: dict[MeteringLevel, tuple[float, list[Latest]]] = {}
    for level, devices in expected.items():
        if all(device in by_device for device in devices):
            samples = [sample for device in devices for sample in _first_metric(by_device[device])]
            by_level[level] = sum(sample.value for sample in samples) / 1000, samples
    supply = [sample for sample in _live(facts, SITE_POWER_METRICS, now) if sample.object_kind == "site"]
    if supply:
        by_level[MeteringLevel.METER] = sum(sample.value for sample in supply) / 1000, supply
    return by_level


def _first_metric(samples: Sequence[Latest]) -> list[Latest]:
    """If a device sends its power under several names, use the first of them."""
    first = min(POWER_METRICS.index(sample.metric) for sample in samples)
    return [sample for sample in samples if sample.metric == POWER_METRICS[first]]


def _live(facts: EvaluationFacts, metrics: Iterable[str], now: datetime) -> list[Latest]:
    return [
        sample for metric in metrics for sample in facts.latest.get(metric, ()) if facts.is_live(sample, now)
    ]


def _highest(
    kind: FigureKind, key: str, facts: EvaluationFacts, metrics: Sequence[str], matcher: Matcher
) -> Figures:
    values = [figure for figure in facts.quantiles if figure.key == key and figure.value is not None]
    if not values:
        return {}
    top = max(values, key=lambda figure: figure.value or 0.0)
    sent_metrics = (
        metric for metric in metrics if facts.latest.get(metric) or facts.latest_of_day.get(metric)
    )
    labels = f"{matcher.label}{matcher.op}{matcher.value}"
    return stored(
        kind,
        top.value or 0.0,
        taken_at=top.taken_at,
        provenance=top.provenance,
        source=top.part,
        samples={"metric": next(sent_metrics, metrics[0]), "labels": labels, "aggregation": "max"},
    )


def _stored_samples(
    kind: FigureKind,
    value: float,
    samples: Sequence[Latest],
    *,
    weight: float = 1.0,
    source: str = "",
    explained_by: Sequence[MeasuredSeries] = (),
) -> Figures:
    """A figure computed from `samples`. `explained_by` are the series that explain it, if not all do."""
    parameters = _explore_parameters(explained_by or samples)
    origin = _newest_and_worst(samples)
    return stored(kind, value, weight=weight, source=source, samples=parameters, **origin)


def _newest_and_worst(samples: Sequence[Latest]) -> dict[str, Any]:
    return {
        "taken_at": max(sample.ts for sample in samples),
        "provenance": worst_provenance(sample.provenance for sample in samples),
    }


def _explore_parameters(series: Sequence[MeasuredSeries]) -> dict[str, str]:
    """Parameters of Explore for these series: the metric that most of them have, and their object if there is one."""
    counts = Counter(each.metric for each in series)
    metric = min(counts, key=lambda name: (-counts[name], name))
    column = OBJECT_COLUMNS.get(series[0].object_kind, "")
    objects = {getattr(each, column) for each in series if each.metric == metric} if column else set()
    return {"metric": metric} | ({column: str(objects.pop())} if len(objects) == 1 else {})
