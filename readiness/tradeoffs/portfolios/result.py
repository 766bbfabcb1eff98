"""The result of a sweep as plain values for storage, and one point of it for a page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from django.db.models import QuerySet

from readiness.tradeoffs.models import PortfolioRun
from readiness.tradeoffs.moves.consequences import line
from readiness.tradeoffs.moves.pricing import PricedMove
from readiness.tradeoffs.placing.core.inputs import ANY
from readiness.tradeoffs.portfolios.fleet import PortfolioFleet
from readiness.tradeoffs.portfolios.needs import UNITS as RESOURCE_UNITS
from readiness.tradeoffs.portfolios.solver.portfolio import (
    LeftOutReason,
    PlanChanges,
    Point,
    Sweep,
    WorkloadMove,
    against,
)

VERSION = 2
UNITS = {
    "cost": "{currency}/month",
    "carbon": "kg CO2e/month",
    "latency": "ms, sum over workloads",
    "risk": "points, sum over workloads",
}


def result_of(fleet: PortfolioFleet, sweep: Sweep) -> dict[str, Any]:
    """Each plan is stored once with all its weights. A move is stored once for all points that include it: by workload,
    then by its new site.
    """
    moves: dict[str, dict[str, Any]] = {}
    first = _first_of_each_plan(sweep.points)
    plan_places = [place for place, of in enumerate(first) if of == place]
    today = _today(fleet, [sweep.points[place] for place in plan_places])
    points = []
    for place in plan_places:
        point = sweep.points[place]
        compared = against(fleet.portfolio, fleet.today, point.plan)
        _keep_moves(fleet, compared, moves)
        stored_point = _point(fleet, sweep, point, compared, today)
        if point.dominated_by is not None:
            stored_point["dominated_by"] = plan_places.index(first[point.dominated_by])
        stored_point["also"] = [
            dict(other.weights) for at, other in enumerate(sweep.points) if first[at] == place and at != place
        ]
        points.append(stored_point)
    return {
        "version": VERSION,
        "objectives": list(fleet.portfolio.objectives),
        "units": {name: UNITS[name].format(currency=fleet.currency) for name in fleet.portfolio.objectives},
        "points": points,
        "weightings": len(sweep.points),
        "today": today,
        "moves": moves,
        "uncounted": dict(fleet.uncounted),
        "names": dict(fleet.names),
        "site_names": {
            site: fleet.site_names[site] for site in sorted(_named_sites(fleet)) if site in fleet.site_names
        },
    }


def _named_sites(fleet: PortfolioFleet) -> set[str]:
    stays = (site for sites in fleet.stays.values() for site in sites)
    return {*fleet.portfolio.sites, *fleet.today.values(), *fleet.pins.values(), *stays}


def _first_of_each_plan(points: Sequence[Point]) -> list[int]:
    first: dict[tuple[tuple[str, str], ...], int] = {}
    return [first.setdefault(tuple(sorted(point.plan.items())), place) for place, point in enumerate(points)]


def _today(fleet: PortfolioFleet, points: Sequence[Point]) -> dict[str, Any]:
    outside = {slug: why for slug in fleet.portfolio.workloads if (why := _why_outside(fleet, slug, points))}
    compared = [slug for slug in fleet.portfolio.workloads if slug not in outside]
    return {
        "totals": _sums(fleet, compared, fleet.today),
        "workloads": compared,
        "outside": outside,
        "counted": len(compared),
        "of": len(fleet.today),
        "plan": dict(fleet.today),
        "elsewhere": {slug: len(sites) for slug, sites in fleet.stays.items()},
        "stays": {slug: list(sites) for slug, sites in fleet.stays.items()},
        "unknown_stays": {
            slug: unknown for slug in fleet.stays if (unknown := _stays(fleet, slug, is_known=False))
        },
    }


def _why_outside(fleet: PortfolioFleet, slug: str, points: Sequence[Point]) -> str:
    portfolio, site = fleet.portfolio, fleet.today.get(slug)
    if site is None:
        return "does not run today"
    if site not in portfolio.sites:
        return "runs at a site that is not in service"
    figures = portfolio.figures[portfolio.workloads.index(slug), portfolio.sites.index(site)]
    if not np.isfinite(figures).all():
        return "a figure is unknown where it runs today"
    if any(slug not in point.plan for point in points):
        return "is left out at some point"
    return ""


def _sums(fleet: PortfolioFleet, workloads: Sequence[str], plan: Mapping[str, str]) -> dict[str, float]:
    """Sums over every placement of these classes: the one that is planned, and those that stay."""
    portfolio = fleet.portfolio
    placements = [(slug, plan[slug]) for slug in workloads]
    placements += [(slug, site) for slug in workloads for site in _stays(fleet, slug, is_known=True)]
    rows = [portfolio.workloads.index(slug) for slug, _site in placements]
    columns = [portfolio.sites.index(site) for _slug, site in placements]
    return dict(zip(portfolio.objectives, portfolio.figures[rows, columns].sum(axis=0).tolist(), strict=True))


def _stays(fleet: PortfolioFleet, slug: str, *, is_known: bool) -> list[str]:
    """Sites of the placements that stay, with every figure known or with one that is not."""
    portfolio = fleet.portfolio
    row = portfolio.workloads.index(slug)
    return [
        site
        for site in fleet.stays.get(slug, ())
        if is_known
        is (
            site in portfolio.sites
            and bool(np.isfinite(portfolio.figures[row, portfolio.sites.index(site)]).all())
        )
    ]


def _point(
    fleet: PortfolioFleet, sweep: Sweep, point: Point, against_today: PlanChanges, today: Mapping[str, Any]
) -> dict[str, Any]:
    compared = _sums(fleet, today["workloads"], point.plan)
    return {
        **asdict(point),
        "compared": compared,
        "changes": {name: compared[name] - today["totals"][name] for name in compared},
        "unknown": dict(against_today.unknown),
        "left_out": _left_out(fleet, sweep, point),
        "filling": [
            {**asdict(each), "unit": RESOURCE_UNITS.get(each.resource, "accelerators")}
            for each in against_today.filling
        ],
    }


def _left_out(fleet: PortfolioFleet, sweep: Sweep, point: Point) -> dict[str, dict[str, str]]:
    left_out: dict[str, dict[str, str]] = {
        slug: {"reason": "gone", "words": "The workload class is no longer declared."} for slug in fleet.gone
    }
    for slug in fleet.portfolio.workloads:
        if slug not in point.plan:
            reason = sweep.left_out.get(slug, LeftOutReason.NO_ROOM)
            left_out[slug] = {"reason": reason.value, "words": _words(fleet, slug, reason)}
    return left_out


def _words(fleet: PortfolioFleet, slug: str, reason: LeftOutReason) -> str:
    if reason is LeftOutReason.NO_SITE:
        return f"No site keeps its limits: {fleet.against.get(slug, 'none is allowed').rstrip('.')}."
    if reason is LeftOutReason.UNKNOWN:
        return f"A figure is unknown at every site that keeps its limits: {_unknown(fleet, slug)}."
    return _no_room(fleet, slug)


def _unknown(fleet: PortfolioFleet, slug: str) -> str:
    portfolio = fleet.portfolio
    row = portfolio.workloads.index(slug)
    sentences = []
    for column in np.flatnonzero(portfolio.allowed[row]).tolist():
        lacking = [
            name
            for place, name in enumerate(portfolio.objectives)
            if not np.isfinite(portfolio.figures[row, column, place])
        ]
        if lacking:
            sentences.append(f"{' and '.join(lacking)} at {_site(fleet, portfolio.sites[column])}")
    return ", ".join(sentences)


def _no_room(fleet: PortfolioFleet, slug: str) -> str:
    portfolio = fleet.portfolio
    row = portfolio.workloads.index(slug)
    sentences = []
    for column in np.flatnonzero(portfolio.allowed[row]).tolist():
        lacks = [
            f"{'free ' if name == ANY else ''}{'accelerators' if name == ANY else name}"
            f"{' (unknown)' if np.isnan(capacity) else ''}"
            for name, need, capacity in zip(
                portfolio.resources, portfolio.needs[row, column], portfolio.capacity[column], strict=True
            )
            if need > np.nan_to_num(capacity, nan=0.0)
        ]
        if not lacks:
            return "Workloads of the same or a higher priority, or that use a site better, take the capacity."
        sentences.append(f"{' and '.join(lacks)} at {_site(fleet, portfolio.sites[column])}")
    return f"No site that keeps its limits has the capacity: {', '.join(sentences)}."


def _site(fleet: PortfolioFleet, slug: str) -> str:
    return fleet.site_names.get(slug, slug)


def _keep_moves(fleet: PortfolioFleet, compared: PlanChanges, moves: dict[str, dict[str, Any]]) -> None:
    for move in compared.moves:
        of_workload = moves.setdefault(move.workload, {})
        if (move.after or "") in of_workload:
            continue
        priced = fleet.move(move.workload, move.before, move.after)
        consequences = priced.consequences if priced else ()
        at_an_end = "begins to run" if move.before is None else "does not run" if move.after is None else ""
        of_workload[move.after or ""] = {
            "changes": _changes(fleet, priced, move),
            "line": line(consequences) or at_an_end,
            "consequences": [
                {name: getattr(consequence, name) for name in ("domain", "name", "words", "effect")}
                for consequence in consequences
            ],
            **_reason(fleet, move),
        }


def _changes(fleet: PortfolioFleet, priced: PricedMove | None, move: WorkloadMove) -> dict[str, float | None]:
    """The price of the move in the objectives of the portfolio; a workload that serves no region has no latency."""
    if priced is None:
        return dict(move.changes)
    readiness = priced.changes["readiness"]
    changes = priced.changes | {"risk": None if readiness is None else -readiness}
    return {name: changes.get(name, 0.0) for name in fleet.portfolio.objectives}


def _reason(fleet: PortfolioFleet, move: WorkloadMove) -> dict[str, str]:
    if move.before is None or move.after is None:
        return {"kind": "starts" if move.before is None else "stops", "why": ""}
    if move.workload in fleet.broken:
        return {"kind": "forced", "why": fleet.broken[move.workload]}
    if move.workload in fleet.pins:
        return {"kind": "pinned", "why": ""}
    step = fleet.step(move.workload, move.before, move.after)
    if step is None:
        return {"kind": "choice", "why": ""}
    # The move already shows its change of cost.
    price = move.changes.get("cost") or step.price
    return {"kind": "choice", "why": f"an optional improvement: {replace(step, price=price).words}"}


type Result = Mapping[str, Any]
"""The document that `result` makes from a sweep, or a part of it."""

KINDS = {
    "forced": "Forced by a broken limit",
    "pinned": "Pinned",
    "choice": "A choice",
    "starts": "Begins to run",
    "stops": "Does not run",
}
"""Why a workload moves, forced moves first."""
REASONS = {
    "no-feasible-site": "No site keeps its limits",
    "unknown-figure": "A figure is unknown",
    "no-room": "No room",
    "gone": "No longer declared",
}


def runs() -> QuerySet[PortfolioRun]:
    """Without results, because these are large."""
    return whole_runs().defer("result")


def whole_runs() -> QuerySet[PortfolioRun]:
    return PortfolioRun.objects.select_related("asked_by", "cancel_asked_by")


@dataclass(frozen=True, slots=True)
class Named:
    """A workload or site. One that no longer exists is shown by its slug, without a page."""

    slug: str
    name: str
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class MoveRow:
    workload: Named
    before: Named
    after: Named
    changes: Mapping[str, float | None]
    line: str
    consequences: Sequence[Result]
    kind: str
    why: str

    @property
    def order(self) -> int:
        return list(KINDS).index(self.kind)

    def effects(self, domain: str) -> set[str]:
        return {each["effect"] for each in self.consequences if each["domain"] == domain}


def _named(result: Result, names: str, slug: str) -> Named:
    return Named(slug, result[names].get(slug, slug), slug in result[names])


def moves(result: Result, point: Result) -> list[MoveRow]:
    today, plan = result["today"]["plan"], point["plan"]
    nowhere = Named("", "nowhere", is_known=False)
    rows = []
    for slug in result["names"]:
        before, after = today.get(slug, ""), plan.get(slug, "")
        if before != after:
            site_before, site_after = (
                _named(result, "site_names", site) if site else nowhere for site in (before, after)
            )
            move = result["moves"][slug][after]
            rows.append(MoveRow(_named(result, "names", slug), site_before, site_after, **move))
    return sorted(rows, key=lambda row: (row.order, row.workload.name.casefold()))


def site_changes(result: Result, point: Result, rows: Sequence[MoveRow]) -> list[dict[str, Any]]:
    """Sites that gain or lose workloads, with the use of each resource."""
    return [
        {
            "site": _named(result, "site_names", site),
            "comes": [row.workload.name for row in rows if row.after.slug == site],
            "leaves": [row.workload.name for row in rows if row.before.slug == site],
            "filling": _filling([filling for filling in point["filling"] if filling["site"] == site]),
        }
        for site in sorted({site.slug for row in rows for site in (row.before, row.after) if site.slug})
    ]


def _filling(fillings: Sequence[Result]) -> list[tuple[str, list[Result]]]:
    by_kind: dict[str, list[Result]] = {"Accelerators": [], "IT power": [], "Bandwidth": []}
    for filling in fillings:
        kind = {"power": "IT power", "bandwidth": "Bandwidth"}.get(filling["resource"], "Accelerators")
        by_kind[kind].append(filling)
    return list(by_kind.items())


def left_out(result: Result, point: Result) -> list[tuple[Named, str, str]]:
    return [
        (_named(result, "names", slug), REASONS[why["reason"]], why["words"])
        for slug, why in sorted(point["left_out"].items())
    ]


def pins(pinned: Mapping[str, str], result: Result, point: Result) -> list[dict[str, Any]]:
    """Pinned workloads: whether each is placed at this point, and runs there today."""
    today = result["today"]["plan"]
    rows = [
        {
            "workload": _named(result, "names", workload),
            "site": _named(result, "site_names", site),
            "is_placed": workload in point["plan"],
            "stays": today.get(workload) == site,
        }
        for workload, site in pinned.items()
    ]
    return sorted(rows, key=lambda row: row["workload"].name.casefold())
