"""When deferrable work should run: the cheapest hours by a series of prices or carbon intensities, up to a deadline.

A slot without a value is unknown: work is never planned into it, and a total is unknown where it touches one. Totals
are sums of value x hours, so that times kW they are money or grams. Ties go to the earliest slots.

Split work takes the cheapest whole slots between the two instants, which no other choice of them beats; what the last
needs less is spared in the dearest. Contiguous work takes the cheapest run of adjacent ones, all of which are tried,
and spares at one of its ends: as prices are constant within a slot, no start between is better.

Price and carbon are weighed together; a plan's total is unknown where it touches a slot without a value. The **rule**,
tried on past days, knows nothing that lies ahead: it expects of each slot the mean of the known ones at the same local
time in the `LEARNT_DAYS` days before it decides, and takes the best window of that.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from readiness.tradeoffs.factors.core.series import FactorSeries, Floats, Instants, integrated, values_at

HOUR = timedelta(hours=1)
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class DeferrableRun:
    """`hours` of running between two instants, in one piece or several."""

    hours: float
    earliest_at: datetime
    deadline_at: datetime
    contiguous: bool

    def __post_init__(self) -> None:
        if not 0 < self.hours < math.inf:
            raise ValueError(f"{self.hours} hours are no work")


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of running."""

    start_at: datetime
    end_at: datetime


