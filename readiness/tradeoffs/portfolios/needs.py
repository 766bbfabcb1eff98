"""Needs of workloads at each site, and what is free there, as arrays: each site counts in its own accelerators.

The number of a site's accelerators that a workload needs is that of a single placement there (`Adapter.devices`), so
one site says nothing about the unit of another.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from readiness.demand.workloads.core.envelope import AcceleratorNeed, Envelope
from readiness.tradeoffs.factors.core.factors import SiteFactors
from readiness.tradeoffs.moves.options import BandedFigure
from readiness.tradeoffs.placing.core import figures
from readiness.tradeoffs.placing.core.candidates import Adapter, demand_of, lacking_types
from readiness.tradeoffs.placing.core.inputs import ANY, FleetFacts, free_accelerators
from readiness.tradeoffs.placing.facts import inputs_of
from readiness.tradeoffs.portfolios.inputs import PortfolioQuestion
from readiness.tradeoffs.units import equivalents, only_type

POWER, BANDWIDTH = "power", "bandwidth"
UNITS = {POWER: "kW", BANDWIDTH: "Gb/s", ANY: "accelerators"}


def resources_of(envelopes: Iterable[Envelope]) -> tuple[str, ...]:
    types = {need.type for envelope in envelopes for need in envelope.accelerators if need.type}
    return (ANY, *sorted(types), POWER, BANDWIDTH)


def needs_at(adapter: Adapter, site: SiteFactors) -> dict[str, float] | None:
    """Needs by resource; None if the site's accelerators do not compare with those that the workload runs on."""
    envelope, count = adapter.envelope, adapter.devices(site)
    if count is None:
        return None
    demand = demand_of(envelope)
    peak = adapter.power(site).peak.value
    return {
        **demand.accelerators,
        ANY: float(count),
        POWER: (demand.power_kw if peak is None else peak) or 0.0,
        BANDWIDTH: demand.bandwidth_gbps or 0.0,
    }


def demand_in(
    envelopes: Sequence[Envelope],
    resources: Sequence[str],
    adapters: Mapping[str, Adapter],
    sites: Sequence[SiteFactors],
) -> np.ndarray:
    """Workloads by sites by resources; NaN where the accelerators do not compare."""
    demand = np.zeros((len(envelopes), len(sites), len(resources)))
    for row, envelope in enumerate(envelopes):
        adapter = adapters[envelope.slug]
        for column, site in enumerate(sites):
            needs = needs_at(adapter, site)
            demand[row, column] = np.nan if needs is None else [needs.get(name, 0.0) for name in resources]
    return demand


def capacity_in(
    question: PortfolioQuestion,
    resources: Sequence[str],
    needs_by_site: Mapping[str, Sequence[Mapping[str, float]]],
    sites: Sequence[SiteFactors],
    facts: FleetFacts,
) -> np.ndarray:
    """Capacity that is certainly free, with what the workloads of `needs_by_site` hold there today."""
    types = tuple(AcceleratorNeed(1, name) for name in resources if name not in UNITS)
    asking = Envelope(slug="", name="", accelerators=types)
    inputs = inputs_of(facts, question.currency, question.carbon)
    capacity = np.full((len(sites), len(resources)), np.nan)
    for column, site in enumerate(sites):
        parts, holds = inputs[site.slug], Counter[str]()
        for needs in needs_by_site.get(site.slug, ()):
            holds.update(needs)
        free: dict[str, BandedFigure | None] = dict(
            lacking_types(free_accelerators(site, _held(holds)), site, asking)
        )
        free |= {
            POWER: figures.it_headroom(parts.headroom, parts.pue, holds[POWER]),
            BANDWIDTH: figures.moved(parts.free_bandwidth, holds[BANDWIDTH]),
        }
        capacity[column] = [_room(free.get(name)) for name in resources]
    return capacity


def _held(holds: Mapping[str, float]) -> Envelope:
    """Accelerators held at a site, by type; those of no named type are what is left of all."""
    counts = {name: round(count) for name, count in holds.items() if name not in UNITS}
    others = round(holds.get(ANY, 0.0)) - sum(counts.values())
    needs = tuple(AcceleratorNeed(count, name) for name, count in counts.items())
    return Envelope(slug="", name="", accelerators=(*needs, AcceleratorNeed(others)) if others else needs)


def _room(free: BandedFigure | None) -> float:
    if free is None or (free.value is None and free.least <= 0):
        return math.nan
    return max(free.least, 0.0)


def uncounted(sites: Iterable[SiteFactors]) -> dict[str, str]:
    """Sites whose accelerators compare with no other type, with the reason."""
    reasons = {}
    for site in sites:
        here = only_type(site.accelerators)
        if len(site.accelerators) > 1:
            reasons[site.slug] = "it has several types of accelerators"
        elif not here:
            reasons[site.slug] = "no accelerator is in its inventory"
        elif equivalents(here) is None:
            reasons[site.slug] = f"no figure is published of {here}"
    return reasons
