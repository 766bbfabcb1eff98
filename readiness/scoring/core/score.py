"""Check, pillar and site scores, with what is not known and what is waived kept apart.

Pass counts 1, warn 0.5, everything else 0; `n-a` leaves the denominator. A pillar is the mean of its checks
weighted by gate, a site the mean of its pillars. The upper score counts unknown and stale as 1. Waived weight
is a band of its own, above the upper score: `score <= upper <= upper + waived <= 1`.

A pillar with no applicable weight has no score and leaves the site's mean, for the reason `n-a` leaves a
pillar's: 0 would punish a site for what does not concern it, 1 would be a pass without evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from readiness.scoring.core.combine import CombinedCheck
from readiness.scoring.core.states import CheckState

POINTS = {CheckState.PASS: 1.0, CheckState.WARN: 0.5}
UNPROVEN = frozenset({CheckState.UNKNOWN, CheckState.STALE})


@dataclass(frozen=True, slots=True)
class Score:
    """From 0 to 1, None where no weight applies. `coverage` is fresh / applicable, counted in checks."""

    score: float | None
    upper: float | None
    waived: float | None
    weight: int
    applicable_checks: int
    fresh_checks: int
    waived_checks: int

    @property
    def coverage(self) -> float | None:
        return self.fresh_checks / self.applicable_checks if self.applicable_checks else None


@dataclass(frozen=True, slots=True)
class PillarScore:
    pillar: str
    result: Score


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """`result.weight` is the sum over pillars, and plays no part in the mean."""

    result: Score
    pillars: tuple[PillarScore, ...]


def check_points(state: CheckState) -> float | None:
    """The points that a check counts in the score; None for `n-a`."""
    return None if state is CheckState.NOT_APPLICABLE else POINTS.get(state, 0.0)


def score_checks(results: Iterable[CombinedCheck]) -> Score:
    """The weighted mean of some checks, by default those of one pillar."""
    earned = unproven = waived = 0.0
    weight = applicable = fresh = waived_checks = 0
    for result in results:
        if result.state is CheckState.NOT_APPLICABLE:
            continue
        applicable += 1
        fresh += result.has_fresh_evidence
        weight += result.weight
        earned += result.weight * POINTS.get(result.state, 0.0)
        if result.state in UNPROVEN:
            unproven += result.weight
        elif result.state is CheckState.WAIVED:
            waived += result.weight
            waived_checks += 1
    return Score(
        score=earned / weight if weight else None,
        upper=(earned + unproven) / weight if weight else None,
        waived=waived / weight if weight else None,
        weight=weight,
        applicable_checks=applicable,
        fresh_checks=fresh,
        waived_checks=waived_checks,
    )


def score_site(results: Sequence[CombinedCheck], pillar_ids: Sequence[str]) -> SiteFigures:
    """The site's score and its pillars', in the order of `pillar_ids`."""
    by_pillar: dict[str, list[CombinedCheck]] = {pillar_id: [] for pillar_id in pillar_ids}
    for result in results:
        by_pillar[result.pillar].append(result)
    pillars = tuple(PillarScore(pillar, score_checks(checks)) for pillar, checks in by_pillar.items())
    scores = [pillar.result for pillar in pillars]
    return SiteFigures(
        result=Score(
            score=_mean(score.score for score in scores),
            upper=_mean(score.upper for score in scores),
            waived=_mean(score.waived for score in scores),
            weight=sum(score.weight for score in scores),
            applicable_checks=sum(score.applicable_checks for score in scores),
            fresh_checks=sum(score.fresh_checks for score in scores),
            waived_checks=sum(score.waived_checks for score in scores),
        ),
        pillars=pillars,
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
