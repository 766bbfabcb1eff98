"""Who may sign for which domain."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Site
from inventory.models.constraints import choices_held
from readiness.evidence.models import SigningDomain
from web.visibility import name_of


@choices_held
class Approver(models.Model):
    """A person who may sign for a domain, at one site or at every site that names nobody of its own for it."""

    HISTORY = True

    domain = models.CharField(_("domain"), max_length=8, choices=SigningDomain)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    site = models.ForeignKey(
        Site,
        on_delete=models.CASCADE,
        related_name="approvers",
        null=True,
        blank=True,
        verbose_name=_("site"),
        help_text=_("Empty: at every site that names nobody of its own for the domain"),
    )
    added_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("approver")
        verbose_name_plural = _("approvers")
        ordering = ["domain", "id"]
        default_permissions = ("view", "add", "delete")
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "site", "user"],
                name="approver_once",
                nulls_distinct=False,
                violation_error_message=_("This person is named there already."),
            )
        ]

    def __str__(self) -> str:
        return f"{name_of(self.user)}: {self.get_domain_display()}"
