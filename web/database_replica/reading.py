"""GET requests read the replica. Whoever has written reads the primary until the replica surely has what they wrote.

The replica takes the place of the thread's connection to the primary while a view answers, so that every statement goes
there, also those that code sends by `connection`, and within the reader's scope. Who the reader is and what they may do
is read from the primary before. What fails because of the replica is answered again by the primary.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import redis
from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import Counter

from web import scopes, valkey
from web.database_replica.measuring import ALIAS, watch
from web.middleware import SAFE_METHODS

log = logging.getLogger(__name__)

# Signing in writes on the way back from a provider; accounts, tokens and sessions are shown as they are now.
PRIMARY_PATHS = ("/login/", "/logout/", "/settings/", "/api/accounts/", "/health/")
_READ_ONLY, _TOOK_TOO_LONG = "25006", "57014"
_CONNECTION_LOST = ("08", "57P")
_KEY = "muster:wrote:{}"
_client = valkey.client(timeout_s=0.5)
_reads = Counter(
    "muster_database_replica_reads", "Requests that could read the replica, by what they read", ["database"]
)
_by_replica, _by_primary = (_reads.labels(name) for name in (ALIAS, "primary"))


class _Offer:
    """The replica, for one request."""

    def __init__(self) -> None:
        self._primary: Any = None
        self._is_over = False

    @property
    def is_taken(self) -> bool:
        return self._primary is not None

    def take(self, user: Any) -> None:
        """Read the replica from now on, if this reader may."""
        if self.is_taken or self._is_over:
            return
        if not watch.may_be_read or wrote_lately(user.pk):
            _by_primary.inc()
            return
        # The primary says what the user may do: load it before the connections change places.
        user.get_all_permissions()
        self._primary, connections["default"] = connections["default"], connections[ALIAS]
        try:
            connections[ALIAS].ensure_connection()
            scopes.narrow_connection()
        except (OperationalError, InterfaceError):
            self.give_back()
            watch.lose()
            _by_primary.inc()
        else:
            _by_replica.inc()

    def give_back(self) -> None:
        """Read the primary again."""
        self._is_over = True
        if self._primary is None:
            return
        try:
            with suppress(Error):
                scopes.widen_connection()
        finally:
            connections["default"], self._primary = self._primary, None


_offer: ContextVar[_Offer | None] = ContextVar("the replica is offered", default=None)


class ReplicaMiddleware:
    """The innermost: all others read and write the primary."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in SAFE_METHODS:
            return self._written(request)
        if request.path.startswith(PRIMARY_PATHS):
            return self.get_response(request)
        with _offered():
            # An endpoint says by itself whose token it was given.
            if request.user.is_authenticated and "Authorization" not in request.headers:
                read_as(request.user)
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Answer again by the primary what failed because of the replica."""
        offer, match = _offer.get(), request.resolver_match
        if offer is None or match is None or not is_of_the_replica(exception):
            return None
        log.warning("the primary answers %s in place of the replica: %s", request.path, exception)
        if (_sqlstate(exception) or _CONNECTION_LOST[0]).startswith(_CONNECTION_LOST):
            watch.lose()
        offer.give_back()
        response = match.func(request, *match.args, **match.kwargs)
        if callable(render := getattr(response, "render", None)):
            render()
        return response

    def _written(self, request: HttpRequest) -> HttpResponseBase:
        before = request.user.pk
        try:
            return self.get_response(request)
        finally:
            token = getattr(request, "presented_token", None)
            for user_id in {before, request.user.pk, getattr(token, "user_id", None)}:
                if user_id is not None:
                    note_write(user_id)


def read_as(user: Any) -> None:
    """Let a request that only asks read the replica, now that its reader is known; nothing for any other."""
    if (offer := _offer.get()) is not None:
        offer.take(user)


def is_of_the_replica(error: Exception) -> bool:
    """Whether the primary would not have failed so: the replica is read, and was lost, refuses a write, or dropped a
    statement because it held up what comes from the primary."""
    offer = _offer.get()
    if offer is None or not offer.is_taken:
        return False
    state = _sqlstate(error)
    is_lost = isinstance(error, OperationalError | InterfaceError) and state != _TOOK_TOO_LONG
    return is_lost or state == _READ_ONLY


def note_write(user_id: int) -> None:
    """Have this user read the primary for as long as the replica may be behind."""
    try:
        _client.set(_KEY.format(user_id), "1", px=settings.DATABASE_REPLICA_LAG_S * 1000)
    except redis.RedisError as error:
        log.warning("it is not noted that user %s wrote: %s", user_id, error)


def wrote_lately(user_id: int) -> bool:
    """Whether this user wrote within the lag. True if Valkey does not answer."""
    try:
        return bool(_client.exists(_KEY.format(user_id)))
    except redis.RedisError:
        return True


@contextmanager
def _offered() -> Iterator[None]:
    offer = _Offer()
    token = _offer.set(offer)
    try:
        yield
    finally:
        _offer.reset(token)
        offer.give_back()


def _sqlstate(error: Exception) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)
