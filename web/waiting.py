"""Counts in the navigation: each app says in its `AppConfig.ready` which rows wait at a tab.

    waiting.register("waivers", to_approve, "requests wait for your decision", permission="grants.approve_grant")

where `to_approve(user=..., now=...)` returns a QuerySet. All of them are counted in one statement, which a page asks
for once it is shown, so that no page takes longer for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Count, QuerySet, Value
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control

from accounts.models import User
from web import clock
from web.navigation import ENTRIES
from web.permissions import reads
from web.requests import UserRequest

KEPT_S = 20
"""How long a browser shows the counts again without asking: as long as somebody takes from one page to the next."""


class WaitingRows(Protocol):
    def __call__(self, *, user: User, now: datetime) -> QuerySet[Any]: ...


@dataclass(frozen=True, slots=True)
class WaitingMark:
    """`words` follow the number: "3 sources late or silent". `tone` is that of a state: warn, bad or none."""

    url_name: str
    rows: WaitingRows
    words: str
    permission: str
    tone: str = ""


_waiting: dict[str, WaitingMark] = {}


def register(url_name: str, rows: WaitingRows, words: str, *, permission: str, tone: str = "") -> None:
    """Registering a tab again replaces what was there."""
    _waiting[url_name] = WaitingMark(url_name, rows, words, permission, tone)


def counts(user: User, *, now: datetime) -> dict[str, int]:
    """Return how many rows wait, by the tab's url name; one statement, none where the reader may see nothing."""
    counted = [
        each.rows(user=user, now=now)
        .order_by()
        .annotate(waits_at=Value(each.url_name))
        .values("waits_at")
        .annotate(waiting=Count("pk"))
        .values_list("waits_at", "waiting")
        for each in _waiting.values()
        if user.has_perm(each.permission)
    ]
    return dict(counted[0].union(*counted[1:], all=True).order_by()) if counted else {}


@reads()
@cache_control(private=True, max_age=KEPT_S)
def counts_page(request: UserRequest) -> HttpResponse:
    waits = counts(request.user, now=clock.now())
    return render(request, "web/waiting.html", {"marks": list(_marks(waits))})


def _marks(waits: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Yield a mark for each tab and, with their sum, for the entry that holds them."""
    for entry in ENTRIES:
        here = [(_waiting[tab.url_name], count) for tab in entry.tabs if (count := waits.get(tab.url_name))]
        for waiting, count in here:
            mark = {"count": count, "words": waiting.words, "tone": waiting.tone}
            yield {"id": waiting.url_name} | mark
            if waiting.url_name == "inbox":
                yield {"id": "bell"} | mark
        if here:
            yield {
                "id": f"entry-{entry.label.lower()}",
                "count": sum(count for _waiting, count in here),
                "words": ", ".join(f"{count} {waiting.words}" for waiting, count in here),
                "tone": max((waiting.tone for waiting, _count in here), key=("", "warn", "bad").index),
            }
