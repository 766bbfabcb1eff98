"""Change users and their tokens. A token's secret exists in clear only in the result of `create_token`."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import OuterRef, Q

from accounts.models import AccessScope, AccountTie, Token, User
from accounts.queries import role_of, scopes_of, slugs_of_scopes
from accounts.roles import ADMIN, ROLES
from accounts.service_accounts import refuse_unfit

# Identifies the string to secret scanners and readers.
TOKEN_MARK = "muster"
# Keywords before a token in the Authorization header, in lower case.
TOKEN_KEYWORDS = frozenset({"bearer", "token"})
PREFIX_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
# At most one write a minute, however busy the token.
LAST_USE_EVERY = timedelta(minutes=1)
LONGEST_LIFE = timedelta(days=36525)
"""100 years: what ends later has no end, and an instant of the year 9999 is none in some time zones."""


type Named = tuple[str, str]
"""A kind of scope and the slug of what it names."""


class UnknownRole(ValueError):
    """No role of this name exists."""


class NotAllowed(Exception):
    """A rule about who may change whom forbids it; the message says which."""


def create_token(
    *,
    user: User,
    name: str,
    scope: str = Token.Scope.READ,
    expires_at: datetime | None = None,
    replaces: Token | None = None,
    by: User | None,
    now: datetime,
) -> tuple[Token, str]:
    """A new token and its secret, which cannot be shown again.

    Raises NotAllowed, ValidationError. A token acts in its user's name. So people make their own, and administrators
    make those of service accounts.
    """
    if expires_at is not None and expires_at > now + LONGEST_LIFE:
        raise ValidationError({"expires_at": "A token ends within 100 years, or not at all."})
    if by is not None and by.pk != user.pk:
        if not by.is_superuser:
            raise NotAllowed("Only an administrator may make tokens for others.")
        if not user.is_service:
            raise NotAllowed(
                f"{user} is a person and makes their own tokens. A program has a service account."
            )
        refuse_unless_may_change(user, by)
        _tie(user, AccountTie.Kind.OPENED, by, now)
    token = Token(user=user, name=name, scope=scope, expires_at=expires_at, replaces=replaces)
    return _new_token(token, by=by, now=now)


def create_source_token(*, name: str, by: User | None, now: datetime) -> tuple[Token, str]:
    """A token that only sends telemetry. It belongs to no user, so that it outlives its creator."""
    return _new_token(Token(name=name, scope=Token.Scope.INGEST), by=by, now=now)


def _new_token(token: Token, *, by: User | None, now: datetime) -> tuple[Token, str]:
    prefix = "".join(secrets.choice(PREFIX_LETTERS) for _ in range(12))
    plain = f"{TOKEN_MARK}_{prefix}_{secrets.token_urlsafe(32)}"
    token.prefix, token.digest, token.created_by, token.created_at = prefix, token_digest(plain), by, now
    token.full_clean(exclude=["digest"])
    token.save(force_insert=True)
    return token, plain


def authenticate_token(plain: str, *, now: datetime) -> Token | None:
    """The usable token for `plain`, with its user loaded; None if there is none."""
    parts = plain.split("_", 2)
    if len(parts) != 3 or parts[0] != TOKEN_MARK or not (parts[1].isascii() and parts[1].isalnum()):
        return None
    usable = Token.objects.usable(now).select_related("user")
    token = usable.annotate(scope_slugs=slugs_of_scopes(OuterRef("user"))).filter(prefix=parts[1]).first()
    if token is None or not _fits(token, plain):
        return None
    note_use(token, now=now)
    if token.user is not None:
        token.user.scope_slugs = token.scope_slugs
    return token


def note_use(token: Token, *, now: datetime) -> None:
    """Store the minute of the last use."""
    minute = now.replace(second=0, microsecond=0)
    if token.last_used_at is None or minute - token.last_used_at >= LAST_USE_EVERY:
        earlier = Q(last_used_at__isnull=True) | Q(last_used_at__lt=minute)
        Token.objects.filter(earlier, pk=token.pk).update(last_used_at=minute)
        token.last_used_at = minute


def revoke_token(token: Token, *, by: User | None, now: datetime) -> None:
    """The token stops working; its row stays, so that history can still name it."""
    Token.objects.filter(pk=token.pk).update(enabled=False)
    token.enabled = False


def token_digest(plain: str) -> bytes:
    """SHA-256, 32 bytes. No key is needed: a secret of 256 random bits cannot be guessed from it. So tokens outlive the
    signing key."""
    return hashlib.sha256(plain.encode(errors="replace")).digest()


def digest_of(plain: str, key: str = "") -> bytes:
    """HMAC-SHA256 keyed with the signing key, for codes that are short enough to be guessed. 32 bytes."""
    return hmac.digest((key or settings.SECRET_KEY).encode(), plain.encode(errors="replace"), hashlib.sha256)


def _fits(token: Token, plain: str) -> bool:
    """Whether the token has this secret. One that was hashed with a signing key is hashed anew."""
    if not token.is_keyed:
        return hmac.compare_digest(bytes(token.digest), token_digest(plain))
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(hmac.compare_digest(bytes(token.digest), digest_of(plain, key)) for key in keys):
        return False
    Token.objects.filter(pk=token.pk).update(digest=token_digest(plain), is_keyed=False)
    return True


@transaction.atomic
def create_user(
    *,
    username: str,
    password: str | None = None,
    role: str,
    email: str = "",
    name: str = "",
    kind: str = User.Kind.PERSON,
    owner: User | None = None,
    purpose: str = "",
    scopes: Collection[Named] = (),
    by: User | None,
    now: datetime,
) -> User:
    """A user with one role. A person without a password may sign in by the provider; a service account has tokens."""
    user = User(username=username, email=email, date_joined=now, **_names(name))
    user.kind, user.owner, user.purpose = kind, owner, purpose.strip()
    refuse_unfit(user, with_password=password is not None)
    if password is not None:
        _refuse_weak(password, user)
        user.password_set_at = now
    user.set_password(password)
    user.full_clean(exclude=["password"])
    user.save()
    _tie(user, AccountTie.Kind.MADE, by, now)
    set_role(user, role=role, by=by, now=now)
    set_scopes(user, scopes=scopes, by=by)
    return user


def _tie(user: User, kind: AccountTie.Kind, by: User | None, now: datetime) -> None:
    """Note that `by` could act with this account (`web/workflows/second.py` reads it)."""
    if by is not None:
        AccountTie.objects.create(account=user, kind=kind, by=by, began_at=now, ended_at=now)


@transaction.atomic
def change_user(
    user: User,
    *,
    username: str | None = None,
    name: str | None = None,
    email: str | None = None,
    role: str | None = None,
    is_active: bool | None = None,
    kind: str | None = None,
    owner: User | None = None,
    purpose: str | None = None,
    scopes: Collection[Named] | None = None,
    by: User | None,
    now: datetime,
) -> None:
    """Change the given fields only. Raises NotAllowed, UnknownRole, ValidationError."""
    # The lock makes the second of two simultaneous changes see the first. Rows may refer to the user meanwhile.
    user.refresh_from_db(from_queryset=User.objects.select_for_update(no_key=True))
    refuse_unless_may_change(user, by)
    was_admin = user.is_superuser and user.is_active
    arguments = {"username": username, "email": email, "is_active": is_active} | _names(name)
    changes = {field: value for field, value in arguments.items() if value is not None}
    changes |= _changes_of_kind(user, kind, owner, purpose, now)
    if is_active is False and by is not None and by.pk == user.pk:
        raise NotAllowed("You cannot deactivate your own account. Ask another administrator.")
    for field, value in changes.items():
        setattr(user, field, value)
    refuse_unfit(user)
    user.full_clean(exclude=["password"])
    user.save(update_fields=list(changes))
    if is_active is False:
        user.sessions.all().delete()
    if role is not None:
        former_role = role_of(user)
        set_role(user, role=role, by=by, now=now)
        _end_sessions_without_factor(user, former_role, role, by)
    if scopes is not None:
        set_scopes(user, scopes=scopes, by=by)
    if was_admin and not user.is_active:
        _keep_an_admin()


def _names(name: str | None) -> dict[str, str]:
    first, _, last = (name or "").partition(" ")
    return {} if name is None else {"first_name": first, "last_name": last}


def _changes_of_kind(
    user: User, kind: str | None, owner: User | None, purpose: str | None, now: datetime
) -> dict[str, Any]:
    """A service account that becomes a person's loses owner and purpose. An owner who changes leaves a tie."""
    purpose = None if purpose is None else purpose.strip()
    arguments = {"kind": kind, "owner": owner, "purpose": purpose}
    changes: dict[str, Any] = {field: value for field, value in arguments.items() if value is not None}
    changes |= {"owner": None, "purpose": ""} if kind == User.Kind.PERSON and user.is_service else {}
    if "owner" in changes and changes["owner"] != user.owner:
        _tie(user, AccountTie.Kind.OPENED, user.owner, now)
    return changes


