"""Places sites on the dotted world map that web/assets/world_dots.mjs draws at set-up.

Both use the Equal Earth projection (Šavrič, Patterson & Jenny 2018), with the parameters in worlddots.json. The verdict
is shown by shape as well as colour, and every marker is a link: it works with a keyboard and in greyscale.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders

_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_LEAST_RADIUS, _RADIUS_GROWTH = 4.6, 0.98  # area grows with capacity; the smallest edge site stays a target
_LEAST_SHARE = 0.12  # of the world's width that a closer map shows at least


class MapNotBuiltError(RuntimeError):
    """The map's dots are missing: the browser files have not been built."""


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
    unit: float = 1.0  # of the map's units, as large as one on the map of the whole world

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
        return round(max(self.radius + 4 * self.unit, 12 * self.unit), 1)


@dataclass(frozen=True, slots=True)
class WorldMap:
    view_box: str
    dots: str
    markers: list[PlacedMarker]
    is_closer: bool = False


def project(latitude: float, longitude: float) -> tuple[float, float]:
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


def middle(places: Iterable[tuple[float, float]]) -> tuple[float, float]:
    x = y = z = 0.0
    for latitude, longitude in places:
        north, east = math.radians(latitude), math.radians(longitude)
        x += math.cos(north) * math.cos(east)
        y += math.cos(north) * math.sin(east)
        z += math.sin(north)
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def world_map(markers: Iterable[Marker], *, closer: bool = False) -> WorldMap:
    """The land and the placed markers, large ones first so that small ones stay reachable on top.

    Markers at one place stand side by side. `closer` crops the map to the markers and the land around them.
    """
    dots = _dots()
    # Crop the empty ocean at the sides and the bottom.
    left, top, width, height = 40.0, 0.0, 950.0, float(dots["height"] - 24)
    placed = list(markers)
    at = [_place(marker, dots) for marker in placed]
    unit = 1.0
    if closer and at:
        left, top, width, height = _around(at, width, height)
        unit = width / 950
    marks = [
        PlacedMarker(
            marker,
            x,
            y,
            round(unit * (_LEAST_RADIUS + _RADIUS_GROWTH * math.sqrt(max(marker.size, 0))), 1),
            unit,
        )
        for marker, (x, y) in zip(placed, at, strict=True)
    ]
    marks = _side_by_side(marks)
    marks.sort(key=lambda place: (-place.radius, place.marker.name))
    return WorldMap(f"{left:.0f} {top:.0f} {width:.0f} {height:.0f}", dots["path"], marks, closer)


def _place(marker: Marker, dots: dict[str, Any]) -> tuple[float, float]:
    x, y = project(marker.latitude, marker.longitude)
    return round((x + dots["x_max"]) * dots["scale"], 1), round((dots["y_top"] - y) * dots["scale"], 1)


def _around(at: list[tuple[float, float]], width: float, height: float) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in at], [y for _, y in at]
    share = max((max(xs) - min(xs)) / width, (max(ys) - min(ys)) / height) * 1.3
    share = min(max(share, _LEAST_SHARE), 1.0)
    wide, high = width * share, height * share
    return (max(xs) + min(xs) - wide) / 2, (max(ys) + min(ys) - high) / 2, wide, high


def _side_by_side(marks: list[PlacedMarker]) -> list[PlacedMarker]:
    rows: dict[tuple[float, float], list[PlacedMarker]] = {}
    for mark in marks:
        rows.setdefault((mark.x, mark.y), []).append(mark)
    moved = []
    for row in rows.values():
        gap = 2 * row[0].unit
        x = row[0].x - sum(mark.radius for mark in row) - gap * (len(row) - 1) / 2
        for mark in row:
            moved.append(replace(mark, x=round(x + mark.radius, 1)))
            x += 2 * mark.radius + gap
    return moved
