"""The timeline of the fleet, a site, a check or an object: its newest events, and older ones page by page."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model, Q

from inventory.models import Device, Site
from readiness.boards.events import sentences
from readiness.boards.events.marks import EventKind
from readiness.boards.events.queries import APPS
from readiness.boards.events.sources import (
    FLIP_KINDS,
    HELD,
    ROOMS,
    RUNS,
    SOURCES,
    EventSpan,
    flip_events,
    room_events,
)
from readiness.boards.timeline.paging import EventPage, PagePosition, merged_page
from web.history.batches import HistoryBatch, lines_before
from web.history.events import HistoryQuery, HistoryRow, entries_of, rows_of_entries, visible_models
from web.links import link
from web.timeline import TimelineEvent

PAGE = 50
MOST_EXPORTED = 10_000
_JUST_AFTER = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineQuery:
    """Without a site the fleet, without kinds all of them. `obj` is an object of the inventory, for its own events."""

    start: datetime
    end: datetime
    user: Any
    site: Site | None = None
    kinds: Collection[EventKind] = ()
    check_id: str = ""
    obj: Model | None = None

    def wants(self, kind: EventKind) -> bool:
        return not self.kinds or kind in self.kinds


def timeline(query: TimelineQuery, begin: PagePosition | None = None, *, limit: int = PAGE) -> EventPage:
    begin = begin or PagePosition(query.end)
    span = EventSpan(
        start=query.start,
        end=min(begin.at, query.end) + _JUST_AFTER,
        user=query.user,
        sites=None if query.site is None else [query.site.pk],
        check_id=query.check_id,
        limit=limit + begin.skip + 1,
    )
    return merged_page(list(_events(query, span)), begin, limit=limit)


def every_event(query: TimelineQuery) -> Iterator[TimelineEvent]:
    """All events of the query, the newest first, and MOST_EXPORTED at most."""
    begin: PagePosition | None = PagePosition(query.end)
    count = 0
    while begin is not None and count < MOST_EXPORTED:
        page = timeline(query, begin, limit=min(500, MOST_EXPORTED - count))
        yield from page.events
        begin, count = page.older, count + len(page.events)


def _events(query: TimelineQuery, span: EventSpan) -> Iterator[list[TimelineEvent]]:
    """The newest events of each source, those of an object where one is asked for."""
    if query.obj is not None:
        yield from _events_of_object(query, query.obj, span)
        return
    yield list(flip_events(span, [kind for kind in FLIP_KINDS if query.wants(kind)]))
    for source in (*SOURCES, *HELD, RUNS):
        if query.wants(source.kind):
            yield source.events(span)
    for kind, read in ROOMS:
        if query.wants(kind):
            yield room_events(read, span)
    if query.wants(EventKind.CHANGE) and not query.check_id:
        yield _changes(query, span)


def _events_of_object(query: TimelineQuery, obj: Model, span: EventSpan) -> Iterator[list[TimelineEvent]]:
    if query.wants(EventKind.CHANGE) and type(obj) in visible_models(span.user):
        yield _changes_of(obj, query, span)
    if not isinstance(obj, Device):
        return
    if query.wants(EventKind.RUN):
        yield replace(RUNS, rows=lambda: RUNS.rows().filter(devices=obj)).events(span)
    if query.wants(EventKind.ALERT):
        for source in SOURCES:
            if source.kind is EventKind.ALERT:
                yield _alerts_of(source, obj, span)


def _alerts_of(source: Any, device: Device, span: EventSpan) -> list[TimelineEvent]:
    def rows() -> Any:
        return source.rows().filter(site=device.site_id, object=device.name)

    events: list[TimelineEvent] = replace(source, rows=rows).events(span)
    return events


def _changes(query: TimelineQuery, span: EventSpan) -> list[TimelineEvent]:
    models = tuple(model for model in visible_models(span.user) if model._meta.app_label in APPS)
    if not models:
        return []
    about = Q()
    if (site := query.site) is not None:
        of_site = Q(table=Site._meta.db_table, object_id=site.pk)
        about = of_site | Q(after__site_id=site.pk) | Q(before__site_id=site.pk)
    of_all = HistoryQuery(models=models, start=query.start, end=query.end, about=about)
    lines = lines_before(of_all, span.end, limit=span.limit)
    place = {"site": site.slug} if site is not None else {}
    return [
        _batch_event(at, line, place) if isinstance(line, HistoryBatch) else _change_event(line)
        for at, line in lines
    ]


def _changes_of(obj: Model, query: TimelineQuery, span: EventSpan) -> list[TimelineEvent]:
    of_object = HistoryQuery(models=(type(obj),), object_id=obj.pk, start=query.start, end=span.end)
    entries = list(entries_of(of_object).order_by("-at", "-id")[: span.limit])
    return [_change_event(row) for row in rows_of_entries(entries, of_object)]


def _batch_event(at: datetime, batch: HistoryBatch, place: dict[str, str]) -> TimelineEvent:
    """Fold what was written together into one event, which leads to the history."""
    url = link("history", **batch.query, **place, single="yes")
    return TimelineEvent(kind=EventKind.CHANGE.value, at=at, title=sentences.batch_title(batch), url=url)


def _change_event(row: HistoryRow) -> TimelineEvent:
    title = sentences.change_title(row)
    return TimelineEvent(
        kind=EventKind.CHANGE.value, at=row.at, title=title, url=row.url or "", site_id=row.site_id
    )


def folded(events: Iterable[TimelineEvent]) -> list[list[TimelineEvent]]:
    """Neighbours of one kind, title and minute, each of another site, stand together: what a rule raised everywhere."""
    groups: list[list[TimelineEvent]] = []
    for event in events:
        first = groups[-1][0] if groups else None
        if (
            first is not None
            and _is_same(first, event)
            and event.site_id not in {each.site_id for each in groups[-1]}
        ):
            groups[-1].append(event)
        else:
            groups.append([event])
    return groups


def _is_same(first: TimelineEvent, event: TimelineEvent) -> bool:
    return (first.kind, first.title, first.ends_at, first.at.replace(second=0, microsecond=0)) == (
        *(event.kind, event.title, event.ends_at),
        event.at.replace(second=0, microsecond=0),
    )


def names_of_sites(events: Collection[TimelineEvent]) -> dict[int, tuple[str, str]]:
    """Slug and name of the sites of these events, as far as the reader sees them."""
    ids = {event.site_id for event in events if event.site_id is not None}
    rows = Site.objects.filter(pk__in=ids).values_list("pk", "slug", "name")
    return {pk: (slug, name) for pk, slug, name in rows}
