"""Deferrable work by price and carbon together: plans, what one costs of the other, and a rule tried on past days.

Totals are for 1 kW at the meter: money of money/kWh, grams of gCO2e/kWh. What has no value is unknown: no plan goes
into it by the factor that it is weighed by, and a plan's total is unknown where it touches it.

The **rule** knows nothing that lies ahead: it expects of each slot the mean of the known ones at the same local time in
the `LEARNT_DAYS` days before it decides, and takes the best window of that.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from readiness.tradeoffs.core.series import FactorSeries as Values
from readiness.tradeoffs.core.series import values_at
from readiness.tradeoffs.core.windows import (
    HOUR,
    DeferrableRun,
    Piece,
    Slot,
    SlotSeries,
    best_window,
    cost_from,
)

LEARNT_DAYS = 7
"""Operator-set default: a week, so that each weekday counts once."""
MOST_CORNERS = 40
TIE = 1e-6
"""How much of its own spread the factor that is weighed may give away for the other: of equals the better takes it."""
GRAMS_A_TONNE = 1e6


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight of an hour: `price` x money/kWh + `carbon` x g/kWh."""

    price: float
    carbon: float


CHEAPEST, CLEANEST = Weights(1.0, 0.0), Weights(0.0, 1.0)


def with_carbon_price(money_a_tonne: float) -> Weights:
    return Weights(1.0, money_a_tonne / GRAMS_A_TONNE)


@dataclass(frozen=True, slots=True)
class Hours:
    """Both series on one grid with a slot for every step; None where no source has hours of it."""

    price: SlotSeries | None
    carbon: SlotSeries | None

    @property
    def step(self) -> timedelta:
        return next((each.step for each in (self.price, self.carbon) if each is not None), HOUR)

    def within(self, start_at: datetime, end_at: datetime) -> Hours:
        """The slots that begin from one instant on and before the other."""
        return Hours(*(each and _within(each, start_at, end_at) for each in (self.price, self.carbon)))

    @property
    def both_known(self) -> Hours:
        """Leave out slots that lack one of the two values."""
        if self.price is None or self.carbon is None:
            return Hours(None, None)
        kept = [
            slot.value is not None and other.value is not None
            for slot, other in zip(self.price.slots, self.carbon.slots, strict=True)
        ]
        return Hours(_kept(self.price, kept), _kept(self.carbon, kept))


@dataclass(frozen=True, slots=True)
class Plan:
    """When it runs, and what that comes to for 1 kW; None where it is unknown."""

    pieces: tuple[Piece, ...]
    money: float | None
    grams: float | None

    @property
    def start_at(self) -> datetime:
        return self.pieces[0].start_at

    @property
    def end_at(self) -> datetime:
        return self.pieces[-1].end_at


@dataclass(frozen=True, slots=True)
class TrialDay:
    """One past day: what running at once, the rule, and perfect foresight came to."""

    asked_at: datetime
    at_once: Plan
    by_rule: Plan
    best: Plan


@dataclass(frozen=True, slots=True)
class Trial:
    """Days, oldest first, and how many could not be judged, because hours of them or of the week before are unknown."""

    days: tuple[TrialDay, ...]
    unknown: int


def on_one_grid(price: Values | None, carbon: Values | None, unit: str) -> Hours:
    """Both at the finest step that every slot of either begins on; `unit` is that of the price."""
    given = [each for each in (price, carbon) if each is not None and len(each.starts_s)]
    if not given:
        return Hours(None, None)
    step_s = math.gcd(*(number for each in given for number in (each.step_s, int(each.starts_s[0]))), 3600)
    first = min(int(each.starts_s[0]) for each in given)
    last = max(int(each.starts_s[-1]) + each.step_s for each in given)
    starts = np.arange(first, last, step_s, dtype=np.int64)
    return Hours(*(_on_grid(each, starts, step_s, of) for each, of in ((price, unit), (carbon, "gCO2e/kWh"))))


def _on_grid(part: Values | None, starts: np.ndarray, step_s: int, unit: str) -> SlotSeries | None:
    if part is None or not len(part.starts_s):
        return None
    values = values_at(part, starts.astype(np.float64)).tolist()
    slots = (
        Slot(datetime.fromtimestamp(start, UTC), value if value == value else None)
        for start, value in zip(starts.tolist(), values, strict=True)
    )
    return SlotSeries(timedelta(seconds=step_s), unit, tuple(slots))


