"""Workload classes with their envelopes, the user regions they serve, and their placements."""

from datetime import date
from enum import StrEnum
from functools import partial
from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.text import capfirst

from inventory.models import DeviceType, Site
from inventory.models.constraints import choices_held
from inventory.models.triggers import OWN_SITE
from inventory.models.triggers import claims as claims_of
from readiness.demand.workloads.core.countries import CODES, LONGEST_CODE, unknown_codes
from readiness.demand.workloads.core.envelope import CostUnit, Criticality, DataCategory, WorkloadKind
from telemetry.models import SourceProvenance
from web.units import day as day_text

SITES_OF_CLASS = (
    "SELECT placement.site_id FROM {rows} AS changed"
    " JOIN workloads_placement AS placement ON placement.workload_class_id = changed.id"
)
SITES_OF_CLASS_ROW = (
    "SELECT placement.site_id FROM {rows} AS changed"
    " JOIN workloads_placement AS placement ON placement.workload_class_id = changed.workload_class_id"
)
SITES_OF_USER_REGION = (
    "SELECT placement.site_id FROM {rows} AS changed"
    " JOIN workloads_servedregion AS served ON served.user_region_id = changed.id"
    " JOIN workloads_placement AS placement ON placement.workload_class_id = served.workload_class_id"
)

claims = partial(claims_of, origin="workload")


def _spoken(words: type[StrEnum]) -> dict[str, str]:
    return {word.value: capfirst(word.replace("-", " ")) for word in words}


KINDS, CRITICALITIES = _spoken(WorkloadKind), _spoken(Criticality)
COST_UNITS = {
    CostUnit.ACCELERATOR_HOUR.value: "per accelerator-hour",
    CostUnit.MILLION_TOKENS.value: "per 1 M output tokens",
    CostUnit.MILLION_REQUESTS.value: "per 1 M requests",
    CostUnit.MONTH.value: "per month",
}
DATA_CATEGORIES = _spoken(DataCategory) | {
    DataCategory.SPECIAL_CATEGORY.value: "Special category of personal data",
    DataCategory.EXPORT_CONTROLLED.value: "Export-controlled",
}
MIN_VERDICTS = {"conditional": "Conditional or ready", "ready": "Ready"}
COLUMNS = (
    *("name", "slug", "description", "kind", "criticality", "it_kw", "bandwidth_gbps"),
    *("latency_limit_ms", "latency_percentile", "cost_ceiling", "cost_currency", "cost_unit"),
    *("allowed_jurisdictions", "forbidden_jurisdictions", "residency", "data_categories"),
    *("carbon_g_per_kwh", "carbon_kg_per_month", "min_verdict", "min_score", "deferrable_h", "served_models"),
    *("source", "provenance", "declared_on"),
)
LISTS = ("allowed_jurisdictions", "forbidden_jurisdictions", "data_categories", "served_models")
LARGEST = 1e12
"""Far above any meaningful figure, and far below an arithmetic overflow."""
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


def _range_constraint(column: str) -> models.CheckConstraint:
    condition = Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__gte": 0, f"{column}__lte": LARGEST})
    return models.CheckConstraint(condition=condition, name=f"workload_{column}_in_range")


@choices_held
class WorkloadClass(models.Model):
    """A kind of work with its envelope: the demand of one placement, and limits; an empty limit was not declared. The
    envelope counts from its declaration, and again from each confirmation."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    description = models.CharField(max_length=200, blank=True)
    kind = models.CharField("kind", max_length=16, choices=KINDS, blank=True)
    criticality = models.CharField(
        "criticality", max_length=16, choices=CRITICALITIES, default=Criticality.STANDARD.value
    )
    it_kw = _figure("IT power", "Of one placement, kW")
    bandwidth_gbps = _figure("bandwidth", "Between one placement and its users and data, Gb/s")
    user_regions: Any = models.ManyToManyField(
        "UserRegion", through="ServedRegion", related_name="workload_classes", blank=True
    )
    served_models = ArrayField(
        verbose_name="served models",
        base_field=models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text="The model that is served, then larger ones whose benchmarks count too; empty: none declared",
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
    cost_unit = models.CharField("unit", max_length=20, choices=COST_UNITS, blank=True)
    allowed_jurisdictions = _codes(
        "allowed jurisdictions", "Countries (ISO 3166-1 alpha-2) or EU, EEA, WORLD; empty: none declared"
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
        base_field=models.CharField(max_length=20, choices=DATA_CATEGORIES),
        default=list,
        blank=True,
    )
    carbon_g_per_kwh = _figure("carbon intensity limit", "Of its electricity, gCO2e/kWh")
    carbon_kg_per_month = _figure("carbon limit", "What one placement may emit, kgCO2e a month")
    min_verdict = models.CharField(
        "least verdict",
        max_length=16,
        choices=MIN_VERDICTS,
        default="conditional",
        blank=True,
        help_text="The least verdict of a site that may hold it; empty: any verdict",
    )
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
        "declared", null=True, blank=True, help_text="The day on which the envelope was declared as it is"
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
            *map(_range_constraint, ("it_kw", "bandwidth_gbps", "carbon_g_per_kwh", "carbon_kg_per_month")),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class UserRegion(models.Model):
    """A place where users are. Latency probes name its slug in the label `user_region`."""

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
    HISTORY_TITLE = ("workload_class", "user_region")
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
    """Number of accelerators of a type that one placement needs; without a type any will do. Rows add up."""

    HISTORY = True
    HISTORY_TITLE = ("workload_class", "device_type")
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


class PlacementQuerySet(models.QuerySet["Placement"]):
    def holding_on(self, day: date) -> "PlacementQuerySet":
        """Placements that hold on a day; the last day counts."""
        return self.filter(Q(ended_on__isnull=True) | Q(ended_on__gte=day), started_on__lte=day)


class Placement(models.Model):
    """A workload class runs at a site from a day to a day."""

    HISTORY = True
    HISTORY_TITLE = ("workload_class",)
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


class EnvelopeConfirmation(models.Model):
    """Somebody confirmed the envelope as it is. A later declaration is not confirmed by it."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    workload_class = models.ForeignKey(WorkloadClass, on_delete=models.CASCADE, related_name="confirmations")
    confirmed_on = models.DateField("confirmed")
    note = models.CharField("note", max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )

    class Meta:
        ordering = ["workload_class", "-confirmed_on", "id"]
        triggers = claims(SITES_OF_CLASS_ROW)
        constraints = [
            models.UniqueConstraint(fields=["workload_class", "confirmed_on"], name="envelope_confirmed_once_a_day")
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.workload_class}, {day_text(self.confirmed_on)}"
