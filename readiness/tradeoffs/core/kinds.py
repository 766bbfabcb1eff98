"""Which factors of a site there are: their dimension, the values that can be, and those that are worth a second look.

A value outside `possible` is refused; one outside `plausible` is kept with a caution. The bounds are our judgement
over published magnitudes, which the comments name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Dimension(StrEnum):
    """The quantity that a factor's unit measures. Each has one unit that values are stored in."""

    CARBON = "carbon"
    PRICE = "price"
    DEMAND_CHARGE = "demand-charge"
    EGRESS = "egress"
    HOURLY_COST = "hourly-cost"
    MONEY = "money"
    RATIO = "ratio"
    YEARS = "years"
    POWER = "power"
    BANDWIDTH = "bandwidth"
    COUNT = "count"
    LATENCY = "latency"


@dataclass(frozen=True, slots=True)
class ValueSpan:
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class KindSpec:
    """`hourly` ones may also come as a series; `hourly_possible` is what one interval of such a series may be."""

    id: str
    dimension: Dimension
    possible: ValueSpan
    plausible: ValueSpan
    hourly_possible: ValueSpan | None = None

    @property
    def hourly(self) -> bool:
        return self.hourly_possible is not None


# Whole-life figures of coal are 740 to 910 gCO2e/kWh (IPCC AR5 WG III, annex III, table A.III.2). No grid's mean is
# beyond them by much; a marginal plant may be oil or lignite of low efficiency.
_CARBON_POSSIBLE = ValueSpan(0.0, 2_500.0)
_CARBON_PLAUSIBLE = ValueSpan(0.0, 1_100.0)
# In US dollars, and by `MAGNITUDES` in other currencies. A tariff above 1 a kWh is most often one per MWh.
_PRICE_POSSIBLE = ValueSpan(-1.0, 5.0)
_PRICE_PLAUSIBLE = ValueSpan(0.0, 1.0)
# Day-ahead prices in Europe are bounded at -500 and 4,000 EUR/MWh (ACER, harmonised maximum since May 2022); the caps
# of other markets are within 20 a kWh (Australia's of 2024/25: 17,500 AUD/MWh, its floor -1,000).
_PRICE_HOUR_POSSIBLE = ValueSpan(-1.0, 20.0)

KINDS: dict[str, KindSpec] = {
    spec.id: spec
    for spec in (
        KindSpec(
            "electricity_price",
            Dimension.PRICE,
            _PRICE_POSSIBLE,
            _PRICE_PLAUSIBLE,
            _PRICE_HOUR_POSSIBLE,
        ),
        KindSpec("demand_charge", Dimension.DEMAND_CHARGE, ValueSpan(0.0, 500.0), ValueSpan(0.0, 60.0)),
        # Total over IT energy: 1 is the least there is (ISO/IEC 30134-2).
        KindSpec("pue", Dimension.RATIO, ValueSpan(1.0, 5.0), ValueSpan(1.0, 2.5)),
        KindSpec("carbon_average", Dimension.CARBON, _CARBON_POSSIBLE, _CARBON_PLAUSIBLE, _CARBON_POSSIBLE),
        KindSpec("carbon_marginal", Dimension.CARBON, _CARBON_POSSIBLE, _CARBON_PLAUSIBLE, _CARBON_POSSIBLE),
        KindSpec("carbon_market", Dimension.CARBON, _CARBON_POSSIBLE, _CARBON_PLAUSIBLE, _CARBON_POSSIBLE),
        KindSpec("egress_price", Dimension.EGRESS, ValueSpan(0.0, 5.0), ValueSpan(0.0, 0.3)),
        KindSpec(
            "accelerator_hour_cost", Dimension.HOURLY_COST, ValueSpan(0.0, 1_000.0), ValueSpan(0.05, 50.0)
        ),
        KindSpec(
            "accelerator_capex", Dimension.MONEY, ValueSpan(1.0, 5_000_000.0), ValueSpan(500.0, 200_000.0)
        ),
        KindSpec("depreciation_years", Dimension.YEARS, ValueSpan(0.25, 30.0), ValueSpan(2.0, 10.0)),
        KindSpec("accelerator_utilisation", Dimension.RATIO, ValueSpan(0.001, 1.0), ValueSpan(0.05, 1.0)),
        # With its share of host, fabric and storage; a rack of 72 draws some 130 kW.
        KindSpec("accelerator_power_kw", Dimension.POWER, ValueSpan(0.001, 50.0), ValueSpan(0.05, 5.0)),
        # What it draws while it is held and does nothing, with the same share.
        KindSpec("accelerator_idle_kw", Dimension.POWER, ValueSpan(0.0, 50.0), ValueSpan(0.005, 2.0)),
        KindSpec(
            "accelerators_free", Dimension.COUNT, ValueSpan(0.0, 10_000_000.0), ValueSpan(0.0, 1_000_000.0)
        ),
        KindSpec(
            "power_headroom_kw", Dimension.POWER, ValueSpan(0.0, 10_000_000.0), ValueSpan(0.0, 2_000_000.0)
        ),
        KindSpec(
            "network_free_gbps",
            Dimension.BANDWIDTH,
            ValueSpan(0.0, 10_000_000.0),
            ValueSpan(0.0, 1_000_000.0),
        ),
        KindSpec("staffing_cover", Dimension.RATIO, ValueSpan(0.0, 1.0), ValueSpan(0.0, 1.0)),
    )
}

LATENCY = KindSpec("latency", Dimension.LATENCY, ValueSpan(0.001, 10_000.0), ValueSpan(0.05, 1_000.0))
"""Round trips. A geostationary satellite takes some 500 to 700 ms."""

HOURLY = tuple(spec.id for spec in KINDS.values() if spec.hourly)

MAGNITUDES: dict[str, float] = {
    "AED": 4,
    "BRL": 5,
    "CLP": 900,
    "CNY": 7,
    "CZK": 23,
    "DKK": 7,
    "HKD": 8,
    "HUF": 360,
    "IDR": 16_000,
    "ILS": 4,
    "INR": 85,
    "ISK": 140,
    "JPY": 150,
    "KES": 130,
    "KRW": 1_400,
    "MXN": 18,
    "MYR": 4,
    "NGN": 1_500,
    "NOK": 11,
    "PHP": 58,
    "PLN": 4,
    "QAR": 4,
    "SAR": 4,
    "SEK": 10,
    "THB": 34,
    "TRY": 40,
    "TWD": 32,
    "VND": 25_000,
    "ZAR": 18,
}
"""Roughly how many of a currency make a US dollar: only to tell a slip from a price, never to convert one."""

MONETARY = frozenset(
    {
        Dimension.PRICE,
        Dimension.DEMAND_CHARGE,
        Dimension.EGRESS,
        Dimension.HOURLY_COST,
        Dimension.MONEY,
    }
)
