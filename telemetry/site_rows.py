"""Rows about whole sites and sources: windows to roll up, days to measure again, and the inventory by which series were
matched."""

from django.db import models
from django.db.models.functions import Now

from inventory.models import Site


class LateDay(models.Model):
    """A claim row: samples of this site arrived for a UTC day that was over. Evidence measures the day again."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    on_date = models.DateField()
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.site_id} {self.on_date}"


class MatchedInventory(models.Model):
    """A digest of a site's inventory at the last matching of its series."""

    site = models.OneToOneField(Site, on_delete=models.CASCADE, primary_key=True, related_name="+")
    fingerprint = models.CharField(max_length=64)
    matched_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "matched inventories"

    def __str__(self) -> str:
        return f"{self.site_id} {self.matched_at}"


class DirtyWindow(models.Model):
    """A claim row: this window of this source has samples that no roll-up of that width has counted yet."""

    VISIBLE_WHERE = """EXISTS (SELECT FROM telemetry_source AS source
        WHERE source.id = source_id AND source.site_id IS NOT NULL)"""

    class Width(models.IntegerChoices):
        FIVE_MINUTES = 300
        HOUR = 3600

    source = models.ForeignKey("telemetry.Source", on_delete=models.CASCADE, related_name="+", db_index=False)
    start = models.DateTimeField()
    width_s = models.PositiveSmallIntegerField(choices=Width, default=Width.FIVE_MINUTES, db_default=300)
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["width_s", "start", "source"], name="dirty_window_start")]

    def __str__(self) -> str:
        return f"{self.source_id} {self.start}"
