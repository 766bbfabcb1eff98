"""Add and change heartbeats, and send them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Thread
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db import connections, transaction

from accounts.models import User
from readiness.loop.alerts.heartbeat.advance import obstacles
from readiness.loop.alerts.models import HeartbeatKind, HeartbeatTarget
from web.delivery import http, secrets
from web.delivery.addresses import AddressRefused, NoAnswer, origin
from web.delivery.senders import redact
from web.delivery.senders.alertmanager import PATH
from web.delivery.senders.answers import readable
from web.workflows.steps import still_there

MOST = 20
WATCHDOG_LASTS = timedelta(minutes=4)
"""An Alertmanager ends the watchdog this long after the last one, unless another comes."""


def start_thread(work: Callable[[], None]) -> None:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    Thread(target=run, name="heartbeat", daemon=True).start()


@transaction.atomic
def create_heartbeat(*, by: User | None, now: datetime, address: str = "", **fields: Any) -> HeartbeatTarget:
    """Add a heartbeat. Raises ValidationError, such as for one without an address."""
    if not address:
        raise ValidationError({"address": "Enter the address that is called."})
    if HeartbeatTarget.objects.count() >= MOST:
        raise ValidationError(f"There are {MOST} heartbeats already.")
    return _save(HeartbeatTarget(**fields), address)


@transaction.atomic
def update_heartbeat(
    target: HeartbeatTarget, *, by: User | None, now: datetime, address: str = "", **changes: Any
) -> HeartbeatTarget:
    """Change a heartbeat. An empty address leaves the present one. Raises ValidationError, and NotInState once the
    heartbeat is deleted."""
    locked = still_there(HeartbeatTarget.objects.select_for_update(), target.pk)
    for name, value in changes.items():
        setattr(locked, name, value)
    return _save(locked, address)


def delete_heartbeat(target: HeartbeatTarget, *, by: User | None, now: datetime) -> None:
    target.delete()


def _save(target: HeartbeatTarget, address: str) -> HeartbeatTarget:
    if address:
        if not secrets.has_key():
            raise ValidationError({"address": "An administrator has to set MUSTER_DELIVERY_KEY first."})
        try:
            target.origin = origin(address)[:300]
        except AddressRefused as error:
            raise ValidationError({"address": str(error)}) from error
        target.address = secrets.encrypt(address)
    target.full_clean(exclude=["address"])
    target.save()
    return target


def beat(*, now: datetime, start: Callable[[Callable[[], None]], None] = start_thread) -> int:
    """Call every enabled address, unless something stands still; returns how many. Each is called by a thread of its
    own, so that one that is slow delays neither the others nor the work of its process."""
    targets = list(HeartbeatTarget.objects.filter(is_enabled=True))
    if not targets or obstacles(now=now):
        return 0
    for target in targets:
        start(partial(call, target, now=now))
    return len(targets)


def call(target: HeartbeatTarget, *, now: datetime) -> None:
    is_taken, answer = _call(target, now)
    changes: dict[str, Any] = {"tried_at": now, "answer": answer[:300]}
    if is_taken:
        changes["taken_at"] = now
    HeartbeatTarget.objects.filter(pk=target.pk).update(**changes)


def _call(target: HeartbeatTarget, now: datetime) -> tuple[bool, str]:
    """Whether the other side took it, and what it said. A later heartbeat says more, so none is tried again."""
    try:
        url = secrets.decrypt(target.address)
        if target.kind == HeartbeatKind.ALERTMANAGER:
            answer = http.post(
                url.rstrip("/").removesuffix(PATH) + PATH,
                body=watchdog(now),
                headers={"Content-Type": "application/json"},
                now=now,
            )
        else:
            method = "GET" if target.kind == HeartbeatKind.GET else "POST"
            answer = http.call(method, url, headers={}, now=now)
    except (AddressRefused, NoAnswer, secrets.SecretUnreadable) as error:
        return False, str(error)
    return 200 <= answer.status < 300, f"{answer.status} {readable(redact(answer.text, url))}".strip()


def watchdog(now: datetime) -> bytes:
    """An alert that always fires: whoever routes it to a dead man's switch is told when it ends."""
    alert = {
        "labels": {"alertname": "MusterWatchdog", "muster_key": "watchdog", "severity": "none"},
        "annotations": {"summary": "Muster works. Tell somebody when this alert ends."},
        "endsAt": (now + WATCHDOG_LASTS).isoformat(),
    }
    return orjson.dumps([alert])
