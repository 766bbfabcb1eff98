"""A rotation that is not saved yet: what its shifts would be, what they leave open, and what they change."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise

from readiness.organisation.people.core.on_call import (
    HOUR,
    LEVELS,
    Outlook,
    gaps,
    outlook,
    total,
)
from readiness.organisation.people.core.rotations import HeldShift, PlannedShift, TimeSpan, TurnLayer

MOST_LAYERS, MOST_IN_TURN, MOST_SITES = 20, 100, 2_000
PREVIEWED = timedelta(weeks=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLayer:
    """A layer as somebody enters it: `id` is None for a new one, `people` are ids in the order of their turns."""

    id: int | None = None
    name: str = ""
    level: int
    starts_at: datetime
    ends_at: datetime | None = None
    rule: str
    duration_min: int
    turn_shifts: int = 1
    people: tuple[int, ...] = ()

    def turns(self, never: datetime) -> TurnLayer:
        return TurnLayer(
            level=self.level,
            starts_at=self.starts_at,
            ends_at=self.ends_at or never,
            rule=self.rule,
            duration=timedelta(minutes=self.duration_min),
            turn_shifts=self.turn_shifts,
            people=self.people,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationDraft:
    """A rotation with all that makes its shifts, but for a calendar, overrides, swaps and leave."""

    name: str
    slug: str
    domain: str
    team: int | None
    time_zone: str
    home_region: int | None = None
    home_site: int | None = None
    is_home_chosen: bool = True
    sites: tuple[int, ...] = ()
    layers: tuple[DraftLayer, ...] = ()

    @property
    def people(self) -> frozenset[int]:
        return frozenset(person for layer in self.layers for person in layer.people)

    @property
    def fingerprint(self) -> str:
        """The same for the same rotation: who saves one says which they saw."""
        return sha256(repr(self).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelGap(TimeSpan):
    """A time in which a level is nobody's."""

    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleBooking(TimeSpan):
    """A time for which one person has shifts of two rotations, or would have two levels of one."""

    person: int
    rotation: int
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftChange(TimeSpan):
    """A time of a level that somebody else has than now; None is nobody."""

    level: int
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLoad:
    """A person's hours in the time, what they are now, and how they compare with the mean of all, in %."""

    person: int
    hours: float
    before_h: float
    against_mean: float
    shifts: int
    overtime: float
    is_overloaded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOutlook:
    """`gaps`, `doubles` and `changes` are in order of time. `uncovered_h` counts the gaps of all levels."""

    shifts: tuple[PlannedShift, ...]
    gaps: tuple[LevelGap, ...]
    doubles: tuple[DoubleBooking, ...]
    loads: tuple[DraftLoad, ...]
    changes: tuple[ShiftChange, ...]
    mean_h: float

    @property
    def uncovered_h(self) -> float:
        return total(self.gaps) / HOUR

    @property
    def changed_h(self) -> float:
        return total(self.changes) / HOUR


def draft_outlook(
    before: Sequence[PlannedShift],
    after: Sequence[PlannedShift],
    elsewhere: Iterable[HeldShift],
    zone: str,
    start: datetime,
    end: datetime,
) -> DraftOutlook:
    """`before` and `after` are shifts of the rotation, `elsewhere` those that its people have in others."""
    theirs = [shift for shift in after if shift.person is not None]
    ahead, present = (outlook(shifts, {0: zone}, start, end) for shifts in (after, before))
    loads = tuple(_loads(ahead, present))
    return DraftOutlook(
        shifts=tuple(after),
        gaps=tuple(_gaps(theirs, {shift.level for shift in after}, start, end)),
        doubles=tuple(sorted(_doubles(after, elsewhere, start, end), key=lambda each: each.starts_at)),
        loads=loads,
        changes=tuple(_changes(before, after, start, end)),
        mean_h=sum(load.hours for load in loads) / len(loads) if loads else 0.0,
    )


