"""A portfolio's plan against where the workloads run today: who moves, what that changes, and how full sites get."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from readiness.tradeoffs.core.portfolio import Portfolio


@dataclass(frozen=True, slots=True)
class WorkloadMove:
    """One workload from a site to another; None for one that runs nowhere, today or in the plan.

    `changes` is plan less today for each objective, None where a figure is unknown or one side is nowhere.
    """

    workload: str
    before: str | None
    after: str | None
    changes: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Filling:
    """One resource of one site: what these workloads take of it today and in the plan, and what there is."""

    site: str
    resource: str
    before: float
    after: float
    capacity: float | None


@dataclass(frozen=True, slots=True)
class PlanChanges:
    """Everything that a plan changes. `unknown` counts the changes that are unknown, by objective."""

    moves: tuple[WorkloadMove, ...]
    filling: tuple[Filling, ...]
    unknown: Mapping[str, int]


def against(portfolio: Portfolio, today: Mapping[str, str], plan: Mapping[str, str]) -> PlanChanges:
    """`today` and `plan` name the site of each workload; sites outside of the portfolio are nowhere in its figures."""
    moves = tuple(
        _move(portfolio, row, today.get(name), plan.get(name))
        for row, name in enumerate(portfolio.workloads)
        if today.get(name) != plan.get(name)
    )
    unknown = {name: sum(move.changes[name] is None for move in moves) for name in portfolio.objectives}
    return PlanChanges(moves, _filling(portfolio, today, plan), unknown)


def _move(portfolio: Portfolio, row: int, before: str | None, after: str | None) -> WorkloadMove:
    was, comes = (
        portfolio.figures[row, portfolio.sites.index(site)]
        if site in portfolio.sites
        else np.full(len(portfolio.objectives), np.nan)
        for site in (before, after)
    )
    changes = {
        name: change if np.isfinite(change) else None
        for name, change in zip(portfolio.objectives, (comes - was).tolist(), strict=True)
    }
    return WorkloadMove(portfolio.workloads[row], before, after, changes)


def _filling(portfolio: Portfolio, today: Mapping[str, str], plan: Mapping[str, str]) -> tuple[Filling, ...]:
    """Every resource of every site that the plan fills more or less than today."""
    used = []
    for where in (today, plan):
        taken = np.zeros_like(portfolio.capacity)
        for row, name in enumerate(portfolio.workloads):
            if where.get(name) in portfolio.sites:
                taken[portfolio.sites.index(where[name])] += portfolio.demand[row]
        used.append(taken)
    before, after = used
    return tuple(
        Filling(
            portfolio.sites[site],
            portfolio.resources[resource],
            float(before[site, resource]),
            float(after[site, resource]),
            float(there) if np.isfinite(there := portfolio.capacity[site, resource]) else None,
        )
        for site, resource in np.argwhere(before != after).tolist()
    )
