"""Exchange rates by day."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inventory.models.constraints import choices_held
from readiness.tradeoffs.core.units import CURRENCIES
from telemetry.models import SourceProvenance

CURRENCY_CHOICES = [(code, code) for code in CURRENCIES]


@choices_held
class ExchangeRate(models.Model):
    """One unit of `currency` is `rate` of `to_currency`, from a day on until the source's next rate."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    currency = models.CharField("currency", max_length=3, choices=CURRENCY_CHOICES)
    to_currency = models.CharField("in currency", max_length=3, choices=CURRENCY_CHOICES)
    rate = models.FloatField("rate", help_text="How many of the second currency one of the first is")
    as_of_on = models.DateField("as of", help_text="The first day that it holds")
    source = models.CharField("source", max_length=200, help_text="Where the rate comes from")
    provenance = models.CharField(
        "provenance", max_length=16, choices=SourceProvenance, default=SourceProvenance.DECLARED
    )
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
        verbose_name = "exchange rate"
        verbose_name_plural = "exchange rates"
        ordering = ["currency", "to_currency", "-as_of_on", "source", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "to_currency", "source", "as_of_on"],
                name="exchange_rate_once_a_day",
                violation_error_message="This source has a rate from that day on already.",
            ),
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchange_rate_positive"),
            models.CheckConstraint(
                condition=~Q(currency=F("to_currency")),
                name="exchange_rate_of_two",
                violation_error_message="A rate is between two currencies.",
            ),
            models.CheckConstraint(condition=~Q(source=""), name="exchange_rate_with_source"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} in {self.to_currency}, {self.as_of_on}"
