"""Find what would close the gap: which checks, resolved at which sites, free how much capacity.

A site moves to a target as a whole, when every check that holds it from there is resolved. For `conditional` the BLOCK
checks that hold it are to be resolved; for `ready` also its COND checks, those that an exception lifts, and BLOCK
checks that are declared where a measurement is asked for. Resolving a check at one site counts one, whatever it takes
to do.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from readiness.assessment.scoring.core.gap import NOTHING, CapacityFigures, CapacityMeasure, total_of


class ClosingTarget(StrEnum):
    CONDITIONAL = "conditional"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class HeldSite:
    """A site short of the target, and the ids of the checks that hold it, each once. Without checks, resolving cannot
    free it: nothing proves it, or it was never evaluated."""

    site: str
    capacity: CapacityFigures
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """The turn of one site in a plan. `checks_so_far` and `freed_so_far` include this step and all earlier ones."""

    site: HeldSite
    checks_so_far: int
    freed_so_far: CapacityFigures


@dataclass(frozen=True, slots=True)
class CheckEffect:
    """One check, resolved at all `sites` that it holds. `freed` is the capacity of `frees`: the sites that no other
    check holds. `touched` is the capacity of all `sites`."""

    check_id: str
    sites: tuple[str, ...]
    touched: CapacityFigures
    frees: tuple[str, ...]
    freed: CapacityFigures


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The most capacity that `checks` resolved checks can free; fewer checks free less."""

    checks: int
    freed: float


def ranked_plan(sites: Iterable[HeldSite], measure: CapacityMeasure) -> tuple[Step, ...]:
    """The ranked plan: sites by capacity freed for each check resolved, the most first.

    Among equals, fewer checks come first, then the name decides. After each step no other choice of as many checks
    frees more: filling by ratio solves the knapsack problem with divisible items, and after a step no item is divided.
    Between two steps smaller sites can free more; see `best_curve`.
    """
    ranked = sorted(
        _closable(sites),
        key=lambda site: (-measure.whole(site.capacity) / len(site.checks), len(site.checks), site.site),
    )
    checks = accumulate(len(site.checks) for site in ranked)
    freed = accumulate(site.capacity for site in ranked)
    return tuple(Step(*each) for each in zip(ranked, checks, freed, strict=True))


def best_curve(sites: Iterable[HeldSite], measure: CapacityMeasure) -> tuple[CurvePoint, ...]:
    """The most capacity for any number of resolved checks: a point wherever one more check frees more. Exact: a 0/1
    knapsack of sites, weighted by their checks, for all numbers of checks at once."""
    closable = _closable(sites)
    most = np.zeros(sum(len(site.checks) for site in closable) + 1, np.int64)
    for site in closable:
        _offer(most, site, measure)
    rises = np.flatnonzero(np.diff(most)) + 1
    return (
        CurvePoint(0, 0),
        *(CurvePoint(int(place), measure.amount_from_whole(int(most[place]))) for place in rises),
    )


def best_with(sites: Iterable[HeldSite], checks: int, measure: CapacityMeasure) -> tuple[HeldSite, ...]:
    closable = sorted(_closable(sites), key=lambda site: site.site)
    left = min(checks, sum(len(site.checks) for site in closable))
    if left <= 0:
        return ()
    most = np.zeros(left + 1, np.int64)
    taken = [_offer(most, site, measure) for site in closable]
    best_sites = []
    for site, improves in zip(reversed(closable), reversed(taken), strict=True):
        if len(site.checks) <= left and improves[left - len(site.checks)]:
            best_sites.append(site)
            left -= len(site.checks)
    return tuple(reversed(best_sites))


def _offer(most: NDArray[np.int64], site: HeldSite, measure: CapacityMeasure) -> NDArray[np.bool_]:
    """Let `most` (by number of checks) take the site where that is better; returns where, from the site's own weight
    on."""
    weight = len(site.checks)
    if weight >= len(most):
        return np.zeros(0, np.bool_)
    with_it = most[:-weight] + measure.whole(site.capacity)
    improves = with_it > most[weight:]
    most[weight:] = np.where(improves, with_it, most[weight:])
    return np.asarray(improves)


def check_effects(sites: Iterable[HeldSite], measure: CapacityMeasure) -> tuple[CheckEffect, ...]:
    members: dict[str, list[HeldSite]] = defaultdict(list)
    for site in sites:
        for check_id in site.checks:
            members[check_id].append(site)
    effects = [_effect(check_id, held_sites) for check_id, held_sites in members.items()]
    return tuple(
        sorted(
            effects,
            key=lambda effect: (
                -measure.whole(effect.freed),
                -measure.whole(effect.touched),
                effect.check_id,
            ),
        )
    )


def _effect(check_id: str, held_sites: Sequence[HeldSite]) -> CheckEffect:
    alone = [site for site in held_sites if len(site.checks) == 1]
    return CheckEffect(
        check_id=check_id,
        sites=tuple(sorted(site.site for site in held_sites)),
        touched=total_of(site.capacity for site in held_sites),
        frees=tuple(sorted(site.site for site in alone)),
        freed=total_of(site.capacity for site in alone),
    )


def least_checks(sites: Iterable[HeldSite]) -> int:
    return min((len(site.checks) for site in _closable(sites)), default=0)


def beyond_checks(sites: Iterable[HeldSite]) -> tuple[HeldSite, ...]:
    return tuple(site for site in sites if not site.checks)


def _closable(sites: Iterable[HeldSite]) -> list[HeldSite]:
    return [site for site in sites if site.checks and site.capacity != NOTHING]
