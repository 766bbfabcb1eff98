"""Factors that change by the hour: one row for a day of a series."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from readiness.tradeoffs.core.kinds import HOURLY, KINDS, MONETARY
from readiness.tradeoffs.core.units import stored_unit
from readiness.tradeoffs.models.factors import FactorBasis, FactorKind
from readiness.tradeoffs.models.rates import CURRENCY_CHOICES
from telemetry.models import SourceProvenance

HOURLY_KINDS: list[tuple[str, Any]] = [
    (kind.value, kind.label) for kind in FactorKind if kind.value in HOURLY
]
_MONEY = sorted(kind for kind in HOURLY if KINDS[kind].dimension in MONETARY)


class FactorDayQuerySet(models.QuerySet["FactorDay"]):
    def of_source(self, site_id: int, kind: str, source: str) -> "FactorDayQuerySet":
        return self.filter(site_id=site_id, kind=kind, source=source)


@choices_held
class FactorDay(models.Model):
    """The values of one UTC day of one source: value n holds for a step from `offset_s + n * step_s` s after midnight.

    `values` has a place for every interval of the day, empty where nothing is known. The offset is that of zones whose
    hours do not begin with UTC's. `known`, `mean`, `lowest` and `highest` are worked out of the values when they are
    written, so that a month of a thousand sites is read without them.
    """

    HISTORY = True

    site = models.ForeignKey(
        verbose_name="site", to=Site, on_delete=models.CASCADE, related_name="factor_days", db_index=False
    )
    kind = models.CharField(
        "factor",
        max_length=32,
        choices=HOURLY_KINDS,
    )
    day_on = models.DateField("day", help_text="In UTC")
    step_s = models.PositiveSmallIntegerField("step", help_text="s")
    offset_s = models.PositiveSmallIntegerField("offset", default=0, help_text="s")
    values = ArrayField(models.FloatField(null=True), verbose_name="values")
    known = models.PositiveSmallIntegerField("known values")
    mean = models.FloatField("mean")
    lowest = models.FloatField("lowest")
    highest = models.FloatField("highest")
    currency = models.CharField("currency", max_length=3, blank=True, choices=CURRENCY_CHOICES)
    basis = models.CharField("basis", max_length=16, choices=FactorBasis, default=FactorBasis.PUBLISHED)
    provenance = models.CharField(
        "provenance", max_length=16, choices=SourceProvenance, default=SourceProvenance.DECLARED
    )
    source = models.CharField("source", max_length=200)
    by = models.ForeignKey(
        verbose_name="entered by",
        to=settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )

    objects = FactorDayQuerySet.as_manager()

    class Meta:
        verbose_name = "day of a factor"
        verbose_name_plural = "days of factors"
        ordering = ["-day_on", "kind", "source", "id"]
        constraints = [
            # Serves look-ups by site and span of days too.
            models.UniqueConstraint(
                fields=["site", "kind", "source", "day_on"], name="factor_day_once_a_source"
            ),
            models.CheckConstraint(condition=Q(offset_s__lt=F("step_s")), name="factor_day_offset_in_step"),
            # The places of a day are those of its step.
            models.CheckConstraint(
                condition=Q(step_s=900, values__len=96)
                | Q(step_s=1800, values__len=48)
                | Q(step_s=3600, values__len=24),
                name="factor_day_every_interval",
            ),
            models.CheckConstraint(
                condition=Q(known__gt=0) & Q(known__lte=F("values__len")) & Q(lowest__lte=F("highest")),
                name="factor_day_knows_something",
            ),
            models.CheckConstraint(
                condition=Q(kind=FactorKind.ELECTRICITY_PRICE) | Q(lowest__gte=0),
                name="factor_day_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=_MONEY) & ~Q(currency="") | ~Q(kind__in=_MONEY) & Q(currency=""),
                name="factor_day_currency_of_prices",
            ),
            models.CheckConstraint(condition=~Q(source=""), name="factor_day_with_source"),
        ]

    def __str__(self) -> str:
        return f"{FactorKind(self.kind).label}, {self.day_on}"

    @property
    def unit(self) -> str:
        return stored_unit(KINDS[self.kind].dimension, self.currency)
