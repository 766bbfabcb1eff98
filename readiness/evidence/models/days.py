"""Daily measures taken from telemetry, and which days were measured."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from inventory.models import Site
from telemetry.models import SourceProvenance


class Measure(models.Model):
    """One figure of one site for one UTC day, such as the day's peak load.

    It is kept after the samples behind it are gone. `key` names the measure (readiness.evidence.measures lists them),
    `part` the object it is about where a measure has several. Quantiles keep their mergeable sketch, so that seven
    days' p99 is exact to the sketch's error rather than a mean of percentiles.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="measures")
    key = models.CharField(max_length=64)
    part = models.CharField(max_length=200, blank=True)
    on_date = models.DateField()
    value = models.FloatField(null=True, blank=True)
    unit = models.CharField(max_length=16, blank=True)
    detail = models.CharField(max_length=200, blank=True, help_text="What the figure leaves out, if anything")
    samples = models.PositiveBigIntegerField(default=0)
    sketch_buckets = ArrayField(models.IntegerField(), null=True, blank=True)
    sketch_counts = ArrayField(models.BigIntegerField(), null=True, blank=True)
    provenance = models.CharField(max_length=16, choices=SourceProvenance, default=SourceProvenance.MEASURED)
    taken_at = models.DateTimeField(help_text="Newest sample behind it")
    measured_at = models.DateTimeField(help_text="When it was computed")

    class Meta:
        ordering = ["site", "key", "part", "on_date"]
        constraints = [
            models.UniqueConstraint(fields=["site", "key", "part", "on_date"], name="measure_unique")
        ]
        indexes = [models.Index(fields=["key", "on_date"], name="measure_key_day")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.key} {self.part} {self.on_date}"


class MeasuredDay(models.Model):
    """A site's day was measured, and when: what says whether it is due again."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    on_date = models.DateField()
    measured_at = models.DateTimeField()
    whole_at = models.DateTimeField(help_text="When the whole day was last read, not only what is new")
    closed = models.BooleanField(default=False, help_text="Measured after the day was over")

    class Meta:
        ordering = ["site", "on_date"]
        constraints = [models.UniqueConstraint(fields=["site", "on_date"], name="measured_day_unique")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.on_date}"
