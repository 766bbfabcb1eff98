"""Cover of the time ahead: who is on call in a domain of a site, who of them is qualified, and whether that is enough.

A span counts different people. They are enough where every level has somebody, and both levels, and so many people as
the rule asks for, have each skill that the site requires on each shift. `qualified` and `needed` are those of the skill
that the fewest people have.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from readiness.organisation.people.core.on_call import (
    HOUR,
    LEVELS,
    NOBODY,
    WEEK,
    Lack,
    gaps,
    lacks_of_skill,
    total,
)
from readiness.organisation.people.core.rotations import HeldShift, TimeSpan, cut_doubles

COVER_DAYS, PROBLEM_DAYS = 60, 14
"""How far cover is computed, and within what time a short shift is a problem."""
DAY_BEGINS, NIGHT_BEGINS = time(6), time(18)
_DAY = timedelta(days=1)

type CoverStanding = Literal["short", "not-planned", "as-needed", "more"]

STANDINGS: tuple[CoverStanding, ...] = ("short", "not-planned", "as-needed", "more")
"""Worst first."""


class ShiftRequirement(NamedTuple):
    """A skill that people on call in a domain need, with its name in words; `per_shift` of them at least."""

    skill_id: int
    level: int
    vendor: str
    per_shift: int
    skill: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability(TimeSpan):
    """A person holds a skill in this time, or is exempt from it."""

    person: int
    skill_id: int
    level: int = 0
    vendor: str = ""
    is_exempt: bool = False

    def meets(self, requirement: ShiftRequirement) -> bool:
        return self.skill_id == requirement.skill_id and (
            self.is_exempt or (self.level >= requirement.level and requirement.vendor in ("", self.vendor))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverPart(TimeSpan):
    """Who is on call in a time, different people alone. `doubles` would have a later level too, which is nobody's.
    Without a shift, were it nobody's, nothing is planned."""

    people: frozenset[int] = frozenset()
    qualified: frozenset[int] = frozenset()
    needed: int
    lacks: tuple[Lack, ...] = ()
    is_planned: bool = True
    doubles: frozenset[int] = frozenset()

    standing: CoverStanding = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "standing", self._judged())

    def _judged(self) -> CoverStanding:
        if not self.is_planned:
            return "not-planned"
        if self.lacks or len(self.qualified) < self.needed:
            return "short"
        return "as-needed" if len(self.qualified) == self.needed else "more"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverSpan(CoverPart):
    """The same at a site. Spans of one domain follow each other without a gap; each ends where a shift begins or ends,
    or where somebody's leave, qualification or exemption changes who counts."""

    site: int
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfDay(TimeSpan):
    """Day or night of a local day, the night by the day that it begins on. `span` is the worst of it; `qualified` and
    `needed` are those of the span with the fewest people."""

    day: date
    is_night: bool
    span: CoverSpan
    qualified: int
    needed: int
    standing: CoverStanding


def cover_parts(
    domain: str,
    shifts: Iterable[HeldShift],
    requirements: Sequence[ShiftRequirement],
    abilities: Iterable[Ability],
    *,
    start: datetime,
    end: datetime,
) -> tuple[CoverPart, ...]:
    """Parts of the time from `start` to `end`, in order. `shifts` are of all rotations of the domain at a site."""
    near = [
        shift
        for shift in cut_doubles(shifts)
        if shift.level in LEVELS and shift.starts_at < end and shift.ends_at > start
    ]
    near.sort(key=lambda shift: shift.starts_at)
    holders = {shift.person for shift in near}
    able: dict[ShiftRequirement, list[Ability]] = {requirement: [] for requirement in requirements}
    for ability in abilities:
        for requirement, of_requirement in able.items():
            if ability.person in holders and ability.meets(requirement):
                of_requirement.append(ability)
    turns = {at for shift in near for at in (shift.starts_at, shift.ends_at)}
    changes = {at for several in able.values() for each in several for at in (each.starts_at, each.ends_at)}
    edges = sorted({start, end} | {at for at in turns | changes if start < at < end})
    parts, present, place = list[CoverPart](), list[HeldShift](), 0
    for begins, ends in pairwise(edges):
        present = [shift for shift in present if shift.ends_at > begins]
        while place < len(near) and near[place].starts_at <= begins:
            present += [near[place]] if near[place].ends_at > begins else []
            place += 1
        part = _part(domain, present, able, begins, ends)
        if parts and begins not in turns and _alike(parts[-1], part):
            part = _part(domain, present, able, parts.pop().starts_at, ends)
        parts.append(part)
    return tuple(parts)


