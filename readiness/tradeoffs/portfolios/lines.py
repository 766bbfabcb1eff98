"""One point on the page of a run: key figures, moves, what changes by domain and by site, who is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readiness.tradeoffs.core.consequences import ConsequenceDomain, ConsequenceEffect
from readiness.tradeoffs.models import PortfolioRun
from web.links import link
from web.units import how_many, number

OBJECTIVE_NAMES = {"cost": "Cost", "carbon": "Carbon", "latency": "Latency", "risk": "Risk"}
DOMAIN_NAMES = {
    ConsequenceDomain.COST: "Cost",
    ConsequenceDomain.ENERGY: "Energy and carbon",
    ConsequenceDomain.NETWORK: "Network",
    ConsequenceDomain.REGULATION: "Regulation",
    ConsequenceDomain.READINESS: "Readiness",
}
RESOURCES = {"any": "Accelerators", "power": "IT power", "bandwidth": "Bandwidth"}
NOWHERE = "nowhere"
KINDS = {
    "forced": "Forced by a broken limit",
    "pinned": "Pinned",
    "choice": "A choice",
    "starts": "Begins to run",
    "stops": "Does not run",
}
"""Why a workload moves, the moves that have to be made first."""
REASONS = {
    "no-feasible-site": "No site keeps its limits",
    "unknown-figure": "A figure is unknown",
    "no-room": "No room",
    "gone": "Not declared any more",
}


@dataclass(frozen=True, slots=True)
class MoveRow:
    workload: str
    name: str
    before: str
    after: str
    before_name: str
    after_name: str
    changes: Mapping[str, float | None]
    line: str
    consequences: Sequence[Mapping[str, Any]]
    kind: str = ""
    why: str = ""

    @property
    def reason(self) -> str:
        said = str(KINDS.get(self.kind, ""))
        return f"{said}: {self.why}" if self.why else said


def moves(result: Mapping[str, Any], point: Mapping[str, Any]) -> list[MoveRow]:
    today, plan, sites = result["today"]["plan"], point["plan"], result["site_names"]
    rows = []
    for slug, name in result["names"].items():
        before, after = today.get(slug, ""), plan.get(slug, "")
        if before == after:
            continue
        move = result["moves"][slug][after]
        rows.append(
            MoveRow(
                slug,
                name,
                before,
                after,
                sites.get(before, before) or str(NOWHERE),
                sites.get(after, after) or str(NOWHERE),
                move["changes"],
                move["line"],
                move["consequences"],
                # Runs of before moves had reasons have none.
                move.get("kind", ""),
                move.get("why", ""),
            )
        )
    return sorted(rows, key=lambda row: (order(row), row.name.casefold()))


def order(row: MoveRow) -> int:
    """Forced moves first."""
    return list(KINDS).index(row.kind) if row.kind else len(KINDS)


def by_domain(rows: Sequence[MoveRow]) -> list[dict[str, Any]]:
    """How many moves make it better or worse there; one move counts once for each effect that it has in a domain."""
    domains = []
    for domain, name in DOMAIN_NAMES.items():
        seen = [
            {
                consequence["effect"]
                for consequence in row.consequences
                if consequence["domain"] == domain.value
            }
            for row in rows
        ]
        counts = [
            {"effect": effect.value, "count": count}
            for effect in ConsequenceEffect
            if (count := sum(effect.value in effects for effects in seen))
        ]
        domains.append({"name": name, "counts": counts})
    return domains


def by_site(
    result: Mapping[str, Any], point: Mapping[str, Any], rows: Sequence[MoveRow]
) -> list[dict[str, Any]]:
    """Sites that workloads come to or leave, with what each resource is filled to."""
    sites = sorted({site for row in rows for site in (row.before, row.after) if site})
    return [
        {
            "name": result["site_names"].get(site, site),
            "url": link("site", site),
            "comes": [row.name for row in rows if row.after == site],
            "leaves": [row.name for row in rows if row.before == site],
            "filling": [_filling(filling) for filling in point["filling"] if filling["site"] == site],
        }
        for site in sites
    ]


def _filling(filling: Mapping[str, Any]) -> dict[str, Any]:
    there = "unknown" if filling["capacity"] is None else number(filling["capacity"])
    change = f"{number(filling['before'])} → {number(filling['after'])}"
    name = RESOURCES.get(filling["resource"], filling["resource"])
    return {"name": name, "text": f"{change} of {there} {filling['unit']}"}


def left_out(result: Mapping[str, Any], point: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "slug": slug,
            "name": result["names"].get(slug, slug),
            "url": link("workload", slug) if slug in result["names"] else "",
            "reason": REASONS[told["reason"]],
            "words": told["words"],
        }
        for slug, told in sorted(point["left_out"].items())
    ]


def pins(
    pinned: Mapping[str, str], result: Mapping[str, Any], point: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Each workload that has to run at one site: whether it stays, comes there, or has no place at this point."""
    today = result["today"]["plan"]
    found = []
    for workload, site in pinned.items():
        said = "left out"
        if workload in point["plan"]:
            said = "stays" if today.get(workload) == site else "moves there"
        found.append(
            {
                "name": result["names"].get(workload, workload),
                "url": link("workload", workload) if workload in result["names"] else "",
                "site_name": result["site_names"].get(site, site),
                "site_url": link("site", site),
                "left_out": workload not in point["plan"],
                "said": said,
            }
        )
    return sorted(found, key=lambda one: one["name"].casefold())


