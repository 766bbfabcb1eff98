"""Results of evaluations: conformance by site, standard and domain over time, and the deviations of now."""

from django.db import models
from django.db.models import F, Q

from inventory.models import Accelerator, Device, DomainChoices, Site
from readiness.assessment.standards.models.standards import Standard, StandardVersion
from readiness.assessment.standards.models.waivers import DeviationWaiver

DOMAINS = [*DomainChoices.choices, ("governance", "Governance")]


class Conformance(models.Model):
    """The number of objects of a domain that conformed from `since_at` to `until_at`, which is empty for what
    holds now."""

    VISIBLE_BY = ("site",)

    site = models.ForeignKey(Site, models.CASCADE, related_name="+", db_index=False)
    standard = models.ForeignKey(Standard, models.PROTECT, related_name="+")
    version = models.ForeignKey(StandardVersion, models.PROTECT, related_name="+")
    domain = models.CharField(max_length=10, choices=DOMAINS)
    objects_total = models.PositiveIntegerField(help_text="Objects that a rule is of")
    conforming = models.PositiveIntegerField()
    waived = models.PositiveIntegerField()
    deviating = models.PositiveIntegerField(help_text="Neither conform nor have a waiver")
    digest = models.CharField(
        max_length=32, editable=False, help_text="Of the deviations, so that the same write nothing"
    )
    since_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "conformance"
        verbose_name_plural = "conformance"
        ordering = ["site__name", "standard__name", "domain", "id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["site", "standard", "domain"],
                condition=Q(until_at=None),
                name="conformance_one_present",
            ),
            models.CheckConstraint(
                condition=Q(objects_total=F("conforming") + F("waived") + F("deviating")),
                name="conformance_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(until_at=None) | Q(until_at__gt=F("since_at")), name="conformance_ends_later"
            ),
        ]
        indexes = [models.Index(fields=["since_at"], name="conformance_since")]

    def __str__(self) -> str:
        return f"{self.standard} at {self.site}, {self.domain}"


class Deviation(models.Model):
    """An object that does not have what a rule wants. Without device and accelerator it is the site as a whole.

    Until the next evaluation, a device may have moved to another site: its reader must see both.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="+", db_index=False)
    standard = models.ForeignKey(Standard, models.PROTECT, related_name="+")
    rule = models.CharField("rule", max_length=64)
    device = models.ForeignKey(Device, models.CASCADE, null=True, related_name="+")
    accelerator = models.ForeignKey(Accelerator, models.CASCADE, null=True, related_name="+")
    domain = models.CharField("domain", max_length=10, choices=DOMAINS)
    has = models.CharField("has", max_length=200, blank=True, help_text="Empty: nobody recorded it")
    wants = models.CharField("wants", max_length=300)
    waiver = models.ForeignKey(DeviationWaiver, models.SET_NULL, null=True, related_name="+")
    since_at = models.DateTimeField("since")

    class Meta:
        verbose_name = "deviation"
        verbose_name_plural = "deviations"
        ordering = ["site__name", "standard__name", "rule", "id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["site", "standard"], name="deviation_site_standard")]

    def __str__(self) -> str:
        return f"{self.accelerator or self.device or self.site}: {self.wants}"
