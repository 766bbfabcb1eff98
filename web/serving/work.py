"""Kinds of work, and how long each may use the database: limits that PostgreSQL itself enforces."""

import threading
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


@dataclass(frozen=True, slots=True)
class WorkBounds:
    """Limits: seconds for a statement, a lock wait and a pause within a transaction; number of threads; requests of one
    reader processed at once, and waiting.
    """

    name: str
    statement_s: float
    lock_s: float
    pause_s: float
    threads: int = 1
    at_once: int = 1
    at_most: int = 1


PAGES = WorkBounds(
    "pages",
    statement_s=30,
    lock_s=5,
    pause_s=30,
    threads=settings.WEB_THREADS,
    at_once=max(1, settings.WEB_THREADS // 2),
    at_most=200,
)
"""Pages, and queries of programs. A browser sends six requests at once."""
FILES = WorkBounds("files", statement_s=60, lock_s=5, pause_s=60, threads=2, at_most=4)
"""Exports and imports. They take turns, so that pages do not wait for them."""
SERIES = WorkBounds("series", statement_s=30, lock_s=5, pause_s=30, threads=2, at_most=50)
"""Queries for the points of series, of which there may be a thousand."""
INGEST = WorkBounds("ingest", statement_s=10, lock_s=5, pause_s=10, threads=4)
"""More threads would only wait for each other: each is mostly idle except for its commit."""
WEBHOOKS = WorkBounds("webhooks", statement_s=10, lock_s=5, pause_s=10, threads=2)
"""Alerts of other systems, which wait 5 s for an answer; what takes longer is done when they tell again."""
HEALTH = WorkBounds("health", statement_s=1, lock_s=1, pause_s=5, threads=2)
STATIC = WorkBounds("static", statement_s=1, lock_s=1, pause_s=5, threads=2)
"""Styles, scripts and icons: pages that wait for the database do not keep them from a reader."""
SPARE = WorkBounds("spare", statement_s=1, lock_s=1, pause_s=5, threads=2)
"""Answers while the database is unavailable; they do not use it."""
PULSE = WorkBounds("pulse", statement_s=5, lock_s=1, pause_s=5)
TASKS = WorkBounds("tasks", statement_s=900, lock_s=120, pause_s=600)
"""Celery's tasks: roll-ups, scoring, portfolios."""
DELIVERIES = WorkBounds("deliveries", statement_s=30, lock_s=10, pause_s=30)
"""The courier of a worker process (`web/delivery/courier.py`)."""

_of_thread = threading.local()
_of_process: WorkBounds | None = None


def begin(work: WorkBounds) -> None:
    _of_thread.work = work


def begin_process(work: WorkBounds) -> None:
    global _of_process
    _of_process = work


def limit(connection: BaseDatabaseWrapper, **sent: Any) -> None:
    """Let PostgreSQL end statements that take longer.

    Management commands have no limit, because somebody watches them.
    """
    work: WorkBounds | None = getattr(_of_thread, "work", _of_process)
    if work is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false),"
            " set_config('idle_in_transaction_session_timeout', %s, false)",
            [f"{seconds * 1000:.0f}" for seconds in (work.statement_s, work.lock_s, work.pause_s)],
        )


connection_created.connect(limit, dispatch_uid="web.serving.work")