def gap(point: Mapping[str, Any]) -> str:
    return f"{number(100 * point['gap'], 2)} %"


def weights(point: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{OBJECTIVE_NAMES[name]} {number(round(100 * share))} %" for name, share in point["weights"].items()
    )


def sums(point: Mapping[str, Any]) -> Mapping[str, float]:
    """Return a point's sums over the workloads in today's sums; older runs have sums over all placed workloads only."""
    return point.get("compared") or point["totals"]


def points(run: PortfolioRun, chosen: int, address: Any) -> list[dict[str, Any]]:
    """Rows of the front, with where each is chosen."""
    result = run.result or {}
    return [
        {
            "number": place,
            "url": address(place),
            "current": place == chosen,
            "weights": weights(point),
            "also": len(point.get("also", ())),
            "totals": [number(round(sums(point)[name])) for name in result["objectives"]],
            "gap": gap(point),
            "dominated_by": None if point["dominated_by"] is None else point["dominated_by"] + 1,
            "left_out": len(point["left_out"]),
        }
        for place, point in enumerate(result.get("points", ()), 1)
    ]


def plans_told(result: Mapping[str, Any]) -> str:
    """How many plans there are for how many weights."""
    plans, asked = len(result["points"]), result.get("weightings", len(result["points"]))
    return f"{how_many(plans, 'plan', 'plans')} for {asked} weights"


def heads(result: Mapping[str, Any]) -> list[str]:
    return [f"{OBJECTIVE_NAMES[name]}, {result['units'][name]}" for name in result["objectives"]]


def key_figures(
    result: Mapping[str, Any], point: Mapping[str, Any], rows: Sequence[MoveRow]
) -> list[dict[str, Any]]:
    """List the proven gap and the changes against today, summed over the same workloads as the chart."""
    figures: list[dict[str, Any]] = [
        {
            "label": "Proven gap",
            "value": number(100 * point["gap"], 2),
            "unit": "%",
            "note": "no plan for these weights is better by more",
        },
        {
            "label": "Moves",
            "value": number(len(rows)),
            "unit": "",
            "note": _moves_told(rows, len(point["left_out"])),
        },
    ]
    compared = result["today"].get("workloads")
    for name in result["objectives"]:
        unit, _comma, summed = result["units"][name].partition(", ")
        figures.append(
            {
                "label": f"{OBJECTIVE_NAMES[name]} against today"
                if not summed
                else f"{OBJECTIVE_NAMES[name]} against today, summed",
                "value": signed(point["changes"][name]) if compared or compared is None else None,
                "unit": unit,
                "note": _over(result, name, rows, len(compared or ())),
            }
        )
    return figures


def _moves_told(rows: Sequence[MoveRow], left_out: int) -> str:
    """`2 forced by a broken limit, 3 a choice; 1 workload left out`."""
    counts = [
        f"{count} {str(label).lower()}"
        for kind, label in KINDS.items()
        if (count := sum(row.kind == kind for row in rows))
    ]
    said = how_many(left_out, "workload left out", "workloads left out")
    return f"{', '.join(counts)}; {said}" if counts else said


def _over(result: Mapping[str, Any], name: str, rows: Sequence[MoveRow], compared: int) -> str:
    """Say how many workloads a sum covers, and which part of it is forced."""
    if not compared:
        return "no workload runs today with every figure known"
    said = f"over {how_many(compared, 'workload', 'workloads')}"
    inside = set(result["today"]["workloads"])
    forced = [
        change
        for row in rows
        if row.kind == "forced" and row.workload in inside and (change := row.changes[name]) is not None
    ]
    if not forced:
        return said
    return f"{said}; {signed(sum(forced))} of it forced"


def signed(value: float | None) -> str:
    if value is None:
        return "unknown"
    shown = number(round(value) if abs(value) >= 10 else round(value, 2))
    return f"+{shown}" if value > 0 else shown.replace("-", "−")


def today_told(result: Mapping[str, Any]) -> str:
    """Over which workloads today and every point are summed, and which are in none of these sums."""
    today = result["today"]
    if not today["counted"]:
        return "Today is not drawn: of no workload that runs are all figures known."
    if today["counted"] == len(result["names"]):
        return f"Today and every point sum all {today['counted']} workloads."
    outside = ", ".join(
        f"{result['names'].get(slug, slug)} ({why})" for slug, why in today.get("outside", {}).items()
    )
    said = f"Today and every point sum the same {today['counted']} of {len(result['names'])} workloads."
    return f"{said} Not in it: {outside}." if outside else said
