"""Counts in the navigation: each app says in its `AppConfig.ready` which rows wait at a tab.

    tab_counts.register("waivers", to_decide, "requests wait for your decision", permission="grants.approve_grant")

where `to_decide(user=..., now=...)` returns a QuerySet; those of all apps are counted in one statement. What is not the
rows of one model returns its number instead. A page asks for the counts once it is shown, so that none takes longer.
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


class CountedRows(Protocol):
    def __call__(self, *, user: User, now: datetime) -> QuerySet[Any] | int: ...


@dataclass(frozen=True, slots=True)
class TabCount:
    """`words` follow the number: "3 sources late or silent". `tone` is that of a state: warn, bad or none."""

    url_name: str
    rows: CountedRows
    words: str
    permission: str = ""
    tone: str = ""


_counts: dict[str, TabCount] = {}


def register(url_name: str, rows: CountedRows, words: str, *, permission: str = "", tone: str = "") -> None:
    """Registering a tab again replaces what was there."""
    _counts[url_name] = TabCount(url_name, rows, words, permission, tone)


def counts(user: User, *, now: datetime) -> dict[str, int]:
    """Return how many rows wait for this reader, by the tab's url name."""
    numbers: dict[str, int] = {}
    parts: list[QuerySet[Any, Any]] = []
    for each in _counts.values():
        if each.permission and not user.has_perm(each.permission):
            continue
        rows = each.rows(user=user, now=now)
        if isinstance(rows, int):
            numbers[each.url_name] = rows
        else:
            named = rows.order_by().annotate(tab=Value(each.url_name)).values("tab")
            parts.append(named.annotate(number=Count("pk")).values_list("tab", "number"))
    return numbers | (dict(parts[0].union(*parts[1:], all=True).order_by()) if parts else {})


@reads()
@cache_control(private=True, max_age=KEPT_S)
def counts_page(request: UserRequest) -> HttpResponse:
    numbers = counts(request.user, now=clock.now())
    return render(request, "web/tab_counts.html", {"marks": list(_marks(numbers))})


def _marks(numbers: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Yield a mark for each tab and, with their sum, for the entry that holds them."""
    for entry in ENTRIES:
        here = [
            (_counts[tab.url_name], number) for tab in entry.tabs if (number := numbers.get(tab.url_name))
        ]
        for counted, number in here:
            mark = {"count": number, "words": counted.words, "tone": counted.tone}
            yield {"id": counted.url_name} | mark
            if counted.url_name == "inbox":
                yield {"id": "bell"} | mark
        if here:
            yield {
                "id": f"entry-{entry.label.lower()}",
                "count": sum(number for _counted, number in here),
                "words": ", ".join(f"{number} {counted.words}" for counted, number in here),
                "tone": max((counted.tone for counted, _number in here), key=("", "warn", "bad").index),
            }
