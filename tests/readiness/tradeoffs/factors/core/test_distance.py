"""Estimates are bands, grow with distance as paths do, and hold known round trips."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.demand.workloads.core.envelope import distance_km
from readiness.tradeoffs.factors.core.published import (
    FIBRE_ROUND_TRIP_MS_PER_KM,
    NEAREST_KM,
    estimated_round_trip,
    great_circles_km,
)
from tests.cases import cases

DUBLIN, ASHBURN, SINGAPORE = (53.3498, -6.2603), (39.0438, -77.4874), (1.3521, 103.8198)


@cases(
    ("one", "other", "expected_km"),
    {
        "across the Atlantic": (DUBLIN, ASHBURN, 5_461),
        "the same place": (DUBLIN, DUBLIN, 0),
        "half the equator": ((0, 0), (0, 180), 20_015),
        "over the date line": ((0, 179.5), (0, -179.5), 111.2),
    },
)
def test_great_circles(one, other, expected_km):
    assert distance_km(one, other) == pytest.approx(expected_km, rel=5e-3, abs=1e-6)


def test_many_at_once_are_as_far_as_one_by_one():
    places = np.array([DUBLIN, ASHBURN, SINGAPORE])
    many = great_circles_km(places, places)
    for row, one in enumerate(places):
        for column, other in enumerate(places):
            assert many[row, column] == pytest.approx(distance_km(one, other), abs=1e-6)


@pytest.mark.parametrize(
    ("one", "other", "published_ms"),
    [
        # Between regions near these cities, as the operator whose table the calibration is of publishes them.
        pytest.param(DUBLIN, ASHBURN, 74, id="Dublin and Virginia"),
        pytest.param(DUBLIN, SINGAPORE, 166, id="Dublin and Singapore"),
    ],
)
def test_published_round_trips_lie_in_the_band(one, other, published_ms):
    estimate = estimated_round_trip(distance_km(one, other))
    assert estimate.low <= published_ms <= estimate.high


def test_neighbours_are_not_at_no_distance():
    assert estimated_round_trip(0).low > 0
    assert estimated_round_trip(0).value == estimated_round_trip(NEAREST_KM).value


@settings(max_examples=60, deadline=None)
@given(distance_km=st.floats(0, 20_037))
def test_no_estimate_beats_light_and_each_is_within_its_band(distance_km):
    estimate = estimated_round_trip(distance_km)
    assert distance_km * FIBRE_ROUND_TRIP_MS_PER_KM < estimate.low < estimate.value < estimate.high
