"""A workload class in words: demand, limits, and the validity of its envelope."""

from datetime import date, timedelta
from typing import Any

from readiness.demand.workloads.core.envelope import Envelope, EnvelopePart
from readiness.demand.workloads.models import COST_UNITS
from web.units import day, how_many, number, plural

VALID_DAYS = 180
"""How long an envelope counts in the shipped framework; the version in force judges a site."""
PART_NAMES = {
    EnvelopePart.LATENCY: "latency limit",
    EnvelopePart.COST: "unit-cost ceiling",
    EnvelopePart.JURISDICTION: "allowed jurisdictions",
    EnvelopePart.CARBON: "energy or carbon limit",
}


def cost(envelope: Envelope) -> str:
    if envelope.cost_ceiling is None or envelope.cost_unit is None:
        return ""
    unit = COST_UNITS[envelope.cost_unit]
    return f"{number(envelope.cost_ceiling, 2)} {envelope.cost_currency} {unit}"


def carbon(envelope: Envelope) -> str:
    limits = ((envelope.carbon_g_per_kwh, "gCO2e/kWh"), (envelope.carbon_kg_per_month, "kgCO2e a month"))
    return " · ".join(f"{number(value)} {unit}" for value, unit in limits if value is not None)


def latency(envelope: Envelope) -> str:
    if envelope.latency_limit_ms is None:
        return ""
    return f"{number(envelope.latency_limit_ms)} ms p{envelope.latency_percentile:g}"


def demand(envelope: Envelope) -> str:
    needs = [f"{need.count} × {need.name or 'any accelerator'}" for need in envelope.accelerators]
    return ", ".join(needs)


def power_at_tdp(envelope: Envelope) -> str:
    tdp_kw = envelope.accelerators_kw
    return "" if tdp_kw is None else f"accelerators at TDP: {number(tdp_kw)} kW"


def envelope_state(envelope: Envelope, today: date) -> dict[str, Any]:
    vouched_on = envelope.vouched_on(today)
    if vouched_on is None:
        return {"state": "unknown", "text": "No limits declared"}
    until = vouched_on + timedelta(days=VALID_DAYS)
    if until < today:
        return {"state": "stale", "text": f"Outdated since {day(until)}: confirm it"}
    if envelope.missing:
        return {"state": "fail", "text": f"Lacks {', '.join(PART_NAMES[part] for part in envelope.missing)}"}
    return {"state": "pass", "text": f"valid until {day(until)}"}


def days_text(started_on: date, today: date) -> str:
    days = (today - started_on).days
    if days < 0:
        return plural(-days, f"from in {-days} day", f"from in {-days} days")
    return plural(days, f"for {days} day", f"for {days} days")


def countries_left(envelope: Envelope) -> str:
    left = envelope.countries
    return "" if left is None else how_many(len(left), "country is left", "countries are left")
