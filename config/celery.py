"""The Celery application. The schedule is a dict in settings; tasks are found in each app's tasks.py."""

import os

from celery import Celery
from celery.signals import task_prerun, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("muster")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _bound_statements(**sent: object) -> None:
    from web.serving import work

    work.begin_process(work.TASKS)


@task_prerun.connect
def _drop_broken_connections(**sent: object) -> None:
    """As Django does before a request: Celery itself keeps connections from task to task, or closes them all."""
    from django.db import close_old_connections

    close_old_connections()
