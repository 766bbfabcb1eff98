"""Senders' units land in the stored ones, or are refused with the field that is wrong."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.tradeoffs.units import (
    CURRENCIES,
    KINDS,
    LATENCY,
    MAGNITUDES,
    Dimension,
    bounded,
    scale_of,
    stored_unit,
)
from tests.cases import cases
from web.parameters import BadParameter

SPECS = {**KINDS, "latency": LATENCY}


def stored(spec, value, unit, currency="", **more):
    scale = scale_of(spec.dimension, unit, currency)
    caution = bounded(spec, scale, scale.stored(value), **more)
    return SimpleNamespace(
        value=scale.stored(value), unit=scale.unit, currency=scale.currency, caution=caution
    )


@cases(
    ("kind", "value", "unit", "currency", "expected", "stated"),
    {
        "pounds a MWh": ("carbon_average", 820, "lb/MWh", "", 371.9457434, "gCO2e/kWh"),
        "pounds of CO2": ("carbon_average", 820.5, "lbs CO2/MWh", "", 372.17254, "gCO2e/kWh"),
        "tonnes a kWh": ("carbon_average", 0.00038, "t/kWh", "", 380, "gCO2e/kWh"),
        "tonnes a MWh": ("carbon_marginal", 0.38, "tCO2eq/MWh", "", 380, "gCO2e/kWh"),
        "kilograms a MWh": ("carbon_market", 12, "kg CO2e per MWh", "", 12, "gCO2e/kWh"),
        "as stored": ("carbon_average", 290.805, "gCO₂e/kWh", "", 290.805, "gCO2e/kWh"),
        "kilograms a gigajoule": ("carbon_average", 100, "kg/GJ", "", 360, "gCO2e/kWh"),
        "dollars a MWh": ("electricity_price", 36.2, "$/MWh", "", 0.0362, "USD/kWh"),
        "small letters": ("electricity_price", 36.2, "USD/mwh", "", 0.0362, "USD/kWh"),
        "euros a kWh": ("electricity_price", 0.21, "EUR/kWh", "", 0.21, "EUR/kWh"),
        "cents of a currency": ("electricity_price", 8.4, "ct/kWh", "EUR", 0.084, "EUR/kWh"),
        "cents named": ("electricity_price", 8.4, "EUR ct/kWh", "", 0.084, "EUR/kWh"),
        "pence": ("electricity_price", 24.5, "p/kWh", "", 0.245, "GBP/kWh"),
        "öre": ("electricity_price", 90, "öre/kWh", "SEK", 0.9, "SEK/kWh"),
        "currency said twice": ("electricity_price", 7.5, "INR/kWh", "INR", 7.5, "INR/kWh"),
        "negative price": ("electricity_price", -12, "€/MWh", "", -0.012, "EUR/kWh"),
        "demand a year": ("demand_charge", 120, "EUR/kW/year", "", 10, "EUR/kW/month"),
        "demand a month": ("demand_charge", 9, "USD/kW-month", "", 9, "USD/kW/month"),
        "egress a TB": ("egress_price", 50, "USD/TB", "", 0.05, "USD/GB"),
        "hour": ("accelerator_hour_cost", 2.5, "$/GPU-hour", "", 2.5, "USD/h"),
        "money alone": ("accelerator_capex", 30000, "USD", "", 30000, "USD"),
        "per cent": ("accelerator_utilisation", 65, "%", "", 0.65, ""),
        "months": ("depreciation_years", 60, "months", "", 5, "a"),
        "megawatts": ("power_headroom_kw", 1.2, "MW", "", 1200, "kW"),
        "gigabits": ("network_free_gbps", 400, "Gbps", "", 400, "Gb/s"),
        "no unit": ("pue", 1.18, "", "", 1.18, ""),
        "microseconds": ("latency", 850, "µs", "", 0.85, "ms"),
        "microseconds in ASCII": ("latency", 850, "us", "", 0.85, "ms"),
        "seconds": ("latency", 0.082, "s", "", 82, "ms"),
    },
)
def test_a_senders_unit_becomes_the_stored_one(kind, value, unit, currency, expected, stated):
    found = stored(SPECS[kind], value, unit, currency)
    assert found.value == pytest.approx(expected, rel=1e-6)
    assert found.unit == stated


@cases(
    ("kind", "value", "unit", "currency", "field", "said"),
    {
        "which ton": ("carbon_average", 400, "ton/MWh", "", "unit", "short or a long ton"),
        "milliwatt-hours": ("carbon_average", 400, "g/mWh", "", "unit", "milliwatt"),
        "half a unit": ("carbon_average", 400, "g", "", "unit", "not a unit of this factor"),
        "no unit": ("carbon_average", 400, "", "", "unit", "not a unit of this factor"),
        "currency of carbon": ("carbon_average", 400, "g/kWh", "EUR", "currency", "not a price"),
        "negative carbon": ("carbon_average", -5, "g/kWh", "", "value", "not between"),
        "carbon spike": ("carbon_average", 380_000, "g/kWh", "", "value", "not between"),
        "whose cents": ("electricity_price", 8, "ct/kWh", "", "currency", "Give the currency"),
        "yen or yuan": ("electricity_price", 8, "¥/kWh", "", "unit", "yuan"),
        "which crown": ("electricity_price", 8, "kr/kWh", "", "unit", "four crowns"),
        "two currencies": ("electricity_price", 8, "EUR/kWh", "USD", "currency", "is in EUR"),
        "no such currency": ("electricity_price", 8, "XYZ/kWh", "", "currency", "not a known currency"),
        "forgot the M": ("electricity_price", 36.2, "USD/kWh", "", "value", "not between"),
        "no energy": ("electricity_price", 1, "EUR/parsec", "", "unit", "not a unit"),
        "PUE under 1": ("pue", 0.9, "", "", "value", "not between"),
        "bits or bytes": ("network_free_gbps", 4, "mb/s", "", "unit", "not a unit"),
        "no time at all": ("latency", 0, "ms", "", "value", "not between"),
        "not a number": ("latency", float("nan"), "ms", "", "value", "finite"),
        "fortnights": ("latency", 10, "fortnights", "", "unit", "us, ms, s"),
    },
)
def test_what_cannot_be_is_refused_by_field(kind, value, unit, currency, field, said):
    with pytest.raises(BadParameter, match=said) as refused:
        stored(SPECS[kind], value, unit, currency)
    assert refused.value.field == field


def test_an_hour_may_cost_what_a_tariff_may_not():
    price = KINDS["electricity_price"]
    with pytest.raises(BadParameter):
        stored(price, 9_000, "USD/MWh")
    assert stored(price, 9_000, "USD/MWh", of_an_hour=True).caution


def test_plausible_values_carry_no_caution_and_odd_ones_do():
    price = KINDS["electricity_price"]
    assert stored(price, 0.2, "EUR/kWh").caution == ""
    assert "check the unit" in stored(price, 1.5, "EUR/kWh").caution
    assert "check the unit" in stored(price, -0.1, "EUR/kWh").caution


def test_bounds_of_prices_follow_the_currency():
    assert stored(KINDS["electricity_price"], 20, "JPY/kWh").caution == ""
    assert set(MAGNITUDES) <= set(CURRENCIES)


@settings(max_examples=60, deadline=None)
@given(unit=st.text(max_size=12), currency=st.sampled_from(["", "EUR", "$", "x"]))
def test_any_unit_is_understood_or_refused(unit, currency):
    for dimension in Dimension:
        try:
            scale = scale_of(dimension, unit, currency)
        except BadParameter:
            continue
        assert scale.factor > 0
        assert scale.unit == stored_unit(dimension, scale.currency)


@settings(max_examples=40, deadline=None)
@given(value=st.floats(1, 2_000), pair=st.sampled_from([("g/kWh", "kg/MWh"), ("t/GWh", "g/kWh")]))
def test_equal_units_give_equal_values(value, pair):
    one, other = (stored(KINDS["carbon_average"], value, unit).value for unit in pair)
    assert one == pytest.approx(other, rel=1e-9)
