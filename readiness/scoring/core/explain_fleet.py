"""Why the score of several sites moved.

The score of a fleet is the plain mean of its sites' scores, each site counting once: a site's score says how it is
run, which its size does not change. (What size is at stake is the gap's to say, in kW.) Shares of causes are the mean
of the sites' over those that are there at both ends. A site that came or went moves the mean by its distance from the
mean of those; that is a line of its own beside the five causes. All lines add up to the change.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from readiness.scoring.core.coalitions import CAUSES
from readiness.scoring.core.explain import NOTHING, Causes, Move


@dataclass(frozen=True, slots=True)
class FleetMove[Site: Hashable]:
    """Means at both ends, None where no site has a score. `came` and `went` are what each such site adds."""

    start: float | None
    end: float | None
    by: Causes
    came: Mapping[Site, float]
    went: Mapping[Site, float]
    sites: int

    @property
    def change(self) -> float:
        return (self.end or 0.0) - (self.start or 0.0)

    @property
    def coming_and_going(self) -> float:
        return sum(self.came.values()) + sum(self.went.values())


def fleet_move[Site: Hashable](
    stayed: Mapping[Site, Move], came: Mapping[Site, float], went: Mapping[Site, float]
) -> FleetMove[Site]:
    """From the moves of sites that are there at both ends, and the scores of those that are there at one."""
    starts = [move.start or 0.0 for move in stayed.values()]
    ends = [move.end or 0.0 for move in stayed.values()]
    start, end = _mean([*starts, *went.values()]), _mean([*ends, *came.values()])
    by = (
        {cause: sum(move.by[cause] for move in stayed.values()) / len(stayed) for cause in CAUSES}
        if stayed
        else NOTHING
    )
    return FleetMove(
        start=start,
        end=end,
        by=by,
        came=_off_the_mean(came, ends),
        went={site: -effect for site, effect in _off_the_mean(went, starts).items()},
        sites=len(stayed),
    )


def _off_the_mean[Site: Hashable](scores: Mapping[Site, float], others: list[float]) -> dict[Site, float]:
    middle = _mean(others) or 0.0
    return {site: (score - middle) / (len(scores) + len(others)) for site, score in scores.items()}


def _mean(scores: list[float]) -> float | None:
    return sum(scores) / len(scores) if scores else None
