"""Where Muster tells each minute that it works, so that somebody else tells when it does not."""

from __future__ import annotations

from django.db import models

from inventory.models.constraints import choices_held
from web.scopes import NOBODY


class HeartbeatKind(models.TextChoices):
    POST = "post", "Ping by POST"
    GET = "get", "Ping by GET"
    ALERTMANAGER = "alertmanager", "Watchdog of an Alertmanager"


@choices_held
class HeartbeatTarget(models.Model):
    """An address that is called each minute while Muster works, such as a check of Healthchecks.

    `address` is encrypted, since whoever has it can feign that Muster works; `origin` is what may be shown of it.
    """

    HISTORY = True
    HISTORY_LEAVES_OUT = ("address", "tried_at", "taken_at", "answer")
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_WHERE = NOBODY

    name = models.CharField("name", max_length=100, unique=True)
    kind = models.CharField("kind", max_length=12, choices=HeartbeatKind, default=HeartbeatKind.POST)
    address = models.BinaryField("address", editable=False)
    origin = models.CharField("address", max_length=300, editable=False)
    is_enabled = models.BooleanField("enabled", default=True)
    tried_at = models.DateTimeField("last tried", null=True, editable=False)
    taken_at = models.DateTimeField("last taken", null=True, editable=False)
    answer = models.CharField("last answer", max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = "heartbeat"
        verbose_name_plural = "heartbeats"

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        if not self.is_enabled:
            return "off"
        if self.tried_at is None:
            return "not sent yet"
        return "taken" if self.taken_at == self.tried_at else "refused"
