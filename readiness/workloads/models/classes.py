"""A workload class with the limits of its envelope; the rows of what it needs are in `demand`."""

from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from inventory.models.constraints import choices_held
from readiness.workloads.core.jurisdictions import CODES, LONGEST_CODE, unknown_codes
from readiness.workloads.models.choices import (
    CostUnitChoices,
    CriticalityChoices,
    DataCategoryChoices,
    MinVerdict,
    WorkloadKindChoices,
)
from readiness.workloads.triggers import SITES_OF_CLASS, claims
from telemetry.models import SourceProvenance

LARGEST = 1e12
"""The bound is far above any figure that means something, and far below where arithmetic overflows."""
MOST_DEFERRABLE_H = 8784
"""A year."""
COST_WHOLE = "A unit-cost ceiling has an amount above 0, a currency and a unit, or none of them."


def validate_jurisdiction(code: str) -> None:
    if unknown_codes([code]):
        raise ValidationError("No country or group of countries is called %(code)s.", params={"code": code})


def _codes(label: Any, help_text: Any) -> ArrayField:
    return ArrayField(
        verbose_name=label,
        base_field=models.CharField(max_length=LONGEST_CODE, validators=[validate_jurisdiction]),
        default=list,
        blank=True,
        help_text=help_text,
    )


def _figure(label: Any, help_text: Any) -> models.FloatField:
    bounds = [MinValueValidator(0), MaxValueValidator(LARGEST)]
    return models.FloatField(label, null=True, blank=True, help_text=help_text, validators=bounds)


def _at_least_zero(column: str) -> models.CheckConstraint:
    condition = Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__gte": 0, f"{column}__lte": LARGEST})
    return models.CheckConstraint(condition=condition, name=f"workload_{column}_in_range")


@choices_held
class WorkloadClass(models.Model):
    """A kind of work with its envelope. Demand is that of one placement; an empty limit was not declared.

    The envelope counts from the day it was declared, and anew from each day on which somebody confirmed it.
    """

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    description = models.CharField(max_length=200, blank=True)
    kind = models.CharField("kind", max_length=16, choices=WorkloadKindChoices, blank=True)
    criticality = models.CharField(
        "criticality", max_length=16, choices=CriticalityChoices, default=CriticalityChoices.STANDARD
    )
    it_kw = _figure("IT power", "Of one placement, kW")
    bandwidth_gbps = _figure("bandwidth", "Between one placement and its users and data, Gb/s")
    user_regions: Any = models.ManyToManyField(
        "UserRegion", through="ServedRegion", related_name="workload_classes", blank=True
    )
    latency_limit_ms = models.FloatField(
        "latency limit",
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(LARGEST)],
        help_text="Of the round trip to each user region at the percentile, ms; empty: none declared",
    )
    latency_percentile = models.FloatField(
        "percentile",
        default=99.0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="At which the latency limit holds, above 0 and below 100",
    )
    cost_ceiling = _figure("unit-cost ceiling", "The most that one unit may cost")
    cost_currency = models.CharField(
        "currency",
        max_length=3,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{3}$", "Three capital letters, ISO 4217.")],
        help_text="ISO 4217",
    )
    cost_unit = models.CharField("unit", max_length=20, choices=CostUnitChoices, blank=True)
    allowed_jurisdictions = _codes(
        "allowed jurisdictions",
        "Countries (ISO 3166-1 alpha-2) or EU, EEA, WORLD; empty: none declared",
    )
    forbidden_jurisdictions = _codes("forbidden jurisdictions", "They go before the allowed ones")
    residency = models.CharField(
        "residency",
        max_length=LONGEST_CODE,
        blank=True,
        validators=[validate_jurisdiction],
        help_text="The country or group that its data has to stay in; empty: none asked for",
    )
    data_categories = ArrayField(
        verbose_name="data categories",
        base_field=models.CharField(max_length=20, choices=DataCategoryChoices),
        default=list,
        blank=True,
    )
    carbon_g_per_kwh = _figure("carbon intensity limit", "Of its electricity, gCO2e/kWh")
    carbon_kg_per_month = _figure("carbon limit", "What one placement may emit, kgCO2e a month")
    min_verdict = models.CharField("least verdict", max_length=16, choices=MinVerdict, blank=True)
    min_score = models.FloatField(
        "least score",
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Of a site that may hold it, from 0 to 1",
    )
    deferrable_h = models.FloatField(
        "deferrable",
        default=0.0,
        validators=[MinValueValidator(0), MaxValueValidator(MOST_DEFERRABLE_H)],
        help_text="Hours by which work may be put off; 0: it may not",
    )
    source = models.CharField("source", max_length=500, blank=True, help_text="Where the figures come from")
    provenance = models.CharField(
        "provenance", max_length=16, choices=SourceProvenance, default=SourceProvenance.DECLARED
    )
    declared_on = models.DateField(
        "declared",
        null=True,
        blank=True,
        help_text="The day on which the envelope was declared as it is",
    )

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "workload classes"
        triggers = claims(SITES_OF_CLASS, pgtrigger.Update)
        constraints = [
            models.CheckConstraint(
                condition=Q(latency_limit_ms__isnull=True) | Q(latency_limit_ms__gt=0, latency_limit_ms__lte=LARGEST),
                name="workload_latency_limit_positive",
                violation_error_message="A latency limit is above 0 ms.",
            ),
            models.CheckConstraint(
                condition=Q(latency_percentile__gt=0, latency_percentile__lt=100),
                name="workload_percentile_inside",
                violation_error_message="A percentile is above 0 and below 100.",
            ),
            models.CheckConstraint(
                condition=Q(cost_ceiling__isnull=True, cost_currency="", cost_unit="")
                | Q(cost_ceiling__gt=0, cost_ceiling__lte=LARGEST, cost_currency__regex=r"^[A-Z]{3}$")
                & ~Q(cost_unit=""),
                name="workload_cost_whole",
                violation_error_message=COST_WHOLE,
            ),
            models.CheckConstraint(
                condition=Q(allowed_jurisdictions__contained_by=list(CODES)),
                name="workload_allowed_known",
            ),
            models.CheckConstraint(
                condition=Q(forbidden_jurisdictions__contained_by=list(CODES)),
                name="workload_forbidden_known",
            ),
            models.CheckConstraint(
                condition=~Q(allowed_jurisdictions__overlap=F("forbidden_jurisdictions")),
                name="workload_allowed_or_forbidden",
                violation_error_message="A jurisdiction is allowed or forbidden, not both.",
            ),
            models.CheckConstraint(
                condition=Q(residency__in=["", *CODES]), name="workload_residency_known"
            ),
            models.CheckConstraint(
                condition=Q(min_score__isnull=True) | Q(min_score__gte=0, min_score__lte=1),
                name="workload_min_score_share",
            ),
            models.CheckConstraint(
                condition=Q(deferrable_h__gte=0, deferrable_h__lte=MOST_DEFERRABLE_H),
                name="workload_deferrable_h_in_range",
            ),
            *map(_at_least_zero, ("it_kw", "bandwidth_gbps", "carbon_g_per_kwh", "carbon_kg_per_month")),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name
