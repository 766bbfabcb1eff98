"""`GET /api/readiness/gap/` and `closing/` below it: the figures of the gap page, for programs."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers as fields
from rest_framework.request import Request

from inventory.models import Site
from readiness.assessment.scoring.core.closing import CheckEffect, ClosingTarget, HeldSite
from readiness.assessment.scoring.core.gap import CapacityMeasure, Gap
from readiness.assessment.scoring.gap import queries
from readiness.assessment.scoring.gap.closing import Closing, closing
from readiness.assessment.scoring.gap.queries import CHECKS, GROUPS, Question
from readiness.golive.worklist.params import BY, MOST_CHECKS, MOST_GROUPS, MOST_POINTS, read
from readiness.organisation.people.core.growth import CapabilityGap
from web import clock
from web.rest.reports import endpoint, parameter
from web.timerange import TimeRange

MAY_SEE = ("inventory.view_site", "scoring.view_sitescore")
PROJECTION = ("method", "instants", "deployed", "ready", "deployed_band", "ready_band")
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


def _bands(name: str, *, series: bool) -> Any:
    number = fields.ListField(child=fields.FloatField()) if series else fields.FloatField()
    return inline_serializer(name, dict.fromkeys(BANDS, number))


_answer = inline_serializer(
    "GapOverTime",
    {
        "evaluated_at": fields.DateTimeField(),
        "start": fields.DateTimeField(),
        "end": fields.DateTimeField(),
        "measure": fields.CharField(),
        "by": fields.CharField(),
        "instants": fields.ListField(child=fields.DateTimeField()),
        "whole": _bands("GapSeries", series=True),
        "now": _bands("GapNow", series=False),
        "groups": fields.ListField(child=fields.DictField()),
        "projection": fields.DictField(allow_null=True),
        "no_projection": fields.CharField(help_text="Why there is no projection."),
        "capability_gap": fields.DictField(),
    },
)
_closing_answer = inline_serializer(
    "GapClosing",
    {
        "evaluated_at": fields.DateTimeField(),
        "measure": fields.CharField(),
        "target": fields.CharField(),
        "held": fields.FloatField(help_text="Capacity of all sites short of the target."),
        "sites_held": fields.IntegerField(),
        "plan": fields.ListField(
            child=fields.DictField(), help_text="Sites by capacity freed for each check."
        ),
        "checks": fields.ListField(child=fields.DictField(), help_text="The check that frees most first."),
        "best": fields.DictField(
            help_text="The most capacity that this number of checks frees, and at which sites."
        ),
        "curve": fields.ListField(
            child=fields.DictField(), help_text="A point wherever one more check frees more; exact."
        ),
        "beyond_checks": fields.ListField(
            child=fields.CharField(), help_text="Sites that resolving checks cannot free."
        ),
    },
)


@endpoint(
    *MAY_SEE,
    parameters=[*_WHICH, *_OVER_TIME],
    answer=_answer,
    operation_id="readiness_gap",
    summary="Deployed, ready and conditional capacity over time, whole and by group",
)
def gap(request: Request) -> dict[str, Any]:
    now = clock.now()
    question = _question(request)
    span = TimeRange.read(request._request, now=now, default=DEFAULT_RANGE)
    sites = queries.with_past(question, now=now)
    whole = queries.over_time(question, sites, start=span.start, end=span.end)
    groups = queries.groups_over_time(question, sites, start=span.start, end=span.end)
    at_present = queries.present(question, sites)
    measure = question.measure
    return {
        "evaluated_at": now,
        "start": span.start,
        "end": span.end,
        "measure": measure.value,
        "by": question.by,
        "instants": [gap.at for gap in whole.gaps],
        "whole": _series(whole.gaps, measure),
        "now": _one(at_present.known.gap, measure),
        "groups": [
            {"key": group.key, "label": group.label, "now": _one(group.now, measure)}
            | _series(group.gaps, measure)
            for group in groups
        ],
        "projection": _fields(whole.projection, *PROJECTION) if whole.projection else None,
        "no_projection": whole.no_projection,
        "capability_gap": capability_fields(at_present.capability)
        | {"accelerator_growth": queries.accelerator_growth(at_present.known)},
    }


def capability_fields(gap: CapabilityGap | None) -> dict[str, Any]:
    """Null if nobody is recorded. `points` is null, with a reason, if the growth has no base."""
    if gap is None:
        return dict.fromkeys((*GROWN, *GROWTH)) | {"reason": "Nobody is recorded."}
    return _fields(gap, *GROWN, "reason") | _fields(gap.known, *GROWTH)


def _question(request: Request) -> Question:
    regions = queries.regions() if "region" in request.query_params else {}
    return read(request.query_params, regions=regions)


def _fields(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _one(gap: Gap, measure: CapacityMeasure) -> dict[str, float]:
    return {band: measure.of(getattr(gap, band)) for band in BANDS}


def _series(gaps: Sequence[Gap], measure: CapacityMeasure) -> dict[str, list[float]]:
    return {band: [round(measure.of(getattr(gap, band)), 6) for gap in gaps] for band in BANDS}


@endpoint(
    *MAY_SEE,
    parameters=[*_WHICH, *_HOW],
    answer=_closing_answer,
    operation_id="readiness_gap_closing",
    summary="What would close the gap: a ranked plan, single checks, and the best for any number of checks",
)
def gap_closing(request: Request) -> dict[str, Any]:
    now = clock.now()
    question = _question(request)
    known = queries.asked(question, now=now)
    outcome = closing(known, target=question.target, measure=question.measure)
    of = question.measure.of
    return {
        "evaluated_at": now,
        "measure": question.measure.value,
        "target": question.target.value,
        "held": of(outcome.capacity),
        "sites_held": len(outcome.held),
        "plan": [
            _held(step.site, of(step.site.held))
            | {"checks_so_far": step.checks_so_far, "freed_so_far": of(step.freed_so_far)}
            for step in outcome.plan[:MOST_SITES]
        ],
        "checks": [_effect(effect, question.measure) for effect in outcome.effects],
        "best": _best(outcome, question.checks),
        "curve": [_fields(point, "checks", "freed") for point in outcome.curve],
        "beyond_checks": [site.site for site in outcome.beyond],
    }


def _held(site: HeldSite, held: float) -> dict[str, Any]:
    return {"site": site.site, "held": held, "checks": list(site.checks)}


def _effect(effect: CheckEffect, measure: CapacityMeasure) -> dict[str, Any]:
    return {
        "check": effect.check_id,
        "sites": list(effect.sites),
        "touched": measure.of(effect.touched),
        "frees": list(effect.frees),
        "freed": measure.of(effect.freed),
    }


def _best(outcome: Closing, checks: int) -> dict[str, Any]:
    chosen, of = outcome.best_with(checks), outcome.measure.of
    return {
        "checks": checks,
        "needed": sum(len(site.checks) for site in chosen),
        "freed": sum(of(site.held) for site in chosen),
        "sites": [_held(site, of(site.held)) for site in chosen],
    }
