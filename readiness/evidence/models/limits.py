"""Limits that belong to one site or to one workload class, from a day on."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from inventory.models import Site
from readiness.evidence.triggers import SITES_OF_LIMIT, claims
from readiness.workloads.models import WorkloadClass


class DeclaredLimit(models.Model):
    """The value that a check's threshold is measured against, where the framework leaves it to the site or the class.

    It holds from the first instant of its day, by the calendar of the site that is judged, until the next entry of the
    same limit; so an evaluation of a past day finds what was in force then.
    """

    HISTORY = True

    site = models.ForeignKey(
        verbose_name="site",
        to=Site,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="declared_limits",
        db_index=False,
    )
    workload_class = models.ForeignKey(
        verbose_name="workload class",
        to=WorkloadClass,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="declared_limits",
    )
    limit_id = models.CharField("limit", max_length=64, help_text="As the framework names it: pue-target")
    value = models.FloatField("value", null=True, blank=True, help_text="In the limit's unit")
    preset = models.CharField(
        "preset",
        max_length=64,
        blank=True,
        help_text="Id of a preset of the framework, in place of a value",
    )
    declared_on = models.DateField("in force from", help_text="The first day that it holds")
    source = models.CharField("source", max_length=200, help_text="Where the limit comes from")
    note = models.CharField("note", max_length=200, blank=True)
    by = models.ForeignKey(
        verbose_name="entered by",
        to=settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )

    class Meta:
        verbose_name = "declared limit"
        verbose_name_plural = "declared limits"
        ordering = ["-declared_on", "limit_id", "id"]
        constraints = [
            # Serves look-ups by site too.
            models.UniqueConstraint(
                fields=["site", "workload_class", "limit_id", "declared_on"],
                name="declared_limit_once_a_day",
                nulls_distinct=False,
                violation_error_message="This limit is declared from that day on already; remove that one first.",
            ),
            models.CheckConstraint(
                condition=Q(site__isnull=True, workload_class__isnull=False)
                | Q(site__isnull=False, workload_class__isnull=True),
                name="declared_limit_of_site_or_class",
                violation_error_message="A limit is declared for one site or for one workload class.",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True) & ~Q(preset="") | Q(value__isnull=False, preset=""),
                name="declared_limit_value_or_preset",
                violation_error_message="Give a value or a preset, one of the two.",
            ),
            models.CheckConstraint(condition=~Q(source=""), name="declared_limit_with_source"),
        ]
        triggers = claims(SITES_OF_LIMIT)

    def __str__(self) -> str:
        return f"{self.limit_id}, {self.declared_on}"
