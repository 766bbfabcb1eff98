"""`GET /api/telemetry/codes/?table=xid&code=79`: the meanings of codes that metrics hold as values."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from telemetry.core.codes import TABLES, Code, Severity, code_table
from web.rest.reports import endpoint, parameter
from web.rest.shapes import filled


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    table: str
    code: int
    meaning: str
    severity: Annotated[Severity, "unknown for a code that is not listed"]
    action: Annotated[str, "What to do at once"]
    then: Annotated[str, "What to investigate"]
    source: str
    source_url: str


@dataclass(frozen=True, slots=True)
class CodeMeanings:
    count: int
    results: list[CodeMeaning]


@endpoint(
    "telemetry.view_series",
    parameters=[
        parameter("table", "All tables unless given", enum=sorted(TABLES)),
        parameter("code", "One code, even if no table lists it", type=int),
    ],
    operation_id="telemetry_codes",
)
def codes(request: Request) -> CodeMeanings:
    table = request.query_params.get("table", "")
    if table and table not in TABLES:
        raise ValidationError(
            {"table": [f"There is no table {table}. There are {', '.join(sorted(TABLES))}."]}
        )
    results = [
        filled(
            CodeMeaning, code, code=code.number, meaning=", ".join(filter(None, (code.meaning, code.more)))
        )
        for name in sorted([table] if table else TABLES)
        for code in _codes(request, name)
    ]
    return CodeMeanings(len(results), results)


def _codes(request: Request, table: str) -> Iterable[Code]:
    requested_code = request.query_params.get("code")
    if requested_code is None:
        return code_table(table).codes.values()
    if not (requested_code.isascii() and requested_code.isdecimal() and 0 < len(requested_code) < 10):
        raise ValidationError({"code": ["is not a whole number above 0"]})
    code = code_table(table).get(int(requested_code))
    return () if code is None else (code,)
