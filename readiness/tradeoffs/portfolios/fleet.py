"""Build one portfolio from envelopes, site factors and rules, in a constant number of statements.

Each percentile of the latency limits needs one reading of the site factors; envelopes use only a few.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np

from readiness.jurisdiction import queries as jurisdiction
from readiness.tradeoffs.core.consequences import Consequence, consequences
from readiness.tradeoffs.core.factors import SiteFactors
from readiness.tradeoffs.core.objectives import Objective, ObjectiveDirection, UnaskedStep, step_of
from readiness.tradeoffs.core.options import BandedFigure, CandidateSite, Demand, worst_latency
from readiness.tradeoffs.core.placement import Feasibility, Placed, placer
from readiness.tradeoffs.core.portfolio import Portfolio
from readiness.tradeoffs.core.units import book, equivalents, only_type
from readiness.tradeoffs.placing.candidates import Adapter, demand_of, latency_limits, limited, limits_of
from readiness.tradeoffs.placing.facts import ANY, FleetFacts, fleet_facts
from readiness.tradeoffs.placing.figures import scaled
from readiness.tradeoffs.placing.law import Laws
from readiness.tradeoffs.placing.queries import rules_in_force
from readiness.tradeoffs.placing.weighing import IN_SERVICE
from readiness.tradeoffs.portfolios.params import PortfolioQuestion
from readiness.workloads import queries as workloads
from readiness.workloads.core.envelope import AcceleratorNeed, Criticality, Envelope
from web.parameters import BadParameter

POWER, BANDWIDTH = "power", "bandwidth"


def units_of(sites: Iterable[SiteFactors]) -> dict[str, str]:
    whole = f"x {book().reference} ({book().precision})" if in_reference(sites) else "accelerators"
    return {POWER: "kW", BANDWIDTH: "Gb/s", ANY: whole}


def resources_of(envelopes: Iterable[Envelope]) -> tuple[str, ...]:
    types = {need.type for envelope in envelopes for need in envelope.accelerators if need.type}
    return (ANY, *sorted(types), POWER, BANDWIDTH)


def in_reference(sites: Iterable[SiteFactors]) -> bool:
    """Whether accelerators of any type are counted in the reference type: every site must have one type with a
    published figure. Otherwise any accelerator counts as one.
    """
    worth = [equivalents(only_type(site.accelerators)) for site in sites]
    return bool(worth) and None not in worth


def _whole(envelope: Envelope, adapter: Adapter, sites: Mapping[str, SiteFactors]) -> float:
    """Return the accelerators that a workload needs, of all types together, in the reference type.

    A workload that runs nowhere and accepts any type is counted in the strongest type of all sites, so that the free
    capacity is never overestimated.
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

    `today` has the site of each running workload, `elsewhere` the number of its further sites; `against` says why a
    workload may run at no site, by slug. `gone` are requested workloads that are no longer declared. `broken` names the
    limit that a workload breaks where it runs today, `pins` the required site.
    """

    portfolio: Portfolio
    today: Mapping[str, str]
    elsewhere: Mapping[str, int]
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
        there = self.sites[workload]
        if before is None or after is None or before not in there or after not in there:
            return ()
        adapter = self.adapters[workload]
        ends = [adapter.candidate(there[site]) for site in (before, after)]
        envelope = adapter.envelope
        return consequences(ends[0], ends[1], latency_limits(envelope, envelope.latency_limit_ms or 0.0))

    def step(self, workload: str, before: str, after: str) -> UnaskedStep | None:
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
"""The placement objective for each objective of a portfolio."""


def _figures(candidate: CandidateSite, envelope: Envelope) -> dict[str, BandedFigure]:
    """A workload without users has no latency."""
    served = latency_limits(envelope, 0.0)
    return {
        "cost": candidate.monthly_cost,
        "carbon": candidate.carbon,
        "readiness": candidate.readiness,
        "latency": worst_latency(candidate, served) if served else BandedFigure(0.0, "ms"),
    }


def _values(candidate: CandidateSite, envelope: Envelope) -> dict[str, float]:
    figures = _figures(candidate, envelope).items()
    values = {name: math.nan if figure.value is None else figure.value for name, figure in figures}
    return values | {"risk": 100.0 - values["readiness"]}


def read(asked: PortfolioQuestion, *, now: datetime) -> PortfolioFleet:
    envelopes = workloads.envelopes(asked.workloads)
    facts = _facts(envelopes, now)
    base = next(iter(facts.values()))
    sites = _in_service(base)
    at_percentile = {key: sites | _only(sites, _in_service(each)) for key, each in facts.items()}
    of = {envelope.slug: at_percentile[envelope.latency_percentile] for envelope in envelopes}
    runs_at = _pinned_first(workloads.running(asked.workloads, day=now.date()), asked.pins)
    # If accelerators are counted by the piece overall, so are those of one workload.
    homes = runs_at if in_reference(sites.values()) else {}
    adapters = _adapters(asked, envelopes, facts, homes, now.date())
    allowed, figures, against, broken = _judged(asked, envelopes, adapters, of, runs_at)
    resources = resources_of(envelopes)
    today = {envelope.slug: runs_at[envelope.slug][0] for envelope in envelopes if envelope.slug in runs_at}
    names = {envelope.slug: envelope.name for envelope in envelopes}
    return PortfolioFleet(
        portfolio=Portfolio(
            workloads=tuple(envelope.slug for envelope in envelopes),
            sites=tuple(sites),
            objectives=asked.objectives,
            resources=resources,
            allowed=allowed,
            demand=demand_in(envelopes, resources, adapters, sites),
            capacity=capacity_in(asked, envelopes, resources, today, sites, base, now),
            figures=figures,
            priority=np.array([PRIORITY[envelope.criticality] for envelope in envelopes]),
        ),
        today=today,
        elsewhere={slug: len(runs_at[slug]) - 1 for slug in today if len(runs_at[slug]) > 1},
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


def _facts(envelopes: Iterable[Envelope], now: datetime) -> dict[float, FleetFacts]:
    percentiles = sorted({envelope.latency_percentile for envelope in envelopes} or {50.0})
    return {percentile: fleet_facts(percentile, now) for percentile in percentiles}


def _adapters(
    asked: PortfolioQuestion,
    envelopes: Sequence[Envelope],
    facts: Mapping[float, FleetFacts],
    homes: Mapping[str, Sequence[str]],
    today: date,
) -> dict[str, Adapter]:
    pack = rules_in_force()[1]
    footings = jurisdiction.footings([envelope.slug for envelope in envelopes], day=today)
    return {
        envelope.slug: Adapter(
            envelope=envelope,
            currency=asked.currency,
            carbon=asked.carbon,
            facts=facts[envelope.latency_percentile],
            laws=Laws(envelope, pack, today, footing=footings[envelope.slug]),
            home=next(iter(homes.get(envelope.slug, ())), ""),
        )
        for envelope in envelopes
    }


def _only(sites: Mapping[str, SiteFactors], those: Mapping[str, SiteFactors]) -> dict[str, SiteFactors]:
    """Two readings may be a moment apart; the fleet needs one list of sites."""
    return {slug: site for slug, site in those.items() if slug in sites}


def sites_in_service(now: datetime) -> tuple[str, ...]:
    return tuple(_in_service(fleet_facts(50.0, now)))


def currencies(now: datetime) -> frozenset[str]:
    """Currencies of factors, and those that exchange rates reach."""
    facts = fleet_facts(50.0, now)
    rated = {currency for rate in facts.rates.all for currency in (rate.currency, rate.to_currency)}
    factors = (factor for site in facts.sites for factor in site.factors.values())
    return frozenset(
        rated | {known.currency for factor in factors for known in factor.known if known.currency}
    )


def _in_service(facts: FleetFacts) -> dict[str, SiteFactors]:
    return {site.slug: site for site in facts.sites if site.stage in IN_SERVICE}


def _pinned_first(
    running: Mapping[str, Sequence[str]], pins: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    return {
        workload: tuple(sorted(sites, key=lambda site: site != pins.get(workload)))
        for workload, sites in running.items()
    }


def _judged(
    asked: PortfolioQuestion,
    envelopes: Sequence[Envelope],
    adapters: Mapping[str, Adapter],
    sites: Mapping[str, Mapping[str, SiteFactors]],
    running: Mapping[str, tuple[str, ...]],
) -> tuple[np.ndarray, np.ndarray, dict[str, str], dict[str, str]]:
    """The allowed pairs and their figures, why a workload is allowed nowhere, and what it breaks today.

    Capacity is not checked: it is shared, and its use by others depends on the plan.
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
        except BadParameter as error:
            against[envelope.slug] = error.reason
            continue
        placed = list(map(placer(Demand(), limits), map(adapter.candidate, there.values())))
        others = running.get(envelope.slug, ())[1:]
        pin = asked.pins.get(envelope.slug)
        broken |= _broken(envelope.slug, placed, running)
        for column, option in enumerate(placed):
            site = option.candidate.site
            # A class runs at a site once, so its other present sites are not available for the planned placement.
            may_be = pin in (None, site) and site not in others
            allowed[row, column] = may_be and option.standing is Feasibility.FEASIBLE
            values = _values(option.candidate, envelope)
            figures[row, column] = [values[name] for name in asked.objectives]
        if not allowed[row].any():
            against[envelope.slug] = _why_nowhere(placed, pin, others)
    return allowed, figures, against, broken


def _broken(workload: str, placed: Sequence[Placed], running: Mapping[str, Sequence[str]]) -> dict[str, str]:
    home = next(iter(running.get(workload, ())), None)
    if home is None:
        return {}
    here = next((option for option in placed if option.candidate.site == home), None)
    if here is None:
        return {workload: "its site is not in service"}
    words = [reason.words for reason in here.reasons if reason.standing is Feasibility.REJECTED]
    return {workload: "; ".join(words)} if words else {}


def _why_nowhere(placed: Sequence[Placed], pin: str | None, others: Sequence[str]) -> str:
    if pin is not None:
        pinned = next((option for option in placed if option.candidate.site == pin), None)
        words = [reason.words for reason in pinned.reasons] if pinned else ["it is not in service"]
        return f"pinned to {pin}: {'; '.join(words)}"
    counted: Counter[str] = Counter()
    for option in placed:
        counted.update({reason.limit for reason in option.reasons})
        if option.candidate.site in others:
            counted["runs there already"] += 1
    counts = [
        f"{limit} at {count} of {len(placed)}"
        for limit, count in sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    ]
    return ", ".join(counts) or "no site is in service"
