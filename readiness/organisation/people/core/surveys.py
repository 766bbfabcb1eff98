"""Answers to surveys: how they spread over a question, and where teams agree with the record."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from readiness.organisation.people.core.practice import SMALL_GROUP, number_of, same_answer

SPLIT_BELOW = 2 / 3
"""A question is split where no answer has this share. Operator-set default."""
ESTIMATES = {"not-ready": "Not ready", "conditional": "Conditional", "ready": "Ready"}
"""Estimates of readiness, in the words of verdicts, from the worst."""
_RANKS = list(ESTIMATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCount:
    answer: str
    count: int
    agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The answers to one question, the most frequent first."""

    counts: tuple[AnswerCount, ...]

    @property
    def total(self) -> int:
        return sum(each.count for each in self.counts)

    @property
    def is_split(self) -> bool:
        return self.counts[0].count < SPLIT_BELOW * self.total


def spread_of(values: Sequence[str], truth: str) -> Spread | None:
    """None where fewer than SMALL_GROUP answered."""
    if len(values) < SMALL_GROUP:
        return None
    groups: dict[float | str, list[str]] = defaultdict(list)
    for value in values:
        number = number_of(value)
        groups[" ".join(value.split()).casefold() if number is None else number].append(value)
    largest = sorted(groups.values(), key=lambda group: (-len(group), min(group)))
    return Spread(
        counts=tuple(
            AnswerCount(answer=min(group), count=len(group), agrees=same_answer(group[0], truth))
            for group in largest
        )
    )


def middle_estimate(estimates: Sequence[str]) -> str | None:
    """The estimate in the middle, the worse of two; None where fewer than SMALL_GROUP people gave one."""
    if len(estimates) < SMALL_GROUP:
        return None
    ranks = sorted(_RANKS.index(each) for each in estimates)
    return _RANKS[ranks[(len(ranks) - 1) // 2]]


def calibration_gap(estimate: str | None, verdict: str) -> int | None:
    """Steps that the estimate is above the verdict; below it, negative. None where either is missing."""
    if estimate is None or verdict not in ESTIMATES:
        return None
    return _RANKS.index(estimate) - _RANKS.index(verdict)
