"""Who answers for a site, as lists of sites show it: the team of whoever is accountable for its orchestration.

Where nobody has accepted that, what is written at the site takes its place. The person's name is personal data, and is
drawn only for those who may see names.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import CharField, F, FilteredRelation, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from inventory.models import Site
from readiness.ownership.core.standing import Item
from readiness.ownership.models import Assignment, in_force


def with_owner(sites: QuerySet[Site], *, now: datetime) -> QuerySet[Site]:
    """Sites with `answering`, the team or else what the site says, and `accountable`, the person's name or ""."""
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
