"""Whether a run measured enough for a check, by the minimums that the check carries."""

from collections.abc import Sequence

from readiness.assessment.evidence.core.parsed import DURATION, ITERATIONS, REQUESTS, Figure
from readiness.assessment.evidence.core.proving.values import Run
from readiness.assessment.framework.core.definition import Check, Minimum
from readiness.assessment.framework.core.vocabulary import ANY_TOOL, Amount

STATED = {Amount.ITERATIONS: ITERATIONS, Amount.DURATION: DURATION, Amount.REQUESTS: REQUESTS}
"""Amounts that a figure of the run states."""
UNITS = {Amount.DURATION: " s"}


def least(check: Check, tool: str, measure: Amount) -> Minimum | None:
    """The minimum that holds for the tool; a check that states none for a tool has the one for any tool."""
    by_tool = {each.tool: each for each in check.minimums if each.measure == measure}
    minimum = by_tool.get(tool) or by_tool.get(ANY_TOOL)
    return minimum if minimum is not None and minimum.value > 0 else None


def too_little(check: Check, run: Run, *measures: Amount) -> str:
    """Say which amount of the run is below its minimum, with both; empty if all that it states are enough."""
    for measure in measures:
        minimum, amount = least(check, run.tool, measure), amount_of(run, measure)
        if minimum is not None and amount is not None and amount < minimum.value:
            unit = UNITS.get(measure, f" {measure.value}")
            return f"The run has {amount:,g}{unit}; {minimum.value:,g}{unit} are needed."
    return ""


def amount_of(run: Run, measure: Amount) -> float | None:
    return amount_in(run.figures, measure)


def amount_in(figures: Sequence[Figure], measure: Amount) -> float | None:
    """Return what the figures state of the measure, the least of several; None if they do not say."""
    name = STATED[measure]
    values = [each.value for each in figures if each.name == name and each.value is not None]
    if not values and measure is Amount.ITERATIONS:
        counted = [each for each in figures if each.samples and each.name in ("bandwidth", "latency")]
        values = [float(each.samples or 0) for each in counted]
    return min(values, default=None)
