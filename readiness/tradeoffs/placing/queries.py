"""Which sites may run each of many workloads, without levers; and the class that the page opens on.

Placing 30 classes over 1,000 sites takes a second, and most sites stay as they were: a class is decided again only for
sites with a relevant change.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from readiness.demand.workloads import queries as workloads
from readiness.demand.workloads.core.envelope import Criticality, Envelope
from readiness.tradeoffs.factors.core.factors import Factor, Rates, SiteFactors
from readiness.tradeoffs.factors.queries import sites_without_factors
from readiness.tradeoffs.moves.options import Limits
from readiness.tradeoffs.placing.core.candidates import Adapter, demand_of, limits_of
from readiness.tradeoffs.placing.core.inputs import FleetFacts
from readiness.tradeoffs.placing.core.placement import Feasibility, placer
from readiness.tradeoffs.placing.core.weighing import IN_SERVICE
from readiness.tradeoffs.placing.facts import INPUTS, PlacementFacts, read_facts
from web.cached import CachedAnswer
from web.parameters import BadParameter

type Sign = tuple[Any, ...]

OF_SITE = ("slug", "country", "operator_country", "stage", "verdict")
OF_SCORE = ("score", "score_upper")
OF_VALUE = ("value", "low", "high", "unit", "currency", "percentile")
"""Fields of a value that affect a decision; its source and age do not."""
_site, _score, _value = attrgetter(*OF_SITE), attrgetter(*OF_SCORE), attrgetter(*OF_VALUE)


@dataclass(frozen=True, slots=True)
class ClassAtSites:
    """A class to place, with everything that decides it apart from the sites; `rules` is the digest of the pack."""

    adapter: Adapter
    limits: Limits
    rules: str
    on: date

    @property
    def key(self) -> tuple[Any, ...]:
        adapter = self.adapter
        return (
            adapter.envelope,
            frozenset(adapter.today),
            adapter.basis,
            adapter.laws.footing,
            adapter.facts.rates,
            self.rules,
            self.on,
        )


type SiteFeasibility = Mapping[str, Feasibility]
_SIGNS: CachedAnswer[None, Mapping[str, str]] = CachedAnswer("signs of sites", most=8)
# The sign of a site is the basis of what was decided there, and all signs together are that of the class.
_AT_SITES: CachedAnswer[str, Feasibility] = CachedAnswer(
    "feasibility of a class at sites", answers=(INPUTS,), most=100
)
_BY_CLASS: CachedAnswer[None, SiteFeasibility] = CachedAnswer(
    "feasibility of a class", answers=(_AT_SITES,), most=100
)


def feasibilities(classes: Sequence[ClassAtSites]) -> list[SiteFeasibility]:
    """Return for each class its sites in service by slug."""
    return [_feasibility(at_sites, _signs(at_sites.adapter.facts)) for at_sites in classes]


def _feasibility(at_sites: ClassAtSites, signs: Mapping[str, str]) -> SiteFeasibility:
    def decide(changed: Collection[str]) -> dict[str, Feasibility]:
        place, adapter = placer(demand_of(at_sites.adapter.envelope), at_sites.limits), at_sites.adapter
        sites = {site.slug: site for site in adapter.facts.sites}
        return {slug: place(adapter.candidate(sites[slug])).standing for slug in changed}

    key = at_sites.key
    return _BY_CLASS.value(lambda: _AT_SITES.values(signs, decide, key=key), key=key, basis=signs)


def _signs(facts: FleetFacts) -> Mapping[str, str]:
    """Return the sign of each site in service, as text, which thirty classes compare fast."""
    return _SIGNS.value(
        lambda: {site.slug: repr(sign_of(site, facts)) for site in facts.sites if site.stage in IN_SERVICE},
        key=facts.percentile,
        basis=facts,
    )


def sign_of(site: SiteFactors, facts: FleetFacts) -> Sign:
    """Return everything about a site that affects the decision of any class: equal signs give equal decisions."""
    score = facts.scores.get(site.slug)
    return (
        _site(site),
        None if score is None else _score(score),
        tuple(site.accelerators.items()),
        tuple(site.power.items()),
        _values(site.factors),
        _values(site.latency),
    )


def _values(factors: Mapping[str, Factor]) -> tuple[Any, ...]:
    return tuple((kind, *map(_value, factor.values)) for kind, factor in factors.items() if factor.values)


MAY_PLACE = (
    "inventory.view_site",
    "scoring.view_sitescore",
    "workloads.view_workloadclass",
    "tradeoffs.view_sitefactor",
    "tradeoffs.view_latencyfactor",
)


@dataclass(frozen=True, slots=True)
class FeasibleSites:
    """Where each class runs today, and whether each site in service may run it, by slugs; `refused` says why no site
    could be decided.
    """

    facts: FleetFacts
    today: Mapping[str, tuple[str, ...]]
    by_class: Mapping[str, Mapping[str, Feasibility]]
    refused: Mapping[str, str]


def feasible_sites(envelopes: Sequence[Envelope], *, now: datetime) -> FeasibleSites:
    if not envelopes:
        # Nothing is to be decided, so read no facts: that takes seconds at 1,000 sites.
        return FeasibleSites(FleetFacts(now, sites_without_factors(), {}, Rates(()), ""), {}, {}, {})
    facts = read_facts(envelopes, now=now)
    by_class, refused = feasibility_by_class(facts)
    return FeasibleSites(facts.fleets[min(facts.fleets)], facts.running, by_class, refused)


def feasibility_by_class(facts: PlacementFacts) -> tuple[dict[str, SiteFeasibility], dict[str, str]]:
    """Return the sites of each class that could be decided, and for the others why not."""
    to_decide: list[ClassAtSites] = []
    refused: dict[str, str] = {}
    for envelope in facts.classes:
        adapter = facts.adapter(envelope)
        try:
            limits = limits_of(envelope, adapter.currency, adapter.facts.rates)
        except BadParameter as error:
            refused[envelope.slug] = error.reason
            continue
        digest = facts.rules.digest if facts.rules else ""
        to_decide.append(ClassAtSites(adapter, limits, digest, facts.at.date()))
    by_class = zip(to_decide, feasibilities(to_decide), strict=True)
    return {at_sites.adapter.envelope.slug: sites for at_sites, sites in by_class}, refused


def classes() -> tuple[Envelope, ...]:
    order = list(Criticality)
    return tuple(
        sorted(
            workloads.envelopes(),
            key=lambda envelope: (order.index(envelope.criticality), envelope.name, envelope.slug),
        )
    )


def opening_class(facts: PlacementFacts) -> Envelope:
    """The class with the most options, the first by name of several."""
    by_class = feasibility_by_class(facts)[0] if len(facts.classes) > 1 else {}

    def options(envelope: Envelope) -> int:
        standings = by_class.get(envelope.slug, {}).values()
        return sum(standing is Feasibility.FEASIBLE for standing in standings)

    return min(facts.classes, key=lambda envelope: (-options(envelope), envelope.name, envelope.slug))
