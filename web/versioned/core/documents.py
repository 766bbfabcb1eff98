"""Documents as frozen dataclasses, which pydantic reads: types of fields, refusals in plain words, and the way back.

A class states what its fields may hold by pydantic's own means: `Annotated` with the types below, and validators. A key
that differs from the field's name is its `alias`. The context of each reading is `Whole`, the document as it came.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache, singledispatch
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Strict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

LARGEST = 1e15
"""Far above any meaningful figure, and far below an arithmetic overflow."""
MOST_FAULTS = 50
"""Errors that are told of one document."""
CLOSED = ConfigDict(extra="forbid")
"""`with_config(CLOSED)` on the class of a whole document makes unknown keys errors in all of it."""


class DocumentError(ValueError):
    """An invalid document; `path` names the field: `checks[p1-load].parts[site].pass`.

    `file` and `line` locate it if it came as files; "" and 0 if unknown. `others` are its further errors.
    """

    file = ""
    line = 0
    others: tuple[DocumentError, ...] = ()

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True)
class Whole:
    data: Any
    _ids: dict[str, frozenset[str]] = field(default_factory=dict)

    def ids(self, section: str) -> frozenset[str]:
        if section not in self._ids:
            items = self.data.get(section) if isinstance(self.data, Mapping) else None
            listed = items if isinstance(items, list | tuple) else ()
            ids = (item.get("id") for item in listed if isinstance(item, Mapping))
            self._ids[section] = frozenset(each for each in ids if isinstance(each, str))
        return self._ids[section]


def refusal(message: str, *place: str | int) -> ValidationError:
    """An error for a validator to raise, at a place below its own."""
    fault = PydanticCustomError("rule", "{reason}", {"reason": message})
    return ValidationError.from_exception_data("rule", [InitErrorDetails(type=fault, loc=place, input=None)])


def matches(pattern: str, message: str) -> AfterValidator:
    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(message)
        return text

    return AfterValidator(check)


def _storable(text: str) -> str:
    """YAML escapes can produce a NUL, and half of a surrogate pair."""
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("holds characters that no database keeps")
    return text


def _line(text: str) -> str:
    return _storable(" ".join(text.split()))


def _filled[T](value: T) -> T:
    if not value or (isinstance(value, str) and not value.strip()):
        raise ValueError("must not be empty")
    return value


def _day(value: Any) -> date:
    """YAML already parses an unquoted day as a date."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"expected a date such as 2026-11-25, got {_shown(value)}") from None


def _distinct(values: Any) -> Any:
    if isinstance(values, list) and any(value in values[:place] for place, value in enumerate(values)):
        raise ValueError("names a word twice")
    return values


def _identified[T](items: tuple[T, ...]) -> tuple[T, ...]:
    ids: set[str] = set()
    for position, item in enumerate(items):
        if (item_id := getattr(item, "id", str(position))) in ids:
            raise refusal("id is used twice", position)
        ids.add(item_id)
    return items


type Some[T] = Annotated[T, AfterValidator(_filled)]
type Items[T] = Annotated[tuple[T, ...], AfterValidator(_identified)]
"""Mappings, each with an id of its own."""
Distinct = BeforeValidator(_distinct)
type Words[T] = Annotated[frozenset[T], Distinct]
Line = Annotated[str, Strict(), AfterValidator(_line)]
"""Text in one line, which may be empty."""
Text = Some[Line]
Word = Some[Annotated[str, Strict(), AfterValidator(_storable)]]
"""Text as it is written, for lists."""
Number = Annotated[float, Strict(), Field(allow_inf_nan=False, ge=-LARGEST, le=LARGEST)]
Integer = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Day = Annotated[date, BeforeValidator(_day)]

