"""Who answers for a site, as lists of sites show it: the team of whoever is accountable for its orchestration.

Where nobody has accepted that, what is written at the site takes its place. The person's name is personal data, and is
drawn only for those who may see names.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import CharField, F, FilteredRelation, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from inventory.models import Site
from readiness.ownership import queries as ownership
from readiness.ownership.core.standing import Item
from readiness.ownership.models import Assignment, in_force
from readiness.ownership.queries import UNOWNED
from readiness.ownership.sentences import cell_label, cell_text, item_label, link
from readiness.scoring.checks import FROM_OWNERSHIP


def with_owner(sites: QuerySet[Site], *, now: datetime) -> QuerySet[Site]:
    """With `answering`, the team or else what the site says, and `accountable`, the person's name or ""."""
    held = Q(assignments__item=Item.ORCHESTRATION) & in_force(now, through="assignments__")
    # Joined, not asked for a site at a time; it makes no row of two, for no two terms of an item overlap.
    return sites.annotate(held=FilteredRelation("assignments", condition=held)).annotate(
        answering=Coalesce(F("held__team__name"), F("owner"), output_field=CharField()),
        accountable=Coalesce(F("held__accountable__name"), Value(""), output_field=CharField()),
    )


def owned_by(words: str, *, now: datetime) -> Q:
    """Sites whose team, or what is written there, has these words; "none" finds those that nobody owns."""
    held = Assignment.objects.in_force(now).filter(item=Item.ORCHESTRATION).order_by()
    if words == "none":
        return Q(owner="") & ~Q(pk__in=held.values("site"))
    named = held.filter(team__name__icontains=words).values("site")
    return Q(pk__in=named) | (Q(owner__icontains=words) & ~Q(pk__in=held.values("site")))


def of_check(site: Site, check_id: str, *, names: bool, now: datetime) -> dict[str, Any] | None:
    """The seven items, for the page of a check that is computed from them; None for other checks."""
    if check_id not in FROM_OWNERSHIP:
        return None
    cells = ownership.cells(now=now, site_ids=[site.pk]).get(site.pk, UNOWNED)
    return {
        "cells": [
            {
                "item": item_label(item),
                "standing": cell.standing.value,
                "who": cell_text(cell, names=names),
                "label": cell_label(site.name, cell, names=names, now=now),
                "url": link("ownership", cell=f"{site.slug}.{item}"),
            }
            for item, cell in cells.items()
        ],
    }
