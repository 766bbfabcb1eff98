"""The checks that hold capacity back now, by site, and the plans that would free it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, QuerySet

from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.core import closing as core
from readiness.assessment.scoring.core.closing import CheckEffect, ClosingTarget, HeldSite, Step
from readiness.assessment.scoring.core.combine import ACCEPTABLE
from readiness.assessment.scoring.core.gap import NOTHING, CapacityFigures, CapacityMeasure, total_of
from readiness.assessment.scoring.core.states import Gate, Tier, Verdict
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.assessment.scoring.queries.rows import SiteRef
from readiness.assessment.scoring.queries.standing import FleetStanding

SHORT_OF = {
    ClosingTarget.CONDITIONAL: (Verdict.NOT_READY, None),
    ClosingTarget.READY: (Verdict.NOT_READY, Verdict.CONDITIONAL, None),
}
"""The verdicts of the sites short of a target; None means never evaluated."""


@dataclass(frozen=True)
class Closing:
    """`held_sites` are all sites with capacity that are short of the target."""

    target: ClosingTarget
    measure: CapacityMeasure
    held_sites: tuple[HeldSite, ...]
    sites: Mapping[str, SiteRef]
    framework: Framework

    @cached_property
    def capacity(self) -> CapacityFigures:
        return total_of(site.capacity for site in self.held_sites)

    @cached_property
    def plan(self) -> tuple[Step, ...]:
        return core.ranked_plan(self.held_sites, self.measure)

    @cached_property
    def effects(self) -> tuple[CheckEffect, ...]:
        return core.check_effects(self.held_sites, self.measure)

    @cached_property
    def beyond(self) -> tuple[HeldSite, ...]:
        return core.beyond_checks(self.held_sites)

    def best_with(self, checks: int) -> tuple[HeldSite, ...]:
        return core.best_with(self.held_sites, checks, self.measure)

    @cached_property
    def curve(self) -> tuple[core.CurvePoint, ...]:
        return core.best_curve(self.held_sites, self.measure)


def closing(fleet: FleetStanding, *, target: ClosingTarget, measure: CapacityMeasure) -> Closing:
    short = {
        site.ref.id: site.ref
        for site in fleet.sites
        if (present := fleet.capacity[site.ref.id]).verdict in SHORT_OF[target]
        and present.deployed != NOTHING
    }
    holding = _blocking(fleet) if target is ClosingTarget.CONDITIONAL else _open(fleet)
    held_sites = tuple(
        HeldSite(ref.slug, fleet.capacity[site_id].deployed, tuple(holding.get(site_id, ())))
        for site_id, ref in short.items()
    )
    return Closing(target, measure, held_sites, {ref.slug: ref for ref in short.values()}, fleet.framework)


def _blocking(fleet: FleetStanding) -> dict[int, list[str]]:
    scores = SiteScore.objects.filter(fleet.among("site"), verdict=Verdict.NOT_READY)
    return dict(scores.order_by().values_list("site_id", "deciding"))


def _open(fleet: FleetStanding) -> dict[int, list[str]]:
    results = open_results().filter(fleet.among("site")).order_by().values_list("site_id")
    return dict(results.annotate(checks=ArrayAgg("check_id", order_by="check_id")))


def open_results() -> QuerySet[CheckResult]:
    """Results that keep their sites from being ready: a deciding, applicable check that is not met, or a BLOCK check
    that is met by a declaration only."""
    met = sorted(state.value for state in ACCEPTABLE)
    is_open = Q(gate__in=[Gate.BLOCK.value, Gate.COND.value]) & ~Q(state__in=met)
    return CheckResult.objects.filter(is_open | Q(gate=Gate.BLOCK.value, tier=Tier.CAPPED.value))
