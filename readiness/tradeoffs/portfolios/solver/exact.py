"""Small portfolios solved to the optimum by HiGHS: the most workloads placed, and the cheapest plan of them."""

from typing import TYPE_CHECKING

import numpy as np

from readiness.tradeoffs.portfolios.solver.assignment import NOWHERE, Assigning, Numbers, Places
from readiness.tradeoffs.portfolios.solver.relaxation import columns_of, empty_program, quiet_highs

if TYPE_CHECKING:
    import highspy


def most_placed(problem: Assigning, priority: Numbers) -> Places:
    places = np.where(np.isfinite(problem.costs), 0.0, np.inf)
    program, rows, sites = _program(Assigning(places, problem.demand, problem.capacity), priority)
    highs = quiet_highs()
    highs.passModel(program)
    return _run(highs, rows, sites, len(priority))[0]


def optimum(problem: Assigning, priority: Numbers, placed: float) -> tuple[Places, float]:
    """Return the plan, and a bound that no plan goes below."""
    workloads = len(priority)
    program, rows, sites = _program(problem, np.zeros(workloads))
    highs = quiet_highs()
    highs.passModel(program)
    # The last row covers the workloads' own columns: no more priority may be left out.
    allowed = float(priority.sum()) - placed + 1e-6
    highs.addRow(-np.inf, allowed, workloads, np.arange(workloads, dtype=np.int32), priority.astype(float))
    return _run(highs, rows, sites, workloads)


def _program(problem: Assigning, leaving_out: Numbers) -> tuple["highspy.HighsLp", Places, Places]:
    """First a column for leaving each workload out, then one for each pair.

    Each capacity is scaled to 1, so that the tolerance of HiGHS is the same share of large and small ones.
    """
    import highspy  # large: see relaxation.py

    workloads = len(problem.costs)
    rows, sites = np.nonzero(np.isfinite(problem.costs))
    starts, index, value = columns_of(problem, rows, sites)
    program = empty_program(problem)
    full = np.r_[np.ones(workloads), np.where(problem.capacity > 0, problem.capacity, 1.0).ravel()]
    program.row_upper_ = np.array(program.row_upper_) / full
    value = value / full[index]
    many = workloads + len(rows)
    program.num_col_ = many
    program.col_cost_ = np.r_[leaving_out, problem.costs[rows, sites]]
    program.col_lower_, program.col_upper_ = np.zeros(many), np.ones(many)
    program.a_matrix_.start_ = np.r_[np.arange(workloads), starts + workloads].astype(np.int32)
    program.a_matrix_.index_ = np.r_[np.arange(workloads), index].astype(np.int32)
    program.a_matrix_.value_ = np.r_[np.ones(workloads), value]
    program.integrality_ = [highspy.HighsVarType.kInteger] * many
    return program, rows, sites


def _run(highs: "highspy.Highs", rows: Places, sites: Places, workloads: int) -> tuple[Places, float]:
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.setOptionValue("mip_abs_gap", 1e-9)
    highs.setOptionValue("mip_feasibility_tolerance", 1e-9)
    highs.run()
    plan = np.full(workloads, NOWHERE, np.int64)
    solution = np.array(highs.getSolution().col_value)
    if solution.size:
        is_chosen = solution[workloads:] > 0.5
        plan[rows[is_chosen]] = sites[is_chosen]
    return plan, float(highs.getInfo().mip_dual_bound)
