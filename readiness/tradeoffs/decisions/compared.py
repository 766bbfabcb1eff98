"""Each forecast of a decision beside what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from readiness.scoring.core.states import Provenance
from readiness.tradeoffs.core.accuracy import Comparison, compare
from readiness.tradeoffs.core.options import BandedFigure
from readiness.tradeoffs.core.realised import RealisedFigure
from readiness.tradeoffs.decisions.realising import realised_of
from readiness.tradeoffs.models import Decision, DecisionForecast, DecisionOutcome
from readiness.tradeoffs.models.decisions import StatedFigure


@dataclass(frozen=True, slots=True)
class Pair:
    """`unknown` says why nothing came of it that is known. Where `final` it is written down, else it is so far."""

    forecast: DecisionForecast
    comparison: Comparison
    unknown: str
    final: bool

    @property
    def percent(self) -> float | None:
        return self.comparison.percent

    @property
    def provenances(self) -> list[str]:
        both = (self.comparison.expected.provenance, self.comparison.realised.provenance)
        return [one.value for one in both if one is not None]


def compared(decision: Decision, now: datetime) -> list[Pair]:
    """Return what was written down at the review; before that what has come so far, of an approved decision."""
    if decision.reviewed_at is not None:
        return pairs(decision, ())
    if decision.state != Decision.State.APPROVED:
        return []
    return pairs(decision, realised_of(decision, now))


def pairs(decision: Decision, outcomes: Sequence[RealisedFigure]) -> list[Pair]:
    """Pair forecasts with these outcomes, or with those written down. Read with `forecasts__outcome`."""
    by_objective = {outcome.objective: outcome for outcome in outcomes}
    paired = []
    for forecast in decision.forecasts.all():
        outcome = by_objective.get(forecast.objective) or _written(forecast)
        comparison = compare(forecast.objective, figure_of(forecast, forecast.unit), outcome.figure)
        paired.append(Pair(forecast, comparison, outcome.unknown, not outcomes))
    return paired


def figure_of(stated: StatedFigure, unit: str) -> BandedFigure:
    provenance = Provenance(stated.provenance) if stated.provenance else None
    return BandedFigure(stated.value, unit, provenance, stated.as_of, stated.low, stated.high, stated.source)


def _written(forecast: DecisionForecast) -> RealisedFigure:
    written: DecisionOutcome = forecast.outcome
    return RealisedFigure(forecast.objective, figure_of(written, forecast.unit), written.unknown)
