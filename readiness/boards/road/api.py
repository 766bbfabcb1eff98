"""`GET /api/readiness/road/`: the road with every blocker and every fix, for programs."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from rest_framework.request import Request

from inventory.models import Site
from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.assessment.scoring.gap.queries import regions
from readiness.boards.road import queries, sentences
from readiness.boards.road.core.sums import RoadFix, RoadSums
from readiness.boards.road.core.threads import RoadSite, RoadState
from readiness.boards.road.fixes import cost_of
from readiness.boards.road.params import MAY_SEE, read
from readiness.boards.road.queries import RoadStanding
from web import clock
from web.rest.reports import endpoint, parameter


@dataclass(frozen=True, slots=True)
class RoadFigures:
    """Capacity in the unit of the measure; the three add up to what is deployed."""

    ready: float
    dated: Annotated[float, "Not ready, and every check that holds the site has a day."]
    undated: float
    last_on: Annotated[date | None, "When the last site with a day is ready."]


@dataclass(frozen=True, slots=True)
class RoadCheck:
    check: str
    owner: Annotated[str, "Key of the owner."]
    due_on: Annotated[date | None, "Null without a step, once its day has passed, and while nobody does it."]
    fix: Annotated[str | None, "Key of the fix that would resolve it sooner."]


@dataclass(frozen=True, slots=True)
class RoadSiteFigures:
    site: str
    size: float
    state: RoadState
    is_silent: bool
    first_blocker: str | None
    ready_on: date | None
    ready_on_with_fixes: date | None
    rests_on: str
    checks: Annotated[list[RoadCheck], "What holds the site, its first blocker first."]


@dataclass(frozen=True, slots=True)
class RoadOwnerFigures:
    key: str
    name: str
    is_gap: bool


@dataclass(frozen=True, slots=True)
class RoadCost:
    currency: str
    amount: float


@dataclass(frozen=True, slots=True)
class RoadFixFigures:
    key: str
    check: str
    owner: str
    sites: tuple[str, ...]
    touched: Annotated[float, "Capacity of its sites."]
    freed: Annotated[float, "Capacity that this fix alone makes ready sooner."]
    frees: list[str]
    costs: Annotated[list[RoadCost], "What its work items cost, as far as it is recorded."]
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class RoadAnswer:
    evaluated_at: datetime
    measure: CapacityMeasure
    today: date
    by: Annotated[date, "The day by which ticked fixes are done."]
    deployed: float
    planned: RoadFigures
    with_fixes: RoadFigures
    gained: Annotated[float, "Capacity that the ticked fixes make ready sooner."]
    sites: list[RoadSiteFigures]
    owners: list[RoadOwnerFigures]
    fixes: list[RoadFixFigures]


@endpoint(
    *MAY_SEE,
    parameters=[
        parameter(
            "measure",
            "What capacity is counted in.",
            enum=[each.value for each in CapacityMeasure],
            default="kw",
        ),
        parameter("region", "Slug; repeat or separate by commas. Every site unless given.", many=True),
        parameter("kind", "Kind of site.", many=True, enum=Site.Kind.values),
        parameter("profile", "Sites with any of these profiles.", many=True, enum=Site.Profile.values),
        parameter("fix", "Key of a ticked fix; unknown ones are ignored.", many=True),
        parameter("done_by", "The day by which ticked fixes are done; the end of this month unless given."),
    ],
    operation_id="readiness_road",
    summary="When each site is ready, what that rests on, and what fixing some checks would change",
)
def road(request: Request) -> RoadAnswer:
    now = clock.now()
    names = regions() if "region" in request.query_params else {}
    standing = queries.road_of(read(request.query_params, regions=names, now=now), now=now)
    ways = standing.road
    return RoadAnswer(
        evaluated_at=now,
        measure=ways.measure,
        today=ways.today,
        by=ways.by,
        deployed=ways.planned.deployed,
        planned=_figures(ways.planned),
        with_fixes=_figures(ways.fixed),
        gained=ways.gained,
        sites=[_site(standing, site) for site in ways.sites],
        owners=[RoadOwnerFigures(each.key, each.name, each.is_gap) for each in standing.owners.values()],
        fixes=[_fix(standing, fix) for fix in ways.fixes],
    )


def _figures(sums: RoadSums) -> RoadFigures:
    ready, dated, undated = (sums.amount_in(state) for state in RoadState)
    return RoadFigures(ready, dated, undated, sums.last_on)


def _site(standing: RoadStanding, site: RoadSite) -> RoadSiteFigures:
    ways = standing.road
    return RoadSiteFigures(
        site=site.slug,
        size=ways.measure.of(site.capacity),
        state=ways.planned.state_of(site),
        is_silent=site.slug in standing.silent,
        first_blocker=site.first.check if site.first else None,
        ready_on=ways.planned.days[site.slug],
        ready_on_with_fixes=ways.fixed.days[site.slug],
        rests_on=sentences.rests_on(standing, site),
        checks=[RoadCheck(each.check, each.owner, each.due_on, each.fix or None) for each in site.blockers],
    )


def _fix(standing: RoadStanding, fix: RoadFix) -> RoadFixFigures:
    return RoadFixFigures(
        key=fix.key,
        check=fix.check,
        owner=fix.owner,
        sites=fix.sites,
        touched=fix.touched,
        freed=fix.freed,
        frees=list(fix.frees),
        costs=[RoadCost(*each) for each in cost_of(standing, [fix]).amounts.items()],
        is_ticked=fix.key in standing.road.ticks,
    )
