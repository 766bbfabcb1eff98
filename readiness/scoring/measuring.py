"""The key figures of a site's domains, each from what was really sent, with its provenance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from readiness.evidence.core.load import WORDS, MeteringLevel
from readiness.evidence.core.provenance import worst_provenance
from readiness.evidence.gather import LEVEL_OF_ROLE
from readiness.evidence.measures import INLET as INLET_MEASURE
from readiness.evidence.measures import POWER_METRICS, SITE_POWER_METRICS
from readiness.evidence.measures import ROUND_TRIP as ROUND_TRIP_MEASURE
from readiness.evidence.queries import SpanFigure
from readiness.framework.core.definition import Check, Framework
from readiness.scoring.checks.accelerators import faults
from readiness.scoring.facts import EvaluationFacts
from readiness.scoring.figures import (
    FAULTS,
    FLAPS,
    GPU_TEMPERATURE,
    GPU_TEMPERATURE_METRICS,
    GPU_UTILISATION,
    HEADROOM,
    INLET,
    LINK_ERRORS,
    POWER,
    PUE,
    ROUND_TRIP,
    UTILISATION_METRICS,
    FigureKind,
    stored,
)
from telemetry.queries import Latest

type Figures = dict[str, dict[str, Any]]


def site_figures(facts: EvaluationFacts, framework: Framework, now: datetime) -> dict[str, Figures]:
    """Figures by domain; a figure that the site cannot measure is left out."""
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
        figures |= _of_samples(GPU_UTILISATION, mean, busy, weight=len(busy))
    hot = _live(facts, GPU_TEMPERATURE_METRICS, now)
    if hot:
        hottest = max(hot, key=lambda sample: sample.value)
        name = facts.names.get(("accelerator", hottest.accelerator_id or 0), "")
        figures |= _of_samples(GPU_TEMPERATURE, hottest.value, [hottest], source=name)
    watched = [sample for many in facts.held.values() for sample in many if sample.accelerator_id]
    if watched:
        figures |= _of_samples(FAULTS, float(sum(1 for _ in faults(facts))), watched)
    return figures


def _network(facts: EvaluationFacts, framework: Framework, now: datetime) -> Figures:
    figures = _highest(ROUND_TRIP, ROUND_TRIP_MEASURE.key, facts.quantiles)
    check = framework.checks_by_id.get("p5-fabric-health")
    if check is not None:
        figures |= _risen(FLAPS, facts, check, "flaps", now)
        figures |= _risen(LINK_ERRORS, facts, check, "link-errors", now)
    return figures


def _risen(kind: FigureKind, facts: EvaluationFacts, check: Check, part_id: str, now: datetime) -> Figures:
    """The rise of the sub-measure's counters over all ports."""
    metrics = next((part.metrics for part in check.parts if part.id == part_id), ())
    watched = [sample for sample in _live(facts, metrics, now) if sample.port_id is not None]
    if not watched:
        return {}
    total = sum(rise.increase for metric in metrics for rise in facts.rises.get(metric, ()) if rise.port_id)
    return _of_samples(kind, total, watched)


def _energy(facts: EvaluationFacts, now: datetime) -> Figures:
    figures = _highest(INLET, INLET_MEASURE.key, facts.quantiles)
    levels = _levels(facts, now)
    outermost = next((level for level in MeteringLevel if level in levels), None)
    if outermost is None:
        return figures
    kw, samples = levels[outermost]
    figures |= _of_samples(POWER, kw, samples, source=WORDS[outermost])
    if facts.profile.contracted_kw is not None:
        figures |= _of_samples(HEADROOM, facts.profile.contracted_kw - kw, samples, source=WORDS[outermost])
    inner = next(
        (
            level
            for level in (MeteringLevel.UPS, MeteringLevel.ROOM_PDU, MeteringLevel.RACK_PDU)
            if level in levels
        ),
        None,
    )
    if outermost.sees_everything and inner is not None and levels[inner][0] > 0:
        it_kw, it_samples = levels[inner]
        source = f"{WORDS[outermost]} over {WORDS[inner]}s"
        figures |= _of_samples(PUE, kw / it_kw, [*samples, *it_samples], weight=it_kw, source=source)
    return figures


def _levels(facts: EvaluationFacts, now: datetime) -> dict[MeteringLevel, tuple[float, list[Latest]]]:
    """kW now at each level whose every device in service sends power; see readiness.evidence.core.load."""
    by_device: dict[int, list[Latest]] = defaultdict(list)
    for sample in _live(facts, POWER_METRICS, now):
        if sample.device_id is not None and sample.unit == "W":
            by_device[sample.device_id].append(sample)
    expected: dict[MeteringLevel, list[int]] = defaultdict(list)
    for thing in facts.in_service(kind="device"):
        level = _level_of(thing.role, in_rack=thing.in_rack)
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


def _level_of(role: str, *, in_rack: bool) -> MeteringLevel | None:
    if role == "pdu":
        return MeteringLevel.RACK_PDU if in_rack else MeteringLevel.ROOM_PDU
    return LEVEL_OF_ROLE.get(role)  # type: ignore[call-overload, no-any-return]


def _first_metric(samples: Sequence[Latest]) -> list[Latest]:
    """A device that sends its power under several names is read from the first of them."""
    first = min(POWER_METRICS.index(sample.metric) for sample in samples)
    return [sample for sample in samples if sample.metric == POWER_METRICS[first]]


def _live(facts: EvaluationFacts, metrics: Iterable[str], now: datetime) -> list[Latest]:
    return [
        sample for metric in metrics for sample in facts.latest.get(metric, ()) if facts.is_live(sample, now)
    ]


def _highest(kind: FigureKind, key: str, figures: Sequence[SpanFigure]) -> Figures:
    known = [figure for figure in figures if figure.key == key and figure.value is not None]
    if not known:
        return {}
    top = max(known, key=lambda figure: figure.value or 0.0)
    return stored(kind, top.value or 0.0, taken_at=top.taken_at, provenance=top.provenance, source=top.part)


def _of_samples(
    kind: FigureKind, value: float, samples: Sequence[Latest], *, weight: float = 1.0, source: str = ""
) -> Figures:
    return stored(
        kind,
        value,
        taken_at=max(sample.ts for sample in samples),
        provenance=worst_provenance(sample.provenance for sample in samples),
        weight=weight,
        source=source,
    )
