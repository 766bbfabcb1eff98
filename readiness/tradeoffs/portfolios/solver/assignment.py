"""Assign workloads to sites under shared capacity, as arrays: a row for each workload, a column for each site, depth
for resources. A workload may need more of a resource at one site than at another, as of accelerators of another
type. This module has the problem and two ways from prices to a plan that keeps every capacity: filling by size, and
improving by moves and by moves that push out one other workload. `relaxation` finds the prices and proves the bound.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

NOWHERE = -1
ROUND_OFF = 1e-9
"""Share of a capacity by which sums may exceed it due to rounding."""
FEW_TARGETS = 6
"""Number of sites at which a workload tries to push out another, the cheapest first; more hardly help."""


@dataclass(frozen=True, slots=True, eq=False)
class Assigning:
    """`costs` is infinite where a workload may not run; demand and capacity have the same unit for each resource of a
    site. Demand is workloads by sites by resources; workloads by resources if it is the same at every site.
    """

    costs: Numbers
    demand: Numbers
    capacity: Numbers

    def __post_init__(self) -> None:
        object.__setattr__(self, "demand", demand_at_sites(self.demand, len(self.capacity)))

    @property
    def is_uniform(self) -> bool:
        """Whether demand is the same at every site, which is quicker to price."""
        return self.demand.strides[1] == 0

    @property
    def roomy(self) -> Numbers:
        return self.capacity * (1 + ROUND_OFF)

    def total(self, plan: Places) -> float:
        return float(self.costs[np.arange(len(plan)), plan].sum())

    def left(self, plan: Places) -> Numbers:
        free = self.roomy.copy()
        is_placed = plan >= 0
        np.subtract.at(free, plan[is_placed], self.demand[is_placed, plan[is_placed]])
        return free


def demand_at_sites(demand: Numbers, sites: int) -> Numbers:
    """Demand by site; the same at each takes no memory."""
    if demand.ndim == 3:
        return demand
    rows, resources = demand.shape
    return np.broadcast_to(demand[:, None, :], (rows, sites, resources))


def filled(problem: Assigning, priced: Numbers, fixed: Places) -> Places:
    """A plan that keeps the fixed workloads and adds the others by size, each at its cheapest site with enough
    capacity.

    A site that fixed workloads would overfill, as after an early end of the linear program, is filled again.
    """
    overfull = np.flatnonzero((problem.left(fixed) < 0).any(axis=1))
    plan = np.where(np.isin(fixed, overfull), NOWHERE, fixed)
    free = problem.left(plan)
    for row in largest_first(problem):
        if plan[row] >= 0:
            continue
        fits = (problem.demand[row] <= free).all(axis=1)
        where = np.where(fits, priced[row], np.inf)
        site = int(where.argmin())
        if np.isfinite(where[site]):
            plan[row] = site
            free[site] -= problem.demand[row, site]
    return plan


def largest_first(problem: Assigning) -> Places:
    """The largest first, by their largest share of an average site's capacity."""
    average = np.maximum(problem.capacity.mean(axis=0), 1e-12)
    largest = problem.demand[:, :1] if problem.is_uniform else problem.demand
    return np.argsort(-(largest / average).max(axis=(1, 2)), kind="stable")


def improved(
    problem: Assigning, plan: Places, penalty: Numbers, good_enough: float, rounds: int = 6
) -> Places:
    """Apply moves that lower the cost until none does, the total is good enough, or all rounds are used.

    An unplaced workload costs its penalty, so placing it comes before all savings.
    """
    plan = plan.copy()
    free = problem.left(plan)
    for _ in range(rounds):
        before = _total(problem, plan, penalty)
        if before <= good_enough:
            break
        now = np.where(plan >= 0, problem.costs[np.arange(len(plan)), plan], penalty)
        hopes = now - problem.costs.min(axis=1)
        for row in np.argsort(-hopes, kind="stable"):
            if hopes[row] <= 0:
                break
            _better(problem, plan, free, int(row), penalty)
        if before - _total(problem, plan, penalty) <= 1e-5 * abs(before):
            break
    return plan


def _total(problem: Assigning, plan: Places, penalty: Numbers) -> float:
    costs = problem.costs[np.arange(len(plan)), plan]
    return float(np.where(plan >= 0, costs, penalty).sum())


def _better(problem: Assigning, plan: Places, free: Numbers, row: int, penalty: Numbers) -> None:
    here = int(plan[row])
    costs, needs = problem.costs[row], problem.demand[row]
    now = penalty[row] if here < 0 else costs[here]
    gains = now - costs
    cheaper = np.flatnonzero(gains > 1e-12 * abs(now))
    if not cheaper.size:
        return
    best, move = 0.0, None
    fitting = cheaper[(needs[cheaper] <= free[cheaper]).all(axis=1)]
    if fitting.size:
        site = int(fitting[gains[fitting].argmax()])
        best, move = float(gains[site]), (site, NOWHERE, NOWHERE)
    tight = cheaper[np.argsort(-gains[cheaper], kind="stable")][:FEW_TARGETS]
    if here >= 0:
        free[here] += needs[here]
    for site in tight.tolist():
        if gains[site] <= best:
            break
        pushed = _pushed(problem, plan, free, row, site)
        if pushed is None:
            continue
        dearer, other, elsewhere = pushed
        if gains[site] - dearer > best + 1e-12 * abs(now):
            best, move = gains[site] - dearer, (site, other, elsewhere)
    if move is None:
        if here >= 0:
            free[here] -= needs[here]
        return
    site, other, elsewhere = move
    if other >= 0:
        free[site] += problem.demand[other, site]
        free[elsewhere] -= problem.demand[other, elsewhere]
        plan[other] = elsewhere
    free[site] -= needs[site]
    plan[row] = site


def _pushed(
    problem: Assigning, plan: Places, free: Numbers, row: int, site: int
) -> tuple[float, int, int] | None:
    occupants = np.flatnonzero(plan == site)
    occupants = occupants[occupants != row]
    makes_room = (problem.demand[row, site] <= free[site] + problem.demand[occupants, site]).all(axis=1)
    occupants = occupants[makes_room]
    if not occupants.size:
        return None
    fits = (problem.demand[occupants] <= free[None, :, :]).all(axis=2)
    fits[:, site] = False
    dearer = np.where(fits, problem.costs[occupants] - problem.costs[occupants, site][:, None], np.inf)
    flat = int(dearer.argmin())
    who, where = divmod(flat, dearer.shape[1])
    if not np.isfinite(dearer[who, where]):
        return None
    return float(dearer[who, where]), int(occupants[who]), where
