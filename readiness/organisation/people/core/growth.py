"""Growth of qualified people beside growth of capacity: who counted when, and the gap between the two."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NEVER = datetime.max.replace(tzinfo=UTC)
GROWTH_SPAN = timedelta(days=180)
ON_CALL_REACH = timedelta(days=30)
"""Somebody is among those on call of a site from this long before a shift there until this long after it."""


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

    growth: QualifiedGrowth
    points: float | None
    accelerators_per_person: float | None
    kw_per_person: float | None
    capacity_growth: float | None
    people_growth: float | None
    reason: str = ""


NOTHING_THEN = "No capacity was commissioned 180 days ago: from zero there is no growth to compare."
NOBODY_THEN = "Nobody was qualified 180 days ago: from zero there is no growth to compare."
NOBODY_QUALIFIED = "Nobody is qualified now or was 180 days ago: there is no growth to compare."


def capability_gap(growth: QualifiedGrowth) -> CapabilityGap:
    """Capacity is counted in accelerators, and in power where there were none."""
    people = growth.qualified_now
    accelerators_each = growth.accelerators_now / people if people else None
    kw_each = growth.kw_now / people if people else None
    grown = growth_of(growth.accelerators_then, growth.accelerators_now)
    if grown is None:
        grown = growth_of(growth.kw_then, growth.kw_now)
    of_people = growth_of(growth.qualified_then, people)
    if grown is not None and of_people is not None:
        return CapabilityGap(growth, 100 * (grown - of_people), accelerators_each, kw_each, grown, of_people)
    reason = NOTHING_THEN
    if of_people is None:
        reason = NOBODY_THEN if people else NOBODY_QUALIFIED
    return CapabilityGap(growth, None, accelerators_each, kw_each, grown, of_people, reason)


def growth_of(then: float, now: float) -> float | None:
    return now / then - 1 if then else None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualifiedSite:
    """Spans in which people were qualified at a site: those assigned, and those on call in the domain of the skill.

    `called` is the time from the first that anybody is on call until the last; None: nobody ever was.
    """

    assigned: tuple[QualifiedSpan, ...] = ()
    on_call: tuple[QualifiedSpan, ...] = ()
    called: tuple[datetime, datetime] | None = None

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
