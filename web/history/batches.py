"""Entries that were written together, as one line: an import, a bulk edit, what a part of Muster wrote in a day."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, BigIntegerField, Case, Count, DateField, F, Max, Min, Q, When
from django.db.models.functions import TruncDate

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


class _FewIds(Aggregate):
    """All ids of a small group; an order would make PostgreSQL sort every entry."""

    template = f"(array_agg(%(expressions)s))[1:{APART}]"
    output_field = ArrayField(BigIntegerField())


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
    groups = (
        entries.order_by()
        .values(*_KEY)
        .annotate(
            count=Count("*"), last=Max("id"), started_at=Min("at"), ended_at=Max("at"), ids=_FewIds("id")
        )
    )
    if (after := position(query.after)) is not None:
        groups = groups.filter(last__lt=after)
    batches = list(groups.order_by("-last")[: limit + 1])
    page = batches[:limit]
    large = [batch for batch in page if batch["count"] > APART]
    counts = _counts(entries, large, query) if large else {}
    apart = [entry_id for batch in page if batch["count"] <= APART for entry_id in batch["ids"]]
    rows = (
        rows_of_entries(list(AuditEntry.objects.filter(pk__in=apart).order_by("-id")), query) if apart else []
    )
    row_by_id = {int(row.id): row for row in rows}
    lines: list[HistoryLine] = []
    for batch in page:
        if batch["count"] > APART:
            lines.append(_line(batch, counts[_key(batch)]))
        else:
            lines += [
                row_by_id[entry_id]
                for entry_id in sorted(batch["ids"], reverse=True)
                if entry_id in row_by_id
            ]
    return FoldedPage(lines, str(page[-1]["last"]) if len(batches) > limit else "")


def lines_before(query: HistoryQuery, before: datetime, *, limit: int) -> list[tuple[datetime, HistoryLine]]:
    """The newest lines before an instant, each with its own: that of a write of many entries is of its last one.

    Writes are those of the whole query, so that a line is the same whichever page it stands on. `counts` are empty.
    """
    entries = entries_of(query).annotate(day=_day())
    is_large = Q(count__gt=APART)
    groups = (
        entries.order_by()
        .values(*_KEY)
        .annotate(
            count=Count("*"), last=Max("id"), started_at=Min("at"), ended_at=Max("at"), ids=_FewIds("id"),
            seen_at=Max("at", filter=Q(at__lt=before)),
        )
        .annotate(reach=Case(When(is_large, then=F("ended_at")), default=F("seen_at")))
        .filter(reach__lt=before)
    )  # fmt: skip
    newest = list(groups.order_by("-reach", "-last")[:limit])
    apart = [entry_id for group in newest if group["count"] <= APART for entry_id in group["ids"]]
    singles = AuditEntry.objects.filter(pk__in=apart, at__lt=before).order_by("-id") if apart else []
    lines: list[HistoryLine] = [*rows_of_entries(list(singles), query)]
    lines += [_line(group, ()) for group in newest if group["count"] > APART]
    dated = [(line.ended_at if isinstance(line, HistoryBatch) else line.at, line) for line in lines]
    return sorted(dated, key=lambda pair: (pair[0], int(pair[1].id)), reverse=True)[:limit]


def _day() -> Case:
    """Writes of one request are together; others of one writer if they are of one day."""
    return Case(When(request_id="", then=TruncDate("at")), default=None, output_field=DateField())


def _key(batch: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(batch[name] for name in _KEY)


def _counts(
    entries: Any, batches: Sequence[dict[str, Any]], query: HistoryQuery
) -> dict[Any, list[tuple[str, str, int]]]:
    # A wider condition than the groups themselves, which is cheaper to test; other groups are ignored.
    columns = ("username", "message", "request_id")
    among = {f"{name}__in": sorted({batch[name] for batch in batches}) for name in columns}
    rows = entries.filter(**among).order_by().values(*_KEY, "table").annotate(count=Count("*"))
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
