"""The id of the present request, for every line that it logs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request_id", default="-")


@contextmanager
def logged(request_id: str) -> Iterator[None]:
    before = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(before)


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _current.get()
        return True
