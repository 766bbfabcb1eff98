"""Sentences about a dry-run: what it comes to, how far a band moves, what moves a site."""

from collections.abc import Mapping
from typing import Any

from web.units import how_many, power

type Plain = Mapping[str, Any]


def outcome(result: Plain) -> str:
    moved = sum(site["verdict_moves"] for site in result["sites"])
    if not moved:
        return "No site would change its verdict."
    return how_many(moved, "site would change its verdict.", "sites would change their verdict.")


def band_moved(before: Plain, after: Plain) -> str:
    kw, accelerators, sites = (after[name] - before[name] for name in ("it_kw", "accelerators", "sites"))
    if not (kw or accelerators or sites):
        return "unchanged"
    return (
        f"{_signed(str(power(abs(kw))), kw)}, {_signed(f'{abs(accelerators):,}', accelerators)} accelerators,"
        f" {_signed(str(abs(sites)), sites)} sites"
    )


def _signed(text: str, value: float) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{text}"


def moved_by(site: Plain) -> str:
    return "; ".join(_move(move) for move in site["responsible"] or site["moves"])


def _move(move: Plain) -> str:
    """`p2-backup-power pass → fail: UPS load 70 % against ≤ 65 % (was ≤ 80 %)`."""
    states = f"{move['before'] or 'not there'} → {move['after'] or 'not there'}"
    if move["gate_before"] != move["gate_after"] and move["gate_before"] and move["gate_after"]:
        states += f", {move['gate_before']} → {move['gate_after']}"
    parts = "; ".join(_part(part) for part in move["parts"])
    return f"{move['check']} {states}" + (f": {parts}" if parts else "")


def _part(part: Plain) -> str:
    value = "" if part["value"] is None else f" {part['value']:g} {part['unit']}".rstrip()
    before, after = part["threshold_before"], part["threshold_after"]
    if before == after:
        return f"{part['part']}{value}, {part['before'] or '–'} → {part['after'] or '–'}"
    return f"{part['part']}{value} against {after or '–'}, was {before or '–'}"
