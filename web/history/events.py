"""Which entries there are, newest first, over all audited models at once."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet

from web import links, visibility
from web.audit import AuditEntry, audited_models
from web.history.changes import FieldChange, changes_of

ACTIONS = AuditEntry.Action.values


class BadCursor(ValueError):
    """`after` is not the id of a history row."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One write of one object, as the present reader may see it.

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
    changes: tuple[FieldChange, ...]

    @property
    def key(self) -> str:
        return re.sub(r"\W+", "-", self.id)

    @property
    def model_label(self) -> str:
        return label_of(self.model)

    @property
    def noun(self) -> str:
        return str(self.model._meta.verbose_name)


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which entries. `models` are those that the reader may see; `after` is the id of the page before's last row."""

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
    return history(HistoryQuery(models=(type(obj),), object_id=obj.pk, after=after), limit=limit)


def history(query: HistoryQuery, *, limit: int = 50) -> HistoryPage:
    entries = list(_entries(query).order_by("-id")[: limit + 1])
    rows = _rows(entries[:limit], {model._meta.db_table: model for model in query.models})
    return HistoryPage(rows, rows[-1].id if len(entries) > limit else "")


def visible_models(user: Any) -> tuple[type[Model], ...]:
    return tuple(model for model in _by_label() if user.has_perm(permission_of(model)))


def permission_of(model: type[Model]) -> str:
    """Return what a reader of its history needs: to view it, unless the model says that its past tells more than it
    shows.
    """
    own = f"{model._meta.app_label}.view_{model._meta.model_name}"
    return str(getattr(model, "HISTORY_PERMISSION", own))


def model_named(label: str) -> type[Model] | None:
    """The audited model that `inventory.device-type` names."""
    return next((model for model in audited_models() if label_of(model) == label), None)


def label_of(model: type[Model]) -> str:
    return f"{model._meta.app_label}.{links.noun(model)}"


def _by_label() -> list[type[Model]]:
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


def _rows(entries: list[AuditEntry], models: dict[str, type[Model]]) -> list[HistoryRow]:
    changes_by_table = {
        table: changes_of(models[table], [entry for entry in entries if entry.table == table])
        for table in {entry.table for entry in entries}
    }
    rows = []
    for entry in entries:
        said = changes_by_table[entry.table][entry.pk]
        rows.append(
            HistoryRow(
                id=str(entry.pk),
                model=models[entry.table],
                object_id=entry.object_id,
                display=said.name,
                url=links.page_url(said.current) if said.current is not None else None,
                at=entry.at,
                exists=said.current is not None,
                action=entry.action,
                changes=said.changes,
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
        raise BadCursor("`after` is not the id of a history row.")
    return int(after)
