"""Which silences and windows lie on which day; a fixed number of statements, however many there are."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from inventory.core import regions_outwards
from inventory.models import Region, Site
from readiness.loop.alerts.models import MaintenanceWindow, Silence
from readiness.loop.alerts.silencing import queries
from readiness.loop.alerts.silencing.sentences import matcher_words
from readiness.organisation.people.core.rotations import TimeSpan
from readiness.organisation.people.core.team_calendar import span_of
from web.links import page_url

MOST_OF_DAY, MOST_FOLLOWED = 5, 200
"""Entries that a day lists, and windows whose rules are followed: the others are counted."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldEntry(TimeSpan):
    title: str
    holds: str
    url: str
    is_window: bool


@dataclass(frozen=True, slots=True)
class CalendarDay:
    day: date
    entries: Sequence[HeldEntry]

    @property
    def weekday(self) -> str:
        return f"{self.day:%a}"

    @property
    def listed(self) -> Sequence[HeldEntry]:
        return self.entries[:MOST_OF_DAY]

    @property
    def more(self) -> int:
        return len(self.entries) - len(self.listed)


@dataclass(frozen=True, slots=True)
class HeldCalendar:
    """`left_out` is the number of windows whose rules were not followed."""

    weeks: Sequence[Sequence[CalendarDay]]
    left_out: int

    @property
    def days(self) -> Iterator[CalendarDay]:
        return (day for week in self.weeks for day in week if day.entries)


def held_calendar(
    days: Sequence[date], zone: ZoneInfo, *, site: Site | None, region: Region | None
) -> HeldCalendar:
    """The calendar of whole weeks; for a place, with what may hold back its alerts."""
    entries, left_out = held_entries(span_of(days, zone), site=site, region=region)
    of_day = _entries_by_day(entries, days, zone)
    listed = [CalendarDay(day, of_day.get(day, ())) for day in days]
    weeks = [listed[place : place + 7] for place in range(0, len(listed), 7)]
    return HeldCalendar(weeks, left_out)


def held_entries(
    span: TimeSpan, *, site: Site | None, region: Region | None
) -> tuple[Sequence[HeldEntry], int]:
    """The silences and windows that touch a time, and the number of windows whose rules were not followed."""
    place = _place_condition(site, region)
    windows = list(_windows(span).filter(place))
    entries = [*_silence_entries(queries.silences().filter(place), span), *_window_entries(windows, span)]
    return entries, max(len(windows) - MOST_FOLLOWED, 0)


def _place_condition(site: Site | None, region: Region | None) -> Q:
    """A condition for what may hold back an alert of the place: what names it, a region around it, a place within it,
    or no place. One statement if a place is chosen."""
    if site is None and region is None:
        return Q()
    parents = dict(Region.objects.order_by().values_list("pk", "parent_id"))
    nowhere = Q(site=None, region=None)
    if site is not None:
        outer_regions = regions_outwards(site.region_id, parents)
        return Q(site=site) | Q(site=None, region__in=outer_regions) | nowhere
    assert region is not None
    outer_regions, inner_regions = regions_outwards(region.pk, parents), _regions_within(region.pk, parents)
    return (
        Q(site=None, region__in={*outer_regions, *inner_regions})
        | Q(site__region__in=inner_regions)
        | nowhere
    )


def _regions_within(region_id: int, parents: Mapping[int, int | None]) -> list[int]:
    return [each for each in parents if region_id in regions_outwards(each, parents)]


def _windows(span: TimeSpan) -> QuerySet[MaintenanceWindow]:
    touching = queries.windows().filter(starts_at__lt=span.ends_at, last_ends_at__gt=span.starts_at)
    return touching.filter(Q(ended_early_at=None) | Q(ended_early_at__gt=span.starts_at)).order_by(
        "name", "pk"
    )


def _silence_entries(silences: QuerySet[Silence], span: TimeSpan) -> Iterator[HeldEntry]:
    touching = silences.filter(starts_at__lt=span.ends_at, ends_at__gt=span.starts_at)
    for silence in touching.order_by("starts_at", "pk"):
        if silence.real_end_at > max(silence.starts_at, span.starts_at):
            yield HeldEntry(
                title=silence.reason,
                holds=matcher_words(silence),
                url=page_url(silence) or "",
                is_window=False,
                starts_at=silence.starts_at,
                ends_at=silence.real_end_at,
            )


def _window_entries(windows: Sequence[MaintenanceWindow], span: TimeSpan) -> Iterator[HeldEntry]:
    for window in windows[:MOST_FOLLOWED]:
        holds, url = matcher_words(window), page_url(window) or ""
        for each in queries.occurrences_between(window, span.starts_at, span.ends_at):
            yield HeldEntry(
                title=window.name,
                holds=holds,
                url=url,
                is_window=True,
                starts_at=each.starts_at,
                ends_at=each.ends_at,
            )


def _entries_by_day(
    entries: Iterable[HeldEntry], days: Sequence[date], zone: ZoneInfo
) -> Mapping[date, Sequence[HeldEntry]]:
    of_day: dict[date, list[HeldEntry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda each: (each.starts_at, each.title)):
        first = max(entry.starts_at.astimezone(zone).date(), days[0])
        # What ends at midnight does not touch the day that begins then.
        last = min((entry.ends_at - timedelta(microseconds=1)).astimezone(zone).date(), days[-1])
        for number in range((last - first).days + 1):
            of_day[first + number * DAY].append(entry)
    return of_day
