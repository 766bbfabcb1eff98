"""Formulas: what a placement of a workload takes and costs at a site, from what is known of both.

A figure of which a part is unknown is unknown, with the part and why as its `source`; what is sure still bounds it.
Figures that are worked out are estimated, or simulated where any part is, and as old as their oldest part.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from readiness.evidence.queries import CircuitLoads
from readiness.scoring.core.states import Provenance
from readiness.tradeoffs.core.factors import HOURS_A_YEAR, Factor, KnownValue, ValueBasis
from readiness.tradeoffs.core.options import BandedFigure

HOURS_A_MONTH = HOURS_A_YEAR / 12
"""730.5, of a mean year of 365.25 days."""
ENERGY_UNIT, CARBON_UNIT = "kWh/month", "kg CO2e/month"
WHAT_IF = "what-if"
_PROVENANCE = {each.value: each for each in Provenance}


@dataclass(frozen=True)
class FactorInput:
    """A factor as it counts: the value that is best known, or why there is none."""

    name: str
    known: KnownValue | None
    why_not: str = ""

    @property
    def least(self) -> float | None:
        return None if self.known is None else _or(self.known.low, self.known.value)

    @property
    def most(self) -> float | None:
        return None if self.known is None else _or(self.known.high, self.known.value)

    def times(self, factor: float) -> "FactorInput":
        """The part as a lever makes it; a price that is negative keeps its ends in order."""
        if self.known is None or factor == 1:
            return self
        low, high = (None if end is None else end * factor for end in (self.known.low, self.known.high))
        if low is not None and high is not None and low > high:
            low, high = high, low
        known = replace(
            self.known,
            value=self.known.value * factor,
            low=low,
            high=high,
            source=f"{self.known.source}; {WHAT_IF}: times {factor:g}",
        )
        return FactorInput(self.name, known)

    def ends(self, by: float) -> tuple[float, float, float]:
        """The value and the ends of its band, each times `by`; of an input that is known."""
        assert self.known is not None
        low, high = _or(self.known.low, self.known.value), _or(self.known.high, self.known.value)
        return self.known.value * by, low * by, high * by

    @cached_property
    def figure(self) -> BandedFigure:
        if self.known is None:
            return BandedFigure(None, "", source=self.lacks)
        return figure_of(self.known)

    @property
    def lacks(self) -> str:
        return f"{self.name} unknown: {self.why_not}"


def factor_input(name: str, factor: Factor | None) -> FactorInput:
    if factor is None:
        return FactorInput(name, None, "No source has a value for it.")
    return FactorInput(name, factor.best, factor.unknown)


def assumed(name: str, value: float, at: datetime) -> FactorInput:
    known = KnownValue(
        value=value, unit="", basis=ValueBasis.COMPUTED, provenance="estimated", source=WHAT_IF, as_of=at
    )
    return FactorInput(name, known)


def figure_of(known: KnownValue, unit: str | None = None) -> BandedFigure:
    return BandedFigure(
        known.value,
        known.unit if unit is None else unit,
        _PROVENANCE[known.provenance],
        known.as_of,
        known.low,
        known.high,
        known.source,
    )


def energy(it_kw: float | None, pue: FactorInput) -> BandedFigure:
    """Energy at the meter: IT power x PUE x 730.5 h. PUE is total over IT energy (ISO/IEC 30134-2), so 1 at the least.

    The IT power is taken as drawn all month, which is the most that the envelope allows.
    """
    if it_kw is None:
        return BandedFigure(None, ENERGY_UNIT, source="the envelope does not say its IT power")
    base = it_kw * HOURS_A_MONTH
    if pue.known is None:
        return BandedFigure(None, ENERGY_UNIT, low=base, source=pue.lacks)
    return _made(*pue.ends(base), ENERGY_UNIT, (pue.figure,), "IT power x PUE x 730.5 h")


def carbon(used: BandedFigure, intensity: FactorInput) -> BandedFigure:
    """Emissions of a month: energy at the meter x intensity / 1,000 (kWh x g/kWh = g; location-based for the average
    intensity, market-based for that of contracts: GHG Protocol, Scope 2 Guidance, 2015).
    """
    if used.value is None or intensity.known is None:
        return BandedFigure(None, CARBON_UNIT, source=_lacking(used, intensity))
    per_kwh = intensity.known.value / 1000
    low = used.least * _or(intensity.least, 0.0) / 1000
    high = used.most * _or(intensity.most, 0.0) / 1000
    return _made(used.value * per_kwh, low, high, CARBON_UNIT, (used, intensity.figure), "energy x intensity")


def drawn_kw(it_kw: float | None, count: int, idle: FactorInput) -> float | None:
    """IT power that is drawn: what the envelope says, and at the least what the accelerators held draw idle."""
    if it_kw is None or idle.known is None:
        return it_kw
    return max(it_kw, count * idle.known.value)


def held(accelerators: int, hour: FactorInput, currency: str) -> BandedFigure:
    """Accelerators held for all hours of a month, at what an hour of one costs."""
    unit = f"{currency}/month"
    if hour.known is None:
        return BandedFigure(None, unit, source=hour.lacks)
    source = f"{accelerators} x 730.5 h x {hour.known.value:.4g} {currency}/h ({hour.known.source})"
    return _made(*hour.ends(accelerators * HOURS_A_MONTH), unit, (hour.figure,), source)


def added(figure: BandedFigure, more: BandedFigure, words: str) -> BandedFigure:
    if figure.value is None or more.value is None:
        why = figure.source if figure.value is None else more.source
        return BandedFigure(None, figure.unit, low=_sure(figure.least + more.least), source=why)
    value, low, high = figure.value + more.value, figure.least + more.least, figure.most + more.most
    return _made(value, low, high, figure.unit, (figure, more), words)


def _sure(low: float) -> float | None:
    return low if math.isfinite(low) and low >= 0 else None


def from_parts(capital: BandedFigure, bill: BandedFigure) -> BandedFigure:
    """The cost of a month: held hours x capital, plus the energy drawn, idle power included, at its price.

    It leaves out demand charges, egress, staff and space.
    """
    if capital.value is None or bill.value is None:
        return added(capital, bill, "")
    words = f"capital {capital.source} and energy {bill.value:.4g} {bill.unit} ({bill.source})"
    return added(capital, bill, words)


def with_energy_changed(cost: BandedFigure, bill: BandedFigure, bill_before: BandedFigure) -> BandedFigure:
    """The cost of a month at a stated cost per hour that includes energy, with what levers change of that energy."""
    if bill.value is None or bill_before.value is None:
        return BandedFigure(None, cost.unit, source=bill.source if bill.value is None else bill_before.source)
    by = bill.value - bill_before.value
    source = f"{cost.source}, and what the levers change of energy"
    assert cost.value is not None
    return _made(cost.value + by, cost.least + by, cost.most + by, cost.unit, (cost, bill), source)


def without_hour(lacking: FactorInput, bill: BandedFigure, currency: str) -> BandedFigure:
    return BandedFigure(None, f"{currency}/month", low=_sure(bill.least), source=lacking.lacks)


def useful_hour(cost: BandedFigure, accelerators: int, utilisation: FactorInput) -> BandedFigure:
    """The cost of an accelerator-hour in use: the month's cost / (hours held x the share of them in use)."""
    unit = f"{cost.unit.partition('/')[0]}/h in use"
    if cost.value is None or utilisation.known is None:
        return BandedFigure(None, unit, source=_lacking(cost, utilisation))
    hours, share = accelerators * HOURS_A_MONTH, utilisation.known
    return _made(
        cost.value / (hours * share.value),
        cost.least / (hours * _or(share.high, share.value)),
        cost.most / (hours * _or(share.low, share.value)),
        unit,
        (cost, utilisation.figure),
        f"cost of a month / hours in use ({100 * share.value:.3g} % of those held, {share.source})",
    )


