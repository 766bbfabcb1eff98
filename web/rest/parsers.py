"""JSON into the endpoints."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from web.rest.errors import PayloadTooLarge

# Far above any body that means something, far below what would exhaust an encoder's stack later on.
MAX_DEPTH = 32


class OrjsonParser(BaseParser):
    """Refuses what Python's parser lets through: NaN, endless nesting, a body without end, bytes that are not UTF-8."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise PayloadTooLarge
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}") from error
        _refuse_deep(data)
        return data


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