def best_window(series: FactorSeries, work: DeferrableRun) -> tuple[Piece, ...] | None:
    """None if the known slots before the deadline are too few for the work."""
    step_s = series.step_s
    needed = math.ceil(work.hours * HOUR_S / step_s)
    inside = (
        (series.starts_s >= work.earliest_at.timestamp())
        & (series.starts_s + step_s <= work.deadline_at.timestamp())
        & ~np.isnan(series.values)
    )
    starts, values = series.starts_s[inside], series.values[inside]
    if len(starts) < needed:
        return None
    spare_s = needed * step_s - work.hours * HOUR_S
    if not work.contiguous:
        cheapest = np.argsort(values, kind="stable")[:needed]
        slots = np.sort(cheapest)
        begins = starts[slots].astype(np.float64)
        return _pieces(begins, begins + step_s - np.where(slots == cheapest[-1], spare_s, 0.0))
    cheapest_run = _cheapest_run(starts, values, needed, step_s, spare_s)
    if cheapest_run is None:
        return None
    start_s, spared_first = float(starts[cheapest_run // 2]), cheapest_run % 2
    start_s += spare_s * spared_first
    return (Piece(_instant(start_s), _instant(start_s + work.hours * HOUR_S)),)


def cost_of(series: FactorSeries, pieces: Sequence[Piece]) -> float | None:
    step = timedelta(seconds=series.step_s)
    parts = [
        integrated(
            series.part_between(piece.start_at - step, piece.end_at), 1.0, piece.start_at, piece.end_at
        )
        for piece in pieces
    ]
    return math.fsum(part.total or 0.0 for part in parts) if all(part.complete for part in parts) else None


def _cheapest_run(starts: Instants, values: Floats, needed: int, step_s: int, spare_s: float) -> int | None:
    """Twice the index of its first slot, plus one if that slot is the shortened one.

    Computed with running sums, because a run may have a thousand slots. Values that differ only in the last digits are
    equal.
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    whole = (sums[needed:] - sums[:-needed]) * step_s
    ends = np.stack([values[needed - 1 :], values[: len(whole)]], axis=1)
    totals = np.where(
        (starts[needed - 1 :] - starts[: len(whole)] == (needed - 1) * step_s)[:, np.newaxis],
        whole[:, np.newaxis] - ends * spare_s,
        np.inf,
    ).ravel()
    least = totals.min()
    same = 1e-12 * needed * step_s * np.abs(values).max()
    return int(np.argmax(totals <= least + same)) if least < np.inf else None


def _pieces(starts_s: Floats, ends_s: Floats) -> tuple[Piece, ...]:
    has_gap = starts_s[1:] != ends_s[:-1]
    begins = starts_s[np.concatenate([[True], has_gap])]
    return tuple(
        Piece(_instant(start_s), _instant(end_s))
        for start_s, end_s in zip(begins, ends_s[np.concatenate([has_gap, [True]])], strict=True)
    )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


LEARNT_DAYS = 7
"""Operator-set default: a week, so that each weekday counts once."""
MOST_CORNERS = 40
TIE = 1e-6
"""Share of its own spread that the weighed factor may give up for the other: among equals the other decides."""
GRAMS_A_TONNE = 1e6
MINUTES_A_DAY = 1440


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight of an hour: `price` x money/kWh + `carbon` x g/kWh."""

    price: float
    carbon: float


CHEAPEST, CLEANEST = Weights(1.0, 0.0), Weights(0.0, 1.0)


def weights_at(money_a_tonne: float) -> Weights:
    return Weights(1.0, money_a_tonne / GRAMS_A_TONNE)


@dataclass(frozen=True, slots=True)
class Hours:
    """Both series on one grid with a slot for every step; None if no source has hourly values."""

    price: FactorSeries | None
    carbon: FactorSeries | None

    @property
    def step(self) -> timedelta:
        return timedelta(seconds=next((each.step_s for each in (self.price, self.carbon) if each), HOUR_S))

    def part_between(self, start_at: datetime, end_at: datetime) -> "Hours":
        return Hours(*(each and each.part_between(start_at, end_at) for each in (self.price, self.carbon)))

    @property
    def both_known(self) -> "Hours":
        """Leave out slots in which one of the two values is missing."""
        if self.price is None or self.carbon is None:
            return Hours(None, None)
        lacks = np.isnan(self.price.values + self.carbon.values)
        return Hours(
            *(_revalued(each, np.where(lacks, np.nan, each.values)) for each in (self.price, self.carbon))
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """When it runs, and its totals for 1 kW; None if unknown."""

    pieces: tuple[Piece, ...]
    money: float | None
    grams: float | None

    @property
    def start_at(self) -> datetime:
        return self.pieces[0].start_at


@dataclass(frozen=True, slots=True)
class TrialDay:
    """One past day: the totals of running at once, by the rule, and with perfect foresight."""

    asked_at: datetime
    at_once: Plan
    by_rule: Plan
    best: Plan


@dataclass(frozen=True, slots=True)
class Trial:
    """Days, oldest first, and the number of days that could not be judged, because hours of them or of the week before
    are unknown."""

    days: tuple[TrialDay, ...]
    unknown: int


def aligned_hours(price: FactorSeries | None, carbon: FactorSeries | None) -> Hours:
    """Put both on the finest step that fits all slots of either."""
    both = [each if each is not None and len(each.starts_s) else None for each in (price, carbon)]
    series = [each for each in both if each is not None]
    if not series:
        return Hours(None, None)
    step_s = math.gcd(*(number for each in series for number in (each.step_s, int(each.starts_s[0]))), HOUR_S)
    first = min(int(each.starts_s[0]) for each in series)
    last = max(int(each.starts_s[-1]) + each.step_s for each in series)
    starts = np.arange(first, last, step_s, dtype=np.int64)
    instants = starts.astype(np.float64)
    return Hours(*(each and FactorSeries(step_s, starts, values_at(each, instants)) for each in both))


def known_until(series: FactorSeries) -> datetime | None:
    starts = series.starts_s[~np.isnan(series.values)]
    return datetime.fromtimestamp(int(starts[-1]) + series.step_s, UTC) if len(starts) else None


def next_slot(at: datetime, step: timedelta) -> datetime:
    """The first instant at or after this one at which a slot may begin."""
    seconds = math.ceil(at.timestamp() / step.total_seconds()) * step.total_seconds()
    return datetime.fromtimestamp(seconds, UTC)


def plan_at_once(hours: Hours, work: DeferrableRun) -> Plan:
    return plan(hours, (Piece(work.earliest_at, work.earliest_at + timedelta(hours=work.hours)),))


def best(hours: Hours, work: DeferrableRun, weights: Weights) -> Plan | None:
    """None if a weighed factor has no series, or too few known slots for the work."""
    series = _weighed(hours.part_between(work.earliest_at, work.deadline_at), weights, with_tie=True)
    pieces = best_window(series, work) if series is not None else None
    return None if pieces is None else plan(hours, pieces)


def plan(hours: Hours, pieces: tuple[Piece, ...]) -> Plan:
    money, grams = (cost_of(each, pieces) if each else None for each in (hours.price, hours.carbon))
    return Plan(pieces, money, grams)


def flat(series: FactorSeries | None, work: DeferrableRun) -> float | None:
    if series is None:
        return None
    values = series.part_between(work.earliest_at, work.deadline_at).values
    known_values = values[~np.isnan(values)]
    return float(known_values.mean()) * work.hours if len(known_values) else None


def trade_off(hours: Hours, work: DeferrableRun) -> tuple[Plan, ...]:
    """The corners of the front of money and carbon, the cheapest first: each is the best plan for some carbon price.
    Found by bisection between two corners at the price that makes them equal (Aneja and Nair, "Bicriteria
    transportation problem", Management Science 25, 1979).
    """
    known_hours = hours.both_known
    cheapest, cleanest = (best(known_hours, work, weights) for weights in (CHEAPEST, CLEANEST))
    if cheapest is None or cleanest is None:
        return ()
    plans = [cheapest, *_corners_between(known_hours, work, cheapest, cleanest, MOST_CORNERS), cleanest]
    corners: list[Plan] = []
    for each in plans:
        if not corners or _grams(each) < _grams(corners[-1]) - TIE * abs(_grams(corners[-1])):
            corners.append(each)
    return tuple(corners)


def _corners_between(
    hours: Hours, work: DeferrableRun, cheaper: Plan, cleaner: Plan, room: int
) -> list[Plan]:
    less = _grams(cheaper) - _grams(cleaner)
    more = _money(cleaner) - _money(cheaper)
    if room <= 0 or less <= 0 or more <= 0:
        return []
    weights = Weights(1.0, more / less)
    plan = best(hours, work, weights)
    if plan is None or _value(plan, weights) >= _value(cheaper, weights) - TIE * more:
        return []
    before = _corners_between(hours, work, cheaper, plan, room - 1)
    after = _corners_between(hours, work, plan, cleaner, room - 1 - len(before))
    return [*before, plan, *after]


def asked_on(days: Sequence[date], wall: time, zone: ZoneInfo) -> list[datetime]:
    """The instants of this local time at the site, in UTC. A time that clocks skip is shifted by the skip; of an
    ambiguous time, the first is used.
    """
    return [datetime.combine(day, wall, zone).astimezone(UTC) for day in days]


def tried(hours: Hours, asks: Sequence[DeferrableRun], weights: Weights, zone: ZoneInfo) -> Trial:
    series = _weighed(hours, weights, with_tie=False)
    if series is None:
        return Trial((), len(asks))
    days, clocks = [], _clocks(series, zone)
    for work in asks:
        by_rule = best_window(_expected(series, clocks, work), work)
        foreseen = best_window(series, work)
        if by_rule is None or foreseen is None:
            continue
        day = TrialDay(
            work.earliest_at, plan_at_once(hours, work), plan(hours, by_rule), plan(hours, foreseen)
        )
        if all(_is_known(each, weights) for each in (day.at_once, day.by_rule)):
            days.append(day)
    return Trial(tuple(days), len(asks) - len(days))


def _expected(series: FactorSeries, clocks: FactorSeries, work: DeferrableRun) -> FactorSeries:
    since = work.earliest_at - timedelta(days=LEARNT_DAYS)
    learnt = series.part_between(since, work.earliest_at)
    ahead = series.part_between(work.earliest_at, work.deadline_at)
    has_value = ~np.isnan(learnt.values)
    minutes = clocks.part_between(since, work.earliest_at).values[has_value].astype(np.int64)
    counts = np.bincount(minutes, minlength=MINUTES_A_DAY)
    sums = np.bincount(minutes, weights=learnt.values[has_value], minlength=MINUTES_A_DAY)
    means = np.where(counts, sums / np.maximum(counts, 1), np.nan)
    return _revalued(
        ahead, means[clocks.part_between(work.earliest_at, work.deadline_at).values.astype(np.int64)]
    )


def _clocks(series: FactorSeries, zone: ZoneInfo) -> FactorSeries:
    local = (datetime.fromtimestamp(start, zone) for start in series.starts_s.tolist())
    return _revalued(series, np.array([60.0 * at.hour + at.minute for at in local]))


def _weighed(hours: Hours, weights: Weights, *, with_tie: bool) -> FactorSeries | None:
    weighed = [
        (weight, series)
        for weight, series in ((weights.price, hours.price), (weights.carbon, hours.carbon))
        if weight
    ]
    if not weighed or any(series is None for _, series in weighed):
        return None
    known_series = [(weight, series) for weight, series in weighed if series is not None]
    values: Floats = sum(weight * series.values for weight, series in known_series)  # type: ignore[assignment]
    if with_tie and len(known_series) == 1:
        values = _break_ties(values, hours.carbon if weights.price else hours.price)
    return _revalued(known_series[0][1], values)


def _break_ties(values: Floats, other: FactorSeries | None) -> Floats:
    """Add a tiny weight of the other factor; if that is unknown it counts as the worst."""
    numbers = values[~np.isnan(values)]
    others = other.values[~np.isnan(other.values)] if other is not None else np.empty(0)
    if other is None or not len(numbers) or not len(others) or others.max() == others.min():
        return values
    hair = TIE * (float(np.ptp(numbers)) or 1.0) / float(np.ptp(others))
    tied: Floats = values + hair * np.where(np.isnan(other.values), others.max(), other.values)
    return tied


def _revalued(series: FactorSeries, values: Floats) -> FactorSeries:
    return FactorSeries(series.step_s, series.starts_s, values)


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
