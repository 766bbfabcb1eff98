"""A leaver's list: what a person made or owns that goes on without them, or waits for them.

Each app names its rows in its `AppConfig.ready`:

    leaving.register("sources", "Sources of telemetry", AfterLeaving.GOES_ON, owned, permission="telemetry.view_source")

where `owned(person, now=...)` returns a QuerySet. Row security and the reader's permissions decide who sees them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import starmap
from typing import Any, Protocol

from django.db.models import QuerySet

from accounts.models import User
from web import links

MOST = 50
"""Rows that are shown of one kind."""


class AfterLeaving(StrEnum):
    """Rows go on without anybody who answers for them, or go on and the person knows their secret, or wait for the
    person."""

    GOES_ON = "goes-on"
    SECRET_SEEN = "secret-seen"
    WAITS = "waits"


class RowsOfPerson(Protocol):
    def __call__(self, person: User, *, now: datetime) -> QuerySet[Any]: ...


@dataclass(frozen=True, slots=True)
class LeftKind:
    """One kind of rows, and what becomes of them when the person leaves."""

    name: str
    title: str
    outcome: AfterLeaving
    rows: RowsOfPerson
    permission: str
    page: Callable[[Any], str | None] = links.page_url


@dataclass(frozen=True, slots=True)
class LeftObject:
    label: str
    display_url: str


@dataclass(frozen=True, slots=True)
class LeftGroup:
    """Rows of one kind: how many there are, and the first MOST of them."""

    name: str
    title: str
    outcome: AfterLeaving
    count: int
    objects: tuple[LeftObject, ...]


@dataclass(frozen=True, slots=True)
class LeaversList:
    """`withheld` are the titles of kinds that the reader may not see."""

    groups: tuple[LeftGroup, ...]
    withheld: tuple[str, ...]

    @property
    def count(self) -> int:
        return sum(group.count for group in self.groups)


_kinds: dict[str, LeftKind] = {}


def register(
    name: str,
    title: str,
    outcome: AfterLeaving,
    rows: RowsOfPerson,
    *,
    permission: str,
    page: Callable[[Any], str | None] = links.page_url,
) -> None:
    _kinds[name] = LeftKind(name, title, outcome, rows, permission, page)


def leavers_list(person: User, *, reader: User, now: datetime) -> LeaversList:
    """Read what goes on without this person, as far as the reader may see it.

    One statement for each kind, two for a long one.
    """
    seen_kinds = [kind for kind in _kinds.values() if reader.has_perm(kind.permission)]
    groups = [_group(kind, person, now) for kind in seen_kinds]
    return LeaversList(
        tuple(group for group in groups if group.count),
        tuple(kind.title for kind in _kinds.values() if kind not in seen_kinds),
    )


def _group(kind: LeftKind, person: User, now: datetime) -> LeftGroup:
    rows = kind.rows(person, now=now)
    objects = list(rows[: MOST + 1])
    count = len(objects) if len(objects) <= MOST else rows.count()
    labels_and_pages = ((str(row), kind.page(row) or "") for row in objects[:MOST])
    return LeftGroup(kind.name, kind.title, kind.outcome, count, tuple(starmap(LeftObject, labels_and_pages)))
