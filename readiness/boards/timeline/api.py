"""`GET /api/loop/timeline/`: what happened, newest first, for programs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from readiness.boards.events.marks import EventKind
from readiness.boards.timeline import queries
from readiness.boards.timeline.params import begin_of, begin_query, query_of
from web import clock
from web.requests import absolute_url
from web.rest.fields import absolute
from web.rest.pagination import limit_of
from web.rest.reports import endpoint, parameter
from web.timerange import BadParameter


@dataclass(frozen=True, slots=True)
class HappenedEvent:
    at: datetime
    ends_at: Annotated[datetime | None, "Null for what happens at an instant"]
    kind: EventKind
    site: Annotated[str | None, "Slug; null for what is of the fleet"]
    title: str
    display_url: str | None


@dataclass(frozen=True, slots=True)
class HappenedEvents:
    next: Annotated[str | None, "Address of the next page, of older events"]
    results: list[HappenedEvent]


@endpoint(
    "inventory.view_site",
    operation_id="loop_timeline",
    summary="Everything that happened, newest first",
    parameters=[
        parameter("site", "Slug; without it the fleet."),
        parameter("kind", "Kinds with commas between, such as alert,incident."),
        parameter("check", "Id of a check."),
        parameter("object", "An object of the inventory, such as device:17."),
        parameter("start", "From this instant; by default now-30d."),
        parameter("end", "Until this instant."),
        parameter("from", "Where the page begins, as `next` says."),
        parameter("skip", "Events of that very instant that were on the page before."),
        parameter("limit", "Events a page.", type=int),
    ],
)
def timeline(request: Request) -> HappenedEvents:
    now = clock.now()
    try:
        query = query_of(request._request.GET, request.user, now=now)
        begin = begin_of(request._request.GET, now=now)
    except BadParameter as error:
        raise ValidationError({error.field: [error.reason]}) from error
    page = queries.timeline(query, begin, limit=limit_of(request))
    sites, context = queries.names_of_sites(page.events), {"request": request}
    following = None
    if page.older is not None:
        following = absolute_url(request)
        for name, value in ({"skip": "0"} | begin_query(page.older)).items():
            following = replace_query_param(following, name, value)
    results = [
        HappenedEvent(
            at=event.at,
            ends_at=event.ends_at,
            kind=EventKind(event.kind),
            site=sites[event.site_id][0] if event.site_id in sites else None,
            title=event.title,
            display_url=absolute(event.url, context) if event.url else None,
        )
        for event in page.events
    ]
    return HappenedEvents(following, results)
