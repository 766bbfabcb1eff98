"""Integer programs for HiGHS: small portfolios to the optimum, who can be placed, and what sites could earn at most.

The first two are for small portfolios alone: they search to the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from readiness.tradeoffs.core.assignment import NOWHERE, Assigning, Flags, Numbers, Places
from readiness.tradeoffs.core.relaxation import Relaxed, columns_of, empty_program, priced, quiet_highs

SITE_PAIRS = 2_500
"""Pairs up to which sites are bounded one by one; with more it takes seconds and hardly raises the bound."""


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A plan, and what no plan can be below; `NOWHERE` for workloads that are left out."""

    plan: Places
    bound: float


def most_placed(problem: Assigning, priority: Numbers) -> Places:
    """A plan that places as much priority as there is room for."""
    places = np.where(np.isfinite(problem.costs), 0.0, np.inf)
    program, rows, sites = _program(Assigning(places, problem.demand, problem.capacity), priority)
    highs = quiet_highs()
    highs.passModel(program)
    return _run(highs, rows, sites, len(priority)).plan


def optimum(problem: Assigning, priority: Numbers, placed: float) -> Solved:
    """The cheapest of all plans that place this much priority."""
    workloads = len(priority)
    program, rows, sites = _program(problem, np.zeros(workloads))
    highs = quiet_highs()
    highs.passModel(program)
    # A last row over the workloads' own columns: no more priority may be left out.
    allowed = float(priority.sum()) - placed + 1e-6
    highs.addRow(
        -highspy.kHighsInf, allowed, workloads, np.arange(workloads, dtype=np.int32), priority.astype(float)
    )
    return _run(highs, rows, sites, workloads)


def _program(problem: Assigning, leaving_out: Numbers) -> tuple[highspy.HighsLp, Places, Places]:
    """First a column for leaving each workload out, then one for each pair."""
    workloads = len(problem.costs)
    rows, sites = np.nonzero(np.isfinite(problem.costs))
    starts, index, value = columns_of(problem, rows, sites)
    program = empty_program(problem)
    many = workloads + len(rows)
    program.num_col_ = many
    program.col_cost_ = np.r_[leaving_out, problem.costs[rows, sites]]
    program.col_lower_, program.col_upper_ = np.zeros(many), np.ones(many)
    program.a_matrix_.start_ = np.r_[np.arange(workloads), starts + workloads].astype(np.int32)
    program.a_matrix_.index_ = np.r_[np.arange(workloads), index].astype(np.int32)
    program.a_matrix_.value_ = np.r_[np.ones(workloads), value]
    program.integrality_ = [highspy.HighsVarType.kInteger] * many
    return program, rows, sites


def _run(
    highs: highspy.Highs,
    rows: Places,
    sites: Places,
    workloads: int,
    gap: float = 0.0,
) -> Solved:
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.setOptionValue("mip_abs_gap", 1e-9)
    highs.setOptionValue("mip_feasibility_tolerance", 1e-9)
    highs.run()
    plan = np.full(workloads, NOWHERE, np.int64)
    chosen = np.array(highs.getSolution().col_value)
    if chosen.size:
        taken = chosen[workloads:] > 0.5
        plan[rows[taken]] = sites[taken]
    return Solved(plan, float(highs.getInfo().mip_dual_bound))


def site_by_site(problem: Assigning, relaxed: Relaxed) -> float:
    """A bound that knows that workloads are whole: what each site could earn at most, were workloads paid their worth.

    Relaxes that each workload is placed once and keeps the capacities (the other Lagrangian bound of the generalised
    assignment problem: Fisher 1981), so that it is never below that of `relaxation` at the same prices. That one stands
    where there are too many pairs worth a search.
    """
    worths = priced(problem, relaxed.prices).min(axis=1)
    gains = worths[:, None] - problem.costs
    fits = (problem.demand[:, None, :] <= problem.capacity[None]).all(axis=2)
    pays = (gains > 0) & fits
    if pays.sum() > SITE_PAIRS:
        return relaxed.bound
    most = sum(_most_earned(problem, gains[:, site], pays[:, site], site) for site in range(gains.shape[1]))
    return max(relaxed.bound, float(worths.sum()) - most)


def _most_earned(problem: Assigning, gains: Numbers, pays: Flags, site: int) -> float:
    items = np.flatnonzero(pays)
    if not items.size:
        return 0.0
    needs = problem.demand[items]
    there = needs != 0
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = len(items), needs.shape[1]
    program.col_cost_ = -gains[items]
    program.col_lower_, program.col_upper_ = np.zeros(len(items)), np.ones(len(items))
    program.row_lower_, program.row_upper_ = np.full(needs.shape[1], -np.inf), problem.capacity[site]
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_ = np.r_[0, np.cumsum(there.sum(axis=1))].astype(np.int32)
    program.a_matrix_.index_ = np.nonzero(there)[1].astype(np.int32)
    program.a_matrix_.value_ = needs[there]
    program.integrality_ = [highspy.HighsVarType.kInteger] * len(items)
    highs = quiet_highs()
    highs.passModel(program)
    highs.setOptionValue("mip_rel_gap", 2e-3)
    highs.setOptionValue("mip_max_nodes", 20)
    highs.run()
    return -float(highs.getInfo().mip_dual_bound)
