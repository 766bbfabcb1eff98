"""What a sweep found, as plain values that are kept: points with plan, totals and gap, and what each move does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from readiness.tradeoffs.core.consequences import Consequence, line
from readiness.tradeoffs.core.moves import Against, against
from readiness.tradeoffs.core.portfolio import LeftOut, Point, Sweep
from readiness.tradeoffs.placing.parts import ANY
from readiness.tradeoffs.portfolios.fleet import BANDWIDTH, POWER, Fleet

VERSION = 1


def result_of(fleet: Fleet, found: Sweep) -> dict[str, Any]:
    """Moves stand once for all points that make them: by workload, then by the site that it goes to."""
    moves: dict[str, dict[str, Any]] = {}
    points = []
    for point in found.points:
        compared = against(fleet.portfolio, fleet.today, point.plan)
        _keep_moves(fleet, compared, moves)
        points.append(_point(fleet, found, point, compared))
    return {
        "version": VERSION,
        "objectives": list(fleet.portfolio.objectives),
        "units": {name: _unit(name, fleet.currency) for name in fleet.portfolio.objectives},
        "points": points,
        "today": _today(fleet),
        "moves": moves,
        "names": dict(fleet.names),
        "site_names": {
            site: fleet.site_names[site]
            for site in sorted({*fleet.portfolio.sites, *fleet.today.values()})
            if site in fleet.site_names
        },
    }


def _unit(objective: str, currency: str) -> str:
    units = {
        "cost": f"{currency}/month",
        "carbon": "kg CO2e/month",
        "latency": "ms, sum over workloads",
        "risk": "points, sum over workloads",
    }
    return units[objective]


def _today(fleet: Fleet) -> dict[str, Any]:
    """The sums over the workloads that run at a site in service and have every figure there; `of` is how many run."""
    portfolio = fleet.portfolio
    totals, counted = np.zeros(len(portfolio.objectives)), 0
    for row, name in enumerate(portfolio.workloads):
        site = fleet.today.get(name)
        if site not in portfolio.sites:
            continue
        figures = portfolio.figures[row, portfolio.sites.index(site)]
        if np.isfinite(figures).all():
            totals += figures
            counted += 1
    return {
        "totals": dict(zip(portfolio.objectives, totals.tolist(), strict=True)),
        "counted": counted,
        "of": len(fleet.today),
        "plan": dict(fleet.today),
    }


def _point(fleet: Fleet, found: Sweep, point: Point, compared: Against) -> dict[str, Any]:
    return {
        "weights": dict(point.weights),
        "plan": dict(point.plan),
        "totals": dict(point.totals),
        "cost": point.cost,
        "bound": point.bound,
        "gap": point.gap,
        "dominated_by": point.dominated_by,
        "changes": dict(compared.totals),
        "unknown": dict(compared.unknown),
        "left_out": _left_out(fleet, found, point),
        "filling": [
            {
                "site": one.site,
                "resource": one.resource,
                "unit": {POWER: "kW", BANDWIDTH: "Gb/s"}.get(one.resource, "accelerators"),
                "before": one.before,
                "after": one.after,
                "capacity": one.capacity,
            }
            for one in compared.filling
        ],
    }


def _left_out(fleet: Fleet, found: Sweep, point: Point) -> dict[str, dict[str, str]]:
    told: dict[str, dict[str, str]] = {
        slug: {"reason": "gone", "words": "It is not declared any more."} for slug in fleet.gone
    }
    for slug in fleet.portfolio.workloads:
        if slug not in point.plan:
            reason = found.left_out.get(slug, LeftOut.NO_ROOM)
            told[slug] = {"reason": reason.value, "words": _words(fleet, slug, reason)}
    return told


def _words(fleet: Fleet, slug: str, reason: LeftOut) -> str:
    if reason is LeftOut.NO_SITE:
        return f"No site keeps its limits: {fleet.against.get(slug, 'none is allowed')}."
    if reason is LeftOut.UNKNOWN:
        return f"At every site that keeps its limits a figure is unknown: {_unknown(fleet, slug)}."
    return _no_room(fleet, slug)


def _unknown(fleet: Fleet, slug: str) -> str:
    portfolio = fleet.portfolio
    row = portfolio.workloads.index(slug)
    told = []
    for column in np.flatnonzero(portfolio.allowed[row]).tolist():
        lacking = [
            name
            for place, name in enumerate(portfolio.objectives)
            if not np.isfinite(portfolio.figures[row, column, place])
        ]
        if lacking:
            told.append(f"{' and '.join(lacking)} at {_site(fleet, portfolio.sites[column])}")
    return ", ".join(told)


def _no_room(fleet: Fleet, slug: str) -> str:
    """What each site that keeps its limits lacks for this workload alone, or that others take the room."""
    portfolio = fleet.portfolio
    row = portfolio.workloads.index(slug)
    told = []
    for column in np.flatnonzero(portfolio.allowed[row]).tolist():
        lacks = [
            f"{'free ' if name == ANY else ''}{'accelerators' if name == ANY else name}"
            f"{' (unknown)' if np.isnan(there) else ''}"
            for name, asked, there in zip(
                portfolio.resources, portfolio.demand[row], portfolio.capacity[column], strict=True
            )
            if asked > np.nan_to_num(there, nan=0.0)
        ]
        if not lacks:
            return "There is no room for it beside the workloads that matter as much or more, or fill a site better."
        told.append(f"{' and '.join(lacks)} at {_site(fleet, portfolio.sites[column])}")
    return f"No site that keeps its limits has the room: {', '.join(told)}."


def _site(fleet: Fleet, slug: str) -> str:
    return fleet.site_names.get(slug, slug)


def _keep_moves(fleet: Fleet, compared: Against, moves: dict[str, dict[str, Any]]) -> None:
    for move in compared.moves:
        of_workload = moves.setdefault(move.workload, {})
        if (move.after or "") in of_workload:
            continue
        said = fleet.moved(move.workload, move.before, move.after)
        of_workload[move.after or ""] = {
            "changes": dict(move.changes),
            "line": line(said) or _without_consequences(move.before, move.after),
            "consequences": [_consequence(one) for one in said],
        }


def _without_consequences(before: str | None, after: str | None) -> str:
    if before is None:
        return "begins to run"
    if after is None:
        return "does not run"
    return ""


def _consequence(one: Consequence) -> Mapping[str, Any]:
    return {"domain": one.domain.value, "name": one.name, "words": one.words, "effect": one.effect.value}
