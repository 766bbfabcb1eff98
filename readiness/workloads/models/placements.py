"""Placements: where a workload class runs."""

from datetime import date

from django.db import models
from django.db.models import Q

from inventory.models import Site
from readiness.workloads.models.classes import WorkloadClass
from readiness.workloads.triggers import OWN_SITE, claims


class PlacementQuerySet(models.QuerySet["Placement"]):
    def on(self, day: date) -> "PlacementQuerySet":
        """Placements that hold on a day; the last day counts."""
        return self.filter(Q(ended_on__isnull=True) | Q(ended_on__gte=day), started_on__lte=day)


class Placement(models.Model):
    """A workload class runs at a site, from a day until a day."""

    HISTORY = True
    HISTORY_LASTS = True

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
