"""Approvers of go-live reviews."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from inventory.models import Site
from inventory.models.constraints import choices_held
from readiness.assessment.evidence.models import SigningDomain
from web.visibility import name_of


@choices_held
class Approver(models.Model):
    """A person who may sign for a domain, at one site or at every site without its own approver."""

    HISTORY = True
    HISTORY_TITLE = ("domain", "user")

    domain = models.CharField("domain", max_length=8, choices=SigningDomain)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name="person"
    )
    site = models.ForeignKey(
        Site,
        on_delete=models.CASCADE,
        related_name="approvers",
        null=True,
        blank=True,
        verbose_name="site",
        help_text="Empty: at every site that names nobody of its own for the domain",
    )
    added_at = models.DateTimeField(editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name="added by",
    )

    class Meta:
        verbose_name = "approver"
        verbose_name_plural = "approvers"
        ordering = ["domain", "id"]
        default_permissions = ("view", "add", "delete")
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "site", "user"],
                name="approver_once",
                nulls_distinct=False,
                violation_error_message="This person is named there already.",
            )
        ]

    def __str__(self) -> str:
        return f"{name_of(self.user)}: {self.get_domain_display()}"
