"""How a table is answered: with its page, with the table alone for htmx, or as a file."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from web import visibility
from web.tables.pages import TablePage

# A spreadsheet would run what begins with these; an apostrophe makes it text.
RUNS_IN_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")


def wants_table_only(request: HttpRequest, page: TablePage) -> bool:
    """Whether `respond` needs nothing of the page around: htmx swaps the table, or a file is asked for."""
    return bool(page.export) or request.headers.get("HX-Target", "").partition("#")[2] == f"table-{page.id}"


def respond(
    request: HttpRequest, template: str, page: TablePage, context: Mapping[str, Any] | None = None
) -> HttpResponseBase:
    """The answer to a request for this page; in templates the table is `table`."""
    if page.export:
        return _file(request, page)
    name = "web/table.html" if wants_table_only(request, page) else template
    response = render(request, name, {**(context or {}), "table": page})
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _file(request: HttpRequest, page: TablePage) -> StreamingHttpResponse:
    make, content_type = {"csv": (_csv, "text/csv; charset=utf-8"), "json": (_json, "application/json")}[
        page.export
    ]
    parts = visibility.read_later(request, make(page))
    # Under ASGI Django would first collect a plain iterator as a whole.
    streamed = _asynchronous(parts) if isinstance(request, ASGIRequest) else parts
    response = StreamingHttpResponse(streamed, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{page.table.id}.{page.export}"'
    return response


async def _asynchronous(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    step: Callable[[], bytes | None] = lambda: next(parts, None)  # noqa: E731
    # thread_sensitive: the database cursor belongs to the request's own thread.
    while (part := await sync_to_async(step, thread_sensitive=True)()) is not None:
        yield part


def _csv(page: TablePage) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(
        ["id", *(f"{column.label} ({column.unit})" if column.unit else column.label for column in page.shown)]
    )
    yield buffer.getvalue().encode()
    for rows in page.every_row():
        buffer.seek(0)
        buffer.truncate()
        for row in rows:
            writer.writerow([_harmless(value) for value in _values(page, row)])
        yield buffer.getvalue().encode()


def _json(page: TablePage) -> Iterator[bytes]:
    keys = ["id", *(column.key for column in page.shown)]
    before = b"["
    for rows in page.every_row():
        objects = [
            orjson.dumps(dict(zip(keys, _values(page, row), strict=True)), default=str) for row in rows
        ]
        if objects:
            yield before + b",\n".join(objects)
            before = b",\n"
    yield b"]" if before == b",\n" else b"[]"


def _values(page: TablePage, row: Any) -> list[Any]:
    return [page.table.id_of(row), *(column.exported(row) for column in page.shown)]


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(RUNS_IN_SPREADSHEETS) else value
