"""Units that senders use, and what their values are in the stored ones.

Stored: gCO2e/kWh; a currency per kWh, kW and month, GB, hour; ms; kW; Gb/s; shares as ratios. A currency stays what it
is: what it is worth in another is a matter of dated rates. A unit that is not known is refused, never guessed: `ton` is
one of three masses, `¥` one of two currencies.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from readiness.tradeoffs.core.kinds import MAGNITUDES, MONETARY, Dimension, KindSpec, ValueSpan


class UnitRefused(ValueError):
    """A value that cannot be stored. `field` is `value`, `unit` or `currency`; `reason` a sentence for the sender."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class UnitScale:
    """How to get from a sender's unit to the stored one, worked out once for all rows of a file."""

    factor: float
    unit: str
    currency: str = ""

    def of(self, value: float) -> float:
        return value * self.factor


@dataclass(frozen=True, slots=True)
class ConvertedValue:
    """A value in the stored unit; `caution` says why somebody should look at it again, empty if nothing does."""

    value: float
    unit: str
    currency: str
    caution: str = ""


_MASS_G = {"g": 1.0, "kg": 1e3, "t": 1e6, "tonne": 1e6, "lb": 453.59237, "lbs": 453.59237}
"""The pound is exact by definition (international yard and pound agreement of 1959)."""
_ENERGY_KWH = {"Wh": 1e-3, "kWh": 1.0, "MWh": 1e3, "GWh": 1e6, "GJ": 1e3 / 3.6, "MJ": 1 / 3.6}
_POWER_KW = {"W": 1e-3, "kW": 1.0, "MW": 1e3, "GW": 1e6}
_DATA_GB = {"MB": 1e-3, "GB": 1.0, "TB": 1e3, "MiB": 2**20 / 1e9, "GiB": 2**30 / 1e9, "TiB": 2**40 / 1e9}
_TIME_MS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}
_RATE_GBPS = {
    "Mb/s": 1e-3,
    "Gb/s": 1.0,
    "Tb/s": 1e3,
    "Mbps": 1e-3,
    "Gbps": 1.0,
    "Tbps": 1e3,
    "Mbit/s": 1e-3,
    "Gbit/s": 1.0,
    "Tbit/s": 1e3,
    "MB/s": 8e-3,
    "GB/s": 8.0,
    "TB/s": 8e3,
}
_MONTHS = {"month": 1.0, "mo": 1.0, "a": 12.0, "year": 12.0, "yr": 12.0}
_YEARS = {"a": 1.0, "year": 1.0, "years": 1.0, "yr": 1.0, "month": 1 / 12, "months": 1 / 12}
_HOURS = {
    "h": 1.0,
    "hour": 1.0,
    "hr": 1.0,
    "accelerator-hour": 1.0,
    "accelerator-h": 1.0,
    "GPU-hour": 1.0,
    "GPU-h": 1.0,
    "GPUh": 1.0,
    "s": 1 / 3600,
}
_SHARES = {"": 1.0, "1": 1.0, "ratio": 1.0, "%": 0.01}
_COUNTS = {"": 1.0, "1": 1.0, "count": 1.0, "accelerators": 1.0, "GPUs": 1.0}

_SYMBOLS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "A$": "AUD", "C$": "CAD", "₹": "INR"}
_HUNDREDTHS = {"ct": "", "c": "", "¢": "", "cent": "", "cents": "", "p": "GBP", "öre": "", "øre": ""}
"""A hundredth of a currency, which the unit itself rarely names."""
_MORE_CURRENCIES = ("AUD", "CAD", "CHF", "EUR", "GBP", "NZD", "SGD", "USD")
CURRENCIES = tuple(sorted({*_MORE_CURRENCIES, *MAGNITUDES}))
_AMBIGUOUS = {
    "¥": "¥ is the yen and the yuan; write JPY or CNY.",
    "kr": "kr is one of four crowns; write SEK, NOK, DKK or ISK.",
    "ton": "A ton is a tonne, a short or a long ton; write t for 1,000 kg.",
    "tons": "A ton is a tonne, a short or a long ton; write t for 1,000 kg.",
    "mWh": "mWh is a milliwatt-hour; write MWh.",
}

