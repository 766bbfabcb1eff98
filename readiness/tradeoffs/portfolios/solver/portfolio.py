"""Place all workloads at once under shared capacity: a sweep over weights, each point with its proven gap.

A point is the plan with the least weighted sum of the objectives. Each objective is divided by its average over the
allowed pairs, so that weights have no unit. The gap is (cost of the plan - bound) / cost of the plan: no plan for these
weights is cheaper by more. A plan never exceeds a capacity and never uses a pair that is not allowed; allowed pairs
follow from jurisdiction and every other hard limit of a single workload. As many workloads as possible are placed, by
priority, before anything is saved; the others are named with the reason, and the bound covers the rest.

Small portfolios are solved to the optimum by HiGHS. Larger ones are bounded by `relaxation`, and their plans are its
rounded and improved solutions (`assignment`). Nothing here reads a clock: the same input gives the same points.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from readiness.tradeoffs.placing.core.objectives import OptionColumns, dominators
from readiness.tradeoffs.portfolios.solver.annealing import annealed
from readiness.tradeoffs.portfolios.solver.assignment import (
    NOWHERE,
    Assigning,
    Flags,
    Numbers,
    Places,
    demand_at_sites,
    filled,
    improved,
)
from readiness.tradeoffs.portfolios.solver.exact import most_placed, optimum
from readiness.tradeoffs.portfolios.solver.relaxation import Relaxed, priced, relax

EXACT_PAIRS = 400
"""Up to this many allowed pairs, the optimum is proven in well under a second."""
CORNER = 0.97
"""Weight of one objective in its corner of the sweep; the rest avoids plans that are needlessly worse elsewhere."""


SEED = 1
"""The seed of the draws that improve plans; other seeds give other plans with about the same gaps."""


LEFT_OUT_DEAR = 20.0
"""Cost of leaving a workload out while capacity is searched for; the average pair costs 1."""


class LeftOutReason(StrEnum):
    NO_SITE = "no-feasible-site"
    UNKNOWN = "unknown-figure"
    NO_ROOM = "no-room"


@dataclass(frozen=True, slots=True, eq=False)
class Portfolio:
    """`allowed` is workloads by sites; `figures` has the objectives as depth, less is better, NaN if unknown.

    `demand` is workloads by sites by resources (or workloads by resources, the same at every site) and `capacity`
    sites by resources, each site in its own accelerators; a NaN capacity is unknown and takes no workload that
    needs it. Capacity is what these workloads may use, including what they use there today. `priority` is the
    importance of placing each workload.
    """

    workloads: tuple[str, ...]
    sites: tuple[str, ...]
    objectives: tuple[str, ...]
    resources: tuple[str, ...]
    allowed: Flags
    demand: Numbers
    capacity: Numbers
    figures: Numbers
    priority: Numbers

    @property
    def needs(self) -> Numbers:
        """Demand by workload, site and resource."""
        return demand_at_sites(self.demand, len(self.sites))


@dataclass(frozen=True, slots=True)
class Point:
    """One plan: the site of each placed workload, the sum of each objective, and its proven quality.

    `dominated_by` is the index of a point of the sweep that is no worse in every objective and better in one.
    """

    weights: Mapping[str, float]
    plan: Mapping[str, str]
    totals: Mapping[str, float]
    cost: float
    bound: float
    gap: float
    dominated_by: int | None


@dataclass(frozen=True, slots=True)
class Sweep:
    """`left_out` gives the reasons for workloads without a place in the first plan; among workloads of equal priority
    that compete for capacity, a point of a small portfolio may leave out another one.
    """

    points: tuple[Point, ...]
    left_out: Mapping[str, LeftOutReason]
    cancelled: bool


def spread(objectives: Sequence[str], points: int, *, seed: int) -> tuple[dict[str, float], ...]:
    """Weights of a sweep: equal ones, one corner for each objective, then random ones; sorted so that neighbours are
    similar."""
    many = len(objectives)
    corners = np.full((many, many), (1 - CORNER) / max(many - 1, 1))
    np.fill_diagonal(corners, CORNER if many > 1 else 1.0)
    drawn = np.random.default_rng(seed).dirichlet(np.ones(many), max(points - many - 1, 0))
    remaining = list(np.vstack([np.full((1, many), 1 / many), corners, drawn])[:points])
    tour = [remaining.pop(0)] if remaining else []
    while remaining:
        distances = [float(np.abs(weights - tour[-1]).sum()) for weights in remaining]
        tour.append(remaining.pop(distances.index(min(distances))))
    return tuple(dict(zip(objectives, map(float, weights), strict=True)) for weights in tour)


def sweep(
    portfolio: Portfolio,
    weightings: Sequence[Mapping[str, float]],
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
    exact_pairs: int = EXACT_PAIRS,
) -> Sweep:
    is_known = np.isfinite(portfolio.figures).all(axis=2)
    fits = (portfolio.needs <= np.nan_to_num(portfolio.capacity, nan=0.0)[None]).all(axis=2)
    usable = portfolio.allowed & is_known & fits
    left_out = _reasons_left_out(portfolio, is_known, usable)
    solving = _Solving(portfolio, usable, exact_pairs)
    left_out.update({portfolio.workloads[row]: LeftOutReason.NO_ROOM for row in solving.no_room.tolist()})
    solved: list[tuple[Mapping[str, float], Places, float, float]] = []
    stopped = False
    for weights in weightings:
        if cancelled():
            stopped = True
            break
        solved.append((weights, *solving.point(weights)))
        progress(len(solved), len(weightings))
    return Sweep(_points(portfolio, solved), left_out, stopped)


def _reasons_left_out(portfolio: Portfolio, is_known: Flags, usable: Flags) -> dict[str, LeftOutReason]:
    reasons: dict[str, LeftOutReason] = {}
    for row in np.flatnonzero(~usable.any(axis=1)).tolist():
        allowed = portfolio.allowed[row]
        reason = LeftOutReason.NO_ROOM
        if not allowed.any():
            reason = LeftOutReason.NO_SITE
        elif not (allowed & is_known[row]).any():
            reason = LeftOutReason.UNKNOWN
        reasons[portfolio.workloads[row]] = reason
    return reasons


class _Solving:
    """State shared by the points of one sweep: the workloads that can be placed, a plan for them, and the last
    prices."""

    def __init__(self, portfolio: Portfolio, usable: Flags, exact_pairs: int) -> None:
        self.portfolio = portfolio
        self.capacity = np.nan_to_num(portfolio.capacity, nan=0.0)
        means = [
            float(np.abs(portfolio.figures[..., each][usable]).mean()) if usable.any() else 1.0
            for each in range(len(portfolio.objectives))
        ]
        self.scale = np.array([mean or 1.0 for mean in means])
        self.usable = usable
        self.before: Relaxed | None = None
        self.rows = np.flatnonzero(usable.any(axis=1))
        self.exact = int(usable.sum()) <= exact_pairs
        start = self._placing()
        self.no_room = self.rows[start < 0]
        if not self.exact:
            self.rows, self.start = self.rows[start >= 0], start[start >= 0]

    def _placing(self) -> Places:
        problem = self._problem(np.ones(self.usable.shape))
        priority = self.portfolio.priority[self.rows]
        if not self.exact:
            nobody = np.full(len(self.rows), NOWHERE, np.int64)
            plan = filled(problem, problem.costs, nobody)
            plan = improved(problem, plan, np.full(len(self.rows), 10.0), -np.inf)
            if (plan >= 0).all():
                return plan
            evenly = np.nan_to_num(self.portfolio.figures) @ (1 / len(self.scale) / self.scale)
            searched = _placed_by_prices(self._problem(evenly), priority)
            return max(plan, searched, key=lambda each: float(priority[each >= 0].sum()))
        self.placed = most_placed(problem, priority)
        return self.placed

    def _problem(self, costs: Numbers) -> Assigning:
        costs = np.where(self.usable, costs, np.inf)[self.rows]
        return Assigning(costs, self.portfolio.demand[self.rows], self.capacity)

    def point(self, weights: Mapping[str, float]) -> tuple[Places, float, float]:
        shares = np.array([float(weights[name]) for name in self.portfolio.objectives])
        costs = np.nan_to_num(self.portfolio.figures) @ (shares / shares.sum() / self.scale)
        problem = self._problem(costs)
        whole = np.full(len(self.usable), NOWHERE, np.int64)
        if not len(self.rows):
            return whole, 0.0, 0.0
        if self.exact:
            priority = self.portfolio.priority[self.rows]
            plan, bound = optimum(problem, priority, float(priority[self.placed >= 0].sum()))
        else:
            plan, bound = self._rounded(problem)
        whole[self.rows] = plan
        is_placed = plan >= 0
        cost = float(problem.costs[np.flatnonzero(is_placed), plan[is_placed]].sum())
        return whole, cost, min(bound, cost)

    def _rounded(self, problem: Assigning) -> tuple[Places, float]:
        """The relaxation rounded and improved; if that leaves a workload out, start from the plan before."""
        self.before = relax(problem, self.before)
        bound = self.before.bound
        dearest = np.where(np.isfinite(problem.costs), problem.costs, 0.0).max(axis=1)
        penalty = np.full(len(dearest), 10 * float(dearest.sum()))
        plan = filled(problem, priced(problem, self.before.prices), self.before.whole)
        plan = improved(problem, plan, penalty, bound, rounds=2)
        if (plan < 0).any():
            plan = improved(problem, self.start, penalty, bound, rounds=20)
        self.start = plan
        if (plan < 0).any():
            return plan, bound
        self.start = plan = annealed(problem, plan, self.before, seed=SEED)
        return plan, bound


def _placed_by_prices(problem: Assigning, priority: Numbers) -> Places:
    """Solve it like a point of the sweep with one extra site: it holds everything, at a cost that rises with the
    priority."""
    nowhere = problem.costs.shape[1]
    costs = np.hstack([problem.costs, LEFT_OUT_DEAR * (priority / priority.mean())[:, None]])
    most = problem.demand.max(axis=1)
    room = most.sum(axis=0, keepdims=True) + 1.0
    demand = most if problem.is_uniform else np.concatenate([problem.demand, most[:, None]], axis=1)
    wider = Assigning(costs, demand, np.vstack([problem.capacity, room]))
    relaxed = relax(wider, None)
    plan = filled(wider, priced(wider, relaxed.prices), relaxed.whole)
    plan = improved(wider, plan, np.full(len(plan), 10 * float(costs[:, -1].sum())), relaxed.bound)
    plan = annealed(wider, plan, relaxed, seed=SEED)
    return np.where(plan == nowhere, NOWHERE, plan)


def _points(
    portfolio: Portfolio, solved: Sequence[tuple[Mapping[str, float], Places, float, float]]
) -> tuple[Point, ...]:
    totals = np.zeros((len(solved), len(portfolio.objectives)))
    for place, (_, plan, _, _) in enumerate(solved):
        placed_rows = np.flatnonzero(plan >= 0)
        totals[place] = portfolio.figures[placed_rows, plan[placed_rows]].sum(axis=0)
    by = dominators(OptionColumns(totals, totals, totals)).tolist()
    return tuple(
        Point(
            weights,
            {
                portfolio.workloads[row]: portfolio.sites[plan[row]]
                for row in np.flatnonzero(plan >= 0).tolist()
            },
            dict(zip(portfolio.objectives, totals[place].tolist(), strict=True)),
            cost,
            bound,
            (cost - bound) / abs(cost) if cost else 0.0,
            None if by[place] < 0 else by[place],
        )
        for place, (weights, plan, cost, bound) in enumerate(solved)
    )


@dataclass(frozen=True, slots=True)
class WorkloadMove:
    """One workload from a site to another; None means that it runs nowhere.

    `changes` is plan less today for each objective, None if a figure is unknown or one side runs nowhere.
    """

    workload: str
    before: str | None
    after: str | None
    changes: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Filling:
    """One resource of one site: its use by these workloads today and in the plan, and its capacity."""

    site: str
    resource: str
    before: float
    after: float
    capacity: float | None


@dataclass(frozen=True, slots=True)
class PlanChanges:
    """All changes of a plan. `unknown` counts the unknown changes by objective."""

    moves: tuple[WorkloadMove, ...]
    filling: tuple[Filling, ...]
    unknown: Mapping[str, int]


def against(portfolio: Portfolio, today: Mapping[str, str], plan: Mapping[str, str]) -> PlanChanges:
    """`today` and `plan` give the site of each workload; sites outside of the portfolio do not count."""
    moves = tuple(
        _move(portfolio, row, today.get(name), plan.get(name))
        for row, name in enumerate(portfolio.workloads)
        if today.get(name) != plan.get(name)
    )
    unknown = {name: sum(move.changes[name] is None for move in moves) for name in portfolio.objectives}
    return PlanChanges(moves, _filling(portfolio, today, plan), unknown)


def _move(portfolio: Portfolio, row: int, before: str | None, after: str | None) -> WorkloadMove:
    figures_before, figures_after = (
        portfolio.figures[row, portfolio.sites.index(site)]
        if site in portfolio.sites
        else np.full(len(portfolio.objectives), np.nan)
        for site in (before, after)
    )
    changes = {
        name: change if np.isfinite(change) else None
        for name, change in zip(portfolio.objectives, (figures_after - figures_before).tolist(), strict=True)
    }
    return WorkloadMove(portfolio.workloads[row], before, after, changes)


def _filling(portfolio: Portfolio, today: Mapping[str, str], plan: Mapping[str, str]) -> tuple[Filling, ...]:
    usage = []
    for where in (today, plan):
        usage_by_site = np.zeros_like(portfolio.capacity)
        for row, name in enumerate(portfolio.workloads):
            if where.get(name) in portfolio.sites:
                site = portfolio.sites.index(where[name])
                usage_by_site[site] += portfolio.needs[row, site]
        usage.append(usage_by_site)
    before, after = usage
    return tuple(
        Filling(
            portfolio.sites[site],
            portfolio.resources[resource],
            float(before[site, resource]),
            float(after[site, resource]),
            float(capacity) if np.isfinite(capacity := portfolio.capacity[site, resource]) else None,
        )
        for site, resource in np.argwhere(before != after).tolist()
    )
