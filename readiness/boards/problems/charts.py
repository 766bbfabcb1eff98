"""The figure of a failing metric: its line with limits, when the problem held, and what happened near its beginning."""

from datetime import datetime

from readiness.boards.problems.failing import ChartSpan, FailingMetric
from readiness.boards.problems.nearby import Nearby
from readiness.boards.problems.rows import ProblemRow
from telemetry import charts
from telemetry.charts import Figure
from telemetry.explore import ExploredLines
from web.charts import FEW_DATES, ms
from web.units import format_value

MARGIN = {"l": 44, "r": 12, "t": 24, "b": 28}


def failing_chart(
    lines: ExploredLines, failing: FailingMetric, span: ChartSpan, problem: ProblemRow, near: Nearby
) -> Figure:
    drawn = charts.lines(lines)
    layout = drawn["layout"]
    if not layout:
        return drawn
    layout |= {"margin": MARGIN, "showlegend": False}
    layout.setdefault("shapes", []).extend(_stretch(problem, span))
    layout.setdefault("annotations", [])
    for event in near.events:
        if span.start < event.at < span.end:
            layout["shapes"].append(_mark(event.at))
            layout["annotations"].append(_number(event.at, event.number))
    meta = {**drawn["meta"], "narrow": FEW_DATES, "footer": "", "foot_right": ""}
    if "table" not in meta:
        meta["finding"] = _finding(lines, failing)
    return {**drawn, "layout": layout, "meta": meta}


def _stretch(problem: ProblemRow, span: ChartSpan) -> list[Figure]:
    """The time in which the problem held, as far as it is drawn."""
    start = max(problem.since or problem.first_seen_at, span.start)
    end = min(problem.ended_at or span.end, span.end)
    if end <= start:
        return []
    across = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "name": "limit"}
    return [across | {"x0": ms(start), "x1": ms(end)}]


def _mark(at: datetime) -> Figure:
    upright = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "name": "today"}
    return upright | {"x0": ms(at), "x1": ms(at)}


def _number(at: datetime, number: int) -> Figure:
    above = {"yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False, "name": "text boxed"}
    return above | {"x": ms(at), "text": str(number)}


def _finding(lines: ExploredLines, failing: FailingMetric) -> str:
    worst = lines.lines[0]
    lowest, highest, last = (
        format_value(value, lines.unit) for value in (worst.lowest, worst.highest, worst.last)
    )
    limits = " and ".join(str(format_value(limit.value, lines.unit)) for limit in lines.limits)
    against = f", limit {limits}" if limits else ""
    return f"{failing.title}: between {lowest} and {highest}, last {last}{against}."
