"""Parameters that several pages share: a site, a region or the fleet, and a check."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404

from inventory.models import Region, Site
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Check
from web.links import link
from web.reports import choices
from web.timerange import BadParameter


@dataclass(frozen=True, slots=True)
class Place:
    """Without a site or a region it is the fleet."""

    site: Site | None = None
    region: Region | None = None

    @property
    def place(self) -> dict[str, str]:
        return {"site": self.site.slug} if self.site else {"region": self.region.slug} if self.region else {}

    def others(self, page: str, kept: Mapping[str, Any]) -> dict[str, Any]:
        regions = [("", "Fleet"), *Region.objects.order_by("name", "pk").values_list("slug", "name")]
        current = None if self.site else self.region.slug if self.region else ""
        return {
            "regions": choices(
                regions, current, lambda slug: link(page, **({"region": slug} if slug else {}), **kept)
            ),
            "sites": Site.objects.order_by("name", "pk").values_list("slug", "name"),
        }


def site_named(slug: str) -> Site | None:
    """None for no name. Raises BadParameter for one that there is not."""
    site = Site.objects.select_related("region", "score").filter(slug=slug[:200]).first() if slug else None
    if slug and site is None:
        raise BadParameter("site", "There is no site of that name.")
    return site


def region_named(slug: str) -> Region | None:
    region = Region.objects.filter(slug=slug[:200]).first() if slug else None
    if slug and region is None:
        raise BadParameter("region", "There is no region of that name.")
    return region


def check_named(check_id: str) -> Check:
    _version, framework = framework_queries.current()
    if check_id not in framework.checks_by_id:
        raise Http404(f"The framework in force has no check {check_id}.")
    return framework.checks_by_id[check_id]
