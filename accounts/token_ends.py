"""How tokens end: which ones end while programs still use them, and how one is replaced by a successor."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import Token, User
from accounts.operations import create_token, revoke_token

ENDS_SOON = timedelta(days=14)
USED_LATELY = timedelta(days=7)
"""A program that used a token within this time before its end counts as one that still needs it: most run each day."""
OVERLAP = timedelta(days=7)
MOST_OVERLAP = timedelta(days=90)


def ends_soon(token: Token, now: datetime) -> bool:
    return token.expires_at is not None and now < token.expires_at <= now + ENDS_SOON


def tokens_ending_in_use(now: datetime) -> QuerySet[Token]:
    """Enabled tokens that end soon or have ended, that a program used within a week before, in the order of their ends.

    A token is left out once its program uses a successor: a later token of the same user with the same name.
    """
    successor = Token.objects.filter(
        user=OuterRef("user"),
        name=OuterRef("name"),
        created_at__gt=OuterRef("created_at"),
        last_used_at__gte=OuterRef("last_used_at"),
    )
    used_until_end = Q(expires_at__lte=now, last_used_at__gte=F("expires_at") - USED_LATELY)
    used_lately = Q(expires_at__gt=now, expires_at__lte=now + ENDS_SOON, last_used_at__gte=now - USED_LATELY)
    return (
        Token.objects.filter(used_until_end | used_lately, enabled=True, user__is_active=True)
        .exclude(Exists(successor))
        .order_by("expires_at", "pk")
    )


def successor_end(token: Token, *, now: datetime) -> datetime | None:
    """The end of a successor that lasts as long as the token was made for; None if it has no end."""
    return now + (token.expires_at - token.created_at) if token.expires_at else None


@transaction.atomic
def replace_token(
    token: Token, *, expires_at: datetime | None, overlap: timedelta, by: User, now: datetime
) -> tuple[Token, str]:
    """Make a successor with the same name and scope, and have the token end after `overlap`, or when it ends anyway.

    Return the successor and its secret. Raises NotAllowed as `create_token` does, and ValidationError.
    """
    present = Token.objects.select_for_update(no_key=True).filter(pk=token.pk, enabled=True).first()
    if present is None:
        raise ValidationError("This token is revoked. Make a new one.")
    if present.user is None:
        raise ValidationError("This token belongs to a source, where it is replaced.")
    successor, plain = create_token(
        user=present.user, name=present.name, scope=present.scope, expires_at=expires_at, by=by, now=now
    )
    if not overlap:
        revoke_token(present, by=by, now=now)
    elif present.expires_at is None or now + overlap < present.expires_at:
        present.expires_at = now + overlap
        present.save(update_fields=["expires_at"])
    return successor, plain
