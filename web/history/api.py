"""The history at /api/history/."""

from dataclasses import dataclass
from datetime import datetime

from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from web import clock, links
from web.audit import AuditEntry
from web.audit.registry import label_of
from web.history.events import ACTIONS, FieldChange, history, query_of
from web.requests import absolute_url
from web.rest.fields import absolute
from web.rest.pagination import limit_of
from web.rest.reports import endpoint, parameter
from web.rest.shapes import filled

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


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    id: str
    at: datetime
    model: str
    object_id: int
    url: str | None
    display_url: str | None
    display: str
    action: AuditEntry.Action
    actor: str
    token: str
    message: str
    request_id: str
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class HistoryEntries:
    count: int | None
    next: str | None
    previous: str | None
    results: list[HistoryEntry]


@endpoint(
    operation_id="history_list",
    parameters=[
        parameter("limit", "Rows a page.", type=int),
        *(parameter(name, text) for name, text in _DESCRIBED.items()),
    ],
)
def changes(request: Request) -> HistoryEntries:
    """Changes of all objects that the caller may view, newest first, with each field before and after."""
    query = query_of(request.query_params.dict(), request.user, now=clock.now())
    page = history(query, limit=limit_of(request))
    following = None
    if page.next_after:
        following = replace_query_param(absolute_url(request), "after", page.next_after)
    context = {"request": request}
    entries = [
        filled(
            HistoryEntry,
            row,
            model=label_of(row.model),
            url=absolute(links.api_url_of(row.model, row.object_id), context) if row.exists else None,
            display_url=absolute(row.url, context),
        )
        for row in page.rows
    ]
    return HistoryEntries(count=None, next=following, previous=None, results=entries)
