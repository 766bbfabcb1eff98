"""Envelopes, site factors and rules as one portfolio, in a number of statements that grows with neither.

Each percentile that latency limits are at is one reading of what is known of sites; there are as many as envelopes
have different ones, which is a few.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from readiness.jurisdiction import queries as jurisdiction
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.queries import Footing
from readiness.tradeoffs.core.consequences import Consequence, consequences
from readiness.tradeoffs.core.factors import SiteFactors
from readiness.tradeoffs.core.objectives import Objective, ObjectiveDirection
from readiness.tradeoffs.core.options import BandedFigure, CandidateSite, Demand, worst_latency
from readiness.tradeoffs.core.parsing import BadTradeoffQuestion
from readiness.tradeoffs.core.placement import Feasibility, Placed, placer
from readiness.tradeoffs.core.portfolio import Portfolio
from readiness.tradeoffs.core.steps import UnaskedStep, step_of
from readiness.tradeoffs.placing.candidates import Adapter, latency_limits, limited, limits_of
from readiness.tradeoffs.placing.facts_cache import FleetFacts, fleet_facts
from readiness.tradeoffs.placing.law import Laws
from readiness.tradeoffs.placing.weighing import IN_SERVICE
from readiness.tradeoffs.portfolios.capacity import (
    PLAIN,
    capacity_in,
    demand_in,
    in_reference,
    resources_of,
    units_of,
)
from readiness.tradeoffs.portfolios.params import PortfolioQuestion
from readiness.workloads import queries as workloads
from readiness.workloads.core.envelope import Criticality, Envelope
from readiness.workloads.models import Placement
from web.versioned.versions import NothingPublished

PRIORITY = {
    Criticality.CRITICAL: 8.0,
    Criticality.IMPORTANT: 4.0,
    Criticality.STANDARD: 2.0,
    Criticality.BEST_EFFORT: 1.0,
}
"""Operator-set default: how much it matters that one is placed. One that is critical weighs as two important ones."""


@dataclass(frozen=True, kw_only=True)
class PortfolioFleet:
    """A portfolio with what its rows and columns stand for.

    `today` has the site of each workload that runs; `against` the words of why a workload may run at none of the
    sites, by slug. `gone` are workloads that were asked for and are not declared any more. `broken` says which limit a
    workload breaks where it runs today, `pins` the site that one has to run at.
    """

    portfolio: Portfolio
    today: Mapping[str, str]
    names: Mapping[str, str]
    site_names: Mapping[str, str]
    against: Mapping[str, str]
    gone: tuple[str, ...]
    broken: Mapping[str, str]
    pins: Mapping[str, str]
    currency: str
    units: Mapping[str, str]
    adapters: Mapping[str, Adapter] = field(repr=False)
    sites: Mapping[str, Mapping[str, SiteFactors]] = field(repr=False)

    def moved(self, workload: str, before: str | None, after: str | None) -> tuple[Consequence, ...]:
        """Return what moving it does, as a placement says it; nothing where one end is no site in service."""
        there = self.sites[workload]
        if before is None or after is None or before not in there or after not in there:
            return ()
        adapter = self.adapters[workload]
        ends = [adapter.candidate(there[site]) for site in (before, after)]
        envelope = adapter.envelope
        return consequences(ends[0], ends[1], latency_limits(envelope, envelope.latency_limit_ms or 0.0))

    def step(self, workload: str, before: str, after: str) -> UnaskedStep | None:
        """The step that no limit asks for, which moving it would be; None where it is none."""
        there, adapter = self.sites[workload], self.adapters[workload]
        if before not in there or after not in there or workload in self.broken:
            return None
        ends = [_figures(adapter.candidate(there[site]), adapter.envelope) for site in (before, after)]
        limits = limits_of(adapter.envelope, self.currency, adapter.facts.rates)
        counting = [SCORED[name] for name in self.portfolio.objectives]
        return step_of(ends[0], ends[1], counting, limited=limited(limits))


SCORED = {
    "cost": Objective("cost"),
    "carbon": Objective("carbon"),
    "latency": Objective("latency"),
    "risk": Objective("readiness", ObjectiveDirection.MAX, scale=100.0),
}
"""The placement objective that stands for each objective of a portfolio."""


def _figures(candidate: CandidateSite, envelope: Envelope) -> dict[str, BandedFigure]:
    """Who serves nobody keeps nobody waiting."""
    served = latency_limits(envelope, 0.0)
    return {
        "cost": candidate.monthly_cost,
        "carbon": candidate.carbon,
        "readiness": candidate.readiness,
        "latency": worst_latency(candidate, served) if served else BandedFigure(0.0, "ms"),
    }


def _values(candidate: CandidateSite, envelope: Envelope) -> dict[str, float]:
    """Return the values by a portfolio's own objectives; NaN where one is unknown."""
    figures = _figures(candidate, envelope).items()
    values = {name: math.nan if figure.value is None else figure.value for name, figure in figures}
    return values | {"risk": 100.0 - values["readiness"]}


