"""Hits for the search page: sites by name and place, checks by name and what they ask."""

from django.urls import reverse

from accounts.models import User
from inventory.models import Site
from inventory.search import best_first
from readiness.framework import queries as framework_queries
from web.search import Hit


def find_sites(query: str, *, user: User, limit: int) -> list[Hit]:
    sites = Site.objects.select_related("region")
    hits = best_first(sites, query, name="name", others=("slug", "city", "facility", "owner"))
    return [
        Hit(
            site.name,
            reverse("site", args=[site.slug]),
            " · ".join(filter(None, (site.city, site.region.name))),
        )
        for site in hits[:limit]
    ]


def find_checks(query: str, *, user: User, limit: int) -> list[Hit]:
    _version, framework = framework_queries.current()
    pillars = {pillar.id: pillar.short_name for pillar in framework.pillars}
    wanted = query.casefold()
    checks = [
        check
        for check in framework.checks
        if wanted in f"{check.id} {check.name} {check.why} {pillars[check.pillar]}".casefold()
    ]
    checks.sort(key=lambda check: wanted not in check.name.casefold())
    return [
        Hit(check.name, reverse("check", args=[check.id]), pillars[check.pillar]) for check in checks[:limit]
    ]
