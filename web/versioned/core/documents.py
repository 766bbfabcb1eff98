"""Frozen dataclasses as documents: a mapping is parsed by their annotations, or refused at the wrong field.

A field without a default is required and must not be empty. `Annotated` adds what a type cannot express: another `Key`,
another form (`As`), and rules, which take the value and its mapping, and return the value or raise ValueError. For
further rules, a class registers a function with `reads` and `writes`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache, partial
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

LARGEST = 1e15
"""Far above any meaningful figure, and far below an arithmetic overflow."""
REQUIRED: Any = object()

type Rule = Callable[[Any, Fields], Any]


class DocumentError(ValueError):
    """An invalid document; `path` names the field: `checks[p1-load].parts[site].pass`.

    `file` and `line` locate it if it came as files; "" and 0 if unknown.
    """

    file = ""
    line = 0

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a field in documents, if it differs from the field's name."""

    name: str


@dataclass(frozen=True, slots=True)
class As:
    """How to read and write a field that has another form in documents."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


class Fields:
    """One mapping of a document, and its path. `close` refuses keys that nobody took."""

    def __init__(self, data: Any, path: str = "", root: Fields | None = None) -> None:
        if not isinstance(data, Mapping):
            raise DocumentError(path, f"expected a mapping, got {_shown(data)}")
        self.data: Mapping[Any, Any] = data
        self.path = path
        self.root = root or self
        self._taken: set[str] = set()
        self._ids: dict[str, frozenset[str]] = {}

    def at(self, *keys: str) -> str:
        return ".".join(filter(None, (self.path, *keys)))

    def error(self, key: str, message: str) -> DocumentError:
        return DocumentError(self.at(key), message)

    def ids(self, section: str) -> frozenset[str]:
        if section not in self.root._ids:
            items = self.root.data.get(section)
            items = items if isinstance(items, list | tuple) else ()
            ids = (item.get("id") for item in items if isinstance(item, Mapping))
            self.root._ids[section] = frozenset(each for each in ids if isinstance(each, str))
        return self.root._ids[section]

    def take(self, key: str, annotation: Any, default: Any = REQUIRED) -> Any:
        """The value as annotated. Without a default it is required and must not be empty. Raises DocumentError."""
        self._taken.add(key)
        value = self.data.get(key, REQUIRED)
        if value is REQUIRED and default is REQUIRED:
            raise self.error(key, "is missing")
        if value is REQUIRED:
            return default
        try:
            return self._read(annotation, value, key, is_required=default is REQUIRED)
        except DocumentError:
            raise
        except ValueError as error:
            raise self.error(key, str(error)) from None

    def inner(self, key: str) -> Fields:
        self._taken.add(key)
        if key not in self.data:
            raise self.error(key, "is missing")
        return Fields(self.data[key], self.at(key), self.root)

    def optional(self, key: str) -> Fields | None:
        self._taken.add(key)
        return None if self.data.get(key) is None else self.inner(key)

    def each[T](self, key: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
        """Every item of a list of mappings with unique ids; () if there is no list."""
        self._taken.add(key)
        items: dict[Any, T] = {}
        for position, value in enumerate(_listed(self.data.get(key), self.at(key))):
            name = value.get("id", position) if isinstance(value, Mapping) else position
            inner = Fields(value, f"{self.at(key)}[{name}]", self.root)
            item = read(inner)
            inner.close()
            if (item_id := getattr(item, "id", position)) in items:
                raise DocumentError(inner.path, "id is used twice")
            items[item_id] = item
        return tuple(items.values())

    def build[T](self, kind: type[T], **given: Any) -> T:
        for field in _slots_of(kind):  # type: ignore[arg-type]
            if field.name not in given:
                given[field.name] = self.take(field.key, field.annotation, field.default)
        return kind(**given)

    def close(self) -> None:
        for key in self.data:
            if key not in self._taken:
                raise self.error(str(key), f"unknown key; known here: {', '.join(sorted(self._taken))}")

    def _read(self, annotation: Any, value: Any, key: str, *, is_required: bool = False) -> Any:
        kind, extras = _parted(annotation)
        form = next((extra for extra in extras if isinstance(extra, As)), None)
        read = form.read(value) if form else self._plain(kind, value, key)
        if is_required and read in ("", (), frozenset()):
            raise ValueError("must not be empty")
        for rule in extras:
            if read is not None and not isinstance(rule, As | Key):
                read = rule(read, self)
        return read

    def _plain(self, kind: Any, value: Any, key: str) -> Any:
        origin = get_origin(kind)
        if origin in (Union, UnionType):
            return None if value in (None, "") else self._read(get_args(kind)[0], value, key)
        if origin in (tuple, frozenset):
            return origin(self._list(get_args(kind)[0], value, key))
        if dataclasses.is_dataclass(kind):
            inner = Fields(value, self.at(key), self.root)
            read = _read_object(kind, inner)
            inner.close()
            return read
        return _scalar(kind, value)

    def _list(self, kind: Any, value: Any, key: str) -> Collection[Any]:
        if dataclasses.is_dataclass(kind):
            return self.each(key, lambda inner: _read_object(kind, inner))
        values = _listed(value, self.at(key))
        if kind is str:
            return [_listed_text(each) for each in values]
        read = [_scalar(kind, each) for each in values]
        if issubclass(kind, StrEnum) and len(set(read)) != len(read):
            raise ValueError("names a word twice")
        return read


def read[T](kind: type[T], data: Any) -> T:
    fields = Fields(data)
    document: T = _read_object(kind, fields)
    fields.close()
    return document


_READERS: dict[type, Callable[[Fields], Any]] = {}
_WRITERS: dict[type, Callable[[Any], Any]] = {}


def reads[F: Callable[[Fields], Any]](kind: type) -> Callable[[F], F]:
    """Register how a class is parsed; the function usually calls `Fields.build` and checks the result."""
    return partial(_registered, _READERS, kind)


def writes[F: Callable[[Any], Any]](kind: type) -> Callable[[F], F]:
    return partial(_registered, _WRITERS, kind)


def _registered[F: Callable[..., Any]](registry: dict[type, Any], kind: type, function: F) -> F:
    registry[kind] = function
    return function


def written(value: Any) -> Any:
    """Plain values for documents: mappings without empty values, sorted sets, days as text."""
    if (writer := _WRITERS.get(type(value))) is not None:
        return writer(value)
    if dataclasses.is_dataclass(value):
        return mapping_of(value)
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(written(each) for each in value)
    return [written(each) for each in value] if isinstance(value, tuple) else value


def mapping_of(value: Any, **instead: Any) -> dict[str, Any]:
    """The fields of one dataclass by key, without empty ones; `instead` overrides some values."""
    mapping = {}
    for field in _slots_of(type(value)):  # type: ignore[arg-type]
        plain = instead[field.name] if field.name in instead else field.write(getattr(value, field.name))
        if plain is not False and plain not in ("", None, [], {}):
            mapping[field.key] = plain
    return mapping


def digest(mapping: Mapping[str, Any]) -> str:
    canonical = json.dumps(mapping, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def must(holds: Callable[[Any], bool], said: Callable[[Any], str]) -> Rule:
    def rule(value: Any, fields: Fields) -> Any:
        if not holds(value):
            raise ValueError(said(value))
        return value

    return rule


def most(length: int) -> Rule:
    return must(
        lambda text: len(text) <= length, lambda text: f"has {len(text)} characters; {length} is the most"
    )


def between(low: int, high: int) -> Rule:
    return must(lambda number: low <= number <= high, lambda number: f"must be from {low} to {high}")


def matches(pattern: str, said: str) -> Rule:
    return must(lambda text: re.fullmatch(pattern, text) is not None, lambda text: said)


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str
    key: str
    annotation: Any
    default: Any
    write: Callable[[Any], Any]


@lru_cache
def _slots_of(kind: Any) -> tuple[_Slot, ...]:
    hints = get_type_hints(kind, include_extras=True)
    fields = []
    for field in dataclasses.fields(kind):
        extras = _parted(hints[field.name])[1]
        key = next((extra.name for extra in extras if isinstance(extra, Key)), field.name)
        write = next((extra.write for extra in extras if isinstance(extra, As)), written)
        default = REQUIRED if field.default is dataclasses.MISSING else field.default
        fields.append(_Slot(field.name, key, hints[field.name], default, write))
    return tuple(fields)


@lru_cache(maxsize=1024)
def _parted(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    extras = getattr(annotation, "__metadata__", ())
    return (annotation.__origin__ if extras else annotation), extras


def _read_object(kind: Any, fields: Fields) -> Any:
    reader = _READERS.get(kind)
    return fields.build(kind) if reader is None else reader(fields)


def _listed(value: Any, path: str) -> Collection[Any]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise DocumentError(path, f"expected a list, got {_shown(value)}")
    return value


def _scalar(kind: Any, value: Any) -> Any:
    if issubclass(kind, StrEnum):
        if value not in tuple(kind):
            raise ValueError(f"{value!r:.80} is not one of {', '.join(kind)}")
        return kind(value)
    return _SCALARS[kind](value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected text, got {_shown(value)}")
    return _storable(" ".join(value.split()))


def _listed_text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"expected a list of texts, got {_shown(value)} in it")
    return _storable(value)


def _storable(text: str) -> str:
    """YAML escapes can produce a NUL, and half of a surrogate pair."""
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("holds characters that no database keeps")
    return text


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected a number, got {_shown(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must be finite")
    if abs(value) > LARGEST:
        raise ValueError(f"is out of range: {LARGEST:.0e} is the most")
    return float(value)


def _exactly(kind: type, said: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"expected {said}, got {_shown(value)}")
        return value

    return read


def _day(value: Any) -> date:
    """YAML already parses an unquoted day as a date."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"expected a date such as 2026-11-25, got {_shown(value)}") from None


_SCALARS: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    float: _number,
    int: _exactly(int, "a whole number"),
    bool: _exactly(bool, "true or false"),
    date: _day,
}


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else repr(value)[:80]
