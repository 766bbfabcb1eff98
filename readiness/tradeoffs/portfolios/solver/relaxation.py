"""The least that a plan can cost, proven, and the prices of capacity that prove it.

For any prices of capacity that are not negative, no plan costs less than

    L(prices) = sum over workloads of min over sites (cost + price of what it takes there) - sum of price * capacity

(Lagrangian relaxation: M. L. Fisher, "The Lagrangian relaxation method for solving integer programming problems",
Management Science 27, 1981). So the bound needs no trust in how the prices were found: it is computed anew from them
over every pair. Good prices are the duals of the linear relaxation. That is solved by HiGHS over few pairs, and pairs
are added while their prices say that they would help (sifting). Where to begin, and which few, comes from some hundred
steps of the volume algorithm (F. Barahona and R. Anbil, Mathematical Programming 87, 2000), from the prices of the
point before. Covers (`covers`) that the solution breaks are added as if each was one more resource of its site: they
hold for every plan, so that the bound does as well, and those that had a price go on to the next point.

A *cover* is a set of workloads that together need more of a resource than the site has. No plan has all of it there,
nor as many workloads that are each as large as the largest of it; one as large as the h largest together counts h
times (E. Balas, "Facets of the knapsack polytope", Mathematical Programming 8, 1975). So

    sum over workloads at the site of weight <= size of the cover - 1

holds for every plan. Those are found that divided workloads violate, for each resource that has a price and for all of
them weighed together by their prices.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from readiness.tradeoffs.portfolios.solver.assignment import (
    NOWHERE,
    ROUND_OFF,
    Assigning,
    Flags,
    Numbers,
    Places,
)

if TYPE_CHECKING:
    import highspy

DIVIDED = 1e-5
LEAST_VIOLATED = 0.02
"""A cover violated by less costs the linear program more than it proves."""


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """The weights of all workloads at this site sum to at most `most` in any plan."""

    site: int
    weights: Numbers
    most: float

    @property
    def key(self) -> tuple[int, bytes, float]:
        return self.site, self.weights.tobytes(), self.most


def violated(
    problem: Assigning, prices: Numbers, rows: Places, sites: Places, shares: Numbers
) -> Iterator[Cover]:
    is_used = shares > DIVIDED
    rows, sites, shares = rows[is_used], sites[is_used], shares[is_used]
    for site in np.unique(sites[shares < 1 - DIVIDED]).tolist():
        here = sites == site
        for needs, room in _knapsacks(problem, prices, site):
            yield from _covers_of_knapsack(site, needs, room, rows[here], shares[here])


def _knapsacks(problem: Assigning, prices: Numbers, site: int) -> Iterator[tuple[Numbers, float]]:
    dear = np.flatnonzero(prices[site] > 0)
    for each in dear.tolist():
        yield problem.demand[:, site, each], float(problem.capacity[site, each])
    if len(dear) > 1:
        yield problem.demand[:, site] @ prices[site], float(prices[site] @ problem.capacity[site])


def _covers_of_knapsack(
    site: int, needs: Numbers, room: float, rows: Places, shares: Numbers
) -> Iterator[Cover]:
    """Up to one cover for each order in which workloads are added until they no longer fit together."""
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
    """Remove workloads that the cover does not need, those of the least share first."""
    members, total = list(taken), float(sizes[taken].sum())
    for each in sorted(taken, key=lambda member: shares[member]):
        if total - sizes[each] > room:
            members.remove(each)
            total -= float(sizes[each])
    return members


def _lifted(site: int, needs: Numbers, members: Places) -> Cover:
    largest = np.cumsum(np.sort(needs[members])[::-1])
    weights = np.searchsorted(largest, needs, side="right").astype(np.float64)
    weights[members] = np.maximum(weights[members], 1.0)
    return Cover(site, weights, float(len(members) - 1))


FIRST_STEPS = 1_500
STEPS = 400
PAIRS_EACH = 5
PAIRS_ADDED = 4
CLOSE = 1e-3
"""Sifting ends when the linear program over few pairs is this close to the bound over all pairs."""
MOST_ROUNDS = 30
COVER_ROUNDS = 6
LEAST_RISE = 6e-4
"""The least rise, as a share of the value, that justifies another round of covers."""
MOST_PIVOTS = 20_000
"""Limit of pivots of a linear program, which may cycle if most pairs cost alike. Its prices still prove a bound."""
LAST_BITS = 1e-13
"""Relative rounding error of sums."""
DEAR = 3.0
"""Cost of leaving a workload out of the linear program, in multiples of its dearest site; the bound does not depend on
it."""


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """Prices of a unit of each resource at each site, sites by resources, and of a unit of each cover."""

    capacity: Numbers
    covers: tuple[Cover, ...] = ()
    of_covers: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """`bound` holds for every plan; `whole` is the site of each workload that the linear program does not split."""

    bound: float
    prices: Prices
    whole: Places
    used: Flags


def priced(problem: Assigning, prices: Prices) -> Numbers:
    if problem.is_uniform:
        costs = problem.costs + problem.demand[:, 0] @ prices.capacity.T
    else:
        costs = problem.costs + np.einsum("wsr,sr->ws", problem.demand, prices.capacity)
    for cover, price in zip(prices.covers, prices.of_covers, strict=True):
        costs[:, cover.site] += price * cover.weights
    return costs


def bound_of(problem: Assigning, prices: Prices) -> float:
    """Subtract the rounding error of the sums: unlimited prices grow until their last bits are worth a cost."""
    room = float((prices.capacity * problem.capacity).sum())
    room += sum(price * cover.most for cover, price in zip(prices.covers, prices.of_covers, strict=True))
    least = priced(problem, prices).min(axis=1)
    return float(least.sum()) - room - LAST_BITS * (float(np.abs(least).sum()) + room)


def relax(problem: Assigning, before: Relaxed | None, *, cover_rounds: int = COVER_ROUNDS) -> Relaxed:
    start = np.zeros_like(problem.capacity) if before is None else before.prices.capacity
    best_prices = Prices(_volume(problem, start, FIRST_STEPS if before is None else STEPS))
    best = bound_of(problem, best_prices)
    is_candidate = _cheapest(priced(problem, best_prices), PAIRS_EACH)
    if before is not None:
        is_candidate |= before.used & np.isfinite(problem.costs)
    master = _Master(problem, is_candidate, () if before is None else before.prices.covers)
    covered, value_before = 0, -np.inf
    for _ in range(MOST_ROUNDS):
        value, worths, prices = master.solved()
        bound = bound_of(problem, prices)
        if bound > best:
            best, best_prices = bound, prices
        if value - best > CLOSE * abs(value):
            helps = priced(problem, prices) - worths[:, None]
            helps[~np.isfinite(helps) | master.taken] = 0.0
            adding = _cheapest(helps, PAIRS_ADDED) & (helps < -1e-12)
            if adding.any():
                master.add(adding)
                continue
        if covered >= cover_rounds or value - value_before <= LEAST_RISE * abs(value):
            break
        if not master.cover(prices.capacity):
            break
        covered, value_before = covered + 1, value
    return Relaxed(best, best_prices, *master.shares())


def _cheapest(costs: Numbers, each: int) -> Flags:
    is_candidate = np.zeros(costs.shape, np.bool_)
    each = min(each, costs.shape[1])
    places = np.argpartition(costs, each - 1, axis=1)[:, :each]
    np.put_along_axis(is_candidate, places, True, axis=1)
    return is_candidate & np.isfinite(costs)


def _volume(problem: Assigning, prices: Numbers, steps: int) -> Numbers:
    """Prices after this many steps, the best found. Capacities are scaled to 1, so that one step length fits all."""
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
        value, over = _step(problem, tried, scale, size)
        mean_over = weight * over + (1 - weight) * mean_over
        if value > bound:
            if (over * along).sum() >= 0:
                length = min(length * 1.1, 2.0)
            bound, best, idle = value, tried, 0
        else:
            idle += 1
            if idle >= 20:
                length, idle = length * 0.66, 0
        if step % 100 == 99:
            weight = max(weight * 0.8, 0.01)
    return best / scale


def _step(problem: Assigning, prices: Numbers, scale: Numbers, size: Numbers) -> tuple[float, Numbers]:
    costs = priced(problem, Prices(prices / scale))
    cheapest = costs.argmin(axis=1)
    bound = float(costs[np.arange(len(cheapest)), cheapest].sum() - (prices * size).sum())
    takes = problem.demand[np.arange(len(cheapest)), cheapest]
    usage = np.stack([np.bincount(cheapest, each, len(scale)) for each in takes.T], axis=1)
    return bound, usage / scale - size


class _Master:
    """The linear program over the pairs and covers so far; adding more continues from its last solution."""

    def __init__(self, problem: Assigning, taken: Flags, covers: Sequence[Cover]) -> None:
        self.problem = problem
        self.taken = np.zeros_like(taken)
        self.covers = list(covers)
        self.known = {cover.key for cover in covers}
        self.rows = np.zeros(0, np.int64)
        self.sites = np.zeros(0, np.int64)
        workloads = len(problem.costs)
        self.highs = quiet_highs()
        self.highs.setOptionValue("simplex_iteration_limit", MOST_PIVOTS)
        dearest = np.where(np.isfinite(problem.costs), np.abs(problem.costs), 0.0).max(axis=1)
        program = empty_program(problem, self.covers)
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
        starts, index, value = columns_of(self.problem, rows, sites, self.covers)
        many = len(rows)
        costs = self.problem.costs[rows, sites]
        zeros, ones = np.zeros(many), np.ones(many)
        self.highs.addCols(many, costs, zeros, ones, len(value), starts[:-1], index, value)

    def cover(self, prices: Numbers) -> bool:
        workloads, before = len(self.problem.costs), len(self.covers)
        for cover in violated(self.problem, prices, self.rows, self.sites, self._solution()):
            if cover.key in self.known:
                continue
            self.known.add(cover.key)
            self.covers.append(cover)
            weights = np.where(self.sites == cover.site, cover.weights[self.rows], 0.0)
            columns = np.flatnonzero(weights)
            index = (workloads + columns).astype(np.int32)
            self.highs.addRow(-np.inf, cover.most, len(columns), index, weights[columns])
        return len(self.covers) > before

    def solved(self) -> tuple[float, Numbers, Prices]:
        self.highs.run()
        workloads, capacity = len(self.problem.costs), self.problem.capacity
        duals = np.array(self.highs.getSolution().row_dual)
        prices = np.maximum(-duals[workloads:], 0.0)
        of_capacity, of_covers = prices[: capacity.size].reshape(capacity.shape), prices[capacity.size :]
        dear = np.flatnonzero(of_covers > 0).tolist()
        covers = tuple(self.covers[each] for each in dear)
        positive = Prices(of_capacity, covers, tuple(of_covers[dear].tolist()))
        return float(self.highs.getInfo().objective_function_value), duals[:workloads], positive

    def shares(self) -> tuple[Places, Flags]:
        share = self._solution()
        whole = np.full(len(self.problem.costs), NOWHERE, np.int64)
        entire = share > 1 - 1e-6
        whole[self.rows[entire]] = self.sites[entire]
        is_used = np.zeros_like(self.taken)
        some = share > 1e-9
        is_used[self.rows[some], self.sites[some]] = True
        return whole, is_used

    def _solution(self) -> Numbers:
        return np.array(self.highs.getSolution().col_value)[len(self.problem.costs) :]


def quiet_highs() -> "highspy.Highs":
    import highspy  # import late: 7 MB that only portfolios need

    highs = highspy.Highs()  # type: ignore[no-untyped-call]  # it has no annotations
    highs.silent()
    highs.setOptionValue("threads", 1)
    return highs


def empty_program(problem: Assigning, covers: Sequence[Cover] = ()) -> "highspy.HighsLp":
    import highspy  # import late, as above

    workloads = len(problem.costs)
    most = np.r_[problem.capacity.ravel(), [cover.most for cover in covers]]
    program = highspy.HighsLp()
    program.num_row_ = workloads + len(most)
    program.row_lower_ = np.r_[np.ones(workloads), np.full(len(most), -np.inf)]
    program.row_upper_ = np.r_[np.ones(workloads), most]
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    return program


def columns_of(
    problem: Assigning, rows: Places, sites: Places, covers: Sequence[Cover] = ()
) -> tuple[Places, Places, Numbers]:
    workloads, _sites, resources = problem.demand.shape
    capacities = workloads + sites[:, None] * resources + np.arange(resources)
    index = np.hstack([rows[:, None], capacities])
    value = np.hstack([np.ones((len(rows), 1)), problem.demand[rows, sites]])
    is_nonzero = value != 0
    columns, indices, values = [np.nonzero(is_nonzero)[0]], [index[is_nonzero]], [value[is_nonzero]]
    for row, cover in enumerate(covers, workloads + problem.capacity.size):
        weights = np.where(sites == cover.site, cover.weights[rows], 0.0)
        some = np.flatnonzero(weights)
        columns.append(some)
        indices.append(np.full(len(some), row))
        values.append(weights[some])
    column = np.concatenate(columns)
    order = np.argsort(column, kind="stable")
    starts = np.r_[0, np.cumsum(np.bincount(column, minlength=len(rows)))]
    return (
        starts.astype(np.int32),
        np.concatenate(indices)[order].astype(np.int32),
        np.concatenate(values)[order],
    )
