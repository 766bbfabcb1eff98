"""When deferrable work should run: the cheapest hours by a series of prices or carbon intensities, up to a deadline.

A series is slots of one length with one value each, a price per kWh or kg per kWh. A slot without a value is unknown:
work is never planned into it, and what running at once would have cost is unknown where it touches one. Totals are sums
of value x hours, so that times kW they are money or kg. Ties go to the earliest slots.

Split work takes the cheapest whole slots between the two instants, which no other choice of them beats; what the last
needs less is spared in the dearest. Contiguous work takes the cheapest run of adjacent ones, all of which are tried,
and spares at one of its ends: as prices are constant within a slot, no start between is better.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

HOUR = timedelta(hours=1)


class SeriesError(ValueError):
    """Slots that do not make a series, or hours that make no work."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One value, from an instant in UTC on for the length of the series' step. None is unknown."""

    start_at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class SlotSeries:
    """Slots in order; instants that are missing are gaps. In UTC, where no day has 23 or 25 hours."""

    step: timedelta
    unit: str
    slots: tuple[Slot, ...]

    def __post_init__(self) -> None:
        if self.step <= timedelta(0):
            raise SeriesError("the step has to be longer than nothing")
        for slot in self.slots:
            if slot.start_at.utcoffset() != timedelta(0):
                raise SeriesError(f"{slot.start_at} is not in UTC")
            if slot.value is not None and not math.isfinite(slot.value):
                raise SeriesError(f"{slot.start_at}: {slot.value} is no number")
        for slot, other in zip(self.slots, self.slots[1:], strict=False):
            if other.start_at - slot.start_at < self.step:
                raise SeriesError(f"{other.start_at} follows {slot.start_at} by less than a step")


