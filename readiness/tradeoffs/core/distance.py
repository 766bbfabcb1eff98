"""Round trips from great circles, where nobody measured or published one: a band, never a figure alone.

Light in fibre needs 2 x 1.468 / 299,792 km/s there and back: 1.468 is the group index of a single-mode fibre to ITU-T
G.652 at 1,550 nm. Paths are longer than great circles and pass equipment; how much, by distance, is calibrated against
2,350 round trips between 50 cloud regions as their operator publishes them (Azure network round-trip latency
statistics, CC BY 4.0), each over the fibre time of its great circle. The band holds 90 of 100 of those pairs. They are
between data centres: the way from a user's home or office to the network is not in them.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from readiness.workloads.core.light import EARTH_RADIUS_KM, FIBRE_KM_PER_S

type Floats = npt.NDArray[np.float64]
type Places = npt.NDArray[np.float64]

FIBRE_ROUND_TRIP_MS_PER_KM = 2 * 1000 / FIBRE_KM_PER_S

NEAREST_KM = 100.0
"""No pair of the calibration is nearer; whatever is counts as this far, so that no estimate is 0 ms."""

SOURCE = "great-circle estimate"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Up to `to_km`: how many times the fibre time of the great circle the round trip was, at p5, p50 and p95."""

    to_km: float
    low: float
    middle: float
    high: float


STRETCHES = (
    Stretch(500, 2.62, 3.38, 5.59),
    Stretch(1_000, 1.91, 2.60, 3.40),
    Stretch(2_000, 1.64, 2.41, 2.90),
    Stretch(5_000, 1.37, 1.98, 4.09),
    Stretch(10_000, 1.38, 1.78, 2.88),
    Stretch(math.inf, 1.26, 1.56, 2.24),
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A round trip in ms; of 100 paths of such a length, 90 lie between `low` and `high`."""

    value: float
    low: float
    high: float


def great_circles_km(places: Places, other: Places) -> Floats:
    """`distance_km` of all of one from all of the other, a row for each of the first; places are rows of degrees."""
    a, b = np.radians(places)[:, np.newaxis, :], np.radians(other)[np.newaxis, :, :]
    half = (
        np.sin((b[..., 0] - a[..., 0]) / 2) ** 2
        + np.cos(a[..., 0]) * np.cos(b[..., 0]) * np.sin((b[..., 1] - a[..., 1]) / 2) ** 2
    )
    distances_km: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(1.0, half)))
    return distances_km


def estimated_round_trip(distance_km: float) -> Estimate:
    """The band of a distance.

    >>> estimate = estimated_round_trip(6_000)
    >>> round(estimate.low), round(estimate.value), round(estimate.high)
    (81, 105, 169)
    """
    fibre_ms = max(distance_km, NEAREST_KM) * FIBRE_ROUND_TRIP_MS_PER_KM
    stretch = next(each for each in STRETCHES if distance_km <= each.to_km)
    return Estimate(fibre_ms * stretch.middle, fibre_ms * stretch.low, fibre_ms * stretch.high)
