"""How a table is answered: with its page, with the table alone for htmx, or as a file."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from web import sheets
from web.tables.pages import TablePage


def wants_table_only(request: HttpRequest, page: TablePage) -> bool:
    """Whether `respond` needs nothing of the page around: htmx swaps the table, or a file is asked for."""
    return bool(page.export) or request.headers.get("HX-Target", "").partition("#")[2] == f"table-{page.id}"


def respond(
    request: HttpRequest, template: str, page: TablePage, context: Mapping[str, Any] | None = None
) -> HttpResponseBase:
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
    response = StreamingHttpResponse(make(page), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{page.table.id}.{page.export}"'
    return response


def _csv(page: TablePage) -> Iterator[bytes]:
    heads = [head for column in page.shown for head in column.heads]
    return sheets.lines(["id", *heads], (_cells(page, row) for rows in page.every_row() for row in rows))


def _cells(page: TablePage, row: Any) -> list[Any]:
    return [page.table.id_of(row), *(cell for column in page.shown for cell in column.cells(row))]


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
