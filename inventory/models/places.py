"""Regions and sites."""

import zoneinfo

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from inventory.models import triggers
from inventory.models.constraints import choices_held
from web.scopes import among


class DomainChoices(models.TextChoices):
    """The three domains of Muster, for device types, metrics and health."""

    COMPUTE = "compute", "Compute"
    NETWORK = "network", "Network"
    ENERGY = "energy", "Energy"


ISO_COUNTRY = RegexValidator(r"^[A-Z]{2}$", "Two capital letters, ISO 3166-1 alpha-2.")


def validate_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError("%(name)s is not an IANA time zone name.", params={"name": name})


_BELOW = " OR ".join(among("muster.regions", f"inventory_region.{column}") for column in ("id", "parent_id"))


class Region(models.Model):
    HISTORY = True
    # A region just made below a visible one is not in the session's list yet.
    VISIBLE_WHERE = f"{among('muster.around', 'inventory_region.id')} OR {_BELOW}"
    # Regions above a visible site contain sites that the reader may not see.
    WRITABLE_WHERE = _BELOW
    MOVES_WITHIN = ("parent",)
    VISIBLE_IDS = "muster.around"

    name = models.CharField("name", max_length=100, unique=True)
    slug = models.SlugField("slug", max_length=100, unique=True)
    parent = models.ForeignKey(
        verbose_name="parent",
        to="self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
    )
    description = models.CharField("description", max_length=200, blank=True)

    class Meta:
        verbose_name = "region"
        verbose_name_plural = "regions"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(parent=models.F("id")), name="region_not_its_own_parent")
        ]
        triggers = [triggers.scopes_follow("region"), triggers.scopes_end("region"), triggers.no_circle()]

    def __str__(self) -> str:
        return self.name


class SiteQuerySet(models.QuerySet["Site"]):
    def counting_capacity(self) -> "SiteQuerySet":
        """Sites whose capacity counts as deployed: those in commissioning or production."""
        return self.filter(stage__in=[Site.Stage.COMMISSIONING, Site.Stage.PRODUCTION])


@choices_held
class Site(models.Model):
    """One place that holds AI infrastructure. Only the stages commissioning and production have a verdict."""

    HISTORY = True
    HISTORY_LASTS = True
    VISIBLE_WHERE = " OR ".join(
        [among("muster.sites", "inventory_site.id"), among("muster.regions", "inventory_site.region_id")]
    )
    VISIBLE_IDS = "muster.sites"
    MOVES_WITHIN = ("region",)

    class Stage(models.TextChoices):
        PLANNED = "planned", "Planned"
        BUILDING = "building", "Building"
        COMMISSIONING = "commissioning", "Commissioning"
        PRODUCTION = "production", "Production"
        RETIRED = "retired", "Retired"

    class Kind(models.TextChoices):
        CORE = "core", "Core"
        REGIONAL = "regional", "Regional"
        EDGE = "edge", "Edge"
        COLO = "colo", "Colocation"

    class Profile(models.TextChoices):
        TRAINING = "training", "Training"
        INFERENCE = "inference", "Inference"
        EDGE = "edge", "Edge"

    class CoolingClass(models.TextChoices):
        """ASHRAE equipment classes; the framework's thresholds have their envelopes."""

        A1 = "A1", "A1"
        A2 = "A2", "A2"
        A3 = "A3", "A3"
        A4 = "A4", "A4"
        H1 = "H1", "H1 (high density)"

    name = models.CharField("name", max_length=100, unique=True)
    slug = models.SlugField("slug", max_length=100, unique=True)
    region = models.ForeignKey(
        verbose_name="region", to=Region, on_delete=models.PROTECT, related_name="sites"
    )
    stage = models.CharField("stage", max_length=16, choices=Stage, default=Stage.PLANNED)
    kind = models.CharField("kind", max_length=16, choices=Kind, default=Kind.CORE)
    profiles = ArrayField(
        verbose_name="profiles",
        base_field=models.CharField(max_length=16, choices=Profile),
        default=list,
        blank=True,
    )
    facility = models.CharField(
        "facility", max_length=50, blank=True, help_text="The operator's or landlord's own code"
    )
    city = models.CharField("city", max_length=100, blank=True)
    country = models.CharField(
        "country",
        max_length=2,
        validators=[ISO_COUNTRY],
        help_text="ISO 3166-1 alpha-2",
    )
    operator = models.CharField(
        "operator", max_length=200, blank=True, help_text="The legal entity that operates the site"
    )
    operator_country = models.CharField(
        "operator's country",
        max_length=2,
        blank=True,
        validators=[ISO_COUNTRY],
        help_text=(
            "Where whoever controls the operator is: the owner's country, not a subsidiary's. ISO 3166-1 alpha-2;"
            " empty: not known"
        ),
    )
    latitude = models.DecimalField(
        "latitude",
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        help_text="Degrees, north positive",
    )
    longitude = models.DecimalField(
        "longitude",
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        help_text="Degrees, east positive",
    )
    time_zone = models.CharField("time zone", max_length=64, default="UTC", validators=[validate_time_zone])
    contracted_kw = models.FloatField(
        "contracted power",
        null=True,
        blank=True,
        help_text="Power contracted or commissioned at the meter, kW",
    )
    power_step_limit_kw = models.FloatField(
        "power step limit",
        null=True,
        blank=True,
        help_text="Largest step the interconnection allows in 1 s, kW",
    )
    cooling_class = models.CharField(
        "cooling class", max_length=4, choices=CoolingClass, default=CoolingClass.A2
    )
    liquid_supply_max_c = models.FloatField(
        "liquid supply limit", null=True, blank=True, help_text="Design limit of the liquid supply, °C"
    )
    generator_start_s = models.FloatField(
        "generator start",
        null=True,
        blank=True,
        help_text="Generator start and transfer time, s; empty: no generator",
    )
    owner = models.CharField(
        "owner", max_length=100, blank=True, help_text="Who answers for the site, in words"
    )
    description = models.TextField("description", blank=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = "site"
        verbose_name_plural = "sites"
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["region", "stage"], name="site_region_stage")]
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__isnull=True) | Q(latitude__range=(-90, 90)), name="site_latitude_range"
            ),
            models.CheckConstraint(
                condition=Q(longitude__isnull=True) | Q(longitude__range=(-180, 180)),
                name="site_longitude_range",
            ),
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="site_country_iso"),
            models.CheckConstraint(
                condition=Q(operator_country="") | Q(operator_country__regex=r"^[A-Z]{2}$"),
                name="site_operator_country_iso",
            ),
            models.CheckConstraint(
                condition=Q(contracted_kw__isnull=True) | Q(contracted_kw__gt=0),
                name="site_contracted_kw_positive",
            ),
            models.CheckConstraint(
                condition=Q(power_step_limit_kw__isnull=True) | Q(power_step_limit_kw__gt=0),
                name="site_power_step_positive",
            ),
            models.CheckConstraint(
                condition=Q(generator_start_s__isnull=True) | Q(generator_start_s__gte=0),
                name="site_generator_start_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False),
                name="site_position_whole",
                violation_error_message="Give both latitude and longitude, or neither.",
            ),
        ]
        triggers = [
            *triggers.claims(triggers.ITSELF, *triggers.WRITTEN),
            triggers.forget_claims(),
            triggers.scopes_follow("site"),
            triggers.scopes_end("site"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_verdict(self) -> bool:
        return self.stage in {self.Stage.COMMISSIONING, self.Stage.PRODUCTION}
