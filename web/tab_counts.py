"""Counts in the navigation: what waits for the reader at each tab, and what apps count beside it.

What waits follows from the workflows (`web/workflows/waiting.py`), the rows of a saved view from its list. An app names
other rows in its `AppConfig.ready`:

    tab_counts.register("ingest", late_or_silent, "sources late or silent", permission="telemetry.view_source")

where `late_or_silent(user=..., now=...)` returns a QuerySet; those of all apps are counted in one statement. A page
asks for the counts once it is shown, so that none takes longer.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Count, QuerySet, Value
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control

from accounts.models import User
from web import clock
from web.navigation import ENTRIES, tabs_for
from web.permissions import reads
from web.requests import UserRequest
from web.saved_views.counting import rows_in
from web.saved_views.queries import views_of
from web.workflows import waiting

KEPT_S = 20
"""How long a browser reuses the counts: about the time between two pages."""
TONES = ("", "warn", "bad")
WAITING = "waiting for you"


class CountedRows(Protocol):
    def __call__(self, *, user: User, now: datetime) -> QuerySet[Any]: ...


@dataclass(frozen=True, slots=True)
class TabCount:
    """`words` follow the number: "3 sources late or silent". `tone` is that of a state: warn, bad or none."""

    url_name: str
    rows: CountedRows
    words: str
    permission: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class TabMark:
    """`id` is the url name of a tab, or that of an entry, a saved view or the bell; `words` belong to `count`."""

    id: str
    count: int
    words: str
    tone: str = ""


_counts: dict[str, TabCount] = {}


def register(url_name: str, rows: CountedRows, words: str, *, permission: str = "", tone: str = "") -> None:
    """Registering a tab again replaces the earlier count."""
    _counts[url_name] = TabCount(url_name, rows, words, permission, tone)


def marks(user: User, *, now: datetime) -> list[TabMark]:
    """Return a mark for each of the reader's tabs with a count above 0."""
    by_tab = waiting.counts_by_tab(user, now=now)
    waits = by_tab | {"inbox": sum(by_tab.values())}
    open_to_reader = {tab.url_name for tab in tabs_for(user)}
    tab_marks = [TabMark(name, number, WAITING) for name, number in waits.items() if name in open_to_reader]
    tab_marks += [
        TabMark(name, number, _counts[name].words, _counts[name].tone)
        for name, number in _counted(user, now=now)
    ]
    return [mark for mark in tab_marks if mark.count]


def _counted(user: User, *, now: datetime) -> Sequence[tuple[str, int]]:
    parts: list[QuerySet[Any, Any]] = [
        each.rows(user=user, now=now)
        .order_by()
        .annotate(tab=Value(each.url_name))
        .values("tab")
        .annotate(number=Count("pk"))
        .values_list("tab", "number")
        for each in _counts.values()
        if not each.permission or user.has_perm(each.permission)
    ]
    return list(parts[0].union(*parts[1:], all=True).order_by()) if parts else []


@reads()
@cache_control(private=True, max_age=KEPT_S)
def counts_page(request: UserRequest) -> HttpResponse:
    tabs = marks(request.user, now=clock.now())
    bell = [TabMark("bell", mark.count, mark.words) for mark in tabs if mark.id == "inbox"]
    views = [
        TabMark(f"view-{view_id}", count, "rows")
        for view_id, count in rows_in(views_of(request.user)).items()
    ]
    return render(request, "web/tab_counts.html", {"marks": [*tabs, *bell, *_entry_marks(tabs), *views]})


def _entry_marks(tabs: Sequence[TabMark]) -> Iterator[TabMark]:
    """Yield the sum of its tabs for each entry of the navigation."""
    for entry in ENTRIES:
        names = {tab.url_name for tab in entry.tabs}
        here = [mark for mark in tabs if mark.id in names]
        by_words: Counter[str] = Counter()
        for mark in here:
            by_words[mark.words] += mark.count
        if here:
            yield TabMark(
                f"entry-{entry.label.lower()}",
                by_words.total(),
                ", ".join(f"{number} {words}" for words, number in by_words.items()),
                max((mark.tone for mark in here), key=TONES.index),
            )
