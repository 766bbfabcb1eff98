"""Identifies the caller of an endpoint: the bearer of a token, or the user of a session."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.counting import CountingWindow
from accounts.models import Token, User
from accounts.operations import TOKEN_KEYWORDS, authenticate_token
from accounts.throttling import bad_tokens
from web import clock, request_ids
from web.actor import identify
from web.database_replica.reading import read_as
from web.scopes import everything, narrow_to

if TYPE_CHECKING:
    from rest_framework.views import APIView


class SessionAuthentication(authentication.SessionAuthentication):
    """A signed-in browser; writes need the CSRF token."""


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer <token>` or `Token <token>`. Requests outside the token's scope are refused here, for all
    endpoints."""

    def authenticate(self, request: HttpRequest) -> tuple[User, Token] | None:
        token = read_token(request)
        if token is None:
            return None
        if token.user is None:
            raise PermissionDenied("This token has the scope ingest: it may only send telemetry.")
        if token.scope == Token.Scope.READ and not _reads(request):
            raise PermissionDenied("This token has the scope read: a token with the scope write is needed.")
        identify(token.user, token)
        request_ids.note_user(token.user.pk)
        narrow_to(token.user)
        read_as(token.user)
        return token.user, token

    def authenticate_header(self, request: HttpRequest) -> str:
        return 'Bearer realm="muster"'


def read_token(request: HttpRequest) -> Token | None:
    """The token that a request bears, None if it bears none. Raises Throttled, and AuthenticationFailed if nobody may
    use it."""
    plain = bearer(request)
    if plain is None:
        return None
    address = request.META.get("REMOTE_ADDR", "")
    if wait_s := bad_tokens.wait_s(address, plain):
        raise Throttled(wait_s, "Too many unknown tokens came from your address.")
    # A session beside the token may be another user's, who does not write the token's last use.
    with everything():
        token = authenticate_token(plain, now=clock.now())
    if token is None:
        bad_tokens.failed(address, plain)
        raise AuthenticationFailed("This token is unknown, expired or disabled.")
    bad_tokens.passed(plain)
    # For the security log: a token that is refused later identifies nobody.
    underlying_request: Any = getattr(request, "_request", request)
    underlying_request.presented_token = token
    return token


def _reads(request: HttpRequest) -> bool:
    """Whether the request writes nothing: by its method, or by the view's declaration for a query too long for an
    address.
    """
    view = getattr(request, "parser_context", {}).get("view")
    return request.method in SAFE_METHODS or (request.method == "POST" and getattr(view, "post_reads", False))


def bearer(request: HttpRequest) -> str | None:
    keyword, _, plain = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return plain.strip() if keyword.lower() in TOKEN_KEYWORDS else None


_calls = CountingWindow("api:calls", 60)


class TokenThrottle(BaseThrottle):
    """429 with Retry-After above MUSTER_API_CALLS_PER_MINUTE. Browsers are not counted."""

    left_s = 0

    def allow_request(self, request: Request, view: "APIView") -> bool:
        most = settings.API_CALLS_PER_MINUTE
        if not most or not isinstance(request.auth, Token):
            return True
        now = clock.now()
        self.left_s = _calls.left_s(now)
        return _calls.add(str(request.auth.pk), now=now) <= most

    def wait(self) -> float:
        return self.left_s
