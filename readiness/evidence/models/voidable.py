"""Evidence that a change can void, and claim rows for every site whose evidence a write touched."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from inventory.models import Site
from inventory.models.triggers import claims as claims_of
from readiness.framework.core.vocabulary import Change

SITES_OF_PLATFORM = (
    "SELECT run.site_id FROM {rows} AS changed"
    " JOIN evidence_validationrun AS run ON lower(run.platform) = lower(changed.platform)"
)

SITES_OF_LIMIT = (
    "SELECT site_id FROM {rows} AS changed WHERE site_id IS NOT NULL"
    " UNION SELECT placement.site_id FROM {rows} AS changed"
    " JOIN workloads_placement AS placement ON placement.workload_class_id = changed.workload_class_id"
)

claims = partial(claims_of, origin="evidence")


def user_key(on_delete: Callable[..., Any], **given: Any) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete, null=True, blank=True, related_name="+", **given
    )


class Voidable(models.Model):
    """`basis` is what the evidence stands on, by kind of change: a digest of the inventory when it was entered.

    `void_changes` are the kinds of change since then. Which of them matter is each sub-measure's to say, so a run may
    still count for one check and not for another.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="%(class)ss", db_index=False)
    basis = models.JSONField(default=dict, blank=True, editable=False)
    void_changes = ArrayField(
        models.CharField(
            max_length=32, choices=[(change.value, change.value.replace("-", " ")) for change in Change]
        ),
        verbose_name="voided by",
        default=list,
        blank=True,
        editable=False,
    )
    voided_at = models.DateTimeField(
        "voided", null=True, blank=True, editable=False, help_text="When the first change was made"
    )
    void_reason = models.TextField(
        "what changed", blank=True, editable=False, help_text="Which changes, and who made them"
    )
    voids = models.JSONField(
        "changes by kind",
        default=dict,
        blank=True,
        editable=False,
        help_text="By kind: when it was made and what it was",
    )
    recorded_at = models.DateTimeField(
        "entered", db_default=Now(), editable=False, help_text="When the database got it"
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
