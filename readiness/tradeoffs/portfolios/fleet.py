"""Build one portfolio from envelopes, site factors and rules, in a constant number of statements.

Each percentile of the latency limits needs one reading of the site factors; envelopes use only a few.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from readiness.demand.workloads import queries as workloads
from readiness.demand.workloads.core.envelope import Criticality, Envelope
from readiness.tradeoffs.factors.core.factors import SiteFactors
from readiness.tradeoffs.moves.options import BandedFigure, CandidateSite, Demand, LatencyLimit, Limits
from readiness.tradeoffs.moves.pricing import PricedMove, move, placement_figures
from readiness.tradeoffs.placing.core.candidates import Adapter, latency_limits, limited, limits_of
from readiness.tradeoffs.placing.core.inputs import FleetFacts
from readiness.tradeoffs.placing.core.levers import PlacementQuestion
from readiness.tradeoffs.placing.core.objectives import Objective, ObjectiveDirection, UnaskedStep, step_of
from readiness.tradeoffs.placing.core.placement import Feasibility, Placed, placer
from readiness.tradeoffs.placing.core.weighing import IN_SERVICE
from readiness.tradeoffs.placing.facts import PlacementFacts, fleet_facts, read_facts
from readiness.tradeoffs.portfolios.inputs import PortfolioQuestion
from readiness.tradeoffs.portfolios.needs import (
    capacity_in,
    demand_in,
    needs_at,
    resources_of,
    uncounted,
)
from readiness.tradeoffs.portfolios.solver.assignment import Flags, Numbers
from readiness.tradeoffs.portfolios.solver.portfolio import Portfolio
from web.parameters import BadParameter

PRIORITY = {
    Criticality.CRITICAL: 8.0,
    Criticality.IMPORTANT: 4.0,
    Criticality.STANDARD: 2.0,
    Criticality.BEST_EFFORT: 1.0,
}
"""Operator-set default: the importance of placing a workload. A critical one weighs as much as two important ones."""


@dataclass(frozen=True, kw_only=True)
class PortfolioFleet:
    """A portfolio with the meaning of its rows and columns.

    `today` has the site of each running workload, of its placement that is planned; `stays` the sites of its other
    placements, which stay there. `against` says why a workload may run at no site, by slug. `uncounted` are sites
    whose accelerators compare with no other type, with the reason. `gone` are requested workloads that are no
    longer declared. `broken` names the limit that a workload breaks where it runs today, `pins` the required site.
    `optional` marks the pairs that are only optional improvements on today's site.
    """

    portfolio: Portfolio
    today: Mapping[str, str]
    stays: Mapping[str, tuple[str, ...]]
    uncounted: Mapping[str, str]
    names: Mapping[str, str]
    site_names: Mapping[str, str]
    against: Mapping[str, str]
    gone: tuple[str, ...]
    broken: Mapping[str, str]
    optional: Flags
    pins: Mapping[str, str]
    currency: str
    adapters: Mapping[str, Adapter] = field(repr=False)
    sites: Mapping[str, Mapping[str, SiteFactors]] = field(repr=False)

    def move(self, workload: str, before: str | None, after: str | None) -> PricedMove | None:
        sites = self.sites[workload]
        if before is None or after is None or before not in sites or after not in sites:
            return None
        adapter = self.adapters[workload]
        candidate_before, candidate_after = (adapter.candidate(sites[site]) for site in (before, after))
        return move(candidate_before, candidate_after, served_by(adapter.envelope))

    def step(self, workload: str, before: str, after: str) -> UnaskedStep | None:
        sites, adapter = self.sites[workload], self.adapters[workload]
        if before not in sites or after not in sites or workload in self.broken:
            return None
        figures_before, figures_after = (
            _figures(adapter.candidate(sites[site]), adapter.envelope) for site in (before, after)
        )
        limits = limits_of(adapter.envelope, self.currency, adapter.facts.rates)
        counting = [SCORED[name] for name in self.portfolio.objectives]
        return step_of(figures_before, figures_after, counting, limited=limited(limits))


SCORED = {
    "cost": Objective("cost"),
    "carbon": Objective("carbon"),
    "latency": Objective("latency"),
    "risk": Objective("readiness", ObjectiveDirection.MAX, scale=100.0),
}
"""The placement objective for each objective of a portfolio."""


def served_by(envelope: Envelope) -> tuple[LatencyLimit, ...]:
    return latency_limits(envelope, envelope.latency_limit_ms or 0.0)


def _figures(candidate: CandidateSite, envelope: Envelope) -> dict[str, BandedFigure]:
    """A workload without users has a latency of 0, so that it can be summed with the others."""
    return {"latency": BandedFigure(0.0, "ms")} | placement_figures(candidate, served_by(envelope))


def _values(candidate: CandidateSite, envelope: Envelope) -> dict[str, float]:
    figures = _figures(candidate, envelope).items()
    values = {name: math.nan if figure.value is None else figure.value for name, figure in figures}
    return values | {"risk": 100.0 - values["readiness"]}


def read(question: PortfolioQuestion, *, now: datetime) -> PortfolioFleet:
    envelopes = workloads.envelopes(question.workloads)
    facts = read_facts(envelopes, now=now)
    base = facts.fleets[min(facts.fleets)] if facts.fleets else fleet_facts(50.0, now)
    sites = _served_sites(base)
    of = _sites_by_class(envelopes, facts.fleets, sites)
    runs_at = _pinned_first(facts.running, question.pins)
    adapters = _adapters(question, facts, runs_at)
    allowed, figures, against, broken, optional = _judged(question, envelopes, adapters, of, runs_at)
    resources = resources_of(envelopes)
    today = {slug: sites_of[0] for slug, sites_of in runs_at.items()}
    names, site_list = {envelope.slug: envelope.name for envelope in envelopes}, tuple(sites.values())
    demand = demand_in(envelopes, resources, adapters, site_list)
    comparable = ~np.isnan(demand).any(axis=2)
    return PortfolioFleet(
        portfolio=Portfolio(
            workloads=tuple(envelope.slug for envelope in envelopes),
            sites=tuple(sites),
            objectives=question.objectives,
            resources=resources,
            allowed=allowed & comparable,
            demand=np.nan_to_num(demand, nan=0.0),
            capacity=capacity_in(question, resources, _held(envelopes, adapters, of, today), site_list, base),
            figures=figures,
            priority=np.array([PRIORITY[envelope.criticality] for envelope in envelopes]),
        ),
        today=today,
        stays={slug: tuple(runs_at[slug][1:]) for slug in today if len(runs_at[slug]) > 1},
        uncounted=_uncounted(envelopes, adapters, sites, comparable),
        names=names,
        site_names={site.slug: site.name for site in base.sites},
        against=against | _incomparable(envelopes, allowed, comparable),
        gone=tuple(slug for slug in question.workloads if slug not in names),
        broken=broken,
        optional=optional,
        pins=question.pins,
        currency=question.currency,
        adapters=adapters,
        sites=of,
    )


def _incomparable(envelopes: Sequence[Envelope], allowed: Flags, comparable: Flags) -> dict[str, str]:
    """Classes whose allowed sites all have accelerators that do not compare with theirs."""
    lost = allowed.any(axis=1) & ~(allowed & comparable).any(axis=1)
    words = "no site that keeps them has accelerators that compare with its own"
    return {envelopes[row].slug: words for row in np.flatnonzero(lost).tolist()}


def _sites_by_class(
    envelopes: Sequence[Envelope], facts: Mapping[float, FleetFacts], sites: Mapping[str, SiteFactors]
) -> dict[str, dict[str, SiteFactors]]:
    at_percentile = {key: {**sites, **_only(sites, _served_sites(each))} for key, each in facts.items()}
    return {envelope.slug: at_percentile[envelope.latency_percentile] for envelope in envelopes}


def _held(
    envelopes: Sequence[Envelope],
    adapters: Mapping[str, Adapter],
    sites: Mapping[str, Mapping[str, SiteFactors]],
    today: Mapping[str, str],
) -> dict[str, list[dict[str, float]]]:
    needs_by_site: dict[str, list[dict[str, float]]] = defaultdict(list)
    for envelope in envelopes:
        home = sites[envelope.slug].get(today.get(envelope.slug, ""))
        needs = None if home is None else needs_at(adapters[envelope.slug], home)
        if home is not None and needs is not None:
            needs_by_site[home.slug].append(needs)
    return needs_by_site


def _uncounted(
    envelopes: Sequence[Envelope],
    adapters: Mapping[str, Adapter],
    sites: Mapping[str, SiteFactors],
    comparable: Flags,
) -> dict[str, str]:
    """Sites that some workload cannot count in, because their own type is not known."""
    reasons = uncounted(sites.values())
    asking = [bool(adapters[envelope.slug].basis and envelope.accelerator_count) for envelope in envelopes]
    left_out = ~comparable[asking].all(axis=0) if any(asking) else np.zeros(len(sites), bool)
    return {
        slug: reasons[slug]
        for slug, is_out in zip(sites, left_out, strict=True)
        if is_out and slug in reasons
    }


def _adapters(
    question: PortfolioQuestion, facts: PlacementFacts, homes: Mapping[str, Sequence[str]]
) -> dict[str, Adapter]:
    """No adapter counts as free what its own class holds: in a portfolio, capacity is shared."""
    placement_question = PlacementQuestion(currency=question.currency, carbon=question.carbon)
    return {
        envelope.slug: replace(
            facts.adapter(envelope, placement_question),
            today=(),
            home=next(iter(homes.get(envelope.slug, ())), ""),
        )
        for envelope in facts.classes
    }


def _only(sites: Mapping[str, SiteFactors], those: Mapping[str, SiteFactors]) -> dict[str, SiteFactors]:
    """Two readings may be a moment apart; the fleet needs one list of sites."""
    return {slug: site for slug, site in those.items() if slug in sites}


def sites_in_service(now: datetime) -> tuple[str, ...]:
    return tuple(_served_sites(fleet_facts(50.0, now)))


def currencies(now: datetime) -> frozenset[str]:
    """Currencies of factors, and those that exchange rates reach."""
    facts = fleet_facts(50.0, now)
    rated = {currency for rate in facts.rates.all for currency in (rate.currency, rate.to_currency)}
    factors = (factor for site in facts.sites for factor in site.factors.values())
    return frozenset(
        rated | {value.currency for factor in factors for value in factor.values if value.currency}
    )


def _served_sites(facts: FleetFacts) -> dict[str, SiteFactors]:
    return {site.slug: site for site in facts.sites if site.stage in IN_SERVICE}


def _pinned_first(
    running: Mapping[str, Sequence[str]], pins: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    return {
        workload: tuple(sorted(sites, key=lambda site: site != pins.get(workload)))
        for workload, sites in running.items()
    }


def _judged(
    question: PortfolioQuestion,
    envelopes: Sequence[Envelope],
    adapters: Mapping[str, Adapter],
    sites: Mapping[str, Mapping[str, SiteFactors]],
    running: Mapping[str, tuple[str, ...]],
) -> tuple[Flags, Numbers, dict[str, str], dict[str, str], Flags]:
    """The allowed pairs and their figures, why a workload is allowed nowhere, what it breaks today, and the pairs that
    are only optional improvements.

    Capacity is not checked: it is shared, and its use by others depends on the plan.
    """
    columns = len(next(iter(sites.values()), ()))
    allowed, optional = (np.zeros((len(envelopes), columns), bool) for _each in range(2))
    figures = np.full((len(envelopes), columns, len(question.objectives)), np.nan)
    against: dict[str, str] = {}
    broken: dict[str, str] = {}
    for row, envelope in enumerate(envelopes):
        adapter, sites_of_class = adapters[envelope.slug], sites[envelope.slug]
        try:
            limits = limits_of(envelope, question.currency, adapter.facts.rates)
        except BadParameter as error:
            against[envelope.slug] = error.reason
            continue
        options = list(map(placer(Demand(), limits), map(adapter.candidate, sites_of_class.values())))
        others = running.get(envelope.slug, ())[1:]
        pin = question.pins.get(envelope.slug)
        broken |= _broken(envelope.slug, options, running)
        if pin is None:
            optional[row] = _improvements(question, envelope, limits, options, running)
        for column, option in enumerate(options):
            site = option.candidate.site
            # A class runs at a site once, so its other present sites are not available for the planned placement.
            may_be = pin in (None, site) and site not in others
            allowed[row, column] = may_be and option.standing is Feasibility.FEASIBLE
            values = _values(option.candidate, envelope)
            figures[row, column] = [values[name] for name in question.objectives]
        if not allowed[row].any():
            against[envelope.slug] = _why_nowhere(options, pin, others)
    return allowed, figures, against, broken, optional


def _improvements(
    question: PortfolioQuestion,
    envelope: Envelope,
    limits: Limits,
    options: Sequence[Placed],
    running: Mapping[str, Sequence[str]],
) -> list[bool]:
    """Whether moving to each site is only an optional improvement, which the explorer never makes its best match."""
    home = next(iter(running.get(envelope.slug, ())), None)
    here = next((option for option in options if option.candidate.site == home), None)
    if here is None or here.standing is not Feasibility.FEASIBLE:
        return [False] * len(options)
    figures_today, counting = (
        _figures(here.candidate, envelope),
        [SCORED[name] for name in question.objectives],
    )
    return [
        option is not here
        and step_of(figures_today, _figures(option.candidate, envelope), counting, limited=limited(limits))
        is not None
        for option in options
    ]


def _broken(workload: str, options: Sequence[Placed], running: Mapping[str, Sequence[str]]) -> dict[str, str]:
    home = next(iter(running.get(workload, ())), None)
    if home is None:
        return {}
    here = next((option for option in options if option.candidate.site == home), None)
    if here is None:
        return {workload: "its site is not in service"}
    words = [reason.words for reason in here.reasons if reason.standing is Feasibility.REJECTED]
    return {workload: "; ".join(words)} if words else {}


def _why_nowhere(options: Sequence[Placed], pin: str | None, others: Sequence[str]) -> str:
    if pin is not None:
        pinned = next((option for option in options if option.candidate.site == pin), None)
        words = [reason.words for reason in pinned.reasons] if pinned else ["it is not in service"]
        return f"pinned to {pin}: {'; '.join(words)}"
    sites_by_reason: Counter[str] = Counter()
    for option in options:
        sites_by_reason.update({reason.limit for reason in option.reasons})
        if option.candidate.site in others:
            sites_by_reason["runs there already"] += 1
    counts = [
        f"{limit} at {count} of {len(options)}"
        for limit, count in sorted(sites_by_reason.items(), key=lambda each: (-each[1], each[0]))
    ]
    return ", ".join(counts) or "no site is in service"
