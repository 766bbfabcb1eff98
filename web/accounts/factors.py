"""Second factors: add one, check one, take one away; recovery codes; and which roles need one by when."""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts import codes
from accounts.models import RecoveryCode, SecondFactor, User
from accounts.operations import NotAllowed, refuse_unless_may_change, token_digest
from accounts.queries import role_of
from web.delivery.secrets import SecretUnreadable, decrypt, encrypt

GRACE = timedelta(days=14)
RECOVERY_CODES = 10
# 80 random bits: nobody finds one from its digest, so that it needs no key.
RECOVERY_BYTES = 10


@dataclass(frozen=True, slots=True)
class AddedFactor:
    """`recovery_codes` are those made with this factor; they cannot be shown again."""

    factor: SecondFactor
    recovery_codes: list[str]


def new_secret() -> bytes:
    return secrets.token_bytes(codes.SECRET_BYTES)


@transaction.atomic
def add_app(user: User, *, secret: bytes, code: str, now: datetime) -> AddedFactor:
    """Add an authenticator app that shows this code now, in place of the user's present one: whoever lost a phone, and
    may not be without a factor, changes to another. Raises ValidationError.
    """
    step = codes.matching_step(secret, _digits(code), now)
    if step is None:
        raise ValidationError(
            {"code": "This is not the code that the app shows now. Is the clock of the phone right?"}
        )
    replaced_count, _ = user.factors.filter(kind=SecondFactor.Kind.APP).delete()
    factor = SecondFactor(
        user=user,
        kind=SecondFactor.Kind.APP,
        name="Authenticator app",
        secret=encrypt(secret.hex()),
        last_step=step,
        created_at=now,
    )
    factor.full_clean(exclude=["secret"])
    factor.save(force_insert=True)
    # Whoever has a lost phone may have the codes that were kept on it.
    make_codes = new_recovery_codes if replaced_count else first_codes
    return AddedFactor(factor, make_codes(user, now=now))


@transaction.atomic
def new_recovery_codes(user: User, *, now: datetime) -> list[str]:
    """Replace all recovery codes; returns the new ones, which cannot be shown again."""
    user.recovery_codes.all().delete()
    plain_codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=token_digest(_letters(plain)), created_at=now) for plain in plain_codes
    )
    return plain_codes


@transaction.atomic
def remove_factor(factor: SecondFactor, *, by: User, now: datetime) -> None:
    """Take a factor away; with the last one go the recovery codes. Raises NotAllowed."""
    user = factor.user
    refuse_unless_may_change(user, by)
    is_last = not user.factors.exclude(pk=factor.pk).exists()
    if is_last and by.pk == user.pk and is_needed(user):
        raise NotAllowed("Your role needs a second factor. Add another one first.")
    factor.delete()
    if is_last:
        user.recovery_codes.all().delete()


@transaction.atomic
def remove_all_factors(user: User, *, by: User, now: datetime) -> int:
    """Take all factors of a user who lost them, and end the user's sessions; returns how many factors.

    Whoever has the lost phone may have a session too, and the next sign-in notes by when a new factor is due. Raises
    NotAllowed.
    """
    refuse_unless_may_change(user, by)
    if by.pk == user.pk:
        raise NotAllowed(
            "Another administrator takes away your second factors, or you do so in your settings."
        )
    user.recovery_codes.all().delete()
    count, _ = user.factors.all().delete()
    user.sessions.all().delete()
    return count


def has_factor(user: User) -> bool:
    return user.factors.exists()


def has_passkey(user: User) -> bool:
    return user.factors.filter(kind=SecondFactor.Kind.PASSKEY).exists()


def takes_code(user: User, code: str, *, now: datetime) -> bool:
    """Whether this is the app's present code or an unused recovery code of the user; it is used up by that."""
    return _takes_app_code(user, _digits(code), now) or _takes_recovery_code(user, _letters(code), now)


def _takes_app_code(user: User, code: str, now: datetime) -> bool:
    for factor in user.factors.filter(kind=SecondFactor.Kind.APP):
        try:
            secret = bytes.fromhex(decrypt(factor.secret or b""))
        except SecretUnreadable:
            continue
        step = codes.matching_step(secret, code, now)
        if step is not None:
            # Of two simultaneous tries with one code, one succeeds.
            later = Q(last_step__isnull=True) | Q(last_step__lt=step)
            unused = SecondFactor.objects.filter(later, pk=factor.pk)
            return unused.update(last_step=step, last_used_at=now) == 1
    return False


def _takes_recovery_code(user: User, letters: str, now: datetime) -> bool:
    unused = RecoveryCode.objects.filter(user=user, used_at__isnull=True, digest=token_digest(letters))
    return unused.update(used_at=now) == 1


def codes_left(user: User) -> int:
    return user.recovery_codes.filter(used_at__isnull=True).count()


def is_needed(user: User) -> bool:
    return bool(settings.SECOND_FACTOR_ROLES) and role_of(user) in settings.SECOND_FACTOR_ROLES


def due_at(user: User, *, now: datetime) -> datetime | None:
    """Return when a user without a second factor needs one, None if they need none; the grace begins with the first
    call.
    """
    if not is_needed(user) or has_factor(user):
        return None
    if user.factor_asked_at is None:
        user.factor_asked_at = now
        user.save(update_fields=["factor_asked_at"])
    return user.factor_asked_at + GRACE


def first_codes(user: User, *, now: datetime) -> list[str]:
    """Make recovery codes for whoever has none left; returns the new ones."""
    return [] if codes_left(user) else new_recovery_codes(user, now=now)


def _recovery_code() -> str:
    letters = b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def _letters(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter.isalnum())


def _digits(code: str) -> str:
    return "".join(code.split())
