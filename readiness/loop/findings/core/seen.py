"""The thing that somebody saw when they raised a finding: read from an address, checked, and frozen."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LONGEST = {"title": 200, "address": 1000, "unit": 32}
MOST_CHARACTERS = 4000
LARGEST = 1e300
_SURROGATES = re.compile(r"[\ud800-\udfff]")


class SeenRefused(ValueError):
    """It is no thing that a page can show."""


@dataclass(frozen=True, slots=True)
class SeenThing:
    """`address` is a page of this Muster, such as /sites/porto/?end=…; `at` is when the value was measured."""

    title: str = ""
    address: str = ""
    value: float | None = None
    unit: str = ""
    at: datetime | None = None

    def json_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "title": self.title,
            "address": self.address,
            "value": self.value,
            "unit": self.unit,
            "at": self.at.isoformat() if self.at else None,
        }
        return {name: value for name, value in fields.items() if value not in ("", None)}


def seen_from_text(text: str) -> SeenThing:
    """Read the JSON of an address; "" is nothing seen. Raises SeenRefused."""
    if not text:
        return SeenThing()
    if len(text) > MOST_CHARACTERS:
        raise SeenRefused("It is too long.")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SeenRefused("It is no JSON.") from error
    return seen_from(fields)


def seen_from(fields: Mapping[str, Any]) -> SeenThing:
    """Raises SeenRefused for unknown names, values that no page shows, and addresses of other places."""
    if not isinstance(fields, Mapping):
        raise SeenRefused("Expected an object.")
    if set(fields) - set(SeenThing.__slots__):
        raise SeenRefused(f"It has other names than {', '.join(SeenThing.__slots__)}.")
    texts = {name: _text(name, fields.get(name)) for name in LONGEST}
    if texts["address"] and not _is_own(texts["address"]):
        raise SeenRefused("The address is that of a page of Muster, such as /sites/.")
    return SeenThing(**texts, value=_value(fields.get("value")), at=_instant(fields.get("at")))


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value or _SURROGATES.search(value):
        raise SeenRefused(f"The {name} is a text.")
    return value.strip()[: LONGEST[name]]


def _is_own(address: str) -> bool:
    return address.startswith("/") and not address.startswith(("//", "/\\"))


def _value(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= LARGEST:
        raise SeenRefused("The value is a number.")
    return float(value)


def _instant(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise SeenRefused("The time is one such as 2026-11-28T09:30:00+00:00.") from error
    if at.tzinfo is None:
        raise SeenRefused("The time names its zone.")
    if not 1970 <= at.year < 9000:
        raise SeenRefused("The time is one of these days.")
    return at
