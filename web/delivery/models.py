"""Channels, the outbox of messages, and the attempts to deliver them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import READER, WRITER, User
from web.scopes import among

GIVEN_UP_AFTER = timedelta(hours=24)
"""How long a message is tried, counted from when it was to leave."""
GONE = "The receiver answered that it is gone and takes no more messages."
"""Why Muster itself disables a channel."""


class ChannelKind(models.TextChoices):
    """A way in which messages leave Muster."""

    MAIL = "mail", "E-mail"
    WEBHOOK = "webhook", "Signed webhook"
    PAGERDUTY = "pagerduty", "PagerDuty"
    ALERTMANAGER = "alertmanager", "Alertmanager"
    CHAT = "chat", "Chat room"
    MAILBOX = "mailbox", "Mailbox of the demo"


class ChannelQuerySet(models.QuerySet["Channel"]):
    def usable(self) -> ChannelQuerySet:
        """Confirmed ones that are not disabled; whoever may not sign in any more is told nothing either."""
        may_read = Q(is_shared=True) | Q(owner__is_active=True)
        return self.filter(may_read, verified_at__isnull=False, disabled_at=None)

    def visible_to(self, user: User) -> ChannelQuerySet:
        """Their own, and shared ones; row security leaves out those of other places for readers with scopes."""
        return self.filter(Q(owner=user) | Q(is_shared=True))


class Channel(models.Model):
    """A place that messages are sent to: of one user, or shared, with a user who answers for it.

    `address` is a mail address, or what may be shown of the address that is called, such as "https://example.com/…".
    `target` is that address as a whole: it may hold a secret itself. `secret` signs webhooks, names the service of
    PagerDuty, or signs in to Alertmanager; with `next_secret`, webhooks are signed with both. These three are encrypted
    with a key of their own (`web/delivery/secrets.py`) and never shown again; `secret_set_at` lets the history show who
    changed one of them. Messages leave only once the channel is confirmed: somebody entered the code that went there
    (`code_digest`), or the system there took a test.
    A shared channel reads as its owner does, within `scope_kind` and `scope_slug`, as `AccessScope` has them; without
    them, whoever sees some sites only does not see it.
    Deliveries write `failing_since` and `is_slow`, what the last attempt was like, and `held_until`, an instant until
    which the receiver asked for nothing more.
    """

    HISTORY = True
    HISTORY_LEAVES_OUT = (
        *("target", "secret", "next_secret"),
        *("code_digest", "code_sent_at", "code_tries"),
        *("last_sent_at", "failing_since", "is_slow", "held_until"),
    )
    PERSONAL = ("address",)
    VISIBLE_WHERE = f"""web_channel.owner_id = {READER} OR web_channel.is_shared AND (
        EXISTS (SELECT FROM inventory_site AS site
            WHERE web_channel.scope_kind = 'site' AND site.slug = web_channel.scope_slug)
        OR EXISTS (SELECT FROM inventory_region AS region WHERE web_channel.scope_kind = 'region'
            AND region.slug = web_channel.scope_slug AND {among("muster.regions", "region.id")}))"""
    WRITABLE_WHERE = f"web_channel.owner_id = {WRITER}"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="channels", verbose_name="owner"
    )
    kind = models.CharField("kind", max_length=12, choices=ChannelKind)
    name = models.CharField("name", max_length=100)
    address = models.CharField("address", max_length=500, blank=True)
    target = models.BinaryField("target", null=True, editable=False)
    secret = models.BinaryField("secret", null=True, editable=False)
    next_secret = models.BinaryField("next secret", null=True, editable=False)
    secret_set_at = models.DateTimeField("secret set at", null=True, editable=False)
    is_shared = models.BooleanField("shared", default=False, help_text="A room or system that several read")
    scope_kind = models.CharField("kind of scope", max_length=8, blank=True)
    scope_slug = models.SlugField("scope", max_length=100, blank=True)
    only_urgent = models.BooleanField(
        "urgent messages only", default=False, help_text="Leaves out everything that can wait"
    )
    code_digest = models.BinaryField(null=True, editable=False)
    code_sent_at = models.DateTimeField(null=True, editable=False)
    code_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    verified_at = models.DateTimeField("verified at", null=True, editable=False)
    disabled_at = models.DateTimeField("disabled at", null=True, editable=False)
    disabled_for = models.CharField("disabled because", max_length=300, blank=True, editable=False)
    last_sent_at = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField("failing since", null=True, editable=False)
    is_slow = models.BooleanField(default=False, editable=False)
    held_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField("created at", editable=False)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        verbose_name = "channel"
        verbose_name_plural = "channels"
        permissions = [("share_channel", "Can share channels")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="channel_name_once",
                violation_error_message="You have a channel of this name already.",
            ),
            models.CheckConstraint(
                condition=Q(kind="mailbox", address="", target=None)
                | Q(kind="mail", target=None) & ~Q(address="")
                | Q(kind__in=["webhook", "pagerduty", "alertmanager", "chat"], target__isnull=False)
                & ~Q(address=""),
                name="channel_leads_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(disabled_at=None, disabled_for="")
                | Q(disabled_at__isnull=False) & ~Q(disabled_for=""),
                name="channel_disabled_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(scope_kind="", scope_slug="")
                | Q(is_shared=True, scope_kind__in=["region", "site"]) & ~Q(scope_slug=""),
                name="channel_scope_is_whole",
                violation_error_message="A shared channel has a region or a site, or neither.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_usable(self) -> bool:
        return self.verified_at is not None and self.disabled_at is None


class MessageState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"
    DROPPED = "dropped", "Not sent"


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self, now: datetime) -> MessageQuerySet:
        """Those that may leave at `now`, and that no worker holds."""
        free = Q(leased_until=None) | Q(leased_until__lte=now)
        return self.filter(free, state=MessageState.WAITING, next_at__lte=now)

    def visible_to(self, user: Any) -> MessageQuerySet:
        """Those of the user's own channels and of shared ones; row security narrows this by the user's scopes."""
        return self.filter(Q(channel__owner=user.pk) | Q(channel__is_shared=True))


class Message(models.Model):
    """One message to one channel: a row of the outbox, written in the transaction of its cause.

    `key` is stable over all attempts, and a receiver that keeps it takes the message once. Messages of one `order_key`
    leave in the order of their ids. `event` is its dot-separated type. `payload` is what programs read; `subject`,
    `text` and `html` are what people read. `about` says what it is about, such as "alert:12", for whoever lists it. A
    worker that sends one holds it until `leased_until`. It is tried until `give_up_at`.
    """

    VISIBLE_BY = ("channel",)
    WRITABLE_BY = ("channel",)
    CHANGED_BY_ATTEMPTS = ("state", "next_at", "leased_until", "ended_at", "last_answer")

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="messages", verbose_name="channel")
    key = models.CharField("key", max_length=200, unique=True)
    order_key = models.CharField(max_length=200, blank=True)
    event = models.CharField("event", max_length=60)
    about = models.CharField(max_length=100, blank=True)
    is_urgent = models.BooleanField("urgent", default=False)
    subject = models.CharField("subject", max_length=300)
    text = models.TextField("text", blank=True)
    html = models.TextField(blank=True)
    payload = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField("written at")
    give_up_at = models.DateTimeField("tried until")
    state = models.CharField("state", max_length=8, choices=MessageState, default=MessageState.WAITING)
    attempts = models.PositiveIntegerField("attempts", default=0)
    next_at = models.DateTimeField("next attempt at", null=True)
    leased_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField("ended at", null=True)
    last_answer = models.CharField("last answer", max_length=500, blank=True)
    replayed_at = models.DateTimeField("replayed at", null=True)
    replayed_after = models.PositiveIntegerField(default=0, help_text="Attempts before the last replay")
    replayed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True, verbose_name="replayed by"
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = "message"
        verbose_name_plural = "messages"
        default_permissions = ("view",)
        permissions = [("replay_message", "Can send a message again")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at=None, next_at__isnull=False)
                | ~Q(state="waiting") & Q(ended_at__isnull=False, next_at=None),
                name="message_waits_or_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state="waiting"), name="message_due"),
            models.Index(
                fields=["channel", "-is_urgent", "next_at", "id"],
                condition=Q(state="waiting"),
                name="message_next_of_channel",
            ),
            models.Index(
                fields=["channel", "leased_until"],
                condition=Q(leased_until__isnull=False),
                name="message_leased",
            ),
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="message_ended"),
            models.Index(
                fields=["channel", "order_key", "id"], condition=Q(state="waiting"), name="message_in_order"
            ),
            models.Index(fields=["about", "-created_at"], name="message_about"),
            models.Index(fields=["channel", "-created_at"], name="message_of_channel"),
        ]

    def __str__(self) -> str:
        return self.subject

    def end(self, state: MessageState, answer: str, *, at: datetime) -> None:
        """Set the columns of CHANGED_BY_ATTEMPTS: nothing more is sent."""
        self.state, self.ended_at, self.last_answer = state, at, answer[:500]
        self.next_at = self.leased_until = None


class Attempt(models.Model):
    """One try to deliver a message. `status` is that of HTTP or SMTP, None where nothing answered."""

    class Outcome(models.TextChoices):
        TAKEN = "taken", "Taken"
        REFUSED = "refused", "Refused for good"
        AGAIN = "again", "To be tried again"
        BLOCKED = "blocked", "Address not allowed"

    VISIBLE_BY = ("message",)
    WRITABLE_BY = ("message",)

    message = models.ForeignKey(Message, models.CASCADE, related_name="tries", verbose_name="message")
    number = models.PositiveIntegerField("number")
    began_at = models.DateTimeField("began at")
    took_ms = models.PositiveIntegerField("took")
    outcome = models.CharField("outcome", max_length=8, choices=Outcome)
    status = models.PositiveSmallIntegerField("status", null=True)
    answer = models.CharField("answer", max_length=500, blank=True)

    class Meta:
        ordering = ["message", "number"]
        verbose_name = "attempt"
        verbose_name_plural = "attempts"
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["message", "number"], name="attempt_number_once")]

    def __str__(self) -> str:
        return f"{self.message_id}: {self.number}"
