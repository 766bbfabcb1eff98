"""The price of a move: what each objective changes by, from the figures of a placement at both sites.

The explorer, portfolios, decisions and the API all price a move here, so one move has one price, in one unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from readiness.tradeoffs.moves.consequences import Consequence, consequences
from readiness.tradeoffs.moves.options import (
    BandedFigure,
    CandidateSite,
    FigureError,
    LatencyLimit,
    worst_latency,
)

type Figures = Mapping[str, BandedFigure]


@dataclass(frozen=True, slots=True)
class PricedMove:
    """`changes` is after less before by objective, in the unit of its figures; None if a figure is unknown."""

    changes: dict[str, float | None]
    consequences: tuple[Consequence, ...]


def placement_figures(candidate: CandidateSite, served: tuple[LatencyLimit, ...]) -> dict[str, BandedFigure]:
    """The figure of each objective; a workload that serves no region has no latency."""
    figures = {
        "cost": candidate.monthly_cost,
        "energy": candidate.energy,
        "carbon": candidate.carbon,
        "readiness": candidate.readiness,
    }
    return figures | {"latency": worst_latency(candidate, served)} if served else figures


def move(before: CandidateSite, after: CandidateSite, served: tuple[LatencyLimit, ...]) -> PricedMove:
    """`served` names the regions and percentiles that count. Raises FigureError for figures in two units."""
    figures_before, figures_after = placement_figures(before, served), placement_figures(after, served)
    changes = {name: _change(name, figures_before[name], figures_after[name]) for name in figures_after}
    return PricedMove(changes, consequences(before, after, served))


def _change(name: str, figure_before: BandedFigure, figure_after: BandedFigure) -> float | None:
    if figure_before.value is None or figure_after.value is None:
        return None
    if figure_before.unit != figure_after.unit:
        raise FigureError(f"{name}: {figure_before.unit} and {figure_after.unit}")
    return figure_after.value - figure_before.value
