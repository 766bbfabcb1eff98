"""Who is qualified in a skill, confirmed by whom, and who is exempt from one."""

from datetime import datetime, timedelta
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inventory.models import DeviceType
from inventory.models.constraints import choices_held
from readiness.organisation.people.models.constraints import ends_after
from readiness.organisation.people.models.skills import Skill, refuse_level
from readiness.organisation.people.models.staff import Person
from readiness.organisation.people.models.triggers import claims, lasts, sites_of_person


def _user_key(label: str) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=label,
    )


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


# Who entered it is the writer of the history. Whoever changes what was confirmed makes it wait again, unless it only
# ends sooner.
CONFIRMED_AS_ENTERED = pgtrigger.Trigger(
    name="confirmed_as_entered",
    operation=pgtrigger.Insert | pgtrigger.Update,
    when=pgtrigger.Before,
    declare=[("writer", "bigint")],
    func="""
        writer := nullif(current_setting('muster.acting', true), '')::jsonb ->> 'user';
        IF TG_OP = 'INSERT' THEN
            NEW.entered_by_id := coalesce(NEW.entered_by_id, writer);
        ELSIF (NEW.person_id, NEW.skill_id, NEW.level, NEW.basis) IS DISTINCT FROM
                (OLD.person_id, OLD.skill_id, OLD.level, OLD.basis)
            OR (NEW.device_type_id, NEW.assessed_by_id, NEW.shown_at) IS DISTINCT FROM
                (OLD.device_type_id, OLD.assessed_by_id, OLD.shown_at)
            OR coalesce(NEW.valid_until, 'infinity') > coalesce(OLD.valid_until, 'infinity') THEN
            NEW.entered_by_id := coalesce(writer, NEW.entered_by_id);
            NEW.confirmed_at := NULL;
            NEW.confirmed_by_id := NULL;
        END IF;
        RETURN NEW;
    """,
)


class QualificationQuerySet(models.QuerySet["Qualification"]):
    def counting(self, at: datetime) -> Self:
        """Those that fill a requirement at this instant: confirmed by their assessor, begun, neither ended nor
        revoked."""
        return self.filter(
            Q(valid_until=None) | Q(valid_until__gt=at),
            Q(revoked_at=None) | Q(revoked_at__gt=at),
            shown_at__lte=at,
            confirmed_at__lte=at,
        )


@choices_held
class Qualification(models.Model):
    """A person showed a skill at a level. `device_type` is the hardware it was shown on, which names its vendor.

    It counts once its assessor confirmed it with their own account; until then it is only declared. One that was there
    before is confirmed by nobody.
    """

    HISTORY = True
    HISTORY_TITLE = ("person", "skill")
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
        REFUSED = "refused", "Not confirmed by its assessor"

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
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="assessed by",
        help_text="Who saw it, or saw the licence; it counts once they confirm it with their own account",
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
    entered_by = _user_key("entered by")
    confirmed_by = _user_key("confirmed by")
    confirmed_at = models.DateTimeField("confirmed at", null=True, blank=True, editable=False)

    objects = QualificationQuerySet.as_manager()

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
            models.CheckConstraint(
                condition=Q(confirmed_by=None)
                | (
                    Q(assessed_by__isnull=False, confirmed_at__isnull=False)
                    & (Q(entered_by=None) | ~Q(confirmed_by=F("entered_by")))
                ),
                name="qualification_confirmed_by_another",
                violation_error_message="Who entered a qualification does not confirm it.",
            ),
        ]
        triggers = [
            *claims(sites_of_person()),
            PREREQUISITES_HELD,
            CONFIRMED_AS_ENTERED,
            lasts("shown_at", table="people_skill", key="skill_id"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.skill}, level {self.level}"

    def clean(self) -> None:
        if self.skill_id:
            refuse_level(self.skill, self.level)


# Whoever changes what was approved grants it anew.
APPROVED_AS_GRANTED = pgtrigger.Trigger(
    name="approved_as_granted",
    operation=pgtrigger.Update,
    when=pgtrigger.Before,
    func="""
        IF (NEW.person_id, NEW.skill_id, NEW.reason, NEW.begins_at, NEW.ends_at)
            IS DISTINCT FROM (OLD.person_id, OLD.skill_id, OLD.reason, OLD.begins_at, OLD.ends_at) THEN
            NEW.granted_by_id := coalesce(
                (nullif(current_setting('muster.acting', true), '')::jsonb ->> 'user')::bigint, NEW.granted_by_id);
            NEW.approved_at := NULL;
            NEW.approved_by_id := NULL;
        END IF;
        RETURN NEW;
    """,
)
LONGEST_EXEMPTION = timedelta(days=366)
"""A year, whichever it is. Operator-set default: whoever is exempt for longer belongs in another team."""


class ExemptionQuerySet(models.QuerySet["SkillExemption"]):
    def counting(self, at: datetime) -> Self:
        """Those in force at this instant: a second person approved them."""
        return self.filter(begins_at__lte=at, ends_at__gt=at, approved_at__lte=at)


@choices_held
class SkillExemption(models.Model):
    """A person need not hold a skill for a time, a year at most. It counts once a second person approved it; one that
    was there before is approved by nobody. The reason is one of a few: nothing on health or performance.

    `was_until` is the end that one from before this limit had.
    """

    HISTORY = True
    HISTORY_TITLE = ("person", "skill")
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
    approved_by = _user_key("approved by")
    approved_at = models.DateTimeField("approved at", null=True, blank=True, editable=False)
    was_until = models.DateTimeField(
        "ended before the limit at",
        null=True,
        blank=True,
        editable=False,
        help_text="The end of an exemption from before they ended within a year",
    )

    objects = ExemptionQuerySet.as_manager()

    class Meta:
        verbose_name = "skill exemption"
        verbose_name_plural = "skill exemptions"
        ordering = ["person__name", "skill__name", "id"]
        constraints = [
            ends_after(
                "begins_at", "ends_at", "exemption_ends_after_it_begins", "It must end after it begins."
            ),
            models.CheckConstraint(
                condition=Q(ends_at__lte=F("begins_at") + LONGEST_EXEMPTION) | Q(was_until__isnull=False),
                name="exemption_ends_within_a_year",
                violation_error_message="An exemption lasts a year at most.",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None)
                | (Q(approved_at__isnull=False) & ~Q(approved_by=F("granted_by"))),
                name="exemption_approved_by_another",
                violation_error_message="Who grants an exemption does not approve it.",
            ),
        ]
        triggers = [*claims(sites_of_person()), APPROVED_AS_GRANTED]

    def __str__(self) -> str:
        return f"{self.person}: no {self.skill}"
