"""The least that a plan can cost, proven, and the prices of capacity that prove it.

For any prices of capacity that are not negative, no plan costs less than

    L(prices) = sum over workloads of min over sites (cost + price of what it takes there) - sum of price * capacity

(Lagrangian relaxation: M. L. Fisher, "The Lagrangian relaxation method for solving integer programming problems",
Management Science 27, 1981). So the bound needs no trust in how the prices were found: it is computed anew from them
over every pair. Good prices are the duals of the linear relaxation. That is solved by HiGHS over few pairs, and pairs
are added while their prices say that they would help (sifting). Where to begin, and which few, comes from some hundred
steps of the volume algorithm (F. Barahona and R. Anbil, Mathematical Programming 87, 2000), from the prices of the
point before.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from readiness.tradeoffs.core.assignment import NOWHERE, Assigning, Flags, Numbers, Places

FIRST_STEPS = 1_500
STEPS = 400
PAIRS_EACH = 8
PAIRS_ADDED = 4
CLOSE = 1e-3
"""Sifting ends when the linear program over few pairs is this close to the bound over all."""
MOST_ROUNDS = 12
MOST_PIVOTS = 20_000
"""Of one linear program; where most pairs cost alike it may turn on the spot. Its prices still prove a bound then."""
DEAR = 3.0
"""In the linear program, leaving a workload out costs so many times its dearest site; the bound does not hang on it."""


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """`bound` holds for every plan; `whole` is the site of each workload that the linear program does not divide."""

    bound: float
    prices: Numbers
    whole: Places
    used: Flags


def priced(problem: Assigning, prices: Numbers) -> Numbers:
    """Cost of each pair with the price of what it takes."""
    return problem.costs + problem.demand @ prices.T


def bound_of(problem: Assigning, prices: Numbers) -> float:
    return float(priced(problem, prices).min(axis=1).sum() - (prices * problem.capacity).sum())


def relax(problem: Assigning, before: Relaxed | None) -> Relaxed:
    """The relaxation of a problem each of whose workloads has at least one pair."""
    start = np.zeros_like(problem.capacity) if before is None else before.prices
    prices = _volume(problem, start, FIRST_STEPS if before is None else STEPS)
    best, best_prices = bound_of(problem, prices), prices
    taken = _cheapest(priced(problem, prices), PAIRS_EACH)
    if before is not None:
        taken |= before.used & np.isfinite(problem.costs)
    master = _Master(problem, taken)
    for _ in range(MOST_ROUNDS):
        value, worths, prices = master.solved()
        bound = bound_of(problem, prices)
        if bound > best:
            best, best_prices = bound, prices
        if value - best <= CLOSE * abs(value):
            break
        helps = priced(problem, prices) - worths[:, None]
        helps[~np.isfinite(helps) | master.taken] = 0.0
        adding = _cheapest(helps, PAIRS_ADDED) & (helps < -1e-12)
        if not adding.any():
            break
        master.add(adding)
    return Relaxed(best, best_prices, *master.shares())


def _cheapest(costs: Numbers, each: int) -> Flags:
    """The cheapest pairs of each workload, those that are infinite left out."""
    taken = np.zeros(costs.shape, np.bool_)
    each = min(each, costs.shape[1])
    places = np.argpartition(costs, each - 1, axis=1)[:, :each]
    np.put_along_axis(taken, places, True, axis=1)
    return taken & np.isfinite(costs)


def _volume(problem: Assigning, prices: Numbers, steps: int) -> Numbers:
    """Prices after so many steps, the best found. Capacities are scaled to 1, so that one step length fits all."""
    scale = np.where(problem.capacity > 0, problem.capacity, 1.0)
    size = problem.capacity / scale
    best = prices * scale
    bound, over = _step(problem, best, scale, size)
    mean_over, length, idle, weight = over, 0.1, 0, 0.1
    target = bound + 0.05 * abs(bound)
    for step in range(steps):
        target = max(target, bound + 0.02 * abs(bound))
        along = np.where((best <= 0) & (mean_over < 0), 0.0, mean_over)
        norm = float((along**2).sum())
        if norm <= 1e-18:
            break
        tried = np.maximum(best + length * (target - bound) / norm * along, 0.0)
        found, over = _step(problem, tried, scale, size)
        mean_over = weight * over + (1 - weight) * mean_over
        if found > bound:
            if (over * along).sum() >= 0:
                length = min(length * 1.1, 2.0)
            bound, best, idle = found, tried, 0
        else:
            idle += 1
            if idle >= 20:
                length, idle = length * 0.66, 0
        if step % 100 == 99:
            weight = max(weight * 0.8, 0.01)
    return best / scale


def _step(problem: Assigning, prices: Numbers, scale: Numbers, size: Numbers) -> tuple[float, Numbers]:
    """The bound at these scaled prices, and how far over capacity the cheapest choices are."""
    costs = priced(problem, prices / scale)
    chosen = costs.argmin(axis=1)
    bound = float(costs[np.arange(len(chosen)), chosen].sum() - (prices * size).sum())
    used = np.stack(
        [np.bincount(chosen, problem.demand[:, each], len(scale)) for each in range(problem.demand.shape[1])],
        axis=1,
    )
    return bound, used / scale - size


class _Master:
    """The linear program over the pairs taken so far; more are added to it, and it goes on from where it was."""

    def __init__(self, problem: Assigning, taken: Flags) -> None:
        self.problem = problem
        self.taken = np.zeros_like(taken)
        self.rows = np.zeros(0, np.int64)
        self.sites = np.zeros(0, np.int64)
        workloads = len(problem.costs)
        self.highs = quiet_highs()
        self.highs.setOptionValue("simplex_iteration_limit", MOST_PIVOTS)
        dearest = np.where(np.isfinite(problem.costs), np.abs(problem.costs), 0.0).max(axis=1)
        program = empty_program(problem)
        program.num_col_ = workloads
        program.col_cost_ = DEAR * np.maximum(dearest, 1e-9)
        program.col_lower_ = np.zeros(workloads)
        program.col_upper_ = np.ones(workloads)
        program.a_matrix_.start_ = np.arange(workloads + 1, dtype=np.int32)
        program.a_matrix_.index_ = np.arange(workloads, dtype=np.int32)
        program.a_matrix_.value_ = np.ones(workloads)
        self.highs.passModel(program)
        self.add(taken)

    def add(self, pairs: Flags) -> None:
        rows, sites = np.nonzero(pairs & ~self.taken)
        self.taken |= pairs
        self.rows, self.sites = np.r_[self.rows, rows], np.r_[self.sites, sites]
        starts, index, value = columns_of(self.problem, rows, sites)
        many = len(rows)
        costs = self.problem.costs[rows, sites]
        zeros, ones = np.zeros(many), np.ones(many)
        self.highs.addCols(many, costs, zeros, ones, len(value), starts[:-1], index, value)

    def solved(self) -> tuple[float, Numbers, Numbers]:
        """Value, the worth of placing each workload, and the prices of capacity."""
        self.highs.run()
        workloads = len(self.problem.costs)
        duals = np.array(self.highs.getSolution().row_dual)
        prices = np.maximum(-duals[workloads:].reshape(self.problem.capacity.shape), 0.0)
        return float(self.highs.getInfo().objective_function_value), duals[:workloads], prices

    def shares(self) -> tuple[Places, Flags]:
        workloads = len(self.problem.costs)
        share = np.array(self.highs.getSolution().col_value)[workloads:]
        whole = np.full(workloads, NOWHERE, np.int64)
        entire = share > 1 - 1e-6
        whole[self.rows[entire]] = self.sites[entire]
        used = np.zeros_like(self.taken)
        some = share > 1e-9
        used[self.rows[some], self.sites[some]] = True
        return whole, used


def quiet_highs() -> highspy.Highs:
    """HiGHS on one core, saying nothing."""
    highs = highspy.Highs()  # type: ignore[no-untyped-call]  # it has no annotations
    highs.silent()
    highs.setOptionValue("threads", 1)
    return highs


def empty_program(problem: Assigning) -> highspy.HighsLp:
    """The rows: each workload once, then each capacity of each site."""
    workloads = len(problem.costs)
    program = highspy.HighsLp()
    program.num_row_ = workloads + problem.capacity.size
    program.row_lower_ = np.r_[np.ones(workloads), np.full(problem.capacity.size, -np.inf)]
    program.row_upper_ = np.r_[np.ones(workloads), problem.capacity.ravel()]
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    return program


def columns_of(problem: Assigning, rows: Places, sites: Places) -> tuple[Places, Places, Numbers]:
    """Pairs as sparse columns: starts, rows and values."""
    workloads, resources = problem.demand.shape
    capacities = workloads + sites[:, None] * resources + np.arange(resources)
    index = np.hstack([rows[:, None], capacities])
    value = np.hstack([np.ones((len(rows), 1)), problem.demand[rows]])
    there = value != 0
    starts = np.r_[0, np.cumsum(there.sum(axis=1))]
    return starts.astype(np.int32), index[there].astype(np.int32), value[there]
