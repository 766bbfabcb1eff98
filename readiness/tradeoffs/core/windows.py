"""When deferrable work should run: the cheapest hours by a series of prices or carbon intensities, up to a deadline.

A slot without a value is unknown: work is never planned into it, and a total is unknown where it touches one. Totals
are sums of value x hours, so that times kW they are money or grams. Ties go to the earliest slots.

Split work takes the cheapest whole slots between the two instants, which no other choice of them beats; what the last
needs less is spared in the dearest. Contiguous work takes the cheapest run of adjacent ones, all of which are tried,
and spares at one of its ends: as prices are constant within a slot, no start between is better.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from readiness.tradeoffs.core.series import FactorSeries, Floats, Instants, integrated

HOUR = timedelta(hours=1)
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class DeferrableRun:
    """`hours` of running between two instants, in one piece or not."""

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
    """None where the known slots before the deadline do not hold the work."""
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
        taken = np.sort(cheapest)
        begins = starts[taken].astype(np.float64)
        return _pieces(begins, begins + step_s - np.where(taken == cheapest[-1], spare_s, 0.0))
    chosen = _cheapest_run(starts, values, needed, step_s, spare_s)
    if chosen is None:
        return None
    start_s, spared_first = float(starts[chosen // 2]), chosen % 2
    start_s += spare_s * spared_first
    return (Piece(_instant(start_s), _instant(start_s + work.hours * HOUR_S)),)


def cost_of(series: FactorSeries, pieces: Sequence[Piece]) -> float | None:
    """Running in these pieces, integrated over the slots that they touch; None where one of them is unknown."""
    step = timedelta(seconds=series.step_s)
    parts = [
        integrated(series.within(piece.start_at - step, piece.end_at), 1.0, piece.start_at, piece.end_at)
        for piece in pieces
    ]
    return math.fsum(part.total or 0.0 for part in parts) if all(part.complete for part in parts) else None


def _cheapest_run(starts: Instants, values: Floats, needed: int, step_s: int, spare_s: float) -> int | None:
    """Twice the place of its first slot, plus one where that is the slot that is spared.

    Found by running sums, for a run may have a thousand slots. Values that differ in the last digits tie.
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
    """Slots that touch are one piece."""
    apart = starts_s[1:] != ends_s[:-1]
    begins = starts_s[np.concatenate([[True], apart])]
    return tuple(
        Piece(_instant(start_s), _instant(end_s))
        for start_s, end_s in zip(begins, ends_s[np.concatenate([apart, [True]])], strict=True)
    )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
