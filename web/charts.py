"""A figure from plotly's classes, which refuse a misspelt name; roles instead of colours, as the page kit says."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from plotly import graph_objects as go

type Figure = dict[str, Any]


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def figure(traces: Iterable[Any], layout: go.Layout, meta: Figure) -> Figure:
    return {
        "data": [trace.to_plotly_json() for trace in traces],
        "layout": layout.to_plotly_json(),
        "meta": meta,
    }


def nothing(sentence: str) -> Figure:
    """A chart that has nothing to show says why."""
    return {"data": [], "layout": {}, "meta": {"empty": sentence, "finding": sentence}}