_CO2 = re.compile(r"\s*(CO2|CO₂)(-?eq\.?|-?e)?", re.IGNORECASE)
_STATED: dict[Dimension, str] = {
    Dimension.CARBON: "gCO2e/kWh",
    Dimension.PRICE: "{}/kWh",
    Dimension.DEMAND_CHARGE: "{}/kW/month",
    Dimension.EGRESS: "{}/GB",
    Dimension.HOURLY_COST: "{}/h",
    Dimension.MONEY: "{}",
    Dimension.RATIO: "",
    Dimension.YEARS: "a",
    Dimension.POWER: "kW",
    Dimension.BANDWIDTH: "Gb/s",
    Dimension.COUNT: "",
    Dimension.LATENCY: "ms",
}
_EXAMPLES: dict[Dimension, str] = {
    Dimension.CARBON: "gCO2e/kWh, kg/MWh, lb/MWh, t/kWh",
    Dimension.PRICE: "EUR/kWh, $/MWh, ct/kWh with a currency",
    Dimension.DEMAND_CHARGE: "EUR/kW/month, USD/kW/year",
    Dimension.EGRESS: "USD/GB, EUR/TB",
    Dimension.HOURLY_COST: "USD/h, EUR/GPU-hour",
    Dimension.MONEY: "USD, EUR",
    Dimension.RATIO: "ratio, %",
    Dimension.YEARS: "years, months",
    Dimension.POWER: "W, kW, MW",
    Dimension.BANDWIDTH: "Gb/s, Mb/s, GB/s",
    Dimension.COUNT: "nothing, or count",
    Dimension.LATENCY: "us, ms, s",
}
_PLAIN: dict[Dimension, Mapping[str, float]] = {
    Dimension.RATIO: _SHARES,
    Dimension.YEARS: _YEARS,
    Dimension.POWER: _POWER_KW,
    Dimension.BANDWIDTH: _RATE_GBPS,
    Dimension.COUNT: _COUNTS,
    Dimension.LATENCY: _TIME_MS,
}
_PER: dict[Dimension, Mapping[str, float]] = {
    Dimension.PRICE: _ENERGY_KWH,
    Dimension.EGRESS: _DATA_GB,
    Dimension.HOURLY_COST: _HOURS,
}


def scale_of(dimension: Dimension, unit: str, currency: str = "") -> UnitScale:
    """The way from a sender's unit to the stored one; UnitRefused where the unit or the currency is not known.

    `currency` is what stands beside the unit, in a column of its own; a unit that names another one is refused.
    """
    plain = " ".join(unit.split()).replace("µ", "u").replace("μ", "u")
    if dimension in MONETARY:
        return _money(dimension, plain, currency.strip())
    if currency.strip():
        raise UnitRefused("currency", "This factor is no price, so it has no currency.")
    factor = _carbon(plain) if dimension is Dimension.CARBON else _found(dimension, _PLAIN[dimension], plain)
    return UnitScale(factor, _STATED[dimension])


def stored_unit(dimension: Dimension, currency: str = "") -> str:
    """The unit that values of this dimension are stored in: `EUR/kWh`."""
    return _STATED[dimension].format(currency)


def stored(
    spec: KindSpec, value: float, unit: str, currency: str = "", *, of_an_hour: bool = False
) -> ConvertedValue:
    """One value in its stored unit, refused where it cannot be, with a caution where it is far from what others are.

    >>> from readiness.tradeoffs.core.kinds import KINDS
    >>> stored(KINDS["carbon_average"], 820, "lb/MWh").value
    371.9457434
    """
    scale = scale_of(spec.dimension, unit, currency)
    return bounded(spec, scale, scale.of(value), of_an_hour=of_an_hour)


