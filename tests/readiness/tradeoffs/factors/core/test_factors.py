"""Which source counts, when sources disagree, what an hour of an accelerator costs, and what rates are used."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.tradeoffs.factors.core.factors import (
    HOURS_A_YEAR,
    Factor,
    KnownRate,
    KnownValue,
    Rates,
    ValueBasis,
    accelerator_hour,
    compared,
    settled,
)
from tests.cases import cases

NOW = datetime(2026, 11, 24, 16, tzinfo=UTC)


def known(value, basis=ValueBasis.DECLARED, *, days=0, **more):
    defaults = {"unit": "ms", "provenance": "declared", "source": f"{basis} {value}"}
    return KnownValue(value=value, basis=basis, as_of=NOW - timedelta(days=days), **defaults | more)


@cases(
    ("found", "expected"),
    {
        "publications before statements before geography": (
            [known(1, ValueBasis.GREAT_CIRCLE), known(2, ValueBasis.DECLARED), known(3, ValueBasis.PUBLISHED)],
            3),
        "telemetry before all": ([known(3, ValueBasis.PUBLISHED), known(4, ValueBasis.TELEMETRY, days=9)], 4),
        "the newer of two": ([known(1, days=9), known(2, days=1)], 2),
        "the one that is trusted more": (
            [known(1, provenance="simulated"), known(2, provenance="measured", days=9)], 2),
        "the first by name of two alike": ([known(1, source="b"), known(2, source="a")], 2),
        "a statement before what is worked out": ([known(5, ValueBasis.COMPUTED), known(6)], 6),
    },
)  # fmt: skip
def test_the_most_trusted_source_counts(found, expected):
    factor = settled("latency", found, "nobody knows")
    assert factor.best.value == expected
    assert len(factor.others) == len(found) - 1
    assert settled("latency", reversed(found), "").values == factor.values


def test_what_nobody_knows_is_unknown_and_says_why():
    factor = settled("pue", [], "No meter sees all of the site.")
    assert (factor.best, factor.others, factor.disagrees) == (None, (), False)
    assert factor.unknown == "No meter sees all of the site."


@cases(
    ("one", "other", "disagree"),
    {
        "nearly the same": (known(100), known(104), False),
        "far apart": (known(100), known(140), True),
        "within the band": (known(100, low=90, high=150), known(140), False),
        "bands apart": (known(100, low=90, high=110), known(140, low=120, high=150), True),
        "of two units": (known(100), known(140, unit="s"), False),
        "of two percentiles": (known(100, percentile=50), known(140, percentile=99), False),
        "of two signs": (known(-0.02), known(0.02), True),
    },
)
def test_sources_disagree_when_their_bands_are_apart(one, other, disagree):
    assert one.disagrees_with(other) is disagree
    assert other.disagrees_with(one) is disagree
    assert settled("latency", [one, other], "").disagrees is disagree


def parts(**changed):
    values = {"capex": 30_000, "years": 5, "power_kw": 1.3, "price": 0.1, "pue": 1.2}
    money = {"capex", "price"}
    made = {
        name: known(value, unit="", currency="USD" if name in money else "") for name, value in values.items()
    }
    return made | changed


def test_an_hour_of_an_accelerator_that_is_held_is_capital_and_energy():
    found = accelerator_hour(**parts())
    capital = 30_000 / (5 * 365.25 * 24)
    assert HOURS_A_YEAR == 365.25 * 24
    assert found.value == pytest.approx(capital + 1.3 * 1.2 * 0.1)
    assert (found.unit, found.basis, found.provenance) == ("USD/h", ValueBasis.COMPUTED, "estimated")
    assert (found.low, found.high) == (None, None)
    assert found.detail.startswith("capital 0.6845, the rest energy")


def test_bands_of_the_parts_are_in_the_cost():
    banded = accelerator_hour(**parts(years=known(5, low=4, high=6), price=known(0.1, currency="USD")))
    capital = [30_000 / (years * HOURS_A_YEAR) for years in (6, 5, 4)]
    expected = [each + 1.3 * 1.2 * 0.1 for each in capital]
    assert [banded.low, banded.value, banded.high] == pytest.approx(expected)


def test_two_currencies_make_no_cost_and_simulated_parts_a_simulated_one():
    assert accelerator_hour(**parts(price=known(0.1, currency="EUR"))) is None
    assert accelerator_hour(**parts(pue=known(1.2, provenance="simulated"))).provenance == "simulated"


EUR_USD = KnownRate("EUR", "USD", 1.25, NOW - timedelta(days=30), "bank")
RATES = Rates((EUR_USD, KnownRate("EUR", "USD", 1.6, NOW - timedelta(days=400), "almanac")))


def test_the_newest_rate_holds_in_both_directions():
    price = known(0.2, unit="EUR/kWh", currency="EUR", low=0.1, high=0.4, source="tariff")
    dollars = RATES.converted(price, "USD")
    assert (dollars.value, dollars.low, dollars.high) == pytest.approx((0.25, 0.125, 0.5))
    assert (dollars.unit, dollars.source) == ("USD/kWh", "tariff; rate of 25 Oct 2026, bank")
    assert RATES.converted(dollars, "EUR").value == pytest.approx(0.2)


def test_a_pair_without_a_rate_is_crossed_over_the_currency_that_both_have_one_with():
    pound = KnownRate("USD", "GBP", 0.8, NOW - timedelta(days=9), "bank")
    crossed = Rates((*RATES.all, pound)).rate_between("EUR", "GBP")
    assert crossed.rate == pytest.approx(1.25 * 0.8)
    # As old as the older of both, and by the name of one bank.
    assert (crossed.as_of, crossed.source) == (EUR_USD.as_of, "bank")
    assert Rates((*RATES.all, pound)).rate_between("EUR", "JPY") is None


def test_no_rate_is_unknown_and_not_one_to_one():
    price = known(20.0, unit="JPY/kWh", currency="JPY")
    assert RATES.converted(price, "USD") is None
    factor = compared(Factor("electricity_price", (price,)), RATES, "USD")
    assert (factor.best, factor.unknown) == (None, "No rate from JPY to USD is known.")


def test_what_is_no_money_is_left_as_it_is():
    factor = Factor("pue", (known(1.2),))
    assert compared(factor, RATES, "USD") == factor
    nothing = Factor("pue", unknown="nobody")
    assert compared(nothing, RATES, "USD") == nothing


@given(value=st.floats(-10, 10), rate=st.floats(1e-3, 1e3))
def test_there_and_back_is_the_same_money(value, rate):
    rates = Rates((KnownRate("EUR", "USD", rate, NOW, "bank"),))
    price = known(value, unit="EUR/kWh", currency="EUR")
    back = rates.converted(rates.converted(price, "USD"), "EUR")
    assert back.value == pytest.approx(value, rel=1e-9)
