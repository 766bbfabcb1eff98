"""Add, change, disable and delete channels. The secret of a webhook is in clear only in the result of what makes it."""

from base64 import b64encode
from datetime import datetime
from secrets import token_bytes
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import ProtectedError

from accounts.models import User
from web import scopes
from web.delivery.channels.entries import offered_kinds, place, refuse_secret
from web.delivery.models import Channel, ChannelKind
from web.delivery.secrets import encrypt, has_key
from web.workflows import NotInState, require, require_words, still_there

MOST_CHANNELS = 50
UNVERIFIED: dict[str, Any] = {"verified_at": None, "code_digest": None, "code_sent_at": None, "code_tries": 0}


def refuse_others(channel: Channel, by: User, verb: str = "change") -> None:
    """Raise PermissionDenied unless it is their own, or a shared one and they have the permission for all."""
    if channel.owner_id == by.pk or (channel.is_shared and by.has_perm(f"web.{verb}_channel")):
        return
    raise PermissionDenied("Only the owner of a channel may do this, and for a shared one an administrator.")


@transaction.atomic
def add_channel(
    *,
    kind: str,
    name: str,
    address: str = "",
    secret: str = "",
    is_shared: bool = False,
    scope_kind: str = "",
    scope_slug: str = "",
    only_urgent: bool = False,
    by: User,
    now: datetime,
) -> tuple[Channel, str]:
    """A channel of `by`, still to be confirmed, and the secret that signs its webhooks, "" for other kinds.

    Raises MissingPermission, ValidationError.
    """
    if kind not in offered_kinds():
        raise ValidationError({"kind": ["There is no such kind of channel."]})
    if by.channels.count() >= MOST_CHANNELS:
        raise ValidationError(f"You have {MOST_CHANNELS} channels already. Delete one first.")
    channel = Channel(owner=by, kind=ChannelKind(kind), name=name, only_urgent=only_urgent, created_at=now)
    _share(channel, is_shared, scope_kind, scope_slug, by)
    _lead(channel, address, now)
    refuse_secret(ChannelKind(kind), secret)
    signing_key = _new_signing_key() if kind == ChannelKind.WEBHOOK else ""
    if signing_key or secret:
        _keep(channel, signing_key or secret, now)
    if kind == ChannelKind.MAILBOX:
        channel.verified_at = now
    channel.full_clean(exclude=["owner"])
    channel.save(force_insert=True)
    return channel, signing_key


@transaction.atomic
def change_channel(
    channel: Channel,
    *,
    name: str | None = None,
    address: str = "",
    secret: str = "",
    is_shared: bool | None = None,
    scope_kind: str | None = None,
    scope_slug: str | None = None,
    only_urgent: bool | None = None,
    by: User,
    now: datetime,
) -> Channel:
    """Change what is given: None, an empty address and an empty secret change nothing. A new address or secret makes
    the channel unconfirmed.

    Raises PermissionDenied, MissingPermission, NotInState, ValidationError.
    """
    refuse_others(channel, by)
    locked_channel = _locked(channel)
    if is_shared is False:
        scope_kind, scope_slug = scope_kind or "", scope_slug or ""
    locked_channel.name = _else(name, locked_channel.name)
    locked_channel.only_urgent = _else(only_urgent, locked_channel.only_urgent)
    _share(
        locked_channel,
        _else(is_shared, locked_channel.is_shared),
        _else(scope_kind, locked_channel.scope_kind),
        _else(scope_slug, locked_channel.scope_slug),
        by,
    )
    _lead_elsewhere(locked_channel, address, secret, now)
    locked_channel.full_clean(exclude=["owner"])
    locked_channel.save()
    return locked_channel


@transaction.atomic
def rotate_secret(channel: Channel, *, by: User, now: datetime) -> str:
    """A second secret, with which webhooks are signed too until the rotation is finished.

    Raises PermissionDenied, NotInState.
    """
    refuse_others(channel, by)
    locked_channel = _locked(channel)
    if locked_channel.kind != ChannelKind.WEBHOOK:
        raise NotInState("Only webhooks are signed with a secret that Muster makes.")
    if locked_channel.next_secret is not None:
        raise NotInState("A second secret is in use already. Finish its rotation first.")
    plain = _new_signing_key()
    _refuse_without_key()
    Channel.objects.filter(pk=locked_channel.pk).update(next_secret=encrypt(plain), secret_set_at=now)
    return plain


