"""Growth of qualified people beside growth of capacity: who counted when, and the gap between the two."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

GROWTH_SPAN = timedelta(days=180)
ON_CALL_REACH = timedelta(days=30)
"""Somebody is among those on call of a site from this long before a shift there until this long after it."""

type Stretch = tuple[datetime, datetime]
"""From an instant up to, and not at, another."""


@dataclass(frozen=True, slots=True)
class QualifiedSpan:
    """A person counts as qualified at a site for this time."""

    site_id: int
    person_id: int
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QualifiedGrowth:
    """Qualified people and commissioned capacity of a site now and 180 days before. `is_on_call`: those on call are
    counted, else those assigned."""

    qualified_now: int
    qualified_then: int
    accelerators_now: int
    accelerators_then: int
    kw_now: float
    kw_then: float
    is_on_call: bool = False

    @property
    def gap(self) -> CapabilityGap:
        return capability_gap(self)


@dataclass(frozen=True, slots=True)
class CapabilityGap:
    """`points`: growth of capacity minus growth of qualified people, in percentage points; None with a reason where
    there is no base to grow from. Growths are shares: 0.5 is half as much again."""

    points: float | None
    accelerators_per_person: float | None
    kw_per_person: float | None = None
    capacity_growth: float | None = None
    people_growth: float | None = None
    reason: str = ""


NOTHING_THEN = "No capacity was commissioned 180 days ago: from zero there is no growth to compare."
NOBODY_THEN = "Nobody was qualified 180 days ago: from zero there is no growth to compare."
NOBODY = "Not recorded: nobody is recorded as qualified."


def capability_gap(known: QualifiedGrowth) -> CapabilityGap:
    """Capacity is counted in accelerators, and in power where there were none."""
    people = known.qualified_now
    per_person = (known.accelerators_now / people, known.kw_now / people) if people else (None, None)
    grown = growth_of(known.accelerators_then, known.accelerators_now)
    if grown is None:
        grown = growth_of(known.kw_then, known.kw_now)
    of_people = growth_of(known.qualified_then, people)
    if grown is not None and of_people is not None:
        return CapabilityGap(100 * (grown - of_people), *per_person, grown, of_people)
    reason = NOTHING_THEN
    if of_people is None:
        reason = NOBODY_THEN if people else NOBODY
    return CapabilityGap(None, *per_person, grown, of_people, reason)


def growth_of(then: float, now: float) -> float | None:
    return now / then - 1 if then else None


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """In order of time, those that touch or overlap as one."""
    whole: list[Stretch] = []
    for begins_at, ends_at in sorted(stretches):
        if whole and begins_at <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], ends_at))
        elif begins_at < ends_at:
            whole.append((begins_at, ends_at))
    return whole


def overlaps(some: Sequence[Stretch], others: Sequence[Stretch]) -> Iterator[Stretch]:
    for begins_at, ends_at in some:
        for other_begins_at, other_ends_at in others:
            begin, end = max(begins_at, other_begins_at), min(ends_at, other_ends_at)
            if begin < end:
                yield begin, end


def counted[Group: Hashable](
    spans: Iterable[tuple[Group, QualifiedSpan]], instants: Sequence[datetime]
) -> dict[Group, list[int]]:
    """How many different people count in each group at each instant; `instants` are in order of time."""
    places: dict[tuple[Group, int], list[tuple[int, int]]] = defaultdict(list)
    for group, span in spans:
        first, last = bisect_left(instants, span.begins_at), bisect_left(instants, span.ends_at)
        if first < last:
            places[group, span.person_id].append((first, last))
    changes: dict[Group, list[int]] = {}
    for (group, _person), ranges in places.items():
        steps = changes.setdefault(group, [0] * (len(instants) + 1))
        until = 0
        for first, last in sorted(ranges):
            begin = max(first, until)
            if begin < last:
                steps[begin] += 1
                steps[last] -= 1
                until = last
    return {group: _running(steps[:-1]) for group, steps in changes.items()}


def _running(steps: Sequence[int]) -> list[int]:
    totals, total = [], 0
    for step in steps:
        total += step
        totals.append(total)
    return totals
