"""Which floor a figure is compared with, and p1-rdma-port: the bandwidth of each port against its floor."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from readiness.assessment.evidence.core.parsed import END, GIB, Figure, converted, size_text
from readiness.assessment.evidence.core.proving.enough import too_little
from readiness.assessment.evidence.core.proving.values import (
    FloorValue,
    Proof,
    Proofs,
    Run,
    SiteParts,
    coverage,
    drop_missing,
    is_valid,
    newest_by,
    proof_of,
)
from readiness.assessment.framework.core.definition import Check
from readiness.assessment.framework.core.vocabulary import Amount


@dataclass(frozen=True, slots=True)
class FloorKind:
    """Which floors a limit of the framework stands for, and at which sizes, the preferred first."""

    tools: frozenset[str]
    measure: str
    operations: tuple[str, ...]
    preferred: int
    between: tuple[int, int]


COLLECTIVES = frozenset({"nccl-tests", "rccl-tests"})
INTRA_SIZE = 16 * GIB
PAIR_SIZES = (2 * GIB, 8 * GIB)
PAIR_OPERATIONS = ("all_gather", "all_reduce")
WRITE_SIZE = 8 * 1024**2
ANY_SIZE = (0, 2**63)
OF_LIMIT: Mapping[str, FloorKind] = {
    "intra-node-floor": FloorKind(COLLECTIVES, "busbw", ("all_reduce",), INTRA_SIZE, ANY_SIZE),
    "fabric-floor": FloorKind(COLLECTIVES, "busbw", PAIR_OPERATIONS, PAIR_SIZES[1], PAIR_SIZES),
    "rdma-port-floor": FloorKind(frozenset({"perftest"}), "bandwidth", ("write",), WRITE_SIZE, ANY_SIZE),
}
"""Limits of the framework that belong to a platform."""


@dataclass(frozen=True, slots=True)
class FloorJudgement:
    """The value at one size in the wanted unit with its floor, or the reason why there is no floor."""

    value: float | None
    floor: FloorValue | None = None
    reason: str = ""


def judged(
    run: Run,
    measure: str,
    unit: str,
    floors: Iterable[FloorValue],
    *,
    operations: Sequence[str],
    preferred: int | None = None,
    between: tuple[int, int] | None = None,
) -> FloorJudgement | None:
    """The deciding figure: at the `preferred` size, else at the largest size that has a floor.

    None if the run has no such figure. Of several figures of one size (in and out of place) the lowest counts. A floor
    without a size applies to the largest size of the run. `between` limits the sizes.
    """
    rows = _values_by_size(run, measure, unit, operations, between)
    if not rows:
        return None
    own = [floor for floor in floors if _applies(floor, run, measure, operations)]
    sized = {floor.size_bytes: floor for floor in own if floor.size_bytes is not None}
    any_size = next((floor for floor in own if floor.size_bytes is None), None)
    order = sorted(rows, key=lambda size: (size == preferred, size), reverse=True)
    for size in order:
        if size in sized:
            return FloorJudgement(rows[size], _converted_floor(sized[size], unit))
    largest = order[0]
    if any_size is not None:
        return FloorJudgement(rows[largest], _converted_floor(any_size, unit))
    return FloorJudgement(rows[largest], reason=_why_none(run, measure, sized, order))


def strictest(
    floors: Iterable[FloorValue], platforms: Collection[str], limit_id: str, unit: str
) -> FloorValue | None:
    """The highest floor among a site's platforms, for a figure that names no platform. None if one of the platforms has
    no floor, because the whole site cannot be judged by a part of it."""
    kind = OF_LIMIT[limit_id]
    kind_floors = [floor for floor in floors if _is_of(floor, kind)]
    by_platform = [_platform_floor(kind_floors, platform, kind, unit) for platform in platforms]
    platform_floors = [floor for floor in by_platform if floor is not None]
    return (
        max(platform_floors, key=lambda floor: floor.value)
        if platform_floors and len(platform_floors) == len(by_platform)
        else None
    )


def _is_of(floor: FloorValue, kind: FloorKind) -> bool:
    low, high = kind.between
    sized = floor.size_bytes is None or low <= floor.size_bytes <= high
    is_same_measure = floor.tool in kind.tools and floor.measure == kind.measure
    return is_same_measure and sized and floor.operation in ("", *kind.operations)


def _platform_floor(
    floors: Iterable[FloorValue], platform: str, kind: FloorKind, unit: str
) -> FloorValue | None:
    own = [floor for floor in floors if floor.platform.casefold() == platform.casefold()]
    best = max(
        own, key=lambda floor: (floor.size_bytes == kind.preferred, floor.size_bytes or 0), default=None
    )
    return None if best is None else _converted_floor(best, unit)


def _values_by_size(
    run: Run, measure: str, unit: str, operations: Sequence[str], between: tuple[int, int] | None
) -> dict[int, float]:
    rows: dict[int, float] = {}
    for figure in run.figures:
        if figure.name != measure or figure.operation not in operations or figure.caution:
            continue
        size = figure.size_bytes or 0
        value = None if figure.value is None else converted(figure.value, figure.unit, unit)
        if value is None or (between is not None and not between[0] <= size <= between[1]):
            continue
        rows[size] = min(value, rows.get(size, value))
    return rows


def _applies(floor: FloorValue, run: Run, measure: str, operations: Sequence[str]) -> bool:
    return (
        floor.platform.casefold() == run.platform.casefold()
        and floor.tool == run.tool
        and floor.measure == measure
        and floor.operation in ("", *operations)
    )


def _converted_floor(floor: FloorValue, unit: str) -> FloorValue | None:
    value = converted(floor.value, floor.unit, unit)
    return None if value is None else replace(floor, value=value, unit=unit)


def _why_none(run: Run, measure: str, sized: dict[int, FloorValue], order: Sequence[int]) -> str:
    if not run.platform:
        return "The run names no platform, so no floor applies."
    if sized:
        sizes = ", ".join(size_text(size) for size in sorted(sized))
        return f"{run.platform} has a floor at {sizes}; the run's largest row is {size_text(max(order))}."
    return f"No floor of {measure} is set for {run.platform}."


def figure_named(run: Run, name: str, percentile: float | None = None) -> Figure | None:
    return next((each for each in run.figures if each.name == name and each.percentile == percentile), None)


def rdma_ports(
    check: Check, runs: Sequence[Run], site: SiteParts, floors: Sequence[FloorValue], now: datetime
) -> Proofs:
    """Each port's newest run. A run covers the ports that its text names as its own end: the port of the device that
    the tool ran on, and the other end's only if its output is in the same file."""
    part, covered = check.part("bandwidth"), check.part("ports-covered")
    by_port: dict[tuple[int, str], list[Proof]] = defaultdict(list)
    believed: dict[tuple[int, str], list[Proof]] = defaultdict(list)
    for run in runs:
        if run.tool != "perftest":
            continue
        judgement = judged(run, "bandwidth", part.unit, floors, operations=("write",), preferred=WRITE_SIZE)
        if judgement is None and not _is_of_bandwidth(run):
            continue
        reason = OTHER_OPERATION if judgement is None else judgement.reason
        for port in _own_ends(run):
            proof = proof_of(
                run,
                part,
                None if judgement is None else judgement.value,
                detail=site.ports.get(port, port[1]),
                floor=None if judgement is None else judgement.floor,
                cannot_judge=reason or too_little(check, run, Amount.ITERATIONS),
            )
            by_port[port].append(proof)
            if not run.doubt:
                believed[port].append(proof)
    newest_of = newest_by(believed, part, now)
    counts = [port for port, proof in newest_of.items() if is_valid(proof, covered, now)]
    return drop_missing(
        {
            "bandwidth": [*newest_by(by_port, part, now).values()],
            "ports-covered": [coverage(newest_of, site.ports, covered, now, counts=counts)],
        }
    )


OTHER_OPERATION = "The run is of another operation; the check asks for RDMA writes (ib_write_bw)."


def _is_of_bandwidth(run: Run) -> bool:
    return any(figure.name == "bandwidth" for figure in run.figures)


def _own_ends(run: Run) -> list[tuple[int, str]]:
    """Device and port of each end whose output the file holds, the tool's own first."""
    ends = sorted((each for each in run.figures if each.name == END), key=lambda each: each.value or 0)
    ports = [each.subject.lower() for each in ends] or [
        each.subject.lower() for each in run.figures if each.name == "bandwidth"
    ][:1]
    local = run.local or (run.nodes[0] if run.nodes else 0)
    devices = [local, *(node for node in run.nodes if node != local)]
    return list(zip(devices, ports, strict=False))
