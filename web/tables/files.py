"""All rows of a table as a file."""

from collections.abc import Iterator, Sequence

import orjson
from django.http import StreamingHttpResponse

from web import sheets
from web.tables.columns import Column, Table
from web.tables.sources import Rows

_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "jsonl": "application/x-ndjson"}


def answer(table: Table, columns: Sequence[Column], source: Rows, form: str) -> StreamingHttpResponse:
    chunks = {"csv": _csv, "json": _json, "jsonl": _json_lines}[form](table, columns, source)
    name = f'attachment; filename="{table.id}.{form}"'
    return StreamingHttpResponse(chunks, content_type=_TYPES[form], headers={"Content-Disposition": name})


def _csv(table: Table, columns: Sequence[Column], source: Rows) -> Iterator[bytes]:
    heads = [head for column in columns for head in column.heads]
    rows = (row for chunk in source.chunks() for row in chunk)
    cells = ([table.id_of(row), *(cell for column in columns for cell in column.cells(row))] for row in rows)
    return sheets.lines(["id", *heads], cells)


def _json(table: Table, columns: Sequence[Column], source: Rows) -> Iterator[bytes]:
    before = b"["
    for objects in _objects(table, columns, source):
        yield before + b",\n".join(objects)
        before = b",\n"
    yield b"]" if before == b",\n" else b"[]"


def _json_lines(table: Table, columns: Sequence[Column], source: Rows) -> Iterator[bytes]:
    for objects in _objects(table, columns, source):
        yield b"".join(each + b"\n" for each in objects)


def _objects(table: Table, columns: Sequence[Column], source: Rows) -> Iterator[list[bytes]]:
    """Each chunk of rows as JSON objects; none without rows."""
    keys = ["id", *(column.key for column in columns)]
    for chunk in source.chunks():
        rows = ([table.id_of(row), *(column.exported(row) for column in columns)] for row in chunk)
        if objects := [orjson.dumps(dict(zip(keys, row, strict=True)), default=str) for row in rows]:
            yield objects
