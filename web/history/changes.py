"""Changes of an entry: each field before and after, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, Field, ForeignKey, Model

from web import visibility
from web.audit.models import AuditEntry
from web.audit.registry import left_out
from web.words import in_words

Snapshot = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldChange:
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
    """The content of one entry. `current` is the object as it is now, None once it is gone."""

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
            _in_words(field, before.get(field.attname), names),
            _in_words(field, after.get(field.attname), names),
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
                rows_of = visibility.known(rows_of)
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
    # "Not filled in" is one thing to a reader, however a column says it.
    return None if value in ("", None, [], {}) else value


def _in_words(field: Field, value: Any, names: Mapping[tuple[Any, Any], str]) -> Any:
    value = _value(value)
    if value is None:
        return None
    if visibility.identifies(field.model, field.name) and not visibility.sees_names():
        return names.get((field.related_model, value), str(visibility.SOMEBODY))
    if isinstance(field, ForeignKey):
        return names.get((field.related_model, value), f"{field.related_model._meta.verbose_name} {value}")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    # JSON has no dates and no decimals.
    if isinstance(field, DecimalField):
        return round(Decimal(str(value)), field.decimal_places)
    return value if isinstance(value, (dict, list)) else field.to_python(value)
