"""Which objects wait for whom: the contents of an inbox, from the declarations of steps.

A step says with `turn` for whom its objects wait, because an object that may be revoked does not wait for that. Objects
without a workflow, such as work items, use `awaits` instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Count, F, Model, Q, QuerySet, TextField, Value
from django.utils.text import slugify

from web.links import link

MOST_ENTRIES = 500
"""Number of entries of one kind shown to a reader; those due first."""
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Objects wait if `of(by, now)` holds: the step follows from their state, and this person may take it.

    `kind` says what to do, `verb` is on the button, `tab` names the navigation tab that counts them. `page` names the
    address, with the object's key if `keyed`. `subjects` gives the texts of several objects at once, `site` and
    `asked_by` the site and the user of one; `since` and `due` are columns, "" where there is none.
    """

    kind: str
    verb: str
    tab: str
    page: str
    of: Callable[[Any, datetime], Q]
    subjects: Callable[[Sequence[Any]], Iterable[str]]
    since: str = ""
    due: str = ""
    site: Callable[[Any], Any] = lambda obj: obj.site
    asked_by: Callable[[Any], Any] = lambda obj: None
    joined: tuple[str, ...] = ("site",)
    keyed: bool = True

    @property
    def key(self) -> str:
        return slugify(self.kind)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Objects of a model that wait for users with one of these permissions."""

    model: type[Model]
    any_of: tuple[str, ...]
    turn: Turn

    def rows(self, by: Any, now: datetime) -> QuerySet:
        return self.model._default_manager.filter(self.turn.of(by, now)).order_by()

    def entries(self, by: Any, now: datetime, limit: int) -> list[InboxEntry]:
        turn = self.turn
        columns = filter(None, (turn.due, turn.since, "pk"))
        first = [F(column).asc(nulls_last=True) for column in columns]
        # With None nothing is joined.
        joined = self.rows(by, now).select_related(*(turn.joined or (None,)))
        rows = list(joined.order_by(*first)[:limit])
        return [_entry(turn, obj, subject) for obj, subject in zip(rows, turn.subjects(rows), strict=True)]


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """`site` is None without a site, `asked_by` if nobody asked, `since` and `due_on` where nobody knows."""

    turn: Turn
    pk: int
    subject: str
    site: Any
    asked_by: Any
    since: datetime | None
    due_on: date | None
    url: str

    @property
    def id(self) -> str:
        return f"{self.turn.key}-{self.pk}"

    @property
    def rank(self) -> tuple[date, datetime, str]:
        return (self.due_on or date.max, self.since or _LATEST, self.id)


WAITING: list[Waiting] = []


def subjects_by(words: Callable[[Any], str]) -> Callable[[Sequence[Any]], Iterable[str]]:
    """The subjects of objects that need no look-up."""
    return lambda objects: map(words, objects)


def awaits(model: type[Model], *any_of: str, turn: Turn) -> None:
    WAITING.append(Waiting(model, any_of, turn))


def kinds() -> list[tuple[str, str]]:
    return sorted((waiting.turn.key, waiting.turn.kind) for waiting in WAITING)


def counts(by: Any, *, now: datetime) -> dict[str, int]:
    """Number of objects of each kind that wait for this person, by key; one statement."""
    parts = [
        kind.rows(by, now)
        .values(turn_key=Value(kind.turn.key, output_field=TextField()))
        .annotate(number=Count("pk"))
        for kind in _met_by(by)
    ]
    numbers = parts[0].union(*parts[1:], all=True).order_by() if parts else ()
    return {row["turn_key"]: row["number"] for row in numbers if row["number"]}


def counts_by_tab(by: Any, *, now: datetime) -> dict[str, int]:
    """Number of objects that wait for this person, by the url name of the tab; one statement."""
    tab_of = {waiting.turn.key: waiting.turn.tab for waiting in WAITING}
    numbers: Counter[str] = Counter()
    for key, number in counts(by, now=now).items():
        numbers[tab_of[key]] += number
    return dict(numbers)


def inbox(by: Any, *, now: datetime, numbers: dict[str, int], limit: int = MOST_ENTRIES) -> list[InboxEntry]:
    """The first entries of each kind, due first; one statement for each kind with a count in `numbers`."""
    entries = [
        entry for kind in _met_by(by) if numbers.get(kind.turn.key) for entry in kind.entries(by, now, limit)
    ]
    return sorted(entries, key=lambda entry: entry.rank)


def _met_by(by: Any) -> Iterator[Waiting]:
    return (kind for kind in WAITING if not kind.any_of or any(map(by.has_perm, kind.any_of)))


def _entry(turn: Turn, obj: Any, subject: str) -> InboxEntry:
    due = getattr(obj, turn.due) if turn.due else None
    return InboxEntry(
        turn,
        obj.pk,
        subject,
        turn.site(obj),
        turn.asked_by(obj),
        getattr(obj, turn.since) if turn.since else None,
        due.astimezone(UTC).date() if isinstance(due, datetime) else due,
        link(turn.page, obj.pk) if turn.keyed else link(turn.page),
    )
