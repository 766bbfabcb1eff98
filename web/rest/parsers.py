"""JSON parsing and rendering of the endpoints."""

import json
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from web.rest.errors import PayloadTooLarge

# Far above any meaningful body, far below what would exhaust an encoder's stack later.
MAX_DEPTH = 32


class OrjsonParser(BaseParser):
    """Refuses what Python's parser accepts: NaN, deep nesting, an endless body, bytes that are not UTF-8."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        request = (parser_context or {}).get("request")
        if (encoding := getattr(request, "headers", {}).get("Content-Encoding", "identity")) != "identity":
            raise UnsupportedMediaType(
                encoding, f"Send the body uncompressed: the encoding {encoding[:50]} is not supported."
            )
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise PayloadTooLarge
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}") from error
        _refuse_deep(data)
        json.loads(body, object_pairs_hook=_refuse_repeated, parse_int=len, parse_float=len)
        return data


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> None:
    """Refuse a repeated field: one of its values would be ignored silently."""
    if len(dict(pairs)) < len(pairs):
        times = Counter(name for name, _value in pairs)
        raise ParseError(f"The body gives {times.most_common(1)[0][0][:100]} twice in one object.")


def _refuse_deep(data: Any) -> None:
    level = [data]
    for _ in range(MAX_DEPTH + 1):
        containers = [value for value in level if isinstance(value, (dict, list))]
        if not containers:
            return
        level = [
            child for value in containers for child in (value.values() if isinstance(value, dict) else value)
        ]
    raise ParseError(f"The body is nested deeper than {MAX_DEPTH} levels.")


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
            return orjson.dumps(convert_large_integers(data), default=_plain, option=OPTIONS)


def convert_large_integers(value: Any) -> Any:
    """Return the value with floats instead of integers beyond 64 bits.

    A measured 1e20 stored as JSON is read back as an integer with all digits.
    """
    if isinstance(value, Mapping):
        return {key: convert_large_integers(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [convert_large_integers(each) for each in value]
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
