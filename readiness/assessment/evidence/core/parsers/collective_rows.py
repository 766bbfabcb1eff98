"""Rows of collectives: what their figures say of each other, and of the operation that the file names.

Factors of the bus bandwidth follow nccl-tests' PERFORMANCE.md: busbw = algbw x factor, algbw = size / time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readiness.assessment.evidence.core.parsed import ParseError, size_text
from readiness.assessment.evidence.core.recomputing import differ, disagreement, half_unit

REDUCING = frozenset({"all_reduce", "reduce", "reduce_scatter"})
NOT_REDUCING = frozenset({"all_gather", "alltoall", "broadcast", "gather", "scatter"})
SHARED = frozenset({"all_gather", "reduce_scatter", "alltoall", "gather", "scatter"})
WHOLE = frozenset({"broadcast", "reduce", "sendrecv"})
REDUCTIONS = frozenset({"sum", "prod", "min", "max", "avg", "mulsum"})
SLACK = 0.001
"""Relative slack beside the print's rounding: times of several ranks are averaged before they are printed."""


class Cells(dict[str, float | None]):
    """The values of one half of a row by name. `halves` are half a unit of the last printed digit of each."""

    def __init__(self, *values: Any, **more: float | None) -> None:
        super().__init__(*values, **more)
        self.halves = {name: half_unit(repr(value)) for name, value in self.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Conditions:
    """`ranks` is 0 if the file does not say how many took part."""

    operation: str
    size: int
    ranks: int


def factor(operation: str, ranks: int) -> float | None:
    """How many times the algorithm's bandwidth the bus bandwidth is; None for another operation or unknown ranks."""
    if ranks < 2:
        return None
    if operation == "all_reduce":
        return 2 * (ranks - 1) / ranks
    if operation in SHARED:
        return (ranks - 1) / ranks
    return 1.0 if operation in WHOLE else None


def contradiction(conditions: Conditions, cells: Cells) -> str:
    """The sentence for bandwidths that contradict size, time and operation; empty if they agree."""
    return _algbw(conditions, cells) or _busbw(conditions, cells)


def _algbw(conditions: Conditions, cells: Cells) -> str:
    algbw, time = cells.get("algbw"), cells.get("time")
    if algbw is None or time is None or not conditions.size or conditions.operation == "hypercube":
        return ""
    # A time that is printed as 0 is less than half a unit of its print.
    expected = conditions.size / (time or cells.halves["time"]) / 1e3
    tolerance = cells.halves["algbw"] + expected * (
        min(cells.halves["time"] / time, 1e6) + SLACK if time else 0
    )
    if not time and algbw >= expected:
        return ""
    if not differ(algbw, expected, tolerance):
        return ""
    what = f"algorithm bandwidth at {size_text(conditions.size)}"
    return disagreement(what, f"{algbw:,.5g} GB/s", f"{expected:,.5g} GB/s")


def _busbw(conditions: Conditions, cells: Cells) -> str:
    busbw, algbw = cells.get("busbw"), cells.get("algbw")
    times = factor(conditions.operation, conditions.ranks)
    if busbw is None or algbw is None or times is None or _is_near(cells, times):
        return ""
    what = f"bus bandwidth at {size_text(conditions.size)}"
    return disagreement(what, f"{busbw:,.5g} GB/s", f"{algbw * times:,.5g} GB/s")


def _is_near(cells: Mapping[str, float | None], times: float) -> bool:
    busbw, algbw = cells.get("busbw") or 0.0, cells.get("algbw") or 0.0
    halves: Mapping[str, float] = getattr(cells, "halves", {})
    expected = algbw * times
    return not differ(busbw, expected, halves["busbw"] + times * halves["algbw"] + expected * SLACK)


def refuse_other_operation(line: int, conditions: Conditions, variant: str, cells: Cells) -> None:
    """Raise ParseError for a row of another operation than the file names, by its reduction or its factor."""
    operation, words = conditions.operation, set(variant.split()[1:])
    if operation in NOT_REDUCING and words & REDUCTIONS:
        raise ParseError(
            line, f"The file names {operation}, but its row reduces ({min(words & REDUCTIONS)})."
        )
    own, algbw = factor(operation, conditions.ranks), cells.get("algbw")
    if own is None or not algbw or cells.get("busbw") is None or algbw < 1 or _is_near(cells, own):
        return
    for other in ("all_reduce", "all_gather", "broadcast"):
        times = factor(other, conditions.ranks)
        if times is not None and _is_near(cells, times):
            raise ParseError(
                line,
                f"The file names {operation}, but its rows are those of {other} over {conditions.ranks} ranks: "
                f"their bus bandwidth is {times:.4g} times the algorithm's, not {own:.4g} times.",
            )
