"""Meters that contradict what is behind them."""

from django.db import models

from inventory.models import Device, Site
from inventory.models.constraints import choices_held
from inventory.models.triggers import OWN_SITE, claims
from readiness.assessment.evidence.core.load import MeteringLevel


@choices_held
class MeterContradiction(models.Model):
    """A meter that reads more or less than the sum of what is behind it, over the last hour in which all of these sent.

    The row goes when they agree by more than the hysteresis, and when the inventory no longer joins them, or one of
    them leaves service. While one of them is silent, or draws too little to tell, it stays: that answers nothing. Where
    nothing behind draws power, `percent` is 100 or more.
    """

    VISIBLE_BY = ("site",)

    class Behind(models.TextChoices):
        ACCELERATORS = "accelerators", "its accelerators"
        LOADS = "loads", "the loads of its racks"
        UPS = "ups", "the UPSs"
        ROOM_PDU = "room-pdu", "the room PDUs"
        RACK_PDU = "rack-pdu", "the rack PDUs"
        NODE = "node", "the nodes"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="meter_contradictions")
    level = models.CharField(
        max_length=8,
        choices=[(level.value, level.value) for level in MeteringLevel],
        help_text="Of the meter",
    )
    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, related_name="+", null=True, blank=True, db_index=False,
        help_text="The meter, or the first of several that feed the same racks; empty for a level of the site",
    )  # fmt: skip
    meter = models.CharField(max_length=200, help_text="The meter, or all of several, by name")
    metric = models.CharField(
        max_length=200,
        blank=True,
        help_text="Under which its power is sent; empty for several meters of a site",
    )
    behind = models.CharField(max_length=12, choices=Behind)
    kw = models.FloatField(help_text="Mean at the meter, kW")
    behind_kw = models.FloatField(help_text="Sum of the means behind it, kW")
    percent = models.FloatField(help_text="How far the meter is above the sum, or below it, in % of the sum")
    since = models.DateTimeField(help_text="When the hour began in which they first disagreed")
    seen_at = models.DateTimeField(help_text="The end of the hour that was compared last")

    class Meta:
        ordering = ["site", "level", "meter", "id"]
        default_permissions = ()
        triggers = claims(OWN_SITE, origin="evidence")
        constraints = [
            models.UniqueConstraint(
                fields=["site", "level", "device", "behind"],
                nulls_distinct=False,
                name="meter_contradiction_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter} against {self.get_behind_display()}"
