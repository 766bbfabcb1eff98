"""Skills, who is qualified in them, who is exempt, and which are required by what is installed."""

from collections.abc import Mapping

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from inventory.models import CoolingUnit, DeviceType, Port
from inventory.models.constraints import choices_held
from readiness.demand.workloads.models import KINDS as WORKLOADS
from readiness.organisation.people.models.constraints import ends_after
from readiness.organisation.people.models.staff import Person
from readiness.organisation.people.models.triggers import claims, lasts, sites_of_everybody, sites_of_person
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


# Whoever learns a skill had what it needs at that time; that it ended since takes nothing back.
PREREQUISITES_HELD = pgtrigger.Trigger(
    name="prerequisites_held",
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("person_id", "skill_id", "shown_at"),
    when=pgtrigger.Before,
    declare=[("missing", "text")],
    func="""
        SELECT needed.name || ', level ' || prerequisite.level INTO missing
        FROM people_skillprerequisite AS prerequisite JOIN people_skill AS needed ON needed.id = prerequisite.needed_id
        WHERE prerequisite.skill_id = NEW.skill_id AND NOT EXISTS (
            SELECT FROM people_qualification AS held
            WHERE held.person_id = NEW.person_id AND held.skill_id = prerequisite.needed_id
                AND held.level >= prerequisite.level AND held.shown_at <= NEW.shown_at
                AND (held.valid_until IS NULL OR held.valid_until > NEW.shown_at)
                AND (held.revoked_at IS NULL OR held.revoked_at > NEW.shown_at))
        ORDER BY needed.name LIMIT 1;
        IF missing IS NOT NULL THEN
            RAISE EXCEPTION 'This skill needs another first, which the person did not hold then: %.', missing
                USING ERRCODE = 'check_violation', CONSTRAINT = 'qualification_needs_prerequisites',
                TABLE = 'people_qualification', COLUMN = 'skill_id';
        END IF;
        RETURN NEW;
    """,
)


@choices_held
class Qualification(models.Model):
    """A person showed a skill at a level. `device_type` is the hardware it was shown on, which names its vendor."""

    HISTORY = True
    HISTORY_PERMISSION = "people.view_person"
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_BY = ("person",)

    class Basis(models.TextChoices):
        DECLARED = "declared", "Declared"
        ASSESSED = "assessed", "Assessed hands-on"
        EXERCISED = "exercised", "Exercised at work"
        LICENSED = "licensed", "Licensed"

    class RevokedFor(models.TextChoices):
        EXPIRED_PRACTICE = "no-practice", "No recent practice"
        REPLACED = "replaced", "Replaced by another qualification"
        MISTAKE = "mistake", "Entered by mistake"
        WITHDRAWN = "withdrawn", "Withdrawn by whoever issued it"

    person = models.ForeignKey(Person, models.CASCADE, related_name="qualifications", verbose_name="person")
    skill = models.ForeignKey(Skill, models.PROTECT, related_name="qualifications", verbose_name="skill")
    level = models.PositiveSmallIntegerField("level", default=1)
    basis = models.CharField("how it was shown", max_length=12, choices=Basis)
    device_type = models.ForeignKey(
        DeviceType,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="shown on",
        help_text="The hardware generation; empty where the skill is of no hardware",
    )
    assessed_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="assessed by"
    )
    evidence = models.CharField(
        "evidence",
        max_length=300,
        blank=True,
        help_text="An address, or the number of a licence or certificate",
    )
    shown_at = models.DateTimeField("shown at")
    valid_until = models.DateTimeField("valid until", null=True, blank=True)
    revoked_at = models.DateTimeField("revoked at", null=True, blank=True, editable=False)
    revoked_for = models.CharField(
        "revoked for", max_length=12, choices=RevokedFor, blank=True, editable=False
    )

    class Meta:
        verbose_name = "qualification"
        verbose_name_plural = "qualifications"
        ordering = ["person__name", "skill__name", "-shown_at", "id"]
        indexes = [models.Index(fields=["skill", "person"], name="qualification_by_skill")]
        constraints = [
            models.CheckConstraint(
                condition=Q(level__gte=1) & Q(level__lte=7), name="qualification_level_known"
            ),
            ends_after(
                "shown_at",
                "valid_until",
                "qualification_ends_after_it_began",
                "It must be valid until after it was shown.",
                open_end=True,
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_for="")
                | (Q(revoked_at__isnull=False) & ~Q(revoked_for="")),
                name="qualification_revoked_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(assessed_by=F("person")),
                name="qualification_assessed_by_another",
                violation_error_message="Nobody assesses themselves.",
            ),
        ]
        triggers = [
            *claims(sites_of_person()),
            PREREQUISITES_HELD,
            lasts("shown_at", table="people_skill", key="skill_id"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.skill}, level {self.level}"

    def clean(self) -> None:
        if self.skill_id:
            refuse_level(self.skill, self.level)


@choices_held
class SkillExemption(models.Model):
    """A person need not hold a skill for a time. The reason is one of a few: nothing on health or performance."""

    HISTORY = True
    HISTORY_PERMISSION = "people.view_person"
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_BY = ("person",)

    class Reason(models.TextChoices):
        NEW = "new", "New in the team"
        OTHER_DUTY = "other-duty", "Other duties"
        VENDOR = "vendor", "The vendor's staff covers it"
        EQUIVALENT = "equivalent", "Holds an equivalent qualification"

    person = models.ForeignKey(Person, models.CASCADE, related_name="exemptions", verbose_name="person")
    skill = models.ForeignKey(Skill, models.CASCADE, related_name="exemptions", verbose_name="skill")
    reason = models.CharField("ground", max_length=12, choices=Reason)
    begins_at = models.DateTimeField("begins at")
    ends_at = models.DateTimeField("ends at")
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name="granted by"
    )

    class Meta:
        verbose_name = "skill exemption"
        verbose_name_plural = "skill exemptions"
        ordering = ["person__name", "skill__name", "id"]
        constraints = [
            ends_after(
                "begins_at", "ends_at", "exemption_ends_after_it_begins", "It must end after it begins."
            )
        ]
        triggers = claims(sites_of_person())

    def __str__(self) -> str:
        return f"{self.person}: no {self.skill}"


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
        SITE = "site", "Every site"
        ACCELERATOR_VENDOR = "accelerator-vendor", "Vendor of accelerators"
        FABRIC_VENDOR = "fabric-vendor", "Vendor of switches and routers"
        FABRIC = "fabric", "Kind of fabric"
        COOLING = "cooling", "Kind of cooling"
        POWER = "power", "Power equipment"
        WORKLOAD = "workload", "Kind of workload"

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


UPS, GENERATOR, DUAL_FEED = "ups", "generator", "dual-feed"
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
