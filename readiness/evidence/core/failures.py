"""Why a run failed, whatever rate or latency it shows: values that were wrong, operations that failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from readiness.evidence.core.parsed import Figure

WRONG_VALUES = "wrong_values"
FAILED = "failed_operations"
FAILURES = frozenset({WRONG_VALUES, FAILED, "dropped_messages"})
"""Names of the figures that count failures. `samples` of such a figure are all operations, failed ones included."""


@dataclass(frozen=True, slots=True)
class Failures:
    """How many failures the figures count: `count` None where none of them counts any. `text` is shown as it is."""

    count: float | None = None
    text: str = ""

    @property
    def reason(self) -> str:
        """Empty where nothing failed."""
        return f"{self.text}: the run is void, whatever its figures say." if self.count else ""


NOT_COUNTED = Failures()


def failures_of(figures: Iterable[Figure]) -> Failures:
    """The first kind of failure that occurred, else a count of none."""
    counted = [each for each in figures if each.name in FAILURES and each.value is not None]
    worst = next((each for each in counted if each.value), counted[0] if counted else None)
    return NOT_COUNTED if worst is None else Failures(worst.value, _text(worst))


def failed_operations(count: float, *, of: int | None = None, what: str = "operations") -> Figure:
    """The figure of operations that failed, out of `of`."""
    return Figure(name=FAILED, value=float(count), samples=of, operation=what)


def _text(figure: Figure) -> str:
    count = f"{figure.value:,.0f}"
    if figure.name == WRONG_VALUES:
        return f"{count} {'value was' if figure.value == 1 else 'values were'} wrong"
    if figure.name == FAILED:
        of = "" if figure.samples is None else f" of {figure.samples:,}"
        return f"{count}{of} {figure.operation or 'operations'} failed"
    return f"{count} {'message was' if figure.value == 1 else 'messages were'} dropped"
