"""The palette that Ctrl-K opens: pages, objects of all kinds and actions, found while typing.

Pages, saved views and actions are search groups like any other (`web/search.py`); readers find those that they may
open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.models import User
from web import search
from web.kinds.kind import KIND_OF
from web.navigation import ENTRIES, tabs_for
from web.permissions import reads
from web.ranking import rank_of
from web.requests import UserRequest
from web.saved_views.queries import views_of
from web.search import Hit, HitGroup

SHOWN, MOST_GROUPS = 4, 6
"""Number of hits of a group, and of groups, in the palette; the search page shows the rest."""


@dataclass(frozen=True, slots=True)
class PaletteAction:
    """`words` are further words that find it."""

    label: str
    url_name: str
    permissions: tuple[str, ...] = ()
    words: str = ""


ACTIONS = (
    PaletteAction("Request a waiver", "waiver-request", ("grants.add_grant",), "exception"),
    PaletteAction("Propose an owner", "ownership", ("ownership.add_assignment", "people.view_person")),
    PaletteAction(
        "Reassign what a person owns",
        "reassign",
        ("ownership.add_assignment", "ownership.end_assignment", "people.view_person"),
        "hand over",
    ),
    PaletteAction("Place a workload", "tradeoffs", ("tradeoffs.view_sitefactor",), "explorer"),
    PaletteAction("New portfolio", "portfolio-ask", ("tradeoffs.add_portfoliorun",), "plan"),
    PaletteAction("New campaign", "campaign-add", ("golive.add_campaign",), "plan"),
    PaletteAction("New go-live review", "review-open", ("evidence.add_review",), "open sign"),
    PaletteAction("Add to the worklist", "worklist-add", ("golive.add_workitem",), "task work item"),
    PaletteAction("Raise a finding", "finding-add", ("findings.add_finding",), "feedback"),
    PaletteAction("Draft a framework version", "framework-draft", ("framework.add_frameworkversion",), "threshold"),
    PaletteAction("Draft a rule pack", "rule-pack-draft", ("jurisdiction.add_rulepack",)),
    PaletteAction("Try a case against the rules", "rules-try", ("jurisdiction.view_rule",)),
    PaletteAction("Enter a site factor", "site-factor-add", ("tradeoffs.add_sitefactor",), "price carbon"),
    PaletteAction("Add a user", "user-add", ("accounts.view_user", "accounts.add_user"), "account"),
    PaletteAction("Make a token", "settings", words="api key"),
    PaletteAction("Change your password", "password-change"),
)  # fmt: skip


def register() -> None:
    search.register("views", "Saved views", find_views, order=14, icon="bookmark")
    search.register("pages", "Pages", find_pages, order=15, icon="file-text")
    search.register("actions", "Actions", find_actions, order=16, icon="player-play")


def find_views(query: str, *, user: User) -> Iterator[Hit]:
    labels = {tab.url_name: tab.label for tab in tabs_for(user)}
    labels |= {kind.url_name("list"): kind.label_plural for kind in KIND_OF.values()}
    for view in views_of(user):
        place = labels.get(view.table, "")
        if (rank := rank_of(query, view.name, [place])) is not None:
            yield Hit(view.name, view.url, place, rank=rank)


def find_pages(query: str, *, user: User) -> Iterator[Hit]:
    """Find tabs of the navigation, and lists below one."""
    entry_of = {tab: entry.label for entry in ENTRIES for tab in entry.tabs}
    pages = [(tab.label, tab.url, entry_of[tab], tab.words) for tab in tabs_for(user)]
    tab_urls = {url for _label, url, *_rest in pages}
    for kind in KIND_OF.values():
        if user.has_perms(kind.permissions("view")) and (url := kind.url("list")) not in tab_urls:
            pages.append((kind.label_plural, url, kind.room[0] if kind.room else "", ""))
    for label, url, place, words in pages:
        if (rank := rank_of(query, label, [place, words])) is not None:
            yield Hit(label, url, place, rank=rank)


def find_actions(query: str, *, user: User) -> Iterator[Hit]:
    """Find the reader's actions: those declared here, and adding objects of a kind."""
    offered = [
        (each.label, each.url_name, each.words) for each in ACTIONS if user.has_perms(each.permissions)
    ]
    for kind in KIND_OF.values():
        if "add" in kind.pages and user.has_perms(kind.permissions("add")):
            noun = kind.label.lower()
            article = "an" if noun[0] in "aeiou" else "a"
            offered.append((f"Add {article} {noun}", kind.url_name("add"), "new"))
        for entry in kind.entries:
            if not entry.on_object and user.has_perms((*kind.may, *entry.permissions)):
                offered.append((str(entry.heading), entry.url_name, "new"))
    for label, url_name, words in offered:
        if (rank := rank_of(query, label, [words])) is not None:
            yield Hit(label, reverse(url_name), rank=rank)


def _best(groups: Sequence[HitGroup]) -> Hit | None:
    """The first hit, if there is something to do with it."""
    hit = groups[0].hits[0] if groups and groups[0].hits else None
    return hit if hit is not None and hit.actions else None


@reads()
def answer(request: UserRequest) -> HttpResponse:
    query, user = search.read(request.GET.get("q", "")), request.user
    results = search.search(query.text, user=user, scope=query.scope, limit=SHOWN, most=MOST_GROUPS)
    context = {
        "query": query,
        # Nothing typed: show pages and actions.
        "groups": results.groups
        if query.text
        else search.some_of(("views", "pages", "actions"), user=user, limit=2 * SHOWN),
        "best": _best(results.groups) if query.text else None,
        "total": results.total,
        "all_url": search.address(query.text, query.scope),
    }
    return render(request, "web/palette_answer.html", context)
