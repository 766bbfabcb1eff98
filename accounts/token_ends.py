"""How tokens end: which ones end while programs still use them, and how one is replaced by a successor."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q

from accounts.models import Token, TokenQuerySet, User
from accounts.operations import LONGEST_LIFE, create_token, revoke_token

ENDS_SOON = timedelta(days=14)
REMINDED_AT = (3, 14)
"""Days before its end at which a reminder of a token leaves, the last one first."""
USED_LATELY = timedelta(days=7)
"""A program that used a token within this time before its end counts as one that still needs it: most run each day."""
LONG_LIVED = timedelta(days=30)
"""A token that was made for less serves one task, and its end is its purpose."""
OVERLAP = timedelta(days=7)
MOST_OVERLAP = timedelta(days=90)


def ends_soon(token: Token, now: datetime) -> bool:
    return token.expires_at is not None and now < token.expires_at <= now + ENDS_SOON


def is_for_one_task(token: Token) -> bool:
    return _is_for_one_task(token, _all_successors([token])[token.pk])


def _is_for_one_task(token: Token, successors: list[Token]) -> bool:
    """An overlap shortens the life of a token, but not that of its successors."""
    return not any(map(_is_long_lived, [token, *successors]))


def _is_long_lived(token: Token) -> bool:
    return token.expires_at is None or token.expires_at - token.created_at >= LONG_LIVED


def tokens_ending_in_use(now: datetime) -> list[Token]:
    """Enabled tokens that end soon or have ended, that a program used within a week before, in the order of their ends.

    A token is left out once its program uses a successor, and if it was made for less than 30 days.
    """
    used_until_end = Q(expires_at__lte=now, last_used_at__gte=F("expires_at") - USED_LATELY)
    used_lately = Q(expires_at__gt=now, expires_at__lte=now + ENDS_SOON, last_used_at__gte=now - USED_LATELY)
    rows = Token.objects.filter(used_until_end | used_lately, enabled=True, user__is_active=True)
    tokens = list(rows.order_by("expires_at", "pk"))
    successors = _all_successors(tokens)
    return [
        token
        for token in tokens
        if not _is_for_one_task(token, successors[token.pk])
        and not any(_is_used_instead(successor, token) for successor in successors[token.pk])
    ]


def days_of_reminder(token: Token, now: datetime) -> int | None:
    """The mark of days before its end that the token has reached; None before the first."""
    if token.expires_at is None:
        return None
    time_left = token.expires_at - now
    return next((days for days in REMINDED_AT if time_left <= timedelta(days=days)), None)


def tokens_to_remind_of(now: datetime) -> TokenQuerySet:
    """Usable tokens of accounts that have reached a mark of which nobody was reminded, in the order of their ends."""
    reached = (
        Q(expires_at__lte=now + timedelta(days=days)) & (Q(reminded_days=None) | Q(reminded_days__gt=days))
        for days in REMINDED_AT
    )
    tokens = Token.objects.usable(now).filter(reduce(or_, reached), user__isnull=False)
    return tokens.order_by("expires_at", "pk")


def worth_a_reminder(tokens: Iterable[Token], now: datetime) -> list[Token]:
    """Leave out tokens that were made for one task, and those that somebody replaced already: of these the last
    reminder leaves, if the program does not use the successor by then."""
    tokens = list(tokens)
    all_successors = _all_successors(tokens)
    return [token for token in tokens if _is_worth_it(token, all_successors[token.pk], now)]


def _is_worth_it(token: Token, successors: list[Token], now: datetime) -> bool:
    if _is_for_one_task(token, successors) or any(
        _is_used_instead(successor, token) for successor in successors
    ):
        return False
    is_last_mark = days_of_reminder(token, now) == min(REMINDED_AT)
    return is_last_mark or not any(successor.enabled for successor in successors)


def _is_used_instead(successor: Token, token: Token) -> bool:
    if successor.last_used_at is None:
        return False
    return token.last_used_at is None or successor.last_used_at >= token.last_used_at


def _all_successors(tokens: Iterable[Token]) -> dict[int, list[Token]]:
    """Successors of each of these tokens, with their successors; one statement for each step of the longest chain."""
    successors: dict[int, list[Token]] = {token.pk: [] for token in tokens}
    origins = {pk: [pk] for pk in successors}
    while origins:
        step: dict[int, list[int]] = {}
        for successor in Token.objects.filter(replaces__in=origins).order_by("pk"):
            step[successor.pk] = origins[successor.replaces_id or 0]
            for origin in step[successor.pk]:
                successors[origin].append(successor)
        origins = step
    return successors


def successor_end(token: Token, *, now: datetime) -> datetime | None:
    """The end of a successor that lasts as long as the token was made for; None if it has no end.

    The overlap has shortened the life of a token whose successors were revoked: the last of these tells how long.
    """
    last = [token, *_all_successors([token])[token.pk]][-1]
    return now + min(last.expires_at - last.created_at, LONGEST_LIFE) if last.expires_at else None


@transaction.atomic
def replace_token(
    token: Token, *, expires_at: datetime | None, overlap: timedelta, by: User, now: datetime
) -> tuple[Token, str]:
    """Make a successor with the same name and scope, and have the token end after `overlap`, or when it ends anyway.

    Return the successor and its secret. Raises NotAllowed as `create_token` does, and ValidationError if the token is
    revoked, belongs to a source, or has a successor that is not revoked.
    """
    present = Token.objects.select_for_update(no_key=True).filter(pk=token.pk, enabled=True).first()
    if present is None:
        raise ValidationError("This token is revoked. Make a new one.")
    if present.user is None:
        raise ValidationError("This token belongs to a source, where it is replaced.")
    successor, plain = create_token(
        user=present.user,
        name=present.name,
        scope=present.scope,
        expires_at=expires_at,
        replaces=present,
        by=by,
        now=now,
    )
    if not overlap:
        revoke_token(present, by=by, now=now)
    elif present.expires_at is None or now + overlap < present.expires_at:
        present.expires_at = now + overlap
        present.save(update_fields=["expires_at"])
    return successor, plain
