"""Growth of qualified people beside growth of capacity: who counted when, and the gap between the two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
GROWTH_SPAN = timedelta(days=180)
ON_CALL_REACH = timedelta(days=30)
"""Somebody is among those on call of a site from this long before a shift there until this long after it."""

type Stretch = tuple[datetime, datetime]
"""From an instant up to, and not at, another."""


@dataclass(frozen=True, slots=True)
class QualifiedSpan:
    """The time for which a person is qualified at a site."""

    person_id: int
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QualifiedGrowth:
    """Qualified people and commissioned capacity of a site now and 180 days before. `is_on_call`: those on call are
    counted, else those assigned. `until` is the next instant at which a figure is another without anything written."""

    qualified_now: int
    qualified_then: int
    accelerators_now: int
    accelerators_then: int
    kw_now: float
    kw_then: float
    is_on_call: bool = False
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CapabilityGap:
    """`points`: growth of capacity minus growth of qualified people, in percentage points; None with a reason where
    there is no base to grow from. Growths are shares: 0.5 is half as much again."""

    known: QualifiedGrowth
    points: float | None
    accelerators_per_person: float | None
    kw_per_person: float | None
    capacity_growth: float | None
    people_growth: float | None
    reason: str = ""


NOTHING_THEN = "No capacity was commissioned 180 days ago: from zero there is no growth to compare."
NOBODY_THEN = "Nobody was qualified 180 days ago: from zero there is no growth to compare."
NOBODY_QUALIFIED = "Nobody is qualified now or was 180 days ago: there is no growth to compare."


def capability_gap(known: QualifiedGrowth) -> CapabilityGap:
    """Capacity is counted in accelerators, and in power where there were none."""
    people = known.qualified_now
    accelerators_each = known.accelerators_now / people if people else None
    kw_each = known.kw_now / people if people else None
    grown = growth_of(known.accelerators_then, known.accelerators_now)
    if grown is None:
        grown = growth_of(known.kw_then, known.kw_now)
    of_people = growth_of(known.qualified_then, people)
    if grown is not None and of_people is not None:
        return CapabilityGap(known, 100 * (grown - of_people), accelerators_each, kw_each, grown, of_people)
    reason = NOTHING_THEN
    if of_people is None:
        reason = NOBODY_THEN if people else NOBODY_QUALIFIED
    return CapabilityGap(known, None, accelerators_each, kw_each, grown, of_people, reason)


def growth_of(then: float, now: float) -> float | None:
    return now / then - 1 if then else None


def merged(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """In order of time, those that touch or overlap as one."""
    whole: list[Stretch] = []
    for begins_at, ends_at in sorted(stretches):
        if whole and begins_at <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], ends_at))
        elif begins_at < ends_at:
            whole.append((begins_at, ends_at))
    return tuple(whole)


def without(stretch: Stretch, gaps: Iterable[Stretch]) -> Iterator[Stretch]:
    begins_at, ends_at = stretch
    for gap_begins_at, gap_ends_at in merged(gaps):
        if begins_at < min(gap_begins_at, ends_at):
            yield begins_at, min(gap_begins_at, ends_at)
        begins_at = max(begins_at, gap_ends_at)
    if begins_at < ends_at:
        yield begins_at, ends_at


def overlaps(some: Iterable[Stretch], others: Sequence[Stretch]) -> Iterator[Stretch]:
    for begins_at, ends_at in some:
        for other_begins_at, other_ends_at in others:
            begin, end = max(begins_at, other_begins_at), min(ends_at, other_ends_at)
            if begin < end:
                yield begin, end


class Asked(NamedTuple):
    """A requirement, as it asks of a person. `vendor` is "" where any hardware will do."""

    domain: str
    skill_id: int
    level: int
    vendor: str


class Held(NamedTuple):
    """A qualification, with the time in which it was in force and its holder was not exempt."""

    person_id: int
    skill_id: int
    level: int
    vendor: str
    stretch: Stretch

    def meets(self, asked: Asked) -> bool:
        return self.level >= asked.level and asked.vendor in ("", self.vendor)


type People = Mapping[int, tuple[Stretch, ...]]
"""When somebody was assigned to a site, or among those on call there, by person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualifiedSite:
    """Spans in which people were qualified at a site: those assigned, and those on call in the domain of the skill.

    `called` is the time from the first that anybody is on call until the last; None: nobody ever was.
    """

    assigned: tuple[QualifiedSpan, ...] = ()
    on_call: tuple[QualifiedSpan, ...] = ()
    called: Stretch | None = None

    def counts_on_call(self, now: datetime) -> bool:
        """Whether somebody was on call 180 days ago and is now, so that like is compared with like."""
        return self.called is not None and self.called[0] <= now - GROWTH_SPAN and now < self.called[1]

    def changes_at(self, now: datetime) -> Iterator[datetime]:
        """Instants after `now` at which another number counts, or counted 180 days before."""
        moments = {
            moment for span in (*self.assigned, *self.on_call) for moment in (span.begins_at, span.ends_at)
        }
        return later(moments.union(self.called or ()), now)


def later(moments: Iterable[datetime], now: datetime) -> Iterator[datetime]:
    for moment in moments:
        if now < moment < NEVER:
            yield moment
        elif now - GROWTH_SPAN < moment <= now:
            yield moment + GROWTH_SPAN


def qualified_sites(
    asked: Mapping[int, Sequence[Asked]],
    holders: Iterable[Held],
    assigned: Mapping[int, People],
    on_call: Mapping[int, Mapping[str, People]],
) -> dict[int, QualifiedSite]:
    """`asked` and `assigned` are by site, `on_call` by site and domain."""
    by_skill: dict[int, list[Held]] = defaultdict(list)
    for holder in holders:
        by_skill[holder.skill_id].append(holder)

    # Many sites ask for the same.
    @cache
    def qualified(wanted: frozenset[Asked]) -> People:
        stretches: dict[int, list[Stretch]] = defaultdict(list)
        for each in wanted:
            for holder in by_skill[each.skill_id]:
                if holder.meets(each):
                    stretches[holder.person_id].append(holder.stretch)
        return {person_id: merged(each) for person_id, each in stretches.items()}

    def spans(wanted: Iterable[Asked], people: People) -> Iterator[QualifiedSpan]:
        skilled = qualified(frozenset(wanted))
        for person_id in people.keys() & skilled.keys():
            for begins_at, ends_at in overlaps(people[person_id], skilled[person_id]):
                yield QualifiedSpan(person_id, begins_at, ends_at)

    def of_site(site_id: int, wanted: Sequence[Asked]) -> QualifiedSite:
        domains = on_call.get(site_id, {})
        called: dict[int, list[Stretch]] = defaultdict(list)
        for domain, people in domains.items():
            for span in spans((each for each in wanted if each.domain == domain), people):
                called[span.person_id].append((span.begins_at, span.ends_at))
        every = [stretch for people in domains.values() for each in people.values() for stretch in each]
        return QualifiedSite(
            assigned=tuple(spans(wanted, assigned.get(site_id, {}))),
            on_call=tuple(
                QualifiedSpan(person_id, *each)
                for person_id, of_person in called.items()
                for each in merged(of_person)
            ),
            called=(min(every)[0], max(end for _, end in every)) if every else None,
        )

    return {site_id: of_site(site_id, wanted) for site_id, wanted in asked.items()}
