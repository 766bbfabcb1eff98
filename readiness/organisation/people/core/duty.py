"""Rest between shifts, hours a week and cost of overtime, held against limits; instants in and out.

Counting: a level that counts in full is working time and interrupts rest. A level that counts by a share is stand-by:
that share of its hours counts, and it interrupts no rest, because until somebody is called out the law calls the time
rest (Directive 2003/88/EC, article 2; Court of Justice, C-344/19). Time on call twice at once counts once, by the
larger share.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Literal

import numpy as np

from readiness.organisation.people.core.on_call import HOUR, PRIMARY, office_hours, total
from readiness.organisation.people.core.rotations import Absence, HeldShift, TimeSpan

DAY_H, WEEK_H = 24.0, 168.0
LEAST_WEEKS = 4
"""The least time over which hours are averaged, while a person's shifts go back less than the reference period."""
AHEAD, BACK = timedelta(days=14), timedelta(days=7)
"""A breach is a problem from so long before it begins until so long after it ended."""
_ROUNDING_H = 1e-6

type BreachKind = Literal["rest", "week"]
type Curve = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyLimits:
    """The defaults are those of Directive 2003/88/EC: 11 hours of rest in 24 (article 3), and 48 hours in a week
    (article 6) on average over four months (article 16). A limit of None asks for nothing."""

    rest_h: float | None = 11.0
    week_h: float | None = 48.0
    weeks: int = 17
    primary_share: float = 1.0
    standby_share: float = 1.0

    def share(self, level: int) -> float:
        return self.primary_share if level == PRIMARY else self.standby_share


