"""Answers of pages with charts: a page or its live region, a chart, a file, a range from the address."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from web import sheets
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


def chart(figure: Mapping[str, Any]) -> HttpResponse:
    body = orjson.dumps(figure, option=orjson.OPT_SERIALIZE_NUMPY)
    return HttpResponse(body, content_type="application/json")


def chart_refused(reason: str) -> HttpResponse:
    """Shown in place of the chart when its question makes no sense."""
    return HttpResponse(orjson.dumps({"detail": reason}), content_type="application/json", status=400)


def csv_file(name: str, columns: Iterable[Any], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(sheets.lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
