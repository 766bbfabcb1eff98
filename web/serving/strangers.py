"""Whether the sender of a large body is somebody that Muster knows; asked before the body is taken."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from importlib import import_module

from django.conf import settings
from django.contrib.auth import SESSION_KEY

from accounts.operations import TOKEN_KEYWORDS, authenticate_token
from accounts.throttling import bad_tokens
from web import clock


def credential(headers: Mapping[bytes, bytes]) -> tuple[str, str]:
    """Keyword and secret: of the token, else `session` and its key; two empty ones where there is neither."""
    keyword, _, plain = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if keyword.lower() in TOKEN_KEYWORDS:
        return keyword.lower(), plain.strip()
    try:
        cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return "", ""
    session = cookies.get(settings.SESSION_COOKIE_NAME)
    return ("session", session.value) if session else ("", "")


def is_known(keyword: str, secret: str, *, address: str) -> bool:
    if keyword in TOKEN_KEYWORDS:
        if bad_tokens.wait_s(address, secret):
            return False
        if authenticate_token(secret, now=clock.now()) is None:
            bad_tokens.failed(address, secret)
            return False
        return True
    sessions = import_module(settings.SESSION_ENGINE)
    return bool(secret) and SESSION_KEY in sessions.SessionStore(secret).load()
