"""Solve waiting portfolios, and end those whose worker is gone."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from readiness.tradeoffs.models import PortfolioRun
from readiness.tradeoffs.portfolios import fleet
from readiness.tradeoffs.portfolios.inputs import PortfolioQuestion
from readiness.tradeoffs.portfolios.result import result_of
from readiness.tradeoffs.portfolios.solver.portfolio import SEED, LeftOutReason, Sweep, spread, sweep

log = logging.getLogger(__name__)
State = PortfolioRun.State
LOST_AFTER = timedelta(minutes=5)
"""After this long without a heartbeat the worker counts as gone: reading and one point take a minute at most."""
WAITS = timedelta(minutes=1)
"""After this long a wake-up may be lost. A second one is harmless: a run is taken once."""
LOST = "The worker ended before the run was done. Start it again."
FAILED = "The run failed; the log of the worker says why. Start it again."


class _Ended(Exception):
    """The run was ended while it was worked on."""


def run(pk: int, *, now: datetime) -> bool:
    """Work on a waiting run to its end; returns False if it no longer waits.

    A repeated message finds it taken. Errors are stored with the run.
    """
    if not PortfolioRun.objects.filter(pk=pk, state=State.QUEUED).update(
        state=State.RUNNING, started_at=now, progressed_at=Now()
    ):
        return False
    try:
        _work_on(pk, now=now)
    except _Ended:
        log.info("Portfolio %s was ended while it was worked on", pk)
    except Exception:
        log.exception("Portfolio %s failed", pk)
        _running(pk).update(state=State.FAILED, problem=FAILED, finished_at=Now())
    return True


def _work_on(pk: int, *, now: datetime) -> None:
    question = PortfolioQuestion.restore(PortfolioRun.objects.values_list("inputs", flat=True).get(pk=pk))
    whole = fleet.read(question, now=now)
    _alive(pk)
    swept = swept_plans(
        whole,
        weightings(question),
        progress=lambda done, _total: _alive(pk, points_done=done),
        cancelled=lambda: _running(pk).filter(cancel_asked_at__isnull=False).exists(),
    )
    state = State.CANCELLED if swept.cancelled else State.DONE
    _running(pk).update(state=state, result=result_of(whole, swept), finished_at=Now())


def swept_plans(
    whole: fleet.PortfolioFleet, weights: Sequence[Mapping[str, float]], **watching: Any
) -> Sweep:
    """Plans without optional improvements, as in the explorer, unless one of those makes room for another workload."""
    portfolio = whole.portfolio
    first = sweep(replace(portfolio, allowed=portfolio.allowed & ~whole.optional), weights, **watching)
    if first.cancelled or LeftOutReason.NO_ROOM not in first.left_out.values():
        return first
    second = sweep(portfolio, weights, **watching)
    return second if second.cancelled or len(second.left_out) < len(first.left_out) else first


def weightings(question: PortfolioQuestion) -> list[dict[str, float]]:
    total = sum(question.weights.values())
    own = {name: weight / total for name, weight in question.weights.items()}
    others = spread(question.objectives, question.points, seed=SEED)
    different = [weights for weights in others if any(abs(weights[name] - own[name]) > 1e-9 for name in own)]
    return [own, *different[: question.points - 1]]


def _alive(pk: int, **columns: Any) -> None:
    if not _running(pk).update(progressed_at=Now(), **columns):
        raise _Ended


def _running(pk: int) -> QuerySet[PortfolioRun]:
    return PortfolioRun.objects.filter(pk=pk, state=State.RUNNING)


def end_lost(*, now: datetime) -> int:
    lost = PortfolioRun.objects.filter(state=State.RUNNING, progressed_at__lt=Now() - LOST_AFTER)
    cancelled = lost.filter(cancel_asked_at__isnull=False).update(state=State.CANCELLED, finished_at=now)
    return cancelled + lost.update(state=State.FAILED, problem=LOST, finished_at=now)


def waiting(*, now: datetime) -> list[int]:
    runs = PortfolioRun.objects.filter(state=State.QUEUED, asked_at__lt=now - WAITS).order_by("pk")
    return list(runs.values_list("pk", flat=True))
