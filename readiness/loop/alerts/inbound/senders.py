"""Add, change, pause and delete senders of alerts, and replace their tokens."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.operations import create_source_token, revoke_token
from readiness.loop.alerts.models import AlertSender, InboundAlert, SenderKind
from readiness.loop.alerts.models.alerts import EndedBy
from readiness.loop.alerts.raising.writing import write
from web.delivery import secrets
from web.workflows.steps import still_there

MOST_SECRETS = 2


@transaction.atomic
def create_sender(
    *, name: str, secret: str = "", owner: User | None = None, by: User | None, now: datetime, **fields: Any
) -> tuple[AlertSender, str]:
    """Add a sender; returns it with its token, which cannot be shown again. Raises ValidationError."""
    sender = AlertSender(name=name, owner=owner or by, **fields)
    _keep_secret(sender, secret)
    sender.full_clean(exclude=["token"])
    sender.token, plain = create_source_token(name=name, by=by, now=now)
    sender.save()
    return sender, plain


@transaction.atomic
def update_sender(
    sender: AlertSender, *, by: User | None, now: datetime, secret: str = "", **changes: Any
) -> AlertSender:
    """Change a sender. An empty `secret` leaves the present one, unless the new kind signs nothing. Raises
    ValidationError, and NotInState once the sender is deleted."""
    locked = still_there(AlertSender.objects.select_for_update(of=("self",)), sender.pk)
    for name, value in changes.items():
        setattr(locked, name, value)
    _keep_secret(locked, secret)
    locked.full_clean(exclude=["token"])
    locked.save()
    return locked


@transaction.atomic
def rotate_token(sender: AlertSender, *, by: User | None, now: datetime) -> str:
    revoke_token(sender.token, by=by, now=now)
    sender.token, plain = create_source_token(name=sender.name, by=by, now=now)
    sender.save(update_fields=["token"])
    return plain


def pause_sender(sender: AlertSender, *, by: User | None, now: datetime) -> None:
    sender.paused = True
    sender.save(update_fields=["paused"])


def resume_sender(sender: AlertSender, *, by: User | None, now: datetime) -> None:
    sender.paused = False
    sender.save(update_fields=["paused"])


@transaction.atomic
def delete_sender(sender: AlertSender, *, by: User | None, now: datetime) -> None:
    """Delete a sender. Its open alerts end with it, since nobody would tell their end."""
    rows: list[InboundAlert] = list(sender.alerts.open())
    write([], endings={row.key: EndedBy.RULE for row in rows}, now=now)
    token = sender.token
    sender.delete()
    revoke_token(token, by=by, now=now)


def secrets_of(sender: AlertSender) -> list[str]:
    """Raises `SecretUnreadable`."""
    return [] if sender.secret is None else secrets.decrypt(sender.secret).splitlines()


def _keep_secret(sender: AlertSender, text: str) -> None:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if sender.kind == SenderKind.ALERTMANAGER:
        if lines:
            raise ValidationError({"secret": "Alertmanager signs nothing: leave it empty."})
        sender.secret = None
    if not lines:
        return
    if len(lines) > MOST_SECRETS:
        raise ValidationError({"secret": "Enter one secret, or two while it is changed, one a line."})
    if not secrets.has_key():
        raise ValidationError({"secret": "An administrator has to set MUSTER_DELIVERY_KEY first."})
    sender.secret = secrets.encrypt("\n".join(lines))
