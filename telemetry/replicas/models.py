"""The replicas of sources: senders of the same series, of which one is read at a time."""

from django.db import models
from django.db.models import Q

from telemetry.core.replicas import MOST_NAME_CHARS, MOST_REPLICAS


class ReplicaQuerySet(models.QuerySet["Replica"]):
    def present(self) -> "ReplicaQuerySet":
        return self.filter(removed_at=None)


class Replica(models.Model):
    """One value of the replica label of a source. Its samples carry its number, so a removed replica keeps its
    row until a new name takes the number.

    Number 0 is a name beyond the most that there may be: its series keep the label and count as others.
    """

    # Whoever reads samples of a source needs the numbers with which they are stored.
    VISIBLE_WHERE = "EXISTS (SELECT FROM telemetry_source AS source WHERE source.id = source_id)"
    source = models.ForeignKey(
        "telemetry.Source", on_delete=models.CASCADE, related_name="replicas", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=MOST_NAME_CHARS, help_text="The value of the label")
    first_sample_at = models.DateTimeField(help_text="When its first sample arrived")
    last_sample_at = models.DateTimeField(null=True, blank=True, help_text="Its newest sample's own time")
    last_received_at = models.DateTimeField(null=True, blank=True)
    silent_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when it sends nothing; ended by its next sample alone"
    )
    compared_to = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Start of the newest window in which it was compared with another one",
    )
    contradicts_since = models.DateTimeField(null=True, blank=True)
    contradiction = models.CharField(max_length=400, blank=True, help_text="An example, with both values")
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = ReplicaQuerySet.as_manager()

    class Meta:
        ordering = ["source", "number"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="replica_number_unique"),
            models.UniqueConstraint(fields=["source", "name"], name="replica_name_unique"),
            models.CheckConstraint(condition=Q(number__lte=MOST_REPLICAS), name="replica_number_bounded"),
            models.CheckConstraint(
                condition=Q(contradicts_since__isnull=True) | ~Q(contradiction=""),
                name="replica_contradiction_told",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id}: {self.name}"
