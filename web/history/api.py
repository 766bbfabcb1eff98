"""The history at /api/history/."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from web import clock, links
from web.history.events import (
    ACTIONS,
    PARAMETERS,
    BadCursor,
    BadHistoryParameter,
    HistoryRow,
    history,
    query_of,
)
from web.rest.fields import absolute
from web.rest.filters import refuse_unknown
from web.rest.pagination import limit_of
from web.rest.permissions import SignedIn
from web.words import plain

_DESCRIBED = {
    "model": "Such as inventory.site.",
    "id": "Id of the object; needs model.",
    "actor": "User name, or the part of Muster that wrote.",
    "request": "X-Request-ID of the writing request.",
    "action": ", ".join(ACTIONS) + ".",
    "start": "From this instant: ISO 8601, milliseconds or now-7d.",
    "end": "Before this instant.",
    "after": "Id of the last row of the page before.",
}
_ROW = inline_serializer(
    "HistoryRow",
    {
        **{
            name: serializers.CharField()
            for name in ("id", "model", "display", "actor", "token", "message", "request_id")
        },
        "at": serializers.DateTimeField(),
        "object_id": serializers.IntegerField(),
        "url": serializers.CharField(allow_null=True),
        "display_url": serializers.CharField(allow_null=True),
        "action": serializers.ChoiceField(choices=ACTIONS),
        "changes": inline_serializer(
            "HistoryChange",
            {
                "field": serializers.CharField(),
                "label": serializers.CharField(),
                "before": serializers.JSONField(),
                "after": serializers.JSONField(),
            },
            many=True,
        ),
    },
    many=True,
)
_PAGE = inline_serializer(
    "HistoryPage",
    {
        "count": serializers.IntegerField(allow_null=True),
        "next": serializers.CharField(allow_null=True),
        "previous": serializers.CharField(allow_null=True),
        "results": _ROW,
    },
)


class HistoryView(APIView):
    """Changes of all objects that the caller may view, newest first, with each field before and after."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="history_list",
        parameters=[
            OpenApiParameter("limit", int, description="Rows a page."),
            *(OpenApiParameter(name, str, description=text) for name, text in _DESCRIBED.items()),
        ],
        responses=_PAGE,
    )
    def get(self, request: Request) -> Response:
        refuse_unknown(request, PARAMETERS, controls=("limit", "format"))
        limit = limit_of(request)
        try:
            page = history(query_of(request.query_params.dict(), request.user, now=clock.now()), limit=limit)
        except BadHistoryParameter as error:
            raise ValidationError(error.errors) from error
        except BadCursor as error:
            raise ValidationError({"after": [str(error)]}) from error
        following = None
        if page.next_after:
            following = replace_query_param(request.build_absolute_uri(), "after", page.next_after)
        context = {"request": request}
        results = [_spoken(row, context) for row in page.rows]
        return Response({"count": None, "next": following, "previous": None, "results": results})


def _spoken(row: HistoryRow, context: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": plain(row.at),
        "model": row.model_label,
        "object_id": row.object_id,
        "display": row.display,
        "url": absolute(links.api_url_of(row.model, row.object_id), context) if row.exists else None,
        "display_url": absolute(row.url, context),
        "action": row.action,
        "actor": row.actor,
        "token": row.token,
        "message": row.message,
        "request_id": row.request_id,
        "changes": [
            {"field": each.field, "label": each.label, "before": each.before, "after": each.after}
            for each in row.changes
        ],
    }
