"""Entries that were written together, as one line: an import, a bulk edit, what a part of Muster wrote in a day."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, Count, DateField, Max, Min, Q, When
from django.db.models.functions import TruncDate
from django.utils.timezone import make_aware

from web import visibility
from web.audit import AuditEntry
from web.history.events import (
    HistoryQuery,
    HistoryRow,
    actor_of,
    entries_of,
    position,
    rows_of_entries,
)
from web.units import how_many

APART = 3
"""So many entries of one write are still listed one by one."""
KINDS = 3
"""Number of kinds of objects that a line names."""
_KEY = ("user_id", "username", "token", "message", "request_id", "day")


@dataclass(frozen=True, slots=True)
class HistoryBatch:
    """`counts` are numbers of entries by what happened to which kind, the largest first; `query` shows them all."""

    id: str
    started_at: datetime
    ended_at: datetime
    count: int
    counts: Sequence[tuple[str, str, int]]
    actor: str
    token: str
    message: str
    request_id: str
    query: dict[str, str]

    @property
    def parts(self) -> list[str]:
        return [how_many(count, one, many) for one, many, count in self.counts[:KINDS]]

    @property
    def further(self) -> int:
        return sum(count for _one, _many, count in self.counts[KINDS:])


type HistoryLine = HistoryRow | HistoryBatch


@dataclass(frozen=True, slots=True)
class FoldedPage:
    lines: list[HistoryLine]
    next_after: str


def folded(query: HistoryQuery, *, limit: int = 50) -> FoldedPage:
    """Return one page of lines, newest first; writes of more than a few entries are one line."""
    entries = entries_of(replace(query, after="")).annotate(day=_day())
    after = position(query.after)
    begin = Q() if after is None else Q(id__lt=after)
    batches: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row, group in _newest(entries, begin, by_time=False, size=2 * limit):
        if after is None or group["last"] < after:
            batches.setdefault(_key(row), group)
        if len(batches) > limit:
            break
    page = list(batches.values())[:limit]
    large = [batch for batch in page if batch["count"] > APART]
    counts = _counts(entries, large, query) if large else {}
    small = [batch for batch in page if batch["count"] <= APART]
    rows_by_key: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    if small:
        for row in entries.filter(_among(small)).order_by("-id").values("id", *_KEY):
            rows_by_key[_key(row)].append(row["id"])
    row_by_id = _rows_by_id([entry_id for ids in rows_by_key.values() for entry_id in ids], query)
    lines: list[HistoryLine] = []
    for batch in page:
        if batch["count"] > APART:
            lines.append(_line(batch, counts[_key(batch)]))
        else:
            lines += [row_by_id[each] for each in rows_by_key[_key(batch)] if each in row_by_id]
    return FoldedPage(lines, str(page[-1]["last"]) if len(batches) > limit else "")


def lines_before(query: HistoryQuery, before: datetime, *, limit: int) -> list[tuple[datetime, HistoryLine]]:
    """The newest lines before an instant, each with its own: that of a write of many entries is of its last one.

    Writes are those of the whole query, so that a line is the same whichever page it stands on. `counts` are empty.
    """
    entries = entries_of(query).annotate(day=_day())
    places: list[tuple[datetime, int | dict[str, Any]]] = []
    listed_keys: set[tuple[Any, ...]] = set()
    for row, group in _newest(entries, Q(at__lt=before), by_time=True, size=2 * limit):
        if group["count"] <= APART:
            places.append((row["at"], row["id"]))
        elif (key := _key(row)) not in listed_keys and group["ended_at"] < before:
            listed_keys.add(key)
            places.append((group["ended_at"], group))
        if len(places) == limit:
            break
    row_by_id = _rows_by_id([place for _at, place in places if isinstance(place, int)], query)
    lines: list[tuple[datetime, HistoryLine]] = []
    for at, place in places:
        if not isinstance(place, int):
            lines.append((at, _line(place, ())))
        elif place in row_by_id:
            lines.append((at, row_by_id[place]))
    return lines


def _newest(
    entries: Any, begin: Q, *, by_time: bool, size: int
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Entries from the newest on, by their time or their id, each with the write that it belongs to.

    The whole is never read: of a large write some come, and then its others are passed over.
    """
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    passed_over: list[dict[str, Any]] = []
    order = ("-at", "-id") if by_time else ("-id",)
    while True:
        present = entries.filter(begin, *(~_condition(group) for group in passed_over))
        rows = list(present.order_by(*order).values("id", "at", *_KEY)[:size])
        groups |= _groups(entries, {_key(row) for row in rows} - groups.keys())
        yield from ((row, groups[_key(row)]) for row in rows)
        if len(rows) < size:
            return
        last = rows[-1]
        older = Q(id__lt=last["id"])
        begin = Q(at__lt=last["at"]) | Q(at=last["at"]) & older if by_time else older
        passed_over = [group for group in groups.values() if group["count"] > size]
        size *= 2


