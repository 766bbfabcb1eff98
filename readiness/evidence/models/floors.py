"""Floors: what a platform must reach in a tool's measure."""

from django.db import models
from django.db.models import Q

from inventory.models.constraints import choices_held
from readiness.evidence.models.runs import Tool
from readiness.evidence.triggers import SITES_OF_PLATFORM, claims


@choices_held
class Floor(models.Model):
    """A run of that platform passes at `value` or above. Without a size it holds at any."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    platform = models.CharField(
        "platform", max_length=100, help_text="A device type's slug, or a name that runs are given"
    )
    tool = models.CharField("tool", max_length=16, choices=Tool)
    measure = models.CharField("measure", max_length=64, help_text="As the tool's figures are named: busbw")
    operation = models.CharField("operation", max_length=64, blank=True, help_text="Empty: any")
    size_bytes = models.BigIntegerField("size", null=True, blank=True, help_text="Bytes; empty: any")
    value = models.FloatField("value")
    unit = models.CharField("unit", max_length=16)
    source = models.CharField("source", max_length=200, blank=True, help_text="Where the number comes from")
    note = models.CharField("note", max_length=200, blank=True)

    class Meta:
        verbose_name = "floor"
        verbose_name_plural = "floors"
        ordering = ["platform", "tool", "measure", "operation", "size_bytes", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "tool", "measure", "operation", "size_bytes"],
                name="floor_unique",
                nulls_distinct=False,
                violation_error_message="This platform has a floor of this measure at this size.",
            ),
            models.CheckConstraint(
                condition=Q(value__gt=0),
                name="floor_positive",
                violation_error_message="A floor is above 0.",
            ),
            models.CheckConstraint(
                condition=Q(size_bytes__isnull=True) | Q(size_bytes__gt=0),
                name="floor_size_positive",
                violation_error_message="A size is above 0.",
            ),
        ]
        triggers = claims(SITES_OF_PLATFORM)

    def __str__(self) -> str:
        return f"{self.platform}: {self.measure} {self.value:g} {self.unit}"
