"""Search on the boards: checks by name and question, sites by name and place, waivers."""

from collections.abc import Iterable, Iterator

from django.urls import reverse

from accounts.models import User
from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.core.states import VERDICTS
from readiness.boards.problems import search as problems
from readiness.loop.problems.core.states import ProblemState
from web import search
from web.links import link
from web.ranking import rank_of
from web.search import Hit, HitAction
from web.states import state
from web.visibility import reader

_STATES = (
    ("Sites", "verdict", "sites", "verdict", [value for value, _word in VERDICTS], "scoring.view_sitescore"),
    ("Sites", "lifecycle", "sites", "stage", Site.Stage.values, "inventory.view_site"),
    (
        "Problems",
        "problem",
        "problems",
        "state",
        [each.value for each in ProblemState],
        "inventory.view_site",
    ),
)
"""Noun, vocabulary of states, list, its parameter, values, and the permission to see them."""


def register() -> None:
    search.register("states", "States", find_states, order=17, icon="filter")
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
        rank = rank_of(query, check.name, [check.id, check.claim, check.why, pillars[check.pillar]])
        if rank is not None:
            detail = f"{check.claim} · {pillars[check.pillar]}"
            yield Hit(check.name, reverse("check", args=[check.id]), detail, rank=rank)


def _sites(sites: Iterable[Site]) -> Iterator[Hit]:
    for site in sites:
        place = " · ".join(filter(None, (site.city, site.region.name)))
        yield Hit(site.name, reverse("site", args=[site.slug]), place, actions=tuple(_site_actions(site)))


_OF_SITE = (
    ("Problems", "problems", "alert-triangle", ("inventory.view_site",)),
    ("Evidence", "evidence", "flask", ("evidence.view_validationrun",)),
    ("Import a run", "validation-run-add", "plus", ("evidence.add_validationrun",)),
    ("Add to the worklist", "worklist-add", "list-details", ("golive.add_workitem",)),
    ("Request a waiver", "waiver-request", "flag", ("grants.add_grant",)),
    ("History", "history", "history", ()),
)


def _site_actions(site: Site) -> Iterator[HitAction]:
    """Lists and forms about the site that the reader may open."""
    user = reader()
    for label, url_name, icon, permissions in _OF_SITE:
        if user is not None and user.has_perms(permissions):
            yield HitAction(label, link(url_name, site=site.slug), icon)


def find_states(query: str, *, user: User) -> Iterator[Hit]:
    """Find lists of what is in a state: sites that are not ready, problems that are silent."""
    for noun, kind, url_name, parameter, values, permission in _STATES:
        if not user.has_perm(permission):
            continue
        for value in values:
            word = state(kind, value).word
            if (rank := rank_of(query, f"{noun}: {word.lower()}", [word, f"{word} {noun}"])) is not None:
                yield Hit(f"{noun}: {word.lower()}", link(url_name, **{parameter: value}), rank=rank)


def _waivers(grants: Iterable[Grant]) -> Iterator[Hit]:
    names = framework_queries.check_names()
    for grant in grants:
        title = f"{names.get(grant.check_id, grant.check_id)} at {grant.site}"
        detail = f"{grant.get_kind_display()} · {grant.get_state_display()}"
        yield Hit(title, reverse("waiver", args=[grant.pk]), detail)
