"""Values of any type as words for a page, or plain for a file."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from web import units

# Number of JSON levels that are written out.
DEEPEST = 1
_FIELD = re.compile("[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
# A choice, such as "carbon_average"; with a digit it is the name of an object: "gpu_node_01".
_CHOICE = re.compile("[a-z]+(?:_[a-z]+)+")


def value_text(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return units.instant(value)
    if isinstance(value, date):
        return units.day(value)
    if isinstance(value, (int, float)):
        return units.number(value)
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return _nested(value, 0)
    return str(value)


def _nested(value: Any, depth: int) -> str:
    """Format stored JSON; deeper levels are only counted: "it kw: 4, accelerators: (count: 8), sites: 24 entries"."""
    if isinstance(value, (Mapping, list, tuple, set, frozenset)) and depth > DEEPEST and len(value) > 1:
        return units.how_many(len(value), "entry", "entries")
    if isinstance(value, Mapping):
        text = ", ".join(
            f"{_spaced(str(key), _FIELD)}: {_nested(each, depth + 1)}" for key, each in value.items()
        )
        return f"({text})" if depth and text else text or ("nothing" if depth else "")
    if isinstance(value, (list, tuple, set, frozenset)):
        inner = [_nested(each, depth + isinstance(each, Mapping)) for each in value]
        return ", ".join(inner) or ("nothing" if depth else "")
    words = _spaced(value, _CHOICE) if depth and isinstance(value, str) else value_text(value)
    return words or ("nothing" if depth else "")


def _spaced(text: str, names: re.Pattern[str]) -> str:
    return text.replace("_", " ") if names.fullmatch(text) else text


def plain(value: Any) -> Any:
    """A value for a file or an endpoint: numbers as numbers, instants in UTC, objects by name."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(str(plain(each)) for each in value)
    if isinstance(value, dict):
        return value
    return str(value)
