"""JSON out of the endpoints."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer

OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z


class OrjsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        try:
            return orjson.dumps(data, default=_plain, option=OPTIONS)
        except TypeError:
            return orjson.dumps(without_large_integers(data), default=_plain, option=OPTIONS)


def without_large_integers(value: Any) -> Any:
    """Return the value with floats in the place of integers that 64 bits do not hold.

    A measured 1e20 that is stored as JSON comes back as the integer that it is in digits.
    """
    if isinstance(value, Mapping):
        return {key: without_large_integers(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_large_integers(each) for each in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float(value)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (list, tuple, set, frozenset)) or hasattr(value, "__iter__"):
        return list(value)
    return str(value)
