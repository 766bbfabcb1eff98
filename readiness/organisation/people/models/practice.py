"""Procedures and documents, alert rules that page, and drills with who took part, what came of them."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from readiness.organisation.people.models.staff import Person, Team
from readiness.organisation.people.models.triggers import ITS_SITE, claims, sites_stated_or_all, through
from web.units import day


@choices_held
class Procedure(models.Model):
    """How something is done, or a document that everybody must find. Without a site it is of all sites."""

    HISTORY = True

    class Kind(models.TextChoices):
        RUNBOOK = "runbook", "Runbook"
        SOP = "sop", "Standard operating procedure"
        MOP = "mop", "Method of procedure"
        EOP = "eop", "Emergency operating procedure"
        AOP = "aop", "Off-normal operating procedure"
        AS_BUILT_TOPOLOGY = "as-built-topology", "As-built topology"
        POWER_DIAGRAM = "power-diagram", "Single-line power diagram"
        COOLING_SCHEMATIC = "cooling-schematic", "Cooling schematic"
        CAPACITY_PLAN = "capacity-plan", "Capacity plan"
        ESCALATION_TREE = "escalation-tree", "Escalation tree"
        SECURITY_POLICY = "security-policy", "Security policy"
        RECOVERY_PLAN = "recovery-plan", "Recovery plan"

    class Risk(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"

    DOCUMENTS = (
        *(Kind.AS_BUILT_TOPOLOGY, Kind.POWER_DIAGRAM, Kind.COOLING_SCHEMATIC, Kind.CAPACITY_PLAN),
        *(Kind.ESCALATION_TREE, Kind.SECURITY_POLICY, Kind.RECOVERY_PLAN),
    )

    site = models.ForeignKey(
        Site,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="procedures",
        verbose_name="site",
        help_text="Empty: of all sites",
    )
    kind = models.CharField("kind", max_length=20, choices=Kind)
    title = models.CharField("title", max_length=150)
    slug = models.SlugField("slug", max_length=100, unique=True)
    version = models.CharField("version", max_length=30, blank=True)
    url = models.URLField("address", max_length=300, blank=True, help_text="Where the text is kept")
    owner = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="owner"
    )
    scope = models.CharField(
        "scope", max_length=300, blank=True, help_text="What it is for, and what it is not for"
    )
    risk = models.CharField("risk", max_length=8, choices=Risk, blank=True)
    check_points = models.TextField(
        "check points", blank=True, help_text="Where to stop and look, one on a line"
    )
    back_out = models.TextField("back-out", blank=True, help_text="How to return from each check point")
    approvals = models.CharField(
        "approvals", max_length=200, blank=True, help_text="Roles that must agree before"
    )
    checks = ArrayField(
        models.CharField(max_length=50),
        default=list,
        blank=True,
        verbose_name="checks",
        help_text="Checks of the framework that it serves",
    )
    reviewed_at = models.DateTimeField("reviewed at", null=True, blank=True)
    subject_changed_at = models.DateTimeField(
        "subject changed at", null=True, blank=True, help_text="When what it describes last changed"
    )
    review_days = models.PositiveSmallIntegerField("review every", default=180, help_text="Days")

    class Meta:
        verbose_name = "procedure"
        verbose_name_plural = "procedures"
        ordering = ["title", "id"]
        constraints = [models.CheckConstraint(condition=Q(review_days__gte=1), name="procedure_is_reviewed")]
        triggers = claims(sites_stated_or_all())

    def __str__(self) -> str:
        return self.title


class AlertRule(models.Model):
    """An alert that pages somebody, and the runbook it links to. Without a site it pages for all sites."""

    HISTORY = True
    VISIBLE_BY = ("site",)

    site = models.ForeignKey(
        Site,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="alert_rules",
        verbose_name="site",
        help_text="Empty: of all sites",
    )
    name = models.CharField("name", max_length=150)
    is_critical = models.BooleanField("critical", default=False)
    runbook = models.ForeignKey(
        Procedure, models.SET_NULL, null=True, blank=True, related_name="alert_rules", verbose_name="runbook"
    )

    class Meta:
        verbose_name = "alert rule"
        verbose_name_plural = "alert rules"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "name"],
                nulls_distinct=False,
                name="alert_rule_once",
                violation_error_message="There is such an alert rule already.",
            )
        ]
        triggers = claims(sites_stated_or_all())

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.runbook is not None and self.runbook.site_id not in {None, self.site_id}:
            raise ValidationError({"runbook": "This runbook is of another site."})


@choices_held
class Drill(models.Model):
    HISTORY = True

    class Kind(models.TextChoices):
        LIVE = "live", "Live drill"
        TABLETOP = "tabletop", "Tabletop exercise"

    class Result(models.TextChoices):
        PLANNED = "planned", "Planned"
        PASSED = "passed", "Passed"
        WITH_ACTIONS = "with-actions", "Passed with actions"
        FAILED = "failed", "Failed"

    site = models.ForeignKey(Site, models.CASCADE, related_name="drills", verbose_name="site")
    name = models.CharField("name", max_length=150)
    kind = models.CharField("kind", max_length=10, choices=Kind, default=Kind.LIVE)
    scenario = models.TextField("scenario", blank=True, help_text="What fails, and what is expected of whom")
    held_at = models.DateTimeField("held at")
    result = models.CharField("result", max_length=12, choices=Result, default=Result.PLANNED)
    procedures = models.ManyToManyField(
        Procedure, through="Exercise", related_name="drills", blank=True, verbose_name="procedures"
    )
    participants = models.ManyToManyField(
        Person, through="Participant", related_name="drills", blank=True, verbose_name="participants"
    )

    class Meta:
        verbose_name = "drill"
        verbose_name_plural = "drills"
        ordering = ["-held_at", "id"]
        triggers = claims(ITS_SITE)

    def __str__(self) -> str:
        return f"{self.name}, {day(self.held_at)}"


class Exercise(models.Model):
    """A procedure that a drill exercised."""

    HISTORY = True
    HISTORY_TITLE = ("procedure",)

    drill = models.ForeignKey(Drill, models.CASCADE, related_name="exercises", verbose_name="drill")
    procedure = models.ForeignKey(
        Procedure, models.CASCADE, related_name="exercises", verbose_name="procedure"
    )

    class Meta:
        verbose_name = "exercised procedure"
        verbose_name_plural = "exercised procedures"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["drill", "procedure"], name="exercise_once")]
        triggers = claims(through("people_drill", "drill_id"))

    def __str__(self) -> str:
        return f"{self.procedure} in {self.drill}"


@choices_held
class Participant(models.Model):
    """Somebody who took part in a drill, and the domain they stood for."""

    HISTORY = True
    HISTORY_TITLE = ("person",)
    HISTORY_PERMISSION = "people.view_person"
    WRITABLE_BY = ("person",)

    class Domain(models.TextChoices):
        COMPUTE = "compute", "Compute"
        NETWORK = "network", "Network"
        ENERGY = "energy", "Energy"
        PLANNING = "planning", "Planning"

    drill = models.ForeignKey(Drill, models.CASCADE, related_name="turnout", verbose_name="drill")
    person = models.ForeignKey(Person, models.CASCADE, related_name="participations", verbose_name="person")
    domain = models.CharField("domain", max_length=10, choices=Domain)

    class Meta:
        verbose_name = "participant"
        verbose_name_plural = "participants"
        ordering = ["person__name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["drill", "person"],
                name="participant_once",
                violation_error_message="This person took part already.",
            )
        ]
        triggers = claims(through("people_drill", "drill_id"))

    def __str__(self) -> str:
        return f"{self.person} in {self.drill}"


class DrillAction(models.Model):
    """Something to be done after a drill."""

    HISTORY = True
    HISTORY_TITLE = ("text",)

    drill = models.ForeignKey(Drill, models.CASCADE, related_name="actions", verbose_name="drill")
    text = models.CharField("action", max_length=300)
    team = models.ForeignKey(Team, models.PROTECT, related_name="+", verbose_name="team")
    due_at = models.DateTimeField("due at")
    done_at = models.DateTimeField("done at", null=True, blank=True)

    class Meta:
        verbose_name = "drill action"
        verbose_name_plural = "drill actions"
        ordering = ["due_at", "id"]

    def __str__(self) -> str:
        return f"{self.text} ({self.drill})"
