"""Room that workloads share: what each takes of accelerators, power and bandwidth, and what sites have for certain."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np

from readiness.tradeoffs.core.factors import SiteFactors
from readiness.tradeoffs.core.options import BandedFigure
from readiness.tradeoffs.core.units import book, equivalents, only_type
from readiness.tradeoffs.placing.candidates import Adapter, demand_of
from readiness.tradeoffs.placing.facts import FleetFacts
from readiness.tradeoffs.placing.figures import scaled
from readiness.tradeoffs.placing.inputs import ANY
from readiness.tradeoffs.placing.law import Laws
from readiness.tradeoffs.portfolios.params import PortfolioQuestion
from readiness.workloads.core.envelope import AcceleratorNeed, Envelope

POWER, BANDWIDTH = "power", "bandwidth"


def units_of(sites: Iterable[SiteFactors]) -> dict[str, str]:
    whole = f"x {book().reference} ({book().precision})" if in_reference(sites) else "accelerators"
    return {POWER: "kW", BANDWIDTH: "Gb/s", ANY: whole}


def resources_of(envelopes: Iterable[Envelope]) -> tuple[str, ...]:
    types = {need.type for envelope in envelopes for need in envelope.accelerators if need.type}
    return (ANY, *sorted(types), POWER, BANDWIDTH)


def in_reference(sites: Iterable[SiteFactors]) -> bool:
    """Whether accelerators as a whole are counted in the reference type: where each site has one type, and each of
    these a published figure. Else any accelerator is one.
    """
    worth = [equivalents(only_type(site.accelerators)) for site in sites]
    return bool(worth) and None not in worth


def _whole(envelope: Envelope, adapter: Adapter, sites: Mapping[str, SiteFactors]) -> float:
    """Return the accelerators that a workload takes, of all types together, in the reference type.

    A workload that runs nowhere and asks for any type is counted in the strongest type of all sites, so that the
    room left is never overestimated.
    """
    worth = 0.0
    for need in envelope.accelerators:
        type_slug = need.type or adapter.basis
        each = (
            [equivalents(type_slug)]
            if type_slug
            else [equivalents(only_type(site.accelerators)) for site in sites.values()]
        )
        worth += need.count * max((count for count in each if count is not None), default=1.0)
    return worth


def demand_in(
    envelopes: Sequence[Envelope],
    resources: Sequence[str],
    adapters: Mapping[str, Adapter],
    sites: Mapping[str, SiteFactors],
) -> np.ndarray:
    """Return the demand, workloads x resources; the column for any type counts all accelerators asked for."""
    is_in_reference = in_reference(sites.values())
    demand = np.zeros((len(envelopes), len(resources)))
    for row, envelope in enumerate(envelopes):
        asked = demand_of(envelope)
        taken = {
            **asked.accelerators,
            ANY: _whole(envelope, adapters[envelope.slug], sites)
            if is_in_reference
            else envelope.accelerator_count,
            POWER: asked.power_kw or 0.0,
            BANDWIDTH: asked.bandwidth_gbps or 0.0,
        }
        demand[row] = [taken.get(name, 0.0) for name in resources]
    return demand


def capacity_in(
    asked: PortfolioQuestion,
    envelopes: Sequence[Envelope],
    resources: Sequence[str],
    today: Mapping[str, str],
    sites: Mapping[str, SiteFactors],
    facts: FleetFacts,
    now: datetime,
) -> np.ndarray:
    """Return what is certainly free, sites x resources, plus what these workloads hold; NaN without a lower bound."""
    types = tuple(AcceleratorNeed(1, name) for name in resources if name not in (ANY, POWER, BANDWIDTH))
    asking = Envelope(slug="", name="", accelerators=types)
    is_in_reference = in_reference(sites.values())
    capacity = np.full((len(sites), len(resources)), np.nan)
    for column, (slug, site) in enumerate(sites.items()):
        holds = _together([envelope for envelope in envelopes if today.get(envelope.slug) == slug])
        adapter = Adapter(
            plain=holds,
            envelope=asking,
            currency=asked.currency,
            carbon=asked.carbon,
            facts=facts,
            laws=Laws(asking, None, now.date()),
            homes=frozenset({slug}),
        )
        candidate = adapter.candidate(site)
        free: dict[str, BandedFigure | None] = dict(candidate.free_accelerators)
        free |= {POWER: candidate.headroom, BANDWIDTH: candidate.free_bandwidth}
        if is_in_reference:
            free[ANY] = _in_reference_type(free.get(ANY), site)
        capacity[column] = [_room(free.get(name)) for name in resources]
    return capacity


def _in_reference_type(free: BandedFigure | None, site: SiteFactors) -> BandedFigure | None:
    each = equivalents(only_type(site.accelerators))
    if free is None or each is None:
        return None
    return scaled(free, each, book().precision)


def _room(free: BandedFigure | None) -> float:
    if free is None or (free.value is None and free.least <= 0):
        return math.nan
    return max(free.least, 0.0)


def _together(envelopes: Sequence[Envelope]) -> Envelope:
    counts: Counter[str | None] = Counter()
    for envelope in envelopes:
        for need in envelope.accelerators:
            counts[need.type] += need.count
    return Envelope(
        slug="",
        name="",
        accelerators=tuple(AcceleratorNeed(count, name) for name, count in counts.items()),
        it_kw=sum(envelope.it_kw or 0.0 for envelope in envelopes),
        bandwidth_gbps=sum(envelope.bandwidth_gbps or 0.0 for envelope in envelopes),
    )
