"""Which events there are, newest first, over all tracked models at once."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import CharField, Model, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform

from web import links, visibility
from web.history.changes import Change, changes_of

# The triggers' labels, as pages and endpoints say them.
ACTIONS = {"insert": "created", "update": "changed", "delete": "deleted"}
_WHO = ("user", "username", "request_id", "message", "token")
_FOUND = ("pgh_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", *(f"who_{key}" for key in _WHO))


class BadCursor(ValueError):
    """`after` is not the id of a history row."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One event of one object, as the present reader may see it.

    `actor` is "" for writes from outside Muster; `url` is None once the object is gone.
    """

    id: str
    model: type[Model]
    object_id: int
    display: str
    url: str | None
    at: datetime
    action: str
    actor: str
    token: str
    message: str
    request_id: str
    exists: bool
    changes: tuple[Change, ...]

    @property
    def key(self) -> str:
        """Unique and fit for an id in HTML."""
        return re.sub(r"\W+", "-", self.id)

    @property
    def model_label(self) -> str:
        return label_of(self.model)

    @property
    def noun(self) -> str:
        return str(self.model._meta.verbose_name)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events. `models` are those that the reader may see; `after` is the id of the page before's last row."""

    models: tuple[type[Model], ...]
    object_id: int | None = None
    actor: str = ""
    request_id: str = ""
    action: str = ""
    start: datetime | None = None
    end: datetime | None = None
    after: str = ""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """`next_after` is "" on the last page."""

    rows: list[HistoryRow] = field(default_factory=list)
    next_after: str = ""


def history_of(obj: Model, *, limit: int = 50, after: str = "") -> HistoryPage:
    """Events of one object, newest first."""
    return history(Wanted(models=(type(obj),), object_id=obj.pk, after=after), limit=limit)


def history(wanted: Wanted, *, limit: int = 50) -> HistoryPage:
    """Events newest first. One statement finds them; their changes take a few more for each model that occurs."""
    models = {label_of(model): model for model in wanted.models}
    position = _position(wanted.after)
    branches = [_branch(models[label], label, wanted, position)[: limit + 1] for label in sorted(models)]
    if not branches:
        return HistoryPage()
    merged = branches[0]
    if len(branches) > 1:
        merged = merged.union(*branches[1:], all=True).order_by("-pgh_created_at", "place", "-pgh_id")[
            : limit + 1
        ]
    found = list(merged)
    rows = _rows(found[:limit], models)
    return HistoryPage(rows, rows[-1].id if len(found) > limit else "")


def is_tracked(model: type[Model]) -> bool:
    # Its own: a proxy that only adds triggers has no history beside that of the model it stands for.
    return "pgh_event_models" in vars(model)


def tracked_models() -> list[type[Model]]:
    return sorted((model for model in apps.get_models() if is_tracked(model)), key=label_of)


def visible_models(user: Any) -> tuple[type[Model], ...]:
    """Tracked models whose objects this user may view."""
    return tuple(model for model in tracked_models() if user.has_perm(permission_of(model)))


def permission_of(model: type[Model]) -> str:
    """What a reader of its history needs: to view it, unless the model says that its past tells more than it shows."""
    own = f"{model._meta.app_label}.view_{model._meta.model_name}"
    return str(getattr(model, "HISTORY_PERMISSION", own))


def model_named(label: str) -> type[Model] | None:
    """The tracked model that `inventory.device-type` names."""
    return next((model for model in tracked_models() if label_of(model) == label), None)


def label_of(model: type[Model]) -> str:
    return f"{model._meta.app_label}.{links.noun(model)}"


def ids_changed_by(model: type[Model], request_id: str, *, labels: list[str]) -> QuerySet:
    """Primary keys of the rows that a request wrote, as a subquery; `labels` are keys of ACTIONS."""
    wrote = events_of(model).alias(who_request_id=KeyTextTransform("request_id", "pgh_context__metadata"))
    return wrote.filter(pgh_label__in=labels, who_request_id=request_id).order_by().values("pgh_obj_id")


def events_of(model: type[Model]) -> QuerySet:
    return next(iter(model.pgh_event_models.values())).objects.all()


def _branch(
    model: type[Model], label: str, wanted: Wanted, position: tuple[datetime, str, int] | None
) -> QuerySet:
    equal = {
        "pgh_obj_id": wanted.object_id,
        "who_username": wanted.actor or None,
        "who_request_id": wanted.request_id or None,
        "pgh_label": next((key for key, action in ACTIONS.items() if action == wanted.action), None),
        "pgh_created_at__gte": wanted.start,
        "pgh_created_at__lt": wanted.end,
    }
    who = {f"who_{key}": KeyTextTransform(key, "pgh_context__metadata") for key in _WHO}
    rows = events_of(model).annotate(place=Value(label, output_field=CharField()), **who)
    rows = rows.filter(**{key: value for key, value in equal.items() if value is not None})
    if position is not None:
        at, place, number = position
        behind = Q(pgh_created_at__lt=at)
        if label >= place:
            behind |= Q(pgh_created_at=at) & (Q() if label > place else Q(pgh_id__lt=number))
        rows = rows.filter(behind)
    return rows.order_by("-pgh_created_at", "-pgh_id").values(*_FOUND)


def _rows(found: list[dict[str, Any]], models: dict[str, type[Model]]) -> list[HistoryRow]:
    changes = {
        label: changes_of(
            models[label],
            events_of(models[label]),
            [event["pgh_id"] for event in found if event["place"] == label],
        )
        for label in {event["place"] for event in found}
    }
    rows = []
    for event in found:
        model, key = models[event["place"]], event["pgh_obj_id"]
        said = changes[event["place"]][event["pgh_id"]]
        rows.append(
            HistoryRow(
                id=f"{event['pgh_created_at'].isoformat()}~{event['place']}~{event['pgh_id']}",
                model=model,
                object_id=key,
                display=said.name,
                url=links.page_url(said.current) if said.current is not None else None,
                at=event["pgh_created_at"],
                exists=said.current is not None,
                action=ACTIONS.get(event["pgh_label"], event["pgh_label"]),
                changes=said.changes,
                message=event["who_message"] or "",
                request_id=event["who_request_id"] or "",
                **_actor(event),
            )
        )
    return rows


def _actor(event: dict[str, Any]) -> dict[str, str]:
    """The name, and the token that wrote; a part of Muster is no user and no secret."""
    name, token, user = event["who_username"] or "", event["who_token"] or "", event["who_user"]
    if user is None or visibility.sees_names() or user == str(getattr(visibility.reader(), "pk", None)):
        return {"actor": name, "token": token}
    return {"actor": str(visibility.SOMEBODY), "token": ""}


def _position(after: str) -> tuple[datetime, str, int] | None:
    if not after:
        return None
    try:
        at, place, number = after.split("~")
        return datetime.fromisoformat(at.replace(" ", "+")), place, int(number[:19])
    except ValueError as error:
        raise BadCursor("`after` is not the id of a history row.") from error
