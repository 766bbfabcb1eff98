"""Whether Muster is alive, and whether it can serve."""

import logging
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

import redis
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from web import clock, disk, workers

log = logging.getLogger(__name__)

UP, DEGRADED, BUSY, DOWN, UNKNOWN = "up", "degraded", "busy", "down", "unknown"


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that Muster needs, as they were seen. A database is busy if its answer takes seconds."""

    database: str
    migrations: str
    redis: str
    disk: str
    workers: int

    @property
    def status(self) -> str:
        """Pages and samples work without Redis and without workers: then it is degraded."""
        if self.database == DOWN or self.migrations != UP:
            return DOWN
        if self.database == BUSY:
            return BUSY
        return UP if self.workers and self.disk == UP else DEGRADED

    def replace_database(self, database: str) -> "Parts":
        return replace(self, database=database)

    def lose_database(self) -> "Parts":
        return replace(self, database=DOWN, migrations=UNKNOWN)

    def keep_migrations(self, before: "Parts | None") -> "Parts":
        """Migrations stay as they were seen before while the database cannot be asked."""
        return replace(self, migrations=before.migrations) if before and self.migrations == UNKNOWN else self


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. It checks nothing else, so that a database failure restarts no web process."""
    return JsonResponse({"status": UP})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether requests can be served: 200, or 503 with what is missing. The web process has looked already
    (web/serving/pulse.py); any other looks now."""
    parts: Parts = request.META.get("muster.parts") or read_parts(clock.now())
    return JsonResponse(
        {"status": parts.status, **asdict(parts)}, status=503 if parts.status == DOWN else 200
    )


def read_parts(now: datetime) -> Parts:
    redis_state = _redis()
    migrations = _migrations() if _database() == UP else UNKNOWN
    return Parts(
        database=DOWN if migrations == UNKNOWN else UP,
        migrations=migrations,
        redis=redis_state,
        disk=disk.disk_standing(now).state,
        workers=len(workers.seen(now=now)) if redis_state == UP else 0,
    )


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
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except DatabaseError as error:
        log.warning("not ready: %s", error)
        return UNKNOWN
    return UP if migrations_on_disk() <= applied.keys() else "behind"


@cache
def migrations_on_disk() -> frozenset[tuple[str, str]]:
    """App and name of each. They are not imported, because the models of a hundred past states would stay: 5 MB."""
    folders = [
        (app.label, Path(app.path) / "migrations")
        for app in apps.get_app_configs()
        if app.models_module is not None
    ]
    return frozenset((label, path.stem) for label, folder in folders for path in folder.glob("[0-9]*.py"))
