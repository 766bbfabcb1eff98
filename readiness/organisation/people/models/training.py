"""Courses, and who was assigned to and completed which."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inventory.models.constraints import choices_held
from readiness.organisation.people.models.practice import Procedure
from readiness.organisation.people.models.skills import Skill, WorkDomain
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
    valid_days = models.PositiveSmallIntegerField("valid for", default=365, help_text="Days after completion")

    class Meta:
        verbose_name = "course"
        verbose_name_plural = "courses"
        ordering = ["name", "id"]
        constraints = [models.CheckConstraint(condition=Q(days__gt=0), name="course_takes_time")]
        triggers = claims(sites_of_everybody())

    def __str__(self) -> str:
        return self.name


class Training(models.Model):
    """A person is to complete a course by `due_at`; `valid_until` is set with the completion."""

    HISTORY = True
    HISTORY_PERMISSION = "people.view_person"
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_BY = ("person",)

    person = models.ForeignKey(Person, models.CASCADE, related_name="trainings", verbose_name="person")
    course = models.ForeignKey(Course, models.PROTECT, related_name="trainings", verbose_name="course")
    assigned_at = models.DateTimeField("assigned at")
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
        triggers = [*claims(sites_of_person()), lasts("completed_at", table="people_course", key="course_id")]

    def __str__(self) -> str:
        return f"{self.person}: {self.course}"
