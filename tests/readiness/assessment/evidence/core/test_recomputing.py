"""Slack above which a difference is more than the rounding of a print."""

import math

import pytest

from readiness.assessment.evidence.core.recomputing import differ, disagreement, half_unit


@pytest.mark.parametrize(
    ("text", "half"),
    [
        pytest.param("12.34", 0.005, id="decimals"),
        pytest.param("12", 0.5, id="a whole number"),
        pytest.param("1200", 0.5, id="zeros count as digits"),
        pytest.param("12.", 0.5, id="a point without decimals"),
        pytest.param(" 1.2e3 ", 50.0, id="an exponent"),
        pytest.param("1.2E-3", 0.00005, id="a negative exponent"),
        pytest.param("n/a", math.inf, id="no number"),
        pytest.param("1e999", math.inf, id="a number out of range"),
    ],
)
def test_half_a_unit_of_the_last_digit(text, half):
    assert half_unit(text) == pytest.approx(half)


@pytest.mark.parametrize(
    ("printed", "expected", "tolerance", "is_different"),
    [
        pytest.param(12.34, 12.344, 0.005, False, id="within the rounding"),
        pytest.param(12.34, 12.346, 0.005, True, id="beyond the rounding"),
        pytest.param(1e12, 1e12 * (1 + 1e-12), 0.0, False, id="the error of arithmetic"),
        pytest.param(0.0, 0.0, 0.0, False, id="nothing"),
        pytest.param(5.0, 9.0, math.inf, False, id="a print without digits"),
    ],
)
def test_numbers_differ(printed, expected, tolerance, is_different):
    assert differ(printed, expected, tolerance) is is_different


def test_a_contradiction_names_both_figures():
    assert disagreement("time at 8 B", "12 µs", "1.2 µs") == (
        "The time at 8 B is 12 µs in the file, but its other figures give 1.2 µs."
    )
