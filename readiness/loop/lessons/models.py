"""Lessons: the question of each, and the check of the framework that asks it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.fields import account_field
from inventory.models.constraints import choices_held
from readiness.assessment.framework.models import FrameworkVersion
from readiness.loop.findings.models import Finding
from readiness.loop.incidents.models import Incident


@choices_held
class Lesson(models.Model):
    """A lesson is what one incident or finding showed, for every site. `draft` is the version of the framework in which
    it was first written.

    `check_id` is a name of the framework, which has no rows to refer to; the operation checks it.
    """

    HISTORY = True
    HISTORY_TITLE = ("claim",)
    # What was learned is for everybody; the incident behind it is shown to those who see its site.
    VISIBLE_WHERE = "true"

    class Kind(models.TextChoices):
        CHECK = "check", "A new check"
        THRESHOLD = "threshold", "Another threshold"
        PRESENT = "present", "A check that is there already"

    claim = models.CharField("lesson", max_length=200, help_text="What must hold at every site")
    why = models.TextField("why", max_length=2000, help_text="What showed it")
    kind = models.CharField("becomes", max_length=9, choices=Kind)
    check_id = models.CharField("check", max_length=64)
    incident = models.ForeignKey(
        Incident, models.SET_NULL, null=True, blank=True, related_name="lessons", verbose_name="incident"
    )
    finding = models.ForeignKey(
        Finding, models.SET_NULL, null=True, blank=True, related_name="lessons", verbose_name="finding"
    )
    draft = models.ForeignKey(
        FrameworkVersion, models.SET_NULL, null=True, related_name="+", editable=False, verbose_name="draft"
    )
    written_by = account_field("written by")
    written_at = models.DateTimeField("written", editable=False)

    class Meta:
        verbose_name = "lesson"
        verbose_name_plural = "lessons"
        ordering = ["-written_at", "-id"]
        default_permissions = ("view", "add", "delete")
        constraints = [
            models.CheckConstraint(
                condition=Q(claim__regex=r"\S", why__regex=r"\S") & ~Q(check_id=""), name="lesson_is_whole"
            )
        ]

    def __str__(self) -> str:
        return self.claim
