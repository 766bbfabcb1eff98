"""Declared limits that are in force at sites, read in one statement. The site's day decides, as for placements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from readiness.evidence.core.limits import DeclaredEntry, LimitInForce, in_force, newest, strictest
from readiness.evidence.models import DeclaredLimit
from readiness.framework.core.definition import Framework


@dataclass(frozen=True, slots=True)
class SiteDay:
    """A site on one of its days, and the classes (slugs) that are placed there then."""

    site_id: int
    day: date
    classes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SiteLimits:
    """`site` are those declared for the site, by limit; `classes` those of its classes, by slug and limit."""

    site: Mapping[str, LimitInForce] = field(default_factory=dict)
    classes: Mapping[str, Mapping[str, LimitInForce]] = field(default_factory=dict)

    def strictest(self, framework: Framework) -> dict[str, LimitInForce]:
        """Return of each limit the entry that binds."""
        there: dict[str, list[LimitInForce]] = defaultdict(list)
        for limits in (self.site, *self.classes.values()):
            for limit_id, limit in limits.items():
                there[limit_id].append(limit)
        bound = {limit_id: strictest(limits, framework, limit_id) for limit_id, limits in there.items()}
        return {limit_id: limit for limit_id, limit in bound.items() if limit is not None}


NONE = SiteLimits()


def limits_in_force(places: Sequence[SiteDay], framework: Framework) -> dict[int, SiteLimits]:
    """Return limits by site id; sites for which nothing is declared are left out."""
    if not places:
        return {}
    slugs = {slug for place in places for slug in place.classes}
    rows = (
        DeclaredLimit.objects.filter(
            Q(site_id__in=[place.site_id for place in places]) | Q(workload_class__slug__in=slugs),
            declared_on__lte=max(place.day for place in places),
        )
        .order_by("id")
        .values_list(
            *("site_id", "site__name", "workload_class__slug"),
            *("limit_id", "value", "preset", "declared_on"),
        )
    )
    of_site: dict[int, list[DeclaredEntry]] = defaultdict(list)
    of_class: dict[str, list[DeclaredEntry]] = defaultdict(list)
    for site_id, site, slug, limit_id, value, preset, declared_on in rows:
        whose = site if slug is None else f"class {slug}"
        entry = DeclaredEntry(limit_id, value, preset, declared_on, whose)
        if slug is None:
            of_site[site_id].append(entry)
        else:
            of_class[slug].append(entry)
    limits_by_site = {
        place.site_id: SiteLimits(
            _by_limit(of_site[place.site_id], place.day, framework),
            {slug: _by_limit(of_class[slug], place.day, framework) for slug in place.classes},
        )
        for place in places
    }
    return {
        site_id: limits
        for site_id, limits in limits_by_site.items()
        if limits.site or any(limits.classes.values())
    }


def _by_limit(entries: Sequence[DeclaredEntry], day: date, framework: Framework) -> dict[str, LimitInForce]:
    limit_by_id = {entry.limit_id: in_force(entry, framework) for entry in newest(entries, day).values()}
    return {limit_id: limit for limit_id, limit in limit_by_id.items() if limit is not None}
