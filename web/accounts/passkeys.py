"""Passkeys by WebAuthn level 2: what a browser has to do, and whether it did.

`fido2` checks challenge, origin and signature. It brings `cryptography`, so that it is imported when somebody uses a
passkey. A challenge lies in the session, and the first answer uses it up.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest

from accounts.counting import CountingWindow
from accounts.models import SecondFactor, User
from web.accounts.factors import AddedFactor, first_codes
from web.database_refusals import refusal
from web.requests import absolute_url

LASTS = timedelta(minutes=10)
NAME = "Muster"
REFUSAL = "This passkey does not sign you in here. Try another way."
PASSWORD_FIRST = (
    "The password is newer than this passkey. Sign in with the password once, and then by the passkey."
)
# A page that adds a passkey and one that asks for one may be open at once.
_ADDING, _SIGNING = "passkey_adding", "passkey_signing"
# Each challenge of somebody who is not signed in writes a session. High enough for an office behind one address.
PER_ADDRESS, WINDOW_S = 60, 300
_by_address = CountingWindow("passkey:address", WINDOW_S)


class CopiedPasskey(ValidationError):
    """The count of uses did not grow, so two devices have this passkey."""

    def __init__(self, owner: User) -> None:
        super().__init__("This passkey was copied. Sign in another way, remove it and add another one.")
        self.owner = owner


def wait_s(address: str, *, now: datetime) -> int:
    """Count a challenge for this address; returns the seconds to wait, 0 if it may go on."""
    return _by_address.wait_s(address, most=PER_ADDRESS, now=now)


def note_success(address: str, *, now: datetime) -> None:
    """Leave a challenge that was answered rightly out of the count."""
    _by_address.add(address, by=-1, now=now)


def creation_options(request: HttpRequest, user: User, *, now: datetime) -> dict[str, Any]:
    """Return what the browser has to make: a passkey that asks its owner for finger, face or PIN."""
    from fido2.webauthn import PublicKeyCredentialUserEntity

    entity = PublicKeyCredentialUserEntity(
        id=user.pk.to_bytes(8), name=user.get_username(), display_name=str(user)
    )
    options, state = _server(request).register_begin(
        entity,
        credentials=_credentials(user),
        resident_key_requirement="required",
        user_verification="required",
    )
    request.session[_ADDING] = {**state, "began_at": now.isoformat()}
    return dict(options)


@transaction.atomic
def add_passkey(
    request: HttpRequest, user: User, *, name: str, answer: Mapping[str, Any], now: datetime
) -> AddedFactor:
    """Add the passkey that the browser made. Raises ValidationError."""
    state = _take_challenge(request, _ADDING, now)
    with _faults_as_refusal("The browser did not make a passkey for this page. Try again."):
        auth_data = _server(request).register_complete(state, answer)
        credential = auth_data.credential_data
    factor = SecondFactor(
        user=user,
        kind=SecondFactor.Kind.PASSKEY,
        name=name,
        credential=bytes(credential),
        credential_id=credential.credential_id,
        sign_count=auth_data.counter,
        created_at=now,
    )
    factor.full_clean(exclude=["credential"])
    try:
        with transaction.atomic():
            factor.save(force_insert=True)
    except IntegrityError as error:
        # Another page added it after the look.
        raise ValidationError(refusal(error)) from error
    return AddedFactor(factor, first_codes(user, now=now))


def request_options(request: HttpRequest, user: User | None, *, now: datetime) -> dict[str, Any]:
    """Return what the browser has to sign, with a passkey of this user, or with any if the user is None."""
    options, state = _server(request).authenticate_begin(
        credentials=_credentials(user) if user is not None else None, user_verification="required"
    )
    request.session[_SIGNING] = {**state, "began_at": now.isoformat()}
    return dict(options)


def use_passkey(
    request: HttpRequest,
    answer: Mapping[str, Any],
    *,
    owner: User | None,
    follows_password: bool,
    now: datetime,
) -> User:
    """Return the active user whose passkey signed the challenge, and count the use.

    Raises ValidationError; also if the passkey belongs to anybody but the `owner`, unless that is None, and if it
    counts after the password alone but does not follow it. It raises CopiedPasskey if the count of uses did not grow,
    and notes it of the passkey.
    """
    from fido2.webauthn import AttestedCredentialData, AuthenticationResponse

    state = _take_challenge(request, _SIGNING, now)
    with _faults_as_refusal(REFUSAL):
        response = AuthenticationResponse.from_dict(answer)
        counter = response.response.authenticator_data.counter
    factors = SecondFactor.objects.select_related("user").filter(user__is_active=True)
    factor = factors.filter(credential_id=response.raw_id).first()
    if factor is None:
        raise ValidationError(REFUSAL)
    with _faults_as_refusal(REFUSAL):
        credential = AttestedCredentialData(bytes(factor.credential or b""))
        _server(request).authenticate_complete(state, [credential], response)
    if owner not in {None, factor.user}:
        raise ValidationError("This passkey belongs to another account.")
    # WebAuthn, section 6.1.1: a count that does not grow comes from a copy. Devices that count nothing send 0.
    is_original = Q(sign_count__lt=counter) if counter else Q(sign_count=0)
    counts = Q() if follows_password else _counts_without_password(factor.user)
    row = SecondFactor.objects.filter(pk=factor.pk)
    if row.filter(is_original, counts).update(sign_count=counter, last_used_at=now):
        return factor.user
    if row.exclude(is_original).update(copied_at=now) or row.filter(copied_at__isnull=False).exists():
        raise CopiedPasskey(factor.user)
    raise ValidationError(PASSWORD_FIRST)


def _counts_without_password(user: User) -> Q:
    """Leave out passkeys that were copied, and those that may be a thief's.

    Whoever knew the old password may have added a passkey with it. So the passkeys of before a new password follow it
    once, which a thief cannot have them do, and nobody loses one.
    """
    uncopied = Q(copied_at=None)
    if user.password_set_at is None:
        return uncopied
    return uncopied & (Q(created_at__gte=user.password_set_at) | Q(last_used_at__gte=user.password_set_at))


def _take_challenge(request: HttpRequest, key: str, now: datetime) -> Mapping[str, Any]:
    """Take the challenge out of the session. Raises ValidationError."""
    state = request.session.pop(key, None)
    if state is None or now - datetime.fromisoformat(state["began_at"]) >= LASTS:
        raise ValidationError(
            "It took longer than ten minutes, was answered already, or another page asked meanwhile. Try again."
        )
    return state


@contextmanager
def _faults_as_refusal(reason: str) -> Iterator[None]:
    # `fido2` raises whatever its parsers meet in the answer of a browser.
    try:
        yield
    except Exception as error:
        raise ValidationError(reason) from error


def _server(request: HttpRequest) -> Any:
    from fido2.server import Fido2Server
    from fido2.webauthn import PublicKeyCredentialRpEntity

    address = urlsplit(absolute_url(request, "/"))
    origin = f"{address.scheme}://{address.netloc}"
    return Fido2Server(
        PublicKeyCredentialRpEntity(id=address.hostname, name=NAME),
        # The origin of pages itself: that of a host below it belongs to somebody else.
        verify_origin=lambda page_origin: page_origin == origin,
    )


def _credentials(user: User) -> list[Any]:
    from fido2.webauthn import AttestedCredentialData

    passkeys = user.factors.filter(kind=SecondFactor.Kind.PASSKEY)
    return [AttestedCredentialData(bytes(factor.credential or b"")) for factor in passkeys]
