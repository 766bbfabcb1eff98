"""Legal duties by rule, the register of each site, certificates, and figures of the energy report."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from inventory.models.triggers import OWN_SITE, claims
from readiness.assessment.duties.core.rules import DutyRuleInForce, DutySubject, Recurrence
from readiness.demand.workloads.core.countries import COUNTRIES, GROUPS
from readiness.organisation.people.models import Team


class Sector(models.TextChoices):
    """Business of a site that brings duties of its own."""

    DIGITAL = "digital", "Digital infrastructure (NIS2)"
    FINANCIAL = "financial", "Financial entities (DORA)"
    PERSONAL = "personal", "Personal data (GDPR)"
    AI = "ai", "Provides or deploys AI systems"


END_OF_DAY = 24


def _due_hour() -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(
        "due at hour",
        default=END_OF_DAY,
        help_text="In the site's time zone: 12 is noon, 24 the end of that day",
    )


def _hour_of_day(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(due_hour__range=(1, END_OF_DAY)),
        name=name,
        violation_error_message="Enter an hour from 1 to 24.",
    )


@choices_held
class LegalDuty(models.Model):
    """A duty by law or contract: where it applies, and how often. A seeded one is edited like any other."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    class Recurs(models.TextChoices):
        YEARLY = Recurrence.YEARLY.value, "Every year on a day"
        EVERY = Recurrence.EVERY.value, "A number of months after the last proof"
        ONCE = Recurrence.ONCE.value, "Once, on a date"
        EVENT = Recurrence.EVENT.value, "When something happens"

    name = models.CharField("name", max_length=150, unique=True)
    slug = models.SlugField("slug", max_length=60, unique=True)
    asks = models.TextField("obligation", max_length=1000)
    instrument = models.CharField("instrument", max_length=200, help_text="The law, regulation or contract")
    article = models.CharField("article", max_length=100, blank=True)
    source_url = models.URLField("source", max_length=300, blank=True, help_text="Where the text can be read")
    places = ArrayField(
        models.CharField(max_length=10),
        default=list,
        blank=True,
        verbose_name="places",
        help_text="Codes of countries, or EU or EEA; empty: everywhere",
    )
    sectors = ArrayField(
        models.CharField(max_length=12, choices=Sector),
        default=list,
        blank=True,
        verbose_name="sectors",
        help_text="Sectors of a site's profile; empty: all",
    )
    min_it_kw = models.FloatField(
        "from IT power of", null=True, blank=True, help_text="kW; empty: whatever the power"
    )
    recurs = models.CharField("due", max_length=8, choices=Recurs, default=Recurs.YEARLY)
    month = models.PositiveSmallIntegerField("month", null=True, blank=True, help_text="1 to 12")
    day = models.PositiveSmallIntegerField("day", null=True, blank=True, help_text="1 to 31")
    months = models.PositiveSmallIntegerField("every", null=True, blank=True, help_text="Months")
    once_on = models.DateField("on", null=True, blank=True)
    is_in_force = models.BooleanField("in force", default=True, help_text="Without it, it applies to no site")
    note = models.TextField("note", max_length=1000, blank=True)

    class Meta:
        verbose_name = "legal duty"
        verbose_name_plural = "legal duties"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(recurs="yearly", month__range=(1, 12), day__range=(1, 31))
                | Q(recurs="every", months__gte=1)
                | Q(recurs="once", once_on__isnull=False)
                | Q(recurs="event"),
                name="legal_duty_says_when",
                violation_error_message="Say when it is due: month and day, a number of months, or a date.",
            ),
            models.CheckConstraint(
                condition=Q(min_it_kw=None) | Q(min_it_kw__gt=0),
                name="legal_duty_power_positive",
                violation_error_message="Enter a power above 0 kW, or none.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        unknown = [place for place in self.places or () if place not in COUNTRIES and place not in GROUPS]
        if unknown:
            raise ValidationError({"places": f"There is no country or group {', '.join(unknown)}."})

    @property
    def rule(self) -> DutyRuleInForce:
        return DutyRuleInForce(
            id=self.pk,
            recurrence=Recurrence(self.recurs),
            places=tuple(self.places),
            sectors=tuple(self.sectors),
            min_it_kw=self.min_it_kw,
            month=self.month,
            day=self.day,
            months=self.months,
            once_on=self.once_on,
        )


@choices_held
class DutyProfile(models.Model):
    """IT power and sectors of a site, which the rules ask for beside its country."""

    HISTORY = True
    HISTORY_TITLE = ("site",)

    site = models.OneToOneField(Site, models.CASCADE, related_name="duty_profile", verbose_name="site")
    it_kw = models.FloatField(
        "installed IT power",
        null=True,
        blank=True,
        help_text="kW; empty: the contracted power stands in for it",
    )
    sectors = ArrayField(
        models.CharField(max_length=12, choices=Sector), default=list, blank=True, verbose_name="sectors"
    )
    source = models.CharField(
        "source", max_length=200, blank=True, help_text="Who says so, or where it is written"
    )

    class Meta:
        verbose_name = "duty profile"
        verbose_name_plural = "duty profiles"
        ordering = ["site__name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(it_kw=None) | Q(it_kw__gte=0),
                name="duty_profile_power_not_negative",
                violation_error_message="Enter 0 kW or more.",
            )
        ]

    def __str__(self) -> str:
        return f"Duty profile of {self.site}"


