"""What an event changed: each field before and after, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Field, ForeignKey, Model, OuterRef, QuerySet, Subquery

from web import visibility
from web.words import in_words

Snapshot = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One field. Choices are shown by their label, related objects by name; None is no value."""

    field: str
    label: str
    before: Any
    after: Any

    @property
    def before_text(self) -> str:
        return in_words(self.before)

    @property
    def after_text(self) -> str:
        return in_words(self.after)


@dataclass(frozen=True, slots=True)
class Said:
    """What one event says. `current` is the object as it is now, None once it is gone."""

    name: str
    current: Model | None
    changes: tuple[Change, ...]


def changes_of(model: type[Model], events: QuerySet, ids: list[int]) -> dict[int, Said]:
    """For the events with these ids, by id. How many statements it takes depends on the model alone."""
    fields = [
        field for field in model._meta.concrete_fields if not field.primary_key and _kept(events, field)
    ]
    columns = ["pgh_id", "pgh_label", "pgh_obj_id", *(field.attname for field in fields)]
    earlier = (
        events.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id"))
        .order_by("-pgh_id")
        .values("pgh_id")[:1]
    )
    now = list(
        events.filter(pgh_id__in=ids)
        .annotate(earlier=Subquery(earlier))
        .order_by("pgh_id")
        .values(*columns, "earlier")
    )
    missing = {row["earlier"] for row in now} - {row["pgh_id"] for row in now} - {None}
    older = events.filter(pgh_id__in=missing).values(*columns) if missing else []
    snapshots = {row["pgh_id"]: row for row in [*now, *older]}
    names = _names(fields, snapshots.values())
    alive = model._base_manager.in_bulk({row["pgh_obj_id"] for row in now})
    return {
        row["pgh_id"]: _said(model, fields, row, snapshots.get(row["earlier"]), names, alive) for row in now
    }


def _said(
    model: type[Model],
    fields: list[Field],
    row: Snapshot,
    earlier: Snapshot | None,
    names: dict[tuple[type[Model], Any], str],
    alive: dict[int, Model],
) -> Said:
    before, after = (row, {}) if row["pgh_label"] == "delete" else (earlier or {}, row)
    changes = tuple(
        Change(
            field.name,
            str(field.verbose_name),
            _in_words(field, before.get(field.attname), names),
            _in_words(field, after.get(field.attname), names),
        )
        for field in fields
        if _value(before.get(field.attname)) != _value(after.get(field.attname))
    )
    return Said(_name(model, row), alive.get(row["pgh_obj_id"]), changes)


def _kept(events: QuerySet, field: Field) -> bool:
    return any(each.name == field.name for each in events.model._meta.concrete_fields)


def _names(fields: Iterable[Field], snapshots: Iterable[Snapshot]) -> dict[tuple[type[Model], Any], str]:
    """Names of the related objects, one statement for each related model that has a name."""
    rows = list(snapshots)
    names: dict[tuple[type[Model], Any], str] = {}
    by_model: dict[type[Model], set[Any]] = {}
    for field in fields:
        if isinstance(field, ForeignKey):
            by_model.setdefault(field.related_model, set()).update(row[field.attname] for row in rows)
    for related, keys in by_model.items():
        attribute = _name_field(related)
        if attribute and keys - {None}:
            rows_of = related._base_manager.filter(pk__in=keys - {None})
            if visibility.is_person(related):
                rows_of = visibility.known(rows_of)
            found = rows_of.values_list("pk", attribute)
            names |= {(related, key): name for key, name in found}
    return names


def _name_field(model: type[Model]) -> str | None:
    present = {field.name for field in model._meta.concrete_fields}
    return next((name for name in ("name", "model", "username", "version") if name in present), None)


def _name(model: type[Model], row: Snapshot) -> str:
    attribute = _name_field(model)
    return (attribute and row.get(attribute)) or f"{model._meta.verbose_name} {row['pgh_obj_id']}"


def _value(value: Any) -> Any:
    # "Not filled in" is one thing to a reader, however a column says it.
    return None if value in ("", None, [], {}) else value


def _in_words(field: Field, value: Any, names: dict[tuple[type[Model], Any], str]) -> Any:
    value = _value(value)
    if value is None:
        return None
    if visibility.identifies(field.model, field.name) and not visibility.sees_names():
        return names.get((field.related_model, value), str(visibility.SOMEBODY))
    if isinstance(field, ForeignKey):
        return names.get((field.related_model, value), f"{field.related_model._meta.verbose_name} {value}")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return value