def read(asked: PortfolioQuestion, *, now: datetime) -> PortfolioFleet:
    envelopes = workloads.envelopes(asked.workloads)
    percentiles = sorted({envelope.latency_percentile for envelope in envelopes} or {50.0})
    facts = {percentile: fleet_facts(percentile, now) for percentile in percentiles}
    base = facts[percentiles[0]]
    sites = _in_service(base)
    of_percentile = {
        percentile: sites | _only(sites, _in_service(each)) for percentile, each in facts.items()
    }
    of = {envelope.slug: of_percentile[envelope.latency_percentile] for envelope in envelopes}
    pack, runs_at = _pack(), _pinned_first(running(asked.workloads, now), asked.pins)
    # Where accelerators as a whole are counted by the piece, so are those of one workload.
    is_in_reference = in_reference(sites.values())
    footings = jurisdiction.footings([envelope.slug for envelope in envelopes], day=now.date())
    adapters = {
        envelope.slug: _adapter(
            envelope,
            asked,
            facts[envelope.latency_percentile],
            pack,
            footings[envelope.slug],
            now,
            runs_at.get(envelope.slug, ()) if is_in_reference else (),
        )
        for envelope in envelopes
    }
    allowed, figures, against, broken = _judged(asked, envelopes, adapters, of, runs_at)
    resources = resources_of(envelopes)
    today = {envelope.slug: runs_at[envelope.slug][0] for envelope in envelopes if envelope.slug in runs_at}
    portfolio = Portfolio(
        workloads=tuple(envelope.slug for envelope in envelopes),
        sites=tuple(sites),
        objectives=asked.objectives,
        resources=resources,
        allowed=allowed,
        demand=demand_in(envelopes, resources, adapters, sites),
        capacity=capacity_in(asked, envelopes, resources, today, sites, base, now),
        figures=figures,
        priority=np.array([PRIORITY[envelope.criticality] for envelope in envelopes]),
    )
    names = {envelope.slug: envelope.name for envelope in envelopes}
    return PortfolioFleet(
        portfolio=portfolio,
        today=today,
        names=names,
        site_names={site.slug: site.name for site in base.sites},
        against=against,
        gone=tuple(slug for slug in asked.workloads if slug not in names),
        broken=broken,
        pins=asked.pins,
        currency=asked.currency,
        units=units_of(sites.values()),
        adapters=adapters,
        sites=of,
    )


def _only(sites: Mapping[str, SiteFactors], those: Mapping[str, SiteFactors]) -> dict[str, SiteFactors]:
    """Two readings may be a moment apart; one fleet has one list of sites."""
    return {slug: site for slug, site in those.items() if slug in sites}


def sites_in_service(now: datetime) -> tuple[str, ...]:
    """Slugs of the sites that a workload may be pinned to."""
    return tuple(_in_service(fleet_facts(50.0, now)))


def _in_service(facts: FleetFacts) -> dict[str, SiteFactors]:
    return {site.slug: site for site in facts.sites if site.stage in IN_SERVICE}


def _pack() -> RulePackDocument | None:
    try:
        return jurisdiction.current()[1]
    except NothingPublished:
        return None


def running(slugs: Collection[str], now: datetime) -> dict[str, tuple[str, ...]]:
    """Return where each of these classes runs, by the sites' names."""
    rows = (
        Placement.objects.on(now.date())
        .filter(workload_class__slug__in=slugs)
        .order_by("site__name", "pk")
        .values_list("workload_class__slug", "site__slug")
    )
    sites: dict[str, dict[str, None]] = {}
    for workload, site in rows:
        sites.setdefault(workload, {})[site] = None
    return {workload: tuple(slugs) for workload, slugs in sites.items()}


