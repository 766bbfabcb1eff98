"""Courses, and who was assigned to and completed which."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from inventory.models import Manufacturer
from inventory.models.constraints import choices_held
from readiness.organisation.people.models.practice import Procedure
from readiness.organisation.people.models.skills import Skill, WorkDomain, refuse_level
from readiness.organisation.people.models.staff import Person
from readiness.organisation.people.models.triggers import claims, lasts, sites_of_everybody, sites_of_person


@choices_held
class Course(models.Model):
    """Something to learn: a course, a module that teaches a procedure, or a shift beside somebody of another domain."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    class Kind(models.TextChoices):
        COURSE = "course", "Course"
        MODULE = "module", "Module"
        SHADOW_SHIFT = "shadow-shift", "Shadow shift"

    name = models.CharField("name", max_length=150, unique=True)
    slug = models.SlugField("slug", max_length=100, unique=True)
    kind = models.CharField("kind", max_length=12, choices=Kind, default=Kind.COURSE)
    domain = models.CharField("domain", max_length=16, choices=WorkDomain)
    skill = models.ForeignKey(
        Skill,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="courses",
        verbose_name="skill",
        help_text="Which it leads to",
    )
    level = models.PositiveSmallIntegerField("level", default=1, help_text="Of the skill, which it leads to")
    manufacturer = models.ForeignKey(
        Manufacturer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="on hardware of",
        help_text="Empty: of any manufacturer, or of none",
    )
    procedure = models.ForeignKey(
        Procedure,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="courses",
        verbose_name="procedure",
        help_text="Which it teaches",
    )
    days = models.FloatField("takes", default=1, help_text="Working days")
    dates = ArrayField(
        models.DateField(),
        verbose_name="begins on",
        default=list,
        blank=True,
        help_text="Days, with a comma between them; empty: on any working day",
    )
    places = models.PositiveSmallIntegerField(
        "places", null=True, blank=True, help_text="People on each date; empty: as many as come"
    )
    valid_days = models.PositiveSmallIntegerField("valid for", default=365, help_text="Days after completion")

    class Meta:
        verbose_name = "course"
        verbose_name_plural = "courses"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(days__gt=0), name="course_takes_time"),
            models.CheckConstraint(condition=Q(level__gte=1) & Q(level__lte=7), name="course_level_known"),
            models.CheckConstraint(
                condition=Q(places=None) | Q(places__gte=1),
                name="course_has_places",
                violation_error_message="A course has at least one place.",
            ),
        ]
        triggers = claims(sites_of_everybody())

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.skill:
            refuse_level(self.skill, self.level)

    def leads_to(self, level: int, vendor: str) -> bool:
        """Whether it leads to a level of its skill, on a vendor's hardware if that matters."""
        maker = self.manufacturer.slug if self.manufacturer else ""
        return self.level >= level and (maker in ("", vendor) or not vendor)


# Whoever takes the last place of a date waits for others who take one at the same moment.
HAS_A_PLACE = pgtrigger.Trigger(
    name="has_a_place",
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("course_id", "starts_on"),
    when=pgtrigger.Before,
    declare=[("course", "people_course")],
    func="""
        IF NEW.starts_on IS NULL THEN RETURN NEW; END IF;
        PERFORM pg_advisory_xact_lock('people_course'::regclass::oid::integer, NEW.course_id::integer);
        SELECT * INTO course FROM people_course WHERE id = NEW.course_id;
        IF NOT NEW.starts_on = ANY(course.dates) THEN
            RAISE EXCEPTION 'This course does not begin on %.', NEW.starts_on
                USING ERRCODE = 'check_violation', CONSTRAINT = 'training_on_a_date_of_its_course',
                TABLE = 'people_training', COLUMN = 'starts_on';
        END IF;
        IF course.places <= (SELECT count(*) FROM people_training AS other
                WHERE other.course_id = NEW.course_id AND other.starts_on = NEW.starts_on AND other.id <> NEW.id) THEN
            RAISE EXCEPTION 'The course that begins on % has no place left.', NEW.starts_on
                USING ERRCODE = 'check_violation', CONSTRAINT = 'training_has_a_place',
                TABLE = 'people_training', COLUMN = 'starts_on';
        END IF;
        RETURN NEW;
    """,
)


class Training(models.Model):
    """A person is to complete a course by `due_at`, on the date of it that begins on `starts_on`; `valid_until` is set
    with the completion."""

    HISTORY = True
    HISTORY_TITLE = ("person", "course")
    HISTORY_PERMISSION = "people.view_person"
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_BY = ("person",)

    person = models.ForeignKey(Person, models.CASCADE, related_name="trainings", verbose_name="person")
    course = models.ForeignKey(Course, models.PROTECT, related_name="trainings", verbose_name="course")
    assigned_at = models.DateTimeField("assigned at")
    starts_on = models.DateField(
        "begins on",
        null=True,
        blank=True,
        help_text="One of the dates of the course; it takes one of its places",
    )
    due_at = models.DateTimeField("due at")
    completed_at = models.DateTimeField("completed at", null=True, blank=True)
    valid_until = models.DateTimeField("valid until", null=True, blank=True)
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="assigned by",
    )

    class Meta:
        verbose_name = "training"
        verbose_name_plural = "trainings"
        ordering = ["due_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(due_at__gte=F("assigned_at")),
                name="training_due_after_assigned",
                violation_error_message="It must be due after it was assigned.",
            ),
            models.CheckConstraint(
                condition=Q(completed_at=None, valid_until=None)
                | Q(completed_at__isnull=False, valid_until__gt=F("completed_at")),
                name="training_valid_after_completed",
                violation_error_message="What is completed is valid until after that, and nothing else is.",
            ),
            models.UniqueConstraint(
                fields=["person", "course"],
                condition=Q(completed_at=None),
                name="training_assigned_once",
                violation_error_message="This person is assigned to this course already.",
            ),
        ]
        triggers = [
            *claims(sites_of_person()),
            HAS_A_PLACE,
            lasts("completed_at", table="people_course", key="course_id"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.course}"
