"""Weigh one workload over all candidates: feasibility, front, scores, flips, and consequences. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from readiness.assessment.scoring.core.states import Provenance
from readiness.demand.workloads.core.envelope import Envelope
from readiness.tradeoffs.factors.core.factors import SiteFactors
from readiness.tradeoffs.moves.options import BandedFigure, LatencyLimit, Limits
from readiness.tradeoffs.moves.pricing import move, placement_figures
from readiness.tradeoffs.placing.core.answer import HeldAccelerators, PlacementAnswer, PlacementOption
from readiness.tradeoffs.placing.core.candidates import (
    Adapter,
    capacity_after,
    demand_of,
    latency_limits,
    limited,
    limits_of,
    monthly_limits,
)
from readiness.tradeoffs.placing.core.levers import OBJECTIVES, PlacementQuestion
from readiness.tradeoffs.placing.core.objectives import (
    Objective,
    ScoredOption,
    UnaskedStep,
    dominated,
    referenced,
    step_of,
)
from readiness.tradeoffs.placing.core.placement import (
    Feasibility,
    Placed,
    UnkeptLimit,
    has_numeric_limit,
    placer,
)
from readiness.tradeoffs.placing.core.ranking import Ranked, ranking, robustness, sensitivity
from readiness.tradeoffs.units import equivalents, only_type
from web.parameters import BadParameter

SEED = 2026
"""The seed of the random weights for robustness, so that the same question has the same answer."""
IN_SERVICE = frozenset({"commissioning", "production"})


def weigh(adapter: Adapter, question: PlacementQuestion) -> PlacementAnswer:
    """Raises BadParameter if no objective with a weight is left."""
    envelope, facts = adapter.envelope, adapter.facts
    limits = limits_of(envelope, adapter.currency, facts.rates)
    served = latency_limits(envelope, envelope.latency_limit_ms or 0.0)
    judged_options = _judged(adapter, limits, served)
    scored_on = _objectives(envelope, has_numeric_limit(demand_of(envelope), limits))
    weights = _weights(question, scored_on)
    base = next((option for option in judged_options if option.slug == adapter.home), None)
    objectives = referenced(scored_on, monthly_limits(envelope, limits), base.figures if base else {})
    steps = _steps(
        judged_options, base, [each for each in scored_on if weights[each.name] > 0], limited(limits)
    )
    feasible = [option for option in judged_options if option.feasible]
    front_objectives = _known(objectives, feasible)
    contenders = [ScoredOption(each.slug, each.figures) for each in feasible if each.slug not in steps]
    options = [*_ordered(feasible, front_objectives, objectives, weights, steps), *_kept_out(judged_options)]
    return PlacementAnswer(
        question=question,
        envelope=adapter.plain or envelope,
        tried_envelope=envelope,
        currency=adapter.currency,
        at=adapter.at,
        objectives=objectives,
        on_front=tuple(objective.name for objective in front_objectives),
        weights=weights,
        options=tuple(_moved(option, base, served) for option in options),
        today=adapter.today,
        not_in_service=tuple(site for site in facts.sites if site.stage not in IN_SERVICE),
        sensitivity=sensitivity(contenders, objectives, weights),
        robustness=robustness(contenders, objectives, weights, seed=SEED),
        rules=adapter.rules,
        facts=facts,
    )


def _weights(question: PlacementQuestion, objectives: Sequence[Objective]) -> dict[str, float]:
    weights = {objective.name: question.weights.get(objective.name, 0.0) for objective in objectives}
    if not any(weights.values()):
        reason = f"At least one weight has to be above 0, of {', '.join(weights)}."
        raise BadParameter("weights", reason)
    return weights


def _known(objectives: Sequence[Objective], options: Sequence[PlacementOption]) -> list[Objective]:
    """Leave out objectives that are unknown at every option."""
    return [each for each in objectives if any(option.figures[each.name].bounded for option in options)]


def _kept_out(options: Sequence[PlacementOption]) -> list[PlacementOption]:
    rejected = (option for option in options if not option.feasible)
    return sorted(rejected, key=lambda option: not option.undecided)


def _judged(adapter: Adapter, limits: Limits, served: tuple[LatencyLimit, ...]) -> list[PlacementOption]:
    demand = demand_of(adapter.envelope)
    place = placer(demand, limits)
    options = []
    for site in adapter.facts.sites:
        if site.stage not in IN_SERVICE:
            continue
        placement = place(adapter.candidate(site))
        if site.slug in adapter.what_if.sites_lost:
            placement = _lost(placement)
        options.append(
            PlacementOption(
                site=site,
                placed=placement,
                figures=_figures(placement, served, adapter.facts.at),
                after=capacity_after(placement.candidate, demand),
                score=adapter.facts.scores.get(site.slug),
                is_today=site.slug in adapter.today,
                outdated=adapter.outdated(adapter.inputs[site.slug].outdated),
                accelerators=held_at(site, adapter),
                utilisation=adapter.inputs[site.slug].utilisation,
                power_basis=adapter.power(site).basis,
                waits=adapter.facts.waits.get(site.slug, ()),
            )
        )
    return options


def held_at(site: SiteFactors, adapter: Adapter) -> HeldAccelerators | None:
    needed_count = adapter.envelope.accelerator_count
    if not needed_count:
        return None
    here, count = only_type(site.accelerators), adapter.devices(site)
    worth = None if count is None else equivalents(here, count)
    return HeldAccelerators(needed_count, adapter.basis, count, here, worth)


def _lost(placement: Placed) -> Placed:
    lost = UnkeptLimit("site", "lost", Feasibility.REJECTED, None, None, None, "", "lost in this what-if")
    return replace(placement, standing=Feasibility.REJECTED, reasons=(lost, *placement.reasons))


def _figures(placement: Placed, served: tuple[LatencyLimit, ...], at: datetime) -> dict[str, BandedFigure]:
    figures = placement_figures(placement.candidate, served)
    return figures | {"compliance": _compliance(placement.compliance_margin, at)}


def _compliance(margin: float | None, at: datetime) -> BandedFigure:
    if margin is None:
        why = "the workload has no numeric limit, or one of the figures is not bounded"
        return BandedFigure(None, "%", source=why)
    source = "the least room left under any limit"
    return BandedFigure(margin * 100, "%", Provenance.ESTIMATED, at, source=source)


def _objectives(envelope: Envelope, has_margin: bool) -> tuple[Objective, ...]:
    left_out = {name for name, has in (("latency", envelope.users), ("compliance", has_margin)) if not has}
    return tuple(objective for objective in OBJECTIVES if objective.name not in left_out)


def _ordered(
    feasible: Sequence[PlacementOption],
    front_objectives: Sequence[Objective],
    objectives: Sequence[Objective],
    weights: Mapping[str, float],
    steps: Mapping[str, UnaskedStep],
) -> list[PlacementOption]:
    scored = [ScoredOption(option.slug, option.figures) for option in feasible]
    if not scored:
        return []
    by_slug = {option.slug: option for option in feasible}
    dominated_by = dominated(scored, front_objectives)
    return [
        replace(
            by_slug[ranked.name],
            ranked=ranked,
            pareto=ranked.name not in dominated_by,
            dominated_by=dominated_by.get(ranked.name, ""),
            step=steps.get(ranked.name),
        )
        for ranked in _ranked(scored, objectives, weights, steps)
    ]


def _ranked(
    scored: Sequence[ScoredOption],
    objectives: Sequence[Objective],
    weights: Mapping[str, float],
    steps: Collection[str],
) -> list[Ranked]:
    """The options that compete, then the optional improvements, so that rank 1 is the best match."""
    competing = [option for option in scored if option.name not in steps]
    optional = [option for option in scored if option.name in steps]
    first = ranking(competing, objectives, weights)
    after = (each.moved_behind(len(first)) for each in ranking(optional, objectives, weights))
    return [*first, *after]


def _steps(
    options: Sequence[PlacementOption],
    base: PlacementOption | None,
    that_count: Sequence[Objective],
    limited_names: frozenset[str],
) -> dict[str, UnaskedStep]:
    if base is None or not base.feasible:
        return {}
    steps = {
        option.slug: step_of(
            base.figures, option.figures, that_count, limited=limited_names, derived=("compliance",)
        )
        for option in options
        if option.feasible and option.slug != base.slug
    }
    return {slug: step for slug, step in steps.items() if step is not None}


def _moved(
    option: PlacementOption, base: PlacementOption | None, served: tuple[LatencyLimit, ...]
) -> PlacementOption:
    if base is None or option.slug == base.slug or not option.feasible:
        return option
    return replace(option, move=move(base.candidate, option.candidate, served))
