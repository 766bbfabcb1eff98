from celery import shared_task

from web import following, workers
from web.audit import retention
from web.clock import trusted_now
from web.delivery.tasks import deliver, keep_deliveries
from web.kinds.import_job import work_on_import

__all__ = ["deliver", "keep_deliveries", "keep_history", "number_written", "work_on_import"]


@shared_task(name="web.keep_history")
def keep_history() -> int:
    return 0 if workers.are_catching_up() else retention.keep(now=trusted_now())


@shared_task(name="web.number_written")
def number_written() -> int:
    return sum(map(following.number, following.followed_models()))
