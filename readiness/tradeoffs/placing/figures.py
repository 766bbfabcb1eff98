"""Formulas: what a placement of a workload takes and costs at a site, from what is known of both.

A figure of which a part is unknown is unknown, with the part and why as its `source`; what is sure still bounds it.
Figures that are worked out are estimated, or simulated where any part is, and as old as their oldest part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from readiness.evidence.circuits import CircuitLoads
from readiness.scoring.core.states import Provenance
from readiness.tradeoffs.core.factors import HOURS_A_YEAR, Basis, Factor, Known
from readiness.tradeoffs.core.options import Figure

HOURS_A_MONTH = HOURS_A_YEAR / 12
"""730.5, of a mean year of 365.25 days."""
ENERGY_UNIT, CARBON_UNIT = "kWh/month", "kg CO2e/month"
WHAT_IF = "what-if"
_PROVENANCE = {each.value: each for each in Provenance}


@dataclass(frozen=True)
class Part:
    """A factor as it counts: the value that is best known, or why there is none."""

    name: str
    known: Known | None
    why_not: str = ""

    @property
    def least(self) -> float | None:
        return None if self.known is None else _or(self.known.low, self.known.value)

    @property
    def most(self) -> float | None:
        return None if self.known is None else _or(self.known.high, self.known.value)

    def times(self, factor: float) -> Part:
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
        return Part(self.name, known)

    @cached_property
    def figure(self) -> Figure:
        if self.known is None:
            return Figure(None, "", source=self.lacks)
        return figure_of(self.known)

    @property
    def lacks(self) -> str:
        return f"{self.name} unknown: {self.why_not}"


def part(name: str, factor: Factor | None) -> Part:
    if factor is None:
        return Part(name, None, "No source has a value for it.")
    return Part(name, factor.best, factor.unknown)


def assumed(name: str, value: float, at: datetime) -> Part:
    """What a lever says, in place of what is known."""
    return Part(
        name,
        Known(value=value, unit="", basis=Basis.COMPUTED, provenance="estimated", source=WHAT_IF, as_of=at),
    )


def figure_of(known: Known, unit: str | None = None) -> Figure:
    return Figure(
        known.value,
        known.unit if unit is None else unit,
        _PROVENANCE[known.provenance],
        known.as_of,
        known.low,
        known.high,
        known.source,
    )


def energy(it_kw: float | None, pue: Part) -> Figure:
    """Energy at the meter: IT power x PUE x 730.5 h. PUE is total over IT energy (ISO/IEC 30134-2), so 1 at the least.

    The IT power is taken as drawn all month, which is the most that the envelope allows.
    """
    if it_kw is None:
        return Figure(None, ENERGY_UNIT, source="the envelope does not say its IT power")
    base = it_kw * HOURS_A_MONTH
    if pue.known is None:
        return Figure(None, ENERGY_UNIT, low=base, source=pue.lacks)
    known = pue.known
    low, high = _or(known.low, known.value) * base, _or(known.high, known.value) * base
    return _made(known.value * base, low, high, ENERGY_UNIT, (pue.figure,), "IT power x PUE x 730.5 h")


def carbon(used: Figure, intensity: Part) -> Figure:
    """Emissions of a month: energy at the meter x intensity / 1,000 (kWh x g/kWh = g; location-based for the average
    intensity, market-based for that of contracts: GHG Protocol, Scope 2 Guidance, 2015).
    """
    if used.value is None or intensity.known is None:
        return Figure(None, CARBON_UNIT, source=_lacking(used, intensity))
    per_kwh = intensity.known.value / 1000
    low = used.least * _or(intensity.least, 0.0) / 1000
    high = used.most * _or(intensity.most, 0.0) / 1000
    return _made(used.value * per_kwh, low, high, CARBON_UNIT, (used, intensity.figure), "energy x intensity")


def monthly_cost(
    accelerators: int,
    hour: Part,
    bill: Figure,
    bill_before: Figure,
    carbon_cost: Figure | None,
    currency: str,
) -> Figure:
    """What a month costs: accelerators x 730.5 h x the cost of an hour of one, energy included, and what the levers
    change of the energy bill and add for carbon. Without accelerators it is the energy bill.

    The accelerators are held for all hours. Demand charges, egress, staff and space are not in it.
    """
    unit = f"{currency}/month"
    parts: tuple[Figure, ...]
    if not accelerators:
        parts, value = (bill,), bill
    elif hour.known is None:
        low = bill.low if bill.low is not None else bill.value
        return Figure(None, unit, low=None if low is None or low < 0 else low, source=hour.lacks)
    else:
        held = accelerators * HOURS_A_MONTH
        known = hour.known
        value = _made(
            known.value * held,
            _or(known.low, known.value) * held,
            _or(known.high, known.value) * held,
            unit,
            (hour.figure,),
            f"{accelerators} x 730.5 h x {known.value:.4g} {currency}/h ({known.source})",
        )
        parts = (value,)
        if bill_before is not bill:
            if bill.value is None or bill_before.value is None:
                return Figure(None, unit, source=bill.source if bill.value is None else bill_before.source)
            value = _sum(
                value,
                bill.value - bill_before.value,
                unit,
                (value, bill),
                "and what the levers change of energy",
            )
            parts = (value, bill)
    if carbon_cost is not None:
        if carbon_cost.value is None or value.value is None:
            return Figure(None, unit, source=carbon_cost.source if value.value is not None else value.source)
        return _made(
            value.value + carbon_cost.value,
            value.least + carbon_cost.least,
            value.most + carbon_cost.most,
            unit,
            (*parts, carbon_cost),
            f"{value.source}; with carbon at its price",
        )
    return value


def energy_bill(used: Figure, price: Part, currency: str) -> Figure:
    """Energy at the meter x its price."""
    unit = f"{currency}/month"
    if used.value is None or price.known is None:
        low = None
        if price.least is not None and price.least >= 0 and used.low is not None:
            low = used.low * price.least
        return Figure(None, unit, low=low, source=_lacking(used, price))
    ends = [
        amount * each
        for amount in (used.least, used.most)
        for each in (_or(price.least, 0.0), _or(price.most, 0.0))
    ]
    return _made(
        used.value * price.known.value,
        min(ends),
        max(ends),
        unit,
        (used, price.figure),
        "energy x electricity price",
    )


def carbon_at_price(emitted: Figure, price_a_tonne: float, currency: str) -> Figure:
    """kg x money a tonne / 1,000."""
    unit = f"{currency}/month"
    if emitted.value is None:
        return Figure(None, unit, source=emitted.source)
    each = price_a_tonne / 1000
    return _made(
        emitted.value * each,
        emitted.least * each,
        emitted.most * each,
        unit,
        (emitted,),
        "carbon x its price",
    )


def shared(figure: Figure, by: float, unit: str, source: str) -> Figure:
    """A figure for one of `by`."""
    return Figure(
        None if figure.value is None else figure.value / by,
        unit,
        figure.provenance,
        figure.as_of,
        None if figure.low is None else figure.low / by,
        None if figure.high is None else figure.high / by,
        figure.source if figure.value is None else source,
    )


def moved(figure: Figure, by: float) -> Figure:
    """A figure with a fixed amount more or less."""
    if not by:
        return figure
    return Figure(
        None if figure.value is None else figure.value + by,
        figure.unit,
        figure.provenance,
        figure.as_of,
        None if figure.low is None else figure.low + by,
        None if figure.high is None else figure.high + by,
        figure.source,
    )


def it_headroom(headroom: Part, pue: Part, own_kw: float) -> Figure:
    """Headroom at the meter as IT power: divided by PUE, and with what the workload draws there already.

    At the least PUE of 1 it is the headroom itself, which bounds it where PUE is unknown.
    """
    if headroom.known is None:
        return Figure(None, "kW", source=headroom.lacks)
    known = headroom.known
    if known.value < 0:
        return moved(figure_of(known, "kW"), own_kw)
    if pue.known is None:
        return Figure(None, "kW", high=_or(known.high, known.value) + own_kw, source=pue.lacks)
    found = _made(
        known.value / pue.known.value,
        _or(known.low, known.value) / _or(pue.most, 1.0),
        _or(known.high, known.value) / _or(pue.least, 1.0),
        "kW",
        (headroom.figure, pue.figure),
        f"headroom at the meter / PUE ({known.source})",
    )
    return moved(found, own_kw)


def circuit(loads: CircuitLoads, more_kw: float) -> Figure:
    """Load of the circuit that is loaded most, in percent of its rating, with `more_kw` of IT power at the site.

    Which rack a workload comes to nobody knows yet: it is taken to spread over the circuits as the load does today, and
    at the least it comes to others.
    """
    value = loads.percent * (1 + more_kw / loads.load_kw)
    simulated = _PROVENANCE[loads.provenance] is Provenance.SIMULATED
    return Figure(
        value,
        "%",
        Provenance.SIMULATED if simulated else Provenance.ESTIMATED,
        loads.taken_at,
        min(loads.percent, value),
        max(loads.percent, value),
        "highest continuous load of two days, and the workload spread as the load is today",
    )


def _made(value: float, low: float, high: float, unit: str, parts: Iterable[Figure], source: str) -> Figure:
    simulated, banded, oldest = False, False, None
    for one in parts:
        simulated |= one.provenance is Provenance.SIMULATED
        banded |= not one.exact
        if one.as_of is not None and (oldest is None or one.as_of < oldest):
            oldest = one.as_of
    # Products in another order differ in the last bits; a band may not end on the wrong side of its value for that.
    low, high = min(low, value), max(high, value)
    return Figure(
        value,
        unit,
        Provenance.SIMULATED if simulated else Provenance.ESTIMATED,
        oldest,
        low if banded else None,
        high if banded else None,
        source,
    )


def _sum(figure: Figure, by: float, unit: str, parts: Iterable[Figure], more: str) -> Figure:
    value = (figure.value or 0.0) + by
    return _made(value, figure.least + by, figure.most + by, unit, parts, f"{figure.source}, {more}")


def _lacking(used: Figure, other: Part) -> str:
    return used.source if used.value is None else other.lacks


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
