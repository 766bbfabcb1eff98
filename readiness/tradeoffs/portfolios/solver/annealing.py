"""Out of a plan that no single move betters: moves that make it dearer are taken too, ever fewer of them.

(Simulated annealing: S. Kirkpatrick, C. D. Gelatt and M. P. Vecchi, "Optimization by simulated annealing", Science 220,
1983.) A step tries one move for every workload at once: to one of its sites, or, where that has no room, with one
workload of that site pushed out, half of the time to where the first came from. Of those taken, no two touch one site,
so that each holds as it was judged. The cheapest plan met is the result.
"""

from typing import NamedTuple

import numpy as np

from readiness.tradeoffs.portfolios.solver.assignment import Assigning, Flags, Numbers, Places
from readiness.tradeoffs.portfolios.solver.relaxation import Relaxed, priced

SETTLED = 0.009
"""A smaller gap is not worth more work."""
STEPS = 3_000
NEAR = 16
"""Number of sites tried for a workload, the cheapest at the prices of the relaxation."""
NEARER = 2.5
"""Exponent of the uniform draw of a site: three of four draws fall on the cheaper half of the 16 sites."""
HOT, COOLED = 3.0, 50.0
"""The first temperature, in gaps per workload, and the factor by which the last one is colder."""
FAR_DEARER = 8.0
"""The largest cost of a move, in temperatures, whatever pushing out another workload would save."""


class _Moves(NamedTuple):
    """`row` goes from `here` to `target`; if it `pushes`, `other` goes from there to `elsewhere`."""

    row: Places
    here: Places
    target: Places
    pushes: Flags
    other: Places
    elsewhere: Places

    def only(self, places: Places) -> "_Moves":
        return _Moves._make(column[places] for column in self)


def annealed(problem: Assigning, plan: Places, relaxed: Relaxed, *, seed: int) -> Places:
    """A plan no dearer than the given one. The given plan must place every workload; so does the result."""
    walk = _Walk(problem, plan, relaxed, seed)
    best, cost = plan, walk.cost
    heat = HOT * max(cost - relaxed.bound, 0.0) / max(len(plan), 1)
    for _ in range(STEPS):
        if cost - relaxed.bound <= SETTLED * abs(cost):
            break
        heat *= COOLED ** (-1 / STEPS)
        walk.step(heat)
        if walk.cost < cost - 1e-9 * abs(cost):
            best, cost = walk.plan.copy(), walk.cost
    return best


class _Walk:
    def __init__(self, problem: Assigning, plan: Places, relaxed: Relaxed, seed: int) -> None:
        self.costs, self.demand = problem.costs, problem.demand
        self.random = np.random.default_rng(seed)
        self.plan, self.free, self.cost = plan.copy(), problem.left(plan), problem.total(plan)
        self.rows = np.arange(len(plan))
        # numpy sorts 16-bit integers by radix, in half the time; larger indexes do not fit.
        self.narrow = np.min_scalar_type(len(problem.capacity))
        self.now = problem.costs[self.rows, plan]
        prices = priced(problem, relaxed.prices)
        near = np.argsort(prices, axis=1, kind="stable")[:, :NEAR]
        # If a workload has fewer sites, its cheapest site fills the remaining places.
        allowed = np.isfinite(np.take_along_axis(prices, near, axis=1))
        self.near = np.where(allowed, near, near[:, :1])

    def step(self, heat: float) -> None:
        moves = self._drawn(heat)
        touched: set[int] = set()
        for row, here, target, pushes, other, elsewhere in zip(
            *(each.tolist() for each in moves), strict=True
        ):
            sites = {here, target, elsewhere} if pushes else {here, target}
            if touched.isdisjoint(sites):
                touched |= sites
                if pushes:
                    self._move(other, elsewhere)
                self._move(row, target)

    def _move(self, row: int, site: int) -> None:
        self.free[self.plan[row]] += self.demand[row, self.plan[row]]
        self.free[site] -= self.demand[row, site]
        cost = self.costs[row, site]
        self.cost += float(cost - self.now[row])
        self.plan[row], self.now[row] = site, cost

    def _drawn(self, heat: float) -> _Moves:
        """Moves that keep every capacity now and whose extra cost is below heat times an exponential draw."""
        site, luck, who, where = self.random.random((4, len(self.rows)))
        target = self.near[self.rows, self._rank(site)]
        dearer = self.costs[self.rows, target] - self.now
        most = -heat * np.log1p(-luck)
        row = np.flatnonzero((target != self.plan) & (dearer <= most + FAR_DEARER * heat))
        target, here, dearer, most = target[row], self.plan[row], dearer[row], most[row]
        needs, room = self.demand[row, target], self.free[target]
        pushes = ~(needs <= room).all(axis=1)
        other = np.where(pushes, self._one_at(target, who[row]), row)
        draw = where[row]
        elsewhere = np.where(draw < 0.5, here, self.near[other, self._rank(np.maximum(2 * draw - 1, 0.0))])
        dearer = dearer + np.where(pushes, self.costs[other, elsewhere] - self.now[other], 0.0)
        affordable = np.flatnonzero((dearer <= most) & ~(pushes & (elsewhere == target)))
        moves = _Moves(row, here, target, pushes, other, elsewhere).only(affordable)
        return self._fitting(moves, needs[affordable], room[affordable])

    def _fitting(self, moves: _Moves, needs: Numbers, room: Numbers) -> _Moves:
        frees, takes = self.demand[moves.other, moves.target], self.demand[moves.other, moves.elsewhere]
        back = np.where((moves.elsewhere == moves.here)[:, None], self.demand[moves.row, moves.here], 0.0)
        fits = (needs <= room + frees).all(axis=1) & (takes <= self.free[moves.elsewhere] + back).all(axis=1)
        fitting = np.flatnonzero(fits | ~moves.pushes)
        return moves.only(fitting)

    def _rank(self, draw: Numbers) -> Places:
        return np.asarray(self.near.shape[1] * draw**NEARER, np.int64)

    def _one_at(self, sites: Places, draw: Numbers) -> Places:
        by_site = np.argsort(self.plan.astype(self.narrow), kind="stable")
        many = np.bincount(self.plan, minlength=len(self.free))
        first = np.cumsum(many) - many
        place: Places = first[sites] + (draw * many[sites]).astype(np.int64)
        places: Places = by_site[np.minimum(place, len(by_site) - 1)]
        return places
