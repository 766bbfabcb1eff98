"""The home of what serves several sites."""

from collections.abc import Collection
from typing import TypedDict

from inventory.core import smallest_region
from inventory.models import Region, Site


class HomeColumns(TypedDict):
    home_site: Site | None
    home_region_id: int | None


def home_of(sites: Collection[Site]) -> HomeColumns:
    """The columns of the smallest home that contains these sites; both None if there is none. One statement."""
    if len(sites) == 1:
        [site] = sites
        return {"home_site": site, "home_region_id": None}
    parents = dict(Region.objects.values_list("pk", "parent"))
    region = smallest_region((site.region_id for site in sites), parents)
    return {"home_site": None, "home_region_id": region}
