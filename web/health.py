"""Whether Muster is alive, and whether it can serve."""

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

UP, DEGRADED, DOWN = "up", "degraded", "down"


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. It checks nothing else, so that a database failure restarts no web process."""
    return JsonResponse({"status": UP})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether requests can be served: 200, or 503 with what is missing.

    Pages and samples work without Redis and without workers: then the status is degraded.
    """
    database = DOWN if request.META.get("muster.away") else _database()
    parts = {
        "database": database,
        "migrations": _migrations() if database == UP else "unknown",
        "redis": _redis(),
    }
    seen = workers.seen(now=clock.now()) if parts["redis"] == UP else []
    serving = parts["database"] == parts["migrations"] == UP
    status = DOWN if not serving else UP if seen else DEGRADED
    answer: dict[str, Any] = {"status": status, **parts, "workers": len(seen)}
    return JsonResponse(answer, status=200 if serving else 503)


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
        settings.REDIS_URL, socket_timeout=0.3, socket_connect_timeout=0.3, retry=Retry(NoBackoff(), 0)
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
    return UP if all(migration in applied for migration in newest_migrations()) else "behind"


@cache
def newest_migrations() -> frozenset[tuple[str, str]]:
    # Cached: the files do not change while a process runs, and reading them takes a tenth of a second.
    return frozenset(MigrationLoader(None).graph.leaf_nodes())
