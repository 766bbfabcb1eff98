"""That the demo fleet is loaded, and what has to be taken out with it."""

from django.db import models
from django.db.models import Q


class DemoFleet(models.Model):
    """One row while the demo is loaded, none otherwise. The stories happen at fixed times before `loaded_at`."""

    VISIBLE_WHERE = "false"  # of the whole fleet

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    loaded_at = models.DateTimeField()
    scale = models.PositiveSmallIntegerField()
    site_names = models.JSONField(default=list, help_text="Sites of the plan that were loaded")
    # What the demo made itself, by model: only this is taken out again. Whatever hangs on a site goes with the site.
    made = models.JSONField(default=dict)
    history_loaded_at = models.DateTimeField(null=True, blank=True)
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