def bounded(spec: KindSpec, scale: UnitScale, value: float, *, of_an_hour: bool = False) -> ConvertedValue:
    """A value that is in the stored unit already, held against what it may be."""
    if not math.isfinite(value):
        raise UnitRefused("value", "The value is no finite number.")
    magnitude = MAGNITUDES.get(scale.currency, 1.0)
    possible = spec.possible if not of_an_hour or spec.hourly_possible is None else spec.hourly_possible
    stated = scale.unit
    if not possible.holds(value / magnitude):
        raise UnitRefused(
            "value", f"{value:g} {stated} is not between {_bounds(possible, magnitude, stated)}."
        )
    if spec.plausible.holds(value / magnitude):
        return ConvertedValue(value, stated, scale.currency)
    usual = _bounds(spec.plausible, magnitude, stated)
    return ConvertedValue(value, stated, scale.currency, f"Seldom outside {usual}: check the unit.")


def _bounds(span: ValueSpan, magnitude: float, unit: str) -> str:
    return f"{span.low * magnitude:g} and {span.high * magnitude:g} {unit}".rstrip()


def _carbon(unit: str) -> float:
    mass, energy = _halves(Dimension.CARBON, _CO2.sub("", unit))
    grams = _found(Dimension.CARBON, _MASS_G, mass)
    return grams / _found(Dimension.CARBON, _ENERGY_KWH, energy)


def _money(dimension: Dimension, unit: str, currency: str) -> UnitScale:
    if dimension is Dimension.MONEY:
        money, per = unit, 1.0
    elif dimension is Dimension.DEMAND_CHARGE:
        money, below = _halves(dimension, unit)
        power, month = _halves(dimension, below.replace("-", "/", 1))
        per = _found(dimension, _POWER_KW, power) * _found(dimension, _MONTHS, month)
    else:
        money, below = _halves(dimension, unit)
        per = _found(dimension, _PER[dimension], below)
    named, share = _currency(money)
    wanted = _known(currency) if currency else ""
    if named and wanted and named != wanted:
        raise UnitRefused("currency", f"The unit is in {named} and the currency says {wanted}.")
    code = named or wanted
    if not code:
        raise UnitRefused("currency", f"{unit!r} does not say of which currency; give the currency too.")
    return UnitScale(share / per, stored_unit(dimension, code), code)


def _currency(money: str) -> tuple[str, float]:
    """Code and share of "EUR", "$", "ct", "EUR ct", "ct EUR"; no code where the text names none."""
    code, share = "", 1.0
    for word in money.split() or [""]:
        if word in _HUNDREDTHS and share == 1.0:
            share = 0.01
            code = code or _HUNDREDTHS[word]
        elif word and not code:
            code = _known(word)
        elif word:
            raise UnitRefused("unit", f"{money!r} is no currency that is known.")
    return code, share


def _known(text: str) -> str:
    if text in _AMBIGUOUS:
        raise UnitRefused("unit", _AMBIGUOUS[text])
    code = _SYMBOLS.get(text, text.upper())
    if code not in CURRENCIES:
        raise UnitRefused("currency", f"{text[:20]!r} is no currency that is known: {', '.join(CURRENCIES)}.")
    return code


def _halves(dimension: Dimension, unit: str) -> tuple[str, str]:
    above, slash, below = unit.replace(" per ", "/").partition("/")
    if not slash:
        raise _unknown(dimension, unit)
    return above.strip(), below.strip()


def _found(dimension: Dimension, units: Mapping[str, float], unit: str) -> float:
    if unit in units:
        return units[unit]
    if unit in _AMBIGUOUS:
        raise UnitRefused("unit", _AMBIGUOUS[unit])
    # Capitals are often dropped, and mean nothing where only one unit is written that way without them.
    alike = [factor for name, factor in units.items() if name.lower() == unit.lower()]
    if len(alike) == 1:
        return alike[0]
    raise _unknown(dimension, unit)


def _unknown(dimension: Dimension, unit: str) -> UnitRefused:
    return UnitRefused("unit", f"{unit[:40]!r} is no unit of this factor; known are {_EXAMPLES[dimension]}.")
