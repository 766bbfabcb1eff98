"""A strict reader over plain mappings: keys are asked for by type, and what nobody asked for is an error."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class DefinitionError(ValueError):
    """A framework definition that does not hold together; `path` names the field.

    `file` and `line` say where that is written, where it came as files; "" and 0 where that cannot be told.
    """

    file = ""
    line = 0

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message


_MISSING = object()
_DURATION = re.compile(r"^([1-9][0-9]*)([smhd])$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MOST_SECONDS = 100 * 366 * 86400
"""A century: no evidence counts longer, and a date so far off still exists."""
LARGEST = 1e15
"""Of figures: far above any that means something, far below where arithmetic on it overflows."""


class MappingReader:
    """One mapping with the path that leads to it.

    Each method takes a key, marks it as known, and returns the value or raises DefinitionError with the key's
    path. With `default` given the key may be absent. `close` raises for keys that were never asked for.
    """

    def __init__(self, data: Any, path: str = "") -> None:
        if not isinstance(data, Mapping):
            raise DefinitionError(path, f"expected a mapping, got {_kind(data)}")
        self._data = data
        self._asked: set[str] = set()
        self.path = path

    def at(self, key: str) -> str:
        """The path of one of this mapping's keys."""
        return f"{self.path}.{key}" if self.path else key

    def error(self, key: str, message: str) -> DefinitionError:
        return DefinitionError(self.at(key) if key else self.path, message)

    def has(self, key: str) -> bool:
        return key in self._data

    def close(self) -> None:
        """Raise if the mapping holds a key that nobody asked for."""
        for key in self._data:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                raise self.error(str(key), f"unknown key; known here: {known}")

    def text(self, key: str, *, default: str | None = None, most: int | None = None) -> str:
        value = self._take(key, default)
        if not isinstance(value, str):
            raise self.error(key, f"expected text, got {_kind(value)}")
        stripped = " ".join(value.split())
        if not stripped and default is None:
            raise self.error(key, "must not be empty")
        if not _can_be_stored(stripped):
            raise self.error(key, "holds characters that no database keeps")
        if most is not None and len(stripped) > most:
            raise self.error(key, f"has {len(stripped)} characters; {most} is the most")
        return stripped

    def number(self, key: str, *, default: float | None = None) -> float:
        return self._number(key, self._take(key, default))

    def integer(self, key: str) -> int:
        value = self._take(key, None)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.error(key, f"expected a whole number, got {_kind(value)}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"expected true or false, got {_kind(value)}")
        return value

    def numbers(self, key: str) -> frozenset[float]:
        """A list of numbers, empty if the key is absent."""
        values = self._list(key, required=False)
        return frozenset(self._number(key, value) for value in values)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts in order, empty if the key is absent."""
        values = self._list(key, required=False)
        for value in values:
            if not isinstance(value, str) or not value.strip():
                raise self.error(key, f"expected a list of texts, got {_kind(value)} in it")
            if not _can_be_stored(value):
                raise self.error(key, "holds characters that no database keeps")
        return tuple(values)

    def word[E: StrEnum](self, key: str, words: type[E]) -> E:
        return self._word(key, self._take(key, None), words)

    def optional_word[E: StrEnum](self, key: str, words: type[E]) -> E | None:
        value = self._take(key, None, optional=True)
        return None if value is None else self._word(key, value, words)

    def words[E: StrEnum](self, key: str, words: type[E], *, required: bool = True) -> tuple[E, ...]:
        """A list of distinct words in order; not empty when required."""
        values = tuple(self._word(key, value, words) for value in self._list(key, required=required))
        if len(set(values)) != len(values):
            raise self.error(key, "names a word twice")
        return values

    def duration(self, key: str) -> int | None:
        """Seconds from `90s`, `15m`, `24h`, `30d`; None for `live`."""
        value = self._take(key, None)
        if value == "live":
            return None
        match = _DURATION.match(value) if isinstance(value, str) else None
        if match is None:
            raise self.error(key, f"expected a duration such as 24h or 30d, or live, got {value!r}")
        seconds = int(match[1][:15]) * _SECONDS[match[2]]
        if seconds > MOST_SECONDS:
            raise self.error(key, "is longer than a century")
        return seconds

    def day(self, key: str) -> str:
        """A date as YYYY-MM-DD; YAML reads one that is not quoted as a date already."""
        value = self._take(key, None)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        try:
            return date.fromisoformat(value).isoformat()
        except (TypeError, ValueError):
            raise self.error(key, f"expected a date such as 2026-11-25, got {_kind(value)}") from None

    def optional(self, key: str) -> Any:
        """The value as it is, None where it is left out, empty or nothing."""
        value = self._take(key, None, optional=True)
        return None if value == "" else value

    def mapping(self, key: str) -> MappingReader:
        return MappingReader(self._take(key, None), self.at(key))

    def optional_mapping(self, key: str) -> MappingReader | None:
        value = self._take(key, None, optional=True)
        return None if value is None else MappingReader(value, self.at(key))

    def items(self, key: str, *, required: bool = True) -> Iterator[MappingReader]:
        """A list of mappings; each one's path carries its `id`, else its position."""
        for position, value in enumerate(self._list(key, required=required)):
            name = value.get("id", position) if isinstance(value, Mapping) else position
            yield MappingReader(value, f"{self.at(key)}[{name}]")

    def each[T](
        self, key: str, read: Callable[[MappingReader], T], *, required: bool = True
    ) -> tuple[T, ...]:
        """Every item of a list of mappings through `read`, each closed afterwards; ids must not repeat."""
        seen: set[str] = set()
        values = []
        for item in self.items(key, required=required):
            values.append(read(item))
            item.close()
            if item.has("id"):
                item_id = str(item._data["id"])
                if item_id in seen:
                    raise DefinitionError(item.path, "id is used twice")
                seen.add(item_id)
        return tuple(values)

    def names(self) -> tuple[str, ...]:
        """The keys that are present, in order."""
        return tuple(str(key) for key in self._data)

    def _take(self, key: str, default: Any, *, optional: bool = False) -> Any:
        self._asked.add(key)
        value = self._data.get(key, _MISSING)
        if value is _MISSING:
            if default is None and not optional:
                raise self.error(key, "is missing")
            return default
        return value

    def _list(self, key: str, *, required: bool) -> list[Any]:
        value = self._take(key, None, optional=not required)
        if value is None and not required:
            return []
        if not isinstance(value, list | tuple):
            raise self.error(key, f"expected a list, got {_kind(value)}")
        if required and not value:
            raise self.error(key, "must not be empty")
        return list(value)

    def _number(self, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, f"expected a number, got {_kind(value)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise self.error(key, "must be finite")
        if abs(value) > LARGEST:
            raise self.error(key, f"is out of range: {LARGEST:.0e} is the most")
        return float(value)

    def _word[E: StrEnum](self, key: str, value: Any, words: type[E]) -> E:
        try:
            return words(value)
        except ValueError:
            known = ", ".join(words)
            raise self.error(key, f"{value!r} is not one of {known}") from None


def duration_text(seconds: int | None) -> str:
    """The inverse of `MappingReader.duration`, in the largest unit that divides it (a single day stays 24h)."""
    if seconds is None:
        return "live"
    for unit in ("d", "h", "m"):
        size = _SECONDS[unit]
        if seconds % size == 0 and seconds != _SECONDS["d"] * (unit == "d"):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _can_be_stored(text: str) -> bool:
    """Neither a NUL nor half of a surrogate pair, both of which YAML can write as an escape."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return repr(value)[:80]
