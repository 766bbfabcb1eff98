"""Notes each sign-in in its session, whichever way it came. The worker starts all apps, so this imports no page."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from accounts import sessions
from accounts.models import User
from accounts.sign_on import Claims
from web import clock
from web.accounts import factors
from web.units import instant


def listen() -> None:
    user_logged_in.connect(_begin, dispatch_uid="web.accounts.sign_ins")


def _begin(sender: Any, request: HttpRequest, user: User, **sent: Any) -> None:
    now = clock.now()
    claims: Claims | None = getattr(request, "provider_claims", None)
    # The provider asks for a second factor, if anybody does.
    due_at = factors.due_at(user, now=now) if claims is None else None
    sessions.begin(
        request.session,
        address=request.META.get("REMOTE_ADDR", ""),
        browser=request.META.get("HTTP_USER_AGENT", ""),
        proved_at=now if claims is None else claims.proved_at,
        factor_due_at=due_at,
        now=now,
    )
    if due_at is not None:
        text = f"Your role needs a second factor by {instant(due_at)}. Add one in Settings, Second factor."
        # A client that signs in without a request has no page to show it on.
        messages.warning(request, text, fail_silently=True)
