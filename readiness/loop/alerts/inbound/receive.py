"""Webhooks of other systems, and their answers. No HTTP server's types here: see asgi.py.

A sender tries again after 5xx (PagerDuty after 429 too) and gives up after any other answer, so only transient errors
look temporary.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Token
from accounts.operations import TOKEN_KEYWORDS, authenticate_token
from accounts.throttling import bad_tokens
from readiness.loop.alerts.core.inbound import alertmanager, pagerduty, signatures
from readiness.loop.alerts.core.inbound.messages import BodyNotRead
from readiness.loop.alerts.inbound.incidents import take_event
from readiness.loop.alerts.inbound.senders import secrets_of
from readiness.loop.alerts.inbound.taking import take
from readiness.loop.alerts.models import AlertSender, SenderKind
from web.delivery.secrets import SecretUnreadable
from web.security_log.doors import note_bad_token

ROOT = "/api/loop/inbound/"
ADDRESSES: Mapping[str, SenderKind] = {f"{ROOT}{kind}/": kind for kind in SenderKind}
BODY_BYTES = 4 * 1024 * 1024
DECODED_FACTOR = 8
"""A body and the objects that it becomes take about this many times its bytes."""
BUSY_AGAIN_S = 5
WEBHOOK_ID = "x-webhook-id"


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """`headers` by lower-case name, `address` is the peer's."""

    kind: SenderKind
    headers: Mapping[str, str]
    address: str = ""


class WebhookRefused(Exception):
    """The message says why; `wait_s` is when to try again."""

    def __init__(self, status: int, detail: str, wait_s: float | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.wait_s = status, detail, wait_s


def identify(request: WebhookRequest, *, now: datetime) -> AlertSender:
    """Raises WebhookRefused."""
    scheme, _, plain = request.headers.get("authorization", "").partition(" ")
    plain = plain.strip()
    if scheme.lower() not in TOKEN_KEYWORDS or not plain:
        raise WebhookRefused(401, "no token: send Authorization: Bearer <token>")
    address, place = request.address, f"{ROOT}{request.kind}/"
    if wait_s := bad_tokens.wait_s(address, plain):
        note_bad_token(address=address, place=place, is_unchecked=True, now=now)
        raise WebhookRefused(429, "too many unknown tokens came from this address", wait_s)
    token = authenticate_token(plain, now=now)
    if token is None:
        bad_tokens.failed(address, plain)
        note_bad_token(address=address, place=place, is_unchecked=False, now=now)
        raise WebhookRefused(401, "unknown, expired or revoked token")
    bad_tokens.passed(plain)
    sender = AlertSender.objects.filter(token=token).select_related("site").first()
    if token.scope != Token.Scope.INGEST or sender is None:
        raise WebhookRefused(403, "this token does not belong to a sender of alerts")
    if sender.kind != request.kind:
        raise WebhookRefused(403, f"this address is for {request.kind.label}; the token is of {sender.name}")
    if sender.paused:
        raise WebhookRefused(403, f"sender {sender.name} is paused")
    return sender


def receive(request: WebhookRequest, sender: AlertSender, body: bytes, *, now: datetime) -> str:
    """Take in a body; returns what it did. Raises WebhookRefused."""
    try:
        if fault := _fault_of_signature(request, sender, body, now):
            raise WebhookRefused(403, fault)
        return _take(request, sender, body, now)
    except BodyNotRead as error:
        refusal = WebhookRefused(400, str(error))
        note_refusal(sender, refusal, now=now)
        raise refusal from error
    except WebhookRefused as refusal:
        note_refusal(sender, refusal, now=now)
        raise


def note_refusal(sender: AlertSender, refusal: WebhookRefused, *, now: datetime) -> None:
    AlertSender.objects.filter(pk=sender.pk).update(last_refused_at=now, last_refusal=refusal.detail[:300])


def _fault_of_signature(request: WebhookRequest, sender: AlertSender, body: bytes, now: datetime) -> str:
    """A sender without a secret is let in by its token alone, but PagerDuty signs always."""
    try:
        secrets = secrets_of(sender)
    except SecretUnreadable as error:
        return str(error)
    if not secrets and request.kind is SenderKind.PAGERDUTY:
        return "enter the secret of PagerDuty's webhook at this sender first"
    if not secrets:
        return ""
    if request.kind is SenderKind.PAGERDUTY:
        return signatures.pagerduty_fault(request.headers, body, secrets=secrets)
    return signatures.grafana_fault(request.headers, body, secrets=secrets, now=now)


@transaction.atomic
def _take(request: WebhookRequest, sender: AlertSender, body: bytes, now: datetime) -> str:
    if request.kind is not SenderKind.PAGERDUTY:
        return take(sender, alertmanager.read(body), now=now).sentence
    event = pagerduty.read(body, now=now)
    if event is None:
        return "nothing to do: this event is of no incident"
    return take_event(sender, event, webhook_id=request.headers.get(WEBHOOK_ID, ""), now=now)