def _end_sessions_without_factor(user: User, former_role: str, role: str, by: User | None) -> None:
    """End sessions that began before the role needed a second factor: the next sign-in notes by when.

    Whoever changes their own role goes on in the session that they use (`accounts.sessions.renew`).
    """
    is_new_duty = role in settings.SECOND_FACTOR_ROLES and former_role not in settings.SECOND_FACTOR_ROLES
    if is_new_duty and not user.factors.exists() and (by is None or by.pk != user.pk):
        user.sessions.all().delete()


@transaction.atomic
def set_role(user: User, *, role: str, by: User | None, now: datetime) -> None:
    """Replace the user's role. Other groups stay. Raises NotAllowed, UnknownRole."""
    if role not in ROLES:
        raise UnknownRole(f"{role!r} is not a role; the roles are {', '.join(ROLES)}.")
    is_admin = role == ADMIN
    if is_admin and by is not None and not by.is_superuser:
        raise NotAllowed("Only an administrator may make administrators.")
    refuse_unless_may_change(user, by)
    was_admin = user.is_superuser
    # Whoever takes from an administrator gives nothing.
    if role_of(user) != role and not was_admin:
        _tie(user, AccountTie.Kind.ROLE, by, now)
    user.groups.remove(*user.groups.filter(name__in=ROLES).exclude(name=role))
    user.groups.add(Group.objects.get(name=role))
    if (user.is_staff, user.is_superuser) != (is_admin, is_admin):
        user.is_staff = user.is_superuser = is_admin
        user.save(update_fields=["is_staff", "is_superuser"])
    if was_admin and not is_admin:
        _keep_an_admin()


