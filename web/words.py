"""Values of any kind in words for a page, or plain for a file."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from web import units


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
    if isinstance(value, Mapping):
        return json.dumps(value, default=str, ensure_ascii=False)
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(in_words(each) for each in value)
    return str(value)


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
