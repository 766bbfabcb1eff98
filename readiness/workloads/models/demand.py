"""Needs of a workload class by kind: accelerators by type, and users by region."""

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from inventory.models import DeviceType
from readiness.workloads.models.classes import LARGEST, WorkloadClass
from readiness.workloads.triggers import SITES_OF_CLASS_ROW, SITES_OF_USER_REGION, claims


class UserRegion(models.Model):
    """A place where users are. Latency probes carry its slug in the label `user_region`."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    latitude = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True)

    class Meta:
        ordering = ["name", "id"]
        triggers = claims(SITES_OF_USER_REGION, pgtrigger.Update)

    def __str__(self) -> str:
        return self.name


class ServedRegion(models.Model):
    """A workload class serves the users of a region, and so must reach them within its latency limit."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    workload_class = models.ForeignKey(WorkloadClass, on_delete=models.CASCADE, related_name="served")
    user_region = models.ForeignKey(UserRegion, on_delete=models.CASCADE, related_name="+")
    requests_per_s = models.FloatField(
        "requests per second",
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(LARGEST)],
        help_text="Of the users of this region at peak; empty: not known",
    )

    class Meta:
        ordering = ["workload_class", "user_region"]
        triggers = claims(SITES_OF_CLASS_ROW)
        constraints = [
            models.UniqueConstraint(fields=["workload_class", "user_region"], name="served_region_unique"),
            models.CheckConstraint(
                condition=Q(requests_per_s__isnull=True) | Q(requests_per_s__gte=0, requests_per_s__lte=LARGEST),
                name="served_region_requests_in_range",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.workload_class} for {self.user_region}"


class AcceleratorDemand(models.Model):
    """How many accelerators of a type one placement needs; without a type any will do. Rows add up."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    workload_class = models.ForeignKey(WorkloadClass, on_delete=models.CASCADE, related_name="accelerators")
    device_type = models.ForeignKey(
        DeviceType,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        limit_choices_to={"kind": DeviceType.Kind.ACCELERATOR},
    )
    count = models.PositiveIntegerField("count", validators=[MinValueValidator(1)])

    class Meta:
        ordering = ["workload_class", "device_type", "id"]
        triggers = claims(SITES_OF_CLASS_ROW)
        constraints = [
            models.UniqueConstraint(
                fields=["workload_class", "device_type"],
                name="accelerator_demand_unique",
                nulls_distinct=False,
                violation_error_message="This type is stated already.",
            ),
            models.CheckConstraint(condition=Q(count__gte=1), name="accelerator_demand_some"),
        ]

    def __str__(self) -> str:
        return f"{self.count} × {self.device_type or 'any accelerator'}"
