"""Forecasts beside the placement's figures: what the whole site comes to with the workload."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from inventory.models import Site
from readiness.scoring.core.states import Provenance
from readiness.tradeoffs import queries
from readiness.tradeoffs.core.options import BandedFigure
from readiness.tradeoffs.core.realised import MeasuredSpan, RealisedFigure
from readiness.tradeoffs.decisions import metering, realising
from readiness.tradeoffs.models import Decision
from readiness.workloads import queries as workload_queries
from readiness.workloads.models import Placement, WorkloadClass


def demand_of(workload: WorkloadClass) -> dict[str, Any]:
    """Return what the envelope asks for, kept so that a later change of it does not change what was decided."""
    envelope = workload_queries.envelope_of(workload)
    return {
        "accelerators": [{"type": need.type, "count": need.count} for need in envelope.accelerators],
        "it_kw": envelope.it_kw,
        "regions": [users.region for users in envelope.users],
        "percentile": envelope.latency_percentile,
    }


def site_before(workload: WorkloadClass, slug: str, now: datetime) -> Site | None:
    """Return where it runs today: at the site of that name, else at the first; None where it runs nowhere."""
    held = Placement.objects.on(now.date()).filter(workload_class=workload).select_related("site")
    sites = [placement.site for placement in held.order_by("site__name", "pk")]
    named = [site for site in sites if site.slug == slug]
    return next(iter([*named, *sites]), None)


def expected_of_site(decision: Decision, now: datetime) -> list[RealisedFigure]:
    """Return peak power and accelerators in use of the chosen site: those of the last days, and what is added.

    What the site was is measured; where nobody measures it nothing is expected of it.
    """
    start = now - realising.BEFORE
    site_id = decision.site_id
    runs_there = Placement.objects.on(now.date()).filter(workload_class=decision.workload, site=decision.site)
    adds = 0.0 if runs_there.exists() else 1.0
    kw = decision.demand["it_kw"]
    count = realising.accelerators_held(decision)
    peak = metering.peak_of(realising.PEAK, site_id, start, now)
    in_use = metering.in_use_of(realising.IN_USE, site_id, MeasuredSpan(start, now), now=now)
    expected = []
    if kw is not None and peak.figure.value is not None:
        expected.append(_more(peak, adds * kw * _pue(site_id, now)))
    if count and in_use.figure.value is not None:
        expected.append(_more(in_use, adds * count))
    return expected


def _more(outcome: RealisedFigure, added: float) -> RealisedFigure:
    before = outcome.figure
    value = (before.value or 0.0) + added
    # The sum of what was measured and what is declared is no measurement.
    trusted = before.provenance is Provenance.SIMULATED
    figure: BandedFigure = replace(
        before,
        value=value,
        provenance=Provenance.SIMULATED if trusted else Provenance.ESTIMATED,
        source=f"{before.source}, and {added:.4g} {before.unit} of the envelope",
    )
    return RealisedFigure(outcome.objective, figure)


def _pue(site_id: int, now: datetime) -> float:
    """Return what a kW of IT takes at the supply; 1 where nobody knows it, which is the least it can be."""
    (known,) = queries.factors_of([site_id], now)
    best = known.factors["pue"].best
    return best.value if best else 1.0
