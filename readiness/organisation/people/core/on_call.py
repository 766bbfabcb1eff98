"""Who is on call, and how a rotation stands."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from readiness.organisation.people.core.coverage import CoveredRequirement
from readiness.organisation.people.core.rotations import HeldShift, TimeSpan, cut_doubles
from readiness.organisation.people.core.training import DOMAINS

PRIMARY, SECONDARY = 1, 2
LEVELS = {PRIMARY: "primary", SECONDARY: "secondary"}
HOUR, WEEK, MONTH = timedelta(hours=1), timedelta(days=7), timedelta(days=30)
OFFICE = (time(8), time(18))
"""Weekdays between these, in local time, are no overtime."""
SATURDAY = 5
NOBODY = "nobody"
"""The lack of a level that nobody has."""
OVERLOAD = 0.15
"""Whoever has that much more than the mean is overloaded, as in Grafana OnCall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """A skill that the site requires of those on call, and nobody at this level has; level None: too few of all. Where
    a level is nobody's at all, it lacks nobody's skill: `NOBODY`."""

    domain: str
    level: int | None
    skill: str

    def __str__(self) -> str:
        who = "too few on call" if self.level is None else LEVELS[self.level]
        return f"{self.domain}, {who}: {self.skill}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationSize:
    """`until` is when somebody stops taking turns."""

    people: int
    sites: int
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallStanding:
    """One site's figures. `uncovered` are domains with the level that is nobody's at some hour of the next 7 days.
    `busiest` is the largest share of 30 days, before or after the full hour, that one person is on call, in %. `until`
    is when any other of it changes next."""

    uncovered: tuple[tuple[str, int], ...] = ()
    lacks: tuple[Lack, ...] = ()
    busiest: float | None = None
    smallest: RotationSize | None = None
    until: datetime | None = None


def site_standing(
    shifts: Sequence[HeldShift],
    duties: Iterable[HeldShift],
    sizes: Iterable[RotationSize],
    *,
    now: datetime,
) -> OnCallStanding:
    """`shifts` are of rotations that serve the site, `duties` everything that their people have anywhere. What they
    lack is another at each site."""
    sizes = list(sizes)
    held_shifts = [shift for shift in cut_doubles(shifts) if shift.person is not None]
    edges = {at for shift in shifts for at in (shift.starts_at, shift.ends_at)}
    # A gap is seen a week ahead.
    edges |= {at - WEEK for at in edges}
    edges |= {size.until for size in sizes if size.until is not None}
    return OnCallStanding(
        uncovered=_uncovered(held_shifts, now),
        busiest=_busiest(duties, now),
        smallest=min(sizes, key=lambda size: (size.people, size.sites), default=None),
        until=min((at for at in edges if at > now), default=None),
    )


def full_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _uncovered(shifts: Sequence[HeldShift], now: datetime) -> tuple[tuple[str, int], ...]:
    spans: dict[tuple[str, int], list[HeldShift]] = {}
    for shift in shifts:
        spans.setdefault((shift.domain, shift.level), []).append(shift)
    return tuple(
        (domain, level)
        for domain in DOMAINS
        for level in LEVELS
        if gaps(spans.get((domain, level), ()), now, now + WEEK)
    )


def gaps(spans: Iterable[TimeSpan], start: datetime, end: datetime) -> list[TimeSpan]:
    """Times from `start` to `end` that none of the spans covers."""
    open_from, open_spans = start, []
    for span in sorted(spans, key=lambda each: each.starts_at):
        if span.starts_at > open_from:
            open_spans.append(TimeSpan(starts_at=open_from, ends_at=min(span.starts_at, end)))
        open_from = max(open_from, span.ends_at)
        if open_from >= end:
            return open_spans
    return [*open_spans, TimeSpan(starts_at=open_from, ends_at=end)]


def present(shifts: Iterable[HeldShift], at: datetime) -> dict[tuple[str, int], frozenset[int]]:
    """Who is on call, by domain and level; nobody at two levels of a domain."""
    people: dict[tuple[str, int], set[int]] = {}
    current = (shift for shift in shifts if shift.starts_at <= at < shift.ends_at)
    for shift in cut_doubles(current):
        if shift.person is not None and shift.starts_at <= at < shift.ends_at:
            people.setdefault((shift.domain, shift.level), set()).add(shift.person)
    return {key: frozenset(each) for key, each in people.items()}


def lacks(
    requirements: Iterable[CoveredRequirement], people: Mapping[tuple[str, int], Collection[int]]
) -> tuple[Lack, ...]:
    """Skills of which the site asks for somebody on each shift, and the primary or the secondary has none. Whoever is
    at both levels counts as primary."""
    missing = []
    for covered in requirements:
        requirement = covered.requirement
        of_levels = levels_of(requirement.domain, people)
        if requirement.per_shift and any(of_levels.values()):
            skill = f"{requirement.skill_name}, level {requirement.level}"
            able = covered.on_call | covered.exempt
            missing += lacks_of_skill(requirement.domain, skill, requirement.per_shift, able, of_levels)
    return tuple(dict.fromkeys(missing))


