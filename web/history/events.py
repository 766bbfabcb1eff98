"""Entries of all audited models, newest first."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    DateTimeField,
    DecimalField,
    DurationField,
    F,
    Field,
    ForeignKey,
    Model,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Greatest
from django.utils import timezone

from web import links, visibility
from web.audit import AuditEntry, audited_models
from web.audit.registry import label_of, left_out, permission_of
from web.permissions import MissingPermission
from web.timerange import BadParameter, parse_instant
from web.words import value_text

Snapshot = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field. Choices are shown by label, related objects by name; None means no value."""

    field: str
    label: str
    before: Any
    after: Any

    @property
    def text_before(self) -> str:
        return value_text(self.before)

    @property
    def text_after(self) -> str:
        return value_text(self.after)


@dataclass(frozen=True, slots=True)
class Said:
    """The content of one entry. `current` is the present object, None once it is deleted."""

    name: str
    current: Model | None
    changes: tuple[FieldChange, ...]


def changes_of(model: type[Model], entries: list[AuditEntry]) -> dict[int, Said]:
    fields = [
        each
        for each in model._meta.concrete_fields
        if not each.primary_key and each.attname not in left_out(model)
    ]
    names = _names(fields, [row for entry in entries for row in (entry.before, entry.after) if row])
    alive = model._base_manager.in_bulk({entry.object_id for entry in entries})
    return {
        entry.pk: Said(
            _name(model, entry.after or entry.before or {}, entry.object_id),
            alive.get(entry.object_id),
            _changes(fields, entry.before or {}, entry.after or {}, names),
        )
        for entry in entries
    }


def _changes(
    fields: list[Field], before: Snapshot, after: Snapshot, names: dict[tuple[type[Model], Any], str]
) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(
            field.name,
            str(field.verbose_name),
            _readable_value(field, before.get(field.attname), names),
            _readable_value(field, after.get(field.attname), names),
        )
        for field in fields
        if _value(before.get(field.attname)) != _value(after.get(field.attname))
    )


def _names(fields: Iterable[Field], snapshots: Iterable[Snapshot]) -> dict[tuple[type[Model], Any], str]:
    rows = list(snapshots)
    names: dict[tuple[type[Model], Any], str] = {}
    by_model: dict[type[Model], set[Any]] = {}
    for field in fields:
        if isinstance(field, ForeignKey):
            by_model.setdefault(field.related_model, set()).update(row.get(field.attname) for row in rows)
    for related, keys in by_model.items():
        attribute = _name_field(related)
        if attribute and keys - {None}:
            rows_of = related._base_manager.filter(pk__in=keys - {None})
            if visibility.is_person(related):
                rows_of = visibility.known_people(rows_of)
            named_rows = rows_of.values_list("pk", attribute)
            names |= {(related, key): name for key, name in named_rows}
    return names


def _name_field(model: type[Model]) -> str | None:
    present = {field.name for field in model._meta.concrete_fields}
    return next((name for name in ("name", "model", "username", "version") if name in present), None)


def _name(model: type[Model], row: Snapshot, object_id: int) -> str:
    attribute = _name_field(model)
    return (attribute and row.get(attribute)) or f"{model._meta.verbose_name} {object_id}"


def _value(value: Any) -> Any:
    # Treat all forms of an empty value alike.
    return None if value in ("", None, [], {}) else value


def _readable_value(field: Field, value: Any, names: Mapping[tuple[Any, Any], str]) -> Any:
    value = _value(value)
    if value is None:
        return None
    if visibility.identifies(field.model, field.name) and not visibility.sees_names():
        return names.get((field.related_model, value), str(visibility.SOMEBODY))
    if field.name in visibility.withheld(field.model):
        return "withheld"
    if isinstance(field, ForeignKey):
        return names.get((field.related_model, value), f"{field.related_model._meta.verbose_name} {value}")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    # JSON has neither dates nor decimals.
    if isinstance(field, DecimalField):
        return round(Decimal(str(value)), field.decimal_places)
    return value if isinstance(value, (dict, list)) else field.to_python(value)


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

    @property
    def key(self) -> str:
        return re.sub(r"\W+", "-", self.id)

    @property
    def noun(self) -> str:
        return str(self.model._meta.verbose_name)


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


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """`next_after` is "" on the last page."""

    rows: list[HistoryRow]
    next_after: str


