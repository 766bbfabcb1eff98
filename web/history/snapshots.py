"""The contents of entries in words: the name of the row, its site, and what changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import DecimalField, Field, ForeignKey, Model, Q

from web import visibility
from web.audit import AuditEntry
from web.audit.registry import left_out
from web.history import naming
from web.history.naming import UNIT
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
        return _exact_text(self.before)

    @property
    def text_after(self) -> str:
        return _exact_text(self.after)


def _exact_text(value: Any) -> str:
    """Six digits of a fraction, because a change from 1.21 to 1.24 must not read 1.2 → 1.2."""
    is_fraction = isinstance(value, float) and not value.is_integer()
    return f"{value:.6g}" if is_fraction else value_text(value)


@dataclass(frozen=True, slots=True)
class EntryContent:
    """The content of one entry. `current` is the present object, None once it is deleted.

    `place` is the site of the object, `value` the figure that a new row brings, `unit` its unit.
    """

    name: str
    current: Model | None
    changes: tuple[FieldChange, ...]
    place: str
    value: FieldChange | None
    unit: str


def contents_of(model: type[Model], entries: list[AuditEntry]) -> dict[int, EntryContent]:
    fields = [
        each
        for each in model._meta.concrete_fields
        if not each.primary_key and each.attname not in left_out(model)
    ]
    earlier = _rows_before(model, fields, [entry for entry in entries if entry.before is None])
    snapshots = [row for entry in entries for row in (entry.before, entry.after) if row]
    names = _names(fields, snapshots)
    alive = model._base_manager.in_bulk({entry.object_id for entry in entries})
    newest = [entry.after or entry.before or {} for entry in entries]
    codes = naming.names_of_codes([field.attname for field in fields], newest)
    site = naming.places()
    contents = {}
    for entry, row, of_row in zip(entries, newest, codes, strict=True):
        texts = _Texts(names, of_row)
        contents[entry.pk] = EntryContent(
            _title(model, fields, row, texts, entry.object_id),
            alive.get(entry.object_id),
            _changes(fields, entry.before or {}, entry.after or {}, texts),
            _place(model, row, names, site),
            _new_value(model, fields, earlier.get(entry.object_id, {}), row, texts)
            if entry.before is None
            else None,
            of_row.get(UNIT, row.get(UNIT) or ""),
        )
    return contents


class _Texts(NamedTuple):
    """Names of related objects by model and key, and of the codes of one row by column."""

    names: Mapping[tuple[Any, Any], str]
    codes: Mapping[str, str]


def _rows_before(
    model: type[Model], fields: Sequence[Field], created: Sequence[AuditEntry]
) -> dict[int, Snapshot]:
    """Return the row that each new one follows, for models that say so; one statement."""
    follows = getattr(model, "HISTORY_FOLLOWS", ())
    if not follows or not created:
        return {}
    columns = [field.attname for field in fields if field.name in follows]
    value = str(vars(model)["HISTORY_VALUE"])
    among = Q()
    for entry in created:
        among |= equal_to({name: (entry.after or {}).get(name) for name in columns})
    rows = model._base_manager.filter(among).order_by("pk").values("pk", value, *columns)
    by_key: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for stored in rows:
        by_key.setdefault(tuple(stored[name] for name in columns), []).append(stored)
    before = {}
    for entry in created:
        key = tuple((entry.after or {}).get(name) for name in columns)
        older = [row for row in by_key.get(key, ()) if row["pk"] < entry.object_id]
        if older:
            before[entry.object_id] = dict(older[-1])
    return before


def equal_to(values: Mapping[str, Any]) -> Q:
    """A condition that these columns have these values, of which None means no value."""
    return Q(
        **{f"{name}__isnull" if each is None else name: each is None or each for name, each in values.items()}
    )


def _new_value(
    model: type[Model], fields: Sequence[Field], earlier: Snapshot, row: Snapshot, texts: _Texts
) -> FieldChange | None:
    name = getattr(model, "HISTORY_VALUE", "")
    figures = [field for field in fields if field.name == name]
    return next(iter(_changes(figures, earlier, row, texts)), None)


def _place(
    model: type[Model], row: Snapshot, names: Mapping[tuple[Any, Any], str], site: naming.Places | None
) -> str:
    if site is None or model is site.model:
        return ""
    return names.get((site.model, row.get("site_id")), "")


def _title(model: type[Model], fields: Sequence[Field], row: Snapshot, texts: _Texts, object_id: int) -> str:
    by_name = {field.name: field for field in fields} | {field.attname: field for field in fields}
    title = [by_name[name] for name in getattr(model, "HISTORY_TITLE", ()) if name in by_name]
    words = [value_text(_readable_value(field, row.get(field.attname), texts)) for field in title]
    return ", ".join(filter(None, words)) or _name(model, row, object_id)


def _changes(
    fields: Sequence[Field], before: Snapshot, after: Snapshot, texts: _Texts
) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(
            field.name,
            str(field.verbose_name),
            _readable_value(field, before.get(field.attname), texts),
            _readable_value(field, after.get(field.attname), texts),
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


def _readable_value(field: Field, value: Any, texts: _Texts) -> Any:
    value, names = _value(value), texts.names
    if value is None:
        return None
    if visibility.identifies(field.model, field.name) and not visibility.sees_names():
        return names.get((field.related_model, value), str(visibility.SOMEBODY))
    if field.name in visibility.withheld(field.model):
        return "withheld"
    if isinstance(field, ForeignKey):
        return names.get((field.related_model, value), f"{field.related_model._meta.verbose_name} {value}")
    if field.attname in texts.codes:
        return texts.codes[field.attname]
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    # JSON has neither dates nor decimals.
    if isinstance(field, DecimalField):
        return round(Decimal(str(value)), field.decimal_places)
    return value if isinstance(value, (dict, list)) else field.to_python(value)
