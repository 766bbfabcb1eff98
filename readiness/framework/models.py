"""Versions of the framework.

The definition itself is data: readiness/framework/data, read by readiness.framework.core.
"""

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class FrameworkVersionQuerySet(models.QuerySet["FrameworkVersion"]):
    def published(self) -> "FrameworkVersionQuerySet":
        """The version in force: one row, or none."""
        return self.filter(status=FrameworkVersion.Status.PUBLISHED)


@pghistory.track()
class FrameworkVersion(models.Model):
    """One set of pillars, checks, thresholds and weights. Every result pins the version that judged it."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        RETIRED = "retired", _("Retired")

    version = models.CharField(max_length=50, unique=True)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT)
    definition = models.JSONField(help_text=_("The whole definition, as readiness.framework.core reads it"))
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    objects = FrameworkVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="published"), name="one_published_framework"
            ),
        ]

    def __str__(self) -> str:
        return self.version
