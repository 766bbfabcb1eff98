"""Versions of the framework, and the steps in which a draft became what it is.

The definition itself is data: readiness/framework/data, read by readiness.framework.core.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inventory.models.constraints import choices_held
from inventory.models.triggers import claims

EVERY_SITE_BUT_RETIRED = (
    "SELECT site.id FROM {rows} AS changed JOIN inventory_site AS site"
    " ON changed.status = 'published' AND site.stage <> 'retired'"
)
"""Another version is in force: every site may come to something else."""


class FrameworkVersionQuerySet(models.QuerySet["FrameworkVersion"]):
    def published(self) -> "FrameworkVersionQuerySet":
        """The version in force: one row, or none."""
        return self.filter(status=FrameworkVersion.Status.PUBLISHED)

    def drafts(self) -> "FrameworkVersionQuerySet":
        return self.filter(status=FrameworkVersion.Status.DRAFT)


@choices_held
class FrameworkVersion(models.Model):
    """One set of pillars, checks, thresholds and weights. Every result pins the version that judged it.

    `changes` says in words what differs from `made_from`. `revision` counts the steps of a draft.
    """

    HISTORY = True

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    version = models.CharField(max_length=50, unique=True)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT)
    definition = models.JSONField(help_text="The whole definition, as readiness.framework.core reads it")
    digest = models.CharField(max_length=64)
    revision = models.PositiveIntegerField(default=1, help_text="Which step of the draft this is")
    made_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    rolls_back_to = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    changes = models.JSONField(
        default=list, blank=True, help_text="What differs from the version that it was made from"
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, editable=False
    )
    edited_at = models.DateTimeField(null=True, editable=False)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, editable=False
    )
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, editable=False
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

    class Meta:
        ordering = ["-created_at", "-id"]
        permissions = [("publish_frameworkversion", "Can publish and roll back the framework")]
        triggers = [
            *claims(EVERY_SITE_BUT_RETIRED, pgtrigger.Insert, pgtrigger.Update, origin="framework"),
            pgtrigger.Protect(
                name="published_is_kept",
                operation=pgtrigger.Delete,
                condition=~pgtrigger.Q(old__status="draft"),
            ),
            pgtrigger.Protect(
                name="published_is_fixed",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__status="draft")
                & (
                    pgtrigger.Q(old__definition__df=pgtrigger.F("new__definition"))
                    | pgtrigger.Q(old__digest__df=pgtrigger.F("new__digest"))
                    | pgtrigger.Q(old__version__df=pgtrigger.F("new__version"))
                    | pgtrigger.Q(new__status="draft")
                ),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="published"), name="one_published_framework"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", published_at=None)
                | (~Q(status="draft") & Q(published_at__isnull=False)),
                name="framework_published_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(published_by=None)
                | Q(edited_by=None)
                | ~Q(published_by=F("edited_by"))
                | Q(override_reason__regex=r"\S"),
                name="framework_publisher_is_another",
                violation_error_message="Whoever edited it publishes it only with a reason.",
            ),
        ]

    def __str__(self) -> str:
        return self.version

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT


class DraftStep(models.Model):
    """One edit of a draft: who, when, and what it changed, in words. Written once, never changed."""

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
