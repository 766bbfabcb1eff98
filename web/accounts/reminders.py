"""Reminders before tokens end: to the person whose tokens they are, or who owns the service account.

They leave by a channel of the person, or by mail to the account's address, once 14 and once 3 days before the end.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage, mailers
from django.db import transaction
from django.db.models import Case, F, Q, When
from django.template.loader import render_to_string

from accounts import token_ends
from accounts.models import Token, TokenQuerySet, User
from accounts.operations import one_at_a_time
from web import links, units
from web.delivery import outbox
from web.delivery.models import Channel, ChannelKind
from web.delivery.outbox import Draft
from web.delivery.queries import nearest_channel

log = logging.getLogger(__name__)

EVENT = "token.ending"
KINDS_THAT_PEOPLE_READ = (ChannelKind.MAIL, ChannelKind.CHAT, ChannelKind.WEBHOOK, ChannelKind.MAILBOX)


def remind(*, now: datetime) -> int:
    """Remind everybody whose tokens have reached a mark; returns of how many tokens.

    Who has neither a channel nor an address that mail can go to is reminded once they have one.
    """
    responsible = Case(When(user__kind=User.Kind.SERVICE, then=F("user__owner_id")), default=F("user_id"))
    tokens = token_ends.tokens_to_remind_of(now).annotate(responsible=responsible)
    people = User.objects.filter(pk__in=set(tokens.values_list("responsible", flat=True)), is_active=True)
    return sum(_remind(person, tokens.filter(responsible=person.pk), now) for person in people.order_by("pk"))


@transaction.atomic
def _remind(person: User, tokens: TokenQuerySet, now: datetime) -> int:
    """A run at the same time waits, and finds nothing due. No row is locked: a mail server may take long to answer, and
    each use of a token writes its row."""
    one_at_a_time("reminders")
    due_tokens = token_ends.worth_a_reminder(tokens.select_related("user"), now)
    if not due_tokens or not _tell(person, due_tokens, now):
        return 0
    for token in due_tokens:
        token.reminded_days = token_ends.days_of_reminder(token, now)
    Token.objects.bulk_update(due_tokens, ["reminded_days"])
    return len(due_tokens)


def _tell(person: User, tokens: Sequence[Token], now: datetime) -> bool:
    """Whether a message leaves, by the outbox in this transaction, or by mail at once."""
    is_urgent = any(
        token_ends.days_of_reminder(token, now) == min(token_ends.REMINDED_AT) for token in tokens
    )
    subject = f"{units.how_many(len(tokens), 'token ends', 'tokens end')} soon"
    text = render_to_string(
        "accounts/token_ends_mail.txt", {"person": person, "tokens": _lines(tokens, person)}
    )
    if (channel := _channel_of(person, is_urgent)) is None:
        return _mail(person, f"Muster: {subject}", text)
    marks = "-".join(f"{token.pk}.{token_ends.days_of_reminder(token, now)}" for token in tokens)
    draft = Draft(
        channel_id=channel.pk,
        key=f"{EVENT}-{person.pk}-{sha256(marks.encode()).hexdigest()[:32]}",
        event=EVENT,
        subject=subject,
        text=text,
        payload={"event": EVENT, "at": now.isoformat(), "tokens": [_payload(token) for token in tokens]},
        is_urgent=is_urgent,
    )
    outbox.send([draft], now=now)
    return True


def _channel_of(person: User, is_urgent: bool) -> Channel | None:
    """A usable channel of this person alone: a room must not read of their tokens."""
    kinds = [kind for kind in KINDS_THAT_PEOPLE_READ if settings.MAIL_HOST or kind != ChannelKind.MAIL]
    takes_it = Q() if is_urgent else Q(only_urgent=False)
    return nearest_channel(
        Channel.objects.usable().filter(takes_it, owner=person, is_shared=False, kind__in=kinds)
    )


def _mail(person: User, subject: str, text: str) -> bool:
    if not (settings.MAIL_HOST and person.email):
        return False
    mail = EmailMessage(subject, text, settings.MAIL_FROM, [person.email])
    try:
        return bool(mailers.default.send_messages([mail]))
    except SMTPRecipientsRefused:
        log.warning("the mail server does not take reminders of tokens for account %s", person.pk)
        return True
    except (SMTPException, OSError):
        # The next run tries again.
        log.warning("a reminder of tokens could not be mailed", exc_info=True)
        return False


def _lines(tokens: Sequence[Token], person: User) -> list[dict[str, object]]:
    return [
        {
            "token": token,
            "account": token.user,
            "is_own": token.user_id == person.pk,
            "page": f"{settings.BASE_URL}{_page(token, person)}" if settings.BASE_URL else "",
        }
        for token in tokens
    ]


def _page(token: Token, person: User) -> str:
    return links.link("settings") if token.user_id == person.pk else links.link("user-detail", token.user_id)


def _payload(token: Token) -> dict[str, object]:
    return {
        "prefix": token.prefix,
        "name": token.name,
        "account": token.user.username if token.user else None,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
    }
