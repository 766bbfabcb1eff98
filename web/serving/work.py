"""Kinds of work, and how long each may keep the database: a bound that PostgreSQL itself holds."""

import threading
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


@dataclass(frozen=True, slots=True)
class WorkBounds:
    """Bounds: seconds for a statement, a wait for a lock and a pause within a transaction; threads in all; requests of
    one reader that are worked on at once, and that may wait with them.
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
"""Pages, and questions of programs. A browser asks for six things at once."""
FILES = WorkBounds("files", statement_s=60, lock_s=5, pause_s=60, threads=2, at_most=4)
"""Exports and imports. They take turns, so that pages do not wait for them."""
SERIES = WorkBounds("series", statement_s=30, lock_s=5, pause_s=30, threads=2, at_most=50)
"""Questions for the points of series, which may be a thousand."""
INGEST = WorkBounds("ingest", statement_s=10, lock_s=5, pause_s=10, threads=4)
"""More threads would only wait for each other: one is busy but for the moment of its commit."""
HEALTH = WorkBounds("health", statement_s=1, lock_s=1, pause_s=5, threads=2)
SPARE = WorkBounds("spare", statement_s=1, lock_s=1, pause_s=5, threads=2)
"""Answers that are given while the database is away; they ask it nothing."""
PULSE = WorkBounds("pulse", statement_s=5, lock_s=1, pause_s=5)
TASKS = WorkBounds("tasks", statement_s=900, lock_s=120, pause_s=600)
"""Celery's: roll-ups, scoring, portfolios."""

_of_thread = threading.local()
_of_process: WorkBounds | None = None


def begin(work: WorkBounds) -> None:
    _of_thread.work = work


def begin_process(work: WorkBounds) -> None:
    global _of_process
    _of_process = work


def limit(connection: BaseDatabaseWrapper, **sent: Any) -> None:
    """Have PostgreSQL end what takes longer. Management commands have no bound: somebody watches them."""
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
