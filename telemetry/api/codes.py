"""`GET /api/telemetry/codes/xid/79/`: what a value means that is a code."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers as fields
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry.core.codes import TABLES, Code, code_table
from web.rest.filters import refuse_unknown
from web.rest.permissions import requires

_code = {
    "code": fields.IntegerField(),
    "meaning": fields.CharField(),
    "severity": fields.CharField(help_text="critical, warning, info; unknown for a code that is not listed"),
    "action": fields.CharField(help_text="What to do at once"),
    "then": fields.CharField(help_text="What to look into"),
    "source": fields.CharField(),
    "source_url": fields.CharField(),
}


class CodeView(APIView):
    permission_classes = [requires("telemetry.view_series")]

    @extend_schema(responses={200: inline_serializer("Code", _code)}, operation_id="telemetry_code")
    def get(self, request: Request, table: str, number: int) -> Response:
        refuse_unknown(request, (), controls=("format",))
        code = code_table(table).get(number) if table in TABLES else None
        if code is None:
            raise Http404
        return Response(_told(code))


def _told(code: Code) -> dict[str, Any]:
    return {
        "code": code.number,
        "meaning": ", ".join(part for part in (code.meaning, code.more) if part),
        "severity": str(code.severity),
        "action": code.action,
        "then": code.then,
        "source": code.source,
        "source_url": code.source_url,
    }
