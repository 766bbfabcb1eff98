"""The causes of a change of score: one list, which chart, sentence and figures are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst

from readiness.boards.explain import sentences
from readiness.boards.explain.queries import SiteMove
from readiness.scoring.core.coalitions import CAUSES
from readiness.scoring.core.explain import Causes, Move
from readiness.scoring.core.explain_fleet import FleetMove
from readiness.scoring.core.mean import NO_KW
from readiness.scoring.core.rounding import apportioned

CAPACITY = "Capacity"
CAME_OR_WENT = "Sites came or went"
TENTHS = 1000
"""Tenths of a point of 100 in a score from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The share that a cause added, 0 to 1 of the score, and the tenths that are shown: those of all causes add up to
    the change that is shown of the score."""

    label: str
    means: str
    share: float
    tenths: int = 0

    @property
    def text(self) -> str:
        return sentences.tenths(self.tenths)


def of_site(move: Move) -> tuple[Cause, ...]:
    return _shown(_own(move.by), move.start, move.end)


def of_fleet(move: FleetMove[Any]) -> tuple[Cause, ...]:
    """The five causes at sites that stayed, then the causes that only several sites have."""
    further = []
    if move.capacity:
        means = "kW that came or went at sites that have some on both days"
        further.append(Cause(CAPACITY, means, move.capacity))
    if move.came or move.went:
        means = "sites that have deployed capacity on one of the days only"
        further.append(Cause(CAME_OR_WENT, means, move.coming_and_going))
    return _shown([*_own(move.by), *further], move.start, move.end)


def sentence(start: float | None, end: float | None, causes: Sequence[Cause]) -> str:
    """Causes that moved a score, strongest first: `From 85.0 to 63.7. Sites came or went −22.8, data +1.5 points.`"""
    if start is None and end is None:
        return "There is no score on either day."
    named = sorted((cause for cause in causes if cause.tenths), key=lambda cause: -abs(cause.tenths))
    if not named:
        effects = "No cause moved the score."
    else:
        listed = ", ".join(f"{cause.label.lower()} {cause.text}" for cause in named)
        effects = f"{capfirst(listed)} points."
    return f"From {sentences.score(start)} to {sentences.score(end)}. {effects}"


def finding(move: Move) -> str:
    """The sentence that stands for the chart of a site."""
    return sentence(move.start, move.end, of_site(move))


def fleet_sentence(move: FleetMove[Any]) -> str:
    if move.start is None and move.end is None:
        return NO_KW
    return sentence(move.start, move.end, of_fleet(move))


def of_one_of_several(row: SiteMove) -> str:
    """How a site moved the score of all; its capacity may have done more than the change of its own score."""
    if row.came or row.went:
        return "came" if row.came else "went"
    cause = strongest(of_site(row.move))
    by_own_score = abs(row.weight - row.by_capacity)
    return cause.label if cause and by_own_score >= abs(row.by_capacity) else CAPACITY


def strongest(causes: Sequence[Cause]) -> Cause | None:
    """The cause that did most, None where nothing shows."""
    cause = max(causes, key=lambda each: abs(each.tenths), default=None)
    return cause if cause is not None and cause.tenths else None


def _own(by: Causes) -> list[Cause]:
    return [Cause(sentences.CAUSE_WORDS[cause], sentences.MEANINGS[cause], by[cause]) for cause in CAUSES]


def _shown(causes: Sequence[Cause], start: float | None, end: float | None) -> tuple[Cause, ...]:
    tenths = apportioned([TENTHS * cause.share for cause in causes], sentences.change(start, end))
    return tuple(
        Cause(cause.label, cause.means, cause.share, shown)
        for cause, shown in zip(causes, tenths, strict=True)
    )
