"""Rotations to shifts: layers in turns, then overrides, swaps that were taken, and who is away. Instants in and out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from readiness.organisation.people.core.recurrence import RuleRefused, starts_of

BACK, AHEAD = timedelta(days=35), timedelta(days=61)
"""How far shifts are written down: a day further than pages look, so that these never see the edge."""
LEAST_APART = timedelta(minutes=15)
MOST_LOOKED_AT = 2_000
LOOKED_AT = timedelta(days=800)
EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)
"""Layers begin later: the turns of a layer are counted from its first shift on."""


class ShiftOrigin(StrEnum):
    LAYER = "layer"
    CALENDAR = "calendar"
    OVERRIDE = "override"
    SWAP = "swap"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpan:
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnLayer(TimeSpan):
    """`people` are ids in the order of their turns; `ends_at` is the end of the layer."""

    level: int
    rule: str
    duration: timedelta
    turn_shifts: int
    people: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldShift(TimeSpan):
    """A shift without a person belongs to nobody. Rotation and domain are given if there are several. `double` is who
    would have it, but has a level before it at the same time."""

    level: int
    person: int | None
    rotation: int = 0
    domain: str = ""
    double: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenShift(HeldShift):
    """A swap that was taken: what is `person`'s in this time is `taker`'s."""

    taker: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence(TimeSpan):
    """Leave, or the time after somebody left."""

    person: int
    has_left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedShift(HeldShift):
    """`away` is who would have had it, where leave makes it nobody's, or that they left."""

    origin: ShiftOrigin
    unknown_name: str = ""
    away: int | None = None
    has_left: bool = False

    @property
    def is_double(self) -> bool:
        return self.double is not None

    @property
    def is_on_leave(self) -> bool:
        return self.away is not None and not self.has_left


@dataclass(frozen=True, slots=True)
class CalendarMoment:
    """An event that takes no time, and so is nobody's shift; `line` is where it begins."""

    line: int
    at: datetime
    title: str


@dataclass(frozen=True, kw_only=True)
class RotationPlan:
    """`calendar` are the shifts of a calendar, which takes the place of layers; `moments` are its other events."""

    time_zone: str
    layers: Sequence[TurnLayer] = ()
    calendar: Sequence[PlannedShift] | None = None
    moments: Sequence[CalendarMoment] = ()
    overrides: Sequence[HeldShift] = ()
    swaps: Sequence[TakenShift] = ()
    absences: Sequence[Absence] = ()

    @cached_property
    def away(self) -> dict[int, list[Absence]]:
        by_person: dict[int, list[Absence]] = {}
        for absence in self.absences:
            by_person.setdefault(absence.person, []).append(absence)
        return by_person


def refuse_rule(rule: str) -> None:
    """Raises RuleRefused, also for a rule that gives more than a shift in 15 minutes."""
    if "COUNT=" in rule or "UNTIL=" in rule:
        raise RuleRefused("COUNT and UNTIL are left out: the layer has an end of its own.")
    start = datetime(2026, 1, 1)  # noqa: DTZ001  (a local time of day)
    starts = islice(starts_of(rule, start, start + LOOKED_AT), MOST_LOOKED_AT)
    if any(later - earlier < LEAST_APART for earlier, later in pairwise(starts)):
        raise RuleRefused("The rule gives more than one shift in 15 minutes.")


def layer_shifts(layer: TurnLayer, time_zone: str, span: TimeSpan) -> Iterator[PlannedShift]:
    """Shifts that touch the span. They begin and end at the same time of day, also when the clocks change."""
    if not layer.people:
        return
    zone = ZoneInfo(time_zone)
    first = layer.starts_at.astimezone(zone).replace(tzinfo=None)
    last = min(span.ends_at, layer.ends_at).astimezone(zone).replace(tzinfo=None)
    for place, local in enumerate(starts_of(layer.rule, first, last)):
        starts_at = _instant(local, zone)
        ends_at = min(_instant(local + layer.duration, zone), layer.ends_at)
        if starts_at < span.ends_at and ends_at > max(span.starts_at, starts_at):
            turn = place // layer.turn_shifts % len(layer.people)
            yield PlannedShift(
                level=layer.level,
                person=layer.people[turn],
                starts_at=starts_at,
                ends_at=ends_at,
                origin=ShiftOrigin.LAYER,
            )


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)


