"""Compare sites under two definitions: which verdicts change, and which checks and thresholds change them. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from readiness.assessment.scoring.core.combine import CombinedCheck
from readiness.assessment.scoring.core.evaluate import SiteResult
from readiness.assessment.scoring.core.judge import PartResult
from readiness.assessment.scoring.core.states import Tier, Verdict

type Plain = dict[str, Any]

ABSENT = ""
"""Stands for a missing state: the definition has no such check or sub-measure, or the stage has no verdict."""
_BETTER = {Verdict.NOT_READY: 0, Verdict.CONDITIONAL: 1, Verdict.READY: 2}
SAME_SCORE = 1e-9


class TriedSite(NamedTuple):
    """`row` is what a dry-run stores of the site if its outcome changes; its checks are counted by state on each
    side."""

    row: Plain
    before: Counter[str]
    after: Counter[str]


def tried_site(site: Plain, before: SiteResult, after: SiteResult, names: Mapping[str, str]) -> TriedSite:
    """Compare two results of the same inputs at the same instant, so that only the definition can explain a
    difference."""
    moves = _moves(before.checks, after.checks, names)
    old, new = before.verdict.verdict or ABSENT, after.verdict.verdict or ABSENT
    row = site | {
        "from": old,
        "to": new,
        "verdict_moves": old != new,
        "score_from": before.score.result.score,
        "score_to": after.score.result.score,
        "responsible": _responsible(before, after, moves),
        "moves": moves,
    }
    return TriedSite(row, *(Counter(str(check.state) for check in each.checks) for each in (before, after)))


def summary(tried: Sequence[TriedSite], names: Mapping[str, str], skipped: Iterable[str]) -> Plain:
    moved = [site.row for site in tried if site.row["verdict_moves"] or _score_moves(site.row)]
    nothing: Counter[str] = Counter()
    return {
        "bands": {"before": _bands(tried, "from"), "after": _bands(tried, "to")},
        "states": {
            "before": dict(sum((site.before for site in tried), nothing)),
            "after": dict(sum((site.after for site in tried), nothing)),
        },
        "checks": _checks(tried, names),
        "sites": sorted(moved, key=lambda row: (not row["verdict_moves"], -row["it_kw"], row["name"])),
        "skipped": sorted(skipped),
    }


def _score_moves(row: Plain) -> bool:
    before, after = row["score_from"], row["score_to"]
    if before is None or after is None:
        return before is not after
    return bool(abs(before - after) > SAME_SCORE)


def _moves(
    before: Iterable[CombinedCheck], after: Iterable[CombinedCheck], names: Mapping[str, str]
) -> list[Plain]:
    earlier, later = {check.check_id: check for check in before}, {check.check_id: check for check in after}
    moves = []
    for check_id in sorted({**earlier, **later}):
        old, new = earlier.get(check_id), later.get(check_id)
        if old is None or new is None or _decides(old) != _decides(new):
            moves.append(_move(check_id, old, new) | {"name": names.get(check_id, check_id)})
    return moves


def _decides(result: CombinedCheck) -> tuple[object, ...]:
    return result.state, result.gate, result.block_state, result.cond_state, result.tier is Tier.CAPPED


def _move(check_id: str, old: CombinedCheck | None, new: CombinedCheck | None) -> Plain:
    earlier = {part.part_id: part for part in old.parts} if old else {}
    later = {part.part_id: part for part in new.parts} if new else {}
    parts = [_part(part_id, earlier.get(part_id), later.get(part_id)) for part_id in {**later, **earlier}]
    return {
        "check": check_id,
        "before": old.state if old else ABSENT,
        "after": new.state if new else ABSENT,
        "gate_before": old.gate if old else ABSENT,
        "gate_after": new.gate if new else ABSENT,
        "parts": [part for part in parts if part["before"] != part["after"]] if old and new else [],
    }


def _part(part_id: str, old: PartResult | None, new: PartResult | None) -> Plain:
    latest = new or old
    assert latest is not None
    return {
        "part": part_id,
        "before": old.state if old else ABSENT,
        "after": new.state if new else ABSENT,
        "value": latest.value,
        "unit": latest.unit,
        "threshold_before": old.threshold_text if old else "",
        "threshold_after": new.threshold_text if new else "",
        "reason": latest.reason,
    }


def _responsible(before: SiteResult, after: SiteResult, moves: list[Plain]) -> list[Plain]:
    """The changes that hold the new verdict after a fall, or that held the old one before a rise."""
    old, new = before.verdict.verdict, after.verdict.verdict
    if old == new or old is None or new is None:
        return []
    deciding = after.verdict.deciding if _BETTER[new] < _BETTER[old] else before.verdict.deciding
    by_id = {move["check"]: move for move in moves}
    # If no check applies any more, no check decides, so the changes themselves are responsible.
    return [by_id[check_id] for check_id in deciding if check_id in by_id] or moves


def _bands(tried: Iterable[TriedSite], side: str) -> dict[str, Plain]:
    bands: dict[str, Plain] = {}
    for row, *_states in tried:
        band = bands.setdefault(row[side] or "none", {"sites": 0, "it_kw": 0.0, "accelerators": 0})
        band["sites"] += 1
        band["it_kw"] += row["it_kw"]
        band["accelerators"] += row["accelerators"]
    return bands


def _checks(tried: Iterable[TriedSite], names: Mapping[str, str]) -> list[Plain]:
    keys = ("check", "before", "after", "gate_before", "gate_after")
    counted = Counter(tuple(move[key] for key in keys) for site in tried for move in site.row["moves"])
    heads = ("check", "from", "to", "gate_from", "gate_to")
    return [
        dict(zip(heads, move, strict=True)) | {"name": names.get(move[0], move[0]), "sites": sites}
        for move, sites in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]
