"""Versions of the framework, and the steps that edited each draft.

The definition itself is data in readiness/assessment/framework/data, read by readiness.assessment.framework.core.
"""

from datetime import datetime
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from inventory.models.constraints import choices_held
from inventory.models.triggers import EVERY_SITE_BUT_RETIRED, claims
from web.versioned.models import (
    VERSION_KEEPS,
    DocumentVersion,
    VersionQuerySet,
    kept_as_published,
    one_in_force,
)


class FrameworkVersionQuerySet(VersionQuerySet):
    def published(self) -> Self:
        return super().published().defer("definition")

    def select_people(self) -> Self:
        return super().select_people().select_related("rolls_back_to").defer("definition")


@choices_held
class FrameworkVersion(DocumentVersion):
    """One set of pillars, checks, thresholds and weights. Every result names the version that judged it. `changes`
    describe in words what differs from `made_from`."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide
    STATE = "framework"
    ERASING_KEEPS = dict.fromkeys(("definition", "title", "version"), VERSION_KEEPS)

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT)
    definition = models.JSONField(
        help_text="The whole definition, as readiness.assessment.framework.core reads it"
    )
    rolls_back_to = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    changes = models.JSONField(
        default=list, blank=True, help_text="What differs from the version that it was made from"
    )
    note = models.TextField(
        max_length=2000, blank=True, editable=False, help_text="What whoever published it said"
    )
    override_reason = models.TextField(
        max_length=2000,
        blank=True,
        editable=False,
        help_text="Why it was published without a dry-run of it, or by who edited it",
    )

    objects = FrameworkVersionQuerySet.as_manager()

    class Meta(DocumentVersion.Meta):
        permissions = [("publish_frameworkversion", "Can publish and roll back the framework")]
        triggers = [
            *claims(EVERY_SITE_BUT_RETIRED, pgtrigger.Insert, pgtrigger.Update, origin="framework"),
            *kept_as_published("definition", "digest", "version"),
        ]
        constraints = [
            *one_in_force("one_published_framework", "framework_published_at_a_time"),
            models.CheckConstraint(
                condition=Q(published_by=None)
                | Q(edited_by=None)
                | ~Q(published_by=F("edited_by"))
                | Q(override_reason__regex=r"\S"),
                name="framework_publisher_is_another",
                violation_error_message="Whoever edited it publishes it only with a reason.",
            ),
        ]

    @property
    def name(self) -> str:
        return f"{self.version} (rolls back to {self.rolls_back_to})" if self.rolls_back_to else self.version

    def retire(self, *, by: User | None, now: datetime) -> None:
        self.status = self.Status.RETIRED


class DraftStep(models.Model):
    """One edit of a draft: who, when, and its changes in words. Never changed afterwards."""

    VISIBLE_WHERE = "true"  # organisation-wide

    version = models.ForeignKey(FrameworkVersion, on_delete=models.CASCADE, related_name="steps")
    revision = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, editable=False
    )
    changes = models.JSONField(default=list)

    class Meta:
        ordering = ["version", "-revision"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["version", "revision"], name="draft_step_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} revision {self.revision}"
