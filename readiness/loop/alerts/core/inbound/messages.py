"""Alerts as a message of another system has them, whatever its format."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

TEXT_CHARS = 4000
LINE_CHARS = 300
LABELS = 100
LAST_YEAR = 2100
ALERTS = 10_000
"""Alerts of one message; a sender of more says `max_alerts`."""


class BodyNotRead(ValueError):
    """The body is not what the address takes; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideAlert:
    """`fingerprint` is the sender's own name for it, the same from message to message."""

    fingerprint: str
    is_firing: bool
    labels: Mapping[str, str]
    title: str
    detail: str = ""
    url: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideMessage:
    """`truncated` alerts of the group are missing from it."""

    group: str
    alerts: tuple[OutsideAlert, ...]
    truncated: int = 0


def read_object(body: bytes) -> Mapping[str, Any]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BodyNotRead(f"this is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise BodyNotRead("this is JSON, but no object")
    return content


def text_of(value: Any, most: int = TEXT_CHARS) -> str:
    """Return a value as text that the database takes: it knows no NUL."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return text.replace("\x00", "")[:most]


def line_of(value: Any, most: int = LINE_CHARS) -> str:
    """Return a value as one line: subjects of mail have no other."""
    return " ".join(text_of(value).split())[:most]


def texts_of(values: Any) -> dict[str, str]:
    pairs = values.items() if isinstance(values, dict) else ()
    return {text_of(name, 200): text_of(value) for name, value in list(pairs)[:LABELS]}


def instant_of(value: Any) -> datetime | None:
    """Return an instant of RFC 3339 in UTC; None for Go's zero time, which stands for none, for what is no instant, and
    for years that no alert has, of which some fit neither the database nor every time zone."""
    try:
        at = datetime.fromisoformat(value)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return at if 1970 < at.year <= LAST_YEAR else None


def web_address(value: Any) -> str:
    """Return an address that a link may have; "" for any other scheme, which could be a script."""
    text = text_of(value, 2000).strip()
    return text if text.lower().startswith(("https://", "http://")) else ""
