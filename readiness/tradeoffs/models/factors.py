"""External facts about sites: factors, hourly values, round trips between places, and exchange rates.

Each value belongs to one source and holds from a day on.
"""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from readiness.demand.workloads.models import UserRegion
from readiness.tradeoffs.units import CURRENCIES, HOURLY, KINDS, LATENCY, MONETARY, Dimension, stored_unit
from telemetry.models import SourceProvenance
from web.units import day

CURRENCY_CHOICES = [(code, code) for code in CURRENCIES]


def _entered_by() -> models.ForeignKey:
    return models.ForeignKey(
        verbose_name="entered by",
        to=settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )


def _provenance() -> models.CharField:
    return models.CharField(
        "provenance", max_length=16, choices=SourceProvenance, default=SourceProvenance.DECLARED
    )


def _site(related_name: str) -> models.ForeignKey:
    """The unique constraint also serves look-ups by site."""
    return models.ForeignKey(
        verbose_name="site", to=Site, on_delete=models.CASCADE, related_name=related_name, db_index=False
    )


class FactorKind(models.TextChoices):
    """Kinds of facts about a site. Their units and bounds are in readiness.tradeoffs.units."""

    ELECTRICITY_PRICE = "electricity_price", "Electricity price"
    DEMAND_CHARGE = "demand_charge", "Demand charge"
    PUE = "pue", "PUE"
    CARBON_AVERAGE = "carbon_average", "Carbon intensity, average"
    CARBON_MARGINAL = "carbon_marginal", "Carbon intensity, marginal"
    CARBON_MARKET = "carbon_market", "Carbon intensity, market"
    EGRESS_PRICE = "egress_price", "Egress price"
    ACCELERATOR_HOUR_COST = "accelerator_hour_cost", "Cost of an accelerator-hour held"
    ACCELERATOR_CAPEX = "accelerator_capex", "Accelerator capital cost"
    DEPRECIATION_YEARS = "depreciation_years", "Depreciation"
    ACCELERATOR_UTILISATION = "accelerator_utilisation", "Accelerator utilisation"
    ACCELERATOR_POWER_KW = "accelerator_power_kw", "Power of an accelerator"
    ACCELERATOR_IDLE_KW = "accelerator_idle_kw", "Idle power of an accelerator"
    ACCELERATORS_FREE = "accelerators_free", "Accelerators free"
    POWER_HEADROOM_KW = "power_headroom_kw", "Power headroom"
    NETWORK_FREE_GBPS = "network_free_gbps", "Network free"
    STAFFING_COVER = "staffing_cover", "Staffing cover"


class FactorBasis(models.TextChoices):
    """The origin of a stored value; a published value is in a document or data set that others can read."""

    PUBLISHED = "published", "Published"
    DECLARED = "declared", "Declared"


class Sourced(models.Model):
    """Columns of every value: basis, source, and the days that it holds."""

    basis = models.CharField("basis", max_length=16, choices=FactorBasis, default=FactorBasis.DECLARED)
    provenance = _provenance()
    source = models.CharField("source", max_length=200, help_text="Where the value comes from")
    as_of_on = models.DateField("as of", help_text="The first day that it holds, at the site")
    until_on = models.DateField(
        "until",
        null=True,
        blank=True,
        help_text="The last day that it holds; empty: until the source's next value",
    )
    low = models.FloatField("low", null=True, blank=True, help_text="Lower end of the band")
    high = models.FloatField("high", null=True, blank=True, help_text="Upper end of the band")
    stated = models.CharField(
        "as stated", max_length=80, blank=True, editable=False, help_text="Value and unit as sent"
    )
    caution = models.CharField(
        "caution", max_length=200, blank=True, editable=False, help_text="Why to look at it again"
    )
    note = models.CharField("note", max_length=200, blank=True)
    by = _entered_by()

    class Meta:
        abstract = True


