"""Entries that were written together, as one line: an import, a bulk edit, what a part of Muster wrote in a day."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

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
from web.history.writes import Write, WriteKey, WritePart, newest_writes, one_of, written_on
from web.timerange import BadParameter
from web.units import how_many

APART = 3
"""So many entries of one write are still listed one by one."""
KINDS = 3
"""Number of kinds of objects that a line names."""


@dataclass(frozen=True, slots=True)
class HistoryBatch:
    """`counts` are numbers of entries by kind of object, the largest first; `query` selects all entries.

    `count` and `counts` may leave out older entries of a write of more than `MOST_COUNTED`.
    """

    id: str
    ended_at: datetime
    count: int
    counts: Sequence[tuple[str, str, int]]
    is_partly_counted: bool
    actor: str
    token: str
    message: str
    request_id: str
    query: dict[str, str]

    @property
    def size(self) -> str:
        """`412 changes`, or `at least 200 changes`."""
        return ("at least " if self.is_partly_counted else "") + how_many(self.count, "change", "changes")

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
    """Return one page of lines, newest first; writes of more than a few entries are one line.

    A page ends with a whole transaction, so that it may have more lines than `limit`.
    """
    entries = entries_of(replace(query, after="")).annotate(day=written_on())
    page: dict[WriteKey, Write] = {}
    next_after = ""
    last: WritePart | None = None
    for part, write in newest_writes(
        entries, query.tables, _instant_of(position(query.after)), size=2 * limit
    ):
        if last is not None and len(page) >= limit and part.at != last.at:
            next_after = str(last.newest_id)
            break
        last = part
        if not write.is_listed:
            page.setdefault(part.key, write)
    ids_by_key = _ids_by_key(entries, [write for write in page.values() if write.count <= APART])
    row_by_id = _rows_by_id([entry_id for ids in ids_by_key.values() for entry_id in ids], query)
    lines: list[HistoryLine] = []
    for key, write in page.items():
        if write.count > APART:
            lines.append(_line(write, query))
        else:
            lines += [row_by_id[each] for each in ids_by_key[key] if each in row_by_id]
    return FoldedPage(lines, next_after)


def lines_before(query: HistoryQuery, before: datetime, *, limit: int) -> list[tuple[datetime, HistoryLine]]:
    """The newest lines before an instant, each with its own: that of a write of many entries is of its last one.

    Writes are those of the whole query, so that a line is the same whichever page it stands on.
    """
    entries = entries_of(query).annotate(day=written_on())
    places: list[tuple[datetime, int, Write | None]] = []
    listed_keys: set[WriteKey] = set()
    for part, write in newest_writes(entries, query.tables, before, size=2 * limit):
        if len(places) >= limit and part.at < places[-1][0]:
            break
        if write.count <= APART:
            places += [(part.at, entry_id, None) for entry_id in part.ids]
        elif part.key not in listed_keys and not write.is_listed:
            listed_keys.add(part.key)
            places.append((part.at, part.newest_id, write))
    places = sorted(places, key=lambda place: place[:2], reverse=True)[:limit]
    row_by_id = _rows_by_id([entry_id for _at, entry_id, large in places if large is None], query)
    lines: list[tuple[datetime, HistoryLine]] = []
    for at, entry_id, large_write in places:
        if large_write is not None:
            lines.append((at, _line(large_write, query)))
        elif entry_id in row_by_id:
            lines.append((at, row_by_id[entry_id]))
    return lines


def _instant_of(entry_id: int | None) -> datetime | None:
    """Raises BadParameter where the history has no such entry."""
    if entry_id is None:
        return None
    at: datetime | None = AuditEntry.objects.filter(pk=entry_id).values_list("at", flat=True).first()
    if at is None:
        raise BadParameter("after", "The history has no such row.")
    return at


def _ids_by_key(entries: Any, writes: Sequence[Write]) -> dict[WriteKey, list[int]]:
    ids_by_key: dict[WriteKey, list[int]] = defaultdict(list)
    if writes:
        newest_first = entries.filter(one_of([write.key for write in writes])).order_by("-at", "-id")
        for entry_id, *values in newest_first.values_list("id", *WriteKey._fields):
            ids_by_key[WriteKey(*values)].append(entry_id)
    return ids_by_key


def _rows_by_id(ids: Collection[int], query: HistoryQuery) -> dict[int, HistoryRow]:
    entries = list(AuditEntry.objects.filter(pk__in=ids)) if ids else []
    return {int(row.id): row for row in rows_of_entries(entries, query)} if entries else {}


def _line(write: Write, query: HistoryQuery) -> HistoryBatch:
    nouns = {model._meta.db_table: model._meta for model in query.models}
    return HistoryBatch(
        id=str(write.newest_id),
        ended_at=write.ended_at,
        count=write.count,
        counts=[
            (str(nouns[table].verbose_name), str(nouns[table].verbose_name_plural), count)
            for table, count in sorted(write.counts.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
        is_partly_counted=write.started_at is None,
        message=write.key.message,
        request_id=write.key.request_id,
        query=dict(_query(write)),
        **actor_of(write.key.user_id, write.key.username, write.key.token),
    )


def _query(write: Write) -> Iterator[tuple[str, str]]:
    key = write.key
    if key.request_id:
        yield "request", key.request_id
        return
    if key.message:
        yield "message", key.message
    if key.username and visibility.sees_names():
        yield "actor", key.username
    if write.started_at is not None:
        yield "start", write.started_at.isoformat()
    yield "end", (write.ended_at + timedelta(seconds=1)).isoformat()
