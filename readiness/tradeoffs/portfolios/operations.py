"""Asking for a portfolio, working on it, and calling it off."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from readiness.tradeoffs import tasks
from readiness.tradeoffs.core.portfolio import SEED, spread, sweep
from readiness.tradeoffs.models import PortfolioRun
from readiness.tradeoffs.portfolios import fleet
from readiness.tradeoffs.portfolios.params import PortfolioQuestion, question_of
from readiness.tradeoffs.portfolios.result import result_of
from readiness.workloads.models import WorkloadClass
from web.permissions import MissingPermission

log = logging.getLogger(__name__)
State = PortfolioRun.State
MAY_SEE = "tradeoffs.view_portfoliorun"
MAY_ASK = "tradeoffs.add_portfoliorun"
MAY_CANCEL = "tradeoffs.cancel_portfoliorun"
LOST_AFTER = timedelta(minutes=5)
"""Without a sign of life for so long whoever worked on it is gone: reading and one point take a minute at most."""
WAITS = timedelta(minutes=1)
"""After so long a wake-up may have been lost. A second one does no harm: a run is taken once."""
LOST = "Whoever worked on it ended before it was done. Ask for it again."
FAILED = "It could not be worked out; the log of the worker says why. Ask for it again."


class AlreadyEnded(Exception):
    """There is nothing left to cancel; the message says in which state it is."""


class _Ended(Exception):
    """Somebody ended the run while it was worked on."""


def ask(given: Mapping[str, Any], *, by: User, now: datetime) -> PortfolioRun:
    """Queue a portfolio. One that is under way for the same question is returned as it is.

    Raises MissingPermission, and BadTradeoffQuestion with the field at fault.
    """
    if not by.has_perm(MAY_ASK):
        raise MissingPermission([MAY_ASK])
    known = set(WorkloadClass.objects.values_list("slug", flat=True))
    asked = question_of(
        given,
        workloads=known,
        sites=fleet.sites_in_service(now),
        running=fleet.running(known, now),
    )
    while (found := _open(asked) or _queued(asked, by=by, now=now)) is None:
        continue
    return found


def _open(asked: PortfolioQuestion) -> PortfolioRun | None:
    return PortfolioRun.objects.going_on().filter(digest=asked.digest).first()


def _queued(asked: PortfolioQuestion, *, by: User, now: datetime) -> PortfolioRun | None:
    """None where somebody else asked the same in between."""
    try:
        with transaction.atomic():
            found = PortfolioRun.objects.create(
                asked_by=by,
                asked_at=now,
                inputs=asked.inputs(),
                digest=asked.digest,
                workloads_total=len(asked.workloads),
                points_total=asked.points,
            )
            transaction.on_commit(lambda: tasks.wake_portfolio(found.pk), robust=True)
    except IntegrityError as error:
        if "portfolio_open_once" not in str(error):
            raise
        return None
    return found


@transaction.atomic
def cancel(run: PortfolioRun, *, by: User, now: datetime) -> PortfolioRun:
    """End it: at once where nobody works on it yet, else before the next point. What was found until then is kept.

    Asked twice, the first counts. Raises MissingPermission, AlreadyEnded.
    """
    if not by.has_perm(MAY_CANCEL):
        raise MissingPermission([MAY_CANCEL])
    locked = PortfolioRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if not locked.is_open:
        said = _("It is in the state “%(state)s”: there is nothing left to cancel.")
        raise AlreadyEnded(said % {"state": locked.get_state_display()})
    if locked.cancel_asked_at is None:
        locked.cancel_asked_by, locked.cancel_asked_at = by, now
    if locked.state == State.QUEUED:
        locked.state, locked.finished_at = State.CANCELLED, now
    locked.save(update_fields=["cancel_asked_by", "cancel_asked_at", "state", "finished_at"])
    return locked


def run(pk: int, *, now: datetime) -> bool:
    """Work on one that waits, to its end; False where it does not wait any more.

    A message that comes twice finds it taken. What goes wrong is kept with it.
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
    asked = PortfolioQuestion.of(PortfolioRun.objects.values_list("inputs", flat=True).get(pk=pk))
    whole = fleet.read(asked, now=now)
    _alive(pk)
    found = sweep(
        whole.portfolio,
        weightings(asked),
        progress=lambda done, _total: _alive(pk, points_done=done),
        cancelled=lambda: _running(pk).filter(cancel_asked_at__isnull=False).exists(),
    )
    ended: dict[str, Any] = {"result": result_of(whole, found), "finished_at": Now()}
    if found.cancelled:
        _running(pk).update(state=State.CANCELLED, **ended)
    else:
        _running(pk).update(state=State.DONE, **ended)


def weightings(asked: PortfolioQuestion) -> list[dict[str, float]]:
    """First what was asked for, then corners and others between, which make the front."""
    total = sum(asked.weights.values())
    own = {name: weight / total for name, weight in asked.weights.items()}
    others = spread(asked.objectives, asked.points, seed=SEED)
    different = [one for one in others if any(abs(one[name] - own[name]) > 1e-9 for name in own)]
    return [own, *different[: asked.points - 1]]


def _alive(pk: int, **columns: Any) -> None:
    if not _running(pk).update(progressed_at=Now(), **columns):
        raise _Ended


def _running(pk: int) -> QuerySet[PortfolioRun]:
    return PortfolioRun.objects.filter(pk=pk, state=State.RUNNING)


def look_after(*, now: datetime) -> int:
    """Tell those as failed, or cancelled where that was asked, whose worker is gone; wake those that still wait.

    Returns how many were ended.
    """
    lost = PortfolioRun.objects.filter(state=State.RUNNING, progressed_at__lt=Now() - LOST_AFTER)
    cancelled = lost.filter(cancel_asked_at__isnull=False).update(state=State.CANCELLED, finished_at=now)
    failed = lost.update(state=State.FAILED, problem=LOST, finished_at=now)
    waiting = PortfolioRun.objects.filter(state=State.QUEUED, asked_at__lt=now - WAITS).order_by("pk")
    for pk in waiting.values_list("pk", flat=True):
        tasks.wake_portfolio(pk)
    return cancelled + failed
