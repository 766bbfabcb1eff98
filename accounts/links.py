"""One-time links: make one, look at it, use it up. Only the link itself holds its secret; a digest is stored."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import SignInLink, User
from accounts.operations import create_user, has_admin, one_at_a_time, set_password, token_digest
from accounts.roles import ADMIN

FIRST_ADMIN_LINK_LASTS = timedelta(hours=24)
USER_LINK_LASTS = timedelta(hours=1)

Kind = SignInLink.Kind


class LinkSpent(Exception):
    """The link was used or replaced, or has expired; or it makes the first administrator and there is one."""


@transaction.atomic
def first_admin_link(*, now: datetime) -> str | None:
    """The secret part of a one-time address that makes the first administrator; None if there is one.

    Earlier links stop working.
    """
    one_at_a_time()
    if has_admin():
        return None
    return _new_link(Kind.FIRST_ADMIN, None, now + FIRST_ADMIN_LINK_LASTS, now)


@transaction.atomic
def user_link(user: User, kind: Kind, *, now: datetime) -> str:
    """The secret part of a one-time address for this user. Earlier links of the same kind stop working."""
    return _new_link(kind, user, now + USER_LINK_LASTS, now)


def _new_link(kind: Kind, user: User | None, expires_at: datetime, now: datetime) -> str:
    # Not `used_at`: nobody used them.
    SignInLink.objects.filter(kind=kind, user=user, used_at=None, expires_at__gt=now).update(expires_at=now)
    plain = secrets.token_urlsafe(32)
    SignInLink.objects.create(
        kind=kind, user=user, digest=token_digest(plain), created_at=now, expires_at=expires_at
    )
    return plain


def first_admin_link_opens(plain: str, *, now: datetime) -> bool:
    """Whether `redeem_first_admin_link` would accept this link now."""
    return not has_admin() and _usable(plain, Kind.FIRST_ADMIN, now).exists()


@transaction.atomic
def redeem_first_admin_link(
    plain: str, *, username: str, password: str | None, email: str = "", now: datetime
) -> User:
    """Make the first administrator. Of two simultaneous calls one succeeds; the other gets LinkSpent."""
    one_at_a_time()
    if has_admin():
        raise LinkSpent
    _use_up(plain, Kind.FIRST_ADMIN, now)
    return create_user(username=username, password=password, role=ADMIN, email=email, by=None, now=now)


def user_of_link(plain: str, kind: Kind, *, now: datetime) -> User | None:
    """The user whom `redeem_user_link` would accept now."""
    link = _usable(plain, kind, now).select_related("user").first()
    return link.user if link is not None and link.user is not None and link.user.is_active else None


@transaction.atomic
def redeem_user_link(plain: str, kind: Kind, *, now: datetime) -> User:
    """Use the link up. Of two simultaneous calls one succeeds; the other gets LinkSpent."""
    user = user_of_link(plain, kind, now=now)
    if user is None:
        raise LinkSpent
    _use_up(plain, kind, now)
    return user


@transaction.atomic
def reset_password(plain: str, password: str, *, keep_tokens: bool, now: datetime) -> int:
    """Set the password of the link's user; returns how many tokens it revoked. Raises LinkSpent, ValidationError."""
    user = redeem_user_link(plain, Kind.PASSWORD, now=now)
    return set_password(user, password, keep_tokens=keep_tokens, by=user, now=now)


def _usable(plain: str, kind: Kind, now: datetime) -> QuerySet[SignInLink]:
    return SignInLink.objects.filter(
        kind=kind, digest=token_digest(plain), used_at__isnull=True, expires_at__gt=now
    )


def _use_up(plain: str, kind: Kind, now: datetime) -> None:
    if not _usable(plain, kind, now).update(used_at=now):
        raise LinkSpent
