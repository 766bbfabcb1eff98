"""The page of all changes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_GET

from web import clock, visibility
from web.audit.registry import label_of, permission_of
from web.history import naming
from web.history.batches import HistoryBatch, HistoryLine, folded
from web.history.events import ACTIONS, PARAMETERS, HistoryQuery, history, query_of, visible_models
from web.permissions import signed_in
from web.tables.addresses import Address
from web.timerange import BadParameter

LATELY = "now-30d"
"""The page begins with a month; the address can ask for more."""
SPANS = (("now-1d", "24 hours"), ("now-7d", "7 days"), (LATELY, "30 days"), ("now-365d", "1 year"))
SINGLY = "single"
"""The parameter that lists entries of one write one by one."""


@signed_in
@require_GET
def changes(request: HttpRequest) -> HttpResponse:
    address = Address(request, path=request.path, filters=PARAMETERS)
    texts = {name: request.GET.get(name, "") for name in PARAMETERS}
    singly = bool(request.GET.get(SINGLY) or texts["request"])
    try:
        query = _query(request, texts)
        lines, next_after = _lines(query, singly=singly)
    except BadParameter as error:
        raise BadRequest(str(error)) from error
    days = {"since": _day(query.start, texts["start"]), "until": _day(query.end, texts["end"])}
    context = {
        "heading": "History",
        "lines": [(line, _all_url(request, line, texts)) for line in lines],
        "older_url": address.url(after=next_after) if next_after else "",
        "newest_url": address.url(without=["after"]) if query.after else "",
        "clear_url": request.path,
        "asked": texts | days,
        "spans": _spans(address, texts),
        "singly": singly,
        "sees_names": visibility.sees_names(),
        "filtered": any(name != "after" for name, _value in address.applied),
        **_choices(request.user),
    }
    return render(request, "web/history.html", context)


def _query(request: HttpRequest, texts: dict[str, str]) -> HistoryQuery:
    """A day as the end means the whole day."""
    start = texts["start"] or _beginning(texts)
    query = query_of(texts | {"start": start}, request.user, now=clock.now())
    if query.end is not None and _is_day(texts["end"]):
        return replace(query, end=query.end + timedelta(days=1))
    return query


def _lines(query: HistoryQuery, *, singly: bool) -> tuple[Sequence[HistoryLine], str]:
    if singly:
        page = history(query)
        return page.rows, page.next_after
    page_of_lines = folded(query)
    return page_of_lines.lines, page_of_lines.next_after


def _spans(address: Address, texts: dict[str, str]) -> list[dict[str, Any]]:
    current_text = "" if texts["end"] else texts["start"] or LATELY
    return [
        {
            "label": label,
            "url": address.url(without=["after", "end"], start=text),
            "current": text == current_text,
        }
        for text, label in SPANS
    ]


def _beginning(texts: dict[str, str]) -> str:
    """A month, unless the address names an object or a request, whose history is short."""
    return "" if texts["id"] or texts["request"] else LATELY


def _choices(user: Any) -> dict[str, Any]:
    places = naming.places()
    models = [
        {"value": label_of(model), "label": capfirst(str(model._meta.verbose_name_plural))}
        for model in visible_models(user)
    ]
    sites = places.choices() if places is not None and user.has_perm(permission_of(places.model)) else []
    return {
        "models": sorted(models, key=lambda each: each["label"]),
        "sites": sites,
        "actions": [{"value": action, "label": action} for action in ACTIONS],
    }


def _is_day(text: str) -> bool:
    return len(text) == len("2026-12-01")


def _day(at: datetime | None, text: str) -> str:
    """The day of a filter as its field shows it; a span that moves on has none."""
    if at is None or not text or text.startswith("now"):
        return ""
    return text if _is_day(text) else at.astimezone(timezone.get_current_timezone()).date().isoformat()


def _all_url(request: HttpRequest, line: Any, texts: dict[str, str]) -> str:
    """The address of all entries of a batch, with the filters that hold now."""
    if not isinstance(line, HistoryBatch):
        return ""
    present_filters = {name: texts[name] for name in ("model", "site", "action") if texts[name]}
    return f"{request.path}?{urlencode(present_filters | line.query | {SINGLY: 'yes'})}"
