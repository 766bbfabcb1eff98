"""Who was told of which alert, when, through which channel, and why."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from inventory.models.constraints import choices_held
from readiness.loop.alerts.core.kinds import NoticeReason
from readiness.loop.alerts.core.routes import NotTold
from readiness.loop.alerts.models.alerts import Alert
from web.delivery.models import Channel, Message

REASONS = [
    (NoticeReason.BEGAN.value, "It began"),
    (NoticeReason.ESCALATED.value, "Nobody acknowledged it in time"),
    (NoticeReason.REPEATED.value, "Still nobody has acknowledged it"),
    (NoticeReason.WORSE.value, "It became more severe"),
    (NoticeReason.ACK_ENDED.value, "The acknowledgement ended"),
    (NoticeReason.SILENCE_ENDED.value, "The silence ended and it still fires"),
    (NoticeReason.CAUSE_ENDED.value, "Its cause ended and it still fires"),
    (NoticeReason.ACKNOWLEDGED.value, "Somebody acknowledged it"),
    (NoticeReason.ASSIGNED.value, "It was assigned"),
    (NoticeReason.ENDED.value, "It ended"),
    (NoticeReason.LAST_RESORT.value, "Nobody on the route has taken it"),
    (NoticeReason.FIRST_START.value, "It was open when alerting began"),
]
LACKS = [
    (NotTold.NO_ACCOUNT.value, "They have no account"),
    (NotTold.NOT_VISIBLE.value, "They may not see it"),
    (NotTold.NO_CHANNEL.value, "They have no channel that takes it"),
    (NotTold.OVERTAKEN.value, "It was taken on, or held back, before the message left"),
]


class NoticeQuerySet(models.QuerySet["Notice"]):
    def waiting(self) -> NoticeQuerySet:
        return self.filter(sent_at=None, lack="", channel__isnull=False)

    def sent(self) -> NoticeQuerySet:
        return self.filter(sent_at__isnull=False)


@choices_held
class Notice(models.Model):
    """One alert for one recipient through one channel. It waits for a message that takes it along, in quiet hours until
    `held_until`. Without a user it is for those who read a shared channel. `lack` says why nobody was told by it.
    `role` says in which role they are told, `turn` by which transition of the alert, so that none is told twice.
    """

    VISIBLE_BY = ("alert",)
    WRITABLE_BY = ("alert",)

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="notices")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", null=True, blank=True
    )
    channel = models.ForeignKey(Channel, models.SET_NULL, related_name="+", null=True, blank=True)
    role = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=16, choices=REASONS)
    turn = models.PositiveIntegerField()
    is_page = models.BooleanField(
        default=False, help_text="Critical, to the person on call: nothing holds it"
    )
    at = models.DateTimeField()
    held_until = models.DateTimeField(null=True, blank=True, help_text="Quiet hours, or a digest")
    message = models.ForeignKey(Message, models.SET_NULL, related_name="notices", null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When it went into a message")
    lack = models.CharField("not told because", max_length=12, choices=LACKS, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["alert", "at", "id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "user", "channel", "turn"], nulls_distinct=False, name="notice_once"
            ),
            models.CheckConstraint(
                condition=Q(lack="") | Q(sent_at=None),
                name="notice_lacks_or_sent",
            ),
        ]
        indexes = [
            models.Index(fields=["channel", "id"], condition=Q(sent_at=None, lack=""), name="notice_waiting"),
            models.Index(
                fields=["channel", "-sent_at"], condition=Q(sent_at__isnull=False), name="notice_sent"
            ),
            models.Index(fields=["user", "-at"], name="notice_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.alert_id}: {self.reason}"
