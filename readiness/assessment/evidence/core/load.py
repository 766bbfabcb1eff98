"""Electrical load from the windows of many meters: sums, peaks, steps, quantiles, and the meters that add up to a site.

Arrays hold one mean per window, NaN where a meter sent nothing. A site may be metered at several levels, one behind the
other: at the supply, the UPS, the PDUs, and in the nodes. Only one level is added up, or the same kilowatt would count
twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from telemetry.core.sketch import Sketch, value_of

type Windows = NDArray[np.float64]

CONTINUOUS_WINDOWS = 3
"""Number of 5-minute windows that make a load continuous: 15 minutes, the usual demand interval of utility meters.
Electrical codes use three hours. The highest mean of a shorter span is never lower, so this errs on the safe side."""


@dataclass(frozen=True, slots=True)
class Peak:
    value: float
    at: int
    last: int


def complete_sum(meters: Windows) -> Windows:
    """The sum over meters (rows) for each window. If one meter is missing, the sum is NaN, because a part is not the
    whole."""
    total: Windows = meters.sum(axis=0)
    return total


def peak(windows: Windows) -> Peak | None:
    finite_places = np.flatnonzero(np.isfinite(windows))
    if not finite_places.size:
        return None
    at = int(finite_places[np.argmax(windows[finite_places])])
    return Peak(float(windows[at]), at, int(finite_places[-1]))


def continuous(windows: Windows, span: int = CONTINUOUS_WINDOWS) -> Windows:
    """The mean of the known values in each `span` windows, NaN without any. An unfinished span does not count, or its
    first minute would stand for the whole."""
    whole = windows[: windows.size // span * span].reshape(-1, span)
    is_finite = np.isfinite(whole)
    sums, counts = np.where(is_finite, whole, 0).sum(axis=1), is_finite.sum(axis=1)
    means: Windows = np.divide(sums, counts, out=np.full(len(whole), np.nan), where=counts > 0)
    return means


def largest_step(windows: Windows, span: int = 1) -> float | None:
    apart = range(1, min(span, windows.size - 1) + 1)
    # fmax ignores NaN unless there is no other value.
    steps = [np.fmax.reduce(np.abs(windows[far:] - windows[:-far])) for far in apart]
    largest = np.fmax.reduce(steps) if steps else np.nan
    return float(largest) if np.isfinite(largest) else None


class MeteringLevel(StrEnum):
    """Levels from the supply inwards; the outermost complete level is used."""

    METER = "meter"
    UPS = "ups"
    ROOM_PDU = "room-pdu"
    RACK_PDU = "rack-pdu"
    NODE = "node"

    @property
    def sees_everything(self) -> bool:
        return self is MeteringLevel.METER


LEVEL_OF_ROLE = {
    "ups": MeteringLevel.UPS,
    "node": MeteringLevel.NODE,
    "server": MeteringLevel.NODE,
    "storage": MeteringLevel.NODE,
}
"""Metering levels by the role of a device; a PDU's depends on whether it is in a rack."""
PDU = "pdu"


def level_of(role: str, *, in_rack: bool) -> MeteringLevel | None:
    if role == PDU:
        return MeteringLevel.RACK_PDU if in_rack else MeteringLevel.ROOM_PDU
    return LEVEL_OF_ROLE.get(role)


@dataclass(frozen=True, slots=True)
class MeteredLevel:
    """`expected` are the meters in service at this level, by any key; `windows` the kW of those that sent data."""

    level: MeteringLevel
    expected: frozenset[int]
    windows: Mapping[int, Windows]

    @property
    def missing(self) -> int:
        return len(self.expected - self.windows.keys())


@dataclass(frozen=True, slots=True)
class SiteLoad:
    """Windows of the whole site's kW at one level; `level` is None, with a reason, if no level is complete."""

    level: MeteringLevel | None
    windows: Windows
    reason: str = ""


def site_load(levels: Sequence[MeteredLevel]) -> SiteLoad | None:
    """The outermost level at which every device sent power in some window; None without any data."""
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
        reason = reason or f"In no window did every {WORDS[metered.level]} send power."
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
    """Return the quantile of all samples of several days for each subject, exact to the sketch's error; None without
    samples.

    All subjects are computed together, because there are thousands of small ones: buckets are sorted by subject, and
    each quantile is the bucket at which the cumulative count passes its rank (see telemetry.core.sketch).
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
    sampled_places = np.flatnonzero(samples)
    places = np.searchsorted(passed, ranks[sampled_places], side="right")
    values = value_of(buckets[order][places]).tolist()
    quantiles: list[float | None] = [None] * len(things)
    for place, value in zip(sampled_places.tolist(), values, strict=True):
        quantiles[place] = value
    return quantiles


def share_at_most(limit: float, sketch: Sketch) -> float | None:
    """The share of the values, 0 to 1, at or below the limit; None without values. A value within 1 % of the limit may
    count on the wrong side: that is the sketch's error."""
    if not sketch.count:
        return None
    return float(sketch.counts[value_of(sketch.buckets) <= limit].sum()) / sketch.count


@dataclass(frozen=True, slots=True)
class CircuitLoads:
    """`load_kw` is the sum over all circuits of a site; `highest` is the circuit with the highest share of its rating,
    in %."""

    load_kw: float
    highest: str
    percent: float
    taken_at: datetime
    provenance: str
