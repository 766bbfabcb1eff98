"""Data sets of others as entries: carbon intensity of countries, round trips between cloud regions, and great circles.

Where nobody measured or published a round trip, it is estimated as a band, never as a figure alone. Light in fibre
needs 2 x 1.468 / 299,792 km/s there and back: 1.468 is the group index of a single-mode fibre to ITU-T G.652 at 1,550
nm. How much longer paths are, by distance, is calibrated against 2,350 round trips between 50 cloud regions as their
operator publishes them (Azure network round-trip latency statistics, CC BY 4.0). The band holds 90 of 100 of those
pairs. They are between data centres: the way from a user's home or office to the network is not in them.
"""

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from readiness.demand.workloads.core.envelope import EARTH_RADIUS_KM, FIBRE_KM_PER_S, distance_km
from readiness.tradeoffs.factors.core.entries import FactorEntry, LatencyEntry
from readiness.tradeoffs.units import data

type Floats = npt.NDArray[np.float64]
type Places = npt.NDArray[np.float64]

FIBRE_ROUND_TRIP_MS_PER_KM = 2 * 1000 / FIBRE_KM_PER_S

NEAREST_KM = 100.0
"""The calibration has no nearer pair; shorter distances count as this, so that no estimate is 0 ms."""

SOURCE = "great-circle estimate"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Up to `to_km`, the round trip as a multiple of the great circle's fibre time at p5, p50 and p95."""

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
    """A round trip in ms; 90 of 100 paths of such a length are between `low` and `high`."""

    value: float
    low: float
    high: float


def great_circles_km(places: Places, other: Places) -> Floats:
    """`distance_km` from each of the first places to each of the second, a row for each of the first; places are rows
    of degrees."""
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


NEAR_KM = 150.0
"""Largest distance between a place and the cloud region that represents it (our judgement)."""
AROUND_MS_PER_KM = FIBRE_ROUND_TRIP_MS_PER_KM * STRETCHES[0].middle
"""The most that the way from a place to its cloud region may add or save."""


class DataSetUnreadable(ValueError):
    """The files of a package have another format than expected."""


@dataclass(frozen=True, slots=True)
class CountryMean:
    """gCO2e/kWh, the mean over a year."""

    value: float
    year: int


@dataclass(frozen=True, slots=True)
class PublishedPlace:
    """`name` is a slug, or the name of a cloud region."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class RegionTable:
    """Round trips in ms between cloud regions by name, and the regions' places."""

    places: tuple[PublishedPlace, ...]
    round_trips: Mapping[tuple[str, str], float]

    def nearest(self, place: PublishedPlace) -> tuple[PublishedPlace, float] | None:
        distances = [(self._km(place, region), region) for region in self.places]
        km, region = min(distances, key=lambda pair: (pair[0], pair[1].name), default=(float("inf"), None))
        return None if region is None or km > NEAR_KM else (region, km)

    def round_trip_between(self, region: str, other_region: str) -> float | None:
        round_trips = [
            self.round_trips[pair]
            for pair in ((region, other_region), (other_region, region))
            if pair in self.round_trips
        ]
        return sum(round_trips) / len(round_trips) if round_trips else None

    @staticmethod
    def _km(place: PublishedPlace, other: PublishedPlace) -> float:
        return distance_km((place.latitude, place.longitude), (other.latitude, other.longitude))


def country_means(text: str) -> dict[str, CountryMean]:
    """Return the means by two-letter code. A country without an intensity, or with 0, is left out: no grid has zero
    life-cycle emissions.
    """
    means = {}
    two_letters = data("countries")
    for code, row in _document(text).items():
        intensity, year = row.get("carbon_intensity"), row.get("year")
        if code in two_letters and isinstance(intensity, int | float) and intensity > 0 and year:
            means[two_letters[code]] = CountryMean(float(intensity), int(year))
    if not means:
        raise DataSetUnreadable("No country of the data set has an intensity.")
    return means


def region_table(matrix: str, coordinates: str) -> RegionTable:
    """Parse a matrix of ms with regions as header and first column, and coordinates by short name."""
    rows = list(csv.reader(matrix.splitlines()))
    if not rows or len(rows[0]) < 3:
        raise DataSetUnreadable("The table of round trips has no columns.")
    heads = rows[0][1:]
    try:
        trips = {
            (row[0], head): float(cell)
            for row in rows[1:]
            for head, cell in zip(heads, row[1:], strict=False)
            if cell.strip() and head != row[0]
        }
        places = [
            PublishedPlace(str(row["displayName"]), float(row["lat"]), float(row["lon"]))
            for row in _document(coordinates).values()
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise DataSetUnreadable(f"The table of round trips or of places has changed: {error}.") from error
    region_names = {name for pair in trips for name in pair}
    return RegionTable(tuple(place for place in places if place.name in region_names), trips)


def _document(text: str) -> dict[str, Any]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise DataSetUnreadable("A file of the data set is not JSON.") from error
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        raise DataSetUnreadable("A file of the data set is not a table of rows.")
    return rows


def carbon_entries(
    sites: Iterable[tuple[str, str]], means: Mapping[str, CountryMean], source: str
) -> list[FactorEntry]:
    """An entry for each site (slug and country) with a known country, dated the last day of its year."""
    return [
        FactorEntry(
            line=line,
            site=slug,
            kind="carbon_average",
            value=mean.value,
            unit="gCO2e/kWh",
            basis="published",
            provenance="estimated",
            source=source,
            as_of_on=date(mean.year, 12, 31),
            note=f"Mean of {mean.year} over the country; the grid of the site may differ",
        )
        for line, (slug, mean) in enumerate(
            ((slug, means[country]) for slug, country in sites if country in means), start=1
        )
    ]


def latency_entries(
    sites: Sequence[PublishedPlace],
    user_regions: Sequence[PublishedPlace],
    table: RegionTable,
    source: str,
    as_of_on: date,
) -> list[LatencyEntry]:
    """An entry for each site and user region that have a cloud region, unless both have the same one.

    The band covers what the ways to those regions may add or save.
    """
    entries: list[LatencyEntry] = []
    ends = {place: table.nearest(place) for place in (*sites, *user_regions)}
    for site, region in product(sites, user_regions):
        site_end, user_end = ends[site], ends[region]
        if site_end is None or user_end is None or site_end[0] == user_end[0]:
            continue
        value = table.round_trip_between(site_end[0].name, user_end[0].name)
        if value is None:
            continue
        around = (site_end[1] + user_end[1]) * AROUND_MS_PER_KM
        entries.append(
            LatencyEntry(
                line=len(entries) + 1,
                site=site.name,
                user_region=region.name,
                value=value,
                low=max(value - around, value / 2),
                high=value + around,
                basis="published",
                provenance="estimated",
                source=source,
                as_of_on=as_of_on,
                note=f"{site_end[0].name} ({site_end[1]:.0f} km away) to {user_end[0].name} ({user_end[1]:.0f} km)",
            )
        )
    return entries
