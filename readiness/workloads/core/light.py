"""How long light takes: below that no network answers, whoever builds it."""

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG R1)."""
VACUUM_KM_PER_S = 299_792.458
"""Speed of light in vacuum, exact by the definition of the metre."""
FIBRE_KM_PER_S = VACUUM_KM_PER_S / 1.468
"""In single-mode fibre: group index 1.468 at 1550 nm, as data sheets of ITU-T G.652.D fibre state it."""

type Point = tuple[float, float]
"""Latitude and longitude in degrees."""


def distance_km(here: Point, there: Point) -> float:
    """Along the great circle (haversine)."""
    (lat_1, lon_1), (lat_2, lon_2) = ((radians(lat), radians(lon)) for lat, lon in (here, there))
    half = sin((lat_2 - lat_1) / 2) ** 2 + cos(lat_1) * cos(lat_2) * sin((lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))


def shared_floor_ms(apart_km: float, km_per_s: float) -> float:
    """The shortest round trip in which one place reaches two others that are `apart_km` from each other.

    The best place lies half way: twice half the distance.
    """
    return 1000 * apart_km / km_per_s