def energy_bill(used: BandedFigure, price: FactorInput, currency: str) -> BandedFigure:
    """Energy at the meter x its price."""
    unit = f"{currency}/month"
    if used.value is None or price.known is None:
        low = None
        if price.least is not None and price.least >= 0 and used.low is not None:
            low = used.low * price.least
        return BandedFigure(None, unit, low=low, source=_lacking(used, price))
    ends = [
        amount * each
        for amount in (used.least, used.most)
        for each in (_or(price.least, 0.0), _or(price.most, 0.0))
    ]
    value, parts = used.value * price.known.value, (used, price.figure)
    return _made(value, min(ends), max(ends), unit, parts, "energy x electricity price")


def carbon_at_price(emitted: BandedFigure, price_a_tonne: float, currency: str) -> BandedFigure:
    """kg x money a tonne / 1,000."""
    unit = f"{currency}/month"
    if emitted.value is None:
        return BandedFigure(None, unit, source=emitted.source)
    value, low, high = (end * (price_a_tonne / 1000) for end in (emitted.value, emitted.least, emitted.most))
    return _made(value, low, high, unit, (emitted,), "carbon x its price")


def shared(figure: BandedFigure, by: float, unit: str, source: str) -> BandedFigure:
    ends = [None if end is None else end / by for end in (figure.value, figure.low, figure.high)]
    return _other(figure, ends, unit, figure.source if figure.value is None else source)


