"""Series of prices and carbon intensities: parsing a file, placing it in time, and integrating over a period.

A value holds from its instant for one step. An instant without a value is unknown: integrals leave it out and state the
covered share of the period; nothing is filled in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

STEPS_S = (900, 1800, 3600)
"""Quarters, halves and whole hours, as markets and grids publish them."""
MOST_POINTS = 40_000
"""A little more than a year of quarter-hours."""

type Floats = npt.NDArray[np.float64]
type Instants = npt.NDArray[np.int64]


class SeriesRefused(ValueError):
    """A file whose rows cannot be placed in time. `line` counts from 1; `field` is `at` or `value`."""

    def __init__(self, line: int, field: str, reason: str) -> None:
        super().__init__(f"Line {line}: {reason}")
        self.line = line
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One row of a file: the instant as written, with or without an offset; no value for an empty cell."""

    line: int
    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class FactorSeries:
    """`starts_s` are seconds since 1970, ascending; NaN is an unknown value. Instants may be missing."""

    step_s: int
    starts_s: Instants
    values: Floats

    def __post_init__(self) -> None:
        if len(self.starts_s) != len(self.values):
            raise ValueError("A series has as many instants as values.")
        if len(self.starts_s) > 1 and int(np.diff(self.starts_s).min()) < self.step_s:
            raise ValueError("Intervals of a series do not overlap and ascend.")

    @classmethod
    def build(cls, step_s: int, points: Iterable[tuple[datetime, float | None]]) -> "FactorSeries":
        dated = list(points)
        starts = np.array([int(at.timestamp()) for at, _ in dated], dtype=np.int64)
        values = np.array([np.nan if value is None else value for _, value in dated], dtype=np.float64)
        return cls(step_s, starts, values)

    def part_between(self, start: datetime, end: datetime) -> "FactorSeries":
        is_inside = (self.starts_s >= start.timestamp()) & (self.starts_s < end.timestamp())
        return FactorSeries(self.step_s, self.starts_s[is_inside], self.values[is_inside])


@dataclass(frozen=True, slots=True)
class Integral:
    """`total` is in (unit of the first) x (unit of the second) x h, over the known part of the period only.

    `coverage` is the known share of the period. None if nothing is known, which is not 0.
    """

    total: float | None
    covered_h: float
    coverage: float

    @property
    def complete(self) -> bool:
        return self.coverage > 1 - 1e-9


def placed(rows: Sequence[SeriesRow], zone: ZoneInfo | None) -> list[tuple[int, datetime, float | None]]:
    """Line, instant in UTC and value, oldest first; raises SeriesRefused if a row's instant is not unique.

    An instant without an offset is local time in `zone`. When clocks go back, an hour occurs twice and must be in the
    file twice; when they go forward, an hour does not occur and must not be in the file.
    """
    if len(rows) > MOST_POINTS:
        raise SeriesRefused(rows[MOST_POINTS].line, "at", f"There are more than {MOST_POINTS} rows.")
    ordered = list(rows)
    if len(ordered) > 1 and _order(ordered[0]) > _order(ordered[-1]):
        ordered.reverse()
    instants = _instants(ordered, zone)
    for (before, row), (at, next_at) in zip(pairwise(ordered), pairwise(instants), strict=True):
        if next_at <= at:
            line, other = max(row.line, before.line), min(row.line, before.line)
            why = "has the same time as" if next_at == at else "is out of order after"
            raise SeriesRefused(line, "at", f"{row.at.isoformat()} {why} line {other}.")
    return [(row.line, at, row.value) for row, at in zip(ordered, instants, strict=True)]


def step_of(points: Sequence[tuple[int, datetime, float | None]], stated_s: int | None = None) -> int:
    """The step of a file in seconds, stated or derived; raises SeriesRefused if a row is off its grid."""
    if not points:
        raise SeriesRefused(1, "at", "There is no row.")
    gaps = [int((b[1] - a[1]).total_seconds()) for a, b in pairwise(points)]
    step_s = stated_s or min(gaps, default=0)
    if step_s not in STEPS_S:
        line = points[gaps.index(step_s) + 1][0] if step_s in gaps else points[0][0]
        spacing = (
            f"Rows are {step_s} s apart"
            if gaps or stated_s
            else "A single row does not show how long its value holds"
        )
        raise SeriesRefused(line, "at", f"{spacing}; a step is 15, 30 or 60 minutes.")
    first = int(points[0][1].timestamp())
    for line, at, _value in points:
        if (int(at.timestamp()) - first) % step_s or at.microsecond:
            raise SeriesRefused(line, "at", f"{at.isoformat()} is not on the grid of {step_s // 60} minutes.")
    return step_s


def _order(row: SeriesRow) -> timedelta:
    return row.at.replace(tzinfo=None) - datetime(1, 1, 1) - (row.at.utcoffset() or timedelta())  # noqa: DTZ001


def _instants(rows: Sequence[SeriesRow], zone: ZoneInfo | None) -> list[datetime]:
    times = [row.at for row in rows if row.at.tzinfo is None]
    occurrences_so_far: dict[datetime, int] = {}
    counts: dict[datetime, int] = {}
    for at in times:
        counts[at] = counts.get(at, 0) + 1
    instants = []
    for row in rows:
        if row.at.tzinfo is not None:
            instants.append(_utc_instant(row, row.at))
            continue
        if zone is None:
            message = f"{row.at.isoformat()} has no offset; write Z or +01:00, or name the file's time zone."
            raise SeriesRefused(row.line, "at", message)
        instants.append(_instant_of_wall_time(row, zone, counts[row.at], occurrences_so_far.get(row.at, 0)))
        occurrences_so_far[row.at] = occurrences_so_far.get(row.at, 0) + 1
    return instants