def _sourced(name: str, value: str) -> list[models.CheckConstraint]:
    return [
        models.CheckConstraint(condition=~Q(source=""), name=f"{name}_with_source"),
        models.CheckConstraint(
            condition=Q(until_on__isnull=True) | Q(until_on__gte=F("as_of_on")),
            name=f"{name}_ends_after_start",
            violation_error_message="It ends before it begins.",
        ),
        models.CheckConstraint(
            condition=Q(low__isnull=True, high__isnull=True)
            | Q(low__isnull=False, high__isnull=False, low__lte=F(value), high__gte=F(value)),
            name=f"{name}_within_its_band",
            violation_error_message="Give both ends of the band, around the value, or neither.",
        ),
    ]


_MONEY = sorted(spec.id for spec in KINDS.values() if spec.dimension in MONETARY)
_HOURLY_MONEY = [kind for kind in _MONEY if kind in HOURLY]
_SHARES = sorted(
    spec.id for spec in KINDS.values() if spec.dimension is Dimension.RATIO and spec.possible.high <= 1
)


@choices_held
class SiteFactor(Sourced):
    """One value of one source, in the stored unit of its kind: EUR/kWh, gCO2e/kWh, kW, Gb/s."""

    HISTORY = True
    HISTORY_TITLE = ("kind",)
    HISTORY_VALUE = "value"
    HISTORY_FOLLOWS = ("site", "kind")

    site = _site("factors")
    kind = models.CharField("factor", max_length=32, choices=FactorKind)
    value = models.FloatField("value", help_text="In the stored unit")
    currency = models.CharField("currency", max_length=3, blank=True, choices=CURRENCY_CHOICES)

    class Meta:
        verbose_name = "site factor"
        verbose_name_plural = "site factors"
        ordering = ["-as_of_on", "kind", "source", "id"]
        constraints = [
            # The index serves look-ups by site, and of the newest value of each source.
            models.UniqueConstraint(
                fields=["site", "kind", "source", "as_of_on"],
                name="site_factor_once_a_day",
                violation_error_message="This source has a value from that day on already.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=_MONEY) & ~Q(currency="") | ~Q(kind__in=_MONEY) & Q(currency=""),
                name="site_factor_currency_of_prices",
                violation_error_message="A price has a currency, and nothing else has.",
            ),
            # A price may be negative: in some hours, consumers are paid to take power.
            models.CheckConstraint(
                condition=Q(kind=FactorKind.ELECTRICITY_PRICE) | Q(value__gte=0),
                name="site_factor_not_negative",
            ),
            models.CheckConstraint(
                condition=~Q(kind=FactorKind.PUE) | Q(value__gte=1), name="site_factor_pue_from_one"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=_SHARES) | Q(value__lte=1), name="site_factor_shares_of_one"
            ),
            *_sourced("site_factor", "value"),
        ]

    def __str__(self) -> str:
        return f"{FactorKind(self.kind).label}, {day(self.as_of_on)}"

    @property
    def unit(self) -> str:
        return stored_unit(KINDS[self.kind].dimension, self.currency)


