"""Erase the addresses of a person: the only way in which a chained event changes."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from accounts.models import User
from web.audit.triggers import ERASING
from web.security_log.models import SecurityEvent
from web.security_log.recording import record


@transaction.atomic
def erase_addresses(account: User, *, by: User, now: datetime) -> int:
    """Delete the addresses of events by and about an account, with what proves or tells them; returns how many.

    The chain covers the proofs, which stay, so that it stays whole. That it was done is an event.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {ERASING} = 'on'")
    concerned_events = SecurityEvent.objects.filter(Q(actor=account) | Q(account=account)).exclude(address="")
    count = concerned_events.update(address="", salt="", fold_key="")
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {ERASING} = 'off'")
    action = SecurityEvent.Action.ADDRESSES_ERASED
    detail = {"events": count}
    record(action, actor_id=by.pk, account_id=account.pk, detail=detail, counts_repeats=False, now=now)
    return count