def _pinned_first(
    running: Mapping[str, Sequence[str]], pins: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """First the site that is planned anew: the pinned one if it runs there, else the first by name."""
    return {
        workload: tuple(sorted(sites, key=lambda site: site != pins.get(workload)))
        for workload, sites in running.items()
    }


def _adapter(
    envelope: Envelope,
    asked: PortfolioQuestion,
    facts: FleetFacts,
    pack: RulePackDocument | None,
    footing: Footing,
    now: datetime,
    today: Sequence[str],
) -> Adapter:
    return Adapter(
        plain=envelope,
        envelope=envelope,
        what_if=PLAIN,
        currency=asked.currency,
        carbon=asked.carbon,
        facts=facts,
        laws=Laws(envelope, pack, now.date(), footing=footing),
        home=next(iter(today), ""),
    )


def _judged(
    asked: PortfolioQuestion,
    envelopes: Sequence[Envelope],
    adapters: Mapping[str, Adapter],
    sites: Mapping[str, Mapping[str, SiteFactors]],
    running: Mapping[str, tuple[str, ...]],
) -> tuple[np.ndarray, np.ndarray, dict[str, str], dict[str, str]]:
    """Which pairs are allowed and their figures, with why a workload is allowed nowhere, and what it breaks today.

    Capacity is no part of it: it is shared, and what others take depends on the plan.
    """
    columns = len(next(iter(sites.values()), ()))
    allowed = np.zeros((len(envelopes), columns), bool)
    figures = np.full((len(envelopes), columns, len(asked.objectives)), np.nan)
    against: dict[str, str] = {}
    broken: dict[str, str] = {}
    for row, envelope in enumerate(envelopes):
        adapter, there = adapters[envelope.slug], sites[envelope.slug]
        try:
            limits = limits_of(envelope, asked.currency, adapter.facts.rates)
        except BadTradeoffQuestion as error:
            against[envelope.slug] = error.reason
            continue
        placed = list(map(placer(Demand(), limits), map(adapter.candidate, there.values())))
        others = running.get(envelope.slug, ())[1:]
        pin = asked.pins.get(envelope.slug)
        broken |= _broken(envelope.slug, placed, running)
        for column, option in enumerate(placed):
            site = option.candidate.site
            # A class is at a site once: where it runs beside the placement that is planned is no site for it.
            may_be = pin in (None, site) and site not in others
            allowed[row, column] = may_be and option.standing is Feasibility.FEASIBLE
            values = _values(option.candidate, envelope)
            figures[row, column] = [values[name] for name in asked.objectives]
        if not allowed[row].any():
            against[envelope.slug] = _why_nowhere(placed, pin, others)
    return allowed, figures, against, broken


def _broken(workload: str, placed: Sequence[Placed], running: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return, by slug, the limits that the workload certainly breaks at today's site; empty where it breaks none."""
    home = next(iter(running.get(workload, ())), None)
    if home is None:
        return {}
    here = next((one for one in placed if one.candidate.site == home), None)
    if here is None:
        return {workload: "its site is not in service"}
    words = [reason.words for reason in here.reasons if reason.standing is Feasibility.REJECTED]
    return {workload: "; ".join(words)} if words else {}


def _why_nowhere(placed: Sequence[Placed], pin: str | None, others: Sequence[str]) -> str:
    """The limits that are in the way, by how many sites each keeps out; of a pinned one, what its site lacks."""
    if pin is not None:
        pinned = next((one for one in placed if one.candidate.site == pin), None)
        words = [reason.words for reason in pinned.reasons] if pinned else ["it is not in service"]
        return f"pinned to {pin}: {'; '.join(words)}"
    counted: Counter[str] = Counter()
    for one in placed:
        counted.update({reason.limit for reason in one.reasons})
        if one.candidate.site in others:
            counted["runs there already"] += 1
    told = [
        f"{limit} at {count} of {len(placed)}"
        for limit, count in sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    ]
    return ", ".join(told) or "no site is in service"
