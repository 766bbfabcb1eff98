"""`/sites/<slug>/power/`: the path of power through a site."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from inventory.models import Site
from readiness.boards.power.queries import MAY_SEE, limit_percent, rack_paths
from readiness.boards.power.sentences import summary
from readiness.boards.power.tables import racks_table
from web import tables as table_kit
from web.clock import now
from web.links import crumbs, link
from web.reports import Report
from web.tables import TablePage

POWER = Report("readiness/power/page.html", *MAY_SEE)


@POWER.page
def page(request: HttpRequest, slug: str) -> tuple[TablePage, Any]:
    site = get_object_or_404(Site.objects.select_related("region", "score"), slug=slug)
    paths = rack_paths(site, now=now())
    return table_kit.page(request, racks_table(slug), paths), lambda: {
        "site": site,
        "tab": "energy",
        "summary": summary(paths),
        "limit_percent": limit_percent(),
        "breadcrumbs": crumbs("Power path", ("Sites", "sites"), (site.name, link("site", site.slug))),
    }
