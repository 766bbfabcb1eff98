"""What holds capacity back now, site by site, and the plans that would free it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import QuerySet

from inventory.models import Site
from readiness.framework.core.definition import Framework
from readiness.scoring.core import closing as core
from readiness.scoring.core.closing import CheckEffect, HeldSite, Step, Target
from readiness.scoring.core.combine import ACCEPTABLE
from readiness.scoring.core.gap import NOTHING, Capacity, Measure
from readiness.scoring.core.states import Gate, Verdict
from readiness.scoring.models import CheckResult
from readiness.scoring.queries.standing import Standing, score_of

SHORT_OF = {
    Target.CONDITIONAL: (Verdict.NOT_READY, None),
    Target.READY: (Verdict.NOT_READY, Verdict.CONDITIONAL, None),
}
"""The verdicts of the sites that are not there yet; None: never evaluated."""


@dataclass(frozen=True)
class Closing:
    """`held` are all sites with capacity that are short of the target."""

    target: Target
    measure: Measure
    held: tuple[HeldSite, ...]
    sites: Mapping[str, Site]
    framework: Framework

    @cached_property
    def capacity(self) -> Capacity:
        return sum((one.held for one in self.held), NOTHING)

    @cached_property
    def plan(self) -> tuple[Step, ...]:
        return core.in_order(self.held, self.measure)

    @cached_property
    def effects(self) -> tuple[CheckEffect, ...]:
        return core.by_check(self.held, self.measure)

    @cached_property
    def beyond(self) -> tuple[HeldSite, ...]:
        return core.beyond_checks(self.held)

    def best_with(self, checks: int) -> tuple[HeldSite, ...]:
        return core.best_with(self.held, checks, self.measure)

    @cached_property
    def curve(self) -> tuple[core.CurvePoint, ...]:
        return core.best_curve(self.held, self.measure)


def closing(known: Standing, *, target: Target, measure: Measure) -> Closing:
    """Of the sites that are known; no statement for `conditional`, one for `ready`."""
    short = [
        site
        for site in known.sites
        if known.capacity[site.pk].verdict in SHORT_OF[target] and known.capacity[site.pk].deployed != NOTHING
    ]
    holding = _blocking(short) if target is Target.CONDITIONAL else _open([site.pk for site in short])
    held = tuple(
        HeldSite(site.slug, known.capacity[site.pk].deployed, tuple(holding.get(site.pk, ())))
        for site in short
    )
    return Closing(target, measure, held, {site.slug: site for site in short}, known.framework)


def _blocking(sites: Sequence[Site]) -> dict[int, list[str]]:
    """What a not-ready verdict names; go-live exceptions are not among it."""
    return {site.pk: score.deciding for site in sites if (score := score_of(site)) and score.verdict}


def _open(site_ids: Sequence[int]) -> dict[int, list[str]]:
    found = open_results().filter(site__in=site_ids).order_by().values_list("site_id")
    return dict(found.annotate(checks=ArrayAgg("check_id", order_by="check_id")))


def open_results() -> QuerySet[CheckResult]:
    """Results that keep their sites from being ready: of a check that decides, and neither met nor without meaning."""
    met = sorted(state.value for state in ACCEPTABLE)
    return CheckResult.objects.filter(gate__in=[Gate.BLOCK.value, Gate.COND.value]).exclude(state__in=met)
