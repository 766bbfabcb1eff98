"""Reviews due decisions and solves portfolios."""

from celery import shared_task

from readiness.tradeoffs.decisions import operations as decisions
from readiness.tradeoffs.portfolios import solving
from web import clock


@shared_task(name="readiness.tradeoffs.review_decisions")
def review_decisions() -> int:
    return decisions.review_due(now=clock.trusted_now())


@shared_task(name="readiness.tradeoffs.work_out_portfolio")
def work_out_portfolio(pk: int) -> bool:
    return solving.run(pk, now=clock.now())


@shared_task(name="readiness.tradeoffs.look_after_portfolios")
def look_after_portfolios() -> int:
    now = clock.now()
    for pk in solving.waiting(now=now):
        wake_portfolio(pk)
    return solving.end_lost(now=now)


def wake_portfolio(pk: int) -> None:
    """Beat also calls this once a minute, because a wake-up may be lost; a second one is harmless."""
    work_out_portfolio.apply_async(args=[pk], queue="default", expires=3600, retry=False)