def levels_of(domain: str, people: Mapping[tuple[str, int], Collection[int]]) -> dict[int, frozenset[int]]:
    """Different people at each level of a domain: nobody stands in for themselves."""
    of_levels: dict[int, frozenset[int]] = {}
    for level in LEVELS:
        before = frozenset[int]().union(*of_levels.values())
        of_levels[level] = frozenset(people.get((domain, level), ())) - before
    return of_levels


def lacks_of_skill(
    domain: str, skill: str, per_shift: int, able: Collection[int], of_levels: Mapping[int, frozenset[int]]
) -> list[Lack]:
    """`able` have the skill, or are exempt. A level without people lacks no skill."""
    without = [level for level, people in of_levels.items() if people and people.isdisjoint(able)]
    missing = [Lack(domain=domain, level=level, skill=skill) for level in without]
    if not without and len(frozenset[int]().union(*of_levels.values()).intersection(able)) < per_shift:
        missing.append(Lack(domain=domain, level=None, skill=skill))
    return missing


def hours_of(shifts: Iterable[HeldShift], start: datetime, end: datetime) -> dict[int, float]:
    """Hours of each person on call from `start` to `end`, at whatever level; what overlaps counts once."""
    by_person: dict[int, list[HeldShift]] = {}
    for shift in shifts:
        if shift.person is not None and shift.starts_at < end and shift.ends_at > start:
            by_person.setdefault(shift.person, []).append(shift)
    return {
        person: (end - start - total(gaps(spans, start, end))) / HOUR for person, spans in by_person.items()
    }


def total(spans: Iterable[TimeSpan]) -> timedelta:
    return sum((span.ends_at - span.starts_at for span in spans), timedelta())


def _busiest(duties: Iterable[HeldShift], now: datetime) -> float | None:
    shifts, now = list(duties), full_hour(now)
    hours = [
        each
        for start, end in ((now - MONTH, now), (now, now + MONTH))
        for each in hours_of(shifts, start, end).values()
    ]
    return 100 * max(hours) / (MONTH / HOUR) if hours else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A person's part of a rotation in a time. `share` is of the time, in %."""

    person: int
    hours: float
    share: float
    overtime: float
    shifts: int
    is_overloaded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How a rotation stands in a time: what is nobody's at its primary level, in %, and what each person has."""

    uncovered: float
    people: tuple[Workload, ...]
    overtime: float

    @property
    def overloaded(self) -> int:
        return sum(load.is_overloaded for load in self.people)


def outlook(shifts: Sequence[HeldShift], zones: Mapping[int, str], start: datetime, end: datetime) -> Outlook:
    """`zones` are those of the rotations, in which overtime is told."""
    of_person: dict[int, list[HeldShift]] = {}
    for shift in shifts:
        if shift.person is not None:
            of_person.setdefault(shift.person, []).append(shift)
    hours = hours_of(shifts, start, end)
    beyond = {each: hours[each] - office_hours(of_person[each], zones, start, end) for each in hours}
    all_hours = sum(hours.values())
    people = tuple(
        Workload(
            person=person,
            hours=hours[person],
            share=100 * hours[person] * HOUR / (end - start),
            overtime=beyond[person],
            shifts=len(of_person[person]),
            is_overloaded=hours[person] > all_hours / len(hours) * (1 + OVERLOAD),
        )
        for person in sorted(hours, key=lambda each: (-hours[each], each))
    )
    first = [shift for shift in shifts if shift.level == PRIMARY and shift.person is not None]
    return Outlook(
        uncovered=100 * (total(gaps(first, start, end)) / (end - start)),
        people=people,
        overtime=100 * sum(beyond.values()) / all_hours if all_hours else 0.0,
    )


def office_hours(
    shifts: Iterable[HeldShift], zones: Mapping[int, str], start: datetime, end: datetime
) -> float:
    """Hours of one person's shifts on weekdays between 8:00 and 18:00 of each rotation's zone."""
    worked, last = timedelta(), start
    for shift in sorted(shifts, key=lambda each: each.starts_at):
        zone = ZoneInfo(zones[shift.rotation])
        begins, ends = max(shift.starts_at, last), min(shift.ends_at, end)
        last = max(last, shift.ends_at)
        day = begins.astimezone(zone).date()
        while begins < ends and day <= ends.astimezone(zone).date():
            if day.weekday() < SATURDAY:
                opens, closes = (datetime.combine(day, at, tzinfo=zone) for at in OFFICE)
                worked += max(min(ends, closes) - max(begins, opens), timedelta())
            day += timedelta(days=1)
    return worked / HOUR
