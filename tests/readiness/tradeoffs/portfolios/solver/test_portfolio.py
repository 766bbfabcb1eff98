"""All workloads at once: the optimum on small cases, the proven gap on larger ones, and no limit ever exceeded."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.tradeoffs.portfolios.solver.annealing import annealed
from readiness.tradeoffs.portfolios.solver.assignment import Assigning, filled
from readiness.tradeoffs.portfolios.solver.exact import most_placed
from readiness.tradeoffs.portfolios.solver.portfolio import LeftOutReason, Portfolio, spread, sweep
from readiness.tradeoffs.portfolios.solver.relaxation import Prices, Relaxed, bound_of, relax
from tests.cases import cases

OBJECTIVES = ("cost", "carbon", "latency", "risk")


def portfolio(allowed, demand, capacity, figures, priority=None):
    allowed = np.asarray(allowed, bool)
    workloads, sites = allowed.shape
    return Portfolio(
        tuple(f"work-{row}" for row in range(workloads)),
        tuple(f"site-{column}" for column in range(sites)),
        OBJECTIVES[: np.asarray(figures).shape[2]],
        ("H100", "kW", "Gb/s")[: np.asarray(demand).shape[-1]],
        allowed,
        np.asarray(demand, float),
        np.asarray(capacity, float),
        np.asarray(figures, float),
        np.ones(workloads) if priority is None else np.asarray(priority, float),
    )


@st.composite
def small(draw):
    workloads, sites = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    # The same demand at every site, or another at each.
    shape = (workloads, 2) if draw(st.booleans()) else (workloads, sites, 2)
    return portfolio(
        random.random((workloads, sites)) < 0.8,
        random.integers(0, 6, shape),
        random.integers(0, 14, (sites, 2)),
        random.integers(1, 30, (workloads, sites, 2)),
        random.integers(1, 4, workloads),
    )


def keeps_all(problem, plan):
    """Capacity of each resource and every allowed pair, counted anew."""
    used = np.zeros_like(problem.capacity)
    for name, site in plan.items():
        row, column = problem.workloads.index(name), problem.sites.index(site)
        if not problem.allowed[row, column]:
            return False
        used[column] += problem.needs[row, column]
    return bool((used <= problem.capacity * (1 + 1e-6) + 1e-9).all())


def exhaustive(problem, weights):
    """The least cost of those that place the most priority, every plan tried."""
    scale = [
        np.abs(problem.figures[..., each][usable(problem)]).mean() for each in range(len(problem.objectives))
    ]
    costs = problem.figures @ (np.array([weights[name] for name in problem.objectives]) / scale)
    best = (0.0, 0.0)
    for choice in product(range(-1, len(problem.sites)), repeat=len(problem.workloads)):
        plan = {problem.workloads[row]: problem.sites[site] for row, site in enumerate(choice) if site >= 0}
        if not keeps_all(problem, plan):
            continue
        placed = sum(problem.priority[row] for row, site in enumerate(choice) if site >= 0)
        cost = sum(costs[row, site] for row, site in enumerate(choice) if site >= 0)
        best = min(best, (-placed, cost))
    return best


def usable(problem):
    fits = (problem.needs <= problem.capacity[None]).all(axis=2)
    return problem.allowed & fits


@settings(max_examples=25, deadline=None)
@given(small(), st.sampled_from([0.1, 0.5, 0.9]))
def test_small_cases_equal_the_exhaustive_optimum(problem, share):
    weights = {"cost": share, "carbon": 1 - share}
    (point,) = sweep(problem, [weights]).points
    assert keeps_all(problem, point.plan)
    placed, cost = exhaustive(problem, weights) if usable(problem).any() else (0.0, 0.0)
    assert sum(problem.priority[problem.workloads.index(name)] for name in point.plan) == -placed
    assert point.cost == pytest.approx(cost, abs=1e-6)
    assert point.gap <= 1e-6


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_a_capacity_that_lacks_a_millionth_for_both_takes_one(unit):
    """In whatever unit: what a solver lets pass is a share, of the smaller of two sites as of the larger."""
    capacity = [[2 * unit * (1 - 1e-6)], [1e5 * unit * (1 - 1e-6)]]
    problem = portfolio([[True, False]] * 2 + [[False, True]] * 2, np.array([[1], [1], [5e4], [5e4]]) * unit,
                        capacity, np.ones((4, 2, 1)))  # fmt: skip
    (point,) = sweep(problem, [{"cost": 1.0}]).points
    assert sorted(point.plan.values()) == ["site-0", "site-1"]


@pytest.mark.parametrize("by_site", [False, True], ids=["one demand", "a demand by site"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rounding_lies_within_its_gap_of_the_optimum(seed, by_site):
    """The way of large portfolios, on cases small enough for the optimum: the bound is below it and the plan above."""
    problem = drawn(24, 5, seed)
    if by_site:
        # Accelerators of another type at each site, and their power.
        worth = np.array([0.5, 0.8, 1.0, 1.1, 0.6])[None, :, None] * [1.0, 1.0, 0.0] + [0.0, 0.0, 1.0]
        problem = replace(problem, demand=problem.needs * worth)
    weights = spread(OBJECTIVES, 3, seed=seed)
    exact = sweep(problem, weights).points
    rounded = sweep(problem, weights, exact_pairs=0).points
    for one, best in zip(rounded, exact, strict=True):
        assert keeps_all(problem, one.plan)
        assert len(one.plan) == len(best.plan) == 24
        assert best.gap <= 1e-6
        assert one.bound <= best.cost * (1 + 1e-9)
        assert best.cost <= one.cost * (1 + 1e-9)
        assert one.cost * (1 - one.gap) <= best.cost * (1 + 1e-9)


def drawn(workloads, sites, seed, slack=1.5):
    random = np.random.default_rng(seed)
    accelerators = random.integers(1, 33, workloads)
    demand = np.stack([accelerators, accelerators * 1.1, random.uniform(1, 40, workloads)], axis=1)
    capacity = random.uniform(0.5, 1.5, (sites, 3))
    capacity *= demand.sum(axis=0) * slack / capacity.sum(axis=0)
    allowed = random.random((workloads, sites)) < 0.7
    return portfolio(allowed, demand, capacity, random.uniform(10, 100, (workloads, sites, 4)))


def test_a_large_portfolio_keeps_its_limits_and_a_gap_of_a_hundredth():
    problem = drawn(300, 30, seed=5)
    found = sweep(problem, spread(OBJECTIVES, 3, seed=1))
    assert found.left_out == {}
    for point in found.points:
        assert len(point.plan) == 300
        assert keeps_all(problem, point.plan)
        assert 0 <= point.gap <= 0.01


def test_too_little_room_for_all_places_most_of_the_priority_in_a_large_portfolio():
    """Every second of 120 workloads matters four times as much, and few of those are left out."""
    problem = drawn(120, 12, seed=8, slack=0.8)
    problem = replace(problem, priority=np.where(np.arange(120) % 2, 1.0, 4.0))
    found = sweep(problem, spread(OBJECTIVES, 1, seed=1))
    (point,) = found.points
    assert keeps_all(problem, point.plan)
    assert set(found.left_out) | set(point.plan) == set(problem.workloads)
    assert set(found.left_out.values()) == {LeftOutReason.NO_ROOM}
    left = [problem.workloads.index(name) for name in found.left_out]
    assert len(left) < 60
    assert sum(row % 2 == 0 for row in left) < len(left) / 4


def test_a_plan_fixed_beyond_capacity_is_filled_in_anew():
    assigning = Assigning(np.array([[1.0, 2.0], [1.0, 2.0]]), np.ones((2, 1)), np.ones((2, 1)))
    assert sorted(filled(assigning, assigning.costs, np.zeros(2, np.int64))) == [0, 1]


def test_no_prices_of_capacity_prove_more_than_the_optimum():
    problem = drawn(12, 4, seed=9)
    weights = {"cost": 1.0, "carbon": 0.0, "latency": 0.0, "risk": 0.0}
    (point,) = sweep(problem, [weights]).points
    costs = problem.figures[..., 0] / np.abs(problem.figures[..., 0][usable(problem)]).mean()
    assigning = Assigning(np.where(problem.allowed, costs, np.inf), problem.demand, problem.capacity)
    random = np.random.default_rng(3)
    for _ in range(50):
        assert (
            bound_of(assigning, Prices(random.exponential(0.02, problem.capacity.shape))) <= point.cost + 1e-9
        )


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_covers_raise_the_bound_and_never_above_the_optimum(seed):
    problem = drawn(24, 5, seed)
    assigning = weighed(problem)
    relaxed = relax(assigning, None)
    assert relaxed.prices.covers
    assert relaxed.bound == pytest.approx(bound_of(assigning, relaxed.prices))
    assert relax(assigning, None, cover_rounds=0).bound < relaxed.bound
    (point,) = sweep(problem, [dict.fromkeys(OBJECTIVES, 1.0)], exact_pairs=1_000).points
    assert relaxed.bound <= point.cost * (1 + 1e-9)


def test_annealing_keeps_every_capacity_and_never_makes_a_plan_dearer():
    problem = drawn(60, 10, seed=7, slack=1.7)
    assigning = weighed(problem)
    relaxed = relax(assigning, None)
    start = most_placed(assigning, problem.priority)
    assert (start >= 0).all()
    found = annealed(assigning, start, relaxed, seed=1)
    assert keeps_all(problem, {f"work-{row}": f"site-{site}" for row, site in enumerate(found.tolist())})
    assert relaxed.bound <= assigning.total(found) < assigning.total(start)


def test_annealing_keeps_every_capacity_of_more_sites_than_16_bits_count():
    """Three of them have room for three each of nine workloads, which would all be at the first."""
    many, here = 65_542, np.array([5, 40_000, 65_541])
    costs = np.full((9, many), np.inf)
    costs[:, here] = np.random.default_rng(1).uniform((1, 2, 3), (2, 3, 4), (9, 3))
    assigning = Assigning(costs, np.ones((9, 1)), np.full((many, 1), 3.0))
    relaxed = Relaxed(9.0, Prices(np.zeros((many, 1))), np.zeros(9, np.int64), np.isfinite(costs))
    start = np.repeat(here, 3)
    found = annealed(assigning, start, relaxed, seed=1)
    assert np.bincount(found, minlength=many)[here].tolist() == [3, 3, 3]
    assert assigning.total(found) < assigning.total(start)


@pytest.mark.parametrize("price", [1e6, 7e8, 1e9, 1e13 / 3])
def test_prices_that_nothing_holds_prove_no_more_than_the_optimum(price):
    """One workload fills its only site, so that any price there cancels out, but for its last bits."""
    assigning = Assigning(
        np.array([[-0.79, -0.12], [-0.95, np.inf]]), np.array([[1.0], [5.0]]), np.array([[5.0], [3.0]])
    )
    assert bound_of(assigning, Prices(np.array([[price], [0.0]]))) <= -0.12 - 0.95


def weighed(problem):
    """The problem under even weights, as a sweep makes it."""
    means = [np.abs(problem.figures[..., each][usable(problem)]).mean() for each in range(4)]
    costs = problem.figures @ (0.25 / np.array(means))
    return Assigning(np.where(usable(problem), costs, np.inf), problem.demand, problem.capacity)


@cases(
    ("changes", "left_out"),
    {
        "jurisdiction allows no site": ({"allowed": [[True], [False]]}, {"work-1": LeftOutReason.NO_SITE}),
        "larger than any site": ({"demand": [[1.0], [9.0]]}, {"work-1": LeftOutReason.NO_ROOM}),
        "by priority": ({"demand": [[3.0], [3.0]], "priority": [1, 2]}, {"work-0": LeftOutReason.NO_ROOM}),
        "unknown room": ({"capacity": [[np.nan]]},
            dict.fromkeys(("work-0", "work-1"), LeftOutReason.NO_ROOM)),
        "unknown figure": ({"figures": [[[1.0, 1.0]], [[1.0, np.nan]]]}, {"work-1": LeftOutReason.UNKNOWN}),
        "room for both": ({}, {}),
    },
)  # fmt: skip
@cases("exact_pairs", {"exact": 400, "rounded": 0})
def test_who_is_left_out_says_why(changes, left_out, exact_pairs):
    given_values = {
        "allowed": [[True], [True]],
        "demand": [[2.0], [2.0]],
        "capacity": [[5.0]],
        "figures": np.ones((2, 1, 2)),
        **changes,
    }
    problem = portfolio(**given_values)
    found = sweep(problem, spread(("cost", "carbon"), 2, seed=1), exact_pairs=exact_pairs)
    assert found.left_out == left_out
    for point in found.points:
        assert set(point.plan) == {"work-0", "work-1"} - set(left_out)


def test_the_sweep_shows_its_progress_and_stops_between_points():
    problem, told = drawn(6, 2, seed=2), []
    found = sweep(
        problem,
        spread(OBJECTIVES, 5, seed=1),
        progress=lambda done, total: told.append((done, total)),
        cancelled=lambda: len(told) == 2,
    )
    assert (len(found.points), found.cancelled, told) == (2, True, [(1, 5), (2, 5)])


def test_points_that_another_dominates_say_which():
    found = sweep(drawn(10, 4, seed=4), spread(OBJECTIVES, 8, seed=1)).points
    for point in found:
        better = [
            place
            for place, other in enumerate(found)
            if all(other.totals[name] <= point.totals[name] for name in OBJECTIVES)
            and other.totals != point.totals
        ]
        assert (point.dominated_by is None) is (not better)
        assert point.dominated_by is None or point.dominated_by in better


def test_the_same_portfolio_gives_the_same_points():
    problem = drawn(40, 12, seed=6)
    weights = spread(OBJECTIVES, 1, seed=1)
    assert sweep(problem, weights) == sweep(problem, weights)


def test_weights_of_a_sweep_are_even_then_corners_then_drawn():
    found = spread(OBJECTIVES, 20, seed=1)
    assert len(found) == 20
    assert found[0] == dict.fromkeys(OBJECTIVES, 0.25)
    assert sum(0.97 in one.values() for one in found) == 4
    assert all(sum(one.values()) == pytest.approx(1) for one in found)
    assert spread(("cost",), 2, seed=1) == ({"cost": 1.0}, {"cost": 1.0})
