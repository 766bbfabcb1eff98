"""Evidence that a change at the site takes the ground from under."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models import Site
from readiness.framework.core.vocabulary import Change


class Voidable(models.Model):
    """`basis` is what the evidence stands on, by kind of change: a digest of the inventory when it was entered.

    `void_changes` are the kinds of change since then. Which of them matter is each sub-measure's to say, so a
    run may still count for one check and not for another.
    """

    site = models.ForeignKey(
        verbose_name=_("site"), to=Site, on_delete=models.CASCADE, related_name="%(class)ss", db_index=False
    )
    basis = models.JSONField(_("basis"), default=dict, blank=True, editable=False)
    void_changes = ArrayField(
        verbose_name=_("voided by"),
        base_field=models.CharField(
            max_length=32, choices=[(change.value, change.value.replace("-", " ")) for change in Change]
        ),
        default=list,
        blank=True,
        editable=False,
    )
    voided_at = models.DateTimeField(
        _("voided"), null=True, blank=True, editable=False, help_text=_("When the first change was made")
    )
    void_reason = models.TextField(
        _("what changed"), blank=True, editable=False, help_text=_("Which changes, and who made them")
    )
    voids = models.JSONField(
        _("changes by kind"),
        default=dict,
        blank=True,
        editable=False,
        help_text=_("By kind: when it was made and what it was"),
    )
    recorded_at = models.DateTimeField(
        _("entered"), db_default=Now(), editable=False, help_text=_("When the database got it")
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True, void_changes=[])
                | (Q(voided_at__isnull=False) & ~Q(void_reason="") & ~Q(void_changes=[])),
                name="%(class)s_voided_with_reason",
            )
        ]