_UNKNOWN = "unknown key; known here: {known}"
_SENTENCES = {
    "missing": "is missing",
    **dict.fromkeys(("unexpected_keyword_argument", "extra_forbidden", "invalid_key"), _UNKNOWN),
    **dict.fromkeys(
        ("dataclass_type", "model_type", "dict_type", "mapping_type"), "expected a mapping, got {shown}"
    ),
    **dict.fromkeys(("tuple_type", "list_type", "frozen_set_type"), "expected a list, got {shown}"),
    "string_type": "expected text, got {shown}",
    "string_unicode": "holds characters that no database keeps",
    "float_type": "expected a number, got {shown}",
    "finite_number": "must be finite",
    "int_type": "expected a whole number, got {shown}",
    "bool_type": "expected true or false, got {shown}",
    **dict.fromkeys(("enum", "literal_error"), "{shown} is not one of {words}"),
    "too_long": "has {actual_length} characters; {max_length} is the most",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
    "value_error": "{error}",
    "rule": "{reason}",
}
"""What to say of pydantic's errors, by their types."""


def read[T](kind: type[T], data: Any) -> T:
    """Raises DocumentError with the first wrong field; its `others` are all further ones."""
    try:
        document: T = _adapter(cast(Any, kind)).validate_python(data, context=Whole(data))
    except ValidationError as error:
        first, *others = _faults(kind, data, error.errors(include_url=False))
        first.others = tuple(others)
        raise first from None
    return document


@lru_cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _faults(kind: Any, data: Any, errors: list[ErrorDetails]) -> list[DocumentError]:
    """One error for each place. A validator may have copied a wrong value to where the document does not state it."""
    faults: dict[str, DocumentError] = {}
    for error in errors:
        path, is_stated = _place(data, error)
        if is_stated and path not in faults:
            faults[path] = DocumentError(path, _sentence(kind, error))
        if len(faults) == MOST_FAULTS:
            break
    return list(faults.values()) or [DocumentError(path, _sentence(kind, error))]


def _place(data: Any, error: ErrorDetails) -> tuple[str, bool]:
    """The path of an error, and whether the document has it. A list's plain values are named by their list."""
    path, has_holder = "", True
    for step in (each for each in error["loc"] if each != "[key]"):
        has_holder = data is not ...
        if isinstance(data, list | tuple):
            data = data[cast(int, step)]
            if isinstance(data, Mapping) or error["type"] in ("dataclass_type", "model_type"):
                path += f"[{data.get('id', step) if isinstance(data, Mapping) else step}]"
        else:
            path = f"{path}.{step}".lstrip(".")
            data = data.get(step, ...) if isinstance(data, Mapping) else ...
    return path, has_holder and (data is not ... or error["type"] in ("missing", "rule", "invalid_key"))


def _sentence(kind: Any, error: ErrorDetails) -> str:
    template = _SENTENCES.get(error["type"], error["msg"].replace("{", "{{").replace("}", "}}"))
    context = error.get("ctx", {})
    known_keys = _known_keys(kind, error["loc"]) if template == _UNKNOWN else ()
    words = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
    return template.format(shown=_shown(error["input"]), known=", ".join(known_keys), words=words, **context)


@lru_cache
def _schema(kind: Any) -> dict[str, Any]:
    return _adapter(kind).json_schema()


def _known_keys(kind: Any, place: tuple[str | int, ...]) -> list[str]:
    schema = node = _schema(kind)
    for step in (*place[:-1], None):
        while "$ref" in node or "anyOf" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node["anyOf"][0]
        if step is not None:
            node = node["items"] if isinstance(step, int) else node["properties"][step]
    return sorted(node.get("properties", ()))


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else repr(value)[:80]


@singledispatch
def written(value: Any) -> Any:
    """Plain values for documents: mappings without empty values, sorted sets, days as text.

    A class that is written otherwise registers how.
    """
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
    for each in dataclasses.fields(value):
        plain = instead[each.name] if each.name in instead else written(getattr(value, each.name))
        if plain is not False and plain not in ("", None, [], {}):
            mapping[each.metadata.get("alias", each.name)] = plain
    return mapping


def digest(mapping: Mapping[str, Any]) -> str:
    canonical = json.dumps(mapping, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
