"""One site under two definitions: whether its verdict moves, and which checks and thresholds move it. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class TriedSite:
    """A site with what it has deployed, and the states of its checks by state on each side."""

    slug: str
    name: str
    stage: str
    it_kw: float
    accelerators: int
    difference: Difference
    states_before: Mapping[str, int]
    states_after: Mapping[str, int]


def summary(tried: Sequence[TriedSite], names: Mapping[str, str], skipped: Iterable[str]) -> dict[str, Any]:
    """The result that a dry-run keeps. `names` are of checks by id, `skipped` the sites that could not be evaluated."""
    moved = [site for site in tried if site.difference.verdict_moves or site.difference.score_moves]
    return {
        "bands": _bands(tried),
        "states": _states(tried),
        "checks": _checks(tried, names),
        "sites": [_site(site, names) for site in sorted(moved, key=_verdicts_first)],
        "skipped": sorted(skipped),
    }


def _verdicts_first(site: TriedSite) -> tuple[bool, float, str]:
    return (not site.difference.verdict_moves, -site.it_kw, site.name)


def _bands(tried: Iterable[TriedSite]) -> dict[str, dict[str, dict[str, float]]]:
    bands: dict[str, dict[str, dict[str, float]]] = {"before": {}, "after": {}}
    for site in tried:
        sides = {"before": site.difference.verdict_before, "after": site.difference.verdict_after}
        for side, verdict in sides.items():
            band = bands[side].setdefault(verdict or "none", {"sites": 0, "it_kw": 0.0, "accelerators": 0})
            band["sites"] += 1
            band["it_kw"] += site.it_kw
            band["accelerators"] += site.accelerators
    return bands


def _states(tried: Iterable[TriedSite]) -> dict[str, dict[str, int]]:
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for site in tried:
        before.update(site.states_before)
        after.update(site.states_after)
    return {"before": dict(before), "after": dict(after)}


def _checks(tried: Iterable[TriedSite], names: Mapping[str, str]) -> list[dict[str, Any]]:
    counted = Counter(
        (move.check, move.before, move.after, move.gate_before, move.gate_after)
        for site in tried
        for move in site.difference.moves
    )
    return [
        {
            "check": check,
            "name": names.get(check, check),
            "from": before,
            "to": after,
            "gate_from": gate_before,
            "gate_to": gate_after,
            "sites": sites,
        }
        for (check, before, after, gate_before, gate_after), sites in sorted(
            counted.items(), key=lambda item: (-item[1], item[0])
        )
    ]


def _site(site: TriedSite, names: Mapping[str, str]) -> dict[str, Any]:
    difference = site.difference
    return {
        "site": site.slug,
        "name": site.name,
        "stage": site.stage,
        "it_kw": site.it_kw,
        "accelerators": site.accelerators,
        "from": difference.verdict_before,
        "to": difference.verdict_after,
        "verdict_moves": difference.verdict_moves,
        "score_from": difference.score_before,
        "score_to": difference.score_after,
        "responsible": [_plain_move(move, names) for move in difference.responsible],
        "moves": [_plain_move(move, names) for move in difference.moves],
    }


def _plain_move(move: CheckChange, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        **asdict(move),
        "parts": [asdict(part) for part in move.parts],
        "name": names.get(move.check, move.check),
    }
