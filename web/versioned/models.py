"""The row of one version of a document, and its database rules."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from accounts.models import User

DRAFT, PUBLISHED = "draft", "published"
VERSION_KEEPS = "A document has a digest of its content: publish a version without the name."
"""Why erasing a person leaves a document as it is."""


def _person_field() -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, editable=False
    )


class VersionQuerySet(models.QuerySet):
    def published(self) -> Self:
        return self.filter(status=PUBLISHED)

    def select_people(self) -> Self:
        return self.select_related("created_by", "edited_by", "published_by", "made_from")


class DocumentVersion(models.Model):
    """One version of a document.

    It can be edited while it is a draft; published versions never change. A model adds its `status` with choices, its
    `objects`, and `STATE`, the kind of state for `web.states`. `revision` counts the steps of a draft.
    """

    STATE: str

    version = models.CharField(max_length=50, unique=True)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=16, default=DRAFT)
    digest = models.CharField(max_length=64)
    revision = models.PositiveIntegerField(default=1, help_text="Which step of the draft this is")
    made_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField()
    created_by = _person_field()
    edited_at = models.DateTimeField(null=True, editable=False)
    edited_by = _person_field()
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = _person_field()

    class Meta:
        abstract = True
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.version

    @property
    def is_draft(self) -> bool:
        return self.status == DRAFT

    @property
    def person(self) -> User | None:
        return self.published_by if self.published_at else self.edited_by or self.created_by

    def retire(self, *, by: User | None, now: datetime) -> None:
        """Take it out of force; the caller saves the columns."""
        raise NotImplementedError


def one_in_force(name: str, published_at: str) -> list[models.BaseConstraint]:
    """At most one version is published; published and retired versions have an instant of publishing."""
    return [
        models.UniqueConstraint(fields=["status"], condition=Q(status=PUBLISHED), name=name),
        models.CheckConstraint(
            condition=Q(status=DRAFT, published_at=None) | (~Q(status=DRAFT) & Q(published_at__isnull=False)),
            name=published_at,
        ),
    ]


def kept_as_published(*columns: str) -> list[pgtrigger.Trigger]:
    """Only drafts can be deleted or changed in these columns; nothing becomes a draft again."""
    is_no_draft = ~pgtrigger.Q(old__status=DRAFT)
    differs = pgtrigger.Q(new__status=DRAFT)
    for column in columns:
        differs |= pgtrigger.Q(**{f"old__{column}__df": pgtrigger.F(f"new__{column}")})
    return [
        pgtrigger.Protect(name="published_is_kept", operation=pgtrigger.Delete, condition=is_no_draft),
        pgtrigger.Protect(
            name="published_is_fixed", operation=pgtrigger.Update, condition=is_no_draft & differs
        ),
    ]
