"""Forecast errors, on figures worked by hand."""

import pytest

from readiness.tradeoffs.decisions.core import compare, mean_percent
from readiness.tradeoffs.moves.options import BandedFigure, FigureError
from tests.cases import cases


def kg(value, low=None, high=None):
    return BandedFigure(value, "kg", low=low, high=high)


@cases(
    ("expected", "realised", "error", "percent", "within"),
    {
        "more came: percent of what came": (kg(80.0), kg(100.0), 20.0, 20.0, None),
        "less came": (kg(150.0), kg(100.0), -50.0, -50.0, None),
        "as expected": (kg(100.0), kg(100.0), 0.0, 0.0, None),
        "nothing came: no percentage": (kg(5.0), kg(0.0), -5.0, None, None),
        "below zero keeps the sign of the error": (kg(-5.0), kg(-10.0), -5.0, -50.0, None),
        "nothing was expected": (kg(None), kg(100.0), None, None, None),
        "what came is unknown": (kg(100.0), kg(None), None, None, None),
        "within the band": (kg(80.0, 70.0, 110.0), kg(100.0), 20.0, 20.0, True),
        "outside the band": (kg(80.0, 70.0, 90.0), kg(100.0), 20.0, 20.0, False),
        "below a band with one end": (kg(80.0, 70.0), kg(60.0), -20.0, -100 / 3, False),
    },
)
def test_one_comparison(expected, realised, error, percent, within):
    found = compare(expected, realised)
    assert found.error == error
    assert found.percent == (None if percent is None else pytest.approx(percent))
    assert found.within_band is within


def test_over_decisions():
    compared = [
        compare(kg(80.0, 70.0, 110.0), kg(100.0)),
        compare(kg(330.0), kg(300.0)),
        compare(kg(10.0), kg(0.0)),
        compare(kg(None), kg(50.0)),
    ]
    assert mean_percent(compared) == pytest.approx((20 + 10) / 2)
    assert mean_percent(compared[2:]) is None


def test_units_are_not_mixed():
    with pytest.raises(FigureError, match="expected in kg, realised in t"):
        compare(kg(1.0), BandedFigure(1.0, "t"))
