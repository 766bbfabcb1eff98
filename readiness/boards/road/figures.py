"""The three figures of the road, for its page and for the strip on Fleet and Home."""

from dataclasses import dataclass
from datetime import UTC

from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.assessment.scoring.gap.queries import Question
from readiness.assessment.scoring.queries.standing import FleetStanding
from readiness.boards.road import sentences
from readiness.boards.road.core.sums import Road
from readiness.boards.road.core.threads import RoadState, month_end
from readiness.boards.road.params import RoadQuestion
from readiness.boards.road.queries import road_outline
from web.links import link
from web.units import Formatted, number, power


@dataclass(frozen=True, slots=True)
class RoadFigure:
    """`with_fixes` is the same with the ticked fixes, None where they change nothing. `url` leads to its sites."""

    key: str
    title: str
    quantity: Formatted
    note: str
    with_fixes: Formatted | None
    url: str


STATES = {
    "ready": (RoadState.READY,),
    "dated": (RoadState.READY, RoadState.DATED),
    "undated": (RoadState.UNDATED,),
}
"""The states that each figure adds up: ready now, ready once every date is kept, and without a date."""


def figures_of(road: Road) -> list[RoadFigure]:
    notes = sentences.figure_notes(road.planned)
    titles = sentences.figure_titles(road.planned.last_on)
    return [
        RoadFigure(
            key,
            titles[key],
            quantity(road.planned.amount_in(*states), road),
            notes[key],
            None if key == "ready" else quantity(road.fixed.amount_in(*states), road),
            link("road", state=key),
        )
        for key, states in STATES.items()
    ]


def quantity(value: float, road: Road) -> Formatted:
    if road.measure is CapacityMeasure.POWER:
        return power(value)
    return Formatted(number(value), "accelerators")


def strip_of(fleet: FleetStanding) -> list[RoadFigure]:
    """The figures of all sites of the fleet; none without capacity."""
    today = fleet.at.astimezone(UTC).date()
    road = road_outline(RoadQuestion(Question(), today, month_end(today)), fleet, now=fleet.at)
    return figures_of(road) if road.sites else []
