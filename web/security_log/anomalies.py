"""Anomalies of sign-ins as faults of Muster, so that they become problems and alerts.

Neither names nor addresses are in a fault, because more people see faults than may see the log.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, Q, Sum

from accounts.models import User
from accounts.throttling import TRIES_PER_ACCOUNT, TRIES_PER_ADDRESS
from web.faults import MusterFault
from web.security_log.core.anomalies import NewNetwork, SignIns, new_networks
from web.security_log.models import SecurityEvent

_ACTION = SecurityEvent.Action
BURST_WITHIN = timedelta(hours=1)
NETWORK_NEW_FOR, NETWORK_KNOWN_FOR = timedelta(days=1), timedelta(days=90)
MOST_FAULTS = 5
"""Faults of one kind: the log has all."""
PASSWORD_GUESSED = "An account’s password is being guessed"
SECOND_GUESSED = "Somebody has an account’s password and guesses its second factor"


def faults(now: datetime) -> Iterator[MusterFault]:
    """Three statements."""
    for group in _bursts("account_id", TRIES_PER_ACCOUNT, now):
        account = group["account_id"]
        detail = (
            f"{group['attempts']} attempts on account {account} within an hour. The security log has more."
        )
        title = SECOND_GUESSED if 2 * group["second"] > group["attempts"] else PASSWORD_GUESSED
        yield MusterFault(f"sign-in-burst-{account}", title, detail, group["since"], is_bad=False)
    groups = _bursts("address", TRIES_PER_ADDRESS, now)
    if groups:
        attempts, since = sum(group["attempts"] for group in groups), min(group["since"] for group in groups)
        detail = f"{attempts} attempts within an hour. The security log has the addresses and the accounts."
        yield MusterFault(
            "sign-in-burst", "Passwords are being guessed from one address", detail, since, is_bad=False
        )
    for each in _new_networks(now)[:MOST_FAULTS]:
        detail = (
            f"Account {each.account_id} has not used this network for {NETWORK_KNOWN_FOR.days} days. Ask whoever it"
            " belongs to; the security log has the address."
        )
        yield MusterFault(
            f"sign-in-network-{each.account_id}",
            "An administrator signed in from a new network",
            detail,
            each.first_at,
            is_bad=False,
        )


def _bursts(column: str, least: int, now: datetime) -> list[dict[str, Any]]:
    """Accounts or addresses with at least so many attempts that failed or were not checked; `second` counts those that
    followed a right password."""
    attempts = SecurityEvent.objects.filter(
        ~Q(address="") if column == "address" else Q(account__isnull=False),
        action__in=(_ACTION.SIGN_IN_FAILED, _ACTION.SIGN_IN_DELAYED),
        last_at__gt=now - BURST_WITHIN,
    )
    second = Sum("times", filter=Q(detail__second=True), default=0)
    groups = (
        attempts.order_by().values(column).annotate(attempts=Sum("times"), since=Min("at"), second=second)
    )
    return list(groups.filter(attempts__gte=least).order_by("-attempts", column)[:MOST_FAULTS])


def _new_networks(now: datetime) -> list[NewNetwork]:
    """One for each account, the newest first."""
    sign_ins = SecurityEvent.objects.filter(
        action=_ACTION.SIGNED_IN,
        last_at__gt=now - NETWORK_KNOWN_FOR,
        actor__in=User.objects.filter(is_superuser=True, is_active=True),
    )
    rows = sign_ins.order_by().values_list("actor_id", "address").annotate(first_at=Min("last_at"))
    networks = new_networks((SignIns(*row) for row in rows), since=now - NETWORK_NEW_FOR)
    newest_by_account = {each.account_id: each for each in sorted(networks, key=lambda each: each.first_at)}
    return sorted(newest_by_account.values(), key=lambda each: each.first_at, reverse=True)
