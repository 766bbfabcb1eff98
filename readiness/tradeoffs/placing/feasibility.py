"""Which sites many classes may run at as they are, decided again only where something that counts has changed.

Placing 30 classes over 1,000 sites takes a second. Sites are read anew all the time, for each is scored once a minute,
and most values are then as they were. Each process keeps its own decisions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import Any

from readiness.tradeoffs.core.factors import Factor, SiteFactors
from readiness.tradeoffs.core.options import Limits
from readiness.tradeoffs.core.placement import Feasibility, placer
from readiness.tradeoffs.placing.candidates import Adapter, demand_of
from readiness.tradeoffs.placing.facts import FleetFacts
from readiness.tradeoffs.placing.weighing import IN_SERVICE

type Sign = tuple[Any, ...]

OF_SITE = ("slug", "country", "operator_country", "stage", "verdict")
OF_SCORE = ("score", "score_upper")
OF_VALUE = ("value", "low", "high", "unit", "currency", "percentile")
"""Fields of a value that decide: its source and its age do not."""
_site, _score, _value = attrgetter(*OF_SITE), attrgetter(*OF_SCORE), attrgetter(*OF_VALUE)


@dataclass(frozen=True, slots=True)
class ClassAtSites:
    """A class to be placed, with all that decides it beside the sites; `rules` is the digest of the pack."""

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


type Decided = Mapping[str, tuple[Sign, Feasibility]]
"""The decision and the sign that it was made for, by slug of the site."""


@dataclass(frozen=True, slots=True)
class _KeptFeasibility:
    """`facts` are the last that signs were made from, by percentile; `decided` is by class."""

    facts: Mapping[float, FleetFacts] = field(default_factory=dict)
    signs: Mapping[float, Mapping[str, Sign]] = field(default_factory=dict)
    decided: Mapping[tuple[Any, ...], Decided] = field(default_factory=dict)


_kept = _KeptFeasibility()


def feasibilities(classes: Sequence[ClassAtSites]) -> list[dict[str, Feasibility]]:
    """Return for each class its sites in service by slug. Only the last call's classes are kept."""
    global _kept
    before = _kept
    facts = {asked.adapter.envelope.latency_percentile: asked.adapter.facts for asked in classes}
    signs = {percentile: _signs(percentile, of, before) for percentile, of in facts.items()}
    decided = {
        asked.key: _decided(
            asked, signs[asked.adapter.envelope.latency_percentile], before.decided.get(asked.key, {})
        )
        for asked in classes
    }
    # Another request may have kept its own meanwhile: either is right, and the later one stays.
    _kept = _KeptFeasibility(facts, signs, decided)
    return [{slug: feasibility for slug, (_, feasibility) in decided[asked.key].items()} for asked in classes]


def _decided(asked: ClassAtSites, signs: Mapping[str, Sign], before: Decided) -> Decided:
    place, decided = placer(demand_of(asked.adapter.envelope), asked.limits), {}
    for site in asked.adapter.facts.sites:
        if site.stage not in IN_SERVICE:
            continue
        sign, kept = signs[site.slug], before.get(site.slug)
        if kept is None or kept[0] is not sign:
            kept = sign, place(asked.adapter.candidate(site)).standing
        decided[site.slug] = kept
    return decided


def _signs(percentile: float, facts: FleetFacts, before: _KeptFeasibility) -> Mapping[str, Sign]:
    """Return signs by slug of the site: the very same value as before where nothing that counts has changed."""
    kept = before.signs.get(percentile, {})
    if before.facts.get(percentile) is facts:
        return kept
    made = {site.slug: sign_of(site, facts) for site in facts.sites}
    return {slug: kept[slug] if kept.get(slug) == sign else sign for slug, sign in made.items()}


def sign_of(site: SiteFactors, facts: FleetFacts) -> Sign:
    """Return all that decides about a site for any class: equal where no class can fare otherwise."""
    score = facts.scores.get(site.slug)
    return (
        _site(site),
        None if score is None else _score(score),
        tuple(site.accelerators.items()),
        _values(site.factors),
        _values(site.latency),
    )


def _values(factors: Mapping[str, Factor]) -> tuple[Any, ...]:
    return tuple((kind, *map(_value, factor.known)) for kind, factor in factors.items() if factor.known)