def moved(figure: BandedFigure, by: float) -> BandedFigure:
    if not by:
        return figure
    return BandedFigure(
        None if figure.value is None else figure.value + by,
        figure.unit,
        figure.provenance,
        figure.as_of,
        None if figure.low is None else figure.low + by,
        None if figure.high is None else figure.high + by,
        figure.source,
    )


def scaled(figure: BandedFigure, by: float, source: str) -> BandedFigure:
    ends = [None if end is None else end * by for end in (figure.value, figure.low, figure.high)]
    return _other(figure, ends, figure.unit, f"{figure.source}; {source}")


def _other(figure: BandedFigure, ends: Sequence[float | None], unit: str, source: str) -> BandedFigure:
    value, low, high = ends
    return BandedFigure(value, unit, figure.provenance, figure.as_of, low, high, source)


def it_headroom(headroom: FactorInput, pue: FactorInput, own_kw: float) -> BandedFigure:
    """Headroom at the meter as IT power: divided by PUE, and with what the workload draws there already.

    At the least PUE of 1 it is the headroom itself, which bounds it where PUE is unknown.
    """
    if headroom.known is None:
        return BandedFigure(None, "kW", source=headroom.lacks)
    known = headroom.known
    if known.value < 0:
        return moved(figure_of(known, "kW"), own_kw)
    if pue.known is None:
        return BandedFigure(None, "kW", high=_or(known.high, known.value) + own_kw, source=pue.lacks)
    figure = _made(
        known.value / pue.known.value,
        _or(known.low, known.value) / _or(pue.most, 1.0),
        _or(known.high, known.value) / _or(pue.least, 1.0),
        "kW",
        (headroom.figure, pue.figure),
        f"headroom at the meter / PUE ({known.source})",
    )
    return moved(figure, own_kw)


def circuit(loads: CircuitLoads, more_kw: float) -> BandedFigure:
    """Load of the circuit that is loaded most, in percent of its rating, with `more_kw` of IT power at the site.

    Which rack a workload comes to nobody knows yet: it is taken to spread over the circuits as the load does today, and
    at the least it comes to others.
    """
    value = loads.percent * (1 + more_kw / loads.load_kw)
    simulated = _PROVENANCE[loads.provenance] is Provenance.SIMULATED
    return BandedFigure(
        value,
        "%",
        Provenance.SIMULATED if simulated else Provenance.ESTIMATED,
        loads.taken_at,
        min(loads.percent, value),
        max(loads.percent, value),
        "highest continuous load of two days, and the workload spread as the load is today",
    )


def _made(
    value: float, low: float, high: float, unit: str, parts: Iterable[BandedFigure], source: str
) -> BandedFigure:
    simulated, banded, oldest = False, False, None
    for figure in parts:
        simulated |= figure.provenance is Provenance.SIMULATED
        banded |= not figure.exact
        if figure.as_of is not None and (oldest is None or figure.as_of < oldest):
            oldest = figure.as_of
    # Products in another order differ in the last bits; a band may not end on the wrong side of its value for that.
    low, high = min(low, value), max(high, value)
    return BandedFigure(
        value,
        unit,
        Provenance.SIMULATED if simulated else Provenance.ESTIMATED,
        oldest,
        low if banded else None,
        high if banded else None,
        source,
    )


def _lacking(used: BandedFigure, other: FactorInput) -> str:
    return used.source if used.value is None else other.lacks


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
