"""Notes each sign-in in its session, whichever way it came. The worker starts all apps, so this imports no page."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from accounts import sessions
from web import clock


def listen() -> None:
    user_logged_in.connect(_begin, dispatch_uid="web.accounts.sign_ins")


def _begin(sender: Any, request: HttpRequest, **sent: Any) -> None:
    address, browser = request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_USER_AGENT", "")
    sessions.begin(request.session, address=address, browser=browser, now=clock.now())
