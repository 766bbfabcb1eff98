"""One workload over all candidates: who may hold it, the front, scores, flips, and what moving there does. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from readiness.scoring.core.states import Provenance
from readiness.tradeoffs.core.consequences import Consequence, consequences
from readiness.tradeoffs.core.factors import SiteFactors
from readiness.tradeoffs.core.objectives import Objective, ScoredOption, referenced
from readiness.tradeoffs.core.options import BandedFigure, CandidateSite, LatencyLimit, Limits, worst_latency
from readiness.tradeoffs.core.pareto import front
from readiness.tradeoffs.core.performance import equivalents, only_type
from readiness.tradeoffs.core.placement import Feasibility as Stands
from readiness.tradeoffs.core.placement import Placed, UnkeptLimit, place_one
from readiness.tradeoffs.core.ranking import Ranked, ranking
from readiness.tradeoffs.core.sensitivity import Robustness, Sensitivity, robustness, sensitivity
from readiness.tradeoffs.core.steps import UnaskedStep, step_of
from readiness.tradeoffs.placing.candidates import (
    Adapter,
    capacity_after,
    demand_of,
    latency_limits,
    limited,
    limits_of,
    monthly_limits,
    outdated_of,
)
from readiness.tradeoffs.placing.facts import FleetFacts, StoredScore
from readiness.tradeoffs.placing.figures import FactorInput, useful_hour
from readiness.tradeoffs.placing.inputs import inputs_of
from readiness.tradeoffs.placing.law import Law
from readiness.tradeoffs.placing.params import OBJECTIVES, BadTradeoffQuestion, PlacementQuestion
from readiness.workloads.core.envelope import Envelope

SEED = 2026
"""Of the weights drawn for robustness, so that the same question has the same answer."""
IN_SERVICE = frozenset({"commissioning", "production"})


@dataclass(frozen=True, slots=True)
class HeldAccelerators:
    """`count` accelerators of type `here` for `asked` of type `of`, the one that runs today; `equivalents` is what they
    count in the reference type. `of` is empty where any accelerator is one, `count` None where they do not compare.
    """

    asked: int
    of: str
    count: int | None
    here: str
    equivalents: float | None


def held_at(site: SiteFactors, adapter: Adapter) -> HeldAccelerators | None:
    """None where the envelope asks for no accelerators."""
    asked = adapter.envelope.accelerator_count
    if not asked:
        return None
    here, count = only_type(site.accelerators), adapter.devices(site)
    worth = None if count is None else equivalents(here, count)
    return HeldAccelerators(asked, adapter.basis, count, here, worth)


@dataclass(frozen=True, slots=True)
class PlacementOption:
    """One candidate with all that is said of it; `ranked` and `pareto` of feasible ones only. `step` is there where
    moving from today's site would be one that no limit asks for. `outdated` says by objective which factors are older
    than their kind may be.
    """

    slug: str
    name: str
    country: str
    operator_country: str
    region: str
    stage: str
    placed: Placed
    figures: Mapping[str, BandedFigure]
    law: Law
    after: Mapping[str, BandedFigure]
    standing: StoredScore | None = None
    pareto: bool = False
    dominated_by: str = ""
    ranked: Ranked | None = None
    is_today: bool = False
    moved: tuple[Consequence, ...] | None = None
    step: UnaskedStep | None = None
    outdated: Mapping[str, str] = field(default_factory=dict)
    held: HeldAccelerators | None = None
    utilisation: FactorInput | None = None

    @property
    def useful_hour(self) -> BandedFigure:
        """The cost of an accelerator-hour in use."""
        cost = self.candidate.monthly_cost
        count = self.held.count if self.held else None
        if self.utilisation is None or not count:
            return BandedFigure(None, "", source=cost.source if self.held else "it asks for no accelerators")
        return useful_hour(cost, count, self.utilisation)

    @property
    def feasible(self) -> bool:
        return self.placed.standing is Stands.FEASIBLE

    @property
    def candidate(self) -> CandidateSite:
        return self.placed.candidate

    @property
    def reasons(self) -> tuple[UnkeptLimit, ...]:
        """What rules the site out before what nobody knows."""
        return tuple(sorted(self.placed.reasons, key=lambda one: one.standing is not Stands.REJECTED))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementAnswer:
    """The answer. `options` has every candidate: feasible ones by rank, then undecided and rejected ones by name.

    `objectives` are those that this envelope has, `on_front` those of them that the front is over: one that is unknown
    at every option tells none apart. `facts` is what was read, `sites` of it by slug. `today` is where the class runs,
    the site that changes are counted from first.
    """

    question: PlacementQuestion
    envelope: Envelope
    asked: Envelope
    currency: str
    at: datetime
    objectives: tuple[Objective, ...]
    on_front: tuple[str, ...]
    weights: Mapping[str, float]
    options: tuple[PlacementOption, ...]
    today: tuple[str, ...]
    not_in_service: tuple[tuple[str, str, str], ...]
    sensitivity: Sensitivity | None
    robustness: Robustness | None
    rules: Mapping[str, str] | None
    facts: FleetFacts = field(repr=False)
    sites: Mapping[str, SiteFactors] = field(repr=False)

    @property
    def feasible(self) -> tuple[PlacementOption, ...]:
        return tuple(one for one in self.options if one.feasible)

    def standing_as(self, standing: Stands) -> tuple[PlacementOption, ...]:
        return tuple(one for one in self.options if one.placed.standing is standing)

    @property
    def best(self) -> PlacementOption | None:
        """The first by rank that is no step without a limit that asks for it; None where nothing is scored."""
        if not self.is_scored:
            return None
        return next((one for one in self.feasible if one.step is None), None)

    @property
    def is_scored(self) -> bool:
        return any(one.is_scored and self.weights[one.name] > 0 for one in self.objectives)

    def of(self, slug: str) -> PlacementOption | None:
        return next((one for one in self.options if one.slug == slug), None)

    @property
    def base(self) -> PlacementOption | None:
        """What changes are counted from; None where the class runs at no candidate."""
        return next((one for slug in self.today if (one := self.of(slug)) is not None), None)


@dataclass(frozen=True, slots=True)
class Judged:
    """Candidates placed, before they are compared."""

    options: list[PlacementOption]
    objectives: tuple[Objective, ...]
    latency: tuple[LatencyLimit, ...]
    limits: Limits
    by_objective: Mapping[str, float]


def judged(sites: Sequence[SiteFactors], adapter: Adapter) -> Judged:
    envelope = adapter.envelope
    demand, limits = demand_of(envelope), limits_of(envelope, adapter.currency, adapter.facts.rates)
    served = latency_limits(envelope, envelope.latency_limit_ms or 0.0)
    options = []
    parts = inputs_of(adapter.facts, adapter.currency, adapter.carbon)
    for site in sites:
        if site.stage not in IN_SERVICE:
            continue
        placed = place_one(adapter.candidate(site), demand, limits)
        if site.slug in adapter.what_if.sites_lost:
            placed = _lost(placed)
        options.append(
            PlacementOption(
                slug=site.slug,
                name=site.name,
                country=site.country,
                operator_country=site.operator_country,
                region=site.region,
                stage=site.stage,
                placed=placed,
                figures=_figures(placed, served, adapter.facts.at),
                law=adapter.laws.of(site.country, site.operator_country),
                after=capacity_after(placed.candidate, demand),
                standing=adapter.facts.standings.get(site.slug),
                is_today=site.slug in adapter.homes,
                outdated=outdated_of(site, adapter),
                held=held_at(site, adapter),
                utilisation=parts[site.slug].utilisation,
            )
        )
    objectives = _objectives(envelope, options)
    return Judged(options, objectives, served, limits, monthly_limits(envelope, limits))


def _lost(placed: Placed) -> Placed:
    reason = UnkeptLimit("site", "lost", Stands.REJECTED, None, None, None, "", "lost in this what-if")
    return replace(placed, standing=Stands.REJECTED, reasons=(reason, *placed.reasons))


def _figures(placed: Placed, served: tuple[LatencyLimit, ...], at: datetime) -> dict[str, BandedFigure]:
    candidate, margin = placed.candidate, placed.compliance_margin
    found = {
        "cost": candidate.monthly_cost,
        "energy": candidate.energy,
        "carbon": candidate.carbon,
        "readiness": candidate.readiness,
        "compliance": BandedFigure(
            None, "%", source="no limit in figures stands, or one of the figures is not bounded"
        )
        if margin is None
        else BandedFigure(
            margin * 100, "%", Provenance.ESTIMATED, at, source="the least room left under any limit"
        ),
    }
    if served:
        found["latency"] = worst_latency(candidate, served)
    return found


def _objectives(envelope: Envelope, options: Sequence[PlacementOption]) -> tuple[Objective, ...]:
    """Those that the envelope has: latency needs users, compliance a limit in figures."""
    has_margin = any(one.placed.compliance_margin is not None for one in options)
    left_out = {name for name, has in (("latency", envelope.users), ("compliance", has_margin)) if not has}
    return tuple(one for one in OBJECTIVES if one.name not in left_out)


@dataclass(frozen=True, slots=True)
class Compared:
    """Options with front, rank and consequences; feasible ones first, by rank. `objectives` have what they are scored
    against.
    """

    options: tuple[PlacementOption, ...]
    objectives: tuple[Objective, ...]
    on_front: tuple[str, ...]
    weights: Mapping[str, float]
    sensitivity: Sensitivity | None
    robustness: Robustness | None


def compared(found: Judged, question: PlacementQuestion, base_slug: str) -> Compared:
    """Raises BadTradeoffQuestion where no objective that counts is left."""
    feasible = {one.slug: one for one in found.options if one.feasible}
    options = [ScoredOption(one.slug, one.figures) for one in feasible.values()]
    weights = {one.name: question.weights.get(one.name, 0.0) for one in found.objectives}
    if not any(weights.values()):
        told = f"At least one weight has to be above 0, of {', '.join(weights)}."
        raise BadTradeoffQuestion("weights", told)
    known = tuple(
        one for one in found.objectives if any(option.figures[one.name].bounded for option in options)
    )
    edge = front(options, known)
    on = frozenset(edge.on)
    base = next((one for one in found.options if one.slug == base_slug), None)
    objectives = referenced(found.objectives, found.by_objective, base.figures if base else {})
    ranked = ranking(options, objectives, weights) if options else ()
    steps = _steps(found, base, feasible, weights)
    ordered = [
        replace(
            feasible[place.name],
            ranked=place,
            pareto=place.name in on,
            dominated_by=edge.dominated_by.get(place.name, ""),
            step=steps.get(place.name),
        )
        for place in ranked
    ]
    contenders = [one for one in options if one.name not in steps]
    rest = [
        one
        for standing in (Stands.UNDECIDED, Stands.REJECTED)
        for one in found.options
        if one.placed.standing is standing
    ]
    return Compared(
        tuple(_moved(one, base, found.latency) for one in (*ordered, *rest)),
        objectives,
        tuple(one.name for one in known),
        weights,
        sensitivity(contenders, objectives, weights),
        robustness(contenders, objectives, weights, seed=SEED),
    )


def _steps(
    found: Judged,
    base: PlacementOption | None,
    feasible: Mapping[str, PlacementOption],
    weights: Mapping[str, float],
) -> dict[str, UnaskedStep]:
    """Return, by slug, the steps to options that no limit requires; none where today's site breaks a limit."""
    if base is None or not base.feasible:
        return {}
    that_count = [one for one in found.objectives if weights[one.name] > 0]
    asked = limited(found.limits)
    steps = {
        slug: step_of(base.figures, one.figures, that_count, limited=asked, derived=("compliance",))
        for slug, one in feasible.items()
        if slug != base.slug
    }
    return {slug: step for slug, step in steps.items() if step is not None}


def _moved(
    option: PlacementOption, base: PlacementOption | None, latency: tuple[LatencyLimit, ...]
) -> PlacementOption:
    """With what moving there from `base` does; None for where it is, and where there is nothing to move."""
    if base is None or option.slug == base.slug or not option.feasible:
        return option
    return replace(option, moved=consequences(base.candidate, option.candidate, latency))
