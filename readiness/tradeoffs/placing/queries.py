"""One workload weighed over all sites that are in service, or many of them placed as they are; a number of statements
that grows with neither. Each percentile that latency limits are at is one reading of what is known of sites.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from readiness.tradeoffs.core.placement import Feasibility
from readiness.tradeoffs.placing.candidates import Adapter, limits_of
from readiness.tradeoffs.placing.facts import FleetFacts
from readiness.tradeoffs.placing.facts_cache import fleet_facts
from readiness.tradeoffs.placing.feasibility import ClassAtSites, feasibilities
from readiness.tradeoffs.placing.law import Laws
from readiness.tradeoffs.placing.params import BadTradeoffQuestion, CarbonKind, PlacementQuestion, WhatIf
from readiness.tradeoffs.placing.weighing import IN_SERVICE, PlacementAnswer, compared, judged
from readiness.tradeoffs.placing.what_if import refuse_unknown, with_levers
from readiness.workloads.core.envelope import Envelope
from readiness.workloads.jurisdiction import queries as jurisdiction
from readiness.workloads.jurisdiction.core.pack import Pack
from readiness.workloads.jurisdiction.models import RulePack
from readiness.workloads.jurisdiction.refusals import NothingPublished
from readiness.workloads.models import Placement, UserRegion

CURRENCY = "EUR"
"""What costs are told in where neither the question nor the envelope names a currency."""


def placement_answer(envelope: Envelope, question: PlacementQuestion, *, now: datetime) -> PlacementAnswer:
    """Raises BadTradeoffQuestion for what cannot be asked of it."""
    currency = question.currency or envelope.cost_currency or CURRENCY
    facts = fleet_facts(envelope.latency_percentile, now)
    row, pack = _rules()
    slugs = {site.slug for site in facts.sites}
    # Who runs nothing asks for no region by name.
    regions = (
        set(UserRegion.objects.values_list("slug", flat=True)) if question.what_if.links_slower else set()
    )
    refuse_unknown(question.what_if, slugs, regions, pack.bases_by_id if pack else ())
    today = _today(envelope.slug, question.today, now)
    asked = with_levers(envelope, question.what_if, currency)
    adapter = Adapter(
        plain=envelope,
        envelope=asked,
        what_if=question.what_if,
        currency=currency,
        carbon=question.carbon,
        facts=facts,
        laws=_laws(asked, pack, question.what_if, now),
        homes=frozenset(today),
        home=today[0] if today else "",
    )
    found = judged(facts.sites, adapter)
    result = compared(found, question, today[0] if today else "")
    return PlacementAnswer(
        question=question,
        envelope=envelope,
        asked=asked,
        currency=currency,
        at=now,
        objectives=result.objectives,
        on_front=result.on_front,
        weights=result.weights,
        options=result.options,
        today=today,
        not_in_service=tuple(
            (site.slug, site.name, site.stage) for site in facts.sites if site.stage not in IN_SERVICE
        ),
        sensitivity=result.sensitivity,
        robustness=result.robustness,
        rules={"version": row.version, "digest": row.digest} if row else None,
        facts=facts,
        sites={site.slug: site for site in facts.sites},
    )


@dataclass(frozen=True, slots=True)
class FeasibleSites:
    """Where each class runs today, and its standing at every site in service, by slugs; `refused` says why it has
    none.
    """

    facts: FleetFacts
    today: Mapping[str, tuple[str, ...]]
    feasibilities: Mapping[str, Mapping[str, Feasibility]]
    refused: Mapping[str, str]


def feasible_sites(envelopes: Sequence[Envelope], *, now: datetime) -> FeasibleSites:
    """As `placement_answer` decides with nothing asked, without reasons, ranks and consequences."""
    percentiles = sorted({one.latency_percentile for one in envelopes} or {50.0})
    facts = {percentile: fleet_facts(percentile, now) for percentile in percentiles}
    row, pack = _rules()
    slugs = [one.slug for one in envelopes]
    today = _all_today(slugs, now)
    footings = jurisdiction.footings(slugs, day=now.date())
    asked: list[ClassAtSites] = []
    refused: dict[str, str] = {}
    for one in envelopes:
        laws = Laws(one, pack, now.date(), footing=footings[one.slug])
        of = facts[one.latency_percentile]
        adapter = _plain(one, of, laws, today.get(one.slug, ()))
        try:
            limits = limits_of(one, adapter.currency, of.rates)
        except BadTradeoffQuestion as error:
            refused[one.slug] = error.reason
            continue
        asked.append(ClassAtSites(adapter, limits, row.digest if row else "", now.date()))
    found = zip(asked, feasibilities(asked), strict=True)
    return FeasibleSites(
        facts[percentiles[0]], today, {one.adapter.envelope.slug: of for one, of in found}, refused
    )


def _all_today(slugs: Sequence[str], now: datetime) -> dict[str, tuple[str, ...]]:
    """Where each class is placed today, by name of the site; one statement."""
    running = Placement.objects.on(now.date()).filter(workload_class__slug__in=slugs)
    found: dict[str, tuple[str, ...]] = {}
    for slug, site in running.order_by("site__name", "pk").values_list("workload_class__slug", "site__slug"):
        found[slug] = tuple(dict.fromkeys((*found.get(slug, ()), site)))
    return found


def _plain(envelope: Envelope, facts: FleetFacts, laws: Laws, today: Sequence[str]) -> Adapter:
    return Adapter(
        plain=envelope,
        envelope=envelope,
        what_if=WhatIf(),
        currency=envelope.cost_currency or CURRENCY,
        carbon=CarbonKind.AVERAGE,
        facts=facts,
        laws=laws,
        homes=frozenset(today),
        home=next(iter(today), ""),
    )


def _rules() -> tuple[RulePack | None, Pack | None]:
    try:
        return jurisdiction.current()
    except NothingPublished:
        return None, None


def _laws(asked: Envelope, pack: Pack | None, what_if: WhatIf, now: datetime) -> Laws:
    footing = jurisdiction.footings([asked.slug], day=now.date())[asked.slug]
    return Laws(asked, pack, now.date(), what_if.data_origin, what_if.bases, footing)


def _today(slug: str, first: str, now: datetime) -> tuple[str, ...]:
    """Where the class is placed today, by name of the site; the one that is asked for first."""
    if not slug:
        return ()
    found = list(
        Placement.objects.on(now.date())
        .filter(workload_class__slug=slug)
        .order_by("site__name", "pk")
        .values_list("site__slug", flat=True)
    )
    if first:
        if first not in found:
            raise BadTradeoffQuestion("today", f"The workload does not run at {first} today.")
        found.sort(key=lambda each: each != first)
    return tuple(dict.fromkeys(found))