class DutyEntry(models.Model):
    """A legal duty in the register of one site. Those by rule come and go with the rule; others stay as entered.

    `due_on` is the next date. Proof that it was met is filed, which sets the date after it; earlier proof is in the
    history.
    """

    HISTORY = True
    HISTORY_TITLE = ("duty",)

    site = models.ForeignKey(Site, models.CASCADE, related_name="duty_entries", verbose_name="site")
    duty = models.ForeignKey(LegalDuty, models.CASCADE, related_name="entries", verbose_name="duty")
    owner = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="owner",
        help_text="The team that answers for it",
    )
    due_on = models.DateField(
        "due on", null=True, blank=True, help_text="The next date; empty: none is known"
    )
    due_hour = _due_hour()
    filed_on = models.DateField("proof filed on", null=True, editable=False)
    proof = models.CharField("proof", max_length=300, blank=True, editable=False)
    proof_url = models.URLField("address of the proof", max_length=300, blank=True, editable=False)
    by_rule = models.BooleanField("by rule", default=False, editable=False)
    applies = models.BooleanField("applies", default=True, editable=False)
    note = models.TextField("note", max_length=1000, blank=True)

    class Meta:
        verbose_name = "duty"
        verbose_name_plural = "duties"
        ordering = ["site__name", "duty__name", "id"]
        permissions = [("file_dutyentry", "Can file proof that a duty was met")]
        triggers = claims(OWN_SITE, origin="record")
        indexes = [models.Index(fields=["due_on"], name="duty_entry_due_on")]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "duty"],
                name="duty_entry_once_a_site",
                violation_error_message="This duty is in the site's register already.",
            ),
            models.CheckConstraint(
                condition=Q(filed_on=None, proof="", proof_url="")
                | Q(filed_on__isnull=False, proof__regex=r"\S"),
                name="duty_entry_proof_says_what",
                violation_error_message="Say what proves it.",
            ),
            models.CheckConstraint(
                condition=Q(applies=True) | Q(by_rule=True), name="duty_entry_ends_by_rule"
            ),
            _hour_of_day("duty_entry_hour_of_day"),
        ]

    def __str__(self) -> str:
        return f"{self.duty} at {self.site}"


@choices_held
class Certificate(models.Model):
    """A certificate of a site. It counts in the register until it is given up."""

    HISTORY = True

    class Scheme(models.TextChoices):
        TIA_942 = "tia-942", "ANSI/TIA-942"
        TIER = "tier", "Uptime Tier"
        OCP_READY = "ocp-ready", "OCP Ready"
        EN_50600 = "en-50600", "EN 50600"
        ISO_27001 = "iso-27001", "ISO/IEC 27001"
        ISO_50001 = "iso-50001", "ISO 50001"
        ISO_22301 = "iso-22301", "ISO 22301"
        OTHER = "other", "Other"

    LEVELS = ("architecture", "electrical", "mechanical", "telecom")

    site = models.ForeignKey(Site, models.CASCADE, related_name="certificates", verbose_name="site")
    scheme = models.CharField("scheme", max_length=12, choices=Scheme)
    number = models.CharField("number", max_length=60, help_text="What the assessor calls it")
    scope = models.CharField("scope", max_length=300, help_text="What it covers: halls, systems, processes")
    level = models.CharField(
        "level", max_length=20, blank=True, help_text="Overall, such as Rated-3 or Tier III"
    )
    architecture = models.CharField("level of architecture", max_length=20, blank=True)
    electrical = models.CharField("level of electrical", max_length=20, blank=True)
    mechanical = models.CharField("level of mechanical", max_length=20, blank=True)
    telecom = models.CharField("level of telecommunications", max_length=20, blank=True)
    assessor = models.CharField("assessor", max_length=150, help_text="The body that certified it; no person")
    issued_on = models.DateField("issued on")
    surveillance_on = models.DateField(
        "next surveillance", null=True, blank=True, help_text="The audit between two full ones"
    )
    expires_on = models.DateField("expires on", null=True, blank=True, help_text="Empty: it does not expire")
    due_hour = _due_hour()
    owner = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="owner",
        help_text="The team that keeps it valid",
    )
    url = models.URLField("address", max_length=300, blank=True, help_text="Where the document is kept")
    given_up_on = models.DateField(
        "given up on", null=True, blank=True, help_text="From this day on it is not kept, and does not count"
    )
    note = models.TextField("note", max_length=1000, blank=True)

    class Meta:
        verbose_name = "certificate"
        verbose_name_plural = "certificates"
        ordering = ["site__name", "scheme", "number", "id"]
        triggers = claims(OWN_SITE, origin="record")
        constraints = [
            models.UniqueConstraint(
                fields=["site", "scheme", "number"],
                name="certificate_once_a_site",
                violation_error_message="The site has this certificate already.",
            ),
            models.CheckConstraint(
                condition=(Q(expires_on=None) | Q(expires_on__gte=F("issued_on")))
                & (Q(surveillance_on=None) | Q(surveillance_on__gte=F("issued_on"))),
                name="certificate_ends_after_issue",
                violation_error_message="It ends before it was issued.",
            ),
            _hour_of_day("certificate_hour_of_day"),
        ]

    def __str__(self) -> str:
        return f"{self.get_scheme_display()} {self.number}"


