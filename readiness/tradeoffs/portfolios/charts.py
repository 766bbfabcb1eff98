"""The front of a portfolio over two objectives, with today and the chosen point."""

from typing import Any

from plotly import graph_objects as go

from readiness.tradeoffs.portfolios import tables
from readiness.tradeoffs.portfolios.result import Result
from web import charts
from web.charts import Figure


def front(result: Result, *, x: str, y: str, chosen_point: int) -> Figure:
    points = list(enumerate(result["points"], 1))
    if not points:
        return charts.nothing("The run ended before a point was found.")
    kinds = (
        ("On the front", "ready", "circle", [each for each in points if each[1]["dominated_by"] is None]),
        ("Dominated", "muted", "circle", [each for each in points if each[1]["dominated_by"] is not None]),
        ("Chosen", "accent", "circle-open", [each for each in points if each[0] == chosen_point]),
    )
    traces = [_dots(name, role, symbol, drawn, x, y) for name, role, symbol, drawn in kinds if drawn]
    today = result["today"]
    if today["counted"]:
        at_x, at_y = [today["totals"][x]], [today["totals"][y]]
        look: dict[str, Any] = {"text": ["today"], "textposition": "middle right", "cliponaxis": False}
        marker = {"symbol": "diamond", "size": 12}
        today_trace = charts.points("Today", at_x, at_y, "deployed", hover="", marker=marker, **look)
        traces.append(today_trace.update(mode="markers+text", hovertemplate=None))
    layout = go.Layout(
        margin={"l": 64, "r": 16, "t": 16, "b": 48},
        hovermode="closest",
        xaxis={"title": {"text": tables.head(result, x)}},
        yaxis={"title": {"text": tables.head(result, y)}},
    )
    meta = {
        "finding": tables.finding(result, x=x, y=y),
        "footer": tables.today_told(result),
        "narrow": {"margin": {"l": 52}, "xaxis": {"nticks": 4}},
        "table": _table(result),
    }
    return charts.figure(traces, layout, meta)


def _dots(name: str, role: str, symbol: str, drawn: list[tuple[int, Result]], x: str, y: str) -> go.Scatter:
    marker = {"symbol": symbol, "size": 18, "line": {"width": 2}} if symbol == "circle-open" else {"size": 9}
    return charts.points(
        name,
        [point["compared"][x] for _place, point in drawn],
        [point["compared"][y] for _place, point in drawn],
        role,
        hover="point %{customdata[0]}, distance from the best plan %{customdata[1]}",
        marker=marker,
        customdata=[[place, str(tables.gap(point))] for place, point in drawn],
    )


def _table(result: Result) -> Figure:
    names, today = result["objectives"], result["today"]
    heads = [
        "Point",
        *(tables.head(result, name) for name in names),
        "Distance from the best plan, %",
        "Dominated by",
    ]
    rows: list[list[Any]] = [
        [
            place,
            *(point["compared"][name] for name in names),
            round(100 * point["gap"], 4),
            "" if point["dominated_by"] is None else point["dominated_by"] + 1,
        ]
        for place, point in enumerate(result["points"], 1)
    ]
    if today["counted"]:
        rows.append(["Today", *(today["totals"][name] for name in names), "", ""])
    return charts.table(heads, rows)
