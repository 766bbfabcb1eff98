"""The address of the timeline: a place, kinds of events, a time, and where the page begins."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from readiness.boards.events.marks import EventKind
from readiness.boards.params import check_named, site_named
from readiness.boards.timeline.paging import PagePosition
from readiness.boards.timeline.queries import TimelineQuery
from web.timerange import BadParameter, parse_instant

DEFAULT_START = "now-30d"
OBJECT_APPS = frozenset({"inventory"})
MOST_SKIPPED = 100_000
PARAMETERS = ("site", "kind", "check", "object", "start", "end", "from", "skip")


def query_of(data: QueryDict, user: Any, *, now: datetime) -> TimelineQuery:
    """Raises BadParameter."""
    zone = timezone.get_current_timezone()
    check = data.get("check", "")
    start = parse_instant(data.get("start") or DEFAULT_START, now=now, zone=zone, field="start")
    end = parse_instant(data.get("end") or "now", now=now, zone=zone, field="end")
    if end <= start:
        raise BadParameter("end", "must come after start")
    return TimelineQuery(
        start=start,
        end=min(end, now),
        user=user,
        site=site_named(data.get("site", "")),
        kinds=kinds_of(data),
        check_id=check_named(check).id if check else "",
        obj=_object_named(data.get("object", ""), user),
    )


def kinds_of(data: QueryDict) -> list[EventKind]:
    texts = [text for value in data.getlist("kind") for text in value.split(",") if text]
    kinds = {kind.value for kind in EventKind}
    if unknown := [text for text in texts if text not in kinds]:
        raise BadParameter("kind", f"There is no kind {unknown[0][:40]}.")
    return [EventKind(text) for text in texts]


def begin_of(data: QueryDict, *, now: datetime) -> PagePosition | None:
    begins = data.get("from", "")
    if not begins:
        return None
    at = parse_instant(begins, now=now, zone=timezone.get_current_timezone(), field="from")
    skip = data.get("skip") or "0"
    if not (skip.isascii() and skip.isdecimal() and len(skip) < 7 and int(skip) <= MOST_SKIPPED):
        raise BadParameter("skip", "This is no number of events.")
    return PagePosition(at, int(skip))


def begin_query(begin: PagePosition | None) -> dict[str, str]:
    if begin is None:
        return {}
    return (
        {"from": begin.at.isoformat(), "skip": str(begin.skip)}
        if begin.skip
        else {"from": begin.at.isoformat()}
    )


def _object_named(text: str, user: Any) -> Model | None:
    """The object of the inventory that `device:17` names, if the reader sees it."""
    if not text:
        return None
    name, _, key = text.partition(":")
    models = {
        model._meta.model_name: model
        for app in OBJECT_APPS
        for model in apps.get_app_config(app).get_models()
    }
    model = models.get(name)
    if model is None or not (key.isascii() and key.isdecimal() and len(key) < 10):
        raise BadParameter("object", "Give the kind and the id, such as device:17.")
    if not user.has_perm(f"{model._meta.app_label}.view_{name}"):
        raise BadParameter("object", "You may not see objects of this kind.")
    target = model._default_manager.filter(pk=int(key)).first()
    if target is None:
        raise BadParameter("object", "There is no such object.")
    return target


def query_parameters(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in PARAMETERS}
