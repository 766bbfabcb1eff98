"""Writes of many entries, read from the newest on without reading each entry.

The entries of one transaction share their instant. So the transactions are walked by the index of instants, and of each
only the newest entries are read. Those of a large one are read for each table, because most of it may be of tables that
are not asked for.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Case, Count, DateField, Max, Min, Q, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import TruncDate
from django.utils.timezone import make_aware

MOST_COUNTED = 200
"""Entries of one transaction that are counted, and of one write before the rest of it is left out: a page does not wait
for the largest import that it lists."""
NEWEST_IDS = 3
"""Entries of one transaction whose ids are read."""
_TRANSACTIONS = """
WITH RECURSIVE past (at) AS (
    ({newest})
    UNION ALL
    SELECT ({next_older}) FROM past WHERE past.at IS NOT NULL
)
SELECT entry.at, {key}, entry."table", count(*), (array_agg(entry.id ORDER BY entry.id DESC))[:{ids}]
FROM (
    SELECT at, (
        SELECT count(*) FROM (SELECT FROM audit_entry WHERE at = past.at LIMIT {most} + 1) AS entries
    ) > {most} AS is_large
    FROM past WHERE at IS NOT NULL LIMIT {size}
) AS past, LATERAL (
    SELECT * FROM ({newest_of_one}) AS of_one WHERE NOT past.is_large
    UNION ALL (
        SELECT of_table.* FROM unnest(%s::text[]) AS one ("table"), LATERAL ({newest_of_table}) AS of_table
        WHERE past.is_large ORDER BY of_table.id DESC LIMIT {most}
    )
) AS entry
GROUP BY entry.at, {key}, entry."table" ORDER BY entry.at DESC, max(entry.id) DESC
"""


class WriteKey(NamedTuple):
    """The writer and the occasion; the day is None for a request."""

    user_id: int | None
    username: str
    token: str
    message: str
    request_id: str
    day: date | None


@dataclass(frozen=True, slots=True)
class WritePart:
    """Entries of one write in one transaction: numbers by table, `MOST_COUNTED` at most, and the newest ids."""

    key: WriteKey
    at: datetime
    counts: Counter[str]
    ids: list[int]

    @property
    def newest_id(self) -> int:
        return self.ids[0]


@dataclass(slots=True)
class Write:
    """Numbers of entries by table. `started_at` is None where the transactions walked so far have `MOST_COUNTED`
    entries or more; then only their entries are counted.

    `is_listed` says whether the write has entries after those that are walked.
    """

    key: WriteKey
    newest_id: int
    ended_at: datetime
    started_at: datetime | None
    counts: Counter[str]
    is_listed: bool = False

    @property
    def count(self) -> int:
        return self.counts.total()


def written_on() -> Case:
    """Entries of one request are together; others of one writer if they are of one day."""
    return Case(When(request_id="", then=TruncDate("at")), default=None, output_field=DateField())


def one_of(keys: Collection[WriteKey]) -> Q:
    return reduce(or_, map(_condition, keys))


def newest_writes(
    entries: Any, tables: Sequence[str], before: datetime | None, *, size: int
) -> Iterator[tuple[WritePart, Write]]:
    """Parts of writes from the newest on, each with its write. `entries` are of `tables`, and have the annotation
    `day`, `written_on()`.

    Transactions come by `size`. A write that has most of them is passed over from then on.
    """
    writes: dict[WriteKey, Write] = {}
    passed_over: set[WriteKey] = set()
    end = before
    while True:
        parts = _newest_parts(entries.filter(*(~_condition(key) for key in passed_over)), tables, end, size)
        writes |= _writes(entries, [part for part in parts if part.key not in writes], before)
        yield from ((part, writes[part.key]) for part in parts)
        if len({part.at for part in parts}) < size:
            return
        end = parts[-1].at
        transactions = Counter(part.key for part in parts)
        passed_over |= {key for key, count in transactions.items() if 2 * count > size}


def _newest_parts(entries: Any, tables: Sequence[str], before: datetime | None, size: int) -> list[WritePart]:
    by_time = entries.order_by("-at").values("at")
    this_instant = RawSQL("past.at", ())
    rows_of_one = (
        entries.filter(at=this_instant).order_by("-id").values("id", "at", "table", *WriteKey._fields)
    )
    rows_of_table = rows_of_one.filter(table=RawSQL('one."table"', ()))
    querysets = {
        "newest": (by_time if before is None else by_time.filter(at__lt=before))[:1],
        "next_older": by_time.filter(at__lt=this_instant)[:1],
        "newest_of_one": rows_of_one[:MOST_COUNTED],
        "newest_of_table": rows_of_table[:MOST_COUNTED],
    }
    try:
        sql_by_name = {name: queryset.query.sql_with_params() for name, queryset in querysets.items()}
    except EmptyResultSet:
        # A reader who may see no kind of object.
        return []
    statement = _TRANSACTIONS.format(
        key=", ".join(f"entry.{name}" for name in WriteKey._fields),
        size=size,
        most=MOST_COUNTED,
        ids=NEWEST_IDS,
        **{name: sql for name, (sql, _values) in sql_by_name.items()},
    )
    *others, of_table = (values for _sql, values in sql_by_name.values())
    parts: dict[tuple[datetime, WriteKey], WritePart] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, [*chain.from_iterable(others), [*tables], *of_table])
        for at, *values, table, count, ids in cursor:
            key = WriteKey(*values)
            part = parts.setdefault((at, key), WritePart(key, at, Counter(), []))
            part.counts[table] += count
            part.ids[:] = sorted([*part.ids, *ids], reverse=True)[:NEWEST_IDS]
    return list(parts.values())


def _writes(entries: Any, parts: Sequence[WritePart], before: datetime | None) -> dict[WriteKey, Write]:
    """The writes that these parts, the newest first, belong to."""
    writes: dict[WriteKey, Write] = {}
    for part in parts:
        write = writes.setdefault(part.key, Write(part.key, part.newest_id, part.at, None, Counter()))
        write.counts += part.counts
    large = [key for key, write in writes.items() if write.count >= MOST_COUNTED]
    if large and before is not None:
        keys_after = entries.filter(one_of(large), at__gte=before).order_by().values_list(*WriteKey._fields)
        for values in keys_after.distinct():
            writes[WriteKey(*values)].is_listed = True
    small_keys = writes.keys() - set(large)
    for key in small_keys:
        writes[key].counts = Counter()
    rows = entries.filter(one_of(small_keys)).order_by() if small_keys else entries.none()
    by_table = rows.values_list(*WriteKey._fields, "table").annotate(
        number=Count("*"), first=Min("at"), last=Max("at"), newest=Max("id")
    )
    for *values, table, count, started_at, ended_at, newest_id in by_table:
        write = writes[WriteKey(*values)]
        write.counts[table] = count
        write.started_at = min(write.started_at or started_at, started_at)
        write.ended_at = max(write.ended_at, ended_at)
        write.newest_id = max(write.newest_id, newest_id)
        write.is_listed = before is not None and write.ended_at >= before
    return writes


def _condition(key: WriteKey) -> Q:
    """The entries of a write, in terms that an index serves."""
    condition = Q(**{name: getattr(key, name) for name in ("username", "token", "message", "request_id")})
    condition &= Q(user_id__isnull=True) if key.user_id is None else Q(user_id=key.user_id)
    if key.day is not None:
        begins_at, ends_at = (
            make_aware(datetime.combine(key.day + timedelta(days=days), time())) for days in (0, 1)
        )
        condition &= Q(at__gte=begins_at, at__lt=ends_at)
    return condition