def _part(
    domain: str,
    present: Sequence[HeldShift],
    able: Mapping[ShiftRequirement, Iterable[Ability]],
    starts_at: datetime,
    ends_at: datetime,
) -> CoverPart:
    levels: dict[int, set[int]] = {level: set() for level in LEVELS}
    for shift in present:
        if shift.person is not None:
            levels[shift.level].add(shift.person)
    of_levels = {level: frozenset(people) for level, people in levels.items()}
    people = frozenset[int]().union(*of_levels.values())
    qualified, needed, missing = people, len(LEVELS), list[Lack]()
    if present:
        missing = [
            Lack(domain=domain, level=level, skill=NOBODY)
            for level, of_level in of_levels.items()
            if not of_level
        ]
    for requirement, of_requirement in able.items():
        has_skill = frozenset(
            each.person for each in of_requirement if each.starts_at <= starts_at < each.ends_at
        )
        requested = max(len(LEVELS), requirement.per_shift)
        counted = people & has_skill
        if (len(counted) - requested, len(counted)) < (len(qualified) - needed, len(qualified)):
            qualified, needed = counted, requested
        if people:
            missing += lacks_of_skill(domain, requirement.skill, requirement.per_shift, has_skill, of_levels)
    return CoverPart(
        starts_at=starts_at,
        ends_at=ends_at,
        people=people,
        qualified=qualified,
        needed=needed,
        lacks=tuple(dict.fromkeys(missing)),
        is_planned=bool(present),
        doubles=frozenset(shift.double for shift in present if shift.double is not None),
    )


def _alike(one: CoverPart, other: CoverPart) -> bool:
    return (one.people, one.qualified, one.needed, one.lacks, one.doubles) == (
        *(other.people, other.qualified, other.needed, other.lacks, other.doubles),
    )


def half_days(spans: Iterable[CoverSpan], zone: str) -> list[HalfDay]:
    """Days from 6:00 and nights from 18:00 local time, of spans of one domain of a site in order; the first and last
    may be cut."""
    halves: dict[tuple[date, bool], list[CoverSpan]] = defaultdict(list)
    local = ZoneInfo(zone)
    for span in spans:
        day, is_night = _half_day(span.starts_at.astimezone(local))
        while _times(day, is_night, local)[0] < span.ends_at:
            halves[day, is_night].append(span)
            day, is_night = (day + _DAY, False) if is_night else (day, True)
    return [_worst_of(day, is_night, parts, local) for (day, is_night), parts in halves.items()]


def _half_day(at: datetime) -> tuple[date, bool]:
    if at.time() < DAY_BEGINS:
        return at.date() - _DAY, True
    return at.date(), at.time() >= NIGHT_BEGINS


def _times(day: date, is_night: bool, zone: ZoneInfo) -> tuple[datetime, datetime]:
    day_ends = datetime.combine(day, NIGHT_BEGINS, tzinfo=zone).astimezone(UTC)
    if is_night:
        return day_ends, datetime.combine(day + _DAY, DAY_BEGINS, tzinfo=zone).astimezone(UTC)
    return datetime.combine(day, DAY_BEGINS, tzinfo=zone).astimezone(UTC), day_ends


def _worst_of(day: date, is_night: bool, parts: Sequence[CoverSpan], zone: ZoneInfo) -> HalfDay:
    starts_at, ends_at = _times(day, is_night, zone)
    fewest = min(parts, key=lambda span: len(span.qualified))
    worst = min(parts, key=lambda span: (STANDINGS.index(span.standing), len(span.qualified)))
    return HalfDay(
        starts_at=starts_at,
        ends_at=ends_at,
        day=day,
        is_night=is_night,
        span=worst,
        standing=worst.standing,
        qualified=len(fewest.qualified),
        needed=fewest.needed,
    )


def rest_around(shifts: Iterable[TimeSpan], span: TimeSpan) -> tuple[timedelta | None, timedelta | None]:
    """Time between a span and the shift of a person before it and the one after it; None where there is none. What
    overlaps leaves no time."""
    before, after = list[timedelta](), list[timedelta]()
    for shift in shifts:
        if shift.starts_at < span.ends_at:
            before.append(max(span.starts_at - shift.ends_at, timedelta()))
        if shift.ends_at > span.starts_at:
            after.append(max(shift.starts_at - span.ends_at, timedelta()))
    return min(before, default=None), min(after, default=None)


def holds_until(requirement: ShiftRequirement, abilities: Iterable[Ability], at: datetime) -> datetime | None:
    """Until when a person has a skill without a break, by what they hold; None: not at `at`."""
    until = at
    for ability in sorted(abilities, key=lambda each: each.starts_at):
        if ability.meets(requirement) and ability.starts_at <= until:
            until = max(until, ability.ends_at)
    return until if until > at else None


def week_hours(shifts: Iterable[TimeSpan], span: TimeSpan) -> float:
    """The most hours of a person in the 7 days that end, or begin, with a span, which counts as theirs."""
    spans = [*shifts, span]
    weeks = ((span.ends_at - WEEK, span.ends_at), (span.starts_at, span.starts_at + WEEK))
    return max((end - start - total(gaps(spans, start, end))) / HOUR for start, end in weeks)
