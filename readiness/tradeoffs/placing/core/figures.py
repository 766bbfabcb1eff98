"""Formulas: the use and cost of a placement at a site, from the factors of both.

A figure with an unknown part is unknown, with the part and the reason as its `source`; known parts still bound it.
Computed figures are estimated, or simulated if a part is, and as old as their oldest part.
"""

import math
from collections.abc import Iterable, Sequence

from readiness.assessment.evidence.core.load import CircuitLoads
from readiness.assessment.scoring.core.states import Provenance
from readiness.tradeoffs.factors.core.factors import HOURS_A_MONTH, Factor, KnownValue
from readiness.tradeoffs.moves.options import BandedFigure

ENERGY_UNIT, CARBON_UNIT = "kWh/month", "kg CO2e/month"
WHAT_IF = "what-if"
NO_SOURCE = "No source has a value for it."
_PROVENANCE = {each.value: each for each in Provenance}


def factor_figure(name: str, factor: Factor | None, unit: str | None = None) -> BandedFigure:
    value = NO_SOURCE if factor is None else factor.best or factor.unknown
    return value_figure(name, value, unit)


def value_figure(name: str, value: KnownValue | str, unit: str | None = None) -> BandedFigure:
    """A known value as a figure; a string is the reason why there is none."""
    if isinstance(value, str):
        return BandedFigure(None, unit or "", source=f"{name} unknown: {value}")
    return figure_of(value, unit)


def tried(figure: BandedFigure, factor: float) -> BandedFigure:
    """The figure under a lever; a negative price keeps its ends in order."""
    if figure.value is None or factor == 1:
        return figure
    low, high = (None if end is None else end * factor for end in (figure.low, figure.high))
    if low is not None and high is not None and low > high:
        low, high = high, low
    source = f"{figure.source}; {WHAT_IF}: times {factor:g}"
    return _other(figure, (figure.value * factor, low, high), figure.unit, source)


def figure_of(value: KnownValue, unit: str | None = None) -> BandedFigure:
    return BandedFigure(
        value.value,
        value.unit if unit is None else unit,
        _PROVENANCE[value.provenance],
        value.as_of,
        value.low,
        value.high,
        value.source,
    )


def energy(it_kw: float | None, pue: BandedFigure, power: str = "") -> BandedFigure:
    """Energy at the meter: IT power x PUE x 730.5 h.

    PUE is total over IT energy (ISO/IEC 30134-2), so at least 1. The IT power counts as drawn all month; `power` says
    what it rests on.
    """
    if it_kw is None:
        return BandedFigure(None, ENERGY_UNIT, source="the envelope does not say its IT power")
    base = it_kw * HOURS_A_MONTH
    if pue.value is None:
        return BandedFigure(None, ENERGY_UNIT, low=base, source=pue.source)
    rests_on = f" (IT power {power})" if power else ""
    return _times(pue, base, ENERGY_UNIT, f"IT power x PUE x 730.5 h{rests_on}")


def carbon(energy_used: BandedFigure, intensity: BandedFigure) -> BandedFigure:
    """Emissions of a month: energy at the meter x intensity / 1,000 (kWh x g/kWh = g; location-based for the average
    intensity, market-based for that of contracts: GHG Protocol, Scope 2 Guidance, 2015).
    """
    if energy_used.value is None or intensity.value is None:
        return BandedFigure(None, CARBON_UNIT, source=_lacking(energy_used, intensity))
    value = energy_used.value * (intensity.value / 1000)
    low, high = energy_used.least * intensity.least / 1000, energy_used.most * intensity.most / 1000
    return _made(value, low, high, CARBON_UNIT, (energy_used, intensity), "energy x intensity")


def drawn_kw(it_kw: float | None, count: int, idle: BandedFigure) -> float | None:
    """IT power drawn: that of the placement, but at least the idle power of the held accelerators."""
    return it_kw if it_kw is None or idle.value is None else max(it_kw, count * idle.value)


def held_cost(accelerators: int, hour: BandedFigure, currency: str) -> BandedFigure:
    unit = f"{currency}/month"
    if hour.value is None:
        return BandedFigure(None, unit, source=hour.source)
    source = f"{accelerators} x 730.5 h x {hour.value:.4g} {currency}/h ({hour.source})"
    return _times(hour, accelerators * HOURS_A_MONTH, unit, source)


def added(figure: BandedFigure, more: BandedFigure, words: str) -> BandedFigure:
    if figure.value is None or more.value is None:
        why = figure.source if figure.value is None else more.source
        return BandedFigure(None, figure.unit, low=_sure(figure.least + more.least), source=why)
    value, low, high = figure.value + more.value, figure.least + more.least, figure.most + more.most
    return _made(value, low, high, figure.unit, (figure, more), words)


def _sure(low: float) -> float | None:
    return low if math.isfinite(low) and low >= 0 else None


def summed_cost(capital: BandedFigure, bill: BandedFigure) -> BandedFigure:
    """The cost of a month: held hours x capital, plus the energy drawn, including idle power, at its price.

    It leaves out demand charges, egress, staff and space.
    """
    if capital.value is None or bill.value is None:
        return added(capital, bill, "")
    words = f"capital {capital.source} and energy {bill.value:.4g} {bill.unit} ({bill.source})"
    return added(capital, bill, words)


