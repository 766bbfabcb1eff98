"""The Celery application. The schedule is a dict in settings; tasks are found in each app's tasks.py."""

import gc
import os
from importlib import import_module
from typing import Any

from celery import Celery, Task
from celery.signals import task_prerun, worker_before_create_process, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django's checks belong to `make check`; here they would make the worker load every page, form and endpoint.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")


LOADED_BY_EACH = ("cffi.cparser", "numpy.ma", "pydantic.dataclasses")
"""Modules that libraries import only when they are used."""


class ActingTask(Task):
    """A task whose writes are attributed to the worker and to the run of the task."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from web import request_ids
        from web.actor import acting

        task_id = self.request.id or ""
        with request_ids.logged(task_id or request_ids.NO_REQUEST), acting("worker", request_id=task_id):
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
    """Load what each forked process would load anew, and freeze it: the garbage collector writes to each object that it
    visits, so the processes would soon share none of them."""
    load_for_forks()
    gc.collect()
    gc.freeze()


def load_for_forks() -> None:
    from telemetry.core.registry import registry

    for name in LOADED_BY_EACH:
        import_module(name)
    registry()


@task_prerun.connect
def _drop_broken_connections(**sent: object) -> None:
    """Do what Django does before a request: Celery would keep connections from task to task, or close all of them."""
    from django.db import close_old_connections

    close_old_connections()
