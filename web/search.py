"""Search over everything: each app says in its `AppConfig.ready` how its objects are found.

    search.register("sites", "Sites", find_sites, permission="inventory.view_site")

where `find_sites(query, *, user, limit)` returns hits, best first. One statement each keeps the page quick.
"""

import re
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.models import User
from web.permissions import signed_in
from web.requests import UserRequest

A_FEW = 8
MANY = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """One found object: `detail` says where it belongs, `kind` what it is where a group mixes several."""

    title: str
    url: str
    detail: str = ""
    kind: str = ""


class Find(Protocol):
    def __call__(self, query: str, *, user: User, limit: int) -> list[Hit]: ...


@dataclass(frozen=True, slots=True)
class Provider:
    """`name` is what `in:` takes. Without a `permission` the function itself looks after what the user may see."""

    name: str
    label: str
    find: Find
    permission: str = ""
    order: int = 100

    def serves(self, user: User) -> bool:
        return not self.permission or user.has_perm(self.permission)


@dataclass(frozen=True, slots=True)
class HitGroup:
    provider: Provider
    hits: list[Hit]
    more: bool


_providers: dict[str, Provider] = {}


def register(name: str, label: str, find: Find, *, permission: str = "", order: int = 100) -> None:
    """Registering a name again replaces what was there."""
    _providers[name] = Provider(name, label, find, permission, order)


def providers(user: User) -> list[Provider]:
    return sorted((each for each in _providers.values() if each.serves(user)), key=lambda each: each.order)


def search(query: str, *, user: User, scope: str = "") -> list[HitGroup]:
    if not query:
        return []
    limit = MANY if scope else A_FEW
    groups = []
    for provider in providers(user):
        if scope in ("", provider.name):
            hits = provider.find(query, user=user, limit=limit + 1)
            groups.append(HitGroup(provider, hits[:limit], more=len(hits) > limit))
    return [group for group in groups if group.hits]


# Longer texts are pasted by mistake; no name is as long.
LONGEST = 200
_SCOPE = re.compile(r"(?:^|\s)in:([\w-]*)(?=\s|$)")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """`text` is free of control characters, with single blanks; `scope` "" is everywhere."""

    text: str
    scope: str = ""


def read(typed: str) -> SearchQuery:
    cleaned = "".join(letter if letter.isprintable() else " " for letter in typed[: 4 * LONGEST])
    scopes = _SCOPE.findall(cleaned)
    text = " ".join(_SCOPE.sub(" ", cleaned).split())
    return SearchQuery(text[:LONGEST].strip(), scopes[-1].lower() if scopes else "")


@signed_in
def search_page(request: UserRequest) -> HttpResponse:
    query = read(request.GET.get("q", ""))
    served = providers(request.user)
    known = not query.scope or query.scope in {each.name for each in served}
    groups = search(query.text, user=request.user, scope=query.scope) if known else []
    return render(
        request,
        "web/search.html",
        {
            "query": query,
            "known_scope": known,
            "groups": [
                {"group": group, "url": _address(query.text, group.provider.name)} for group in groups
            ],
            "tabs": _scopes(query, served),
            "everywhere_url": _address(query.text),
            "total": sum(len(group.hits) for group in groups),
            "search_query": f"in:{query.scope} {query.text}".strip() if query.scope else query.text,
        },
    )


def _scopes(query: SearchQuery, served: list[Provider]) -> list[dict[str, Any]]:
    everywhere = {"label": "Everything", "url": _address(query.text), "current": not query.scope}
    return [
        everywhere,
        *(
            {"label": each.label, "url": _address(query.text, each.name), "current": each.name == query.scope}
            for each in served
        ),
    ]


def _address(text: str, scope: str = "") -> str:
    typed = f"in:{scope} {text}".strip() if scope else text
    return f"{reverse('search')}?{urlencode({'q': typed})}"
