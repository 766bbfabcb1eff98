"""Counters of the ingest page: refusals by reason, and each source's activity per five minutes.

What is ignored is counted apart from what is refused (core.labels).

Callers write refusals before activity, rows in key order, so that they cannot deadlock.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import psycopg

from telemetry.core.labels import IGNORED
from telemetry.models import Rejection

ACTIVITY_S = 300
EXAMPLE_CHARS = Rejection._meta.get_field("example").max_length

_REFUSALS = """
INSERT INTO telemetry_rejection AS kept (source_id, on_date, reason, count, example, last_at)
SELECT * FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::bigint[], %s::text[], %s::timestamptz[])
ON CONFLICT (source_id, on_date, reason) DO UPDATE SET count = kept.count + excluded.count,
    example = excluded.example, last_at = greatest(kept.last_at, excluded.last_at)
"""
_ACTIVITY = """
INSERT INTO telemetry_sourceactivity AS kept
    (source_id, start, batches, samples, rejected, ignored, lag_max_s, clock_skew_s)
SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::float8[], %s::float8[])
ON CONFLICT (source_id, start) DO UPDATE SET batches = kept.batches + excluded.batches,
    samples = kept.samples + excluded.samples, rejected = kept.rejected + excluded.rejected,
    ignored = kept.ignored + excluded.ignored,
    lag_max_s = greatest(kept.lag_max_s, excluded.lag_max_s),
    clock_skew_s = greatest(kept.clock_skew_s, excluded.clock_skew_s)
"""


class Refusals(NamedTuple):
    source_id: int
    on_date: date
    reason: str
    count: int
    example: str
    at: datetime


class Activity(NamedTuple):
    source_id: int
    start: datetime
    batches: int
    samples: int
    rejected: int
    ignored: int
    lag_s: float
    clock_skew_s: float | None = None


def refusals(
    source_id: int, counts: Mapping[str, int], examples: Mapping[str, str], now: datetime
) -> list[Refusals]:
    day = now.astimezone(UTC).date()
    return [
        Refusals(source_id, day, str(reason), counts[reason], examples.get(reason, "")[:EXAMPLE_CHARS], now)
        for reason in sorted(counts)
        if counts[reason]
    ]


def split(counts: Mapping[str, int]) -> tuple[int, int]:
    """How many were refused, and how many ignored."""
    ignored = sum(count for reason, count in counts.items() if reason in IGNORED)
    return sum(counts.values()) - ignored, ignored


def activity_start(at: datetime) -> datetime:
    return datetime.fromtimestamp(at.timestamp() // ACTIVITY_S * ACTIVITY_S, UTC)


def count(cursor: psycopg.Cursor[Any], refused: Iterable[Refusals], active: Iterable[Activity]) -> None:
    write_columns(cursor, _REFUSALS, refused)
    write_columns(cursor, _ACTIVITY, active)


def write_columns(cursor: psycopg.Cursor[Any], statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    if columns := [list(column) for column in zip(*rows, strict=True)]:
        cursor.execute(statement, columns)
