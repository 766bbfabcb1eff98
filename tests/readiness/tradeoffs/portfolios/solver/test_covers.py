"""Covers hold for every set of workloads that fits a site, counted one by one, and divided solutions break them."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.tradeoffs.portfolios.solver.assignment import Assigning
from readiness.tradeoffs.portfolios.solver.relaxation import violated


def broken(sizes, room, shares, prices):
    """Covers of a site where each workload's share is given."""
    sizes = np.asarray(sizes, float)
    problem = Assigning(np.ones((len(sizes), 1)), sizes, np.asarray([room], float))
    rows = np.arange(len(sizes))
    return problem, list(
        violated(problem, np.asarray([prices], float), rows, np.zeros_like(rows), np.asarray(shares, float))
    )


def fitting(problem):
    for chosen in product((0.0, 1.0), repeat=len(problem.demand)):
        if (np.array(chosen) @ problem.demand[:, 0] <= problem.capacity[0] * (1 + 1e-9)).all():
            yield np.array(chosen)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.integers(2, 9), st.sampled_from([1, 2, 3]))
def test_a_cover_holds_for_whatever_fits(seed, workloads, resources):
    random = np.random.default_rng(seed)
    sizes = random.integers(0, 9, (workloads, resources)) * random.choice([1.0, 0.1], resources)
    room = random.uniform(0.2, 0.8, resources) * sizes.sum(axis=0)
    problem, covers = broken(
        sizes, room, random.choice([0.0, 0.3, 0.7, 1.0], workloads), random.random(resources)
    )
    for cover in covers:
        assert max(cover.weights @ chosen for chosen in fitting(problem)) <= cover.most


def test_of_three_of_which_two_fit_the_three_halves_are_broken():
    _, (cover, *_) = broken([[4.0], [4.0], [4.0]], [9.0], [0.75, 0.75, 0.75], [1.0])
    assert cover.weights.tolist() == [1, 1, 1]
    assert cover.most == 2


def test_one_as_large_as_two_together_counts_twice():
    _, covers = broken([[3.0], [3.0], [3.0], [6.0]], [8.0], [0.9, 0.9, 0.8, 0.1], [1.0])
    assert [1, 1, 1, 2] in [cover.weights.tolist() for cover in covers]


def test_two_resources_short_at_once_are_weighed_together():
    """Some three of the four fit by each resource alone; by both together, at even prices, no three do."""
    sizes = [[3.0, 4.0], [4.0, 3.0], [3.0, 4.0], [4.0, 3.0]]
    _, covers = broken(sizes, [10.0, 10.0], [0.7] * 4, [1.0, 1.0])
    assert ([1, 1, 1, 1], 2) in [(cover.weights.tolist(), cover.most) for cover in covers]


@pytest.mark.parametrize("shares", [[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
def test_a_solution_of_whole_workloads_breaks_none(shares):
    assert broken([[4.0], [4.0], [4.0]], [9.0], shares, [1.0])[1] == []


def test_what_has_no_price_is_not_looked_at():
    assert broken([[4.0], [4.0], [4.0]], [9.0], [0.75, 0.75, 0.75], [0.0])[1] == []
