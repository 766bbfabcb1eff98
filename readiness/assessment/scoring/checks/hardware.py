"""p5-accelerator-health: accelerators with a fatal fault in the last 24 hours, and whether they still take work;
p5-fabric-health: rises of each port's counters in the last 24 hours; p5-telemetry-coverage: the share of objects in
service that are heard from, as health counts them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from readiness.assessment.evidence.core.proving.values import few
from readiness.assessment.framework.core.definition import Check, SubMeasure
from readiness.assessment.scoring.checks.choosing import Readings
from readiness.assessment.scoring.core.judge import Reading
from readiness.assessment.scoring.core.reasons import Heard, ObjectKey
from readiness.assessment.scoring.core.states import Provenance
from readiness.assessment.scoring.facts import EvaluationFacts, Thing, heard_from
from telemetry.core.codes import code_table
from telemetry.core.rows import Latest, Rise

# Codes that remove a node from service in Azure's health checks (source S5 of the framework).
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
    thing: Thing
    what: str
    at: datetime
    series_id: int


def accelerator_readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    metrics = check.part("still-scheduling").metrics
    watched = [sample for metric in metrics for sample in facts.latest_of_day.get(metric, ())]
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
    first: dict[int, Fault] = {}
    for fault in _all_faults(facts):
        before = first.get(fault.thing.key[1])
        if before is None or fault.at < before.at:
            first[fault.thing.key[1]] = fault
    yield from first.values()


def _all_faults(facts: EvaluationFacts) -> Iterator[Fault]:
    for sample, thing in _samples(facts, XID_METRICS):
        at = facts.changed_at.get(sample.series_id)
        # The series holds the last code, not a count: it means an event only if it changed recently.
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
        for sample in facts.latest_of_day.get(metric, ()):
            thing = facts.things.get(("accelerator", sample.accelerator_id or 0))
            if thing is not None:
                yield sample, thing


def _withdrawn_at(facts: EvaluationFacts, thing: Thing, now: datetime) -> datetime:
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
        detail=few([f"{fault.thing.name} ({fault.what})" for fault in counted]),
        cadence_s=max(sample.cadence_s for sample in watched),
        bad_since=counted[0].at if counted else None,
    )


FABRIC_PARTS = ("flaps", "link-errors", "discards")


def fabric_readings(facts: EvaluationFacts, check: Check, now: datetime) -> Readings:
    return {part_id: _worst_port(facts, check.part(part_id), now) for part_id in FABRIC_PARTS}


def _worst_port(facts: EvaluationFacts, part: SubMeasure, now: datetime) -> Reading | None:
    """None if no port in service sends any of the counters. A port that fell silent still counts its rise."""
    watched = [
        sample
        for metric in part.metrics
        for sample in facts.latest.get(metric, ())
        if _port(facts, sample) is not None and facts.is_live(sample, now)
    ]
    rises: dict[int, list[Rise]] = defaultdict(list)
    for metric in part.metrics:
        for rise in facts.rises.get(metric, ()):
            if _port(facts, rise) is not None and rise.port_id is not None:
                rises[rise.port_id].append(rise)
    if not watched:
        return None
    totals = {port_id: sum(rise.increase for rise in many) for port_id, many in rises.items()}
    worst_first = sorted(totals, key=lambda port_id: (-totals[port_id], port_id))
    return _reading(
        facts, watched, [port_id for port_id in worst_first if totals[port_id] > 0], totals, rises
    )


def _reading(
    facts: EvaluationFacts,
    watched: Sequence[Latest],
    dirty: Sequence[int],
    totals: dict[int, float],
    rises: dict[int, list[Rise]],
) -> Reading:
    first_bad = [rise.first_bad_at for port_id in dirty for rise in rises[port_id]]
    return Reading(
        value=totals[dirty[0]] if dirty else 0.0,
        taken_at=max(sample.ts for sample in watched),
        provenance=Provenance(watched[0].provenance),
        evidence=f"series:{rises[dirty[0]][0].series_id}" if dirty else "",
        detail=few([facts.things["port", port_id].name for port_id in dirty]),
        cadence_s=max(sample.cadence_s for sample in watched),
        bad_since=min(first_bad, default=None),
    )


def _port(facts: EvaluationFacts, row: Latest | Rise) -> Thing | None:
    port = facts.things.get(("port", row.port_id or 0))
    return port if port is not None and port.in_service else None


DOMAINS = {"compute": "compute-coverage", "network": "network-coverage", "energy": "energy-coverage"}


def coverage_readings(facts: EvaluationFacts, check: Check, now: datetime) -> Readings:
    """Readings have the time `now`: silence shows at once and the reading itself never goes stale. Until anything at
    the site was ever heard from there is no reading, because nobody monitors it yet."""
    if not facts.sources_of:
        return {}
    heard = heard_from(facts, now)
    by_part = {part: _coverage(facts, domain, heard, now) for domain, part in DOMAINS.items()}
    return by_part | {"clock-skew": _clock_skew(facts)}


def _coverage(
    facts: EvaluationFacts, domain: str, heard: Mapping[ObjectKey, Heard], now: datetime
) -> Reading | None:
    expected = [thing for thing in facts.things_in_service(domain=domain) if thing.covered]
    if not expected:
        return None
    silent = [thing for thing in expected if thing.key not in heard]
    count = len(expected) - len(silent)
    detail = f"{count} of {len(expected)} heard from"
    if silent:
        detail += f"; silent: {few([thing.name for thing in silent])}"
    if domain == "compute" and (alone := facts.profile.racks_metered_alone):
        racks = "1 more rack reports its" if alone == 1 else f"{alone} more racks report their"
        detail += f"; {racks} power, not the nodes"
    return Reading(
        value=100 * count / len(expected),
        taken_at=now,
        provenance=Provenance.MEASURED,
        evidence=f"coverage:{domain}",
        detail=detail,
        bad_since=min((_silent_since(facts, thing, now) for thing in silent), default=None),
    )


def _silent_since(facts: EvaluationFacts, thing: Thing, now: datetime) -> datetime:
    ends = [
        at + timedelta(seconds=facts.live_s(source_id))
        for source_id, at in facts.seen.get(thing.key, {}).items()
    ]
    return min(max(ends, default=now), now)


def _clock_skew(facts: EvaluationFacts) -> Reading | None:
    apart = [
        (abs((source.last_received_at - source.last_sample_at).total_seconds()), source)
        for source in facts.sources.values()
        if source.last_received_at and source.last_sample_at
    ]
    if not apart:
        return None
    seconds, source = max(apart, key=lambda pair: pair[0])
    return Reading(
        value=seconds,
        taken_at=source.last_received_at or source.last_sample_at,  # type: ignore[arg-type]
        evidence=f"source:{source.source_id}",
        detail=source.name,
        cadence_s=source.cadence_s,
    )
