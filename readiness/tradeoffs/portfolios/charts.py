"""The front of a portfolio over two of its objectives, with today and the chosen point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plotly import graph_objects as go

from readiness.tradeoffs.portfolios import lines
from web.charts import Figure, figure, nothing


def front(result: Mapping[str, Any], *, x: str, y: str, chosen: int) -> Figure:
    points = list(enumerate(result["points"], 1))
    if not points:
        return nothing("No point was found before it ended.")
    kinds = (
        (
            "On the front",
            "ready",
            "circle",
            [point for point in points if point[1]["dominated_by"] is None],
        ),
        (
            "Dominated",
            "muted",
            "x",
            [point for point in points if point[1]["dominated_by"] is not None],
        ),
        ("Chosen", "accent", "circle-open", [point for point in points if point[0] == chosen]),
    )
    traces = [_dots(name, role, symbol, found, x, y) for name, role, symbol, found in kinds if found]
    today = result["today"]
    if today["counted"]:
        traces.append(
            go.Scatter(
                x=[today["totals"][x]],
                y=[today["totals"][y]],
                mode="markers+text",
                name="Today",
                text=["today"],
                textposition="top center",
                marker={"symbol": "diamond", "size": 12},
                meta={"role": "deployed"},
            )
        )
    layout = go.Layout(
        margin={"l": 64, "r": 16, "t": 16, "b": 48},
        hovermode="closest",
        showlegend=True,
        xaxis={"title": {"text": _axis(result, x)}},
        yaxis={"title": {"text": _axis(result, y)}},
    )
    meta = {
        "finding": finding(result, x=x, y=y),
        "footer": lines.today_told(result),
        "narrow": {"margin": {"l": 52}, "xaxis": {"nticks": 4}},
        "table": _table(result),
    }
    return figure(traces, layout, meta)


def finding(result: Mapping[str, Any], *, x: str, y: str) -> str:
    """The ends of the front in these two objectives."""
    points = list(enumerate(result["points"], 1))
    if not points:
        return "No point was found before it ended."
    said = []
    for name in (x, y):
        place, least = min(points, key=lambda point: lines.sums(point[1])[name])
        said.append(
            f"Least {str(lines.OBJECTIVE_NAMES[name]).lower()}: point {place} with "
            f"{lines.number(round(lines.sums(least)[name]))} {result['units'][name]}."
        )
    return " ".join(dict.fromkeys(said))


def _dots(name: str, role: str, symbol: str, found: list[tuple[int, Any]], x: str, y: str) -> go.Scatter:
    size = 18 if symbol == "circle-open" else 9
    return go.Scatter(
        x=[lines.sums(point)[x] for _place, point in found],
        y=[lines.sums(point)[y] for _place, point in found],
        mode="markers",
        name=name,
        customdata=[[place, lines.gap(point)] for place, point in found],
        hovertemplate="point %{customdata[0]}, gap %{customdata[1]}",
        marker={"symbol": symbol, "size": size, "line": {"width": 2}},
        meta={"role": role},
    )


def _axis(result: Mapping[str, Any], name: str) -> str:
    return f"{lines.OBJECTIVE_NAMES[name]}, {result['units'][name]}"


def _table(result: Mapping[str, Any]) -> Figure:
    columns = ["Point", *lines.heads(result), "Proven gap, %", "Dominated by"]
    rows: list[list[Any]] = [
        [
            place,
            *(lines.sums(point)[name] for name in result["objectives"]),
            round(100 * point["gap"], 4),
            "" if point["dominated_by"] is None else point["dominated_by"] + 1,
        ]
        for place, point in enumerate(result["points"], 1)
    ]
    today = result["today"]
    if today["counted"]:
        rows.append(["Today", *(today["totals"][name] for name in result["objectives"]), "", ""])
    return {"columns": columns, "rows": rows}
