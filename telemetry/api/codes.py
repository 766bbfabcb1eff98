"""`GET /api/telemetry/codes/?table=xid&code=79`: the meanings of codes that metrics hold as values."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers as fields
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry.core.codes import TABLES, Code, code_table
from web.rest.filters import refuse_unknown
from web.rest.permissions import requires

_code = inline_serializer(
    "Code",
    {
        "table": fields.CharField(),
        "code": fields.IntegerField(),
        "meaning": fields.CharField(),
        "severity": fields.CharField(
            help_text="critical, warning, info; unknown for a code that is not listed"
        ),
        "action": fields.CharField(help_text="What to do at once"),
        "then": fields.CharField(help_text="What to investigate"),
        "source": fields.CharField(),
        "source_url": fields.CharField(),
    },
    many=True,
)
_PARAMETERS = [
    OpenApiParameter("table", OpenApiTypes.STR, enum=sorted(TABLES), description="All tables unless given"),
    OpenApiParameter("code", OpenApiTypes.INT, description="One code, even if no table lists it"),
]


class CodesView(APIView):
    permission_classes = [requires("telemetry.view_series")]
    pagination_class = None

    @extend_schema(
        parameters=_PARAMETERS,
        responses={200: inline_serializer("Codes", {"count": fields.IntegerField(), "results": _code})},
        operation_id="telemetry_codes",
    )
    def get(self, request: Request) -> Response:
        refuse_unknown(request, ("table", "code"), controls=("format",))
        table = request.query_params.get("table", "")
        if table and table not in TABLES:
            raise ValidationError(
                {"table": [f"There is no table {table}. There are {', '.join(sorted(TABLES))}."]}
            )
        codes = [
            _code_document(code)
            for name in sorted([table] if table else TABLES)
            for code in _codes(request, name)
        ]
        return Response({"count": len(codes), "results": codes})


def _codes(request: Request, table: str) -> Iterable[Code]:
    asked = request.query_params.get("code")
    if asked is None:
        return code_table(table).codes.values()
    if not (asked.isascii() and asked.isdecimal() and 0 < len(asked) < 10):
        raise ValidationError({"code": ["is not a whole number above 0"]})
    code = code_table(table).get(int(asked))
    return () if code is None else (code,)


def _code_document(code: Code) -> dict[str, Any]:
    return {
        "table": code.table,
        "code": code.number,
        "meaning": ", ".join(part for part in (code.meaning, code.more) if part),
        "severity": str(code.severity),
        "action": code.action,
        "then": code.then,
        "source": code.source,
        "source_url": code.source_url,
    }