@transaction.atomic
def finish_rotation(channel: Channel, *, by: User, now: datetime) -> None:
    """From now on only the second secret signs. Raises PermissionDenied, NotInState."""
    refuse_others(channel, by)
    locked_channel = _locked(channel)
    if locked_channel.next_secret is None:
        raise NotInState("No second secret is in use.")
    Channel.objects.filter(pk=locked_channel.pk).update(
        secret=locked_channel.next_secret, next_secret=None, secret_set_at=now
    )


@transaction.atomic
def disable_channel(channel: Channel, *, reason: str, by: User, now: datetime) -> None:
    """Nothing is sent there until it is enabled again. Raises PermissionDenied, NotInState, ValidationError."""
    refuse_others(channel, by)
    locked_channel = _locked(channel)
    if locked_channel.disabled_at is not None:
        raise NotInState("It is disabled already.")
    words = require_words("reason", reason)
    if len(words) > 300:
        raise ValidationError({"reason": ["300 characters at most."]})
    Channel.objects.filter(pk=locked_channel.pk).update(disabled_at=now, disabled_for=words)


@transaction.atomic
def enable_channel(channel: Channel, *, by: User, now: datetime) -> None:
    """Raises PermissionDenied, NotInState."""
    refuse_others(channel, by)
    if _locked(channel).disabled_at is None:
        raise NotInState("It is not disabled.")
    Channel.objects.filter(pk=channel.pk).update(disabled_at=None, disabled_for="")


@transaction.atomic
def delete_channel(channel: Channel, *, by: User, now: datetime) -> None:
    """Its messages go with it. Raises PermissionDenied, and NotInState where something still leads to it."""
    refuse_others(channel, by, "delete")
    try:
        _locked(channel).delete()
    except ProtectedError as error:
        users = sorted({str(each._meta.verbose_name_plural) for each in error.protected_objects})
        raise NotInState(f"It is still in use by {', '.join(users)}.") from error


def _locked(channel: Channel) -> Channel:
    return still_there(Channel.objects.select_for_update(of=("self",)), channel.pk)


def _share(channel: Channel, is_shared: bool, scope_kind: str, scope_slug: str, by: User) -> None:
    if is_shared and not channel.is_shared:
        require(by, "web.share_channel")
    if scope_slug and (scope_kind, scope_slug) not in scopes.places():
        raise ValidationError({"scope_slug": ["There is no such region or site."]})
    channel.is_shared, channel.scope_kind, channel.scope_slug = is_shared, scope_kind, scope_slug


def _lead(channel: Channel, address: str, now: datetime) -> None:
    leads_to = place(ChannelKind(channel.kind), address)
    channel.address, channel.target = leads_to.address, None
    if leads_to.target:
        _refuse_without_key()
        channel.target, channel.secret_set_at = encrypt(leads_to.target), now


def _lead_elsewhere(channel: Channel, address: str, secret: str, now: datetime) -> None:
    if address:
        _lead(channel, address, now)
    if secret:
        refuse_secret(ChannelKind(channel.kind), secret)
        _keep(channel, secret, now)
    if (address or secret) and channel.kind != ChannelKind.MAILBOX:
        _set(channel, UNVERIFIED)


def _keep(channel: Channel, secret: str, now: datetime) -> None:
    _refuse_without_key()
    channel.secret, channel.next_secret, channel.secret_set_at = encrypt(secret), None, now


def _refuse_without_key() -> None:
    if not has_key():
        raise ValidationError(
            "An administrator must set MUSTER_DELIVERY_KEY first: it encrypts the secrets of channels."
        )


def _new_signing_key() -> str:
    return f"whsec_{b64encode(token_bytes(32)).decode()}"


def _else[T](value: T | None, present: T) -> T:
    return present if value is None else value


def _set(channel: Channel, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(channel, name, value)
