"""The Celery application. The schedule is a dict in settings; tasks are found in each app's tasks.py."""

import gc
import os
from typing import Any

from celery import Celery, Task
from celery.signals import task_prerun, worker_before_create_process, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django's checks belong to `make check`. Here they would have the worker load every page, form and endpoint.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")


class ActingTask(Task):
    """A task whose writes say that the worker made them, and in which run of the task."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from web.actor import acting

        with acting("worker", request_id=self.request.id or ""):
            return super().__call__(*args, **kwargs)


app = Celery("muster", task_cls=ActingTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _bound_statements(**sent: object) -> None:
    from web.serving import work

    work.begin_process(work.TASKS)


@worker_before_create_process.connect
def _share_what_is_loaded(**sent: object) -> None:
    """Looking for garbage writes to each object that is looked at: processes that a worker forks would soon share
    nothing of all that was loaded before."""
    gc.collect()
    gc.freeze()


@task_prerun.connect
def _drop_broken_connections(**sent: object) -> None:
    """As Django does before a request: Celery itself keeps connections from task to task, or closes them all."""
    from django.db import close_old_connections

    close_old_connections()
