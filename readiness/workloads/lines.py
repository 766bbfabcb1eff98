"""A workload class in words: its facts by part, what contradicts itself, and until when its envelope counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from readiness.workloads.core.envelope import Envelope, EnvelopePart
from readiness.workloads.models import CostUnitChoices, DataCategoryChoices, MinVerdict, WorkloadClass
from web.units import format_value, how_many, number, plural

type Line = dict[str, Any]

VALID_DAYS = 180
"""What the shipped framework lets an envelope count for; a site is judged by the version in force."""
PART_NAMES = {
    EnvelopePart.LATENCY: lambda: "latency limit",
    EnvelopePart.COST: lambda: "unit-cost ceiling",
    EnvelopePart.JURISDICTION: lambda: "allowed jurisdictions",
    EnvelopePart.CARBON: lambda: "energy or carbon limit",
}


def missing(envelope: Envelope) -> str:
    return ", ".join(PART_NAMES[part]() for part in envelope.missing)


def cards(workload: WorkloadClass, envelope: Envelope, *, on_record: Sequence[Line]) -> list[Line]:
    """The demand, and the four parts; what is on record of its data stands beside what its data is."""
    return [
        {"id": "demand", "title": "Demand of one placement", "facts": _demand(envelope)},
        {"id": "latency", "title": "Latency", "facts": _latency(envelope)},
        {"id": "cost", "title": "Cost", "facts": [_fact("Ceiling", cost(envelope))]},
        {
            "id": "jurisdiction",
            "title": "Jurisdiction",
            "facts": [*_jurisdiction(workload, envelope), *on_record],
        },
        {"id": "carbon", "title": "Energy and carbon", "facts": _carbon(envelope)},
        {"id": "needs", "title": "What a site has to be", "facts": _needs(workload, envelope)},
    ]


def cost(envelope: Envelope) -> str:
    if envelope.cost_ceiling is None or envelope.cost_unit is None:
        return ""
    unit = CostUnitChoices(envelope.cost_unit.value).label
    return f"{number(envelope.cost_ceiling, 2)} {envelope.cost_currency} {unit}"


def carbon(envelope: Envelope) -> str:
    limits = (
        (envelope.carbon_g_per_kwh, "gCO2e/kWh"),
        (envelope.carbon_kg_per_month, "kgCO2e a month"),
    )
    return " · ".join(f"{number(value)} {unit}" for value, unit in limits if value is not None)


def latency(envelope: Envelope) -> str:
    if envelope.latency_limit_ms is None:
        return ""
    return f"{number(envelope.latency_limit_ms)} ms p{envelope.latency_percentile:g}"


def demand(envelope: Envelope) -> str:
    needs = [f"{need.count} × {need.name or 'any accelerator'}" for need in envelope.accelerators]
    return ", ".join(needs)


def standing(envelope: Envelope, today: date) -> Line:
    """Whether it is declared, until when it counts, and how that is shown."""
    vouched_on = envelope.vouched_on(today)
    if vouched_on is None:
        return {"state": "unknown", "text": "Nothing is declared"}
    until = vouched_on + timedelta(days=VALID_DAYS)
    if until < today:
        return {"state": "stale", "text": f"Ran out on {until.isoformat()}"}
    if envelope.missing:
        return {"state": "fail", "text": f"Lacks {missing(envelope)}"}
    return {"state": "pass", "text": f"Whole, counts until {until.isoformat()}"}


def days_text(started_on: date, today: date) -> str:
    days = (today - started_on).days
    if days < 0:
        return plural(-days, f"from in {-days} day", f"from in {-days} days")
    return plural(days, f"for {days} day", f"for {days} days")


def _fact(term: str, value: Any, note: str = "") -> Line:
    return {"term": term, "value": value or "not declared", "note": note}


def _demand(envelope: Envelope) -> list[Line]:
    tdp = envelope.accelerators_kw
    at_tdp = f"accelerators at TDP: {number(tdp)} kW" if tdp is not None else ""
    return [
        _fact("Accelerators", demand(envelope)),
        _fact("IT power", _figure(envelope.it_kw, "kW"), at_tdp),
        _fact("Bandwidth", _figure(envelope.bandwidth_gbps, "Gb/s")),
        _fact("Requests at peak", _rate(envelope.requests_per_s)),
        {
            "term": "May wait",
            "value": f"{number(envelope.deferrable_h)} h" if envelope.deferrable_h else "not at all",
        },
    ]


def _latency(envelope: Envelope) -> list[Line]:
    users = [
        _fact(users.name, _rate(users.requests_per_s) or "requests not known") for users in envelope.users
    ]
    return [_fact("Limit of the round trip", latency(envelope)), *users]


def _jurisdiction(workload: WorkloadClass, envelope: Envelope) -> list[Line]:
    left = envelope.countries
    count = how_many(len(left or ()), "country is left", "countries are left")
    data = [str(DataCategoryChoices(each).label) for each in workload.data_categories]
    return [
        _fact("Allowed", _listed(workload.allowed_jurisdictions), "" if left is None else count),
        {
            "term": "Forbidden",
            "value": _listed(workload.forbidden_jurisdictions) or "none named",
        },
        {"term": "Data has to stay in", "value": envelope.residency or "not asked for"},
        _fact("Data", _listed(data)),
    ]


def _carbon(envelope: Envelope) -> list[Line]:
    return [
        _fact("Intensity", _figure(envelope.carbon_g_per_kwh, "gCO2e/kWh")),
        _fact("Emissions", _figure(envelope.carbon_kg_per_month, "kgCO2e a month")),
    ]


def _needs(workload: WorkloadClass, envelope: Envelope) -> list[Line]:
    verdict = MinVerdict(envelope.min_verdict).label if envelope.min_verdict else "any"
    score = "any" if envelope.min_score is None else number(100 * envelope.min_score)
    return [
        {"term": "Verdict", "value": verdict},
        {"term": "Score", "value": score},
        {"term": "Kind", "value": workload.get_kind_display() or "not said"},
        {"term": "Criticality", "value": workload.get_criticality_display()},
        {"term": "Provenance", "value": workload.get_provenance_display()},
        {"term": "Source", "value": workload.source or "none named"},
    ]


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts)


def _figure(value: float | None, unit: str) -> str:
    return "" if value is None else str(format_value(value, unit))


def _rate(rate: float | None) -> str:
    return "" if rate is None else f"{number(rate)} requests/s"
