"""Search on the boards: checks by name and question, sites by name and place, waivers."""

from collections.abc import Iterable, Iterator

from django.urls import reverse

from accounts.models import User
from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.grants.models import Grant
from readiness.boards.problems import search as problems
from web import search
from web.ranking import rank_of
from web.search import Hit


def register() -> None:
    search.register(
        "checks",
        "Checks",
        find_checks,
        permission="scoring.view_checkresult",
        order=20,
        icon="clipboard-check",
    )
    search.register_rows(
        "sites",
        "Sites",
        Site.objects.select_related("region").all,
        title="name",
        others=("slug", "city", "facility", "owner"),
        permissions=("inventory.view_site",),
        icon="building-factory-2",
        order=10,
        hits=_sites,
    )
    search.register_rows(
        "waivers",
        "Waivers",
        Grant.objects.select_related("site").all,
        title="site__name",
        others=("check_id", "reason", "kind", "state"),
        also=framework_queries.check_name_matches,
        permissions=("grants.view_grant", "inventory.view_site"),
        icon="flag",
        order=24,
        hits=_waivers,
    )
    problems.register()


def find_checks(query: str, *, user: User) -> Iterator[Hit]:
    _version, framework = framework_queries.current()
    pillars = {pillar.id: pillar.short_name for pillar in framework.pillars}
    for check in framework.checks:
        rank = rank_of(query, check.name, [check.id, check.why, pillars[check.pillar]])
        if rank is not None:
            yield Hit(check.name, reverse("check", args=[check.id]), pillars[check.pillar], rank=rank)


def _sites(sites: Iterable[Site]) -> Iterator[Hit]:
    for site in sites:
        place = " · ".join(filter(None, (site.city, site.region.name)))
        yield Hit(site.name, reverse("site", args=[site.slug]), place)


def _waivers(grants: Iterable[Grant]) -> Iterator[Hit]:
    names = framework_queries.check_names()
    for grant in grants:
        title = f"{names.get(grant.check_id, grant.check_id)} at {grant.site}"
        detail = f"{grant.get_kind_display()} · {grant.get_state_display()}"
        yield Hit(title, reverse("waiver", args=[grant.pk]), detail)
