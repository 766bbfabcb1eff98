"""The entries of a team's calendar; a fixed number of statements, however many people, sites and days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from inventory.models import CapacityEvent, Site
from readiness.organisation.people.core.rotations import TimeSpan
from readiness.organisation.people.core.team_calendar import CalendarEntry, CalendarLine, EntryKind, span_of
from readiness.organisation.people.models import Drill, Leave, Level, Person, Shift, Team
from web.links import link, page_url
from web.units import how_many, power

ON_CALL, NOBODY, DRILLS, CAPACITY = (
    CalendarLine("on-call", "On call"),
    CalendarLine("nobody", "Nobody on call"),
    CalendarLine("drills", "Drills"),
    CalendarLine("capacity", "Changes of capacity"),
)
SEES_LEAVE, SEES_DRILLS = "people.view_leave", "people.view_drill"
SEES_CAPACITY = "inventory.view_capacityevent"


@dataclass(frozen=True, slots=True)
class TeamCalendar:
    lanes: tuple[CalendarLine, ...]
    entries: tuple[CalendarEntry, ...]
    sites: tuple[Site, ...]


def team_calendar(
    team: Team, days: tuple[date, ...], zone: ZoneInfo, *, user: Any, names: bool, now: datetime
) -> TeamCalendar:
    """With names each person has a line; without, a line counts who is on call, and leave is left out."""
    span = span_of(days, zone)
    members = Person.objects.present(now).filter(memberships__team=team).order_by("name", "pk")
    sites = tuple(_sites(team, span))
    entries: list[CalendarEntry] = []
    lanes: list[CalendarLine] = []
    if names:
        people = list(members)
        lanes += [CalendarLine(_lane(person.pk), person.name, link("person", person.pk)) for person in people]
        entries += _shifts(people, span)
        entries += _leave(people, span) if user.has_perm(SEES_LEAVE) else ()
    else:
        lanes.append(ON_CALL)
        entries += _counted_shifts(members, span)
    lanes.append(NOBODY)
    entries += _nobody(team, span, linked=names)
    if user.has_perm(SEES_DRILLS):
        lanes.append(DRILLS)
        entries += _drills(sites, span)
    if user.has_perm(SEES_CAPACITY):
        lanes.append(CAPACITY)
        entries += _capacity(sites, days, zone)
    return TeamCalendar(tuple(lanes), tuple(entries), sites)


def _lane(person_id: int | None) -> str:
    return f"p{person_id}"


def _sites(team: Team, span: TimeSpan) -> QuerySet[Site]:
    in_force = Q(staffings__team=team, staffings__begins_at__lt=span.ends_at) & (
        Q(staffings__ends_at=None) | Q(staffings__ends_at__gt=span.starts_at)
    )
    return Site.objects.filter(in_force).distinct().order_by("name", "pk")


def _shifts(people: list[Person], span: TimeSpan) -> Iterator[CalendarEntry]:
    shifts = Shift.objects.overlapping(span.starts_at, span.ends_at).filter(person__in=people)
    for shift in shifts.select_related("rotation").order_by("starts_at", "level", "pk"):
        level = str(Level(shift.level).label)
        yield CalendarEntry(
            kind=EntryKind.ON_CALL,
            lane=_lane(shift.person_id),
            mark=level[0],
            title=f"{shift.rotation.name}, {level.lower()}",
            url=page_url(shift) or "",
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
        )


def _leave(people: list[Person], span: TimeSpan) -> Iterator[CalendarEntry]:
    leaves = Leave.objects.filter(person__in=people, starts_at__lt=span.ends_at, ends_at__gt=span.starts_at)
    for leave in leaves.order_by("starts_at", "pk"):
        yield CalendarEntry(
            kind=EntryKind.AWAY,
            lane=_lane(leave.person_id),
            mark="A",
            title="Away",
            url=page_url(leave) or "",
            starts_at=leave.starts_at,
            ends_at=leave.ends_at,
        )


def _counted_shifts(members: QuerySet[Person], span: TimeSpan) -> Iterator[CalendarEntry]:
    shifts = Shift.objects.overlapping(span.starts_at, span.ends_at).filter(
        person__in=members.order_by().values("pk")
    )
    counted = shifts.order_by("starts_at", "ends_at").values_list("starts_at", "ends_at")
    for starts_at, ends_at, number in counted.annotate(Count("person", distinct=True)):
        yield CalendarEntry(
            kind=EntryKind.ON_CALL,
            lane=ON_CALL.key,
            mark=str(number),
            title=f"{how_many(number, 'person', 'people')} on call",
            starts_at=starts_at,
            ends_at=ends_at,
        )


def _nobody(team: Team, span: TimeSpan, *, linked: bool) -> Iterator[CalendarEntry]:
    """Shifts of the team's rotations that nobody has, at their first two levels."""
    shifts = Shift.objects.overlapping(span.starts_at, span.ends_at).filter(
        rotation__team=team, person=None, level__lte=Level.SECONDARY
    )
    for shift in shifts.select_related("rotation").order_by("starts_at", "level", "pk"):
        yield CalendarEntry(
            kind=EntryKind.NOBODY,
            lane=NOBODY.key,
            mark="!",
            title=f"{shift.rotation.name}, {Level(shift.level).label.lower()}",
            url=(page_url(shift) or "") if linked else "",
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
        )


def _drills(sites: tuple[Site, ...], span: TimeSpan) -> Iterator[CalendarEntry]:
    drills = Drill.objects.filter(site__in=sites, held_at__gte=span.starts_at, held_at__lt=span.ends_at)
    for drill in drills.select_related("site").order_by("held_at", "pk"):
        yield CalendarEntry(
            kind=EntryKind.DRILL,
            lane=DRILLS.key,
            mark="D",
            title=f"{drill.name} at {drill.site.name}, {drill.get_result_display().lower()}",
            url=page_url(drill) or "",
            starts_at=drill.held_at,
            ends_at=drill.held_at,
        )


def _capacity(sites: tuple[Site, ...], days: tuple[date, ...], zone: ZoneInfo) -> Iterator[CalendarEntry]:
    events = CapacityEvent.objects.filter(site__in=sites, happened_on__range=(days[0], days[-1]))
    for event in events.select_related("site").order_by("happened_on", "pk"):
        day = span_of((event.happened_on,), zone)
        yield CalendarEntry(
            kind=EntryKind.CAPACITY,
            lane=CAPACITY.key,
            mark="+" if event.kind == CapacityEvent.Kind.COMMISSION else "−",
            title=f"{event.get_kind_display()} {power(event.it_kw)} at {event.site.name}",
            url=page_url(event) or "",
            starts_at=day.starts_at,
            ends_at=day.ends_at,
        )
