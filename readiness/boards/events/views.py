"""`/charts/events.json`: the events that the charts of a page mark (static/js/chart_events.js)."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from django.http import HttpRequest, HttpResponse

from readiness.boards.events import sentences
from readiness.boards.events.marks import EventKind, chart_marks
from readiness.boards.events.queries import EventQuery, chart_events
from readiness.boards.params import site_named
from web import answers
from web.charts import ms
from web.clock import now
from web.reports import Report

DEFAULT_RANGE = "now-24h"
AHEAD = timedelta(days=1)
"""Windows and silences that begin later explain nothing of what is drawn."""
EVENTS = Report("", "inventory.view_site")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedEvent:
    """`end` is None for what happens at an instant; both are in ms UTC."""

    number: int
    kind: EventKind
    start: int
    end: int | None
    text: str
    url: str


@EVENTS.reads
def events(request: HttpRequest) -> HttpResponse:
    at = now()
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    slugs = [slug for text in request.GET.getlist("site") for slug in text.split(",") if slug]
    # Several sites have the events of the fleet.
    site = site_named(slugs[0]) if len(slugs) == 1 else None
    query = EventQuery(
        site, span.start, min(span.end, at + AHEAD), request.user, request.GET.get("check", "")
    )
    happened = chart_events(query, now=at) if query.end > query.start else ()
    marks = chart_marks(happened, start=span.start, end=span.end)
    rows = [
        MarkedEvent(
            number=number,
            kind=event.kind,
            start=ms(event.at),
            end=ms(event.ends_at) if event.ends_at else None,
            text=sentences.event_words(event),
            url=event.url,
        )
        for number, event in enumerate(marks.events, start=1)
    ]
    return answers.chart({"events": [asdict(row) for row in rows], "note": sentences.events_note(marks.more)})
