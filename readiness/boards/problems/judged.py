"""Samples of a failing metric in the form in which its rule compares them, with the limits of the rule."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from django.http import QueryDict
from numpy.typing import NDArray

from readiness.boards.problems.failing import ChartSpan, FailingMetric
from readiness.loop.problems.advice import rule_of
from telemetry import explore
from telemetry.core.labels import NAME
from telemetry.core.metric import ComparedValue, HealthRule, LimitTest, Metric
from telemetry.core.registry import registry
from telemetry.core.spec import Aggregation
from telemetry.explore import ExploredLine, ExploredLines, HealthLimit
from telemetry.params import admitted_query

MOST_LINES = 5
POINTS = "400"
DAY_MS = 86_400_000


def judged_lines(failing: FailingMetric, span: ChartSpan, *, now: datetime) -> ExploredLines:
    """Raises SpecError for a metric without series."""
    rule = rule_of(failing.reason) if failing.reason else None
    rises = rule is not None and rule.measure is ComparedValue.INCREASE
    look_back = timedelta(seconds=rule.window_s) if rule is not None and rises else timedelta()
    explored = _explored(failing, failing.metric, span, look_back, rises=rises, now=now)
    lines: Sequence[ExploredLine] = [line for line in explored.lines if _is_judged(line, failing)]
    if rule is not None and rule.share_of:
        whole = _explored(failing, rule.share_of, span, look_back, rises=False, now=now)
        lines = _shares(lines, whole.lines)
    elif rule is not None:
        lines = _compared(lines, rule)
    start_ms = round(span.start.timestamp() * 1000)
    unit = rule.unit(_unit(explored)) if rule is not None else _unit(explored)
    drawn = (replace(_since(line, start_ms), unit=unit) for line in lines)
    return replace(
        explored,
        spec=replace(explored.spec, start_ms=start_ms),
        lines=tuple(line for line in drawn if np.isfinite(line.values).any())[:MOST_LINES],
        limits=_limits(failing, rule),
    )


def _explored(
    failing: FailingMetric, metric: str, span: ChartSpan, look_back: timedelta, *, rises: bool, now: datetime
) -> ExploredLines:
    params = QueryDict(mutable=True)
    params.update(failing.params | {"metric": metric, "points": POINTS})
    params["start"], params["end"] = _ms(span.start - look_back), _ms(span.end)
    if rises:
        params["aggregation"] = Aggregation.INCREASE.value
    # The explorer refuses the growth of a counter in a step, because it depends on the step; its sums do not.
    return explore.answer(replace(admitted_query(params, now=now), counts_up=False), now=now)


def _unit(explored: ExploredLines) -> str:
    return explored.metric.unit if explored.metric is not None else explored.unit


def _definition(line: ExploredLine) -> Metric | None:
    return registry().get(line.labels.get(NAME, ""), line.labels)


def _is_judged(line: ExploredLine, failing: FailingMetric) -> bool:
    """Whether the line is of the part that the reason is about: one sensor of several."""
    definition = _definition(line)
    if failing.reason is None or not failing.reason.part or definition is None:
        return True
    return definition.part(line.labels) == failing.reason.part


def _compared(lines: Sequence[ExploredLine], rule: HealthRule) -> Sequence[ExploredLine]:
    if rule.measure is ComparedValue.INCREASE:
        return [_risen(line, rule.window_s * 1000) for line in lines]
    if rule.days_left:
        return [replace(line, values=(1000 * line.values - line.ts_ms) / DAY_MS) for line in lines]
    if rule.label and lines:
        return [_numbered(lines, rule)]
    return lines


def _risen(line: ExploredLine, window_ms: int) -> ExploredLine:
    """How much the counter rose within the window before each point."""
    instants, values = _finite(line)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    before = np.searchsorted(instants, instants - window_ms, side="right")
    return replace(line, ts_ms=instants, values=sums[1:] - sums[before])


def _numbered(lines: Sequence[ExploredLine], rule: HealthRule) -> ExploredLine:
    """One line of states that a label names, which begins a new series with each state."""
    parts = [(*_finite(line), rule.number(line.labels)) for line in lines]
    instants = np.concatenate([at for at, _values, _number in parts])
    numbers = np.concatenate([np.full(len(at), number) for at, _values, number in parts])
    order = np.argsort(instants, kind="stable")
    return replace(lines[0], ts_ms=instants[order], values=numbers[order])


def _shares(lines: Iterable[ExploredLine], wholes: Iterable[ExploredLine]) -> Sequence[ExploredLine]:
    """Each line in % of the other metric's line that has the same labels."""
    whole_of = {_key(whole): _finite(whole) for whole in wholes}
    shares = []
    for line in lines:
        if (whole := whole_of.get(_key(line))) is None:
            continue
        instants, values = _finite(line)
        _both, own, others = np.intersect1d(instants, whole[0], return_indices=True)
        divisor = np.where(whole[1][others] > 0, whole[1][others], np.nan)
        shares.append(replace(line, ts_ms=instants[own], values=100 * values[own] / divisor))
    return shares


def _key(line: ExploredLine) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in line.labels.items() if name != NAME)


def _finite(line: ExploredLine) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    finite = np.isfinite(line.values)
    return line.ts_ms[finite], line.values[finite]


def _since(line: ExploredLine, start_ms: int) -> ExploredLine:
    inside = line.ts_ms > start_ms
    return replace(line, ts_ms=line.ts_ms[inside], values=line.values[inside])


def _limits(failing: FailingMetric, rule: HealthRule | None) -> tuple[HealthLimit, ...]:
    """The limits of the rule; and the one that the reason names, if the rule has another one since."""
    reason = failing.reason
    limits: dict[float, str] = {}
    if rule is not None and rule.direction in (LimitTest.ABOVE, LimitTest.BELOW):
        limits = {value: level for level in ("warn", "critical") for value in getattr(rule, level)[:1]}
    threshold = reason.threshold if reason is not None else failing.limit
    if threshold is not None:
        limits.setdefault(threshold, "")
    source = reason.source if reason is not None else ""
    return tuple(HealthLimit(level, value, source) for value, level in sorted(limits.items()))


def _ms(at: datetime) -> str:
    return str(round(at.timestamp() * 1000))
