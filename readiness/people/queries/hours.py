"""Hours of people on call in a time, and the outlook of a rotation."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from readiness.people.core.calendar_lines import CalendarRefused
from readiness.people.core.on_call import PRIMARY, HeldShift, Outlook, Workload, gaps, outlook
from readiness.people.core.rotations import PlannedShift, TimeSpan, shifts_of
from readiness.people.models import Person, Rotation, Shift
from readiness.people.queries.on_call import held
from readiness.people.queries.rotations import plan_of

HOUR, FOUR_WEEKS, YEAR = timedelta(hours=1), timedelta(weeks=4), timedelta(weeks=52)
A_FEW = 20


@dataclass(frozen=True, slots=True)
class PersonHours:
    person: Person
    load: Workload
    share: float
    shifts: int


def hours_on_call(start: datetime, end: datetime, *, rotation: Rotation | None = None) -> list[PersonHours]:
    """Everybody who had or has a shift, by hours. Overtime is counted in the zone of each rotation."""
    shifts = Shift.objects.between(start, end).filter(person__isnull=False)
    if rotation is not None:
        shifts = shifts.filter(rotation=rotation)
    duties = held(shifts)
    zones = dict(Rotation.objects.order_by().values_list("pk", "time_zone"))
    loads = outlook(duties, zones, start, end).people
    return _hours(duties, loads, Person.objects.in_bulk([load.person for load in loads]), end - start)


def _hours(
    shifts: Iterable[HeldShift], loads: Iterable[Workload], people: Mapping[int, Person], span: timedelta
) -> list[PersonHours]:
    numbers = Counter(shift.person for shift in shifts)
    return [
        PersonHours(people[load.person], load, 100 * load.hours / (span / HOUR), numbers[load.person])
        for load in loads
    ]


@dataclass(frozen=True, slots=True)
class PlannedDuty:
    """A shift to come, with who has it, or who is away from it."""

    shift: PlannedShift
    person: Person | None
    away: Person | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationOutlook:
    """The time ahead of a rotation: `weeks` are its next four, `ahead` the next 52. `clashes` are shifts that leave
    makes nobody's, `gone` people who left and still take turns, `gaps` times without a primary, `strangers` names that
    Muster does not know."""

    weeks: tuple[PlannedDuty, ...] = ()
    ahead: Outlook | None = None
    loads: tuple[PersonHours, ...] = ()
    clashes: tuple[PlannedDuty, ...] = ()
    gone: tuple[Person, ...] = ()
    gaps: tuple[TimeSpan, ...] = ()
    strangers: tuple[str, ...] = ()
    error: str = ""


def outlook_of(rotation: Rotation, *, now: datetime) -> RotationOutlook:
    """Worked out anew: shifts are written down for 60 days only."""
    until = now + YEAR
    try:
        shifts = shifts_of(plan_of(rotation, start=now, end=until), now, until)
    except CalendarRefused as error:
        return RotationOutlook(error=str(error))
    planned = [
        HeldShift(
            rotation=rotation.pk,
            domain=rotation.domain,
            level=shift.level,
            person=shift.person,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
        )
        for shift in shifts
    ]
    ahead = outlook(planned, {rotation.pk: rotation.time_zone}, now, until)
    ids = {each for shift in shifts for each in (shift.person, shift.away) if each is not None}
    people = Person.objects.in_bulk(ids)
    duties = [
        PlannedDuty(shift, people.get(shift.person or 0), people.get(shift.away or 0)) for shift in shifts
    ]
    first = [shift for shift in planned if shift.level == PRIMARY and shift.person is not None]
    return RotationOutlook(
        weeks=tuple(duty for duty in duties if duty.shift.starts_at < now + FOUR_WEEKS),
        ahead=ahead,
        loads=tuple(_hours(planned, ahead.people, people, YEAR)),
        clashes=tuple(duty for duty in duties if duty.shift.is_on_leave)[:A_FEW],
        gone=tuple(
            dict.fromkeys(duty.away for duty in duties if duty.shift.has_left and duty.away is not None)
        )[:A_FEW],
        gaps=tuple(gaps(first, now, now + FOUR_WEEKS))[:A_FEW],
        strangers=tuple(dict.fromkeys(shift.unknown_name for shift in shifts if shift.unknown_name))[:A_FEW],
    )
