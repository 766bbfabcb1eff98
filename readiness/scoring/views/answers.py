"""What the pages of this room answer with: a page or its live region, a chart's figures, a range from the address."""

import csv
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from web.timerange import BadTimeRangeError, TimeRange

LIVE_REGION = "live"


def page(request: HttpRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """The whole page, or its live region alone where a refresh asks for that: it has no token, so its ETag holds."""
    asked = request.headers.get("HX-Target", "").partition("#")[2]
    name = f"{template}#{LIVE_REGION}" if asked == LIVE_REGION else template
    response = render(request, name, dict(context))
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def time_range(request: HttpRequest, *, now: datetime, default: str) -> TimeRange:
    """The range of the address; one that cannot be read is answered with 400 and the reason."""
    try:
        return TimeRange.of(request, now=now, default=default)
    except BadTimeRangeError as error:
        raise BadRequest(str(error)) from error


def chart(figure: Mapping[str, Any], form: str) -> HttpResponse:
    """A figure as JSON for the page, or its table as CSV."""
    if form == "json":
        return HttpResponse(
            orjson.dumps(figure, option=orjson.OPT_SERIALIZE_NUMPY), content_type="application/json"
        )
    if form == "csv":
        return _csv(figure)
    raise Http404


def _csv(figure: Mapping[str, Any]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    table = figure["meta"].get("table") or _table_of_traces(figure["data"])
    writer = csv.writer(response)
    writer.writerow(table["columns"])
    writer.writerows(table["rows"])
    return response


def _table_of_traces(traces: list[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Lines side by side by instant (ms UTC)."""
    instants = sorted({at for trace in traces for at in trace.get("x", ())})
    columns = [dict(zip(trace["x"], trace["y"], strict=True)) for trace in traces]
    rows = [[at, *(column.get(at) for column in columns)] for at in instants]
    return {"columns": ["time_ms", *(trace["name"] for trace in traces)], "rows": rows}
