"""`GET /api/readiness/gap/` and `closing/` below it: the figures of the gap page, for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from rest_framework.request import Request

from inventory.models import Site
from readiness.assessment.scoring.core.closing import ClosingTarget, CurvePoint
from readiness.assessment.scoring.core.gap import CapacityMeasure, Gap
from readiness.assessment.scoring.gap import queries
from readiness.assessment.scoring.gap.closing import Closing, closing
from readiness.assessment.scoring.gap.queries import CHECKS, GROUPS, Question
from readiness.assessment.scoring.queries.capacity import Projection
from readiness.golive.worklist.params import BY, MOST_CHECKS, MOST_GROUPS, MOST_POINTS, read
from readiness.organisation.people.core.growth import CapabilityGap
from web import clock
from web.rest.reports import endpoint, parameter
from web.rest.shapes import filled
from web.timerange import TimeRange

MAY_SEE = ("inventory.view_site", "scoring.view_sitescore")
BANDS = ("deployed", "ready", "conditional", "not_ready", "gap")
GROWN = ("points", "accelerators_per_person", "kw_per_person", "capacity_growth", "people_growth")
GROWTH = ("qualified_now", "qualified_then")
DEFAULT_RANGE = "now-365d"
MOST_SITES = 1000
"""Largest number of sites of a plan that one answer lists; it also states the total."""


_WHICH = [
    parameter(
        "measure", "What capacity is counted in.", enum=[each.value for each in CapacityMeasure], default="kw"
    ),
    parameter("region", "Slug; repeat or separate by commas. Every site unless given.", many=True),
    parameter("kind", "Kind of site.", many=True, enum=Site.Kind.values),
    parameter("profile", "Sites with any of these profiles.", many=True, enum=Site.Profile.values),
]
_OVER_TIME = [
    parameter("by", "Groups; none unless given.", enum=list(BY)),
    parameter(
        "groups", f"Largest groups told apart, {GROUPS} unless given, {MOST_GROUPS} at most.", type=int
    ),
    parameter("start", "now-7d, ISO 8601 or epoch ms; now-365d unless given."),
    parameter("end", "The same; now unless given."),
    parameter(
        "points",
        f"Instants at most; 120 unless given, no more than {MOST_POINTS}, or 60 by blocker or pillar.",
        type=int,
    ),
]
_HOW = [
    parameter(
        "target",
        "The verdict that the plan brings sites to.",
        enum=[each.value for each in ClosingTarget],
        default="conditional",
    ),
    parameter(
        "checks", f"Checks that can be resolved, {CHECKS} unless given, {MOST_CHECKS} at most.", type=int
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class GapSeries:
    deployed: list[float]
    ready: list[float]
    conditional: list[float]
    not_ready: list[float]
    gap: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class GapNow:
    deployed: float
    ready: float
    conditional: float
    not_ready: float
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GapGroup(GapSeries):
    key: str
    label: str
    now: GapNow


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilityFigures:
    """Null if nobody is recorded. `points` is null, with a reason, if the growth has no base."""

    points: float | None
    accelerators_per_person: float | None
    kw_per_person: float | None
    capacity_growth: float | None
    people_growth: float | None
    qualified_now: int | None
    qualified_then: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilityOfFleet(CapabilityFigures):
    accelerator_growth: Annotated[float | None, "As a share; null from zero."]


@dataclass(frozen=True, slots=True)
class GapOverTime:
    evaluated_at: datetime
    start: datetime
    end: datetime
    measure: CapacityMeasure
    by: str
    instants: list[datetime]
    whole: GapSeries
    now: GapNow
    groups: list[GapGroup]
    projection: Projection | None
    no_projection: Annotated[str, "Why there is no projection."]
    capability_gap: CapabilityOfFleet


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingSite:
    site: str
    held: float
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingStep(ClosingSite):
    checks_so_far: int
    freed_so_far: float


@dataclass(frozen=True, slots=True)
class ClosingCheck:
    check: str
    sites: tuple[str, ...]
    touched: float
    frees: tuple[str, ...]
    freed: float


@dataclass(frozen=True, slots=True)
class BestClosing:
    checks: int
    needed: int
    freed: float
    sites: list[ClosingSite]


@dataclass(frozen=True, slots=True)
class GapClosing:
    evaluated_at: datetime
    measure: CapacityMeasure
    target: ClosingTarget
    held: Annotated[float, "Capacity of all sites short of the target."]
    sites_held: int
    plan: Annotated[list[ClosingStep], "Sites by capacity freed for each check."]
    checks: Annotated[list[ClosingCheck], "The check that frees most first."]
    best: Annotated[BestClosing, "The most capacity that this number of checks frees, and at which sites."]
    curve: Annotated[tuple[CurvePoint, ...], "A point wherever one more check frees more; exact."]
    beyond_checks: Annotated[list[str], "Sites that resolving checks cannot free."]


@endpoint(
    *MAY_SEE,
    parameters=[*_WHICH, *_OVER_TIME],
    operation_id="readiness_gap",
    summary="Deployed, ready and conditional capacity over time, whole and by group",
)
def gap(request: Request) -> GapOverTime:
    now = clock.now()
    question = _question(request)
    span = TimeRange.read(request._request, now=now, default=DEFAULT_RANGE)
    sites = queries.fleet_with_past(question, now=now)
    whole = queries.gap_history(question, sites, start=span.start, end=span.end)
    groups = queries.groups_over_time(question, sites, start=span.start, end=span.end)
    at_present = queries.present(question, sites)
    measure = question.measure
    return GapOverTime(
        evaluated_at=now,
        start=span.start,
        end=span.end,
        measure=measure,
        by=question.by,
        instants=[gap.at for gap in whole.gaps],
        whole=GapSeries(**_series(whole.gaps, measure)),
        now=_now(at_present.fleet.gap, measure),
        groups=[
            GapGroup(
                key=group.key,
                label=group.label,
                now=_now(group.now, measure),
                **_series(group.gaps, measure),
            )
            for group in groups
        ],
        projection=whole.projection,
        no_projection=whole.no_projection,
        capability_gap=capability_figures(
            CapabilityOfFleet,
            at_present.capability,
            accelerator_growth=queries.accelerator_growth(at_present.fleet),
        ),
    )


def capability_figures[Kind: CapabilityFigures](
    kind: type[Kind], gap: CapabilityGap | None, **others: Any
) -> Kind:
    if gap is None:
        return kind(**dict.fromkeys((*GROWN, *GROWTH)), reason="Nobody is recorded.", **others)
    return filled(kind, gap, **{name: getattr(gap.growth, name) for name in GROWTH}, **others)


def _question(request: Request) -> Question:
    regions = queries.regions() if "region" in request.query_params else {}
    return read(request.query_params, regions=regions)


def _now(gap: Gap, measure: CapacityMeasure) -> GapNow:
    return GapNow(**{band: measure.of(getattr(gap, band)) for band in BANDS})


def _series(gaps: Sequence[Gap], measure: CapacityMeasure) -> dict[str, list[float]]:
    return {band: [round(measure.of(getattr(gap, band)), 6) for gap in gaps] for band in BANDS}


@endpoint(
    *MAY_SEE,
    parameters=[*_WHICH, *_HOW],
    operation_id="readiness_gap_closing",
    summary="What would close the gap: a ranked plan, single checks, and the best for any number of checks",
)
def gap_closing(request: Request) -> GapClosing:
    now = clock.now()
    question = _question(request)
    fleet_standing = queries.fleet_of(question, now=now)
    outcome = closing(fleet_standing, target=question.target, measure=question.measure)
    of = question.measure.of
    return GapClosing(
        evaluated_at=now,
        measure=question.measure,
        target=question.target,
        held=of(outcome.capacity),
        sites_held=len(outcome.held_sites),
        plan=[
            filled(
                ClosingStep,
                step.site,
                held=of(step.site.capacity),
                checks_so_far=step.checks_so_far,
                freed_so_far=of(step.freed_so_far),
            )
            for step in outcome.plan[:MOST_SITES]
        ],
        checks=[
            filled(
                ClosingCheck,
                effect,
                check=effect.check_id,
                touched=of(effect.touched),
                freed=of(effect.freed),
            )
            for effect in outcome.effects
        ],
        best=_best(outcome, question.checks),
        curve=outcome.curve,
        beyond_checks=[site.site for site in outcome.beyond],
    )


def _best(outcome: Closing, checks: int) -> BestClosing:
    sites, of = outcome.best_with(checks), outcome.measure.of
    return BestClosing(
        checks=checks,
        needed=sum(len(site.checks) for site in sites),
        freed=sum(of(site.capacity) for site in sites),
        sites=[filled(ClosingSite, site, held=of(site.capacity)) for site in sites],
    )
