"""Kinds of factors, senders' units, types of accelerators, and numbers for people.

Stored units: gCO2e/kWh; a currency per kWh, kW and month, GB, hour; ms; kW; Gb/s; shares as ratios. Currencies are not
converted here: that needs dated rates. An unknown unit is refused, never guessed: `ton` is one of three masses, `¥` one
of two currencies. Accelerators of two types are compared by their published peak in one precision; a type without a
figure compares only with itself. `readiness/tradeoffs/data` has the tables, with sources.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from web import yaml_documents
from web.parameters import BadParameter

_DATA = Path(__file__).resolve().parent / "data"


def data(name: str) -> Any:
    return yaml_documents.read((_DATA / f"{name}.yaml").read_text(encoding="utf-8"))


class Dimension(StrEnum):
    """The quantity of a factor's unit. Values of each dimension are stored in one unit."""

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
    """A value outside `possible` is refused; one outside `plausible` is kept with a caution.

    `hourly` kinds may also come as a series; `hourly_possible` bounds one interval of it.
    """

    id: str
    dimension: Dimension
    possible: ValueSpan
    plausible: ValueSpan
    hourly_possible: ValueSpan | None = None

    @property
    def hourly(self) -> bool:
        return self.hourly_possible is not None


def _span(stated: list[float] | None) -> ValueSpan | None:
    return None if stated is None else ValueSpan(*map(float, stated))


def _kind(name: str, stated: Mapping[str, Any]) -> KindSpec:
    spans = (_span(stated.get(each)) for each in ("possible", "plausible", "hourly_possible"))
    return KindSpec(name, Dimension(stated["dimension"]), *spans)  # type: ignore[arg-type]


_STATED = data("kinds")
KINDS: dict[str, KindSpec] = {name: _kind(name, stated) for name, stated in _STATED["kinds"].items()}
LATENCY = KINDS.pop("latency")
"""Round trips have two ends, so they are not a factor of a site."""
HOURLY = tuple(spec.id for spec in KINDS.values() if spec.hourly)
MAGNITUDES: dict[str, float] = _STATED["magnitudes"]
"""Approximate amount of a currency per US dollar: only to detect mistakes in prices, never to convert."""
CURRENCIES = tuple(sorted({*_STATED["other_currencies"], *MAGNITUDES}))
MONETARY = frozenset(
    {Dimension.PRICE, Dimension.DEMAND_CHARGE, Dimension.EGRESS, Dimension.HOURLY_COST, Dimension.MONEY}
)


@dataclass(frozen=True, slots=True)
class UnitScale:
    """The conversion from a sender's unit to the stored one, computed once for all rows of a file."""

    factor: float
    unit: str
    currency: str = ""

    def stored(self, value: float) -> float:
        return value * self.factor


_TABLES = data("units")
_UNITS: Mapping[str, Mapping[str, float]] = _TABLES["units"]
_CO2 = re.compile(r"\s*(CO2|CO₂)(-?eq\.?|-?e)?", re.IGNORECASE)


def scale_of(dimension: Dimension, unit: str, currency: str = "") -> UnitScale:
    """Return the conversion of a sender's unit; raises BadParameter for an unknown unit or currency.

    `currency` is given beside the unit, in its own column; it must agree with a currency in the unit.
    """
    plain = " ".join(unit.split()).replace("µ", "u").replace("μ", "u")
    if dimension in MONETARY:
        return _money(dimension, plain, currency.strip())
    if currency.strip():
        raise BadParameter("currency", "This factor is not a price, so it has no currency.")
    factor = _carbon(plain) if dimension is Dimension.CARBON else _factor(dimension, plain)
    return UnitScale(factor, stored_unit(dimension))


def stored_unit(dimension: Dimension, currency: str = "") -> str:
    unit: str = _TABLES["dimensions"][dimension]["stored"]
    return unit.format(currency)


def bounded(spec: KindSpec, scale: UnitScale, value: float, *, of_an_hour: bool = False) -> str:
    """Check a value in the stored unit against its bounds; return a caution if it is unusual."""
    if not math.isfinite(value):
        raise BadParameter("value", "The value is not a finite number.")
    magnitude = MAGNITUDES.get(scale.currency, 1.0)
    possible = spec.possible if not of_an_hour or spec.hourly_possible is None else spec.hourly_possible
    if not possible.holds(value / magnitude):
        span = _bounds(possible, magnitude, scale.unit)
        raise BadParameter("value", f"{value:g} {scale.unit} is not between {span}.")
    if spec.plausible.holds(value / magnitude):
        return ""
    return f"Values outside {_bounds(spec.plausible, magnitude, scale.unit)} are rare: check the unit."


def _bounds(span: ValueSpan, magnitude: float, unit: str) -> str:
    return f"{span.low * magnitude:g} and {span.high * magnitude:g} {unit}".rstrip()


def _carbon(unit: str) -> float:
    mass, energy = _halves(Dimension.CARBON, _CO2.sub("", unit))
    return _factor(Dimension.CARBON, mass, "mass") / _factor(Dimension.CARBON, energy)


