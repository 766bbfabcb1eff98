"""Figures from plotly's classes, which reject misspelt names; roles instead of colours, as the page kit requires."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from plotly import graph_objects as go

type Figure = dict[str, Any]

DATES: Figure = {"type": "date", "showgrid": False, "hoverformat": "%-d %b %Y"}
INSTANTS: Figure = DATES | {"hoverformat": "%-d %b %Y %H:%M"}
FEW_DATES: Figure = {"xaxis": {"nticks": 4}}
"""The axis of a chart on a narrow screen."""


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def figure(traces: Iterable[Any], layout: go.Layout, meta: Figure) -> Figure:
    return {
        "data": [trace.to_plotly_json() for trace in traces],
        "layout": layout.to_plotly_json(),
        "meta": meta,
    }


def nothing(sentence: str) -> Figure:
    return {"data": [], "layout": {}, "meta": {"empty": sentence, "finding": sentence}}


def line(
    name: str, x: Any, y: Any, role: str, *, hover: str = "", plain: bool = False, **more: Any
) -> go.Scatter:
    """A line through points; `width`, `dash` and `shape` are its style, `plain` leaves its fill unshaded."""
    look = {each: more.pop(each) for each in ("width", "dash", "shape") if each in more}
    return go.Scatter(
        **{"mode": "lines", "hovertemplate": hover or None} | more,
        x=x,
        y=y,
        name=name,
        line=look or None,
        meta={"role": role} | ({"plain": True} if plain else {}),
    )


def points(name: str, x: Any, y: Any, role: str, *, hover: str, marker: Figure, **more: Any) -> go.Scatter:
    return go.Scatter(
        x=x, y=y, name=name, mode="markers", marker=marker, hovertemplate=hover, meta={"role": role}, **more
    )


def bars(name: str, x: Any, y: Any, role: str, *, hover: str | None, **more: Any) -> go.Bar:
    return go.Bar(x=x, y=y, name=name, hovertemplate=hover, meta={"role": role}, **more)


def across(at: float, name: str) -> Figure:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at, "name": name}


def table(heads: Iterable[str], rows: Iterable[Sequence[Any]]) -> Figure:
    return {"columns": list(heads), "rows": [list(row) for row in rows]}


def nth_axis(number: int) -> str:
    """The suffix of an axis: Plotly's first axis has no number."""
    return str(number + 1) if number else ""


def panels_below(rows: int) -> Figure:
    """The grid of panels that stand below each other over one axis of time."""
    return {
        "rows": rows,
        "columns": 1,
        "subplots": [[f"xy{nth_axis(number)}"] for number in range(rows)],
        "roworder": "top to bottom",
        "ygap": 0.24,
    }