def _groups(entries: Any, keys: Collection[tuple[Any, ...]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Number of entries, first and last of these writes, as far as the query has them."""
    if not keys:
        return {}
    among = _among([dict(zip(_KEY, key, strict=True)) for key in keys])
    rows = entries.filter(among).order_by().values(*_KEY)
    counted = rows.annotate(count=Count("*"), last=Max("id"), started_at=Min("at"), ended_at=Max("at"))
    return {_key(row): row for row in counted}


def _among(groups: Collection[dict[str, Any]]) -> Q:
    return reduce(or_, (_condition(group) for group in groups))


def _condition(group: dict[str, Any]) -> Q:
    """The entries of a write, in terms that an index serves."""
    condition = Q(**{name: group[name] for name in ("username", "token", "message", "request_id")})
    condition &= Q(user_id__isnull=True) if group["user_id"] is None else Q(user_id=group["user_id"])
    if (day := group["day"]) is not None:
        begins_at, ends_at = (
            make_aware(datetime.combine(day + timedelta(days=days), time())) for days in (0, 1)
        )
        condition &= Q(at__gte=begins_at, at__lt=ends_at)
    return condition


def _rows_by_id(ids: Collection[int], query: HistoryQuery) -> dict[int, HistoryRow]:
    entries = list(AuditEntry.objects.filter(pk__in=ids)) if ids else []
    return {int(row.id): row for row in rows_of_entries(entries, query)} if entries else {}


def _day() -> Case:
    """Writes of one request are together; others of one writer if they are of one day."""
    return Case(When(request_id="", then=TruncDate("at")), default=None, output_field=DateField())


def _key(batch: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(batch[name] for name in _KEY)


def _counts(
    entries: Any, batches: Sequence[dict[str, Any]], query: HistoryQuery
) -> dict[Any, list[tuple[str, str, int]]]:
    rows = entries.filter(_among(batches)).order_by().values(*_KEY, "table").annotate(count=Count("*"))
    nouns = {model._meta.db_table: model._meta for model in query.models}
    counts: dict[Any, list[tuple[str, str, int]]] = defaultdict(list)
    for row in rows.order_by("-count", "table"):
        meta = nouns[row["table"]]
        counts[_key(row)].append((str(meta.verbose_name), str(meta.verbose_name_plural), row["count"]))
    return counts


def _line(batch: dict[str, Any], counts: Sequence[tuple[str, str, int]]) -> HistoryBatch:
    return HistoryBatch(
        id=str(batch["last"]),
        started_at=batch["started_at"],
        ended_at=batch["ended_at"],
        count=batch["count"],
        counts=counts,
        message=batch["message"],
        request_id=batch["request_id"],
        query=dict(_query(batch)),
        **actor_of(batch["user_id"], batch["username"], batch["token"]),
    )


def _query(batch: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if batch["request_id"]:
        yield "request", batch["request_id"]
        return
    if batch["message"]:
        yield "message", batch["message"]
    if batch["username"] and visibility.sees_names():
        yield "actor", batch["username"]
    yield "start", batch["started_at"].isoformat()
    yield "end", (batch["ended_at"] + timedelta(seconds=1)).isoformat()