def strictest(limits: Iterable[DutyLimits]) -> DutyLimits:
    """Combine the limits of a person who has shifts under several rules. Where two limits of a week are alike, the one
    with fewer weeks to average over counts."""
    every = list(limits)
    weekly = [each for each in every if each.week_h is not None]
    of_week = min(weekly, key=lambda each: (each.week_h or 0.0, each.weeks), default=every[0])
    return DutyLimits(
        rest_h=max((each.rest_h for each in every if each.rest_h is not None), default=None),
        week_h=of_week.week_h,
        weeks=of_week.weeks,
        primary_share=max(each.primary_share for each in every),
        standby_share=max(each.standby_share for each in every),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach(TimeSpan):
    """`rest`: the time between two shifts, which is too short, or a time on duty that leaves no such rest within 24
    hours; `hours` is the rest. `week`: the time in which the average is above the limit; `hours` is its highest."""

    person: int
    kind: BreachKind
    hours: float
    limit: float


def breaches(
    shifts: Iterable[HeldShift],
    limits: DutyLimits,
    start: datetime,
    end: datetime,
    *,
    absences: Iterable[Absence] = (),
    begun: Mapping[int, datetime] = MappingProxyType({}),
) -> list[Breach]:
    """Breaches that touch the time from `start` to `end`, in order.

    `shifts` reach back by the reference period, and a day beyond both ends; `begun` is when a person's first shift was,
    where that is earlier. Absence is left out of the average, as by article 16: it neither counts nor stretches the
    time that hours are averaged over.
    """
    away = _group_by_person(absences)
    every: list[Breach] = []
    for person, duties in _group_by_person(shifts).items():
        every += _rest_breaches(person, duties, limits, start, end)
        average = _average(duties, away.get(person, ()), limits, begun.get(person))
        if average is not None and limits.week_h is not None:
            every += _week_breaches(person, average, limits.week_h, start, end)
    return sorted(every, key=lambda breach: (breach.starts_at, breach.person, breach.kind))


def _group_by_person[Span: (HeldShift, Absence)](spans: Iterable[Span]) -> dict[int, list[Span]]:
    by_person: dict[int, list[Span]] = {}
    for span in spans:
        if span.person is not None:
            by_person.setdefault(span.person, []).append(span)
    return by_person


def merged(spans: Iterable[TimeSpan]) -> list[TimeSpan]:
    """The same time without overlaps; what touches is one."""
    spans_apart: list[TimeSpan] = []
    for span in sorted(spans, key=lambda each: (each.starts_at, each.ends_at)):
        if spans_apart and span.starts_at <= spans_apart[-1].ends_at:
            ends_at = max(spans_apart[-1].ends_at, span.ends_at)
            spans_apart[-1] = TimeSpan(starts_at=spans_apart[-1].starts_at, ends_at=ends_at)
        else:
            spans_apart.append(TimeSpan(starts_at=span.starts_at, ends_at=span.ends_at))
    return spans_apart


def _rest_breaches(
    person: int, shifts: Iterable[HeldShift], limits: DutyLimits, start: datetime, end: datetime
) -> Iterator[Breach]:
    rest_h = limits.rest_h
    if rest_h is None:
        return
    for span, hours in rests(shifts, limits):
        if hours < rest_h - _ROUNDING_H and span.starts_at < end and span.ends_at > start:
            yield Breach(
                person=person,
                kind="rest",
                starts_at=span.starts_at,
                ends_at=span.ends_at,
                hours=hours,
                limit=rest_h,
            )


def rests(shifts: Iterable[HeldShift], limits: DutyLimits) -> Iterator[tuple[TimeSpan, float]]:
    """One person's times between shifts with their length, and times on duty with what is left of 24 hours."""
    duty = merged(shift for shift in shifts if limits.share(shift.level) >= 1.0)
    for each in duty:
        yield each, max(DAY_H - (each.ends_at - each.starts_at) / HOUR, 0.0)
    for earlier, later in pairwise(duty):
        between = TimeSpan(starts_at=earlier.ends_at, ends_at=later.starts_at)
        yield between, (between.ends_at - between.starts_at) / HOUR


@dataclass(frozen=True, slots=True)
class _Average:
    """Hours that count, and time that they are averaged over, up to any instant; both in hours since `zero`."""

    zero: datetime
    counted: Curve
    away: Curve
    edges: np.ndarray
    begun: float
    weeks: int

    def measured_until(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The hours that count in the reference period that ends at each point, and the period without absence. While
        the person's shifts go back less, it begins with the first of them, and has four weeks at least."""
        least = min(LEAST_WEEKS, self.weeks) * WEEK_H
        since = np.maximum(points - self.weeks * WEEK_H, np.minimum(self.begun, points - least))
        hours = self.counted(points) - self.counted(since)
        return hours, (points - since) - (self.away(points) - self.away(since))

    def corners(self, start: float, end: float) -> np.ndarray:
        """Between two of them everything is linear."""
        least, most = min(LEAST_WEEKS, self.weeks) * WEEK_H, self.weeks * WEEK_H
        edges = np.append(self.edges, self.begun)
        points = np.concatenate([edges, edges + least, edges + most, [start, end]])
        return np.unique(points[(points >= start) & (points <= end)])


def _average(
    shifts: Iterable[HeldShift], absences: Iterable[Absence], limits: DutyLimits, begun: datetime | None
) -> _Average | None:
    counting = [shift for shift in shifts if limits.share(shift.level) > 0]
    if not counting:
        return None
    zero = min(shift.starts_at for shift in counting)
    shares = sorted({limits.share(shift.level) for shift in counting}, reverse=True)
    parts = []
    # A time counts by its largest share: the sum, over all shares, of what lies at or above each.
    for share, next_lower in pairwise([*shares, 0.0]):
        at_least = [shift for shift in counting if limits.share(shift.level) >= share]
        parts.append((share - next_lower, *_cumulated(merged(at_least), zero)))
    away = merged(absences)
    away_edges, away_totals = _cumulated(away, zero) if away else (np.zeros(1), np.zeros(1))
    return _Average(
        zero=zero,
        counted=lambda points: sum(
            (weight * np.interp(points, edges, totals) for weight, edges, totals in parts),
            start=np.zeros(len(points)),
        ),
        away=lambda points: np.interp(points, away_edges, away_totals),
        edges=np.concatenate([away_edges, *(edges for _, edges, _ in parts)]),
        begun=min((begun - zero) / HOUR, 0.0) if begun is not None else 0.0,
        weeks=limits.weeks,
    )


def _cumulated(spans: Sequence[TimeSpan], zero: datetime) -> tuple[np.ndarray, np.ndarray]:
    """The edges of the spans, in hours since `zero`, and how much of them lies before each."""
    edges, totals, so_far = [], [], 0.0
    for span in spans:
        edges += [(span.starts_at - zero) / HOUR, (span.ends_at - zero) / HOUR]
        totals += [so_far, so_far := so_far + (span.ends_at - span.starts_at) / HOUR]
    return np.array(edges), np.array(totals)


def _week_breaches(
    person: int, average: _Average, week_h: float, start: datetime, end: datetime
) -> Iterator[Breach]:
    points = average.corners((start - average.zero) / HOUR, (end - average.zero) / HOUR)
    hours, over = average.measured_until(points)
    excess = hours - week_h / WEEK_H * over
    highest = WEEK_H * hours / np.maximum(over, 1.0)
    for first, last, peak in _above(points, excess, highest):
        yield Breach(
            person=person,
            kind="week",
            starts_at=average.zero + first * HOUR,
            ends_at=average.zero + last * HOUR,
            hours=float(peak),
            limit=week_h,
        )


def _above(
    points: np.ndarray, excess: np.ndarray, averages: np.ndarray
) -> Iterator[tuple[float, float, float]]:
    """Where the excess, which is linear between points, is above 0: from, until, and the highest average there."""
    first: float | None = None
    peak = 0.0
    for place, (point, value) in enumerate(zip(points, excess, strict=True)):
        is_above = value > _ROUNDING_H
        if place and is_above != (first is not None):
            before, earlier = points[place - 1], excess[place - 1]
            crossing = float(before + (point - before) * earlier / (earlier - value))
            if first is not None:
                yield first, crossing, peak
                first = None
            else:
                first, peak = crossing, 0.0
        elif is_above and first is None:
            first, peak = float(point), 0.0
        if is_above:
            peak = max(peak, float(averages[place]))
    if first is not None and points[-1] > first:
        yield first, float(points[-1]), peak


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyFigures:
    """One person's figures: hours in the average week at an instant, and the least rest in a time."""

    week_h: float
    least_rest_h: float | None


def figures(
    shifts: Sequence[HeldShift],
    limits: DutyLimits,
    start: datetime,
    end: datetime,
    *,
    at: datetime,
    absences: Iterable[Absence] = (),
    begun: datetime | None = None,
) -> DutyFigures:
    """`shifts` and `absences` are all of one person's."""
    week_h, average = 0.0, _average(shifts, absences, limits, begun)
    if average is not None:
        hours, over = average.measured_until(np.array([(at - average.zero) / HOUR]))
        week_h = float(WEEK_H * hours[0] / max(over[0], 1.0))
    inside = [hours for span, hours in rests(shifts, limits) if span.starts_at < end and span.ends_at > start]
    return DutyFigures(week_h=week_h, least_rest_h=min(inside, default=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class OvertimePrice:
    """Cost of an hour of overtime in a rotation, in its own currency, and the zone of its office hours."""

    zone: str
    cost: float | None = None
    currency: str = ""
    primary_share: float = 1.0
    standby_share: float = 1.0

    def share(self, level: int) -> float:
        return self.primary_share if level == PRIMARY else self.standby_share


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtime:
    """Hours of one person outside 8:00 to 18:00 on weekdays, and what they cost by currency; nothing is converted."""

    person: int
    hours: float
    costs: Mapping[str, float]


def overtime(
    shifts: Iterable[HeldShift], prices: Mapping[int, OvertimePrice], start: datetime, end: datetime
) -> list[Overtime]:
    """`prices` are by rotation. An hour on call twice at once is of the shift that began first; stand-by costs the
    share by which it counts."""
    zones = {rotation: price.zone for rotation, price in prices.items()}
    every = []
    for person, duties in sorted(_group_by_person(shifts).items()):
        hours, costs = 0.0, dict[str, float]()
        for part in disjoint(duties, start, end):
            price = prices[part.rotation]
            beyond = total([part]) / HOUR - office_hours([part], zones, start, end)
            hours += beyond
            if price.cost is not None and beyond > 0:
                paid = beyond * price.share(part.level) * price.cost
                costs[price.currency] = costs.get(price.currency, 0.0) + paid
        every.append(Overtime(person=person, hours=hours, costs=costs))
    return every


def disjoint(shifts: Iterable[HeldShift], start: datetime, end: datetime) -> Iterator[HeldShift]:
    """One person's shifts within the time, each without what an earlier one covers."""
    last = start
    for shift in sorted(shifts, key=lambda each: (each.starts_at, each.level, each.rotation)):
        begins, ends = max(shift.starts_at, last), min(shift.ends_at, end)
        if begins < ends:
            yield replace(shift, starts_at=begins, ends_at=ends)
        last = max(last, shift.ends_at)


def pressing(breach: TimeSpan, now: datetime) -> bool:
    """Whether a breach is near enough to be a problem."""
    return breach.starts_at < now + AHEAD and breach.ends_at > now - BACK


def turning_points(spans: Iterable[TimeSpan]) -> Iterator[datetime]:
    """Instants at which breaches become problems, and cease to be."""
    for span in spans:
        yield span.starts_at - AHEAD
        yield span.ends_at + BACK
