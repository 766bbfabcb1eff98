"""The envelopes of the demo's workload classes as a plan: what was declared, when, and when somebody confirmed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from readiness.demo.core.plan import book


def columns(slug: str) -> dict[str, Any]:
    """Return what the class declares beside its name, latency limit and rows, by the names of the product's fields."""
    row = book("workloads")["envelopes"][slug]
    ceiling, currency, unit = row["cost"]
    same = ("description", "kind", "criticality", "it_kw", "bandwidth_gbps", "source")
    limits = ("carbon_g_per_kwh", "carbon_kg_per_month", "min_score")
    return {
        **{name: row[name] for name in same},
        **{name: row.get(name) for name in limits},
        "cost_ceiling": ceiling,
        "cost_currency": currency,
        "cost_unit": unit,
        "allowed_jurisdictions": row["allowed"],
        "residency": row.get("residency", ""),
        "data_categories": row["data"],
        "min_verdict": row.get("min_verdict", ""),
        "deferrable_h": row.get("deferrable_h", 0),
        "provenance": "simulated",
    }


def accelerators(slug: str) -> dict[str, int]:
    """How many by the key of hardware.yaml; "any" for any type."""
    return dict(book("workloads")["envelopes"][slug]["accelerators"])


def requests_per_s(slug: str) -> Mapping[str, float]:
    """Return requests by user region; a class whose users only watch states none."""
    return cast(Mapping[str, float], book("workloads")["envelopes"][slug].get("requests_per_s", {}))


def declared_days_ago(slug: str) -> int:
    return int(book("workloads")["envelopes"][slug]["declared"])


def confirmed_days_ago(slug: str, *, last: int = 0) -> list[int]:
    """Days before the demo was loaded on which it was confirmed, oldest first, until `last`; below 0 after it."""
    renewed = int(book("workloads")["renewed"])
    return list(range(declared_days_ago(slug) - renewed, last - 1, -renewed))
