"""Events that charts mark, from the records that hold them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from inventory.models import Site
from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.models import Flip
from readiness.assessment.scoring.queries.rows import flip_row
from readiness.boards.events import sentences
from readiness.boards.events.marks import MOST_READ, ChartEvent, EventKind
from readiness.boards.events.sources import ROOMS, SOURCES, EventSpan, room_events
from readiness.boards.health.sentences import FlipLine
from readiness.loop.alerts.silencing.calendar import held_entries
from readiness.organisation.people.core.rotations import TimeSpan
from telemetry.models import Source, UnitRule
from web.history.events import HistoryQuery, nearest, visible_models
from web.links import page_url
from web.timeline import TimelineEvent

LONGEST_OF_CHANGES = timedelta(days=31)
"""Changes are looked for in their text, so charts of a longer time have none."""
APPS = frozenset({"inventory", "telemetry", "workloads"})
"""Apps whose changes are marked: those of the hardware, the sources and the workloads of a site."""


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Without a site the whole fleet, of which only verdicts, windows and silences are read. With a check, of all
    changes of checks and health its own alone."""

    site: Site | None
    start: datetime
    end: datetime
    user: Any
    check_id: str = ""

    def sees(self, permission: str) -> bool:
        return self.user.has_perm(permission)


def chart_events(query: EventQuery, *, now: datetime) -> Iterator[ChartEvent]:
    if query.sees("scoring.view_flip"):
        yield from _verdicts(query)
        if query.site is not None:
            yield from _flips(query)
    yield from _held(query)
    span = _span(query)
    for source in SOURCES:
        yield from map(_mark, source.events(span))
    for _kind, read in ROOMS:
        yield from map(_mark, room_events(read, span)[:MOST_READ])
    if query.site is not None:
        if query.sees("evidence.view_validationrun"):
            yield from _runs(query, query.site, now)
        if query.end - query.start <= LONGEST_OF_CHANGES:
            yield from _changes(query, query.site)


def _span(query: EventQuery) -> EventSpan:
    return EventSpan(
        start=query.start,
        end=query.end,
        user=query.user,
        sites=None if query.site is None else [query.site.pk],
        check_id=query.check_id,
        limit=MOST_READ,
    )


def _mark(event: TimelineEvent) -> ChartEvent:
    return ChartEvent(
        kind=EventKind(event.kind), at=event.at, title=event.title, url=event.url, ends_at=event.ends_at
    )


def _verdicts(query: EventQuery) -> Iterator[ChartEvent]:
    flips = Flip.objects.filter(subject="verdict", at__range=(query.start, query.end))
    yield from _flip_events(query, flips.filter(site=query.site) if query.site else flips)


def _flips(query: EventQuery) -> Iterator[ChartEvent]:
    flips = Flip.objects.filter(site=query.site, at__range=(query.start, query.end))
    if query.check_id:
        yield from _flip_events(query, flips.filter(subject="check", key=query.check_id))
    else:
        yield from _flip_events(query, flips.filter(subject__in=("check", "health")))


def _flip_events(query: EventQuery, flips: Any) -> Iterator[ChartEvent]:
    _version, framework = framework_queries.current()
    for flip in flips.select_related("site")[:MOST_READ]:
        line = FlipLine(*flip_row(flip, framework), with_site=query.site is None)
        yield ChartEvent(
            kind=EventKind(line.kind), at=flip.at, title=sentences.flip_title(line), url=line.url
        )


def _held(query: EventQuery) -> Iterator[ChartEvent]:
    seen = {
        EventKind.WINDOW: query.sees("alerts.view_maintenancewindow"),
        EventKind.SILENCE: query.sees("alerts.view_silence"),
    }
    if not any(seen.values()):
        return
    entries, _left_out = held_entries(
        TimeSpan(starts_at=query.start, ends_at=query.end), site=query.site, region=None
    )
    for entry in entries:
        kind = EventKind.WINDOW if entry.is_window else EventKind.SILENCE
        if seen[kind]:
            title = sentences.held_title(entry)
            yield ChartEvent(kind=kind, at=entry.starts_at, ends_at=entry.ends_at, title=title, url=entry.url)


def _runs(query: EventQuery, site: Site, now: datetime) -> Iterator[ChartEvent]:
    runs = ValidationRun.objects.taken_by(now).filter(site=site, taken_at__range=(query.start, query.end))
    for run in runs.order_by("-taken_at", "-pk")[:MOST_READ]:
        title = sentences.run_title(run)
        yield ChartEvent(kind=EventKind.RUN, at=run.taken_at, title=title, url=page_url(run) or "")


def _changes(query: EventQuery, site: Site) -> Iterator[ChartEvent]:
    models = tuple(model for model in visible_models(query.user) if model._meta.app_label in APPS)
    if not models:
        return
    table = Site._meta.db_table
    about = Q(after__site_id=site.pk) | Q(before__site_id=site.pk) | Q(table=table, object_id=site.pk)
    if UnitRule in models:
        about |= _rules_of_units(site)
    within = HistoryQuery(models=models, start=query.start, end=query.end)
    for entry in nearest(within, query.end, about=about, limit=MOST_READ):
        title = sentences.change_title(entry)
        yield ChartEvent(kind=EventKind.CHANGE, at=entry.at, title=title, url=entry.url or "")


def _rules_of_units(site: Site) -> Q:
    """Unit rules name no site: those of the sources whose values its charts draw."""
    own, of_many = Q(site=site), Q(site=None, series__site=site)
    sources = list(Source.objects.filter(own | of_many).order_by().values_list("pk", flat=True).distinct())
    of_source = Q(after__source_id__in=sources) | Q(before__source_id__in=sources)
    return Q(of_source, table=UnitRule._meta.db_table)