def _money(dimension: Dimension, unit: str, currency: str) -> UnitScale:
    if dimension is Dimension.MONEY:
        money, per = unit, 1.0
    elif dimension is Dimension.DEMAND_CHARGE:
        money, below = _halves(dimension, unit)
        power, month = _halves(dimension, below.replace("-", "/", 1))
        per = _factor(dimension, power) * _factor(dimension, month, "months")
    else:
        money, below = _halves(dimension, unit)
        per = _factor(dimension, below)
    unit_currency, share = _currency(money)
    stated_currency = _known(currency) if currency else ""
    if unit_currency and stated_currency and unit_currency != stated_currency:
        raise BadParameter(
            "currency", f"The unit is in {unit_currency} and the currency says {stated_currency}."
        )
    code = unit_currency or stated_currency
    if not code:
        raise BadParameter("currency", f"{unit!r} does not name a currency. Give the currency too.")
    return UnitScale(share / per, stored_unit(dimension, code), code)


def _currency(money: str) -> tuple[str, float]:
    """Code and scale of "EUR", "$", "ct", "EUR ct", "ct EUR"; no code if the text names none."""
    code, share = "", 1.0
    for word in money.split() or [""]:
        if word in _TABLES["hundredths"] and share == 1.0:
            share = 0.01
            code = code or _TABLES["hundredths"][word]
        elif word and not code:
            code = _known(word)
        elif word:
            raise BadParameter("unit", f"{money!r} is not a known currency.")
    return code, share


def _known(text: str) -> str:
    _refuse_ambiguous(text)
    code: str = _TABLES["symbols"].get(text, text.upper())
    if code not in CURRENCIES:
        raise BadParameter(
            "currency", f"{text[:20]!r} is not a known currency; known are {', '.join(CURRENCIES)}."
        )
    return code


def _halves(dimension: Dimension, unit: str) -> tuple[str, str]:
    above, slash, below = unit.replace(" per ", "/").partition("/")
    if not slash:
        raise _unknown(dimension, unit)
    return above.strip(), below.strip()


def _factor(dimension: Dimension, unit: str, of: str = "") -> float:
    """`of` names the units if they are not those of the dimension."""
    units = _UNITS[of or _TABLES["dimensions"][dimension]["units"]]
    if unit in units:
        return units[unit]
    _refuse_ambiguous(unit)
    # Case is often wrong, and does not matter if only one unit matches without it.
    alike = [factor for name, factor in units.items() if name.lower() == unit.lower()]
    if len(alike) == 1:
        return alike[0]
    raise _unknown(dimension, unit)


def _refuse_ambiguous(text: str) -> None:
    if text in _TABLES["ambiguous"]:
        raise BadParameter("unit", _TABLES["ambiguous"][text])


def _unknown(dimension: Dimension, unit: str) -> BadParameter:
    examples = _TABLES["dimensions"][dimension]["examples"]
    return BadParameter("unit", f"{unit[:40]!r} is not a unit of this factor; known units are {examples}.")


@dataclass(frozen=True, slots=True)
class Published:
    """Peak dense throughput of one accelerator in the precision of the table."""

    tflops: float
    source: str


@dataclass(frozen=True, slots=True)
class Book:
    precision: str
    reference: str
    by_slug: Mapping[str, Published]

    @property
    def unit(self) -> Published:
        return self.by_slug[self.reference]


@cache
def book() -> Book:
    stated = data("accelerators")
    by_slug = {
        slug: Published(float(type_facts["tflops"]), type_facts["source"])
        for name, type_facts in stated["types"].items()
        for slug in {name, *type_facts["slugs"]}
    }
    return Book(stated["precision"], stated["reference"], by_slug)


def equivalents(slug: str, count: float = 1.0) -> float | None:
    published = book().by_slug.get(slug)
    return None if published is None else count * published.tflops / book().unit.tflops


def device_count(count: int, of: str, here: str) -> int | None:
    if of == here:
        return count
    equivalents_each, equivalents_here = equivalents(of), equivalents(here)
    if equivalents_each is None or equivalents_here is None:
        return None
    return math.ceil(count * equivalents_each / equivalents_here - 1e-9)


def only_type(types: Iterable[str]) -> str:
    slugs = tuple(types)
    return slugs[0] if len(slugs) == 1 else ""


DIGITS = 3


def number(value: float) -> str:
    """At most three significant digits, no decimals for whole numbers, thousands separated: 0.0123, 4.57, 240,
    12,300."""
    if not math.isfinite(value):
        return "?"
    if value == 0:
        return "0"
    if value == int(value) and abs(value) < 1e15:
        return _minus(f"{int(value):,}")
    places = _places(value)
    if places <= 0:
        return _minus(f"{round(value):,}")
    return _minus(f"{value:.{places}f}".rstrip("0").rstrip(".") or "0")


def rounded(value: float) -> float:
    """The value that `number` writes, so that a difference agrees with the two figures shown."""
    if not math.isfinite(value) or value == int(value):
        return value
    return round(value, max(_places(value), 0))


def difference(after: float, before: float) -> float:
    """The difference of two figures as they are written."""
    return rounded(after) - rounded(before)


def rounded_up(value: float) -> float:
    """The value rounded up to what `number` writes, so that the written value is enough. `value` is above 0."""
    places = max(_places(value), 0)
    return math.ceil(value * 10.0**places - 1e-9) / 10.0**places


def _places(value: float) -> int:
    return DIGITS - 1 - math.floor(math.log10(abs(value)))


def _minus(digits: str) -> str:
    return digits.replace("-", "−")


def signed(value: float) -> str:
    return number(value) if value <= 0 else f"+{number(value)}"
