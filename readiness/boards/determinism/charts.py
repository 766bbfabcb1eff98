"""Tails as figures: over the fleet, of one path by percentile, of one site over time. Roles instead of colours."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from plotly import graph_objects as go

from readiness.boards.determinism import lines
from readiness.boards.determinism.judging import JudgedPath
from readiness.boards.determinism.queries import HistoryPoint, SiteDeterminism
from readiness.boards.determinism.tables import PathRow
from readiness.evidence.latency_runs import TailFigure
from web.charts import Figure, ms, nothing

MOST_BARS = 16
ROLES = {"loaded": "series-1", "idle": "deployed"}


def _figure(traces: Iterable[Any], layout: go.Layout, meta: Figure) -> Figure:
    return {
        "data": [trace.to_plotly_json() for trace in traces],
        "layout": layout.to_plotly_json(),
        "meta": meta,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


STEPS = [digit * 10.0**power for power in range(-2, 7) for digit in (1, 2, 5)]


def _microseconds() -> Figure:
    """An axis of ratios, whose every label says its unit."""
    return {"type": "log", "tickvals": STEPS, "ticktext": [f"{each:g} µs" for each in STEPS]}


def _line(at: float, role: str) -> Figure:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at, "name": role}


def _limit_of(chosen: JudgedPath | None) -> list[Figure]:
    part = chosen.parts.get("loaded-p99") if chosen else None
    return [_line(part.threshold, "limit")] if part and part.threshold else []


def tails(rows: Sequence[PathRow]) -> Figure:
    """p99 of the first paths idle and loaded, side by side on a scale of ratios."""
    shown = [row for row in rows if row.path and row.path.loaded[99.0].value is not None][:MOST_BARS]
    if not shown:
        return nothing("No path was measured under load yet.")
    names = [f"{row.site_paths.site.name}: {row.name}" for row in shown]
    traces = []
    for load, name in (("idle", "Idle p99"), ("loaded", "Loaded p99")):
        values = [_rounded(getattr(row.path, load)[99.0].value) for row in shown]
        traces.append(
            go.Scatter(
                x=values,
                y=names,
                mode="markers",
                name=name,
                marker={"size": 11, "symbol": "circle-open" if load == "idle" else "circle"},
                hovertemplate="%{x:.3g} µs",
                meta={"role": ROLES[load]},
            )
        )
    spans = [
        {
            "type": "line",
            "x0": _rounded(row.path.idle[99.0].value),
            "x1": _rounded(row.path.loaded[99.0].value),
            "y0": name,
            "y1": name,
            "name": "muted",
            "layer": "below",
        }
        for row, name in zip(shown, names, strict=True)
        if row.path and row.path.idle[99.0].value
    ]
    layout = go.Layout(
        xaxis=_microseconds(),
        yaxis={"autorange": "reversed", "automargin": True, "showgrid": False},
        shapes=spans,
        margin={"t": 10, "b": 32},
        hovermode="closest",
    )
    columns = ["Path", *(f"{trace.name}, µs" for trace in traces)]
    figures = [trace.x for trace in traces]
    table = {"columns": columns, "rows": [list(each) for each in zip(names, *figures, strict=True)]}
    narrow = {"yaxis": {"tickfont": {"size": 10}}}
    return _figure(traces, layout, {"finding": lines.tails_finding(shown), "table": table, "narrow": narrow})


def percentiles(determinism: SiteDeterminism) -> Figure:
    """Every percentile of one path: the median over the runs that were read, and the range over them."""
    chosen = determinism.chosen
    if chosen is None or not determinism.curve:
        return nothing("No latency run of this site was read.")
    by_load = _by_load(determinism.curve, chosen)
    labels = [f"p{each:g}" for each in sorted({figure.percentile for figure in determinism.curve})]
    traces: list[go.Scatter] = []
    for load, name in (("idle", "Idle"), ("loaded", "Under load")):
        if by_load[load]:
            traces += _curve(by_load[load], name, ROLES[load])
    layout = go.Layout(
        xaxis={"type": "category", "categoryorder": "array", "categoryarray": labels, "showgrid": False},
        yaxis=_microseconds(),
        shapes=_limit_of(chosen),
        margin={"t": 12, "b": 28, "l": 56},
        hovermode="x unified",
    )
    table = {
        "columns": [
            "Percentile",
            "Idle, µs",
            "Under load, µs",
            "Not supported",
        ],
        "rows": lines.curve_rows(determinism.curve, chosen),
    }
    return _figure(traces, layout, {"finding": lines.curve_finding(chosen), "table": table})


def _by_load(curve: Sequence[TailFigure], chosen: JudgedPath) -> dict[str, dict[float, list[TailFigure]]]:
    idle = {run.id for run in chosen.path.idle}
    figures: dict[str, dict[float, list[TailFigure]]] = {
        "idle": defaultdict(list),
        "loaded": defaultdict(list),
    }
    for figure in curve:
        if figure.value is not None:
            figures["idle" if figure.run_id in idle else "loaded"][figure.percentile].append(figure)
    return figures


def _curve(by_percentile: dict[float, list[TailFigure]], name: str, role: str) -> list[go.Scatter]:
    """A line through the percentiles that enough observations support; the others are open marks beside it."""
    order = sorted(by_percentile)
    labels = [f"p{each:g}" for each in order]
    values = {each: [figure.value or 0.0 for figure in by_percentile[each]] for each in order}
    middle = [_rounded(median(values[each])) for each in order]
    supported = [any(not figure.caution for figure in by_percentile[each]) for each in order]
    edge = {"mode": "lines", "x": labels, "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    lows, highs = ([_rounded(pick(values[each])) for each in order] for pick in (min, max))
    return [
        go.Scatter(**edge, name=f"{name}, {'lowest'}", y=lows, meta={"role": role, "plain": True}),
        go.Scatter(
            **edge,
            name=f"{name}, {'highest'}",
            y=highs,
            fill="tonexty",
            meta={"role": role, "plain": True},
        ),
        go.Scatter(
            mode="lines+markers",
            x=labels,
            y=middle,
            name=name,
            line={"width": 2.5},
            marker={"symbol": ["circle" if each else "circle-open" for each in supported], "size": 9},
            hovertemplate="%{y:.3g} µs",
            meta={"role": role},
        ),
    ]


def over_time(history: Sequence[HistoryPoint], chosen: JudgedPath | None) -> Figure:
    """The p99 of every run that is kept: those of the path that is looked at, and the others behind it."""
    if not history:
        return nothing("No run of this site holds a p99 that can be judged.")
    key = chosen.path.key if chosen else ""
    groups = (
        ("other", "Other paths, under load", "muted"),
        ("idle", "Idle", ROLES["idle"]),
        ("loaded", "Under load", ROLES["loaded"]),
    )
    traces = []
    for load, name, role in groups:
        points = [
            point
            for point in history
            if (point.load == load and point.path == key)
            or (load == "other" and point.load == "loaded" and point.path != key)
        ]
        if points:
            traces.append(
                go.Scatter(
                    mode="markers",
                    x=[ms(point.taken_at) for point in points],
                    y=[_rounded(point.p99) for point in points],
                    name=name,
                    marker={"size": 5 if load == "other" else 7},
                    hovertemplate="%{y:.3g} µs",
                    meta={"role": role},
                )
            )
    base = [_line(chosen.baseline.p99, "projected")] if chosen and chosen.baseline else []
    layout = go.Layout(
        xaxis={"type": "date", "showgrid": False, "hoverformat": "%d %b %Y %H:%M"},
        yaxis=_microseconds(),
        shapes=_limit_of(chosen) + base,
        margin={"t": 12, "b": 28, "l": 56},
        hovermode="closest",
    )
    table = {
        "columns": ["Taken", "Run", "Load", "p99, µs"],
        "rows": [
            [point.taken_at.strftime("%Y-%m-%d %H:%M"), point.run_id, point.load, _rounded(point.p99)]
            for point in reversed(history)
        ],
    }
    meta = {
        "finding": lines.history_finding(history, chosen),
        "table": table,
        "narrow": {"xaxis": {"nticks": 4}},
    }
    return _figure(traces, layout, meta)
