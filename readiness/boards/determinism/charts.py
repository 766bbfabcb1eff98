"""Charts of tails: over the fleet, of one path by percentile, and of one site over time. Traces name roles, not
colours."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Any

from plotly import graph_objects as go

from readiness.assessment.evidence.runs import TailFigure
from readiness.assessment.scoring.core.combine import SEVERITY
from readiness.assessment.scoring.core.states import CheckState
from readiness.boards.determinism import tables
from readiness.boards.determinism.judging import JudgedPath
from readiness.boards.determinism.queries import HistoryPoint, SiteDeterminism
from readiness.boards.determinism.tables import PathRow
from web import charts
from web.charts import Figure, ms
from web.units import instant

MOST_BARS = 16
ROLES = {"loaded": "series-1", "idle": "deployed"}
STEPS = [digit * 10.0**power for power in range(-2, 7) for digit in (1, 2, 5)]
MICROSECONDS: Figure = {"type": "log", "tickvals": STEPS, "ticktext": [f"{step:g} µs" for step in STEPS]}
"""A logarithmic axis whose labels all show their unit."""
HOVER = "%{y:.3g} µs"
MARGIN = {"t": 12, "b": 28, "l": 56}


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _limit_of(judged_path: JudgedPath | None) -> list[Figure]:
    part = judged_path.parts.get("loaded-p99") if judged_path else None
    return [charts.across(part.threshold, "limit")] if part and part.threshold else []


def _worst_first(row: PathRow) -> tuple[int, float]:
    factor = row.path.load_factor if row.path else None
    return -SEVERITY[CheckState(row.state)], -(factor or 0.0)


def tails(rows: Sequence[PathRow]) -> Figure:
    worst_rows = sorted((row for row in rows if row.path and row.path.tail is not None), key=_worst_first)[
        :MOST_BARS
    ]
    if not worst_rows:
        return charts.nothing("No path was measured under load yet.")
    names = [f"{row.site_paths.site.name}: {row.name}" for row in worst_rows]
    ends = [(_rounded(row.path.idle_tail), _rounded(row.path.tail)) for row in worst_rows if row.path]
    idle, loaded = zip(*ends, strict=True)
    traces = [
        charts.points(
            name, list(x), names, ROLES[load], hover="%{x:.3g} µs", marker={"size": 11, "symbol": symbol}
        )
        for load, name, x, symbol in (
            ("idle", "Idle p99", idle, "circle-open"),
            ("loaded", "Loaded p99", loaded, "circle"),
        )
    ]
    spans = [
        {"type": "line", "x0": x0, "x1": x1, "y0": name, "y1": name, "name": "muted", "layer": "below"}
        for name, (x0, x1) in zip(names, ends, strict=True)
        if x0
    ]
    layout = go.Layout(
        xaxis=MICROSECONDS,
        yaxis={"autorange": "reversed", "automargin": True, "showgrid": False},
        shapes=spans,
        margin={"t": 10, "b": 32},
        hovermode="closest",
    )
    meta = {
        "finding": tables.tails_finding(worst_rows),
        "table": charts.table(
            ["Path", "Idle p99, µs", "Loaded p99, µs"], zip(names, idle, loaded, strict=True)
        ),
        "narrow": _put_names_above(names),
    }
    return charts.figure(traces, layout, meta)


def _put_names_above(names: Sequence[str]) -> Figure:
    """Place each name above its row: a narrow screen has no room beside the marks."""
    at = {"x": 0, "xref": "paper", "xanchor": "left", "yref": "y", "yshift": 14, "showarrow": False}
    return {
        "yaxis": {"showticklabels": False},
        "margin": {"l": 12, "r": 16, "t": 20},
        "annotations": [at | {"y": name, "text": name, "font": {"size": 9.5}} for name in names],
    }


def percentiles(determinism: SiteDeterminism) -> Figure:
    judged_path = determinism.judged_path
    if judged_path is None or not determinism.curve:
        return charts.nothing("No latency run of this site was read.")
    idle, loaded = _split_by_load(determinism.curve, judged_path)
    order = sorted({figure.percentile for figure in determinism.curve})
    labels = [f"p{percentile:g}" for percentile in order]
    layout = go.Layout(
        xaxis={"type": "category", "categoryorder": "array", "categoryarray": labels, "showgrid": False},
        yaxis=MICROSECONDS,
        shapes=_limit_of(judged_path),
        margin=MARGIN,
        hovermode="x unified",
    )
    rows = [
        _percentile_row(percentile, idle.get(percentile, []), loaded.get(percentile, []))
        for percentile in order
    ]
    heads = ["Percentile", "Idle, µs", "Under load, µs", "Not supported"]
    meta = {"finding": tables.curve_finding(judged_path), "table": charts.table(heads, rows)}
    traces = [*_curve(idle, "Idle", ROLES["idle"]), *_curve(loaded, "Under load", ROLES["loaded"])]
    return charts.figure(traces, layout, meta)


type ByPercentile = dict[float, list[TailFigure]]


def _split_by_load(curve: Sequence[TailFigure], judged_path: JudgedPath) -> tuple[ByPercentile, ByPercentile]:
    idle_runs = {run.id for run in judged_path.path.idle}
    idle: ByPercentile = defaultdict(list)
    loaded: ByPercentile = defaultdict(list)
    for figure in curve:
        if figure.value is not None:
            (idle if figure.run_id in idle_runs else loaded)[figure.percentile].append(figure)
    return idle, loaded


def _percentile_row(percentile: float, idle: Sequence[TailFigure], loaded: Sequence[TailFigure]) -> list[Any]:
    sides = [idle, loaded]
    middles = [round(median(each.value or 0.0 for each in side), 3) if side else None for side in sides]
    unsupported = [side[0].caution for side in sides if side and all(each.caution for each in side)]
    return [f"p{percentile:g}", *middles, unsupported[0] if unsupported else ""]


def _curve(by_percentile: ByPercentile, name: str, role: str) -> list[go.Scatter]:
    if not by_percentile:
        return []
    order = sorted(by_percentile)
    labels = [f"p{percentile:g}" for percentile in order]
    values = [[figure.value or 0.0 for figure in by_percentile[percentile]] for percentile in order]
    lows, middle, highs = ([_rounded(pick(each)) for each in values] for pick in (min, median, max))
    supported = [any(not figure.caution for figure in by_percentile[percentile]) for percentile in order]
    marker = {"symbol": ["circle" if each else "circle-open" for each in supported], "size": 9}
    edge: Figure = {"width": 0, "hoverinfo": "skip", "showlegend": False, "plain": True}
    return [
        charts.line(f"{name}, lowest", labels, lows, role, **edge),
        charts.line(f"{name}, highest", labels, highs, role, fill="tonexty", **edge),
        charts.line(name, labels, middle, role, mode="lines+markers", width=2.5, marker=marker, hover=HOVER),
    ]


def history_chart(history: Sequence[HistoryPoint], judged_path: JudgedPath | None) -> Figure:
    if not history:
        return charts.nothing("No run of this site holds a p99 that can be judged.")
    key, baseline = (judged_path.path.key, judged_path.baseline) if judged_path else ("", None)
    of_path = [point for point in history if point.path == key]
    groups = (
        ("Other paths, under load", "muted", 5, [p for p in history if p.load == "loaded" and p.path != key]),
        ("Idle", ROLES["idle"], 7, [point for point in of_path if point.load == "idle"]),
        ("Under load", ROLES["loaded"], 7, [point for point in of_path if point.load == "loaded"]),
    )
    traces = [
        charts.points(
            name,
            [ms(point.taken_at) for point in points],
            [_rounded(point.p99) for point in points],
            role,
            hover=HOVER,
            marker={"size": size},
        )
        for name, role, size, points in groups
        if points
    ]
    base = [charts.across(baseline.p99, "projected")] if baseline else []
    layout = go.Layout(
        xaxis=charts.INSTANTS,
        yaxis=MICROSECONDS,
        shapes=_limit_of(judged_path) + base,
        margin=MARGIN,
        hovermode="closest",
    )
    rows = [
        (instant(point.taken_at), point.run_id, point.load, _rounded(point.p99))
        for point in reversed(history)
    ]
    meta = {
        "finding": tables.history_finding(history, judged_path),
        "table": charts.table(["Taken", "Run", "Load", "p99, µs"], rows),
        "narrow": charts.FEW_DATES,
    }
    return charts.figure(traces, layout, meta)
