"""Energy, carbon and cost of a share of a site's power, against sums done by hand."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from readiness.tradeoffs.decisions.core import MeasuredSpan, Metered, RatePerKwh, carbon, cost, energy
from readiness.tradeoffs.factors.core.factors import HOURS_A_MONTH
from readiness.tradeoffs.factors.core.series import FactorSeries
from tests.cases import cases

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = MeasuredSpan(START, START + timedelta(hours=24))


def series(*values, step_s=3600, start=START):
    starts = int(start.timestamp()) + step_s * np.arange(len(values), dtype=np.int64)
    return FactorSeries(step_s, starts, np.array([np.nan if one is None else one for one in values]))


def metered(*values, pue=1.0, simulated=False):
    return Metered(series(*values), pue, simulated, "site meter")


RISING = metered(*range(24))
PEAKY = RatePerKwh(series(*[0.05] * 18, *[0.35] * 6), "exchange")


@cases(
    ("outcome", "a_day"),
    {
        "a quarter of what was metered": (energy(RISING, 0.25, DAY), sum(range(24)) / 4),
        "IT power times PUE": (energy(metered(*[10.0] * 24, pue=1.2), 0.5, DAY), 24 * 6.0),
        "grams of each hour, in kg": (carbon(RISING, 1.0, RatePerKwh(series(*range(100, 124)), "grid"), DAY),
            sum(kw * (100 + kw) for kw in range(24)) / 1000),
        "hours at their own price, not at the mean": (cost(RISING, 1.0, PEAKY, DAY, currency="EUR"),
            0.05 * sum(range(18)) + 0.35 * sum(range(18, 24))),
        "one price for all hours": (cost(RISING, 1.0, RatePerKwh(0.1, "contract"), DAY, currency="EUR"),
            0.1 * sum(range(24))),
        "paid to take power": (
            cost(RISING, 1.0, RatePerKwh(series(*[-0.01] * 24), "exchange"), DAY, currency="EUR"),
            -0.01 * sum(range(24))),
    },
)  # fmt: skip
def test_a_day_stands_for_a_mean_month(outcome, a_day):
    assert outcome.value == pytest.approx(a_day / 24 * HOURS_A_MONTH)
    assert (outcome.provenance, outcome.why_unknown) == ("estimated", "")


def test_what_is_paid_whatever_is_drawn_is_added_once():
    without = cost(RISING, 1.0, PEAKY, DAY, currency="EUR")
    with_it = cost(RISING, 1.0, PEAKY, DAY, currency="EUR", fixed=1000.0)
    assert with_it.value - without.value == pytest.approx(1000.0)
    assert with_it.unit == "EUR/month"


@cases(
    ("known", "told"),
    {
        "most hours known": (20, ""),
        "too few": (19, "Only 79 % of 1 Mar 2026 to 2 Mar 2026 is known; 80 % is needed."),
        "none": (0, "Only 0 % of 1 Mar 2026 to 2 Mar 2026 is known; 80 % is needed."),
    },
)
def test_gaps_are_left_out_and_too_many_are_unknown(known, told):
    found = energy(metered(*[6.0] * known, *[None] * (24 - known)), 1.0, DAY)
    assert found.why_unknown == told
    assert found.value == (None if told else pytest.approx(6.0 * HOURS_A_MONTH))


def test_hours_of_an_unknown_price_are_no_hours_without_a_price():
    half = RatePerKwh(series(*[0.1] * 12), "exchange")
    assert cost(RISING, 1.0, half, DAY, currency="EUR").value is None


@cases(
    ("power", "rate"),
    {
        "power": (metered(*[1.0] * 24, simulated=True), PEAKY),
        "price": (RISING, RatePerKwh(0.1, "exchange", simulated=True)),
    },
)
def test_what_is_made_of_simulated_figures_is_simulated(power, rate):
    assert cost(power, 1.0, rate, DAY, currency="EUR").provenance == "simulated"


def test_a_price_in_another_currency():
    assert PEAKY.times(2.0).per_kwh.values.max() == pytest.approx(0.7)
    assert RatePerKwh(0.1, "contract").times(2.0).per_kwh == pytest.approx(0.2)
