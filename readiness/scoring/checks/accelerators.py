"""p5-accelerator-health: accelerators with a fatal fault in the last 24 hours, and whether they still
take work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from readiness.framework.core.definition import Check
from readiness.scoring.checks.choosing import named
from readiness.scoring.core.judge import Reading
from readiness.scoring.core.states import Provenance
from readiness.scoring.facts import EvaluationFacts, Thing
from telemetry.core.codes import code_table
from telemetry.queries import Latest

# The codes that take a node out in Azure's health checks (source S5 of the framework).
FATAL_XIDS = frozenset({48, 56, 57, 58, 62, 63, 64, 65, 68, 69, 73, 74, 79, 80, 81, 92, 119, 120})
XID_METRICS = ("DCGM_FI_DEV_XID_ERRORS", "DCGM_FI_DEV_XID_ERROR")
ROW_REMAP_METRICS = ("DCGM_FI_DEV_ROW_REMAP_FAILURE",)
UNCORRECTABLE_METRICS = ("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", "gpu_ecc_uncorrect_total")
SLOWDOWN_METRICS = ("DCGM_EXP_CLOCK_EVENTS_COUNT",)
HARDWARE_SLOWDOWNS = frozenset({"hw_slowdown", "hw_thermal", "hw_power_brake", "hw_power_brakedown"})
SLOWDOWNS_A_MINUTE = 0.6
"""Source S36 of the framework. The exporter counts events over its own window of 5 minutes."""
EXPORTER_WINDOW_MIN = 5
DRAIN_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of an accelerator, since when, and the series that shows it."""

    thing: Thing
    what: str
    at: datetime
    series_id: int


def readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    """Three counts from one look: still working, drained too late, drained in time."""
    metrics = check.part("still-scheduling").metrics
    watched = [sample for metric in metrics for sample in facts.held.get(metric, ())]
    watched = [sample for sample in watched if sample.accelerator_id is not None]
    if not watched:
        return {}
    by_time = sorted(faults(facts), key=lambda fault: (fault.at, fault.thing.name))
    working = [fault for fault in by_time if fault.thing.takes_work]
    drained = [fault for fault in by_time if not fault.thing.takes_work]
    late = [fault for fault in drained if _withdrawn_at(facts, fault.thing, now) > fault.at + DRAIN_WITHIN]
    in_time = [fault for fault in drained if fault not in late]
    return {
        "still-scheduling": _count(working, watched),
        "drained-late": _count(late, watched),
        "drained-in-time": _count(in_time, watched),
    }


def faults(facts: EvaluationFacts) -> Iterator[Fault]:
    """One fault for each accelerator that has any, the earliest."""
    first: dict[int, Fault] = {}
    for fault in _all_faults(facts):
        before = first.get(fault.thing.key[1])
        if before is None or fault.at < before.at:
            first[fault.thing.key[1]] = fault
    yield from first.values()


def _all_faults(facts: EvaluationFacts) -> Iterator[Fault]:
    for sample, thing in _samples(facts, XID_METRICS):
        at = facts.changed_at.get(sample.series_id)
        # The series holds the last code, not a count: it stands for an event only if it changed lately.
        if at is not None and sample.value in FATAL_XIDS:
            yield Fault(thing, _xid(sample.value), at, sample.series_id)
    for sample, thing in _samples(facts, ROW_REMAP_METRICS):
        if sample.value >= 1:
            at = facts.changed_at.get(sample.series_id, sample.ts)
            yield Fault(thing, "row-remap failure", at, sample.series_id)
    for metric in UNCORRECTABLE_METRICS:
        for rise in facts.rises.get(metric, ()):
            rising = facts.things.get(("accelerator", rise.accelerator_id or 0))
            if rising is not None and rise.increase > 0:
                yield Fault(rising, "uncorrectable ECC", rise.first_bad_at, rise.series_id)
    for sample, thing in _samples(facts, SLOWDOWN_METRICS):
        slow = sample.labels.get("clock_event", "") in HARDWARE_SLOWDOWNS
        if slow and sample.value / EXPORTER_WINDOW_MIN >= SLOWDOWNS_A_MINUTE:
            yield Fault(thing, "hardware slowdown", sample.ts, sample.series_id)


def _xid(value: float) -> str:
    code = code_table("xid").get(value)
    return code.brief if code else f"XID {value:.0f}"


def _samples(facts: EvaluationFacts, metrics: Sequence[str]) -> Iterator[tuple[Latest, Thing]]:
    for metric in metrics:
        for sample in facts.held.get(metric, ()):
            thing = facts.things.get(("accelerator", sample.accelerator_id or 0))
            if thing is not None:
                yield sample, thing


def _withdrawn_at(facts: EvaluationFacts, thing: Thing, now: datetime) -> datetime:
    """The time when it or its whole device was taken out of work, whichever came first; now if that is unknown."""
    moments = [
        facts.withdrawn_at[key]
        for key in (thing.key, ("device", thing.device_id or 0))
        if key in facts.withdrawn_at
    ]
    return min(moments, default=now)


def _count(counted: Sequence[Fault], watched: Sequence[Latest]) -> Reading:
    return Reading(
        value=float(len(counted)),
        taken_at=max(sample.ts for sample in watched),
        provenance=Provenance(watched[0].provenance),
        evidence=f"series:{counted[0].series_id}" if counted else "",
        detail=named([f"{fault.thing.name} ({fault.what})" for fault in counted]),
        cadence_s=max(sample.cadence_s for sample in watched),
        bad_since=counted[0].at if counted else None,
    )