def known_until(series: SlotSeries) -> datetime | None:
    """The end of the last slot that has a value."""
    last = next((slot for slot in reversed(series.slots) if slot.value is not None), None)
    return None if last is None else last.start_at + series.step


def on_grid(at: datetime, step: timedelta) -> datetime:
    """The first instant from this one on at which a slot may begin."""
    seconds = math.ceil(at.timestamp() / step.total_seconds()) * step.total_seconds()
    return datetime.fromtimestamp(seconds, UTC)


def at_once(hours: Hours, work: DeferrableRun) -> Plan:
    return plan(hours, (Piece(work.earliest_at, work.earliest_at + timedelta(hours=work.hours)),))


def best(hours: Hours, work: DeferrableRun, weights: Weights) -> Plan | None:
    """None where a factor that is weighed has no series, or its known slots do not hold the work."""
    inside = hours.within(work.earliest_at, work.deadline_at)
    series = _weighed(inside, weights, with_tie=True)
    found = best_window(series, work) if series is not None else None
    return None if found is None else plan(hours, found.pieces)


def plan(hours: Hours, pieces: tuple[Piece, ...]) -> Plan:
    inside = hours.within(pieces[0].start_at - hours.step, pieces[-1].end_at)
    return Plan(pieces, _total(inside.price, pieces), _total(inside.carbon, pieces))


def flat(series: SlotSeries | None, work: DeferrableRun) -> float | None:
    """Return what as many hours come to at the mean of all known slots between the two instants."""
    if series is None:
        return None
    known = [
        slot.value
        for slot in _within(series, work.earliest_at, work.deadline_at).slots
        if slot.value is not None
    ]
    return math.fsum(known) / len(known) * work.hours if known else None


def trade_off(hours: Hours, work: DeferrableRun) -> tuple[Plan, ...]:
    """The corners of the front of money and carbon, the cheapest first: for each there is a carbon price at which no
    plan is better. By halving between two corners along the price that makes them equal (Aneja and Nair, "Bicriteria
    transportation problem", Management Science 25, 1979).
    """
    known = hours.both_known
    ends = [best(known, work, weights) for weights in (CHEAPEST, CLEANEST)]
    cheapest, cleanest = ends
    if cheapest is None or cleanest is None:
        return ()
    found = [cheapest, *_between(known, work, cheapest, cleanest, MOST_CORNERS), cleanest]
    corners: list[Plan] = []
    for each in found:
        if not corners or _grams(each) < _grams(corners[-1]) - TIE * abs(_grams(corners[-1])):
            corners.append(each)
    return tuple(corners)


def _between(hours: Hours, work: DeferrableRun, one: Plan, other: Plan, room: int) -> list[Plan]:
    less = _grams(one) - _grams(other)
    more = _money(other) - _money(one)
    if room <= 0 or less <= 0 or more <= 0:
        return []
    weights = Weights(1.0, more / less)
    plan = best(hours, work, weights)
    if plan is None or _value(plan, weights) >= _value(one, weights) - TIE * more:
        return []
    before = _between(hours, work, one, plan, room - 1)
    after = _between(hours, work, plan, other, room - 1 - len(before))
    return [*before, plan, *after]


def asked_on(days: Sequence[date], wall: time, zone: ZoneInfo) -> list[datetime]:
    """The instants at which it is this time at the site, in UTC. A time that clocks jump over is as much later as they
    jump; of one that comes twice it is the first.
    """
    return [datetime.combine(day, wall, zone).astimezone(UTC) for day in days]


def tried(hours: Hours, asks: Sequence[DeferrableRun], weights: Weights, zone: ZoneInfo) -> Trial:
    """The rule on past days, oldest first, each as a work that might have been put off."""
    series = _weighed(hours, weights, with_tie=False)
    if series is None:
        return Trial((), len(asks))
    wall = {slot.start_at: slot.start_at.astimezone(zone).time() for slot in series.slots}
    days = []
    for work in asks:
        by_rule = best_window(_expected(series, work, wall), work)
        foreseen = best_window(_within(series, work.earliest_at, work.deadline_at), work)
        if by_rule is None or foreseen is None:
            continue
        day = TrialDay(
            work.earliest_at,
            at_once(hours, work),
            plan(hours, by_rule.pieces),
            plan(hours, foreseen.pieces),
        )
        if all(_is_known(each, weights) for each in (day.at_once, day.by_rule)):
            days.append(day)
    return Trial(tuple(days), len(asks) - len(days))