def history_of(obj: Model, *, limit: int = 50, after: str = "") -> HistoryPage:
    return history(HistoryQuery(models=(type(obj),), object_id=obj.pk, after=after), limit=limit)


def history(query: HistoryQuery, *, limit: int = 50) -> HistoryPage:
    entries = list(_entries(query).order_by("-id")[: limit + 1])
    rows = _history_rows(entries[:limit], {model._meta.db_table: model for model in query.models})
    return HistoryPage(rows, rows[-1].id if len(entries) > limit else "")


def nearest(query: HistoryQuery, at: datetime, *, about: Q, limit: int) -> list[HistoryRow]:
    """The entries closest to an instant, closest first, of those for which `about` holds."""
    moment = Value(at, output_field=DateTimeField())
    distance = Greatest(F("at") - moment, moment - F("at"), output_field=DurationField())
    entries = list(_entries(query).filter(about).order_by(distance, "-id")[:limit])
    return _history_rows(entries, {model._meta.db_table: model for model in query.models})


def visible_models(user: Any) -> tuple[type[Model], ...]:
    return tuple(model for model in _models_by_label() if user.has_perm(permission_of(model)))


def model_named(label: str) -> type[Model] | None:
    """The audited model that `inventory.device-type` names."""
    return next((model for model in audited_models() if label_of(model) == label), None)


def _models_by_label() -> list[type[Model]]:
    return sorted(audited_models(), key=label_of)


def _entries(query: HistoryQuery) -> QuerySet[AuditEntry]:
    conditions = {
        "object_id": query.object_id,
        "username": query.actor or None,
        "request_id": query.request_id or None,
        "action": query.action or None,
        "at__gte": query.start,
        "at__lt": query.end,
        "id__lt": _position(query.after),
    }
    entries = AuditEntry.objects.filter(table__in=[model._meta.db_table for model in query.models])
    return entries.filter(**{key: value for key, value in conditions.items() if value is not None})


def _history_rows(entries: list[AuditEntry], models: dict[str, type[Model]]) -> list[HistoryRow]:
    changes_by_table = {
        table: changes_of(models[table], [entry for entry in entries if entry.table == table])
        for table in {entry.table for entry in entries}
    }
    rows = []
    for entry in entries:
        entry_changes = changes_by_table[entry.table][entry.pk]
        rows.append(
            HistoryRow(
                id=str(entry.pk),
                model=models[entry.table],
                object_id=entry.object_id,
                display=entry_changes.name,
                url=links.page_url(entry_changes.current) if entry_changes.current is not None else None,
                at=entry.at,
                exists=entry_changes.current is not None,
                action=entry.action,
                changes=entry_changes.changes,
                message=entry.message,
                request_id=entry.request_id,
                **_actor(entry),
            )
        )
    return rows


def _actor(entry: AuditEntry) -> dict[str, str]:
    own = getattr(visibility.reader(), "pk", None)
    if entry.user_id in {None, own} or visibility.sees_names():
        return {"actor": entry.username, "token": entry.token}
    return {"actor": str(visibility.SOMEBODY), "token": ""}


def _position(after: str) -> int | None:
    if not after:
        return None
    if not (after.isascii() and after.isdecimal() and len(after) < 19):
        raise BadParameter("after", "This is not the id of a history row.")
    return int(after)


PARAMETERS = ("model", "id", "actor", "request", "action", "start", "end", "after")
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
    )


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
    if not (text.isascii() and text.isdecimal() and int(text[:20]) < 2**63):
        raise BadParameter("id", "A whole number is needed.")
    return int(text)
