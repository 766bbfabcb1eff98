"""`/timeline/`: everything that happened, newest first, as a page and as a file."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from inventory.models import Site
from readiness.boards.events.marks import EventKind
from readiness.boards.timeline import queries
from readiness.boards.timeline.params import (
    DEFAULT_START,
    PARAMETERS,
    begin_of,
    begin_query,
    query_of,
    query_parameters,
)
from web import answers, clock
from web.reports import Report
from web.tables.addresses import EXPORT, Address

KIND_LABELS: dict[EventKind, str] = {
    EventKind.VERDICT: "Verdicts",
    EventKind.CHECK: "Checks",
    EventKind.HEALTH: "Health",
    EventKind.INCIDENT: "Incidents",
    EventKind.ALERT: "Alerts",
    EventKind.FINDING: "Findings",
    EventKind.ACTION: "Actions",
    EventKind.LESSON: "Lessons",
    EventKind.DECISION: "Decisions",
    EventKind.WAIVER: "Waivers",
    EventKind.HANDOVER: "Hand-overs",
    EventKind.VERSION: "Versions",
    EventKind.RUN: "Runs",
    EventKind.WINDOW: "Windows",
    EventKind.SILENCE: "Silences",
    EventKind.CHANGE: "Changes",
}
ONE_OF: dict[str, str] = {kind.value: label.removesuffix("s") for kind, label in KIND_LABELS.items()}
SPANS = (("now-1d", "24 hours"), ("now-7d", "7 days"), (DEFAULT_START, "30 days"), ("now-365d", "1 year"))
COLUMNS = ("at", "ends_at", "kind", "site", "title", "url")
TIMELINE = Report("readiness/timeline/page.html", "inventory.view_site")


@TIMELINE.reads
def timeline(request: HttpRequest) -> HttpResponseBase:
    at = clock.now()
    query = query_of(request.GET, request.user, now=at)
    if request.GET.get(EXPORT) == "csv":
        return answers.csv_file("timeline", COLUMNS, _file_rows(query))
    begin = begin_of(request.GET, now=at)
    page = queries.timeline(query, begin)
    sites = queries.names_of_sites(page.events)
    address = Address(request, path=request.path, filters=PARAMETERS)
    first = ["from", "skip"]
    return answers.page(
        request,
        TIMELINE.template,
        {
            "lines": [
                {
                    "event": events[0],
                    "label": (label := ONE_OF.get(events[0].kind, events[0].kind)),
                    "title": events[0].title.removeprefix(f"{label}: "),
                    "places": [(event, sites.get(event.site_id or 0)) for event in events],
                }
                for events in queries.folded(page.events)
            ],
            "query": query,
            "asked": query_parameters(request),
            "kinds": _kind_links(address, query),
            "spans": _spans(address, request),
            "sites": list(Site.objects.order_by("name", "pk").values_list("slug", "name")),
            "older_url": address.url(without=first, **begin_query(page.older)) if page.older else "",
            "newest_url": address.url(without=first) if begin else "",
            "export_url": address.url(without=first, **{EXPORT: "csv"}),
            "clear_url": request.path,
            "filtered": any(name not in first for name, _value in address.applied),
        },
    )


def _kind_links(address: Address, query: queries.TimelineQuery) -> list[dict[str, Any]]:
    """A chip for each kind, and one for all: a click shows that kind alone."""
    without = ["kind", "from", "skip"]
    links = [{"label": "All", "url": address.url(without=without), "current": not query.kinds}]
    for kind, label in KIND_LABELS.items():
        url = address.url(without=without, kind=kind.value)
        links.append({"label": label, "url": url, "current": kind in query.kinds})
    return links


def _spans(address: Address, request: HttpRequest) -> list[dict[str, Any]]:
    current = "" if request.GET.get("end") else request.GET.get("start") or DEFAULT_START
    return [
        {
            "label": label,
            "url": address.url(without=["from", "skip", "end"], start=text),
            "current": text == current,
        }
        for text, label in SPANS
    ]


def _file_rows(query: queries.TimelineQuery) -> Iterator[tuple[Any, ...]]:
    slugs = dict(Site.objects.values_list("pk", "slug"))
    for event in queries.every_event(query):
        ends_at = event.ends_at.isoformat() if event.ends_at else ""
        site = slugs.get(event.site_id or 0, "")
        yield event.at.isoformat(), ends_at, event.kind, site, event.title, event.url
