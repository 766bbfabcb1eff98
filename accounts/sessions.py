"""Sessions: where they are stored, what is noted of them, when they end and who ends them.

A session notes its sign-in, its last use and when its user last proved who they are. It ends after
MUSTER_SESSION_IDLE_HOURS without use, and MUSTER_SESSION_DAYS after the sign-in.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection, transaction

from accounts.models import SIGNING_OUT, Session, User
from accounts.operations import refuse_unless_may_change

NOTES = "sign_in"
# The last use is noted this many times before a session without use would end, so that pages seldom write.
NOTED_PER_IDLE = 48
MARK_LENGTH = 16


class SessionStore(db.SessionStore):
    """Stores sessions in `Session`, with the user and the notes in columns of their own."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = cast(Session, super().create_model_instance(data))
        if (notes := data.get(NOTES)) and SESSION_KEY in data:
            session.user_id = int(data[SESSION_KEY])
            session.began_at, session.seen_at = _instant(notes, "began_at"), _instant(notes, "seen_at")
            session.address, session.browser = notes["address"], notes["browser"]
        return session

    def delete(self, session_key: str | None = None) -> None:
        """Tell triggers that the browser leaves its session: it signs out, or in anew, or its time is over."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL {SIGNING_OUT} = 'on'")
            super().delete(session_key)
            cursor.execute(f"SET LOCAL {SIGNING_OUT} = 'off'")

    def _validate_session_key(self, key: str) -> bool:
        """A cookie with other characters names no session; a null byte would fail in the database."""
        return bool(super()._validate_session_key(key)) and key.isalnum()  # type: ignore[misc]


def begin(
    session: SessionBase,
    *,
    address: str,
    browser: str,
    proved_at: datetime | None,
    factor_due_at: datetime | None,
    now: datetime,
) -> None:
    """Note a sign-in: when the user proved who they are, None if nobody says so, and by when a second factor is due."""
    at = now.isoformat()
    session[NOTES] = {
        "began_at": at,
        "seen_at": at,
        "confirmed_at": proved_at and proved_at.isoformat(),
        "factor_due_at": factor_due_at and factor_due_at.isoformat(),
        "address": address[:45],
        "browser": browser.replace("\0", "")[:300],
    }
    session.set_expiry(_left_s(session[NOTES], now))


def keep(session: SessionBase, *, now: datetime) -> None:
    """End the session if its time is over, and note its use now and then."""
    notes = session.get(NOTES)
    if notes is None:
        return
    idle = now - _instant(notes, "seen_at")
    if idle >= settings.SESSION_IDLE or now - _instant(notes, "began_at") >= settings.SESSION_LIFETIME:
        session.flush()
    elif idle >= settings.SESSION_IDLE / NOTED_PER_IDLE:
        session[NOTES] = {**notes, "seen_at": now.isoformat()}
        session.set_expiry(_left_s(notes, now))


def confirm(session: SessionBase, *, proved_at: datetime) -> None:
    """Note that the user proved again who they are."""
    session[NOTES] = {**session[NOTES], "confirmed_at": proved_at.isoformat()}


def is_confirmed(session: SessionBase, *, now: datetime) -> bool:
    """Whether the user proved who they are within MUSTER_CONFIRM_MINUTES."""
    notes = session.get(NOTES) or {}
    return bool(notes.get("confirmed_at")) and now - _instant(notes, "confirmed_at") < settings.CONFIRM_EVERY


def factor_due_at(session: SessionBase) -> datetime | None:
    """Return when the user of this session needs a second factor; None if they have one or need none."""
    notes = session.get(NOTES) or {}
    return _instant(notes, "factor_due_at") if notes.get("factor_due_at") else None


def note_factor(session: SessionBase) -> None:
    """Note that the user has a second factor now."""
    session[NOTES] = {**session[NOTES], "factor_due_at": None}


def sessions_of(user: User, *, now: datetime) -> list[Session]:
    """Return sessions that go on, the last used first. Rows from before a new password stay, but open nothing."""
    rows = Session.objects.filter(
        user=user, seen_at__gt=now - settings.SESSION_IDLE, began_at__gt=now - settings.SESSION_LIFETIME
    )
    hashes = {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}
    store = SessionStore()
    return [
        row
        for row in rows.order_by("-seen_at", "session_key")
        if store.decode(row.session_data).get(HASH_SESSION_KEY) in hashes
    ]


def mark_of(session_key: str) -> str:
    """A public name of a session, from which nobody can tell its key."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:MARK_LENGTH]


def end_sessions(user: User, *, mark: str = "", spare_key: str | None = None, by: User, now: datetime) -> int:
    """End the user's session with this mark, or all but the one with `spare_key`; returns how many.

    Raises NotAllowed.
    """
    refuse_unless_may_change(user, by)
    keys = [
        session.session_key
        for session in sessions_of(user, now=now)
        if session.session_key != spare_key and mark in {"", mark_of(session.session_key)}
    ]
    count, _ = Session.objects.filter(session_key__in=keys).delete()
    return count


def renew(session: SessionBase | None, user: User, *, factor_due_at: datetime | None, now: datetime) -> int:
    """Let a user whose own role changed go on as after a new sign-in: with a new key, nothing confirmed, and the second
    factor due that the role needs. End their other sessions; returns how many. Without a session a program wrote."""
    count = end_sessions(user, spare_key=session.session_key if session else None, by=user, now=now)
    if session is not None and NOTES in session:
        due_at = factor_due_at and factor_due_at.isoformat()
        session[NOTES] = {**session[NOTES], "confirmed_at": None, "factor_due_at": due_at}
        session.cycle_key()
    return count


def _left_s(notes: Mapping[str, str], now: datetime) -> int:
    """Seconds until the session ends if it is not used again."""
    ends_at = _instant(notes, "began_at") + settings.SESSION_LIFETIME
    return max(1, int(min(settings.SESSION_IDLE, ends_at - now) / timedelta(seconds=1)))


def _instant(notes: Mapping[str, str], name: str) -> datetime:
    return datetime.fromisoformat(notes[name])
