"""One site under two definitions: whether its verdict moves, and which checks and thresholds move it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from readiness.scoring.core.combine import CombinedCheck
from readiness.scoring.core.evaluate import SiteResult
from readiness.scoring.core.judge import PartResult
from readiness.scoring.core.states import Tier, Verdict

NO_VERDICT = ""
"""Stored for sites in stages that have no verdict."""
ABSENT = ""
"""In the place of a state: the definition has no such check or sub-measure."""
_BETTER = {Verdict.NOT_READY: 0, Verdict.CONDITIONAL: 1, Verdict.READY: 2}
SAME_SCORE = 1e-9


@dataclass(frozen=True, slots=True)
class PartMove:
    """A sub-measure that comes to another state, with the threshold that it is measured against on each side."""

    part: str
    before: str
    after: str
    value: float | None
    unit: str
    threshold_before: str
    threshold_after: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckChange:
    """A check that comes to another state or decides something else."""

    check: str
    before: str
    after: str
    gate_before: str
    gate_after: str
    parts: tuple[PartMove, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """`moves` are all checks that move; `responsible` are those that move the verdict, in the order they decide."""

    verdict_before: str
    verdict_after: str
    score_before: float | None
    score_after: float | None
    moves: tuple[CheckChange, ...]
    responsible: tuple[CheckChange, ...]

    @property
    def verdict_moves(self) -> bool:
        return self.verdict_before != self.verdict_after

    @property
    def score_moves(self) -> bool:
        before, after = self.score_before, self.score_after
        if before is None or after is None:
            return before is not after
        return abs(before - after) > SAME_SCORE


def difference(before: SiteResult, after: SiteResult) -> Difference:
    """Compare two results of the same inputs at the same instant: only the definition can make them differ."""
    moves = _moves(before.checks, after.checks)
    return Difference(
        verdict_before=before.verdict.verdict or NO_VERDICT,
        verdict_after=after.verdict.verdict or NO_VERDICT,
        score_before=before.score.result.score,
        score_after=after.score.result.score,
        moves=moves,
        responsible=_responsible(before, after, moves),
    )


def _moves(before: Iterable[CombinedCheck], after: Iterable[CombinedCheck]) -> tuple[CheckChange, ...]:
    earlier, later = {check.check_id: check for check in before}, {check.check_id: check for check in after}
    moves = []
    for check_id in sorted({**earlier, **later}):
        old, new = earlier.get(check_id), later.get(check_id)
        if old is None or new is None or _decides(old) != _decides(new):
            moves.append(_move(check_id, old, new))
    return tuple(moves)


def _decides(result: CombinedCheck) -> tuple[object, ...]:
    """All that verdict and score take from a check."""
    return result.state, result.gate, result.block_state, result.cond_state, result.tier is Tier.CAPPED


def _move(check_id: str, old: CombinedCheck | None, new: CombinedCheck | None) -> CheckChange:
    earlier = {part.part_id: part for part in old.parts} if old else {}
    later = {part.part_id: part for part in new.parts} if new else {}
    parts = [
        _part_move(part_id, earlier.get(part_id), later.get(part_id)) for part_id in {**later, **earlier}
    ]
    return CheckChange(
        check=check_id,
        before=old.state if old else ABSENT,
        after=new.state if new else ABSENT,
        gate_before=old.gate if old else ABSENT,
        gate_after=new.gate if new else ABSENT,
        parts=tuple(part for part in parts if part.before != part.after) if old and new else (),
    )


def _part_move(part_id: str, old: PartResult | None, new: PartResult | None) -> PartMove:
    latest = new or old
    assert latest is not None
    return PartMove(
        part=part_id,
        before=old.state if old else ABSENT,
        after=new.state if new else ABSENT,
        value=latest.value,
        unit=latest.unit,
        threshold_before=old.threshold_text if old else "",
        threshold_after=new.threshold_text if new else "",
        reason=latest.reason,
    )


def _responsible(
    before: SiteResult, after: SiteResult, moves: Sequence[CheckChange]
) -> tuple[CheckChange, ...]:
    """The changes that hold the new verdict after a fall, or held the old one before a rise."""
    old, new = before.verdict.verdict, after.verdict.verdict
    if old == new or old is None or new is None:
        return ()
    deciding = after.verdict.deciding if _BETTER[new] < _BETTER[old] else before.verdict.deciding
    by_id = {move.check: move for move in moves}
    deciding_moves = tuple(by_id[check_id] for check_id in deciding if check_id in by_id)
    # Where no check applies any more, none decides: the moves themselves are responsible.
    return deciding_moves or tuple(moves)