@dataclass(frozen=True, slots=True)
class DeferrableRun:
    """`hours` of running between two instants, in one piece or not."""

    hours: float
    earliest_at: datetime
    deadline_at: datetime
    contiguous: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of running."""

    start_at: datetime
    end_at: datetime


@dataclass(frozen=True, slots=True)
class RunWindow:
    """The best hours, and what running at once would come to; None where that is unknown.

    `skipped` counts slots between the two instants that have no value: with these known it could be better.
    """

    pieces: tuple[Piece, ...]
    total: float
    at_once: float | None
    skipped: int

    @property
    def saving(self) -> float | None:
        return None if self.at_once is None else self.at_once - self.total


@dataclass(frozen=True, slots=True)
class Regret:
    """A past choice against the best in hindsight: `regret` is what it cost more, never below 0."""

    total: float
    best: RunWindow

    @property
    def regret(self) -> float:
        return max(self.total - self.best.total, 0.0)


@dataclass(frozen=True, slots=True)
class BackTest:
    """Past choices that can be judged, and how many cannot, because the series has a gap where they ran."""

    judged: tuple[Regret, ...]
    unknown: int

    @property
    def regret(self) -> float:
        return math.fsum(one.regret for one in self.judged)


def best_window(series: SlotSeries, work: DeferrableRun) -> RunWindow | None:
    """None where the known slots before the deadline do not hold the work."""
    needed = _slots_needed(series, work)
    inside = [
        slot
        for slot in series.slots
        if slot.start_at >= work.earliest_at and slot.start_at + series.step <= work.deadline_at
    ]
    known = [slot for slot in inside if slot.value is not None]
    if len(known) < needed:
        return None
    taken = (
        _cheapest_run(series, known, work, needed)
        if work.contiguous
        else _cheapest(series, known, work, needed)
    )
    if taken is None:
        return None
    at_once = cost_from(series, work.earliest_at, work.hours)
    return RunWindow(_pieces(taken), _total(taken), at_once, _missing(series, work, len(known)))


def cost_from(series: SlotSeries, start_at: datetime, hours: float) -> float | None:
    """Running without a pause from an instant on, integrated over the slots it touches; None across a gap."""
    left, at, parts = timedelta(hours=hours), start_at, []
    for slot in series.slots:
        end_at = slot.start_at + series.step
        if end_at <= at:
            continue
        if slot.start_at > at or slot.value is None or not left:
            break
        taken = min(left, end_at - at)
        parts.append(slot.value * (taken / HOUR))
        at, left = at + taken, left - taken
    return None if left else math.fsum(parts)


def back_test(series: SlotSeries, choices: Sequence[tuple[datetime, DeferrableRun]]) -> BackTest:
    """Past choices, each with when it ran and what it was free to do, against the best window in hindsight."""
    judged = []
    for started_at, work in choices:
        total, best = cost_from(series, started_at, work.hours), best_window(series, work)
        if total is not None and best is not None:
            judged.append(Regret(total, best))
    return BackTest(tuple(judged), len(choices) - len(judged))


def _slots_needed(series: SlotSeries, work: DeferrableRun) -> int:
    if not 0 < work.hours < math.inf:
        raise SeriesError(f"{work.hours} hours are no work")
    return -(-timedelta(hours=work.hours) // series.step)


def _missing(series: SlotSeries, work: DeferrableRun, known: int) -> int:
    return max((work.deadline_at - work.earliest_at) // series.step - known, 0)


@dataclass(frozen=True, slots=True)
class _Taken:
    """The part of a slot that is used."""

    start_at: datetime
    length: timedelta
    value: float


def _value(slot: Slot) -> float:
    assert slot.value is not None
    return slot.value


def _cheapest(series: SlotSeries, known: Sequence[Slot], work: DeferrableRun, needed: int) -> list[_Taken]:
    by_value = sorted(known, key=lambda slot: (_value(slot), slot.start_at))[:needed]
    spare = needed * series.step - timedelta(hours=work.hours)
    dearest = by_value[-1]
    return [
        _Taken(slot.start_at, series.step - (spare if slot is dearest else timedelta(0)), _value(slot))
        for slot in sorted(by_value, key=lambda slot: slot.start_at)
    ]


def _cheapest_run(
    series: SlotSeries, known: Sequence[Slot], work: DeferrableRun, needed: int
) -> list[_Taken] | None:
    """Find it by running sums, for a run may have a thousand slots. Values that differ in the last digits tie."""
    spare = needed * series.step - timedelta(hours=work.hours)
    values = [_value(slot) for slot in known]
    sums = list(accumulate(values, initial=0.0))
    same = 1e-12 * needed * max(map(abs, values))
    best: tuple[float, int, bool] | None = None
    for first in range(len(known) - needed + 1):
        last = first + needed - 1
        if known[last].start_at - known[first].start_at != (needed - 1) * series.step:
            continue
        whole = (sums[last + 1] - sums[first]) * (series.step / HOUR)
        for spared_first in (False, True) if spare else (False,):
            total = whole - values[first if spared_first else last] * (spare / HOUR)
            if best is None or total < best[0] - same:
                best = (total, first, spared_first)
    if best is None:
        return None
    _least, first, spared_first = best
    return _run(series, known[first : first + needed], spare, spared_first)


def _run(series: SlotSeries, run: Sequence[Slot], spare: timedelta, spared_first: bool) -> list[_Taken]:
    taken = [_Taken(slot.start_at, series.step, _value(slot)) for slot in run]
    if spared_first:
        taken[0] = _Taken(taken[0].start_at + spare, series.step - spare, taken[0].value)
    else:
        taken[-1] = _Taken(taken[-1].start_at, series.step - spare, taken[-1].value)
    return taken


def _total(taken: Sequence[_Taken]) -> float:
    return math.fsum(one.value * (one.length / HOUR) for one in taken)


def _pieces(taken: Sequence[_Taken]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for one in taken:
        end_at = one.start_at + one.length
        if pieces and pieces[-1].end_at == one.start_at:
            pieces[-1] = Piece(pieces[-1].start_at, end_at)
        else:
            pieces.append(Piece(one.start_at, end_at))
    return tuple(pieces)
