"""Whether Muster lives, and whether it can work."""

import logging
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from web import clock, workers

log = logging.getLogger(__name__)

UP, DOWN = "up", "down"


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. Touches nothing else, so that a database that is down restarts no web process."""
    return JsonResponse({"status": UP})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether requests can be served: 200, or 503 naming what is missing. Workers are told of, but not needed."""
    parts = {"database": _database(), "redis": _redis()}
    parts["migrations"] = _migrations() if parts["database"] == UP else "unknown"
    seen = workers.seen(now=clock.now()) if parts["redis"] == UP else []
    working = all(state == UP for state in parts.values())
    answer: dict[str, Any] = {"status": UP if working else DOWN, **parts, "workers": len(seen)}
    return JsonResponse(answer, status=200 if working else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.warning("not ready: %s", error)
        return DOWN
    return UP


def _redis() -> str:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
    )
    try:
        client.ping()
    except redis.RedisError as error:
        log.warning("not ready: %s", error)
        return DOWN
    finally:
        client.close()
    return UP


def _migrations() -> str:
    applied = MigrationRecorder(connection).applied_migrations()
    return UP if all(migration in applied for migration in _newest_migrations()) else "behind"


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    # The files do not change while a process runs, and reading them takes a tenth of a second.
    return frozenset(MigrationLoader(None).graph.leaf_nodes())
