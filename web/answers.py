"""Responses of pages with charts: a page or its live region, a chart, a file, a range from the address."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from web import sheets
from web.timerange import BadTimeRangeError, TimeRange

LIVE_REGION = "live"


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """The whole page, or only its live region for a refresh: that has no token, so its ETag is stable."""
    target = request.headers.get("HX-Target", "").partition("#")[2]
    name = f"{template}#{LIVE_REGION}" if target == LIVE_REGION else template
    response = render(request, name, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def time_range(request: HttpRequest, *, now: datetime, default: str) -> TimeRange:
    try:
        return TimeRange.read(request, now=now, default=default)
    except BadTimeRangeError as error:
        raise BadRequest(str(error)) from error


def chart(figure: Mapping[str, Any], form: str = "json") -> HttpResponse:
    if form == "json":
        body = orjson.dumps(figure, option=orjson.OPT_SERIALIZE_NUMPY)
        return HttpResponse(body, content_type="application/json")
    if form == "csv":
        return _csv(figure)
    raise Http404


def _csv(figure: Mapping[str, Any]) -> HttpResponse:
    table = figure["meta"].get("table") or _table_of_traces(figure["data"])
    content = b"".join(sheets.lines(table["columns"], table["rows"]))
    return HttpResponse(content, content_type="text/csv; charset=utf-8")


def _table_of_traces(traces: list[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Traces as columns, joined by instant (ms UTC)."""
    instants = sorted({at for trace in traces for at in trace.get("x", ())})
    columns = [dict(zip(trace["x"], trace["y"], strict=True)) for trace in traces]
    rows = [[at, *(column.get(at) for column in columns)] for at in instants]
    return {"columns": ["time_ms", *map(_head, traces)], "rows": rows}


def _head(trace: Mapping[str, Any]) -> str:
    unit = trace.get("meta", {}).get("unit", "")
    return f"{trace['name']} ({unit})" if unit else str(trace["name"])


def chart_refused(reason: str) -> HttpResponse:
    return HttpResponse(orjson.dumps({"detail": reason}), content_type="application/json", status=400)


def csv_file(name: str, columns: Iterable[Any], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(sheets.lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
