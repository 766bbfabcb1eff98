"""`GET /api/readiness/explain/`: why a site, a region or the fleet moved between two days."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from readiness.assessment.scoring.core.evaluate import SiteVerdict
from readiness.assessment.scoring.core.explain import Causes, CheckMove, Sets
from readiness.assessment.scoring.core.states import CheckState, Verdict
from readiness.assessment.scoring.queries.results import Kept
from readiness.boards.explain import sentences
from readiness.boards.explain.queries import (
    FleetExplained,
    NothingKept,
    SiteExplained,
    SiteMove,
    fleet_explained,
    site_explained,
)
from readiness.boards.params import TwoDays, two_days
from web import clock
from web.rest.fields import Brief, brief
from web.rest.reports import endpoint, parameter
from web.rest.shapes import filled
from web.timerange import BadParameter

_PARAMETERS = [
    parameter("site", "Slug. Without it or a region, the fleet."),
    parameter("region", "Slug. Ignored if a site is given."),
    parameter("start", "A date (UTC day), now-7d, ISO 8601 or epoch ms; now-30d unless given."),
    parameter("end", "The same; now unless given. A day stands for its last evaluation."),
]


@dataclass(frozen=True, slots=True)
class ExplainedEnd:
    asked: date
    on_date: date
    evaluated_at: datetime
    score: Annotated[float | None, "0 to 1"]
    verdict: Verdict | None
    framework_version: str


@dataclass(frozen=True, slots=True)
class ExplainedPillar:
    pillar: str
    start: float | None
    end: float | None
    change: float
    causes: Causes


@dataclass(frozen=True, slots=True)
class ExplainedCheck:
    check: str
    pillar: str
    from_state: CheckState | None
    to_state: CheckState | None
    causes: Annotated[Causes, "Its part of the change of the site's score"]
    points: Annotated[Causes, "Of its own points, from 0 to 1"]
    moved_by: Annotated[Sets, "Minimal sets of causes that alone bring about the new state"]
    sentence: str


@dataclass(frozen=True, slots=True)
class ExplainedGrant:
    kind: str
    covers: Annotated[str, "A check, or check/part"]
    id: str
    began: bool


@dataclass(frozen=True, slots=True)
class ExplainedFact:
    fact: str
    start: object
    end: object


@dataclass(frozen=True, slots=True)
class ExplainedSite:
    site: Brief
    region: Brief | None
    start: ExplainedEnd
    end: ExplainedEnd
    change: float
    causes: Annotated[Causes, "Shapley values; they add up to the change"]
    sentence: str
    verdict_moved_by: Annotated[Sets, "Minimal sets of causes that alone bring about the verdict"]
    pillars: list[ExplainedPillar]
    checks: Annotated[list[ExplainedCheck], "The checks that moved"]
    rest: Annotated[Causes, "What comes of other checks weighing more or less, since some came or went"]
    grants: Annotated[list[ExplainedGrant], "Grants in force at one end only"]
    facts: Annotated[list[ExplainedFact], "Facts of the site that are not the same at both ends"]


@dataclass(frozen=True, slots=True)
class ExplainedDay:
    asked: date
    score: Annotated[float | None, "By deployed kW, 0 to 1; null where no site has any"]
    plain_mean: Annotated[float | None, "The plain mean of the sites"]
    framework_versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExplainedSiteOfSeveral:
    site: Brief
    start: float | None
    end: float | None
    verdict_start: str | None
    verdict_end: str | None
    start_kw: float | None
    end_kw: float | None
    adds: Annotated[float, "Its part of the change of the joint score"]
    causes: Causes


@dataclass(frozen=True, slots=True)
class ExplainedFleet:
    site: Brief | None
    region: Brief | None
    start: ExplainedDay
    end: ExplainedDay
    change: float
    causes: Annotated[
        Causes,
        "Shapley values; they add up to the change together with `capacity` and `sites_came_or_went`",
    ]
    capacity: Annotated[float, "Effect of changes in deployed kW"]
    sites_came_or_went: Annotated[float, "Effect of sites that have capacity on one day only"]
    sentence: str
    sites: Annotated[list[ExplainedSiteOfSeveral], "The largest effect on the score first"]
    left_out: Annotated[list[Brief], "Sites without a record near one of the days"]


@endpoint("scoring.view_checkresult", parameters=_PARAMETERS, operation_id="readiness_explain")
def explain(request: Request) -> ExplainedSite | ExplainedFleet:
    period = two_days(request.GET, now=clock.now())
    context = {"request": request}
    if period.site is None:
        fleet = fleet_explained(period.start, period.end, period.region)
        if fleet.too_many:
            raise BadParameter("region", sentences.too_many(fleet.too_many))
        return _fleet(fleet, period, context)
    explained = site_explained(period.site, period.start, period.end)
    if isinstance(explained, NothingKept):
        raise NotFound(sentences.nothing_kept(explained))
    return _site(explained, period, context)


def _site(explained: SiteExplained, period: TwoDays, context: dict[str, Any]) -> ExplainedSite:
    explanation = explained.explanation
    score, verdict = explanation.score, explanation.verdict
    return ExplainedSite(
        site=brief(explained.site, context),
        region=None,
        start=_end(explained.start, period.start, score.start, verdict.start),
        end=_end(explained.end, period.end, score.end, verdict.end),
        change=score.change,
        causes=score.by,
        sentence=sentences.finding(score),
        verdict_moved_by=verdict.moved_by,
        pillars=[
            filled(ExplainedPillar, move, pillar=key, causes=move.by)
            for key, move in explanation.pillars.items()
        ],
        checks=[_check(move, explained) for move in explanation.checks],
        rest=explanation.rest,
        grants=[filled(ExplainedGrant, move, id=move.grant.id) for move in explanation.grants],
        facts=[ExplainedFact(move.fact, _plain(move.start), _plain(move.end)) for move in explanation.facts],
    )


def _end(day: Kept, requested_on: date, score: float | None, verdict: SiteVerdict) -> ExplainedEnd:
    version = day.framework.version
    return filled(
        ExplainedEnd, day, asked=requested_on, score=score, verdict=verdict.verdict, framework_version=version
    )


def _check(move: CheckMove, explained: SiteExplained) -> ExplainedCheck:
    return filled(
        ExplainedCheck,
        move,
        check=move.check_id,
        from_state=move.start.state if move.start else None,
        to_state=move.end.state if move.end else None,
        causes=move.share,
        sentence=sentences.check_sentence(move, explained),
    )


def _fleet(explained: FleetExplained, period: TwoDays, context: dict[str, Any]) -> ExplainedFleet:
    move = explained.move
    return ExplainedFleet(
        site=None,
        region=brief(period.region, context) if period.region else None,
        start=ExplainedDay(period.start, move.start, move.plain[0], explained.versions[0]),
        end=ExplainedDay(period.end, move.end, move.plain[1], explained.versions[1]),
        change=move.change,
        causes=move.by,
        capacity=move.capacity,
        sites_came_or_went=move.coming_and_going,
        sentence=sentences.fleet_finding(explained),
        sites=[_one_of_several(row, context) for row in explained.sites],
        left_out=[brief(site, context) for site in explained.left_out],
    )


def _one_of_several(row: SiteMove, context: dict[str, Any]) -> ExplainedSiteOfSeveral:
    start, end = row.verdicts
    return ExplainedSiteOfSeveral(
        site=brief(row.site, context),
        start=None if row.came else row.move.start,
        end=None if row.went else row.move.end,
        verdict_start=None if row.came else start or None,
        verdict_end=None if row.went else end or None,
        start_kw=row.ends.start_kw,
        end_kw=row.ends.end_kw,
        adds=row.weight,
        causes=row.move.by,
    )


def _plain(fact: object) -> object:
    return sorted(fact) if isinstance(fact, frozenset) else fact
