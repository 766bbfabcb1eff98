"""Choices that stay open on purpose: areas with the cost of leaving, and alternatives with their last proof."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from inventory.models.triggers import claims
from readiness.assessment.standards.core.shares import shares_of
from readiness.demand.workloads.models import WorkloadClass
from readiness.organisation.people.models import Team

_STATED_OR_ALL = (
    "SELECT place.id FROM {rows} AS changed"
    " JOIN inventory_site AS place ON changed.site_id IS NULL OR place.id = changed.site_id"
)


class DependenceLayer(models.TextChoices):
    """Layers at which an organisation can depend on one supplier."""

    ACCELERATORS = "accelerators", "Accelerators"
    NETWORK = "network", "Network devices"
    CARRIER = "carrier", "Carriers of links"
    POWER = "power", "Power devices"
    FUEL = "fuel", "Energy for backup"
    REGION = "region", "Regions"


@choices_held
class FlexibleArea(models.Model):
    """A choice that the organisation keeps open, and what leaving the present one would cost."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    class Kind(models.TextChoices):
        PLACEMENT = "placement", "Placement"
        VENDOR = "vendor", "Vendor"
        ALLOCATION = "allocation", "Allocation"

    name = models.CharField("name", max_length=100, unique=True)
    kind = models.CharField("kind", max_length=12, choices=Kind)
    layer = models.CharField("layer", max_length=12, choices=DependenceLayer)
    why = models.CharField("reason", max_length=300, help_text="What is kept open, and why")
    owner = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="owner"
    )
    leaving_cost = models.FloatField(
        "cost of leaving", null=True, blank=True, help_text="Of leaving the present supplier or place, once"
    )
    currency = models.CharField("currency", max_length=3, blank=True, help_text="ISO 4217, such as EUR")
    leaving_days = models.PositiveIntegerField(
        "time to leave", null=True, blank=True, help_text="Days from the decision to the end of the move"
    )
    shares = models.CharField(
        "shares",
        max_length=300,
        blank=True,
        help_text="Suppliers and their percent where the inventory does not tell: diesel 80, gas 20",
    )
    bound_until = models.DateField(
        "bound until", null=True, blank=True, help_text="The last day of the contract that binds"
    )

    class Meta:
        verbose_name = "flexible area"
        verbose_name_plural = "flexible areas"
        ordering = ["layer", "name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(leaving_cost=None) | Q(leaving_cost__gte=0, currency__regex=r"^[A-Z]{3}$"),
                name="flexible_area_cost_has_currency",
                violation_error_message="A cost is 0 or more, and has a currency of three capital letters.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            shares_of(self.shares)
        except ValueError as error:
            raise ValidationError({"shares": str(error)}) from error


@choices_held
class Alternative(models.Model):
    """Another place or thing that a critical workload can run on; `proven_on` is the last move or swap that worked."""

    HISTORY = True
    HISTORY_TITLE = ("workload_class", "name")

    class Kind(models.TextChoices):
        SITE = "site", "Another site"
        VENDOR = "vendor", "Another vendor’s accelerators"
        FABRIC = "fabric", "Another fabric"

    workload_class = models.ForeignKey(
        WorkloadClass, models.CASCADE, related_name="recorded_alternatives", verbose_name="workload class"
    )
    site = models.ForeignKey(
        Site,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="site",
        help_text="Where the workload runs; empty: wherever it runs",
    )
    area = models.ForeignKey(
        FlexibleArea,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="alternatives",
        verbose_name="flexible area",
    )
    kind = models.CharField("kind", max_length=8, choices=Kind)
    name = models.CharField("alternative", max_length=150, help_text="The site, vendor or fabric")
    proven_on = models.DateField(
        "last proven", null=True, blank=True, help_text="The day of the last move or swap that worked"
    )
    proof = models.CharField("proof", max_length=300, blank=True, help_text="Where the result is kept")

    class Meta:
        verbose_name = "alternative"
        verbose_name_plural = "alternatives"
        ordering = ["workload_class__name", "name", "id"]
        triggers = claims(_STATED_OR_ALL, origin="workload")
        constraints = [
            models.UniqueConstraint(
                fields=["workload_class", "site", "kind", "name"],
                nulls_distinct=False,
                name="alternative_unique",
                violation_error_message="This alternative is on record.",
            ),
            models.CheckConstraint(
                condition=Q(proven_on=None) | Q(proof__regex=r"\S"),
                name="alternative_proof_is_told",
                violation_error_message="Say where the result is kept.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workload_class}: {self.name}"
