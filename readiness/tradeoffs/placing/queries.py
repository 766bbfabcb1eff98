"""Place one workload over all sites in service, or many workloads without levers; and the page's choices.

The number of statements depends on neither. Each percentile of the latency limits needs one reading of the fleet.
Placing 30 classes over 1,000 sites takes a second, and most sites stay as they were: a class is decided again only for
sites with a relevant change.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from readiness.demand.jurisdiction import queries as jurisdiction
from readiness.demand.jurisdiction.core.pack import RulePackDocument
from readiness.demand.jurisdiction.models import RulePack
from readiness.demand.workloads import queries as workloads
from readiness.demand.workloads.core.envelope import Criticality, Envelope
from readiness.tradeoffs.factors.core.factors import Factor, Rates, SiteFactors
from readiness.tradeoffs.factors.queries import region_names, sites_without_factors
from readiness.tradeoffs.moves.options import Limits
from readiness.tradeoffs.placing.answer import PlacementAnswer
from readiness.tradeoffs.placing.candidates import Adapter, demand_of, limits_of
from readiness.tradeoffs.placing.core.placement import Feasibility, placer
from readiness.tradeoffs.placing.facts import INPUTS, FleetFacts, fleet_facts
from readiness.tradeoffs.placing.law import Laws
from readiness.tradeoffs.placing.params import PlacementQuestion, refuse_unknown, with_levers
from readiness.tradeoffs.placing.weighing import IN_SERVICE, weigh
from web.cached import CachedAnswer
from web.parameters import BadParameter
from web.versioned.versions import NothingPublished

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
            adapter.homes,
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
    return [_feasibility(asked, _signs(asked.adapter.facts)) for asked in classes]


def _feasibility(asked: ClassAtSites, signs: Mapping[str, str]) -> SiteFeasibility:
    def decide(changed: Collection[str]) -> dict[str, Feasibility]:
        place, adapter = placer(demand_of(asked.adapter.envelope), asked.limits), asked.adapter
        sites = {site.slug: site for site in adapter.facts.sites}
        return {slug: place(adapter.candidate(sites[slug])).standing for slug in changed}

    key = asked.key
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
    return tuple((kind, *map(_value, factor.known)) for kind, factor in factors.items() if factor.known)


MAY_PLACE = (
    "inventory.view_site",
    "scoring.view_sitescore",
    "workloads.view_workloadclass",
    "tradeoffs.view_sitefactor",
    "tradeoffs.view_latencyfactor",
)
CURRENCY = "EUR"
"""The currency of costs if neither the question nor the envelope names one."""


def placement_answer(envelope: Envelope, question: PlacementQuestion, *, now: datetime) -> PlacementAnswer:
    what_if, currency = question.what_if, question.currency or envelope.cost_currency or CURRENCY
    placed_at = workloads.running([envelope.slug], day=now.date()).get(envelope.slug, ())
    # Only a slower link names a region.
    known_regions = set(region_names()) if what_if.links_slower else set()
    facts = fleet_facts(envelope.latency_percentile, now)
    row, pack = rules_in_force()
    footing = jurisdiction.footings([envelope.slug], day=now.date())[envelope.slug]

    refuse_unknown(
        what_if, {site.slug for site in facts.sites}, known_regions, pack.bases_by_id if pack else ()
    )
    today = _counted_from(question.today, placed_at)
    asked = with_levers(envelope, what_if, currency)
    adapter = Adapter(
        plain=envelope,
        envelope=asked,
        what_if=what_if,
        currency=currency,
        carbon=question.carbon,
        facts=facts,
        laws=Laws(asked, pack, now.date(), what_if.data_origin, what_if.bases, footing),
        homes=frozenset(today),
        home=next(iter(today), ""),
    )
    rules = {"version": row.version, "digest": row.digest} if row else None
    return weigh(adapter, question, today=today, rules=rules, at=now)


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
    slugs = [envelope.slug for envelope in envelopes]
    today = workloads.running(slugs, day=now.date())
    percentiles = sorted({envelope.latency_percentile for envelope in envelopes})
    facts = {percentile: fleet_facts(percentile, now) for percentile in percentiles}
    row, pack = rules_in_force()
    footings = jurisdiction.footings(slugs, day=now.date())
    to_decide: list[ClassAtSites] = []
    refused: dict[str, str] = {}
    for envelope in envelopes:
        homes = today.get(envelope.slug, ())
        adapter = Adapter(
            envelope=envelope,
            currency=envelope.cost_currency or CURRENCY,
            facts=facts[envelope.latency_percentile],
            laws=Laws(envelope, pack, now.date(), footing=footings[envelope.slug]),
            homes=frozenset(homes),
            home=next(iter(homes), ""),
        )
        try:
            limits = limits_of(envelope, adapter.currency, adapter.facts.rates)
        except BadParameter as error:
            refused[envelope.slug] = error.reason
            continue
        to_decide.append(ClassAtSites(adapter, limits, row.digest if row else "", now.date()))
    decided = zip(to_decide, feasibilities(to_decide), strict=True)
    by_class = {asked.adapter.envelope.slug: sites for asked, sites in decided}
    return FeasibleSites(facts[percentiles[0]], today, by_class, refused)


def rules_in_force() -> tuple[RulePack | None, RulePackDocument | None]:
    try:
        return jurisdiction.current()
    except NothingPublished:
        return None, None


def _counted_from(first: str, placed_at: tuple[str, ...]) -> tuple[str, ...]:
    if first and first not in placed_at:
        raise BadParameter("today", f"The workload does not run at {first} today.")
    return tuple(sorted(placed_at, key=lambda site: site != first)) if first else placed_at


def classes() -> tuple[Envelope, ...]:
    order = list(Criticality)
    return tuple(
        sorted(
            workloads.envelopes(),
            key=lambda envelope: (order.index(envelope.criticality), envelope.name, envelope.slug),
        )
    )


def chosen_class(envelopes: Sequence[Envelope], slug: str, *, now: datetime) -> Envelope | None:
    if not slug:
        return opening_class(envelopes, now=now) if envelopes else None
    return next((envelope for envelope in envelopes if envelope.slug == slug), None)


def opening_class(envelopes: Sequence[Envelope], *, now: datetime) -> Envelope:
    """The class with the most options, the first by name of several."""
    by_class = feasible_sites(envelopes, now=now).by_class

    def options(envelope: Envelope) -> int:
        standings = by_class.get(envelope.slug, {}).values()
        return sum(standing is Feasibility.FEASIBLE for standing in standings)

    return min(envelopes, key=lambda envelope: (-options(envelope), envelope.name, envelope.slug))


def bases() -> list[tuple[str, str]]:
    _row, pack = rules_in_force()
    return [(basis.id, basis.name) for basis in pack.bases] if pack else []
