"""Factors of sites and round trips between places, each from a day on, as one source states it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Site
from inventory.models.constraints import choices_held
from readiness.tradeoffs.core.kinds import KINDS, LATENCY, MONETARY, Dimension
from readiness.tradeoffs.core.units import stored_unit
from readiness.tradeoffs.models.rates import CURRENCY_CHOICES
from readiness.workloads.models import UserRegion
from telemetry.models import SourceProvenance


class FactorKind(models.TextChoices):
    """Kinds of facts about a site. Their units and bounds are in readiness.tradeoffs.core.kinds."""

    ELECTRICITY_PRICE = "electricity_price", _("Electricity price")
    DEMAND_CHARGE = "demand_charge", _("Demand charge")
    PUE = "pue", _("PUE")
    CARBON_AVERAGE = "carbon_average", _("Carbon intensity, average")
    CARBON_MARGINAL = "carbon_marginal", _("Carbon intensity, marginal")
    CARBON_MARKET = "carbon_market", _("Carbon intensity, market")
    EGRESS_PRICE = "egress_price", _("Egress price")
    ACCELERATOR_HOUR_COST = "accelerator_hour_cost", _("Cost of an accelerator-hour held")
    ACCELERATOR_CAPEX = "accelerator_capex", _("Accelerator capital cost")
    DEPRECIATION_YEARS = "depreciation_years", _("Depreciation")
    ACCELERATOR_UTILISATION = "accelerator_utilisation", _("Accelerator utilisation")
    ACCELERATOR_POWER_KW = "accelerator_power_kw", _("Power of an accelerator")
    ACCELERATOR_IDLE_KW = "accelerator_idle_kw", _("Idle power of an accelerator")
    ACCELERATORS_FREE = "accelerators_free", _("Accelerators free")
    POWER_HEADROOM_KW = "power_headroom_kw", _("Power headroom")
    NETWORK_FREE_GBPS = "network_free_gbps", _("Network free")
    STAFFING_COVER = "staffing_cover", _("Staffing cover")


class FactorBasis(models.TextChoices):
    """How a stored value came here; a published one stands in a document or a data set that others can read."""

    PUBLISHED = "published", _("Published")
    DECLARED = "declared", _("Declared")


class Sourced(models.Model):
    """Columns of every value: how it came here, whose it is, and the days that it holds."""

    basis = models.CharField(_("basis"), max_length=16, choices=FactorBasis, default=FactorBasis.DECLARED)
    provenance = models.CharField(
        _("provenance"), max_length=16, choices=SourceProvenance, default=SourceProvenance.DECLARED
    )
    source = models.CharField(_("source"), max_length=200, help_text=_("Where the value comes from"))
    as_of_on = models.DateField(_("as of"), help_text=_("The first day that it holds, at the site"))
    until_on = models.DateField(
        _("until"),
        null=True,
        blank=True,
        help_text=_("The last day that it holds; empty: until the source's next value"),
    )
    low = models.FloatField(_("low"), null=True, blank=True, help_text=_("Lower end of the band"))
    high = models.FloatField(_("high"), null=True, blank=True, help_text=_("Upper end of the band"))
    stated = models.CharField(
        _("as stated"), max_length=80, blank=True, editable=False, help_text=_("Value and unit as sent")
    )
    caution = models.CharField(
        _("caution"), max_length=200, blank=True, editable=False, help_text=_("Why to look at it again")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    by = models.ForeignKey(
        verbose_name=_("entered by"),
        to=settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )

    class Meta:
        abstract = True


def _sourced(name: str, value: str) -> list[models.CheckConstraint]:
    """Constraints that every value has; `name` is that of its table."""
    return [
        models.CheckConstraint(condition=~Q(source=""), name=f"{name}_with_source"),
        models.CheckConstraint(
            condition=Q(until_on__isnull=True) | Q(until_on__gte=F("as_of_on")),
            name=f"{name}_ends_after_start",
            violation_error_message=_("It ends before it begins."),
        ),
        models.CheckConstraint(
            condition=Q(low__isnull=True, high__isnull=True)
            | Q(low__isnull=False, high__isnull=False, low__lte=F(value), high__gte=F(value)),
            name=f"{name}_within_its_band",
            violation_error_message=_("Give both ends of the band, around the value, or neither."),
        ),
    ]


_MONEY = sorted(spec.id for spec in KINDS.values() if spec.dimension in MONETARY)
_SHARES = sorted(
    spec.id for spec in KINDS.values() if spec.dimension is Dimension.RATIO and spec.possible.high <= 1
)


@choices_held
class SiteFactor(Sourced):
    """One value of one source, in the stored unit of its kind: EUR/kWh, gCO2e/kWh, kW, Gb/s."""

    HISTORY = True

    site = models.ForeignKey(
        verbose_name=_("site"), to=Site, on_delete=models.CASCADE, related_name="factors", db_index=False
    )
    kind = models.CharField(_("factor"), max_length=32, choices=FactorKind)
    value = models.FloatField(_("value"), help_text=_("In the stored unit"))
    currency = models.CharField(_("currency"), max_length=3, blank=True, choices=CURRENCY_CHOICES)

    class Meta:
        verbose_name = _("site factor")
        verbose_name_plural = _("site factors")
        ordering = ["-as_of_on", "kind", "source", "id"]
        constraints = [
            # Serves look-ups by site, and the newest of each source.
            models.UniqueConstraint(
                fields=["site", "kind", "source", "as_of_on"],
                name="site_factor_once_a_day",
                violation_error_message=_("This source has a value from that day on already."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=_MONEY) & ~Q(currency="") | ~Q(kind__in=_MONEY) & Q(currency=""),
                name="site_factor_currency_of_prices",
                violation_error_message=_("A price has a currency, and nothing else has."),
            ),
            # A price may be negative: some hours, power is paid to be taken.
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
        return f"{FactorKind(self.kind).label}, {self.as_of_on}"

    @property
    def unit(self) -> str:
        return stored_unit(KINDS[self.kind].dimension, self.currency)


@choices_held
class LatencyFactor(Sourced):
    """A round trip between a site and a user region, or another site, as one source states it."""

    HISTORY = True

    site = models.ForeignKey(
        verbose_name=_("site"), to=Site, on_delete=models.CASCADE, related_name="latencies", db_index=False
    )
    user_region = models.ForeignKey(
        verbose_name=_("user region"),
        to=UserRegion,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="latencies",
    )
    other_site = models.ForeignKey(
        verbose_name=_("other site"),
        to=Site,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
    )
    value_ms = models.FloatField(_("round trip"), help_text=_("ms"))
    percentile = models.FloatField(_("percentile"), default=50, help_text=_("50 is the median"))

    class Meta:
        verbose_name = _("latency")
        verbose_name_plural = _("latencies")
        # By none of what may be empty: a row is locked in this order, and no outer join can be.
        ordering = ["-as_of_on", "source", "id"]
        constraints = [
            # Serves look-ups by site too.
            models.UniqueConstraint(
                fields=["site", "user_region", "other_site", "percentile", "source", "as_of_on"],
                name="latency_once_a_day",
                nulls_distinct=False,
                violation_error_message=_("This source has a value from that day on already."),
            ),
            models.CheckConstraint(
                condition=Q(user_region__isnull=True, other_site__isnull=False)
                | Q(user_region__isnull=False, other_site__isnull=True),
                name="latency_to_one_place",
                violation_error_message=_("A round trip is to one user region or to one other site."),
            ),
            # A round trip is the same from both ends, so a pair has one row: that of the lower id.
            models.CheckConstraint(
                condition=Q(other_site__isnull=True) | Q(other_site__gt=F("site")),
                name="latency_of_a_pair_once",
                violation_error_message=_("The other site is the site itself, or the pair is turned about."),
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
