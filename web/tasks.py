from celery import shared_task

from web.audit import retention
from web.clock import now


@shared_task(name="web.keep_history")
def keep_history() -> int:
    return retention.keep(now=now())