@choices_held
class EnergyFigure(models.Model):
    """A figure of one site and year for the report under Delegated Regulation (EU) 2024/1364."""

    HISTORY = True
    HISTORY_TITLE = ("figure",)

    class Figure(models.TextChoices):
        """Figures of Annex II in its words and units; those without a number, such as refrigerants, are left out."""

        PD_IT = "pd-it", "Installed IT power demand, kW"
        S_DC = "s-dc", "Total floor area, m²"
        S_CR = "s-cr", "Computer room floor area, m²"
        E_DC = "e-dc", "Total energy consumption, kWh"
        E_DC_BG = "e-dc-bg", "Energy consumption from back-up generators, kWh"
        E_IT = "e-it", "Total energy consumption of IT equipment, kWh"
        C_BTG = "c-btg", "Average battery capacity offered to the grid, kW"
        W_IN = "w-in", "Total water input, m³"
        W_IN_POT = "w-in-pot", "Total potable water input, m³"
        E_REUSE = "e-reuse", "Waste heat reused, kWh"
        T_WH = "t-wh", "Average waste heat temperature, °C"
        T_IN = "t-in", "Average setpoint of IT intake air temperature, °C"
        CDD = "cdd", "Cooling degree days, degree-days"
        E_RES_TOT = "e-res-tot", "Total renewable energy consumption, kWh"
        E_RES_GOO = "e-res-goo", "Renewable energy from guarantees of origin, kWh"
        E_RES_PPA = "e-res-ppa", "Renewable energy from power purchasing agreements, kWh"
        E_RES_OS = "e-res-os", "Renewable energy from on-site renewables, kWh"
        C_SERV = "c-serv", "ICT capacity for servers, SERT score"
        C_STOR = "c-stor", "ICT capacity for storage equipment, PB"
        B_IN = "b-in", "Incoming traffic bandwidth, GB/s"
        B_OUT = "b-out", "Outgoing traffic bandwidth, GB/s"
        D_IN = "d-in", "Incoming data traffic, EB"
        D_OUT = "d-out", "Outgoing data traffic, EB"

    site = models.ForeignKey(Site, models.CASCADE, related_name="energy_figures", verbose_name="site")
    year = models.PositiveSmallIntegerField("year", help_text="The calendar year that the figure is of")
    figure = models.CharField("figure", max_length=12, choices=Figure)
    value = models.FloatField("value", help_text="In the figure's unit")
    source = models.CharField(
        "source", max_length=200, help_text="The meter, invoice or calculation behind it"
    )

    class Meta:
        verbose_name = "energy figure"
        verbose_name_plural = "energy figures"
        ordering = ["-year", "site__name", "figure", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "year", "figure"],
                name="energy_figure_once_a_year",
                violation_error_message="The site has this figure of that year already.",
            ),
            models.CheckConstraint(
                condition=Q(year__range=(2020, 2100)),
                name="energy_figure_year_is_near",
                violation_error_message="Enter a year between 2020 and 2100.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_figure_display()}, {self.year}"


def subject_of(site: Site, profile: DutyProfile | None) -> DutySubject:
    profile_kw = profile.it_kw if profile else None
    return DutySubject(
        country=site.country,
        it_kw=site.contracted_kw if profile_kw is None else profile_kw,
        sectors=frozenset(profile.sectors) if profile else frozenset(),
    )
