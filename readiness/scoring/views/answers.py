"""What the pages of this room answer with, beside what all pages do: a chart as figures or as a file."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse

from web import answers, sheets
from web.answers import page, time_range

__all__ = ["chart", "page", "time_range"]


def chart(figure: Mapping[str, Any], form: str) -> HttpResponse:
    """A figure as JSON for the page, or its table as CSV."""
    if form == "json":
        return answers.chart(figure)
    if form == "csv":
        return _csv(figure)
    raise Http404


def _csv(figure: Mapping[str, Any]) -> HttpResponse:
    table = figure["meta"].get("table") or _table_of_traces(figure["data"])
    content = b"".join(sheets.lines(table["columns"], table["rows"]))
    return HttpResponse(content, content_type="text/csv; charset=utf-8")


def _table_of_traces(traces: list[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Lines side by side by instant (ms UTC)."""
    instants = sorted({at for trace in traces for at in trace.get("x", ())})
    columns = [dict(zip(trace["x"], trace["y"], strict=True)) for trace in traces]
    rows = [[at, *(column.get(at) for column in columns)] for at in instants]
    return {"columns": ["time_ms", *map(_head, traces)], "rows": rows}


def _head(trace: Mapping[str, Any]) -> str:
    unit = trace.get("meta", {}).get("unit", "")
    return f"{trace['name']} ({unit})" if unit else str(trace["name"])
