"""Where somebody is signed in, and ending that."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from accounts import sessions
from accounts.models import User
from accounts.operations import NotAllowed
from web import clock
from web.accounts.browsers import browser_words
from web.accounts.signing import note_sign_in, sign_out
from web.ages import ago
from web.permissions import reads, require, signed_in
from web.requests import UserRequest
from web.settings_sections import settings_tabs
from web.units import duration, how_many


@dataclass(frozen=True, slots=True)
class SessionLine:
    mark: str
    browser: str
    address: str
    began_at: datetime
    last_use: str
    is_this: bool


def session_lines(user: User, *, this_key: str | None, now: datetime) -> list[SessionLine]:
    """The user's sessions, this one first; `this_key` is of the session that asks."""
    lines = [
        SessionLine(
            mark=sessions.mark_of(session.session_key),
            browser=browser_words(session.browser),
            address=session.address or "unknown",
            began_at=session.began_at or now,
            last_use=ago(session.seen_at, now=now),
            is_this=session.session_key == this_key,
        )
        for session in sessions.sessions_of(user, now=now)
    ]
    return sorted(lines, key=lambda line: not line.is_this)


def limit_words() -> dict[str, Any]:
    return {
        "idle": duration(settings.SESSION_IDLE.total_seconds()),
        "lifetime": duration(settings.SESSION_LIFETIME.total_seconds()),
    }


@reads()
def own(request: UserRequest) -> HttpResponse:
    lines = session_lines(request.user, this_key=request.session.session_key, now=clock.now())
    context = {
        "tabs": settings_tabs(request, "sessions"),
        "sessions": lines,
        "has_others": len(lines) > 1,
        **limit_words(),
    }
    return render(request, "accounts/sessions.html", context)


@require_POST
@signed_in
def end(request: UserRequest, mark: str) -> HttpResponse:
    if mark == sessions.mark_of(request.session.session_key or ""):
        return sign_out(request)
    if not sessions.end_sessions(request.user, mark=mark, by=request.user, now=clock.now()):
        raise Http404
    note_sign_in(request, "Session ended", request.user.get_username())
    messages.success(request, "The session is ended: that browser is signed out.")
    return redirect("sessions")


@require_POST
@signed_in
def end_others(request: UserRequest) -> HttpResponse:
    count = sessions.end_sessions(
        request.user, spare_key=request.session.session_key, by=request.user, now=clock.now()
    )
    note_sign_in(request, f"Other sessions ended ({count})", request.user.get_username())
    messages.success(request, how_many(count, "other session is ended.", "other sessions are ended."))
    return redirect("sessions")


@require_POST
@require("accounts.view_user", "accounts.change_user")
def end_all_of(request: UserRequest, pk: int) -> HttpResponse:
    """End every session of a user; one's own present session stays."""
    user = get_object_or_404(User, pk=pk)
    try:
        count = sessions.end_sessions(
            user, spare_key=request.session.session_key, by=request.user, now=clock.now()
        )
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    note_sign_in(request, f"Sessions ended by {request.user.get_username()!r} ({count})", user.get_username())
    messages.success(request, f"{user}: {how_many(count, 'session is ended.', 'sessions are ended.')}")
    return redirect("user-detail", pk=pk)
