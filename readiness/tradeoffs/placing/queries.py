"""One workload placed over all sites in service, many workloads as they are, and what the page offers to choose from.

The number of statements grows with neither. Each percentile of the latency limits is one reading of the fleet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from readiness.jurisdiction import queries as jurisdiction
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.models import RulePack
from readiness.tradeoffs.core.parsing import BadTradeoffQuestion
from readiness.tradeoffs.core.placement import Feasibility
from readiness.tradeoffs.placing.answer import PlacementAnswer
from readiness.tradeoffs.placing.candidates import Adapter, limits_of
from readiness.tradeoffs.placing.facts import FleetFacts
from readiness.tradeoffs.placing.facts_cache import fleet_facts
from readiness.tradeoffs.placing.feasibility import ClassAtSites, feasibilities
from readiness.tradeoffs.placing.law import Laws
from readiness.tradeoffs.placing.params import PlacementQuestion
from readiness.tradeoffs.placing.weighing import weigh
from readiness.tradeoffs.placing.what_if import refuse_unknown, with_levers
from readiness.tradeoffs.queries import region_names
from readiness.workloads import queries as workloads
from readiness.workloads.core.envelope import Criticality, Envelope
from readiness.workloads.models import Placement
from web.versioned.versions import NothingPublished

MAY_PLACE = (
    "inventory.view_site",
    "scoring.view_sitescore",
    "workloads.view_workloadclass",
    "tradeoffs.view_sitefactor",
    "tradeoffs.view_latencyfactor",
)
CURRENCY = "EUR"
"""The currency of costs where neither the question nor the envelope names one."""


def placement_answer(envelope: Envelope, question: PlacementQuestion, *, now: datetime) -> PlacementAnswer:
    """Raises BadTradeoffQuestion for what cannot be asked about this workload."""
    what_if, currency = question.what_if, question.currency or envelope.cost_currency or CURRENCY
    placed_at = _placed_at([envelope.slug], now).get(envelope.slug, ()) if envelope.slug else ()
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
    """Where each class runs today, and whether each site in service may run it, by slugs; `refused` says of a class why
    no site could be decided.
    """

    facts: FleetFacts
    today: Mapping[str, tuple[str, ...]]
    by_class: Mapping[str, Mapping[str, Feasibility]]
    refused: Mapping[str, str]


def feasible_sites(envelopes: Sequence[Envelope], *, now: datetime) -> FeasibleSites:
    """Decide as `placement_answer` does where nothing is asked, without reasons, ranks and consequences."""
    slugs = [envelope.slug for envelope in envelopes]
    today = _placed_at(slugs, now)
    percentiles = sorted({envelope.latency_percentile for envelope in envelopes} or {50.0})
    facts = {percentile: fleet_facts(percentile, now) for percentile in percentiles}
    row, pack = rules_in_force()
    footings = jurisdiction.footings(slugs, day=now.date())
    to_decide: list[ClassAtSites] = []
    refused: dict[str, str] = {}
    for envelope in envelopes:
        laws = Laws(envelope, pack, now.date(), footing=footings[envelope.slug])
        adapter = _as_it_is(envelope, facts[envelope.latency_percentile], laws, today.get(envelope.slug, ()))
        try:
            limits = limits_of(envelope, adapter.currency, adapter.facts.rates)
        except BadTradeoffQuestion as error:
            refused[envelope.slug] = error.reason
            continue
        to_decide.append(ClassAtSites(adapter, limits, row.digest if row else "", now.date()))
    decided = zip(to_decide, feasibilities(to_decide), strict=True)
    by_class = {asked.adapter.envelope.slug: sites for asked, sites in decided}
    return FeasibleSites(facts[percentiles[0]], today, by_class, refused)


def _placed_at(slugs: Sequence[str], now: datetime) -> dict[str, tuple[str, ...]]:
    running = Placement.objects.on(now.date()).filter(workload_class__slug__in=slugs)
    sites: dict[str, tuple[str, ...]] = {}
    for slug, site in running.order_by("site__name", "pk").values_list("workload_class__slug", "site__slug"):
        sites[slug] = tuple(dict.fromkeys((*sites.get(slug, ()), site)))
    return sites


def _as_it_is(envelope: Envelope, facts: FleetFacts, laws: Laws, today: Sequence[str]) -> Adapter:
    return Adapter(
        plain=envelope,
        envelope=envelope,
        currency=envelope.cost_currency or CURRENCY,
        facts=facts,
        laws=laws,
        homes=frozenset(today),
        home=next(iter(today), ""),
    )


def rules_in_force() -> tuple[RulePack | None, RulePackDocument | None]:
    try:
        return jurisdiction.current()
    except NothingPublished:
        return None, None


def _counted_from(first: str, placed_at: tuple[str, ...]) -> tuple[str, ...]:
    if first and first not in placed_at:
        raise BadTradeoffQuestion("today", f"The workload does not run at {first} today.")
    return tuple(sorted(placed_at, key=lambda site: site != first)) if first else placed_at


def classes() -> tuple[Envelope, ...]:
    """All workload classes: the worst to lose first, then by name."""
    order = list(Criticality)
    return tuple(
        sorted(
            workloads.envelopes(),
            key=lambda envelope: (order.index(envelope.criticality), envelope.name, envelope.slug),
        )
    )


def chosen_class(envelopes: Sequence[Envelope], slug: str) -> Envelope | None:
    if not slug:
        return envelopes[0] if envelopes else None
    return next((envelope for envelope in envelopes if envelope.slug == slug), None)


def bases() -> list[tuple[str, str]]:
    _row, pack = rules_in_force()
    return [(basis.id, basis.name) for basis in pack.bases] if pack else []
