"""Covers, which the linear relaxation does not know: of workloads that do not fit a site together, one stays out.

A *cover* is a set of workloads that together need more of a resource than the site has. No plan has all of it there,
nor as many workloads that are each as large as the largest of it; one as large as the h largest together counts h
times (E. Balas, "Facets of the knapsack polytope", Mathematical Programming 8, 1975). So

    sum over workloads at the site of weight <= size of the cover - 1

holds for every plan. Here those are found that the relaxation's divided workloads violate, for each resource that has a
price and for all of them weighed together by their prices, which is where two are short at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from readiness.tradeoffs.core.assignment import ROUND_OFF, Assigning, Numbers, Places

DIVIDED = 1e-5
LEAST_VIOLATED = 0.02
"""A cover that is violated by less costs the linear program more than it proves."""


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """The weights of all workloads at this site sum to no more than `most`, whatever the plan."""

    site: int
    weights: Numbers
    most: float

    @property
    def key(self) -> tuple[int, bytes, float]:
        return self.site, self.weights.tobytes(), self.most


def violated(
    problem: Assigning, prices: Numbers, rows: Places, sites: Places, shares: Numbers
) -> Iterator[Cover]:
    """Covers that this solution breaks: the share of workload `rows[i]` that runs at `sites[i]`."""
    there = shares > DIVIDED
    rows, sites, shares = rows[there], sites[there], shares[there]
    for site in np.unique(sites[shares < 1 - DIVIDED]).tolist():
        here = sites == site
        for needs, room in _knapsacks(problem, prices, site):
            yield from _of_one(site, needs, room, rows[here], shares[here])


def _knapsacks(problem: Assigning, prices: Numbers, site: int) -> Iterator[tuple[Numbers, float]]:
    dear = np.flatnonzero(prices[site] > 0)
    for each in dear.tolist():
        yield problem.demand[:, each], float(problem.capacity[site, each])
    if len(dear) > 1:
        yield problem.demand @ prices[site], float(prices[site] @ problem.capacity[site])


def _of_one(site: int, needs: Numbers, room: float, rows: Places, shares: Numbers) -> Iterator[Cover]:
    """Up to one cover for each order in which workloads are taken until they do not fit together any more."""
    room = room * (1 + 2 * ROUND_OFF)
    sizes = needs[rows]
    some = sizes > 0
    rows, shares, sizes = rows[some], shares[some], sizes[some]
    if sizes.sum() <= room:
        return
    missing = 1 - shares
    for order in (missing / sizes, missing, np.where(missing < DIVIDED, -np.inf, -sizes)):
        taken = np.argsort(order, kind="stable")
        taken = taken[: int(np.searchsorted(np.cumsum(sizes[taken]), room, side="right")) + 1]
        members = _smallest(taken.tolist(), sizes, shares, room)
        cover = _lifted(site, needs, rows[members])
        if cover.weights[rows] @ shares > cover.most + LEAST_VIOLATED:
            yield cover


def _smallest(taken: Sequence[int], sizes: Numbers, shares: Numbers, room: float) -> list[int]:
    """Without those that it is a cover without, those of the least share first."""
    members, total = list(taken), float(sizes[taken].sum())
    for each in sorted(taken, key=lambda one: shares[one]):
        if total - sizes[each] > room:
            members.remove(each)
            total -= float(sizes[each])
    return members


def _lifted(site: int, needs: Numbers, members: Places) -> Cover:
    largest = np.cumsum(np.sort(needs[members])[::-1])
    weights = np.searchsorted(largest, needs, side="right").astype(np.float64)
    weights[members] = np.maximum(weights[members], 1.0)
    return Cover(site, weights, float(len(members) - 1))