def shifts_of(plan: RotationPlan, start: datetime, end: datetime) -> tuple[PlannedShift, ...]:
    """Every shift that touches the span, whole, in order. An override wins over what lies below it, a later one over
    an earlier one; a swap moves what is still the person's; whoever is away then leaves the shift to nobody, and so
    does, at the later level, whoever would have two levels at a time."""
    span = TimeSpan(starts_at=start, ends_at=end)
    if plan.calendar is not None:
        shifts = [shift for shift in plan.calendar if _meet(shift, span)]
    else:
        shifts = [shift for layer in plan.layers for shift in layer_shifts(layer, plan.time_zone, span)]
    for override in plan.overrides:
        if _meet(override, span):
            shifts = _overridden(shifts, override)
    for swap in plan.swaps:
        shifts = [part for shift in shifts for part in _swapped(shift, swap)]
    shifts = cut_doubles(part for shift in shifts for part in _cut_absences(shift, plan))
    shifts = [shift for shift in shifts if _meet(shift, span)]
    return tuple(
        sorted(shifts, key=lambda each: (each.starts_at, each.level, each.ends_at, each.person or 0))
    )


def _meet(one: TimeSpan, other: TimeSpan) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _overridden(shifts: Iterable[PlannedShift], override: HeldShift) -> list[PlannedShift]:
    parts = [
        part
        for shift in shifts
        for part in (_outside(shift, override) if shift.level == override.level else [shift])
    ]
    return [*parts, PlannedShift(**asdict(override), origin=ShiftOrigin.OVERRIDE)]


def _outside[Held: HeldShift](shift: Held, cut: TimeSpan) -> list[Held]:
    if not _meet(shift, cut):
        return [shift]
    parts = []
    if shift.starts_at < cut.starts_at:
        parts.append(replace(shift, ends_at=cut.starts_at))
    if cut.ends_at < shift.ends_at:
        parts.append(replace(shift, starts_at=cut.ends_at))
    return parts


def _changed[Held: HeldShift](shift: Held, cut: TimeSpan, **changes: Any) -> list[Held]:
    """The same shift, but for what of it lies in the span."""
    if not _meet(shift, cut):
        return [shift]
    begins, ends = max(shift.starts_at, cut.starts_at), min(shift.ends_at, cut.ends_at)
    return [*_outside(shift, cut), replace(shift, starts_at=begins, ends_at=ends, **changes)]


def _swapped(shift: PlannedShift, swap: TakenShift) -> list[PlannedShift]:
    if (shift.level, shift.person) != (swap.level, swap.person):
        return [shift]
    return _changed(shift, swap, person=swap.taker, origin=ShiftOrigin.SWAP)


def _cut_absences(shift: PlannedShift, plan: RotationPlan) -> list[PlannedShift]:
    parts = [shift]
    for absence in plan.away.get(shift.person, ()) if shift.person is not None else ():
        parts = [cut for part in parts for cut in _away(part, absence)]
    return parts


def _away(shift: PlannedShift, absence: Absence) -> list[PlannedShift]:
    if shift.person is None:
        return [shift]
    return _changed(shift, absence, person=None, away=shift.person, has_left=absence.has_left)


def cut_doubles[Held: HeldShift](shifts: Iterable[Held]) -> list[Held]:
    """The same shifts with one level for each person at a time, in each domain: the first of them. For the time of
    another one that shift is nobody's."""
    all_shifts = list(shifts)
    of_person: dict[tuple[str, int], list[Held]] = {}
    for shift in all_shifts:
        if shift.person is not None:
            of_person.setdefault((shift.domain, shift.person), []).append(shift)
    return [
        part
        for shift in all_shifts
        for part in _cut_own(shift, of_person.get((shift.domain, shift.person or 0), ()))
    ]


def _cut_own[Held: HeldShift](shift: Held, others: Iterable[Held]) -> list[Held]:
    parts = [shift]
    for other in others:
        if other.level < shift.level:
            parts = [cut for part in parts for cut in _doubled(part, other)]
    return parts


def _doubled[Held: HeldShift](shift: Held, other: TimeSpan) -> list[Held]:
    if shift.person is None:
        return [shift]
    return _changed(shift, other, person=None, double=shift.person)
