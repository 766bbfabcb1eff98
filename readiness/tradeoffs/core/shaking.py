"""Out of a plan that no single move betters: take workloads out of wasteful sites, put them back otherwise, move again.

(Ruin and recreate: G. Schrimpf and others, "Record breaking optimization results using the ruin and recreate
principle", Journal of Computational Physics 159, 2000.) What comes out is kept only if it is cheaper.
"""

from __future__ import annotations

import numpy as np

from readiness.tradeoffs.core.assignment import NOWHERE, Assigning, Numbers, Places, by_size, improved
from readiness.tradeoffs.core.relaxation import Relaxed, priced

SETTLED = 0.009
"""A gap below this is not worth more work."""
TRIES, PATIENCE = 80, 4
LEAST_GAIN = 0.03
"""Of the gap: so many tries together have to close more of it, or it is left as it is."""
SITES_SHAKEN, TAKEN_OUT = 0.15, 0.6
NOISE_OF_SIZE, NOISE_OF_PRICE = 0.5, 0.01


def shaken(problem: Assigning, plan: Places, relaxed: Relaxed, *, seed: int) -> Places:
    """A plan no dearer than the one given, in which every workload is placed."""
    random = np.random.default_rng(seed)
    prices = priced(problem, relaxed.prices)
    above = prices - prices.min(axis=1)[:, None]
    # Dearer than any workload anywhere, so that a try that leaves one out is never kept.
    penalty = np.full(len(plan), 10.0 * float(np.where(np.isfinite(problem.costs), problem.costs, 0.0).sum()))
    cost = problem.total(plan)
    gap_before = cost - relaxed.bound
    for tried in range(1, TRIES + 1):
        if cost - relaxed.bound <= SETTLED * abs(cost):
            break
        waste = (relaxed.prices * problem.left(plan)).sum(axis=1)
        np.add.at(waste, plan, above[np.arange(len(plan)), plan])
        other = _put_back(problem, _taken_out(plan, waste, random), prices, random)
        other = improved(problem, other, penalty, relaxed.bound, rounds=2)
        if (other >= 0).all() and problem.total(other) < cost:
            plan, cost = other, problem.total(other)
        if tried % PATIENCE == 0:
            gap = cost - relaxed.bound
            if gap > (1 - LEAST_GAIN) * gap_before:
                break
            gap_before = gap
    return plan


def _taken_out(plan: Places, waste: Numbers, random: np.random.Generator) -> Places:
    """Most workloads of some sites, those that waste more the likelier."""
    likely = np.maximum(waste, 0.0) + 1e-12
    many = max(1, round(SITES_SHAKEN * len(likely)))
    sites = random.choice(len(likely), many, replace=False, p=likely / likely.sum())
    taken = np.isin(plan, sites) & (random.random(len(plan)) < TAKEN_OUT)
    return np.where(taken, NOWHERE, plan)


def _put_back(problem: Assigning, plan: Places, prices: Numbers, random: np.random.Generator) -> Places:
    """Each where it is cheapest at prices that are a little off, the larger first but for luck."""
    plan = plan.copy()
    free = problem.left(plan)
    rows = np.flatnonzero(plan < 0)
    rank = np.empty(len(plan))
    rank[by_size(problem)] = np.arange(len(plan))
    luck = rank[rows] * np.exp(random.normal(0, NOISE_OF_SIZE, len(rows)))
    for row in rows[np.argsort(luck, kind="stable")].tolist():
        off = 1 + random.normal(0, NOISE_OF_PRICE, len(free))
        where = np.where((problem.demand[row] <= free).all(axis=1), prices[row] * off, np.inf)
        site = int(where.argmin())
        if np.isfinite(where[site]):
            plan[row] = site
            free[site] -= problem.demand[row]
    return plan