def _expected(series: SlotSeries, work: DeferrableRun, wall: dict[datetime, time]) -> SlotSeries:
    """The slots that the work may run in with what the days before let expect; nothing of them is looked at."""
    learnt: dict[time, list[float]] = defaultdict(list)
    since = work.earliest_at - timedelta(days=LEARNT_DAYS)
    for slot in _within(series, since, work.earliest_at).slots:
        if slot.value is not None:
            learnt[wall[slot.start_at]].append(slot.value)
    means = {at: math.fsum(values) / len(values) for at, values in learnt.items()}
    ahead = _within(series, work.earliest_at, work.deadline_at).slots
    return SlotSeries(
        series.step,
        series.unit,
        tuple(replace(slot, value=means.get(wall[slot.start_at])) for slot in ahead),
    )


def _weighed(hours: Hours, weights: Weights, *, with_tie: bool) -> SlotSeries | None:
    """Return what each slot is weighed as; unknown where one of the factors that count is."""
    counted = [
        (weight, series)
        for weight, series in ((weights.price, hours.price), (weights.carbon, hours.carbon))
        if weight
    ]
    if not counted or any(series is None for _, series in counted):
        return None
    first = counted[0][1]
    assert first is not None
    columns = [
        [None if slot.value is None else weight * slot.value for slot in series.slots]
        for weight, series in counted
        if series is not None
    ]
    values = [None if None in row else math.fsum(row) for row in zip(*columns, strict=True)]  # type: ignore[arg-type]
    if with_tie and len(counted) == 1:
        values = _with_tie(values, hours.carbon if weights.price else hours.price)
    slots = (Slot(slot.start_at, value) for slot, value in zip(first.slots, values, strict=True))
    return SlotSeries(first.step, first.unit, tuple(slots))


def _with_tie(values: list[float | None], other: SlotSeries | None) -> list[float | None]:
    """A hair of the other factor on top; where that is unknown it counts as the worst."""
    known = [value for value in values if value is not None]
    others = [slot.value for slot in other.slots if slot.value is not None] if other is not None else []
    if other is None or not known or not others or max(others) == min(others):
        return values
    spread = (max(known) - min(known)) or 1.0
    hair, worst = TIE * spread / (max(others) - min(others)), max(others)
    return [
        None if value is None else value + hair * (worst if slot.value is None else slot.value)
        for value, slot in zip(values, other.slots, strict=True)
    ]


def _within(series: SlotSeries, start_at: datetime, end_at: datetime) -> SlotSeries:
    first = bisect_left(series.slots, start_at, key=lambda slot: slot.start_at)
    last = bisect_left(series.slots, end_at, key=lambda slot: slot.start_at)
    return SlotSeries(series.step, series.unit, series.slots[first:last])


def _kept(series: SlotSeries, kept: Sequence[bool]) -> SlotSeries:
    slots = (
        slot if keep else Slot(slot.start_at, None) for slot, keep in zip(series.slots, kept, strict=True)
    )
    return SlotSeries(series.step, series.unit, tuple(slots))


def _total(series: SlotSeries | None, pieces: Sequence[Piece]) -> float | None:
    if series is None:
        return None
    parts = [
        cost_from(
            _within(series, piece.start_at - series.step, piece.end_at),
            piece.start_at,
            (piece.end_at - piece.start_at) / HOUR,
        )
        for piece in pieces
    ]
    known = [part for part in parts if part is not None]
    return math.fsum(known) if len(known) == len(parts) else None


def _is_known(plan: Plan, weights: Weights) -> bool:
    return not (weights.price and plan.money is None) and not (weights.carbon and plan.grams is None)


def _value(plan: Plan, weights: Weights) -> float:
    return weights.price * _money(plan) + weights.carbon * _grams(plan)


def _money(plan: Plan) -> float:
    assert plan.money is not None
    return plan.money


def _grams(plan: Plan) -> float:
    assert plan.grams is not None
    return plan.grams
