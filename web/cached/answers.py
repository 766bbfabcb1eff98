"""The declaration of a kept answer, and reading through it."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from django.conf import settings as project_settings
from django.db import connection
from django.db.models import Model
from prometheus_client import Counter

from web import clock
from web.cached.stamps import Stamps, stamps_of
from web.scopes import present

_reads = Counter("muster_cached_reads", "Entries of kept answers that were asked for", ["answer", "result"])

ANSWERS: "dict[str, CachedAnswer[Any, Any]]" = {}
"""Every declared answer, by name."""


class UndeclaredAnswer(Exception):
    """An answer read another one that it does not declare, so it would not notice when that one changes."""


@dataclass(frozen=True, slots=True)
class _KeptEntry[Value]:
    """A value that holds from `at` on until `until`, and while its basis is the same."""

    value: Value
    basis: object
    at: datetime | None
    until: datetime | None

    def holds(self, now: datetime | None, basis: object) -> bool:
        if self.until is not None and (now is None or now >= self.until):
            return False
        is_past = self.at is not None and now is not None and self.at > now
        return not is_past and (self.basis is basis or self.basis == basis)


@dataclass(eq=False, slots=True)
class _Group:
    """The entries of one set of arguments and one scope, as read since `stamp`."""

    stamp: object
    entries: dict[Any, _KeptEntry[Any]] = field(default_factory=dict)
    oldest_at: datetime | None = None


@dataclass(eq=False, slots=True)
class _KeptReading:
    """An answer that is being read; `until` is when the first of the answers that it read ends."""

    answer: "CachedAnswer[Any, Any] | None"
    stamps: Stamps
    until: datetime | None = None

    def end_by(self, until: datetime | None) -> None:
        self.until = _earliest(self.until, until)


_reading: ContextVar[_KeptReading | None] = ContextVar("answer being read", default=None)


def answer_being_read() -> "CachedAnswer[Any, Any] | None":
    """The innermost answer that this thread is reading."""
    current = _reading.get()
    return current.answer if current else None


@contextmanager
def _read(reading: _KeptReading) -> Iterator[_KeptReading]:
    token = _reading.set(reading)
    try:
        yield reading
    finally:
        _reading.reset(token)


class CachedAnswer[Key: Hashable, Value]:
    """An answer, with all that it depends on besides its key, its basis and the reader's scope.

    `models` are audited, `rows` are not: a write of either drops what was kept. A stamp of `rows` looks at every row,
    so they have few. Writes of `eventual` models show only once `grain`, a step of the clock, has passed. Of
    `versions`, key or basis say which one is read. `settings` are names; `answers` are read inside, and this one ends
    when the first of them does. With `any_answers` every other answer may be read inside, because key or basis tell
    their writes too. A scope and a key have their own entries: the `most` that were used last stay, with
    `most_entries` each.
    """

    def __init__(
        self,
        name: str,
        *,
        models: Iterable[type[Model]] = (),
        rows: Iterable[type[Model]] = (),
        eventual: Iterable[type[Model]] = (),
        versions: Iterable[type[Model]] = (),
        settings: Iterable[str] = (),
        answers: "Iterable[CachedAnswer[Any, Any]]" = (),
        any_answers: bool = False,
        grain: timedelta | None = None,
        most: int = 4,
        most_entries: int = 10_000,
    ) -> None:
        self.name, self.most, self.most_entries = name, most, most_entries
        self.models, self.rows = frozenset(models), frozenset(rows)
        self.eventual, self.versions = frozenset(eventual), frozenset(versions)
        self.answers, self.any_answers = frozenset(answers), any_answers
        if self.eventual and grain is None:
            raise ValueError(f"{name}: without a grain, writes of its eventual models would never show.")
        self.watched: frozenset[type[Model]] = self.models | self.rows
        self.settings, self.grains = frozenset(settings), frozenset({grain} if grain else ())
        for inner in self.answers:
            self.watched |= inner.watched
            self.settings |= inner.settings
            self.grains |= inner.grains
        self._lock = Lock()
        self._groups: OrderedDict[Hashable, _Group] = OrderedDict()
        self._hits, self._misses = (_reads.labels(name, result) for result in ("hit", "miss"))
        ANSWERS[name] = self

    def __deepcopy__(self, memo: Any) -> "CachedAnswer[Key, Value]":
        """There is one of it: REST framework copies a field with all that it was made with."""
        return self

    def value(
        self,
        read: Callable[[], Value],
        *,
        key: Hashable = (),
        basis: object = None,
        now: datetime | None = None,
        until: Callable[[Value], datetime | None] | None = None,
    ) -> Value:
        """Return the one value of a key; `values` says the rest."""
        single: Any = {None: basis}
        [value] = self.values(
            single,
            lambda missing: {entry_key: read() for entry_key in missing},
            key=key,
            now=now,
            until=until,
        ).values()
        return value

    def values(
        self,
        bases: Mapping[Key, object],
        read: Callable[[Collection[Key]], Mapping[Key, Value]],
        *,
        key: Hashable = (),
        now: datetime | None = None,
        until: Callable[[Value], datetime | None] | None = None,
    ) -> dict[Key, Value]:
        """Return a value for each entry of `bases`, in its order. `read` gets those entries that are new, whose basis
        changed, or that ended by `now`; it may leave out what has no value. Values are shared, so nobody may change
        them.
        """
        if not bases:
            return {}
        outer = self._reader()
        stamps = self._stamps(outer)
        group = self._group(key, self._stamp(stamps, now))
        entries = {
            entry_key: entry
            for entry_key, basis in bases.items()
            if (entry := group.entries.get(entry_key)) is not None and entry.holds(now, basis)
        }
        missing = [entry_key for entry_key in bases if entry_key not in entries]
        self._hits.inc(len(entries))
        if missing:
            self._misses.inc(len(missing))
            with _read(_KeptReading(self, stamps)) as reading:
                fresh = read(missing)
            new_entries = {
                entry_key: _KeptEntry(
                    value, bases[entry_key], now, _earliest(until(value) if until else None, reading.until)
                )
                for entry_key, value in fresh.items()
            }
            self._keep(group, new_entries)
            entries |= new_entries
        if outer:
            outer.end_by(min((entry.until for entry in entries.values() if entry.until), default=None))
        return {entry_key: entries[entry_key].value for entry_key in bases if entry_key in entries}

    def _reader(self) -> _KeptReading | None:
        outer = _reading.get()
        if outer and outer.answer and not outer.answer.any_answers and self not in outer.answer.answers:
            raise UndeclaredAnswer(f"{outer.answer.name} reads {self.name}: name it among its answers.")
        return outer

    def _stamps(self, outer: _KeptReading | None) -> Stamps:
        if outer and not (outer.answer and outer.answer.any_answers):
            # Older than the data at any rate, and no further statement.
            return {model: outer.stamps[model] for model in self.watched}
        if not self.watched:
            return {}
        with _read(_KeptReading(None, {})):
            return stamps_of(self.watched)

    def _stamp(self, stamps: Stamps, now: datetime | None) -> object:
        if self.grains and now is None:
            raise ValueError(f"{self.name} depends on the clock: pass it now.")
        values = {name: getattr(project_settings, name) for name in self.settings}
        return stamps, values, [clock_step(now, grain) for grain in self.grains] if now else None

    def _group(self, key: Hashable, stamp: object) -> _Group:
        # A test speaks to several databases.
        place = (connection.settings_dict["NAME"], present(), key)
        with self._lock:
            group = self._groups.get(place)
            if group is None or group.stamp != stamp:
                group = self._groups[place] = _Group(stamp)
            self._groups.move_to_end(place)
            while len(self._groups) > self.most:
                self._groups.popitem(last=False)
            return group

    def _keep(self, group: _Group, fresh: Mapping[Key, _KeptEntry[Value]]) -> None:
        """Keep what came first: sites are read in turn, so dropping the oldest would drop each before it is used."""
        kept_at = clock.now()
        with self._lock:
            group.oldest_at = group.oldest_at or kept_at
            for entry_key, entry in fresh.items():
                if entry_key in group.entries or len(group.entries) < self.most_entries:
                    group.entries[entry_key] = entry

    def forget(self) -> None:
        """Drop all that is kept, so that this process is as a new one."""
        with self._lock:
            self._groups.clear()

    def size(self) -> int:
        with self._lock:
            return sum(len(group.entries) for group in self._groups.values())

    def age_s(self, now: datetime) -> float:
        """How long ago the first of what is kept was read; 0 without entries."""
        with self._lock:
            oldest_at = [group.oldest_at for group in self._groups.values() if group.oldest_at]
        return max(0.0, (now - min(oldest_at)).total_seconds()) if oldest_at else 0.0


def clock_step(at: datetime, grain: timedelta) -> datetime:
    """The last step of the clock at or before an instant."""
    return datetime.fromtimestamp(at.timestamp() // grain.total_seconds() * grain.total_seconds(), UTC)


def _earliest(*ends: datetime | None) -> datetime | None:
    return min((end for end in ends if end is not None), default=None)
