"""Values of any kind in words for a page, or plain for a file."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from web import units

# Levels of JSON that are written out.
DEEPEST = 1
_IDENTIFIER = re.compile("[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


def in_words(value: Any) -> str:
    """As a reader sees it, in the reader's zone and locale; "" for no value."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return units.instant(value)
    if isinstance(value, date):
        return date_format(value, "j M Y")
    if isinstance(value, (int, float)):
        return units.number(value)
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return _nested(value, 0)
    return str(value)


def _nested(value: Any, depth: int) -> str:
    """What is kept as JSON; what lies deeper is counted: "it kw: 4, accelerators: (count: 8), sites: 24 entries"."""
    if isinstance(value, (Mapping, list, tuple, set, frozenset)) and depth > DEEPEST and len(value) > 1:
        return units.count(len(value), _("entry"), _("entries"))
    if isinstance(value, Mapping):
        text = ", ".join(f"{_name(str(key))}: {_nested(each, depth + 1)}" for key, each in value.items())
        return f"({text})" if depth and text else text or (_("nothing") if depth else "")
    if isinstance(value, (list, tuple, set, frozenset)):
        inner = [_nested(each, depth + isinstance(each, Mapping)) for each in value]
        return ", ".join(inner) or (_("nothing") if depth else "")
    return in_words(value) or (_("nothing") if depth else "")


def _name(text: str) -> str:
    """The name of a field as words: "carbon_average" is "carbon average". Values stay: they may be names of things."""
    return text.replace("_", " ") if _IDENTIFIER.fullmatch(text) else text


def plain(value: Any) -> Any:
    """As a file or an endpoint holds it: numbers as numbers, instants in UTC, objects by name."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(str(plain(each)) for each in value)
    return str(value)
