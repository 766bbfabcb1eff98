"""Columns for the account that acted."""

from django.conf import settings
from django.db import models


def account_field(label: str | None = None, *, null: bool = False) -> models.ForeignKey:
    """The account that did what the row says; it cannot be deleted while the row is there, and no form writes it. Null
    where nobody did it yet, or Muster did."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=null,
        editable=False,
        verbose_name=label,
    )
