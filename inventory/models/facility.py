"""Power feeds and cooling units."""

import math

from django.db import models
from django.db.models import Q

from inventory.models import triggers
from inventory.models.constraints import SameSite, choices_held
from inventory.models.hardware import Device, Rack
from inventory.models.places import Site


@choices_held
class PowerFeed(models.Model):
    """A circuit that carries load. A and B feed one rack or site redundantly; `device` is its PDU or meter."""

    HISTORY = True
    HISTORY_LASTS = True
    VISIBLE_BY = ("site",)  # rack and device are at the same one

    class Leg(models.TextChoices):
        A = "A", "A"
        B = "B", "B"
        SINGLE = "single", "Single"

    site = models.ForeignKey(
        verbose_name="site", to=Site, on_delete=models.CASCADE, related_name="power_feeds", db_index=False
    )
    rack = models.ForeignKey(
        verbose_name="rack",
        to=Rack,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="power_feeds",
    )
    device = models.ForeignKey(
        verbose_name="device",
        to=Device,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="power_feeds",
    )
    name = models.CharField("name", max_length=100)
    leg = models.CharField("leg", max_length=8, choices=Leg, default=Leg.SINGLE)
    rated_kw = models.FloatField("rated power", help_text="What the feed may carry, kW")
    breaker_rating_a = models.FloatField("breaker rating", null=True, blank=True, help_text="A")
    voltage_v = models.FloatField(
        "voltage", null=True, blank=True, help_text="V, between lines when it has three phases"
    )
    phases = models.PositiveSmallIntegerField("phases", default=3, help_text="1 or 3")

    class Meta:
        verbose_name = "power feed"
        verbose_name_plural = "power feeds"
        ordering = ["site__name", "name", "id"]
        constraints = [
            # Serves look-ups by site too, so that column has no index of its own.
            models.UniqueConstraint(fields=["site", "name"], name="power_feed_unique_in_site"),
            models.CheckConstraint(condition=Q(rated_kw__gt=0), name="power_feed_rated_positive"),
            models.CheckConstraint(
                condition=Q(breaker_rating_a__isnull=True) | Q(breaker_rating_a__gt=0),
                name="power_feed_breaker_positive",
            ),
            models.CheckConstraint(
                condition=Q(voltage_v__isnull=True) | Q(voltage_v__gt=0), name="power_feed_voltage_positive"
            ),
            models.CheckConstraint(
                condition=Q(phases__in=[1, 3]),
                name="power_feed_phases_known",
                violation_error_message="A feed has 1 or 3 phases.",
            ),
            SameSite(
                field="rack",
                name="power_feed_rack_at_same_site",
                violation_error_message="This rack is at another site.",
            ),
            SameSite(
                field="device",
                name="power_feed_device_at_same_site",
                violation_error_message="This device is at another site.",
            ),
        ]
        triggers = triggers.claims(triggers.OWN_SITE)

    def __str__(self) -> str:
        return self.name

    @property
    def breaker_kw(self) -> float | None:
        return breaker_kw(self.breaker_rating_a, self.voltage_v, self.phases)


def breaker_kw(rating_a: float | None, voltage_v: float | None, phases: int) -> float | None:
    """Power at the breaker's rating, kW at a power factor of 1.

    Volts times amperes; for three phases the line voltage times the square root of 3.
    """
    if rating_a is None or voltage_v is None:
        return None
    return rating_a * voltage_v * (math.sqrt(3) if phases == 3 else 1) / 1000


@choices_held
class CoolingUnit(models.Model):
    """An air handler, in-row cooler or coolant distribution unit. Telemetry finds it by name or address."""

    HISTORY = True
    HISTORY_LASTS = True

    class Medium(models.TextChoices):
        AIR = "air", "Air"
        LIQUID = "liquid", "Liquid"

    site = models.ForeignKey(
        verbose_name="site",
        to=Site,
        on_delete=models.CASCADE,
        related_name="cooling_units",
        db_index=False,
    )
    name = models.CharField("name", max_length=100)
    medium = models.CharField("medium", max_length=8, choices=Medium, default=Medium.AIR)
    capacity_kw = models.FloatField("cooling capacity", help_text="Heat it can remove, kW")
    management_address = models.GenericIPAddressField("management address", null=True, blank=True)

    class Meta:
        verbose_name = "cooling unit"
        verbose_name_plural = "cooling units"
        ordering = ["site__name", "name", "id"]
        constraints = [
            # Serves look-ups by site too, so that column has no index of its own.
            models.UniqueConstraint(fields=["site", "name"], name="cooling_unit_unique_in_site"),
            models.CheckConstraint(condition=Q(capacity_kw__gt=0), name="cooling_unit_capacity_positive"),
        ]
        triggers = triggers.claims(triggers.OWN_SITE)

    def __str__(self) -> str:
        return self.name
