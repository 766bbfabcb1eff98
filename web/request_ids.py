"""The id and the user of the present request, for every line that it logs. A task of the worker has its own id."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

NO_REQUEST = "-"
_current: ContextVar[str] = ContextVar("request_id", default=NO_REQUEST)
_user_id: ContextVar[int | None] = ContextVar("user_id", default=None)


@contextmanager
def logged(request_id: str) -> Iterator[None]:
    id_before, user_before = _current.set(request_id), _user_id.set(None)
    try:
        yield
    finally:
        _current.reset(id_before)
        _user_id.reset(user_before)


def note_user(user_id: int | None) -> None:
    """Name the account of the present request once it is signed in; None for nobody."""
    _user_id.set(user_id)


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id, record.user_id = _current.get(), _user_id.get()
        return True
