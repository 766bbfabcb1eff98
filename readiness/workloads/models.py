"""Workload classes with their limits, the user regions they serve, and where they are placed."""

from datetime import date

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Site
from readiness.workloads.triggers import (
    OWN_SITE,
    SITES_OF_CLASS,
    SITES_OF_SERVED_REGION,
    SITES_OF_USER_REGION,
    claims,
)


@pghistory.track()
class UserRegion(models.Model):
    """Where users are. Latency probes carry its slug in the label `user_region`."""

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    latitude = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True)

    class Meta:
        ordering = ["name", "id"]
        triggers = claims(SITES_OF_USER_REGION, pgtrigger.Update)

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class WorkloadClass(models.Model):
    """A kind of work with its envelope: for now a limit for p99 of the round trip to each user region."""

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    latency_limit_ms = models.FloatField(
        null=True, blank=True, help_text=_("Limit of the round trip at p99, ms; empty: none declared")
    )
    user_regions = models.ManyToManyField(
        UserRegion, through="ServedRegion", related_name="workload_classes", blank=True
    )
    description = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "workload classes"
        triggers = claims(SITES_OF_CLASS, pgtrigger.Update)
        constraints = [
            models.CheckConstraint(
                condition=Q(latency_limit_ms__isnull=True) | Q(latency_limit_ms__gt=0),
                name="workload_latency_limit_positive",
            )
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class ServedRegion(models.Model):
    """A workload class serves the users of a region, and so must reach them within its latency limit."""

    workload_class = models.ForeignKey(WorkloadClass, on_delete=models.CASCADE, related_name="+")
    user_region = models.ForeignKey(UserRegion, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["workload_class", "user_region"]
        triggers = claims(SITES_OF_SERVED_REGION)
        constraints = [
            models.UniqueConstraint(fields=["workload_class", "user_region"], name="served_region_unique")
        ]

    def __str__(self) -> str:
        return f"{self.workload_class} for {self.user_region}"


class PlacementQuerySet(models.QuerySet["Placement"]):
    def on(self, day: date) -> "PlacementQuerySet":
        """Placements that hold on a day; the last day counts."""
        return self.filter(Q(ended_on__isnull=True) | Q(ended_on__gte=day), started_on__lte=day)


@pghistory.track()
class Placement(models.Model):
    """A workload class runs at a site, from a day until a day."""

    workload_class = models.ForeignKey(WorkloadClass, on_delete=models.CASCADE, related_name="placements")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="placements")
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)

    objects = PlacementQuerySet.as_manager()

    class Meta:
        ordering = ["workload_class__name", "site__name", "id"]
        triggers = claims(OWN_SITE)
        constraints = [
            models.UniqueConstraint(
                fields=["workload_class", "site"],
                condition=Q(ended_on__isnull=True),
                name="placement_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=models.F("started_on")),
                name="placement_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workload_class} at {self.site}"
