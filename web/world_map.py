"""Places sites on the dotted world map that web/assets/world_dots.mjs draws at set-up.

Both use the Equal Earth projection (Šavrič, Patterson & Jenny 2018), with the parameters in worlddots.json.
Shape as well as colour tells the verdict, and every marker is a link: it works with a keyboard and in grey.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders

_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_LEAST_RADIUS, _RADIUS_GROWTH = 3.4, 0.98  # area grows with capacity; the smallest edge site stays a target


class MapNotBuiltError(RuntimeError):
    """The dots of the map are missing: the browser files have not been built."""


@dataclass(frozen=True, slots=True)
class Marker:
    name: str
    latitude: float
    longitude: float
    verdict: str | None  # None: planned or building, no verdict
    url: str
    size: float = 0.0  # deployed MW
    note: str = ""  # one line for the tip and for screen readers


@dataclass(frozen=True, slots=True)
class PlacedMarker:
    marker: Marker
    x: float
    y: float
    radius: float

    @property
    def triangle(self) -> str:
        r = self.radius
        top, right, bottom, left = self.y - r * 1.15, self.x + r * 1.1, self.y + r * 0.85, self.x - r * 1.1
        return f"M{self.x:.1f} {top:.1f}L{right:.1f} {bottom:.1f}H{left:.1f}Z"

    @property
    def square(self) -> tuple[float, float, float]:
        side = self.radius * 1.76
        return round(self.x - side / 2, 1), round(self.y - side / 2, 1), round(side, 1)

    @property
    def hit_radius(self) -> float:
        return max(self.radius + 4, 12)


@dataclass(frozen=True, slots=True)
class WorldMap:
    view_box: str
    dots: str
    markers: list[PlacedMarker]


def project(latitude: float, longitude: float) -> tuple[float, float]:
    """Equal Earth x, y for degrees north and east."""
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    t2 = theta * theta
    t6 = t2**3
    slope = 9 * _A4 * t6 * t2 + 7 * _A3 * t6 + 3 * _A2 * t2 + _A1
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(theta) / (3 * slope)
    return x, theta * (_A1 + _A2 * t2 + t6 * (_A3 + _A4 * t2))


@cache
def _dots() -> dict[str, Any]:
    path = finders.find("vendor/worlddots.json")
    if path is None:
        raise MapNotBuiltError(
            "static/vendor/worlddots.json is missing: run `npm ci` and `npm run build`, as `make run` does"
        )
    dots: dict[str, Any] = json.loads(Path(path).read_text())
    return dots


def world_map(markers: Iterable[Marker]) -> WorldMap:
    """The land and the placed markers, large ones first so that small ones stay reachable on top."""
    dots = _dots()
    placed = []
    for marker in markers:
        x, y = project(marker.latitude, marker.longitude)
        placed.append(
            PlacedMarker(
                marker,
                round((x + dots["x_max"]) * dots["scale"], 1),
                round((dots["y_top"] - y) * dots["scale"], 1),
                round(_LEAST_RADIUS + _RADIUS_GROWTH * math.sqrt(max(marker.size, 0)), 1),
            )
        )
    placed.sort(key=lambda place: (-place.radius, place.marker.name))
    # The empty ocean at the sides and the bottom is cut off.
    return WorldMap(f"40 0 950 {dots['height'] - 24}", dots["path"], placed)
