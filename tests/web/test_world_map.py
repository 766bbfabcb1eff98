import json
import math
import re

import pytest

from web.world_map import Marker, middle, project, world_map


def marker(name, latitude, longitude, **more):
    return Marker(
        **{"verdict": "ready", "url": "#", "size": 10.0} | more,
        name=name,
        latitude=latitude,
        longitude=longitude,
    )


def test_projection_has_the_published_outline():
    """Šavrič, Patterson & Jenny 2018: 2.05458 times as wide as high, poles and equator on the axes."""
    width, _ = project(0, 180)
    top, height = project(90, 0)
    assert width / height == pytest.approx(2.05458, abs=1e-4)
    assert top == pytest.approx(0)
    assert project(0, 0) == pytest.approx((0, 0))


@pytest.mark.parametrize(("latitude", "longitude"), [(0, 0), (23, -120), (45, 90), (-60, 170)])
def test_projection_keeps_areas(latitude, longitude):
    """Equal Earth: a small patch has the area it has on the sphere, cos(latitude) per square radian."""
    step = 1e-4
    per_radian = math.degrees(1)
    (x0, y0), (x1, y1) = project(latitude, longitude - step), project(latitude, longitude + step)
    (x2, y2), (x3, y3) = project(latitude - step, longitude), project(latitude + step, longitude)
    across, along = per_radian / (2 * step), per_radian / (2 * step)
    area = (x1 - x0) * across * (y3 - y2) * along - (y1 - y0) * across * (x3 - x2) * along
    assert area == pytest.approx(math.cos(math.radians(latitude)), rel=1e-4)


def test_marker_in_a_continent_lies_among_its_dots_and_one_at_sea_does_not(vendor):
    dots = [
        tuple(map(float, dot))
        for dot in re.findall(r"M(\d+) (\d+)h0", json.loads((vendor / "worlddots.json").read_text())["path"])
    ]

    def nearest(place):
        return min(math.hypot(place.x - x, place.y - y) for x, y in dots)

    frankfurt, dallas, pacific = world_map(
        [
            marker("FRA-1", 50.1, 8.7, size=3),
            marker("DFW-1", 32.8, -96.8, size=2),
            marker("sea", 0, -140, size=1),
        ]
    ).markers
    assert nearest(frankfurt) < 8
    assert nearest(dallas) < 8
    assert nearest(pacific) > 80


def test_small_sites_are_drawn_over_large_ones_and_stay_large_enough_to_hit(vendor):
    placed = world_map(
        [marker("EDGE-1", 50.1, 8.7, size=0.3), marker("CORE-1", 50.2, 8.8, size=60.0)]
    ).markers
    assert [place.marker.name for place in placed] == ["CORE-1", "EDGE-1"]
    assert placed[1].radius < placed[0].radius
    assert placed[1].hit_radius >= 12  # 24 px across, the least target of WCAG 2.2


def test_markers_of_one_place_stand_side_by_side(vendor):
    left, right = sorted(
        world_map([marker("ready", 50.1, 8.7), marker("waiting", 50.1, 8.7, verdict="not-ready")]).markers,
        key=lambda place: place.x,
    )
    assert right.x - left.x >= left.radius + right.radius
    assert left.y == right.y


def test_a_closer_map_keeps_its_proportions_and_the_size_of_its_marks(vendor):
    world = world_map([marker("FRA-1", 50.1, 8.7), marker("LIS-1", 38.7, -9.1)])
    closer = world_map([marker("FRA-1", 50.1, 8.7), marker("LIS-1", 38.7, -9.1)], closer=True)
    (_, _, width, height), (left, top, wide, high) = (
        map(float, each.view_box.split()) for each in (world, closer)
    )
    assert wide < width / 4
    assert wide / high == pytest.approx(width / height, rel=0.02)
    assert all(left < place.x < left + wide and top < place.y < top + high for place in closer.markers)
    assert closer.markers[0].radius / wide == pytest.approx(world.markers[0].radius / width, rel=0.1)


def test_the_middle_of_places_on_both_sides_of_the_date_line_is_near_them():
    latitude, longitude = middle([(-20, 170), (-20, -170)])
    assert abs(longitude) == pytest.approx(180)
    assert latitude == pytest.approx(-20, abs=1)
