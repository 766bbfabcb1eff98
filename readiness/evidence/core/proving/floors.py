"""Which row of a run is judged, and by which floor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from readiness.evidence.core.parsed import Figure
from readiness.evidence.core.proving.values import FloorValue, Run
from readiness.evidence.core.units import converted

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Judged:
    """The value at one size in the unit asked for, its floor, or why it has none."""

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
) -> Judged | None:
    """The figure that decides: at the `preferred` size, else at the largest size that has a floor.

    None where the run has no such figure. Of several figures of one size (in and out of place) the lowest counts.
    A floor without a size holds at the largest size that the run has. `between` narrows the sizes.
    """
    rows = _rows(run, measure, unit, operations, between)
    if not rows:
        return None
    own = [floor for floor in floors if _applies(floor, run, measure, operations)]
    sized = {floor.size_bytes: floor for floor in own if floor.size_bytes is not None}
    any_size = next((floor for floor in own if floor.size_bytes is None), None)
    order = sorted(rows, key=lambda size: (size == preferred, size), reverse=True)
    for size in order:
        if size in sized:
            return Judged(rows[size], _in_unit(sized[size], unit))
    largest = order[0]
    if any_size is not None:
        return Judged(rows[largest], _in_unit(any_size, unit))
    return Judged(rows[largest], reason=_why_none(run, measure, sized, order))


def _rows(
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


def _in_unit(floor: FloorValue, unit: str) -> FloorValue | None:
    value = converted(floor.value, floor.unit, unit)
    if value is None:
        return None
    return FloorValue(
        floor.platform,
        floor.tool,
        floor.measure,
        floor.operation,
        floor.size_bytes,
        value,
        unit,
        floor.source,
    )


def _why_none(run: Run, measure: str, sized: dict[int, FloorValue], order: Sequence[int]) -> str:
    if not run.platform:
        return "The run names no platform, so no floor applies."
    if sized:
        sizes = ", ".join(size_text(size) for size in sorted(sized))
        return f"{run.platform} has a floor at {sizes}; the run's largest row is {size_text(max(order))}."
    return f"No floor of {measure} is set for {run.platform}."


def size_text(size: int) -> str:
    """16 GiB, 8 MiB, 512 B."""
    for factor, unit in ((GIB, "GiB"), (1024**2, "MiB"), (1024, "KiB")):
        if size >= factor:
            return f"{size / factor:g} {unit}"
    return f"{size} B"


def figure_named(run: Run, name: str, percentile: float | None = None) -> Figure | None:
    """The first figure of that name; None where there is none."""
    return next((each for each in run.figures if each.name == name and each.percentile == percentile), None)
