"""Many differences in one result: who moves where, what the bands of capacity lose and gain. Pure, plain values out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from readiness.boards.dry_run.comparing import CheckChange, Difference


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
    """Sites and capacity by verdict, before and after."""
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
    """How many sites each check moves at, from which state to which, the most first."""
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
