"""Figures in reasons and thresholds read as they do on the page around them."""

import pytest

from readiness.assessment.framework.core.numbers import decimals_for, limit_text, value_text
from web import units


@pytest.mark.parametrize("value", [0.0, 0.04, -0.5, 0.999, 1.0, 34.8157, 99.94, 99.96, 231.528, 85.0, 1234.5])
def test_a_reason_has_the_decimals_of_the_page(value):
    assert value_text(value) == units.number(value).replace(",", "")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(0, "0", id="nothing"),
        pytest.param(850, "850", id="as declared"),
        pytest.param(1.25, "1.25", id="a ratio keeps its decimals"),
        pytest.param(0.005, "0.005", id="a small one too"),
        pytest.param(800.105, "800.1", id="85 % of a contract"),
        pytest.param(2_592_000, "2592000", id="whole from a thousand on"),
        pytest.param(-3.5, "-3.5", id="below zero"),
    ],
)
def test_a_limit_keeps_what_was_declared(value, shown):
    assert limit_text(value) == shown


def test_a_round_figure_has_no_decimals():
    assert decimals_for(34.0) == 0
