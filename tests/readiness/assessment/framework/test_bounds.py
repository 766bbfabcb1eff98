"""Regions of acceptable values: what is inside, how far from the edge, and how it is written."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.assessment.framework.core.definition import LIVE_FLOOR_S, Validity
from readiness.assessment.framework.core.thresholds import Bound, Threshold
from readiness.assessment.framework.core.vocabulary import Direction

AT_LEAST = Bound(low=460)
AT_MOST = Bound(high=3)
BELOW = Bound(high=5, strict=True)
RANGE = Bound(low=18, high=27)
CODES = Bound(values=frozenset({1.0, 5.0}))
ANYTHING = Bound()


@pytest.mark.parametrize(
    ("bound", "value", "inside", "margin", "edge"),
    [
        pytest.param(AT_LEAST, 460, True, 0, 460, id="on the floor"),
        pytest.param(AT_LEAST, 450, False, -10, 460, id="under the floor"),
        pytest.param(AT_LEAST, 480, True, 20, 460, id="over the floor"),
        pytest.param(AT_MOST, 3, True, 0, 3, id="on the ceiling"),
        pytest.param(AT_MOST, 4, False, -1, 3, id="over the ceiling"),
        pytest.param(BELOW, 5, False, 0, 5, id="on a strict edge"),
        pytest.param(BELOW, 4, True, 1, 5, id="inside a strict edge"),
        pytest.param(RANGE, 26, True, 1, 27, id="inside, near the top"),
        pytest.param(RANGE, 19, True, 1, 18, id="inside, near the bottom"),
        pytest.param(RANGE, 30, False, -3, 27, id="over a range"),
        pytest.param(RANGE, 10, False, -8, 18, id="under a range"),
        pytest.param(CODES, 5, True, None, None, id="a listed code has no distance"),
        pytest.param(CODES, 2, False, None, None, id="a code not listed"),
        pytest.param(ANYTHING, 1e9, True, None, None, id="any value"),
    ],
)
def test_bound(bound, value, inside, margin, edge):
    assert (bound.contains(value), bound.margin(value), bound.edge(value)) == (inside, margin, edge)


@pytest.mark.parametrize(
    ("bound", "unit", "text"),
    [
        (AT_LEAST, "GB/s", "≥ 460 GB/s"),
        (AT_MOST, "", "≤ 3"),
        (BELOW, "%", "< 5 %"),
        (RANGE, "°C", "18 to 27 °C"),
        (CODES, "", "1 or 5"),
        (ANYTHING, "kW", "any"),
        (Bound(high=0), "", "≤ 0"),
        (Bound(low=1_250_000), "W", "≥ 1250000 W"),
        (Bound(low=437.00000000000006), "GB/s", "≥ 437 GB/s"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_text(bound, unit, text):
    assert bound.text(unit) == text


@given(
    low=st.none() | st.floats(-1e6, 1e6),
    width=st.none() | st.floats(0.1, 1e6),
    value=st.floats(-1e7, 1e7),
)
def test_a_margin_is_negative_exactly_outside(low, width, value):
    if low is None and width is None:
        return
    high = None if width is None else (low or 0) + width
    bound = Bound(low=low, high=high)
    margin = bound.margin(value)
    assert margin is not None
    assert bound.contains(value) is (margin >= 0)
    assert math.isclose(abs(margin), abs(value - bound.edge(value)))


@pytest.mark.parametrize(
    ("direction", "factor", "expected"),
    [
        (Direction.HIGHER, 0.95, Bound(low=437.0)),
        (Direction.LOWER, 0.5, Bound(high=230.0)),
    ],
    ids=str,
)
def test_a_threshold_scales_its_limit(direction, factor, expected):
    bound = Threshold(source="OD", factor=factor).bound_for(direction, 460)
    assert (bound.low, bound.high) == (
        pytest.approx(expected.low) if expected.low else None,
        pytest.approx(expected.high) if expected.high else None,
    )


@pytest.mark.parametrize(
    ("max_age_s", "cadence_s", "limit_s"),
    [
        pytest.param(86400, 60, 86400, id="a fixed age is kept"),
        pytest.param(None, 60, LIVE_FLOOR_S, id="live is at least five minutes"),
        pytest.param(None, None, LIVE_FLOOR_S, id="live without a known cadence"),
        pytest.param(None, 300, 900, id="live is three cadences"),
    ],
)
def test_validity(max_age_s, cadence_s, limit_s):
    assert Validity(max_age_s, source="OD").limit_s(cadence_s) == limit_s