def energy_changed_cost(cost: BandedFigure, bill: BandedFigure, bill_before: BandedFigure) -> BandedFigure:
    """The cost of a month at a stated hourly cost that includes energy, adjusted by the levers' effect on that
    energy."""
    if bill.value is None or bill_before.value is None:
        return BandedFigure(None, cost.unit, source=bill.source if bill.value is None else bill_before.source)
    by = bill.value - bill_before.value
    source = f"{cost.source}, with the energy as the levers change it"
    assert cost.value is not None
    return _made(cost.value + by, cost.least + by, cost.most + by, cost.unit, (cost, bill), source)


def least_cost(why: str, bill: BandedFigure, currency: str) -> BandedFigure:
    return BandedFigure(None, f"{currency}/month", low=_sure(bill.least), source=why)


def useful_hour(cost: BandedFigure, accelerators: int, utilisation: BandedFigure) -> BandedFigure:
    """The cost of an accelerator-hour in use: the month's cost / (hours held x the share of them in use)."""
    unit = f"{cost.unit.partition('/')[0]}/h in use"
    if cost.value is None or utilisation.value is None:
        return BandedFigure(None, unit, source=_lacking(cost, utilisation))
    hours = accelerators * HOURS_A_MONTH
    value = cost.value / (hours * utilisation.value)
    low, high = cost.least / (hours * utilisation.most), cost.most / (hours * utilisation.least)
    in_use = f"{100 * utilisation.value:.3g} % of those held, {utilisation.source}"
    return _made(value, low, high, unit, (cost, utilisation), f"cost of a month / hours in use ({in_use})")


def energy_bill(energy_used: BandedFigure, price: BandedFigure, currency: str) -> BandedFigure:
    unit = f"{currency}/month"
    if energy_used.value is None or price.value is None:
        low = energy_used.low * price.least if energy_used.low is not None and price.least >= 0 else None
        return BandedFigure(None, unit, low=low, source=_lacking(energy_used, price))
    ends = [
        amount * each
        for amount in (energy_used.least, energy_used.most)
        for each in (price.least, price.most)
    ]
    value = energy_used.value * price.value
    return _made(value, min(ends), max(ends), unit, (energy_used, price), "energy x electricity price")


def carbon_at_price(emitted: BandedFigure, price_a_tonne: float, currency: str) -> BandedFigure:
    unit = f"{currency}/month"
    if emitted.value is None:
        return BandedFigure(None, unit, source=emitted.source)
    return _times(emitted, price_a_tonne / 1000, unit, "carbon x its price")


def shared(figure: BandedFigure, by: float, unit: str, source: str) -> BandedFigure:
    ends = [None if end is None else end / by for end in (figure.value, figure.low, figure.high)]
    return _other(figure, ends, unit, figure.source if figure.value is None else source)


def moved(figure: BandedFigure, by: float) -> BandedFigure:
    if not by:
        return figure
    ends = [None if end is None else end + by for end in (figure.value, figure.low, figure.high)]
    return _other(figure, ends, figure.unit, figure.source)


def scaled(figure: BandedFigure, by: float, source: str) -> BandedFigure:
    ends = [None if end is None else end * by for end in (figure.value, figure.low, figure.high)]
    return _other(figure, ends, figure.unit, f"{figure.source}; {source}")


def _other(figure: BandedFigure, ends: Sequence[float | None], unit: str, source: str) -> BandedFigure:
    value, low, high = ends
    return BandedFigure(value, unit, figure.provenance, figure.as_of, low, high, source)


def it_headroom(headroom: BandedFigure, pue: BandedFigure, own_kw: float) -> BandedFigure:
    """Headroom at the meter as IT power: divided by PUE, plus the workload's present power there.

    PUE is at least 1, so the headroom itself is a bound if PUE is unknown.
    """
    if headroom.value is None:
        return headroom
    if headroom.value < 0:
        return moved(headroom, own_kw)
    if pue.value is None:
        return BandedFigure(None, "kW", high=headroom.most + own_kw, source=pue.source)
    value, low, high = headroom.value / pue.value, headroom.least / pue.most, headroom.most / pue.least
    source = f"headroom at the meter / PUE ({headroom.source})"
    return moved(_made(value, low, high, "kW", (headroom, pue), source), own_kw)


def circuit(loads: CircuitLoads, more_kw: float) -> BandedFigure:
    """Load of the most loaded circuit, in percent of its rating, with `more_kw` of IT power at the site.

    The workload's rack is unknown: it is assumed to spread over the circuits like today's load; the lower bound assumes
    that it goes to other circuits.
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
        "highest continuous load of two days, with the workload spread like today's load",
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
    # Products in another order differ in the last bits, so clamp the band around its value.
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


def _times(figure: BandedFigure, by: float, unit: str, source: str) -> BandedFigure:
    assert figure.value is not None
    return _made(figure.value * by, figure.least * by, figure.most * by, unit, (figure,), source)


def _lacking(figure: BandedFigure, other: BandedFigure) -> str:
    return figure.source if figure.value is None else other.source
