"""Power feeds and cooling units."""

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models.hardware import Device, Rack
from inventory.models.places import Site


@pghistory.track()
class PowerFeed(models.Model):
    """A circuit that carries load. `leg` A or B belongs to a dual-fed rack or site; `device` is the PDU or meter that measures it."""

    class Leg(models.TextChoices):
        A = "A", "A"
        B = "B", "B"
        SINGLE = "single", _("Single")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="power_feeds")
    rack = models.ForeignKey(Rack, on_delete=models.SET_NULL, null=True, blank=True, related_name="power_feeds")
    device = models.ForeignKey(Device, on_delete=models.SET_NULL, null=True, blank=True, related_name="power_feeds")
    name = models.CharField(max_length=100)
    leg = models.CharField(max_length=8, choices=Leg, default=Leg.SINGLE)
    rated_kw = models.FloatField(help_text=_("What the feed may carry, kW"))
    breaker_rating_a = models.FloatField(null=True, blank=True, help_text=_("A"))
    voltage_v = models.FloatField(null=True, blank=True, help_text=_("V"))
    phases = models.PositiveSmallIntegerField(default=3)

    class Meta:
        ordering = ["site__name", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="power_feed_unique_in_site"),
            models.CheckConstraint(condition=Q(rated_kw__gt=0), name="power_feed_rated_positive"),
            models.CheckConstraint(condition=Q(phases__in=[1, 3]), name="power_feed_phases_known"),
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class CoolingUnit(models.Model):
    """An air handler, in-row cooler or coolant distribution unit; telemetry finds it by name or management address."""

    class Medium(models.TextChoices):
        AIR = "air", _("Air")
        LIQUID = "liquid", _("Liquid")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="cooling_units")
    name = models.CharField(max_length=100)
    medium = models.CharField(max_length=8, choices=Medium, default=Medium.AIR)
    capacity_kw = models.FloatField(help_text=_("Heat it can remove, kW"))
    management_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ["site__name", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="cooling_unit_unique_in_site"),
            models.CheckConstraint(condition=Q(capacity_kw__gt=0), name="cooling_unit_capacity_positive"),
        ]

    def __str__(self) -> str:
        return self.name
