"""Which sites many classes may run at as they are, kept while nothing that this depends on is another one.

Placing 30 classes over 1,000 sites takes a second. Sites are read anew all the time, for each is scored once a minute,
and most that was read is then as it was: a class is placed again only where something that counts is not. Each process
keeps its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import Any

from readiness.tradeoffs.core.factors import Factor, SiteFactors
from readiness.tradeoffs.core.options import Limits
from readiness.tradeoffs.core.placement import Feasibility, place_one
from readiness.tradeoffs.placing.candidates import Adapter, demand_of
from readiness.tradeoffs.placing.facts import FleetFacts
from readiness.tradeoffs.placing.weighing import IN_SERVICE

type Sign = tuple[Any, ...]

OF_SITE = ("slug", "country", "operator_country", "stage", "verdict")
OF_STANDING = ("score", "score_upper")
OF_VALUE = ("value", "low", "high", "unit", "currency", "percentile")
"""What counts of a value: its source and its age are told of it, and decide nothing."""
_site, _standing, _value = attrgetter(*OF_SITE), attrgetter(*OF_STANDING), attrgetter(*OF_VALUE)


@dataclass(frozen=True, slots=True)
class ClassAtSites:
    """A class to be placed, with all that its answer depends on beside the sites; `rules` is the digest of the pack."""

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


@dataclass(frozen=True, slots=True)
class _KeptFeasibility:
    """`facts` are the last that signs were made of, by percentile; `found` has the standing by class and site, with
    the sign that it was found for.
    """

    facts: Mapping[float, FleetFacts] = field(default_factory=dict)
    signs: Mapping[float, Mapping[str, Sign]] = field(default_factory=dict)
    found: Mapping[tuple[Any, ...], Mapping[str, tuple[Sign, Feasibility]]] = field(default_factory=dict)


_kept = _KeptFeasibility()


def feasibilities(asked: Sequence[ClassAtSites]) -> list[dict[str, Feasibility]]:
    """Of each class by slug of the site in service, in this order. Only what was asked last is kept."""
    global _kept
    before = _kept
    facts = {one.adapter.envelope.latency_percentile: one.adapter.facts for one in asked}
    signs = {percentile: _signs(percentile, of, before) for percentile, of in facts.items()}
    found = {
        one.key: _found(one, signs[one.adapter.envelope.latency_percentile], before.found.get(one.key, {}))
        for one in asked
    }
    # Another request may have kept its own meanwhile: either is right, and the later one stays.
    _kept = _KeptFeasibility(facts, signs, found)
    return [{slug: standing for slug, (_, standing) in found[one.key].items()} for one in asked]


def _found(
    one: ClassAtSites, signs: Mapping[str, Sign], before: Mapping[str, tuple[Sign, Feasibility]]
) -> dict[str, tuple[Sign, Feasibility]]:
    demand, found = demand_of(one.adapter.envelope), {}
    for site in one.adapter.facts.sites:
        if site.stage not in IN_SERVICE:
            continue
        sign, kept = signs[site.slug], before.get(site.slug)
        if kept is None or kept[0] is not sign:
            kept = sign, place_one(one.adapter.candidate(site), demand, one.limits).standing
        found[site.slug] = kept
    return found


def _signs(percentile: float, facts: FleetFacts, before: _KeptFeasibility) -> Mapping[str, Sign]:
    """By slug of the site: the very same value as before where nothing that counts is another one."""
    kept = before.signs.get(percentile, {})
    if before.facts.get(percentile) is facts:
        return kept
    made = {site.slug: sign_of(site, facts) for site in facts.sites}
    return {slug: kept[slug] if kept.get(slug) == sign else sign for slug, sign in made.items()}


def sign_of(site: SiteFactors, facts: FleetFacts) -> Sign:
    """All that the standing of a site depends on, for any class: equal where no class can fare otherwise."""
    standing = facts.standings.get(site.slug)
    return (
        _site(site),
        None if standing is None else _standing(standing),
        tuple(site.accelerators.items()),
        _values(site.factors),
        _values(site.latency),
    )


def _values(factors: Mapping[str, Factor]) -> tuple[Any, ...]:
    return tuple((kind, *map(_value, factor.known)) for kind, factor in factors.items() if factor.known)
