"""The filters of a table: the panel, the chips, and the filtered rows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, cast

import django_filters
from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet, FieldDoesNotExist
from django.db import connection
from django.db.models import Count, F, Func, Model, Q, QuerySet, TextField, Value
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from web import visibility
from web.rest import lookups
from web.tables.addresses import PAGE, SEARCH, Address
from web.tables.columns import RowFilter, read_all

# With more objects, the user types a name instead of ticking a list.
MOST_CHOICES = 200
# No counts for longer lists: they would take longer than the list itself.
MOST_COUNTED = 5000


@dataclass(frozen=True, slots=True)
class FilterOption:
    value: str
    label: str
    selected: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """One entry of the panel; `kind` is choice, multi, text, number or flag."""

    name: str
    label: str
    kind: str
    value: str = ""
    choices: list[FilterOption] = field(default_factory=list)
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    value: str
    remove_url: str


def narrowed(filterset: type[django_filters.FilterSet], queryset: QuerySet, request_data: Any) -> QuerySet:
    """The filtered rows; none if a filter cannot be read, which its chip then shows."""
    bound = filterset(request_data, queryset=queryset)
    return bound.qs if bound.is_valid() else queryset.none()


def panel(filterset: type[django_filters.FilterSet], address: Address) -> list[Filter]:
    """`Meta.panel` lists them; by default filters with a list of choices, and all declared ones."""
    panel_names = getattr(getattr(filterset, "Meta", None), "panel", None)
    hidden = visibility.hidden_filters(filterset)
    if panel_names is not None:
        return [
            _entry(name, filterset.base_filters[name], address) for name in panel_names if name not in hidden
        ]
    declared = filterset.declared_filters
    offered = []
    for name, each in filterset.base_filters.items():
        if name in hidden:
            continue
        if name in declared:
            offered.append(_entry(name, each, address))
        elif name != SEARCH and "__" not in name:
            entry = _entry(name, each, address)
            offered += [entry] if entry.kind in {"choice", "multi", "flag"} else []
    return offered


def add_counts(
    filterset: type[django_filters.FilterSet],
    entries: list[Filter],
    every: QuerySet,
    narrowed_rows: QuerySet,
    data: Any,
) -> list[Filter]:
    counted = {
        entry.name: filterset.base_filters[entry.name]
        for entry in entries
        if entry.kind in {"choice", "multi", "flag"}
    }
    parts, numbers = [], dict[str, dict[str, int]]()
    for name, each in counted.items():
        others = data.copy()
        others.pop(name, None)
        among = narrowed(filterset, every, others).order_by().values("pk") if name in data else _MATCHING
        if (part := _count(name, each, every.model, among)) is not None:
            parts.append(part)
            numbers[name] = {}
    if not parts:
        return entries
    for facet, choice, number in _rows_counted(narrowed_rows, parts[0].union(*parts[1:], all=True)):
        numbers[facet][str(choice)] = number
    return [_counted(entry, numbers[entry.name]) if entry.name in numbers else entry for entry in entries]


_MATCHING = RawSQL("SELECT id FROM matching", [])
"""The rows of the list, which the statement finds once for all choices."""


def _rows_counted(matching_rows: QuerySet, counts: QuerySet) -> list[tuple[str, Any, int]]:
    try:
        matching, matching_values = matching_rows.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return []
    statement, values = counts.order_by().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH matching (id) AS MATERIALIZED ({matching}) {statement}", (*matching_values, *values)
        )
        rows: list[tuple[str, Any, int]] = cursor.fetchall()
        return rows


def _counted(entry: Filter, numbers: Mapping[str, int]) -> Filter:
    options = [replace(option, count=numbers.get(option.value, 0)) for option in entry.choices]
    return replace(entry, choices=options, count=numbers.get("true", 0) if entry.kind == "flag" else None)


def _count(name: str, each: django_filters.Filter, model: type[Model], among: Any) -> QuerySet | None:
    facet = _facet(each)
    # Annotations of the list's query would have to be computed for every row.
    paths = facet.referenced_base_fields if isinstance(facet, Q) else [each.field_name]
    if facet is None or not all(_is_stored(model, path) for path in paths):
        return None
    # Annotations of the rows must not become part of the groups.
    rows = model._base_manager.filter(pk__in=among).order_by()
    if isinstance(facet, Q):
        rows, facet = rows.filter(facet), Value("true")
    facet_rows = rows.annotate(facet=Value(name), choice=Cast(facet, TextField()))
    # Distinct keys are sorted: only where a row may have several values.
    number = Count("*") if all(_is_single(model, path) for path in paths) else Count("pk", distinct=True)
    return (
        facet_rows.values("facet", "choice").annotate(number=number).values_list("facet", "choice", "number")
    )


def _is_single(model: Any, path: str) -> bool:
    """Whether a row has one value there."""
    for name in path.split(LOOKUP_SEP):
        step = model._meta.get_field(name)
        if step.many_to_many or step.one_to_many or isinstance(step, ArrayField):
            return False
        model = step.related_model or model
    return True


def _is_stored(model: Any, path: str) -> bool:
    for name in path.split(LOOKUP_SEP):
        try:
            model = model._meta.get_field(name).related_model or model
        except FieldDoesNotExist:
            return False
    return True


def _facet(each: django_filters.Filter) -> Any:
    if isinstance(each, lookups.Flag):
        return each.read(each.field_name)
    if type(each) is lookups.Contains:
        return Func(F(each.field_name), function="unnest")
    is_plain = type(each) is lookups.AnyOf or isinstance(each, django_filters.ChoiceFilter)
    is_exact = each.lookup_expr == "exact" and not each.exclude and getattr(each, "method", None) is None
    return F(each.field_name) if is_plain and is_exact else None


def chips(
    filterset: type[django_filters.FilterSet], address: Address, entries: Sequence[Filter]
) -> list[Chip]:
    labels = {(entry.name, option.value): option.label for entry in entries for option in entry.choices}
    return [
        Chip(
            _label(name, filterset.base_filters[name]),
            labels.get((name, value), value),
            address.removal_url(name, value),
        )
        for name, value in address.applied
    ]


def _entry(name: str, each: django_filters.Filter, address: Address) -> Filter:
    label, chosen_values = _label(name, each), set(address.many(name))
    if isinstance(each, (lookups.Flag, django_filters.BooleanFilter)):
        return Filter(name, label, "flag", address.one(name))
    pairs = _pairs(each)
    if pairs is not None:
        options = [FilterOption(value, text, value in chosen_values) for value, text in pairs if value != ""]
        single = isinstance(each, django_filters.ChoiceFilter) and not isinstance(
            each, django_filters.MultipleChoiceFilter
        )
        return Filter(name, label, "choice" if single else "multi", address.one(name), options)
    inner = getattr(each, "inner", None) or each.field
    number = isinstance(inner, (forms.IntegerField, forms.FloatField, forms.DecimalField))
    return Filter(name, label, "number" if number else "text", address.one(name))


def _pairs(each: django_filters.Filter) -> list[tuple[str, str]] | None:
    source = getattr(each, "inner", None) or each.field
    if isinstance(source, lookups.Existing):
        rows = list(source.options(MOST_CHOICES + 1))
        return rows if len(rows) <= MOST_CHOICES else None
    if isinstance(source, forms.ModelChoiceField) and source.queryset is not None:
        # Read all at once: the field itself would use a server-side cursor, with three statements.
        objects = list(source.queryset[: MOST_CHOICES + 1])
        pairs = [(str(source.prepare_value(each)), source.label_from_instance(each)) for each in objects]
        return pairs if len(pairs) <= MOST_CHOICES else None
    if isinstance(source, (forms.ChoiceField, forms.MultipleChoiceField)):
        choices = cast(Iterable[tuple[Any, Any]], source.choices)
        flat = [(str(getattr(value, "value", value)), str(text)) for value, text in choices]
        return flat if len(flat) <= MOST_CHOICES else None
    return None


def _label(name: str, each: django_filters.Filter) -> str:
    return str(each.label or name.replace("__", " ").replace("_", " ").capitalize())


def narrowed_rows(filters: Sequence[RowFilter], rows: Sequence[Any], address: Address) -> list[Any]:
    matches = list(rows)
    for each in filters:
        chosen_values = set(address.many(each.name))
        if chosen_values:
            values = read_all(matches, each.value)
            pairs = zip(matches, values, strict=True)
            matches = [row for row, value in pairs if chosen_values & _choices_of(value)]
    return matches


def _choices_of(value: Any) -> AbstractSet[str]:
    return value if isinstance(value, (set, frozenset)) else {str(value)}


def _count_choices(values: Iterable[Any]) -> Counter[str]:
    counts = Counter[str]()
    different = Counter(frozenset(value) if isinstance(value, set) else value for value in values)
    for value, number in different.items():
        for choice in _choices_of(value):
            counts[choice] += number
    return counts


def panel_of_choices(filters: Sequence[RowFilter], rows: Sequence[Any], address: Address) -> list[Filter]:
    entries = []
    for each in filters:
        counted = _count_choices(read_all(rows, each.value))
        chosen_values = set(address.many(each.name))
        options = [
            FilterOption(value, str(text), value in chosen_values, counted[value])
            for value, text in each.choices
        ]
        entries.append(Filter(each.name, str(each.label), "multi", address.one(each.name), options))
    return entries


def chips_of_choices(filters: Sequence[RowFilter], address: Address) -> list[Chip]:
    labels = {each.name: str(each.label) for each in filters}
    texts = {(each.name, value): str(text) for each in filters for value, text in each.choices}
    return [
        Chip(labels[name], texts.get((name, value), value), address.removal_url(name, value))
        for name, value in address.applied
    ]


type Offered = tuple[str, str, Iterable[tuple[Any, Any]], Iterable[str]]
"""Name, label, choices and the chosen ones."""


def panel_of(panel_id: str, address: Address, offered: Iterable[Offered]) -> dict[str, Any]:
    """The context of web/table_filters.html for a page whose filters belong to no table."""
    filters = []
    for name, label, choices, chosen_values in offered:
        options = [FilterOption(str(value), str(text), value in chosen_values) for value, text in choices]
        filters.append(Filter(name, label, "multi", choices=options))
    chips = [
        Chip(each.label, option.label, _removal_url(address, each, option.value))
        for each in filters
        for option in each.choices
        if option.selected
    ]
    return {
        "id": panel_id,
        "url": address.path,
        "hidden": address.lasting_pairs,
        "filters": filters,
        "chips": chips,
        "clear_url": address.unfiltered(),
    }


def _removal_url(address: Address, each: Filter, value: str) -> str:
    left = [option.value for option in each.choices if option.selected and option.value != value]
    return address.anew(**{each.name: ",".join(left)}) if left else address.url(without=[PAGE, each.name])
