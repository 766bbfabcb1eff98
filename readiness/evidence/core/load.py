"""Electrical load from the windows of many meters: sums, peaks, steps, quantiles, and which meters add up to a site.

Arrays hold one mean per window, NaN where a meter sent nothing in it. The power of a site may be metered at several
levels, one behind the other: at the supply, at the UPS, at the PDUs, in the nodes. One level is added up, never two, or
the same kilowatt would count twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from telemetry.core.sketch import Sketch, value_of

type Windows = NDArray[np.float64]

CONTINUOUS_WINDOWS = 3
"""Windows of 5 minutes that make a load continuous: 15 minutes, the usual demand interval of utility meters.

Electrical codes speak of three hours. At its highest the mean over a shorter span is never lower, so this
errs to the safe side."""


@dataclass(frozen=True, slots=True)
class Peak:
    value: float
    at: int
    last: int


def complete_sum(meters: Windows) -> Windows:
    """The sum over meters (rows) of each window. A part is not the whole: one missing meter gives NaN."""
    total: Windows = meters.sum(axis=0)
    return total


def peak(windows: Windows) -> Peak | None:
    known = np.flatnonzero(np.isfinite(windows))
    if not known.size:
        return None
    at = int(known[np.argmax(windows[known])])
    return Peak(float(windows[at]), at, int(known[-1]))


def continuous(windows: Windows, span: int = CONTINUOUS_WINDOWS) -> Windows:
    """The mean of what is known in each `span` windows, NaN where nothing is. A span that is not over yet does not
    count: its first minute would pass for all of it."""
    whole = windows[: windows.size // span * span].reshape(-1, span)
    known = np.isfinite(whole)
    sums, counts = np.where(known, whole, 0).sum(axis=1), known.sum(axis=1)
    means: Windows = np.divide(sums, counts, out=np.full(len(whole), np.nan), where=counts > 0)
    return means


def largest_step(windows: Windows, span: int = 1) -> float | None:
    apart = range(1, min(span, windows.size - 1) + 1)
    # fmax passes over NaN, and gives it only where there is nothing else.
    steps = [np.fmax.reduce(np.abs(windows[far:] - windows[:-far])) for far in apart]
    largest = np.fmax.reduce(steps) if steps else np.nan
    return float(largest) if np.isfinite(largest) else None


class MeteringLevel(StrEnum):
    """Levels from the supply inwards; the outermost that is complete is taken."""

    METER = "meter"
    UPS = "ups"
    ROOM_PDU = "room-pdu"
    RACK_PDU = "rack-pdu"
    NODE = "node"

    @property
    def sees_everything(self) -> bool:
        return self is MeteringLevel.METER


@dataclass(frozen=True, slots=True)
class MeteredLevel:
    """`expected` are the meters in service at this level, by any key, `windows` the kW of those that sent any."""

    level: MeteringLevel
    expected: frozenset[int]
    windows: Mapping[int, Windows]

    @property
    def missing(self) -> int:
        return len(self.expected - self.windows.keys())


@dataclass(frozen=True, slots=True)
class SiteLoad:
    """Windows of the whole site's kW at one level; `level` None with a reason where no level is complete."""

    level: MeteringLevel | None
    windows: Windows
    reason: str = ""


def site_load(levels: Sequence[MeteredLevel]) -> SiteLoad | None:
    """The outermost level whose every device sent power in some window; None if nothing sends any."""
    reason = ""
    for metered in sorted(levels, key=lambda each: list(MeteringLevel).index(each.level)):
        if not metered.windows:
            continue
        if metered.missing:
            reason = (
                reason
                or f"{metered.missing} of {len(metered.expected)} {WORDS[metered.level]}s sent no power."
            )
            continue
        total = complete_sum(np.vstack(list(metered.windows.values())))
        if np.isfinite(total).any():
            return SiteLoad(metered.level, total)
        reason = reason or f"Never in one window did every {WORDS[metered.level]} send power."
    return SiteLoad(None, np.empty(0), reason=reason) if reason else None


WORDS = {
    MeteringLevel.METER: "site meter",
    MeteringLevel.UPS: "UPS",
    MeteringLevel.ROOM_PDU: "room PDU",
    MeteringLevel.RACK_PDU: "rack PDU",
    MeteringLevel.NODE: "node",
}


type Day = tuple[list[int], list[int]]
"""The buckets and counts of one day's sketch."""


def merged_quantiles(q: float, things: Sequence[Iterable[Day]]) -> list[float | None]:
    """Return for each thing the quantile of all samples of its days, exact to the sketch's error; None if there are
    none.

    Of all of them at once, since there are thousands and each is small: their buckets are put in order thing by thing,
    and each quantile is the bucket at which the samples counted so far pass its rank (telemetry.core.sketch has it).
    """
    days = [(place, day) for place, each in enumerate(things) for day in each]
    things_of = np.repeat([place for place, _ in days], [len(buckets) for _, (buckets, _) in days]).astype(
        np.int64
    )
    buckets = np.fromiter(chain.from_iterable(buckets for _, (buckets, _) in days), np.int64)
    counts = np.fromiter(chain.from_iterable(counts for _, (_, counts) in days), np.int64)
    order = np.lexsort((buckets, things_of))
    passed = np.cumsum(counts[order])
    samples = np.zeros(len(things), np.int64)
    np.add.at(samples, things_of, counts)
    ranks = np.floor(q * (samples - 1)).astype(np.int64) + np.cumsum(samples) - samples
    known = np.flatnonzero(samples)
    places = np.searchsorted(passed, ranks[known], side="right")
    values = value_of(buckets[order][places]).tolist()
    quantiles: list[float | None] = [None] * len(things)
    for place, value in zip(known.tolist(), values, strict=True):
        quantiles[place] = value
    return quantiles


def share_at_most(limit: float, sketch: Sketch) -> float | None:
    """Which part of the values, 0 to 1, is at the limit or below it; None of no values. A value within 1 % of the limit
    may be taken for one on its other side: that is the sketch's error."""
    if not sketch.count:
        return None
    return float(sketch.counts[value_of(sketch.buckets) <= limit].sum()) / sketch.count
