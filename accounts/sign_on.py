"""Users of the provider: find or make the account of an identity, give it what its groups give, and end that."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.group_rules import Access, access_of
from accounts.models import ExternalIdentity, GroupRule, Session, User
from accounts.operations import NotAllowed, create_user, one_at_a_time, set_role, set_scopes, take_role

_log = logging.getLogger(__name__)
_DEACTIVATED = "This account is deactivated. Ask an administrator."


@dataclass(frozen=True, slots=True)
class Claims:
    """A provider says this of the person who signs in.

    `has_proven_email` says whether the provider verified the address; `proved_at` is when the person proved to the
    provider who they are, None if it does not say so.
    """

    issuer: str
    subject: str
    username: str = ""
    email: str = ""
    has_proven_email: bool = False
    name: str = ""
    groups: Sequence[str] = ()
    proved_at: datetime | None = None


def username_of(claims: Claims) -> str:
    """Return the name of the account that has this identity, "" if none has."""
    identity = _identity(claims)
    return identity.user.get_username() if identity else ""


class NoAccess(Exception):
    """No rule gives this identity a role, or its account is deactivated; the message says which."""


def present_access(groups: Sequence[str]) -> Access:
    return access_of(GroupRule.objects.order_by("pk"), groups)


@transaction.atomic
def sign_on(claims: Claims, *, now: datetime) -> User | NoAccess:
    """The account of this identity, with the role and places that its groups give now.

    NoAccess is returned, not raised, so that the role which it takes away stays taken. Raises ValidationError for
    a name or a mail address that no account takes.
    """
    # Not the lock of administrators: whoever changes one waits for that with the row of a user locked.
    one_at_a_time("sign_on")
    access = present_access(claims.groups)
    identity = _identity(claims)
    if identity is None and not access.role:
        return NoAccess("None of your groups gives access to Muster. Ask an administrator.")
    if identity is None:
        user = _own_account(claims) or _new_account(claims, access, now)
        if not user.is_active:
            return NoAccess(_DEACTIVATED)
        identity = ExternalIdentity(user=user, issuer=claims.issuer, subject=claims.subject)
    identity.groups, identity.seen_at, identity.ended_at = sorted(claims.groups), now, None
    identity.save()
    user = identity.user
    if not user.is_active:
        return NoAccess(_DEACTIVATED)
    if not _give(user, access, now):
        return NoAccess("None of your groups gives access to Muster any more. Ask an administrator.")
    return user


def end_stale(*, before: datetime, now: datetime) -> int:
    """Take the role of all whose last sign-in by the provider is older than `before`, and end their sessions.

    Returns how many it ended. The next sign-in gives back what the groups give then.
    """
    stale = ExternalIdentity.objects.filter(seen_at__lt=before, ended_at=None).order_by("pk")
    return sum(_end(stale.filter(pk=pk), now) for pk in list(stale.values_list("pk", flat=True)))


@transaction.atomic
def _end(stale: QuerySet[ExternalIdentity], now: datetime) -> bool:
    """Whether it ended: whoever signs in at this moment goes on, and the last administrator until there is another."""
    rows = stale.select_related("user").select_for_update(of=("self",), skip_locked=True)
    identity = rows.first()
    if identity is None or not _take(identity.user, now):
        return False
    identity.ended_at = now
    identity.save(update_fields=["ended_at"])
    Session.objects.filter(user=identity.user).delete()
    return True


def _identity(claims: Claims) -> ExternalIdentity | None:
    return (
        ExternalIdentity.objects.select_related("user")
        .filter(issuer=claims.issuer, subject=claims.subject)
        .first()
    )


def _own_account(claims: Claims) -> User | None:
    """The account that an administrator made with the address that the provider verified, and that has no identity.

    Neither that of an administrator, whom nobody becomes by an address, nor that of a program.
    """
    if not (claims.email and claims.has_proven_email):
        return None
    accounts = User.objects.filter(email__iexact=claims.email, identity=None, kind=User.Kind.PERSON)
    people = [
        account
        for account in accounts.exclude(is_superuser=True)
        if account.has_usable_password() or not account.tokens.exists()
    ]
    return people[0] if len(people) == 1 else None


def _new_account(claims: Claims, access: Access, now: datetime) -> User:
    is_free = not User.objects.filter(email__iexact=claims.email).exists()
    # Links to a new password go to the address of an account.
    email = claims.email if claims.has_proven_email and is_free else ""
    return create_user(
        username=_free_name(claims), role=access.role, email=email, name=claims.name[:150], by=None, now=now
    )


def _free_name(claims: Claims) -> str:
    proposal = claims.username or claims.email.partition("@")[0] or claims.subject
    base = re.sub(r"[^\w.@+-]", "-", proposal)[:140] or "user"
    users = User.objects.filter(username__istartswith=base)
    names = {name.casefold() for name in users.values_list("username", flat=True)}
    free_names = (base, *(f"{base}-{number}" for number in range(2, len(names) + 3)))
    return next(name for name in free_names if name.casefold() not in names)


def _give(user: User, access: Access, now: datetime) -> bool:
    """Whether the user may come in. The last administrator keeps the role, whatever the rules say."""
    if not access.role:
        return not _take(user, now)
    _lock(user)
    try:
        with transaction.atomic():
            set_role(user, role=access.role, by=None, now=now)
            set_scopes(user, scopes=access.scopes, by=None)
    except NotAllowed:
        _log.warning("Group rules leave account %r alone: it is the last administrator.", user.username)
    return True


def _take(user: User, now: datetime) -> bool:
    """Whether the role was taken; the last administrator keeps it."""
    _lock(user)
    try:
        with transaction.atomic():
            take_role(user, by=None, now=now)
    except NotAllowed:
        _log.warning("Group rules leave account %r alone: it is the last administrator.", user.username)
        return False
    return True


def _lock(user: User) -> None:
    """Read the user anew, so that a role which an administrator sets at this moment is seen whole."""
    user.refresh_from_db(from_queryset=User.objects.select_for_update(no_key=True))
