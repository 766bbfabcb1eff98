"""The history at /api/history/."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from web import clock, links
from web.audit.registry import label_of
from web.history.events import ACTIONS, HistoryRow, history, query_of
from web.rest.fields import absolute
from web.rest.pagination import limit_of
from web.rest.reports import endpoint, parameter
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


@endpoint(
    operation_id="history_list",
    parameters=[
        parameter("limit", "Rows a page.", type=int),
        *(parameter(name, text) for name, text in _DESCRIBED.items()),
    ],
    answer=_PAGE,
)
def changes(request: Request) -> dict[str, Any]:
    """Changes of all objects that the caller may view, newest first, with each field before and after."""
    query = query_of(request.query_params.dict(), request.user, now=clock.now())
    page = history(query, limit=limit_of(request))
    following = None
    if page.next_after:
        following = replace_query_param(request.build_absolute_uri(), "after", page.next_after)
    context = {"request": request}
    results = [_spoken(row, context) for row in page.rows]
    return {"count": None, "next": following, "previous": None, "results": results}


def _spoken(row: HistoryRow, context: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "object_id", "display", "action", "actor", "token", "message", "request_id")
    return {name: getattr(row, name) for name in names} | {
        "at": plain(row.at),
        "model": label_of(row.model),
        "url": absolute(links.api_url_of(row.model, row.object_id), context) if row.exists else None,
        "display_url": absolute(row.url, context),
        "changes": [asdict(change) for change in row.changes],
    }
