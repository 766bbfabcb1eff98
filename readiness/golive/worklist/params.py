"""The question about the gap in an address. The gap's page, its endpoint and the worklist share these parameters."""

from collections.abc import Iterable, Mapping

from django.utils.datastructures import MultiValueDict

from inventory.models import Site
from readiness.assessment.scoring.core.closing import ClosingTarget
from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.assessment.scoring.gap.queries import (
    CHECKS,
    FIRST_BLOCKER,
    GROUPS,
    KIND,
    PILLAR,
    POINTS,
    REGION,
    SITE,
    Question,
)
from web.timerange import BadParameter

BY = {FIRST_BLOCKER: "First blocker", PILLAR: "Pillar", REGION: "Region", KIND: "Kind", SITE: "Site"}
MEASURES = {CapacityMeasure.POWER: "Power", CapacityMeasure.ACCELERATORS: "Accelerators"}
TARGETS = {ClosingTarget.CONDITIONAL: "Conditional", ClosingTarget.READY: "Ready"}
MOST_POINTS = 400
BLOCKER_POINTS = 60
"""Blockers are known by the day, and reading a day costs a row for each site."""
WIDEST = 10_000
"""A chart may ask for one point per pixel; more points than exist are not an error."""
MOST_GROUPS, MOST_CHECKS = 50, 5000


class BadQuestion(BadParameter):
    """A question about the gap has a wrong parameter."""


FIELDS = ("measure", "by", "target", "region", "kind", "profile", "points", "groups", "checks")


def read(parameters: MultiValueDict[str, str], *, regions: Mapping[str, str], by: str = "") -> Question:
    """Read the question of an address; `regions` are names by slug, `by` is the default grouping.

    Raises BadQuestion.
    """
    by = _choice(parameters, "by", BY, default=by)
    by_blocker = by in (FIRST_BLOCKER, PILLAR)
    points = _number(parameters, "points", BLOCKER_POINTS if by_blocker else POINTS, least=2, most=WIDEST)
    return Question(
        measure=CapacityMeasure(_choice(parameters, "measure", MEASURES, default=CapacityMeasure.POWER)),
        by=by,
        target=ClosingTarget(_choice(parameters, "target", TARGETS, default=ClosingTarget.CONDITIONAL)),
        regions=_several(parameters, "region", regions),
        kinds=_several(parameters, "kind", Site.Kind.values),
        profiles=_several(parameters, "profile", Site.Profile.values),
        points=min(points, BLOCKER_POINTS if by_blocker else MOST_POINTS),
        groups=_number(parameters, "groups", GROUPS, least=1, most=MOST_GROUPS),
        checks=_number(parameters, "checks", CHECKS, least=1, most=MOST_CHECKS),
    )


def _choice(parameters: MultiValueDict[str, str], name: str, options: Iterable[str], *, default: str) -> str:
    value = str(parameters.get(name, "")) or default
    choices = [str(each) for each in options]
    if value and value not in choices:
        raise BadQuestion(name, f"is one of {', '.join(choices)}")
    return value


def _several(parameters: MultiValueDict[str, str], name: str, options: Iterable[str]) -> tuple[str, ...]:
    values = [each for value in parameters.getlist(name) for each in str(value).split(",") if each]
    choices = set(options)
    for each in values:
        if each not in choices:
            raise BadQuestion(name, f"There is no {each[:100]}.")
    return tuple(dict.fromkeys(values))


def _number(parameters: MultiValueDict[str, str], name: str, default: int, *, least: int, most: int) -> int:
    text = str(parameters.get(name, ""))
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 7 and least <= int(text) <= most):
        raise BadQuestion(name, f"is a whole number from {least} to {most}")
    return int(text)
