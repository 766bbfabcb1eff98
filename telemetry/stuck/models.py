"""Sensors that gave the same value for hours although their kind moves."""

from datetime import timedelta

from django.db import models

from inventory.models import Site
from inventory.models.triggers import OWN_SITE, claims

LOOK_BACK = timedelta(hours=2)
"""Shorter than the hours of any rule, so that it holds no sample from before a sensor was stuck."""


class StuckSensor(models.Model):
    """A series that is stuck now; its row goes as soon as a sample moves, or its object leaves service."""

    VISIBLE_BY = ("site",)
    series = models.OneToOneField(
        "telemetry.Series", on_delete=models.CASCADE, primary_key=True, related_name="stuck"
    )
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="stuck_sensors")
    value = models.FloatField(help_text="The only value of its samples since then, in the unit of its metric")
    since = models.DateTimeField(help_text="When the first of the hours began in which nothing else was sent")
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["series"]
        default_permissions = ()
        triggers = claims(OWN_SITE)

    def __str__(self) -> str:
        return f"{self.series_id} at {self.value:g} since {self.since}"