@choices_held
class LatencyFactor(Sourced):
    """A round trip between a site and a user region, or another site, as one source states it."""

    HISTORY = True
    HISTORY_TITLE = ("user_region", "other_site")

    site = _site("latencies")
    user_region = models.ForeignKey(
        verbose_name="user region",
        to=UserRegion,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="latencies",
    )
    other_site = models.ForeignKey(
        verbose_name="other site", to=Site, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    value_ms = models.FloatField("round trip", help_text="ms")
    percentile = models.FloatField("percentile", default=50, help_text="50 is the median")

    class Meta:
        verbose_name = "latency"
        verbose_name_plural = "latencies"
        # Order by columns that are never empty: rows are locked in this order, and outer joins cannot be locked.
        ordering = ["-as_of_on", "source", "id"]
        constraints = [
            # Serves look-ups by site too.
            models.UniqueConstraint(
                fields=["site", "user_region", "other_site", "percentile", "source", "as_of_on"],
                name="latency_once_a_day",
                nulls_distinct=False,
                violation_error_message="This source has a value from that day on already.",
            ),
            models.CheckConstraint(
                condition=Q(user_region__isnull=True, other_site__isnull=False)
                | Q(user_region__isnull=False, other_site__isnull=True),
                name="latency_to_one_place",
                violation_error_message="A round trip is to one user region or to one other site.",
            ),
            # A round trip is the same from both ends, so a pair has one row, under the lower id.
            models.CheckConstraint(
                condition=Q(other_site__isnull=True) | Q(other_site__gt=F("site")),
                name="latency_of_a_pair_once",
                violation_error_message="The other site is the site itself, or the pair is turned about.",
            ),
            models.CheckConstraint(condition=Q(value_ms__gt=0), name="latency_positive"),
            models.CheckConstraint(
                condition=Q(percentile__gt=0, percentile__lt=100), name="latency_percentile_range"
            ),
            *_sourced("latency", "value_ms"),
        ]

    def __str__(self) -> str:
        return f"{self.site} – {self.user_region or self.other_site}, p{self.percentile:g}"

    @property
    def unit(self) -> str:
        return stored_unit(LATENCY.dimension)


HOURLY_KINDS: list[tuple[str, Any]] = [
    (kind.value, kind.label) for kind in FactorKind if kind.value in HOURLY
]


class FactorDayQuerySet(models.QuerySet["FactorDay"]):
    def days_of_source(self, site_id: int, kind: str, source: str) -> "FactorDayQuerySet":
        return self.filter(site_id=site_id, kind=kind, source=source)


@choices_held
class FactorDay(models.Model):
    """The values of one UTC day of one source: value n holds for a step from `offset_s + n * step_s` s after midnight.

    `values` has an entry for every interval of the day, empty if unknown. The offset is that of zones whose hours do
    not begin with UTC's. `known`, `mean`, `lowest` and `highest` are computed on writing, so that a month of a thousand
    sites is read without the values.
    """

    HISTORY = True
    HISTORY_TITLE = ("kind", "day_on")

    site = _site("factor_days")
    kind = models.CharField("factor", max_length=32, choices=HOURLY_KINDS)
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
    provenance = _provenance()
    source = models.CharField("source", max_length=200)
    by = _entered_by()

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
            # The number of entries follows from the step.
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
                condition=Q(kind__in=_HOURLY_MONEY) & ~Q(currency="")
                | ~Q(kind__in=_HOURLY_MONEY) & Q(currency=""),
                name="factor_day_currency_of_prices",
            ),
            models.CheckConstraint(condition=~Q(source=""), name="factor_day_with_source"),
        ]

    def __str__(self) -> str:
        return f"{FactorKind(self.kind).label}, {day(self.day_on)}"

    @property
    def unit(self) -> str:
        return stored_unit(KINDS[self.kind].dimension, self.currency)


@choices_held
class ExchangeRate(models.Model):
    """One unit of `currency` is `rate` of `to_currency`, from a day on until the source's next rate."""

    HISTORY = True
    HISTORY_TITLE = ("currency", "to_currency")
    VISIBLE_WHERE = "true"  # organisation-wide

    currency = models.CharField("currency", max_length=3, choices=CURRENCY_CHOICES)
    to_currency = models.CharField("in currency", max_length=3, choices=CURRENCY_CHOICES)
    rate = models.FloatField("rate", help_text="How many of the second currency one of the first is")
    as_of_on = models.DateField("as of", help_text="The first day that it holds")
    source = models.CharField("source", max_length=200, help_text="Where the rate comes from")
    provenance = _provenance()
    by = _entered_by()

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
        return f"{self.currency} in {self.to_currency}, {day(self.as_of_on)}"
