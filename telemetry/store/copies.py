"""A second set of the tables, in a schema of its own that comes first on a search path: the demo writes its past there.

Statements name tables without a schema, so everything in this folder then reads and writes the copy.
"""

from datetime import datetime

from django.db import connection

from telemetry.store import hot, partitions
from telemetry.store.blocks import DAMAGED
from telemetry.store.partitions import FIVE_MINUTES, HOURS, Partitioned
from telemetry.store.rolling import UPSERT


def make_copy(schema: str) -> None:
    with connection.cursor() as cursor:
        for table in (hot.TABLE, hot.LIST, DAMAGED):
            cursor.execute(f"CREATE TABLE {schema}.{table} (LIKE public.{table} INCLUDING ALL)")
        for table in (partitioned.table for partitioned in partitions.ALL):
            cursor.execute(
                f"CREATE TABLE {schema}.{table} (LIKE public.{table} INCLUDING ALL) PARTITION BY RANGE (start)"
            )


def publish_rollups(schema: str, *, now: datetime, until: datetime | None) -> None:
    """Move the copy's roll-ups of series that stand in public: partitions before that of `until`, None for all. Those
    too old to be kept are dropped."""
    for partitioned in (FIVE_MINUTES, HOURS):
        oldest = partitioned.name(partitioned.oldest_kept(now))
        for name in _names(schema, partitioned):
            if until is not None and name >= partitioned.name(partitioned.first_of(until)):
                continue
            if name >= oldest:
                _publish(schema, partitioned, name)
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE {schema}.{name}")


def _names(schema: str, partitioned: Partitioned) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = %s::regclass ORDER BY relname",
            [f"{schema}.{partitioned.table}"],
        )
        return [name for (name,) in cursor.fetchall()]


def _publish(schema: str, partitioned: Partitioned, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(start) FROM {schema}.{name}")
        (start,) = cursor.fetchone()
        if start is None:
            return
        partitions.ensure(partitioned, [start])
        cursor.execute(
            f"INSERT INTO public.{partitioned.table} AS done SELECT past.* FROM {schema}.{name} past"
            " WHERE series_id IN (SELECT id FROM public.telemetry_series) ORDER BY series_id, start" + UPSERT
        )
