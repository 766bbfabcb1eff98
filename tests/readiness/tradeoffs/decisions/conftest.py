"""A workload that runs at Lagos, and a placement that answers for Porto, Lagos and Faro."""

from datetime import date

import pytest

from readiness.demand.workloads.models import AcceleratorDemand, Placement, ServedRegion, WorkloadClass
from readiness.tradeoffs.decisions import operations
from readiness.tradeoffs.placing.params import question_of
from tests.inventory import made

WEIGHTS = {"cost": 60.0, "latency": 40.0}
SAID = "Nearer to its users, and half the carbon."


def figure(
    value, unit, *, low=None, high=None, provenance="estimated", as_of="2026-11-24T12:00:00+00:00", **more
):
    return {
        "value": value,
        "unit": unit,
        "provenance": provenance if value is not None else None,
        "as_of": as_of if value is not None else None,
        "low": low,
        "high": high,
        "source": "energy x electricity price" if value is not None else "",
        "unknown": None,
        **more,
    }


def option(site, *, feasible=True, rank=1, score=0.8, reasons=(), **objectives):
    usual = {
        "cost": figure(9000.0, "EUR/month", low=8000.0, high=10000.0),
        "latency": figure(10.0, "ms", provenance="measured"),
        "energy": figure(5844.0, "kWh/month"),
        "carbon": figure(1168.8, "kg CO2e/month"),
        "readiness": figure(90.0, "points", provenance="measured"),
        "compliance": figure(None, "", unknown="no limit stands"),
    }
    return {
        "site": site.slug,
        "name": site.name,
        "objectives": usual | objectives,
        "standing": "feasible" if feasible else "rejected",
        "feasible": feasible,
        "reasons": list(reasons),
        "pareto": feasible,
        "rank": rank if feasible else None,
        "score": score if feasible else None,
    }


SNAPSHOT = {
    "version": 1,
    "taken_at": "2026-11-24T16:00:00Z",
    "framework": "muster-1",
    "rules": {"version": "muster-rules-1"},
    "sites": {
        "porto": {
            "verdict": "ready",
            "score": 0.9,
            "factors": {
                "electricity_price": {
                    "value": 0.08,
                    "unit": "EUR/kWh",
                    "low": None,
                    "high": None,
                    "basis": "declared",
                    "provenance": "declared",
                    "source": "contract 7",
                    "as_of": "2026-01-01T00:00:00Z",
                    "age_s": 28310400.0,
                    "unknown": None,
                    "disagrees": False,
                },
                "pue": {
                    "value": None,
                    "unknown": "No meter covers the whole site, and nobody entered a value.",
                },
            },
        }
    },
}


FLIP = {
    "objective": "cost",
    "weight": 80.0,
    "to": "lagos",
    "up": True,
    "words": "Above a cost weight of 80 Lagos wins.",
}


@pytest.fixture
def faro(frozen_now):
    return made.site(name="Faro", slug="faro")


@pytest.fixture
def chat(porto, lagos, emea):
    """Two accelerators and 4 kW, for EMEA, at Lagos since January."""
    chat = WorkloadClass.objects.create(name="Chat", slug="chat", it_kw=4.0, latency_limit_ms=40)
    AcceleratorDemand.objects.create(workload_class=chat, count=2)
    ServedRegion.objects.create(workload_class=chat, user_region=emea)
    Placement.objects.create(workload_class=chat, site=lagos, started_on=date(2026, 1, 1))
    return chat


FORBIDDEN = {
    "limit": "jurisdiction",
    "words": "transfer of personal data to NG forbidden (GDPR Chapter V)",
    "margin": None,
    "unit": "",
}


def answer_of(*options):
    """What a placement answers, with these options."""
    return {
        "workload": {"slug": "chat", "name": "Chat"},
        "objectives": [
            {"name": name, "direction": "max" if name in ("readiness", "compliance") else "min"}
            for name in ("cost", "latency", "energy", "carbon", "readiness", "compliance")
        ],
        "options": list(options),
        "weights": WEIGHTS,
        "sensitivity": {"winner": "porto", "flips": [FLIP]},
        "snapshot": SNAPSHOT,
    }


@pytest.fixture
def answer(porto, lagos, faro):
    """What the placement answers; a test changes it as it needs."""
    return answer_of(
        option(porto),
        option(lagos, rank=2, score=0.4, cost=figure(11000.0, "EUR/month")),
        option(faro, feasible=False, reasons=[FORBIDDEN]),
    )


@pytest.fixture
def placing(answer):
    def place(workload, question, now):
        return answer

    return place


@pytest.fixture
def record(chat, porto, placing, planner, frozen_now):
    """`record()` decides for Porto as the planner; `what_if` is asked, the rest is given as it is."""

    def decide(what_if=None, **given):
        asked = {
            "workload": chat,
            "site": porto,
            "question": question_of({"weights": WEIGHTS, "what_if": what_if}),
            "rationale": SAID,
            "placing": placing,
            "by": planner,
            "now": frozen_now.at,
        }
        return operations.record(**asked | given)

    return decide


@pytest.fixture
def approved(record, manager, frozen_now):
    def decide(**given):
        return operations.approve(record(**given), by=manager, now=frozen_now.at)

    return decide
