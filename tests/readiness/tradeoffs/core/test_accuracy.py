"""Forecast errors, on figures worked by hand."""

import pytest

from readiness.tradeoffs.core.options import BandedFigure, FigureError
from readiness.tradeoffs.core.realised import compare, mean_percent


def kg(value, low=None, high=None):
    return BandedFigure(value, "kg", low=low, high=high)


@pytest.mark.parametrize(
    ("expected", "realised", "error", "percent", "within"),
    [
        pytest.param(kg(80.0), kg(100.0), 20.0, 20.0, None, id="more came: percent of what came"),
        pytest.param(kg(150.0), kg(100.0), -50.0, -50.0, None, id="less came"),
        pytest.param(kg(100.0), kg(100.0), 0.0, 0.0, None, id="as expected"),
        pytest.param(kg(5.0), kg(0.0), -5.0, None, None, id="nothing came: no percentage"),
        pytest.param(kg(-5.0), kg(-10.0), -5.0, -50.0, None, id="below zero keeps the sign of the error"),
        pytest.param(kg(None), kg(100.0), None, None, None, id="nothing was expected"),
        pytest.param(kg(100.0), kg(None), None, None, None, id="what came is unknown"),
        pytest.param(kg(80.0, 70.0, 110.0), kg(100.0), 20.0, 20.0, True, id="within the band"),
        pytest.param(kg(80.0, 70.0, 90.0), kg(100.0), 20.0, 20.0, False, id="outside the band"),
        pytest.param(kg(80.0, 70.0), kg(60.0), -20.0, -100 / 3, False, id="below a band with one end"),
    ],
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
