"""Request and cancel a portfolio. A worker solves it (`solving`)."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from readiness.demand.workloads import queries as workloads
from readiness.demand.workloads.models import WorkloadClass
from readiness.tradeoffs.models import PortfolioRun
from readiness.tradeoffs.portfolios import fleet
from readiness.tradeoffs.portfolios.inputs import CURRENCY, PortfolioQuestion
from readiness.tradeoffs.portfolios.params import question_of
from readiness.tradeoffs.tasks import wake_portfolio
from web.parameters import BadParameter
from web.permissions import MissingPermission

State = PortfolioRun.State
MAY_SEE = "tradeoffs.view_portfoliorun"
MAY_ASK = "tradeoffs.add_portfoliorun"
MAY_CANCEL = "tradeoffs.cancel_portfoliorun"


class AlreadyEnded(Exception):
    """Nothing is left to cancel; the message names the state."""


def ask(body: Mapping[str, Any], *, by: User, now: datetime) -> PortfolioRun:
    """Queue a portfolio.

    An open run for the same question is returned as it is. Raises MissingPermission, and BadParameter with the wrong
    field.
    """
    if not by.has_perm(MAY_ASK):
        raise MissingPermission([MAY_ASK])
    slugs = set(WorkloadClass.objects.values_list("slug", flat=True))
    question = question_of(
        body,
        workloads=slugs,
        sites=fleet.sites_in_service(now),
        running=workloads.running(slugs, day=now.date()),
    )
    if not body.get("currency"):
        question = replace(question, currency=usual_currency(question.workloads, now=now))
    if question.currency != CURRENCY and question.currency not in fleet.currencies(now):
        raise BadParameter(
            "currency", f"No factor is in {question.currency}, and no exchange rate leads to it."
        )
    while (run := _open(question) or _queued(question, by=by, now=now)) is None:
        continue
    return run


def usual_currency(slugs: Collection[str], *, now: datetime) -> str:
    """The currency in which the explorer prices these classes, if it is one for all, so that both say the same."""
    classes = WorkloadClass.objects.filter(slug__in=slugs).exclude(cost_currency="")
    class_currencies = set(classes.order_by().values_list("cost_currency", flat=True).distinct())
    shared = class_currencies.pop() if len(class_currencies) == 1 else CURRENCY
    return shared if shared in fleet.currencies(now) else CURRENCY


def _open(question: PortfolioQuestion) -> PortfolioRun | None:
    return PortfolioRun.objects.going_on().filter(digest=question.digest).first()


def _queued(question: PortfolioQuestion, *, by: User, now: datetime) -> PortfolioRun | None:
    try:
        with transaction.atomic():
            run = PortfolioRun.objects.create(
                asked_by=by,
                asked_at=now,
                inputs=question.inputs(),
                digest=question.digest,
                workloads_total=len(question.workloads),
                points_total=question.points,
            )
            transaction.on_commit(lambda: wake_portfolio(run.pk), robust=True)
    except IntegrityError as error:
        if "portfolio_open_once" not in str(error):
            raise
        return None
    return run


@transaction.atomic
def cancel(run: PortfolioRun, *, by: User, now: datetime) -> PortfolioRun:
    """Cancel a run: at once if nobody works on it, else before the next point.

    Points found so far are kept. The first of two calls counts. Raises MissingPermission, AlreadyEnded.
    """
    if not by.has_perm(MAY_CANCEL):
        raise MissingPermission([MAY_CANCEL])
    locked = PortfolioRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if not locked.is_open:
        state = locked.get_state_display()
        raise AlreadyEnded(f"The run is in the state “{state}”, so it cannot be cancelled.")
    if locked.cancel_asked_at is None:
        locked.cancel_asked_by, locked.cancel_asked_at = by, now
    if locked.state == State.QUEUED:
        locked.state, locked.finished_at = State.CANCELLED, now
    locked.save(update_fields=["cancel_asked_by", "cancel_asked_at", "state", "finished_at"])
    return locked
