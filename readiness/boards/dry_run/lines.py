"""A dry-run in words: what its bands and checks come to, and who may publish what it tried."""

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from readiness.boards.dry_run.models import DryRun
from readiness.boards.dry_run.operations import MAY_TRY
from readiness.boards.dry_run.queries import NewestDryRun
from readiness.framework.models import FrameworkVersion
from readiness.framework.versions import MAY_PUBLISH
from web.links import link
from web.permissions import roles_of
from web.states import state as state_of
from web.units import plural, power
from web.visibility import name_of

type Line = dict[str, Any]

VERDICTS = ("ready", "conditional", "not-ready", "none")
NOTHING: Mapping[str, float] = {"sites": 0, "it_kw": 0.0, "accelerators": 0}


def sentence(run: DryRun) -> str:
    moved = verdicts_moved(run)
    if not moved:
        return "No site would change its verdict."
    said = plural(moved, "%(n)s site would change its verdict.", "%(n)s sites would change their verdict.")
    return said % {"n": moved}


def verdicts_moved(run: DryRun) -> int:
    return sum(1 for site in (run.result or {}).get("sites", ()) if site["verdict_moves"])


def key_figures(run: DryRun) -> list[Line]:
    bands = (run.result or {})["bands"]
    figures = []
    for verdict in VERDICTS:
        before, after = bands["before"].get(verdict, NOTHING), bands["after"].get(verdict, NOTHING)
        if not before["sites"] and not after["sites"]:
            continue
        kw, accelerators = after["it_kw"] - before["it_kw"], after["accelerators"] - before["accelerators"]
        sites = after["sites"] - before["sites"]
        still = not (kw or accelerators or sites)
        figures.append(
            {
                "label": state_of("verdict", "" if verdict == "none" else verdict).word,
                "value": str(power(after["it_kw"])),
                "note": "unchanged"
                if still
                else "{kw}, {accelerators} accelerators, {sites} sites".format(
                    kw=_signed(str(power(abs(kw))), kw),
                    accelerators=_signed(f"{abs(accelerators):,}", accelerators),
                    sites=_signed(str(abs(sites)), sites),
                ),
            }
        )
    return figures


def _signed(text: str, value: float) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{text}"


def check_lines(run: DryRun) -> list[Line]:
    return [
        {**row, "url": link("framework-check", run.version_id, row["check"]) if row["to"] else ""}
        for row in (run.result or {})["checks"]
    ]


def state_lines(run: DryRun) -> list[Line]:
    states = (run.result or {})["states"]
    return [
        {"state": each, "before": states["before"].get(each, 0), "after": states["after"].get(each, 0)}
        for each in ("pass", "warn", "fail", "unknown", "stale", "waived", "n-a")
        if states["before"].get(each, 0) != states["after"].get(each, 0)
    ]


def responsible(site: Mapping[str, Any]) -> list[str]:
    return [move_text(move) for move in site["responsible"] or site["moves"]]


def move_text(move: Mapping[str, Any]) -> str:
    """`p2-backup-power pass → fail: UPS load 70 % against ≤ 65 % (was ≤ 80 %)`."""
    states = f"{move['before'] or 'not there'} → {move['after'] or 'not there'}"
    if move["gate_before"] != move["gate_after"] and move["gate_before"] and move["gate_after"]:
        states += f", {move['gate_before']} → {move['gate_after']}"
    parts = "; ".join(part_text(part) for part in move["parts"])
    return f"{move['check']} {states}" + (f": {parts}" if parts else "")


def part_text(part: Mapping[str, Any]) -> str:
    value = "" if part["value"] is None else f" {part['value']:g} {part['unit']}".rstrip()
    before, after = part["threshold_before"], part["threshold_after"]
    if before == after:
        return f"{part['part']}{value}, {part['before'] or '–'} → {part['after'] or '–'}"
    against = f"against {after or '–'}, was {before or '–'}"
    return f"{part['part']}{value} {against}"


def run_lines(runs: list[DryRun]) -> list[Line]:
    return [
        {"run": run, "by": name_of(run.requested_by), "progress": f"{run.sites_done:,} / {run.sites_total:,}"}
        for run in runs
    ]


def choices_of(version: FrameworkVersion, standing: NewestDryRun, user: User) -> dict[str, Any]:
    publishes = user.has_perm(MAY_PUBLISH)
    why_not = ""
    if not publishes:
        why_not = f"Publishing takes the role {roles_of(MAY_PUBLISH)}."
    return {
        "may_try": user.has_perm(MAY_TRY) and version.status != FrameworkVersion.Status.PUBLISHED,
        "may_publish": publishes and version.is_draft,
        "may_roll_back": publishes and version.status == FrameworkVersion.Status.RETIRED,
        "why_not": why_not,
    }
