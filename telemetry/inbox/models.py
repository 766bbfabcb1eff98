"""Batches that wait or were set aside, what was decided about those, and digests of bodies."""

from django.db import models
from django.db.models import Q

from accounts.models import User

# Figures of a source that serves many sites include samples of all of them.
OF_ONE_SITE = """EXISTS (SELECT FROM telemetry_source AS source
    WHERE source.id = source_id AND source.site_id IS NOT NULL)"""


class InboxBatchQuerySet(models.QuerySet["InboxBatch"]):
    def waiting(self) -> "InboxBatchQuerySet":
        return self.filter(failed_at__isnull=True)

    def not_held(self) -> "InboxBatchQuerySet":
        """Those that wait for a worker alone, not for news of another replica."""
        return self.filter(held_until__isnull=True)

    def set_aside(self) -> "InboxBatchQuerySet":
        return self.filter(failed_at__isnull=False)


class InboxBatch(models.Model):
    """One accepted body, decoded once into packed columns. Its commit is the promise to the sender. The drain deletes
    it. A batch that cannot be stored stays, with the reason (a dead letter), and is skipped."""

    VISIBLE_WHERE = OF_ONE_SITE
    # Rows live for a second: an index on source would cost every insert and serve nobody.
    source = models.ForeignKey("telemetry.Source", on_delete=models.CASCADE, related_name="+", db_index=False)
    received_at = models.DateTimeField()
    samples = models.PositiveIntegerField()
    columns = models.BinaryField()
    replica = models.CharField(max_length=100, blank=True, db_default="")
    held_until = models.DateTimeField(
        null=True, blank=True, help_text="Until then another replica may show that it has sent the same"
    )
    failed_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=400, blank=True)

    objects = InboxBatchQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "inbox batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(failed_at__isnull=True, failure="") | Q(failed_at__isnull=False),
                name="inbox_failure_dated",
            )
        ]

    def __str__(self) -> str:
        return f"batch {self.pk} of {self.source_id}"


class BatchDecision(models.Model):
    """Somebody's decision about a batch that was set aside; the batch itself is no longer listed."""

    VISIBLE_WHERE = OF_ONE_SITE

    class Decision(models.TextChoices):
        RETRIED = "retried", "Retried"
        DISCARDED = "discarded", "Discarded"

    source = models.ForeignKey("telemetry.Source", on_delete=models.CASCADE, related_name="batch_decisions")
    decision = models.CharField(max_length=9, choices=Decision)
    received_at = models.DateTimeField(help_text="When the batch was accepted")
    samples = models.PositiveIntegerField()
    failure = models.CharField(max_length=400)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-decided_at", "-id"]

    def __str__(self) -> str:
        return f"{self.source_id}: {self.decision} {self.samples}"


class BodyDigest(models.Model):
    """Digests of recent bodies, so that a repeated one is recognised before it is decoded."""

    VISIBLE_WHERE = OF_ONE_SITE
    source = models.ForeignKey("telemetry.Source", on_delete=models.CASCADE, related_name="+", db_index=False)
    digest = models.BinaryField(max_length=16)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "digest"], name="body_digest_unique")]
        indexes = [models.Index(fields=["received_at"], name="body_digest_age")]

    def __str__(self) -> str:
        return f"body of {self.source_id}"
