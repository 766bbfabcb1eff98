"""Compare the road as planned with saved views of it: each has its own ticked fixes and its own day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.http import QueryDict

from readiness.boards.road.core.sums import Road, RoadSums
from readiness.boards.road.core.threads import RoadState, road_blocker
from readiness.boards.road.params import MOST_PLANS, read
from readiness.boards.road.queries import RoadStanding
from readiness.boards.road.sentences import size_in
from web.saved_views.queries import View
from web.timerange import BadParameter


@dataclass(frozen=True, slots=True)
class ComparedRoad:
    """One way of the road. `by` and the number of `fixes` are those of a saved view, 0 as planned."""

    name: str
    url: str
    fixes: int
    by: date | None
    sums: RoadSums

    @property
    def dated(self) -> str:
        return size_in(self.sums)(self.sums.amount_in(RoadState.READY, RoadState.DATED))

    @property
    def undated(self) -> str:
        return size_in(self.sums)(self.sums.amount_in(RoadState.UNDATED))


def compared(standing: RoadStanding, views: Sequence[View], *, now: datetime) -> list[ComparedRoad]:
    """The road as planned, then those of the saved views of the question, over the sites of the question."""
    by_id = {view.id: view for view in views}
    ways = [ComparedRoad("As planned", "", 0, None, standing.road.planned)]
    for pk in standing.question.plans[:MOST_PLANS]:
        if (view := by_id.get(pk)) is not None and (way := _way(standing, view, now=now)) is not None:
            ways.append(way)
    return ways


def _way(standing: RoadStanding, view: View, *, now: datetime) -> ComparedRoad | None:
    """The road with the ticks and the day of a saved view; None if its day has passed."""
    parameters = QueryDict(view.query, mutable=True)
    for name in ("region", "kind", "profile", "plan"):
        parameters.pop(name, None)
    try:
        question = read(parameters, regions={}, now=now)
    except BadParameter:
        return None
    road = standing.road
    sites = tuple(
        site.replace_blockers(road_blocker(*blocker[:3], by=question.by) for blocker in site.blockers)
        for site in road.sites
    )
    fixes = {blocker.fix for site in sites for blocker in site.blockers if blocker.fix}
    way = Road(sites, road.measure, road.today, question.by, question.ticks & fixes)
    return ComparedRoad(view.name, view.url, len(way.ticks), question.by, way.fixed)
