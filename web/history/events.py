"""Entries of all audited models, newest first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    DateTimeField,
    DurationField,
    F,
    Model,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Greatest
from django.utils import timezone

from web import links, visibility
from web.audit import AuditEntry, audited_models
from web.audit.registry import label_of, permission_of
from web.history import naming, restoring
from web.history.snapshots import FieldChange, contents_of
from web.permissions import MissingPermission
from web.timerange import BadParameter, parse_instant

ACTIONS = AuditEntry.Action.values


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One write of one object, as the present reader may see it.

    `actor` is "" for writes from outside Muster; `url` is None once the object is deleted.
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
    changes: tuple[FieldChange, ...]
    place: str = ""
    value: FieldChange | None = None
    unit: str = ""
    site_id: int | None = None

    @property
    def key(self) -> str:
        return re.sub(r"\W+", "-", self.id)

    @property
    def noun(self) -> str:
        return str(self.model._meta.verbose_name)

    @property
    def may_be_restored(self) -> bool:
        """Whether the present reader may take the entry back, as far as the entry shows."""
        is_past = self.exists if self.action == restoring.CHANGED else not self.exists
        fields = [change.field for change in self.changes]
        reader = visibility.reader()
        may = restoring.may_restore(self.model, self.action, fields, reader)
        if self.model._meta.db_table in restoring.own_tables():
            may = may and self.actor == getattr(reader, "username", "")
        return is_past and self.action != restoring.CREATED and may

    @property
    def title(self) -> str:
        """The name beside the noun: a row without a name has its number."""
        return self.display.removeprefix(f"{self.noun} ")


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """The selected entries. `models` are those that the reader may see; `after` is the id of the previous page's last
    row."""

    models: tuple[type[Model], ...]
    object_id: int | None = None
    actor: str = ""
    request_id: str = ""
    action: str = ""
    start: datetime | None = None
    end: datetime | None = None
    after: str = ""
    message: str = ""
    about: Q | None = None

    @property
    def tables(self) -> list[str]:
        return [model._meta.db_table for model in self.models]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """`next_after` is "" on the last page."""

    rows: list[HistoryRow]
    next_after: str


def history_of(obj: Model, *, limit: int = 50, after: str = "") -> HistoryPage:
    return history(HistoryQuery(models=(type(obj),), object_id=obj.pk, after=after), limit=limit)


def history(query: HistoryQuery, *, limit: int = 50) -> HistoryPage:
    entries = list(entries_of(query).order_by("-id")[: limit + 1])
    rows = rows_of_entries(entries[:limit], query)
    return HistoryPage(rows, rows[-1].id if len(entries) > limit else "")


def nearest(query: HistoryQuery, at: datetime, *, about: Q, limit: int) -> list[HistoryRow]:
    """The entries closest to an instant, closest first, of those for which `about` holds."""
    moment = Value(at, output_field=DateTimeField())
    distance = Greatest(F("at") - moment, moment - F("at"), output_field=DurationField())
    entries = list(entries_of(query).filter(about).order_by(distance, "-id")[:limit])
    return rows_of_entries(entries, query)


def visible_models(user: Any) -> tuple[type[Model], ...]:
    return tuple(model for model in _models_by_label() if user.has_perm(permission_of(model)))


def model_named(label: str) -> type[Model] | None:
    """The audited model that `inventory.device-type` names."""
    return next((model for model in audited_models() if label_of(model) == label), None)


def _models_by_label() -> list[type[Model]]:
    return sorted(audited_models(), key=label_of)


def entries_of(query: HistoryQuery) -> QuerySet[AuditEntry]:
    conditions = {
        "object_id": query.object_id,
        "username": query.actor or None,
        "request_id": query.request_id or None,
        "action": query.action or None,
        "message": query.message or None,
        "at__gte": query.start,
        "at__lt": query.end,
        "id__lt": position(query.after),
    }
    entries = AuditEntry.objects.filter(table__in=query.tables)
    return entries.filter(
        query.about or Q(), **{key: value for key, value in conditions.items() if value is not None}
    )


def rows_of_entries(entries: list[AuditEntry], query: HistoryQuery) -> list[HistoryRow]:
    models = {model._meta.db_table: model for model in query.models}
    contents_by_table = {
        table: contents_of(models[table], [entry for entry in entries if entry.table == table])
        for table in {entry.table for entry in entries}
    }
    rows = []
    for entry in entries:
        content = contents_by_table[entry.table][entry.pk]
        rows.append(
            HistoryRow(
                id=str(entry.pk),
                model=models[entry.table],
                object_id=entry.object_id,
                display=content.name,
                url=links.page_url(content.current) if content.current is not None else None,
                at=entry.at,
                exists=content.current is not None,
                action=entry.action,
                changes=content.changes,
                place=content.place,
                value=content.value,
                unit=content.unit,
                site_id=_site_of(entry, models[entry.table]),
                message=entry.message,
                request_id=entry.request_id,
                **actor_of(entry.user_id, entry.username, entry.token),
            )
        )
    return rows


def _site_of(entry: AuditEntry, model: type[Model]) -> int | None:
    places = naming.places()
    if places is not None and model is places.model:
        return entry.object_id
    site_id: int | None = (entry.after or entry.before or {}).get("site_id")
    return site_id


def actor_of(user_id: int | None, username: str, token: str) -> dict[str, str]:
    """The writer as the present reader may see them."""
    own = getattr(visibility.reader(), "pk", None)
    if user_id in {None, own} or visibility.sees_names():
        return {"actor": username, "token": token}
    return {"actor": str(visibility.SOMEBODY), "token": ""}


def position(after: str) -> int | None:
    if not after:
        return None
    if not (after.isascii() and after.isdecimal() and len(after) < 19):
        raise BadParameter("after", "This is not the id of a history row.")
    return int(after)


PARAMETERS = ("model", "id", "site", "actor", "request", "message", "action", "start", "end", "after")
LONGEST = 300


def query_of(parameters: Mapping[str, str], user: Any, *, now: datetime) -> HistoryQuery:
    """Raises BadParameter, and MissingPermission for a model or an actor that this user may not see."""
    texts = {name: (parameters.get(name) or "").strip() for name in PARAMETERS}
    for name, value in texts.items():
        if "\x00" in value or len(value) > LONGEST:
            raise BadParameter(name, "This cannot be read.")
    visibility.refuse(bool(texts["actor"]), user)
    if texts["action"] and texts["action"] not in ACTIONS:
        raise BadParameter("action", f"There are {', '.join(ACTIONS)}.")
    zone = timezone.get_current_timezone()
    instants = {
        name: parse_instant(texts[name], now=now, zone=zone, field=name) if texts[name] else None
        for name in ("start", "end")
    }
    return HistoryQuery(
        models=_models(texts["model"], user),
        object_id=_object_id(texts["id"], texts["model"]),
        actor=texts["actor"],
        request_id=texts["request"],
        action=texts["action"],
        start=instants["start"],
        end=instants["end"],
        after=texts["after"],
        message=texts["message"],
        about=_site_condition(texts["site"]) if texts["site"] else None,
    )


def _site_condition(slug: str) -> Q:
    places = naming.places()
    about = places.about(slug) if places else None
    if about is None:
        raise BadParameter("site", f"There is no site {slug}.")
    return about


def _models(label: str, user: Any) -> tuple[type[Model], ...]:
    if not label:
        return visible_models(user)
    model = model_named(label)
    if model is None:
        raise BadParameter("model", f"No history is kept of {label}.")
    permission = permission_of(model)
    if not user.has_perm(permission):
        raise MissingPermission([permission])
    return (model,)


def _object_id(text: str, label: str) -> int | None:
    if not text:
        return None
    if not label:
        raise BadParameter("id", "Give the model with the id: ids of different models look alike.")
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) < 2**63):
        raise BadParameter("id", "A whole number is needed.")
    return int(text)
