"""Reviews decisions whose day has come, and works out portfolios."""

from celery import shared_task

from readiness.tradeoffs.decisions import operations
from web import clock


@shared_task(name="readiness.tradeoffs.review_decisions")
def review_decisions() -> int:
    return operations.review_due(now=clock.now())


@shared_task(name="readiness.tradeoffs.work_out_portfolio")
def work_out_portfolio(pk: int) -> bool:
    # Its operations wake this task.
    from readiness.tradeoffs.portfolios import operations as portfolios

    return portfolios.run(pk, now=clock.now())


@shared_task(name="readiness.tradeoffs.look_after_portfolios")
def look_after_portfolios() -> int:
    from readiness.tradeoffs.portfolios import operations as portfolios

    return portfolios.look_after(now=clock.now())


def wake_portfolio(pk: int) -> None:
    """Beat looks once a minute too: what waits is in the database, and a wake-up may be lost."""
    work_out_portfolio.apply_async(args=[pk], queue="default", expires=3600, retry=False)
