"""Search over everything: each app says in its `AppConfig.ready` how its objects are found.

Rows are declared, and those of all apps looked for in one statement:

    search.register_rows("campaigns", "Campaigns", Campaign.objects.all, title="name", others=("site__name",),
                         permissions=("golive.view_campaign",))

What is held in memory is found by a function, `search.register("checks", "Checks", find_checks)`, where
`find_checks(query, user=...)` returns hits with their rank (`web/ranking.py`). Objects of the kinds' kit need nothing.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.models import User
from web import links, visibility
from web.permissions import signed_in
from web.ranking import MIDDLE, BestRow, MatchingRows, best, matching
from web.requests import UserRequest

A_FEW = 8
MANY = 100


class HitAction(NamedTuple):
    """A page on which the reader may do something with the object of a hit."""

    label: str
    url: str
    icon: str = "player-play"


@dataclass(frozen=True, slots=True)
class Hit:
    """One result: `detail` says where it belongs, `kind` what it is if a group mixes several."""

    title: str
    url: str
    detail: str = ""
    kind: str = ""
    rank: int = MIDDLE
    actions: tuple[HitAction, ...] = ()


class Find(Protocol):
    def __call__(self, query: str, *, user: User) -> Iterable[Hit]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """`name` is the value for `in:`. Without `permissions` the finder checks what the user may see."""

    name: str
    label: str
    icon: str = "search"
    permissions: tuple[str, ...] = ()
    order: int = 100
    find: Find | None = None

    def serves(self, user: User) -> bool:
        return user.has_perms(self.permissions)


def titled(rows: Iterable[Any]) -> Iterator[Hit]:
    return (Hit(str(obj), links.page_url(obj) or "") for obj in rows)


@lru_cache(maxsize=256)
def _model_of(rows: Callable[[], QuerySet[Any]]) -> type[Model]:
    return rows().model


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsProvider(Provider):
    """`title` and `others` are the searched fields; `title` names a row; `also` finds further rows. `hits` turns rows
    into results. `searched` are the same rows as `rows`, without data only needed for results.
    """

    rows: Callable[[], QuerySet[Any]]
    searched: Callable[[], QuerySet[Any]] | None = None
    title: str
    others: tuple[str, ...] = ()
    also: Callable[[str], Q] | None = None
    hits: Callable[[Sequence[Any]], Iterable[Hit]] = titled

    def matching(self, query: str, *, user: User) -> MatchingRows | None:
        """Return the matching rows; None if the reader may see no field."""
        fields = visibility.searchable(_model_of(self.rows), (self.title, *self.others), user)
        if not fields:
            return None
        also = self.also(query) if self.also else None
        rows = self.searched or self.rows
        return matching(self.name, rows, query, title=fields[0], others=fields[1:], also=also)


@dataclass(frozen=True, slots=True)
class HitGroup:
    """The best hits of a provider, and their `total` number."""

    provider: Provider
    hits: list[Hit]
    total: int

    @property
    def more(self) -> bool:
        return self.total > len(self.hits)


@dataclass(frozen=True, slots=True)
class Results:
    """The groups, the one with the best hit first, and the totals including groups that are left out."""

    groups: list[HitGroup]
    total: int


_providers: dict[str, Provider] = {}
# Providers that are only known at search time, such as kinds, which are declared with addresses.
_makers: list[Callable[[], Iterable[Provider]]] = []


def register(
    name: str, label: str, find: Find, *, permission: str = "", order: int = 100, icon: str = "search"
) -> None:
    """Registering a name again replaces the earlier provider."""
    permissions = (permission,) if permission else ()
    _providers[name] = Provider(
        name=name, label=label, find=find, permissions=permissions, order=order, icon=icon
    )


def register_rows(
    name: str, label: str, rows: Callable[[], QuerySet[Any]], *, title: str, **declared: Any
) -> None:
    _providers[name] = RowsProvider(name=name, label=label, rows=rows, title=title, **declared)


def register_maker(maker: Callable[[], Iterable[Provider]]) -> None:
    _makers.append(maker)


def providers(user: User) -> list[Provider]:
    room_providers = {each.name: each for maker in _makers for each in maker()}
    served = [each for each in (room_providers | _providers).values() if each.serves(user)]
    return sorted(served, key=lambda each: each.order)


def search(
    query: str, *, user: User, scope: str = "", limit: int = A_FEW, most: int | None = None
) -> Results:
    """Search everything that the reader may see, and return up to `limit` hits of each of the `most` best groups."""
    scope_providers = [each for each in providers(user) if scope in ("", each.name)] if query else []
    by_rows = _rows_found(
        [each for each in scope_providers if isinstance(each, RowsProvider)], query, user, limit
    )
    # Order groups before reading objects, so that objects of dropped groups are never read.
    ranks: list[tuple[int, int, Provider]] = []
    groups: dict[str, HitGroup] = {}
    for each in scope_providers:
        if each.find is not None:
            groups[each.name] = group = _memory_group(each, query, user, limit)
            ranks += [(group.hits[0].rank, group.total, each)] if group.hits else []
        elif found := by_rows[each.name]:
            ranks.append((found[0].rank, found[0].total, each))
    ranks.sort(key=lambda best: best[0])
    hit_groups = [
        groups.get(each.name) or _row_group(each, by_rows[each.name]) for _rank, _total, each in ranks[:most]
    ]
    return Results(hit_groups, sum(total for _rank, total, _each in ranks))


def some_of(names: Collection[str], *, user: User, limit: int) -> list[HitGroup]:
    """Entries of these groups held in memory, before anybody has typed."""
    groups = (_memory_group(each, "", user, limit) for each in providers(user) if each.name in names)
    return [group for group in groups if group.hits]


def _rows_found(
    row_providers: Sequence[RowsProvider], query: str, user: User, limit: int
) -> dict[str, list[BestRow]]:
    """Search the rows of all of them in one statement."""
    parts = [each.matching(query, user=user) for each in row_providers]
    found: dict[str, list[BestRow]] = defaultdict(list)
    for row in best([part for part in parts if part is not None], query, limit=limit):
        found[row.name].append(row)
    return found


def _row_group(provider: Provider, found: Sequence[BestRow]) -> HitGroup:
    assert isinstance(provider, RowsProvider)
    objects_by_id = provider.rows().in_bulk([row.pk for row in found])
    # A row deleted in this moment is left out.
    present_rows = [row for row in found if row.pk in objects_by_id]
    hits = provider.hits([objects_by_id[row.pk] for row in present_rows])
    return HitGroup(
        provider,
        [replace(hit, rank=row.rank) for hit, row in zip(hits, present_rows, strict=True)],
        found[0].total,
    )


def _memory_group(provider: Provider, query: str, user: User, limit: int) -> HitGroup:
    hits = sorted(provider.find(query, user=user), key=lambda hit: hit.rank) if provider.find else []
    return HitGroup(provider, hits[:limit], len(hits))


# Longer texts are pasted by mistake; no name is that long.
LONGEST = 200
_SCOPE = re.compile(r"(?:^|\s)in:([\w-]*)(?=\s|$)")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """`text` has no control characters and single blanks; `scope` "" means everywhere."""

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
    is_known = not query.scope or query.scope in {each.name for each in served}
    limit = MANY if query.scope else A_FEW
    results = search(query.text if is_known else "", user=request.user, scope=query.scope, limit=limit)
    groups = [group.provider for group in results.groups]
    return render(
        request,
        "web/search.html",
        {
            "query": query,
            "known_scope": is_known,
            "groups": [
                {"group": group, "url": address(query.text, group.provider.name)} for group in results.groups
            ],
            "tabs": _scopes(query, served if query.scope or not groups else groups),
            "everywhere_url": address(query.text),
            "total": results.total,
            "search_query": f"in:{query.scope} {query.text}".strip() if query.scope else query.text,
        },
    )


def _scopes(query: SearchQuery, scopes: Iterable[Provider]) -> list[dict[str, Any]]:
    everywhere = {"label": "Everything", "url": address(query.text), "current": not query.scope}
    return [
        everywhere,
        *(
            {"label": each.label, "url": address(query.text, each.name), "current": each.name == query.scope}
            for each in scopes
        ),
    ]


def address(text: str, scope: str = "") -> str:
    typed = f"in:{scope} {text}".strip() if scope else text
    return f"{reverse('search')}?{urlencode({'q': typed})}"