def _instant_of_wall_time(row: SeriesRow, zone: ZoneInfo, occurrences: int, before: int) -> datetime:
    first = _utc_instant(row, row.at.replace(tzinfo=zone, fold=0))
    second = _utc_instant(row, row.at.replace(tzinfo=zone, fold=1))
    wall = row.at.isoformat()
    if first == second:
        if occurrences > 1 and before:
            raise SeriesRefused(row.line, "at", f"{wall} is in the file {occurrences} times.")
        return first
    # Clocks go forward: the two readings are in reverse order, and neither maps back to this wall time.
    if first > second:
        raise SeriesRefused(
            row.line, "at", f"{wall} does not exist in {zone.key}: clocks go forward over it."
        )
    if occurrences != 2:
        times = "once" if occurrences == 1 else f"{occurrences} times"
        why = f"{wall} occurs twice in {zone.key}, and is in the file {times}; write it with its offset."
        raise SeriesRefused(row.line, "at", why)
    return second if before else first


def _utc_instant(row: SeriesRow, at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise SeriesRefused(row.line, "at", f"{row.at.isoformat()} is out of range.") from error


def integrated(factor: FactorSeries, load: FactorSeries | float, start: datetime, end: datetime) -> Integral:
    """The integral of factor x load over a period: EUR from EUR/kWh and kW, g from g/kWh and kW. The load is a series
    or a constant.
    """
    if end <= start:
        raise ValueError("A period must end after it starts.")
    start_s, end_s = start.timestamp(), end.timestamp()
    parts = [factor, load] if isinstance(load, FactorSeries) else [factor]
    edges = _edges(parts, start_s, end_s)
    lengths_h = np.diff(edges) / 3600
    product = np.full(len(lengths_h), 1.0 if isinstance(load, FactorSeries) else float(load))
    for part in parts:
        product = product * values_at(part, edges[:-1])
    has_value = ~np.isnan(product)
    covered_h = float(lengths_h[has_value].sum())
    total = float((product[has_value] * lengths_h[has_value]).sum()) if covered_h else None
    return Integral(total, covered_h, covered_h / ((end_s - start_s) / 3600))


def _edges(parts: Sequence[FactorSeries], start_s: float, end_s: float) -> Floats:
    bounds = [np.array([start_s, end_s])]
    for part in parts:
        bounds += [part.starts_s.astype(np.float64), part.starts_s.astype(np.float64) + part.step_s]
    edges = np.unique(np.concatenate(bounds))
    within: Floats = edges[(edges >= start_s) & (edges <= end_s)]
    return within


def values_at(part: FactorSeries, instants: Floats) -> Floats:
    """The values at these instants, NaN without a value."""
    if not len(part.starts_s):
        return np.full(len(instants), np.nan)
    places = np.searchsorted(part.starts_s, instants, side="right") - 1
    latest = np.where(places >= 0, part.values[np.maximum(places, 0)], np.nan)
    values: Floats = np.where(instants < part.starts_s[np.maximum(places, 0)] + part.step_s, latest, np.nan)
    return values


DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class IntervalDay:
    """`values` has an entry for every interval of the day, None if unknown."""

    day_on: date
    step_s: int
    offset_s: int
    values: tuple[float | None, ...]

    @property
    def known_values(self) -> list[float]:
        return [value for value in self.values if value is not None]


def cut(points: Sequence[tuple[datetime, float | None]], step_s: int) -> list[IntervalDay]:
    """Days with any known value, oldest first. The points are on one grid."""
    by_day: dict[date, dict[int, float]] = {}
    offset_s = int(points[0][0].timestamp()) % step_s if points else 0
    for at, value in points:
        if value is not None:
            second = int(at.timestamp()) % DAY_S
            by_day.setdefault(at.astimezone(UTC).date(), {})[second // step_s] = value
    places = DAY_S // step_s
    return [
        IntervalDay(day_on, step_s, offset_s, tuple(values.get(place) for place in range(places)))
        for day_on, values in sorted(by_day.items())
    ]


def joined(days: Iterable[IntervalDay]) -> FactorSeries | None:
    """Join the days of one source into a series, oldest first; None without days.

    If the step changed between days, the finer one is used: a coarser value holds for each of its parts.
    """
    ordered = sorted(days, key=lambda day: day.day_on)
    if not ordered:
        return None
    step_s = min(day.step_s for day in ordered)
    starts: list[int] = []
    values: list[float] = []
    for day in ordered:
        midnight = int(datetime.combine(day.day_on, time(), UTC).timestamp())
        for place, value in enumerate(day.values):
            begin = midnight + day.offset_s + place * day.step_s
            for start in range(begin, begin + day.step_s, step_s):
                # If the grid's offset changes, two days may overlap by a part of a step.
                if not starts or start >= starts[-1] + step_s:
                    starts.append(start)
                    values.append(np.nan if value is None else value)
    return FactorSeries(step_s, np.array(starts, np.int64), np.array(values, np.float64))
