"""Skills, and which are required by what is installed."""

from collections.abc import Mapping

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from inventory.models import CoolingUnit, Port
from inventory.models.constraints import choices_held
from readiness.demand.workloads.models import KINDS as WORKLOADS
from readiness.organisation.people.core.installed import DUAL_FEED, GENERATOR, UPS, StackSubject
from readiness.organisation.people.models.triggers import claims, sites_of_everybody
from web.units import how_many


class WorkDomain(models.TextChoices):
    """The three domains, and the two trades that belong to none of them."""

    COMPUTE = "compute", "Compute"
    NETWORK = "network", "Network"
    ENERGY = "energy", "Energy"
    ORCHESTRATION = "orchestration", "Orchestration"
    SECURITY = "security", "Security and compliance"


@choices_held
class Skill(models.Model):
    """`levels` describe level 1, 2 and so on; a qualification names one of them."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    name = models.CharField("name", max_length=100, unique=True)
    slug = models.SlugField("slug", max_length=100, unique=True)
    domain = models.CharField("domain", max_length=16, choices=WorkDomain)
    description = models.CharField("description", max_length=200, blank=True)
    levels = ArrayField(
        models.CharField(max_length=200),
        verbose_name="levels",
        help_text="What somebody at level 1 can do, then at level 2, and so on",
    )
    valid_days = models.PositiveSmallIntegerField(
        "valid for", null=True, blank=True, help_text="Days after it was shown; empty: without end"
    )
    prerequisites = models.ManyToManyField(
        "self", through="SkillPrerequisite", symmetrical=False, verbose_name="prerequisites"
    )

    class Meta:
        verbose_name = "skill"
        verbose_name_plural = "skills"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(levels__len__gte=1) & Q(levels__len__lte=7),
                name="skill_has_levels",
                violation_error_message="A skill has 1 to 7 levels.",
            )
        ]
        triggers = claims(sites_of_everybody())

    def __str__(self) -> str:
        return self.name


def refuse_level(skill: Skill, level: int) -> None:
    """Raises ValidationError for a level that the skill does not describe."""
    if level > len(skill.levels):
        raise ValidationError({"level": f"{skill} has {how_many(len(skill.levels), 'level', 'levels')}."})


class SkillPrerequisite(models.Model):
    HISTORY = True
    HISTORY_TITLE = ("skill", "needed")
    VISIBLE_WHERE = "true"  # organisation-wide

    skill = models.ForeignKey(Skill, models.CASCADE, related_name="needs", verbose_name="skill")
    needed = models.ForeignKey(Skill, models.PROTECT, related_name="needed_by", verbose_name="needed skill")
    level = models.PositiveSmallIntegerField("level", default=1)

    class Meta:
        verbose_name = "skill prerequisite"
        verbose_name_plural = "skill prerequisites"
        ordering = ["skill__name", "needed__name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["skill", "needed"], name="skill_prerequisite_once"),
            models.CheckConstraint(
                condition=~Q(skill=F("needed")),
                name="skill_needs_another",
                violation_error_message="A skill cannot be its own prerequisite.",
            ),
        ]
        triggers = claims(sites_of_everybody())

    def __str__(self) -> str:
        return f"{self.skill} needs {self.needed}"

    def clean(self) -> None:
        if self.needed_id:
            refuse_level(self.needed, self.level)


VERSION_RISES = pgtrigger.Trigger(
    name="version_rises",
    operation=pgtrigger.Update,
    when=pgtrigger.Before,
    func="IF NEW IS DISTINCT FROM OLD THEN NEW.version = OLD.version + 1; END IF; RETURN NEW;",
)


@choices_held
class CapabilityRule(models.Model):
    """Installed equipment requires people of a skill. `version` counts the changes of a rule.

    `value` is what `subject` must be, such as the slug of a manufacturer; empty: whatever it is, each value by itself.
    """

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    class Subject(models.TextChoices):
        SITE = StackSubject.SITE.value, "Every site"
        ACCELERATOR_VENDOR = StackSubject.ACCELERATOR_VENDOR.value, "Vendor of accelerators"
        FABRIC_VENDOR = StackSubject.FABRIC_VENDOR.value, "Vendor of switches and routers"
        FABRIC = StackSubject.FABRIC.value, "Kind of fabric"
        COOLING = StackSubject.COOLING.value, "Kind of cooling"
        POWER = StackSubject.POWER.value, "Power equipment"
        WORKLOAD = StackSubject.WORKLOAD.value, "Kind of workload"

    name = models.CharField("name", max_length=100, unique=True)
    slug = models.SlugField("slug", max_length=100, unique=True)
    subject = models.CharField("subject", max_length=20, choices=Subject)
    value = models.CharField(
        "value", max_length=100, blank=True, help_text="Empty: each value that is found, by itself"
    )
    skill = models.ForeignKey(Skill, models.PROTECT, related_name="rules", verbose_name="skill")
    level = models.PositiveSmallIntegerField("level", default=1, help_text="At least")
    people = models.PositiveSmallIntegerField("people", default=2, help_text="Needed at the site")
    per_shift = models.PositiveSmallIntegerField(
        "people per shift", default=1, help_text="Of those on call in the skill's domain; 0: none"
    )
    is_in_force = models.BooleanField("in force", default=True)
    version = models.PositiveIntegerField("version", default=1, editable=False)

    class Meta:
        verbose_name = "capability rule"
        verbose_name_plural = "capability rules"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(people__gte=1), name="capability_rule_asks_for_people"),
            models.CheckConstraint(
                condition=Q(level__gte=1) & Q(level__lte=7), name="capability_rule_level_known"
            ),
        ]
        triggers = [*claims(sites_of_everybody()), VERSION_RISES]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        allowed_values = SUBJECT_VALUES.get(self.subject)
        if allowed_values and self.value and self.value not in allowed_values:
            raise ValidationError({"value": f"One of these is expected: {', '.join(allowed_values)}."})
        if self.skill_id:
            refuse_level(self.skill, self.level)


SUBJECT_VALUES: Mapping[str, Mapping[str, str]] = {
    CapabilityRule.Subject.FABRIC.value: dict(Port.Kind.choices),
    CapabilityRule.Subject.COOLING.value: dict(CoolingUnit.Medium.choices),
    CapabilityRule.Subject.POWER.value: {
        UPS: "UPS",
        GENERATOR: "Generator",
        DUAL_FEED: "Racks with two feeds",
    },
    CapabilityRule.Subject.WORKLOAD.value: WORKLOADS,
}
"""Values of subjects, with their names. Those of a vendor are slugs of manufacturers, that of a site is its slug."""
