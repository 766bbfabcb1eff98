"""A series cut into UTC days as they are kept, and put together again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import numpy as np

from readiness.tradeoffs.core.series import FactorSeries

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class IntervalDay:
    """`values` has a place for every interval of the day, None where nothing is known."""

    day_on: date
    step_s: int
    offset_s: int
    values: tuple[float | None, ...]

    @property
    def known(self) -> list[float]:
        return [value for value in self.values if value is not None]


def cut(points: Sequence[tuple[datetime, float | None]], step_s: int) -> list[IntervalDay]:
    """Days of which anything is known, oldest first. The points lie on one grid."""
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
    """The series that days of one source make, oldest first; None of no days.

    Where the step changed from one day to the next, the finer one is used: a coarser value holds for each of its parts.
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
                # A change of the grid's offset would let two days overlap by a part of a step.
                if not starts or start >= starts[-1] + step_s:
                    starts.append(start)
                    values.append(np.nan if value is None else value)
    return FactorSeries(step_s, np.array(starts, np.int64), np.array(values, np.float64))
