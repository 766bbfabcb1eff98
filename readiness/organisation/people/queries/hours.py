"""Hours of people on call in a time, and the outlook of a rotation."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Max

from readiness.organisation.people.core.calendar_lines import CalendarRefused
from readiness.organisation.people.core.duty import overtime
from readiness.organisation.people.core.on_call import PRIMARY, Outlook, Workload, gaps, outlook
from readiness.organisation.people.core.rotations import (
    AHEAD,
    CalendarMoment,
    HeldShift,
    PlannedShift,
    TimeSpan,
    shifts_of,
)
from readiness.organisation.people.models import Person, Rotation, Shift
from readiness.organisation.people.queries.duty import PersonDuty, duty_of, duty_rules
from readiness.organisation.people.queries.rotations import plan_of
from readiness.organisation.people.queries.standing import held_shifts

DAY, FOUR_WEEKS, YEAR = timedelta(days=1), timedelta(weeks=4), timedelta(weeks=52)
A_FEW = 20


@dataclass(frozen=True, slots=True)
class PersonHours:
    """`duty` is what the duty rules say of the person's shifts, in whatever rotation; only its overtime is of those
    that are counted here."""

    person: Person
    load: Workload
    duty: PersonDuty


def hours_on_call(
    start: datetime, end: datetime, *, now: datetime, rotation: Rotation | None = None
) -> list[PersonHours]:
    """Everybody who had or has a shift, by hours, 52 weeks ahead at most. Overtime is counted in the zone of each
    rotation; rest and hours a week by the duty rules, of shifts that are written down. Beyond these it takes some
    statements for each rotation."""
    rotations = [rotation] if rotation is not None else list(Rotation.objects.order_by("pk"))
    shifts = held_shifts(Shift.objects.overlapping(start, end).filter(rotation__in=rotations))
    if end > now + AHEAD - DAY:
        shifts += _not_written(rotations, max(start, now), min(end, now + YEAR))
    zones = {each.pk: each.time_zone for each in rotations}
    loads = outlook(shifts, zones, start, end).people
    people = Person.objects.in_bulk([load.person for load in loads])
    prices = {pk: each.price for pk, each in duty_rules(rotations).items()}
    overtimes = {each.person: each for each in overtime(shifts, prices, start, end)}
    duties = duty_of(people, start, min(end, now + AHEAD - DAY)) if start < now + AHEAD - DAY else {}
    return [
        PersonHours(
            people[load.person],
            load,
            replace(
                duties.get(load.person, PersonDuty(person=load.person)), costs=overtimes[load.person].costs
            ),
        )
        for load in loads
    ]


def _not_written(rotations: Iterable[Rotation], start: datetime, end: datetime) -> Iterator[HeldShift]:
    """Shifts that start after the last that is written down of their rotation and level, worked out."""
    newest = Shift.objects.order_by().values_list("rotation", "level").annotate(Max("starts_at"))
    newest_at = {(rotation, level): starts_at for rotation, level, starts_at in newest}
    for rotation in rotations:
        with suppress(CalendarRefused):
            for shift in shifts_of(plan_of(rotation, start=start, end=end), start, end):
                last = newest_at.get((rotation.pk, shift.level))
                if last is None or shift.starts_at > last:
                    yield replace(shift, rotation=rotation.pk)


@dataclass(frozen=True, slots=True)
class PlannedDuty:
    """A shift to come, with who has it, or who is away from it or has an earlier level at the time."""

    shift: PlannedShift
    person: Person | None
    away: Person | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationOutlook:
    """The time ahead of a rotation: `weeks` are its next four, `ahead` the next 52. `clashes` are shifts that leave
    makes nobody's, `doubles` those that are nobody's because their person has an earlier level, `gone` people who left
    and still take turns, `gaps` times without a primary, `strangers` names that Muster does not know, `moments` events
    of a calendar that take no time."""

    weeks: tuple[PlannedDuty, ...] = ()
    ahead: Outlook | None = None
    loads: tuple[PersonHours, ...] = ()
    clashes: tuple[PlannedDuty, ...] = ()
    doubles: tuple[PlannedDuty, ...] = ()
    gone: tuple[Person, ...] = ()
    gaps: tuple[TimeSpan, ...] = ()
    strangers: tuple[str, ...] = ()
    moments: tuple[CalendarMoment, ...] = ()
    error: str = ""


def outlook_of(rotation: Rotation, *, now: datetime) -> RotationOutlook:
    """Worked out anew: shifts are written down for 60 days only."""
    until = now + YEAR
    try:
        plan = plan_of(rotation, start=now, end=until)
    except CalendarRefused as error:
        return RotationOutlook(error=str(error))
    shifts = shifts_of(plan, now, until)
    ahead = outlook(shifts, {0: rotation.time_zone}, now, until)
    people = Person.objects.in_bulk({shift.person or shift.away or shift.double for shift in shifts} - {None})
    duties = [
        PlannedDuty(shift, people.get(shift.person or 0), people.get(shift.away or shift.double or 0))
        for shift in shifts
    ]
    first = [shift for shift in shifts if shift.level == PRIMARY and shift.person is not None]
    gone = dict.fromkeys(duty.away for duty in duties if duty.shift.has_left and duty.away is not None)
    return RotationOutlook(
        weeks=tuple(duty for duty in duties if duty.shift.starts_at < now + FOUR_WEEKS),
        ahead=ahead,
        loads=tuple(
            PersonHours(people[load.person], load, PersonDuty(person=load.person)) for load in ahead.people
        ),
        clashes=tuple(duty for duty in duties if duty.shift.is_on_leave)[:A_FEW],
        doubles=tuple(duty for duty in duties if duty.shift.is_double)[:A_FEW],
        gone=tuple(gone)[:A_FEW],
        gaps=tuple(gaps(first, now, now + FOUR_WEEKS))[:A_FEW],
        strangers=tuple(dict.fromkeys(shift.unknown_name for shift in shifts if shift.unknown_name))[:A_FEW],
        moments=tuple(plan.moments)[:A_FEW],
    )
