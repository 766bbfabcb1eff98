"""Figures of several sites: their score, whole numbers that add up, a line through points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.assessment.scoring.core.mean import apportioned, fit, half_up, sums_of


@pytest.mark.parametrize(
    ("sites", "by_kw", "plain"),
    [
        ([(80.0, 300.0), (20.0, 100.0)], 65.0, 50.0),
        ([(80.0, 300.0), (20.0, 0.0)], 80.0, 50.0),
        ([(80.0, 300.0), (20.0, -50.0)], 80.0, 50.0),
        ([(80.0, 300.0), (None, 900.0)], 80.0, 80.0),
        ([(80.0, 0.0)], None, 80.0),
        ([(None, 300.0)], None, None),
        ([], None, None),
    ],
)
def test_the_score_of_sites(sites, by_kw, plain):
    sums = sums_of(sites)
    assert (sums.kw_weighted, sums.plain) == (by_kw, plain)


@pytest.mark.parametrize(("value", "whole"), [(2.5, 3), (-2.5, -2), (2.49, 2), (0.5, 1), (-0.5, 0)])
def test_halves_go_up(value, whole):
    assert half_up(value) == whole


@pytest.mark.parametrize(
    ("parts", "whole", "rounded"),
    [
        ([1.2, 1.3, 1.5], 4, [1, 1, 2]),
        ([1.6, 1.7, 1.7], 5, [1, 2, 2]),
        ([-1.2, -1.3, -1.5], -4, [-1, -1, -2]),
        ([0.0, 0.4, 0.6], 1, [0, 0, 1]),
        # One off by floating point: the largest gives or takes, and what is nothing stays nothing.
        ([0.0, 1.0, 3.0], 5, [0, 1, 4]),
        ([0.0, 1.0, -3.0], -3, [0, 1, -4]),
        ([], 0, []),
    ],
)
def test_whole_numbers_that_add_up(parts, whole, rounded):
    assert apportioned(parts, whole) == rounded


@given(
    st.floats(-5, 5), st.floats(-100, 100), st.lists(st.integers(0, 50), min_size=3, max_size=9, unique=True)
)
def test_points_on_a_line_leave_nothing_beside_it(slope, start, places):
    line = fit(places, [start + slope * place for place in places])
    assert line.slope == pytest.approx(slope, abs=1e-6)
    assert line.spread == pytest.approx(0, abs=1e-5)


def test_the_spread_is_that_of_the_residuals():
    line = fit([0, 1, 2, 3], [0.0, 2.0, 0.0, 2.0])
    # By hand: slope 0.4, start 0.4, residuals -0.4, 1.2, -1.2, 0.4; their squares come to 3.2, over 4 - 2.
    assert (line.slope, line.spread) == (pytest.approx(0.4), pytest.approx(1.6**0.5))