def _loads(ahead: Outlook, present: Outlook) -> Iterator[DraftLoad]:
    """Whoever has no hours any more comes last."""
    hours_now = {load.person: load.hours for load in present.people}
    mean = sum(load.hours for load in ahead.people) / max(len(ahead.people), 1)
    for load in ahead.people:
        yield DraftLoad(
            person=load.person,
            hours=load.hours,
            before_h=hours_now.pop(load.person, 0.0),
            against_mean=100 * (load.hours / mean - 1) if mean else 0.0,
            shifts=load.shifts,
            overtime=load.overtime,
            is_overloaded=load.is_overloaded,
        )
    for person, hours in hours_now.items():
        yield DraftLoad(
            person=person,
            hours=0.0,
            before_h=hours,
            against_mean=-100.0,
            shifts=0,
            overtime=0.0,
            is_overloaded=False,
        )


def _gaps(
    shifts: Sequence[HeldShift], levels: Iterable[int], start: datetime, end: datetime
) -> list[LevelGap]:
    """A rotation has a primary and a secondary, and whatever other level it names."""
    every = [
        LevelGap(level=level, starts_at=gap.starts_at, ends_at=gap.ends_at)
        for level in sorted({*LEVELS, *levels})
        for gap in gaps([shift for shift in shifts if shift.level == level], start, end)
        if gap.starts_at < gap.ends_at
    ]
    return sorted(every, key=lambda gap: (gap.starts_at, gap.level))


def _doubles(
    after: Iterable[PlannedShift], elsewhere: Iterable[HeldShift], start: datetime, end: datetime
) -> Iterator[DoubleBooking]:
    """Levels that one person would have at once, and shifts at the time of another rotation's."""
    others: dict[int, list[HeldShift]] = defaultdict(list)
    for shift in elsewhere:
        if shift.person is not None:
            others[shift.person].append(shift)
    for shift in after:
        if shift.double is not None:
            yield from _booked(shift, shift, shift.double, start, end)
        for other in others.get(shift.person or 0, ()):
            yield from _booked(shift, other, other.person or 0, start, end)


def _booked(
    shift: HeldShift, other: HeldShift, person: int, start: datetime, end: datetime
) -> Iterator[DoubleBooking]:
    begins = max(shift.starts_at, other.starts_at, start)
    ends = min(shift.ends_at, other.ends_at, end)
    if begins < ends:
        yield DoubleBooking(
            person=person, rotation=other.rotation, level=other.level, starts_at=begins, ends_at=ends
        )


def _changes(
    before: Iterable[PlannedShift], after: Iterable[PlannedShift], start: datetime, end: datetime
) -> list[ShiftChange]:
    sides = [_group_by_level(shifts) for shifts in (before, after)]
    every: list[ShiftChange] = []
    for level in sorted({*sides[0], *sides[1]}):
        shifts = [side.get(level, []) for side in sides]
        edges = {at for side in shifts for shift in side for at in (shift.starts_at, shift.ends_at)}
        points = sorted({start, end, *(at for at in edges if start < at < end)})
        holders = zip(*(_holders(side, points) for side in shifts), strict=True)
        for (begins, ends), (was, becomes) in zip(pairwise(points), holders, strict=False):
            last = every[-1] if every else None
            if was == becomes:
                continue
            change = ShiftChange(level=level, before=was, after=becomes, starts_at=begins, ends_at=ends)
            if (
                last is not None
                and replace(last, starts_at=begins, ends_at=ends) == change
                and last.ends_at == begins
            ):
                every[-1] = replace(last, ends_at=ends)
            else:
                every.append(change)
    return sorted(every, key=lambda change: (change.starts_at, change.level))


def _group_by_level(shifts: Iterable[PlannedShift]) -> dict[int, list[PlannedShift]]:
    by_level: dict[int, list[PlannedShift]] = defaultdict(list)
    for shift in shifts:
        by_level[shift.level].append(shift)
    return by_level


def _holders(shifts: Iterable[PlannedShift], points: Iterable[datetime]) -> Iterator[int | None]:
    """Who has the level from each point on; of several the one whose shift began first."""
    coming = sorted(shifts, key=lambda shift: shift.starts_at)[::-1]
    present: list[PlannedShift] = []
    for point in points:
        while coming and coming[-1].starts_at <= point:
            present.append(coming.pop())
        present = [shift for shift in present if shift.ends_at > point]
        yield next((shift.person for shift in present if shift.person is not None), None)