@transaction.atomic
def take_role(user: User, *, by: User | None, now: datetime) -> None:
    """Leave the user without a role, and so without permissions. Other groups stay. Raises NotAllowed."""
    refuse_unless_may_change(user, by)
    was_admin = user.is_superuser
    user.groups.remove(*user.groups.filter(name__in=ROLES))
    if was_admin:
        user.is_staff = user.is_superuser = False
        user.save(update_fields=["is_staff", "is_superuser"])
        _keep_an_admin()


@transaction.atomic
def set_scopes(user: User, *, scopes: Collection[Named], by: User | None) -> None:
    """Limit the user to these regions and sites, each with its kind; an empty list means everywhere.

    Raises NotAllowed.
    """
    current_scopes, new_scopes = set(user.access_scopes.values_list("kind", "slug")), set(scopes)
    if current_scopes == new_scopes:
        return
    if by is not None and scopes_of(by):
        raise NotAllowed("Only users who see all sites may change what others see.")
    refuse_unless_may_change(user, by)
    for kind, slug in current_scopes - new_scopes:
        user.access_scopes.filter(kind=kind, slug=slug).delete()
    user.access_scopes.bulk_create(
        AccessScope(user=user, kind=kind, slug=slug) for kind, slug in sorted(new_scopes - current_scopes)
    )
    if user.is_superuser and new_scopes:
        _keep_an_admin()


@transaction.atomic
def set_password(
    user: User, password: str, *, keep_tokens: bool = False, by: User | None, now: datetime
) -> int:
    """Set a new password.

    It ends the user's sessions and, unless `keep_tokens`, revokes their tokens; returns how many. Whoever knew the old
    password may have made a token with it. A passkey that they added opens nothing until it follows the new password.
    """
    refuse_unless_may_change(user, by)
    if user.is_service:
        raise NotAllowed("A service account has no password: its program acts by tokens.")
    _refuse_weak(password, user)
    if by is not None and by.pk != user.pk:
        _tie(user, AccountTie.Kind.OPENED, by, now)
    user.set_password(password)
    user.password_set_at = now
    user.save(update_fields=["password", "password_set_at"])
    return 0 if keep_tokens else user.tokens.filter(enabled=True).update(enabled=False)


def set_display(
    user: User, *, theme: str, time_zone: str, preferences: dict[str, object], now: datetime
) -> None:
    """Set how the user sees Muster. `preferences` are merged with the stored ones."""
    user.theme, user.time_zone = theme, time_zone
    user.preferences = {**user.preferences, **preferences}
    user.full_clean(exclude=["password"])
    user.save(update_fields=["theme", "time_zone", "preferences"])


def _refuse_weak(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error


def refuse_unless_may_change(user: User, by: User | None) -> None:
    """Only administrators change administrators, or the permission to change users would include all others.

    Likewise, users with a scope must not take over an account that sees more.
    """
    if by is None:
        return
    if user.is_superuser and not by.is_superuser:
        raise NotAllowed("Only an administrator may change an administrator.")
    if user.pk != by.pk and scopes_of(by):
        raise NotAllowed("Only users who see all sites may change other users.")


def has_admin() -> bool:
    return User.objects.filter(is_superuser=True, is_active=True).exists()


def _keep_an_admin() -> None:
    """An installation that had an administrator of all sites must keep one; two who demote each other at once wait
    here.
    """
    one_at_a_time()
    if not User.objects.filter(is_superuser=True, is_active=True, access_scopes=None).exists():
        raise NotAllowed(
            "This is the last administrator who sees all sites. Make another administrator first."
        )


def one_at_a_time(what: str = "first_admin") -> None:
    """Let simultaneous transactions that do `what` wait for each other: no row can be locked before there is one.

    Without `what` it is making or taking administrators.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"muster.{what}"])
