"""The monthly cost of accelerators, computed here independently of the product from the demo's figures for Seoul."""

from datetime import UTC, datetime

import pytest

from readiness.tradeoffs.factors.core.factors import KnownValue, ValueBasis
from readiness.tradeoffs.placing.core import figures
from readiness.tradeoffs.placing.core.figures import factor_figure, figure_of

AT = datetime(2026, 11, 1, tzinfo=UTC)
# The site: 12 accelerators of 11,000 USD over 60 months, 7.2 kW, PUE 1.27, 152 KRW/kWh at 1,390 KRW to the dollar.
HOURS = 8766 / 12
CAPITAL_A_MONTH = 12 * 11_000 / 60
KWH = 7.2 * HOURS * 1.27
ENERGY_A_MONTH = KWH * 152 / 1390


def given(value, low=None, high=None, source="contract", provenance="declared"):
    known = KnownValue(
        value=value, unit="", basis=ValueBasis.DECLARED, provenance=provenance, source=source, as_of=AT,
        low=low, high=high
    )  # fmt: skip
    return figure_of(known)


UNKNOWN = factor_figure("electricity price", None)
CAPITAL = given(11_000 / (5 * 8766), source="capital of FR-7")
UTILISATION = given(0.41, 0.30, 0.52, source="weekly report")


def bill(times=1.0, kw=7.2, price=152 / 1390):
    return figures.energy_bill(figures.energy(kw, given(1.27)), figures.tried(given(price), times), "USD")


def monthly(capital, energy):
    return figures.summed_cost(figures.held_cost(12, capital, "USD"), energy)


def test_an_hour_in_use_is_the_month_over_the_hours_that_are_and_idle_hours_change_no_month():
    month = monthly(CAPITAL, bill())
    found = figures.useful_hour(month, 12, UTILISATION)
    assert found.value == pytest.approx((2200 + ENERGY_A_MONTH) / (12 * HOURS * 0.41))
    assert found.low == pytest.approx((2200 + ENERGY_A_MONTH) / (12 * HOURS * 0.52))
    assert found.high == pytest.approx((2200 + ENERGY_A_MONTH) / (12 * HOURS * 0.30))
    assert found.unit == "USD/h in use"
    assert "41 % of those held, weekly report" in found.source
    unknown = figures.useful_hour(month, 12, factor_figure("accelerator utilisation", None))
    assert (unknown.value, unknown.source.partition(":")[0]) == (None, "accelerator utilisation unknown")


def test_accelerators_that_are_held_draw_their_idle_power_at_the_least():
    idle = given(0.15)
    assert figures.drawn_kw(7.2, 12, idle) == 7.2
    assert figures.drawn_kw(1.0, 12, idle) == pytest.approx(1.8)
    assert figures.drawn_kw(1.0, 12, factor_figure("idle power", None)) == 1.0
    assert figures.drawn_kw(None, 12, idle) is None
    found = monthly(CAPITAL, bill(kw=figures.drawn_kw(1.0, 12, idle)))
    assert found.value == pytest.approx(2200 + 12 * 0.15 * HOURS * 1.27 * 152 / 1390)


def test_a_stated_hour_has_its_energy_in_it_and_levers_change_that_alone():
    plain = figures.held_cost(12, given(2.0), "USD")
    assert plain.value == pytest.approx(12 * HOURS * 2)
    doubled = figures.energy_changed_cost(plain, bill(2), bill())
    assert doubled.value - plain.value == pytest.approx(ENERGY_A_MONTH)


def test_what_is_unknown_makes_the_month_unknown_and_at_least_what_is_sure():
    lacking = factor_figure("cost of an accelerator-hour", None)
    found = figures.least_cost(lacking.source, bill(), "USD")
    assert (found.value, found.low) == (None, pytest.approx(ENERGY_A_MONTH))
    without_price = figures.energy_bill(figures.energy(7.2, given(1.27)), UNKNOWN, "USD")
    priceless = monthly(CAPITAL, without_price)
    # A price may be below nothing.
    assert (priceless.value, priceless.low) == (None, None)
    assert priceless.source.startswith("electricity price unknown")
    banded = monthly(given(0.25, 0.2, 0.3), bill())
    assert (banded.low, banded.high) == (
        pytest.approx(12 * HOURS * 0.2 + ENERGY_A_MONTH),
        pytest.approx(12 * HOURS * 0.3 + ENERGY_A_MONTH),
    )
