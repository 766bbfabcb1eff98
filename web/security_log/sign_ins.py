"""Events of signing in and out, by the signals of Django: whatever proves who somebody is sends them."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from web import clock
from web.security_log.models import SecurityEvent
from web.security_log.recording import record

_ACTION = SecurityEvent.Action


def listen() -> None:
    user_logged_in.connect(note_sign_in, dispatch_uid="web.security_log.in")
    user_logged_out.connect(note_sign_out, dispatch_uid="web.security_log.out")
    user_login_failed.connect(note_failure, dispatch_uid="web.security_log.failed")


def note_sign_in(request: HttpRequest | None, user: Any, **sent: Any) -> None:
    _record(_ACTION.SIGNED_IN, request, actor_id=user.pk, account_id=user.pk)


def note_sign_out(request: HttpRequest | None, user: Any, **sent: Any) -> None:
    if user is not None:
        _record(_ACTION.SIGNED_OUT, request, actor_id=user.pk, account_id=user.pk)


def note_failure(
    credentials: dict[str, Any], request: HttpRequest | None = None, *, is_second: bool = False, **sent: Any
) -> None:
    """The name itself is not kept: people type their password where the name belongs. `is_second`: it was the proof
    after a right password."""
    detail = {"second": True} if is_second else None
    _record(_ACTION.SIGN_IN_FAILED, request, account_name=str(credentials.get("username", "")), detail=detail)


def _record(action: SecurityEvent.Action, request: HttpRequest | None, **values: Any) -> None:
    """Commands and tests sign in without a request."""
    record(
        action,
        **values,
        address=request.META.get("REMOTE_ADDR", "") if request else "",
        request_id=getattr(request, "id", ""),
        now=clock.now(),
    )
