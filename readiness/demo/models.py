"""The record that the demo fleet is loaded, and which objects to remove with it."""

from django.db import models
from django.db.models import Q


class DemoFleet(models.Model):
    """One row while the demo is loaded, otherwise none. The stories happen at fixed times before `loaded_at`."""

    VISIBLE_WHERE = "false"  # of the whole fleet

    class History(models.TextChoices):
        RUNNING = "running", "Being written"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"
        DONE = "done", "Complete"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    loaded_at = models.DateTimeField()
    scale = models.PositiveSmallIntegerField()
    site_names = models.JSONField(default=list, help_text="Sites of the plan that were loaded")
    # Objects that the demo created, by model: only these are removed. Objects of a site are deleted with the site.
    made = models.JSONField(default=dict)
    # End of the samples written by the loading; empty during a load, or after an interrupted one.
    sampled_at = models.DateTimeField(null=True, blank=True)
    history = models.CharField(max_length=9, choices=History, default=History.DONE)
    history_at = models.DateTimeField(null=True, blank=True, help_text="Up to when the past is written")
    sites_recorded = models.PositiveSmallIntegerField(
        default=0, help_text="Sites whose older records and runs are written"
    )
    history_failure = models.TextField(blank=True)
    recorded_at = models.DateTimeField(
        null=True, blank=True, help_text="When the operator's records were last kept up"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="demo_fleet_once"),
            models.CheckConstraint(condition=Q(scale__gte=1), name="demo_fleet_scale_positive"),
        ]

    def __str__(self) -> str:
        return f"demo fleet of {self.loaded_at:%Y-%m-%d %H:%M}"
