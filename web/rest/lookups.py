"""Filters for a model field by its type, named as in NetBox: `name__ic`, `speed_gbps__gte`, `site__n`.

A repeated parameter means any of its values; negated, none of them.
"""

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

import django_filters
from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.functional import lazy
from django.utils.text import capfirst, format_lazy

from web.fields import MOST_ALIKE, similar

lazy_capfirst = lazy(capfirst, str)

EQUAL = {"": ("exact", False), "n": ("exact", True)}
NUMBER = EQUAL | {each: (each, False) for each in ("lt", "lte", "gt", "gte")}
_TEXT = {"": "exact", "ic": "icontains", "isw": "istartswith", "iew": "iendswith", "ie": "iexact"}
TEXT = {f"{no}{suffix}": (lookup, bool(no)) for suffix, lookup in _TEXT.items() for no in ("", "n")} | {
    each: (each, False) for each in ("regex", "iregex")
}


class Repeated(forms.Field):
    def __init__(self, inner: forms.Field, *, commas: bool = False, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.SelectMultiple, **kwargs)
        self.inner = inner
        self.commas = commas

    def clean(self, value: Any) -> list[Any]:
        raw = list(value or [])
        if self.commas:
            raw = [part.strip() for each in raw for part in each.split(",")]
        return [self.inner.clean(each) for each in raw if each != ""]


class AnyOf(django_filters.Filter):
    def __init__(self, *args: Any, inner: forms.Field, commas: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.inner = inner
        self.commas = commas

    @property
    def field(self) -> Repeated:
        if not hasattr(self, "_field"):
            self._field = Repeated(self.inner, commas=self.commas, label=self.label)
        return self._field

    def filter(self, queryset: QuerySet, values: list[Any]) -> QuerySet:
        if not values:
            return queryset
        condition = Q()
        for value in values:
            condition |= Q(**{f"{self.field_name}__{self.lookup_expr}": value})
        return queryset.filter(~condition if self.exclude else condition)


class Flag(django_filters.Filter):
    def __init__(self, *args: Any, read: Callable[[str], Q], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.read = read

    @property
    def field(self) -> forms.Field:
        if not hasattr(self, "_field"):
            self._field = TrueOrFalse(required=False, label=self.label)
        return self._field

    def filter(self, queryset: QuerySet, value: bool | None) -> QuerySet:
        if value is None:
            return queryset
        condition = self.read(self.field_name)
        return queryset.filter(condition if value else ~condition)


class TrueOrFalse(forms.Field):
    def clean(self, value: Any) -> bool | None:
        if value in (None, ""):
            return None
        if str(value).lower() not in {"true", "false", "1", "0"}:
            raise forms.ValidationError("Write true or false.")
        return str(value).lower() in {"true", "1"}


class Existing(forms.CharField):
    """A slug or name that some row has: a misspelt one is an error, not an empty list."""

    def __init__(self, model: type[models.Model], attribute: str) -> None:
        super().__init__(max_length=200)
        self.model, self.attribute = model, attribute

    def options(self, limit: int) -> Iterator[tuple[str, str]]:
        for row in self.model._base_manager.order_by(*self.model._meta.ordering)[:limit]:
            yield getattr(row, self.attribute), str(row)

    def clean(self, value: Any) -> str:
        value = super().clean(value)
        if not self.model._base_manager.filter(**{self.attribute: value}).exists():
            raise forms.ValidationError(self._missing(value))
        return value

    def _missing(self, value: str) -> str:
        reason = f"No {self.model._meta.verbose_name} is called {value}"
        if not value.isascii() or not value.isdecimal():
            names = self.model._base_manager.values_list(self.attribute, flat=True)[:MOST_ALIKE]
            alike = similar(value, {name.casefold(): name for name in names})
            return f"{reason}; did you mean {alike}?" if alike else f"{reason}."
        return f"{reason}; an id goes into the filter that ends with _id."


class InstantParameter(forms.Field):
    def clean(self, value: Any) -> Any:
        try:
            # A "+" that was not escaped arrives as a space.
            read = parse_datetime(str(value).replace(" ", "+"))
        except ValueError:
            read = None
        if read is None:
            raise forms.ValidationError("Write a time as ISO 8601, such as 2026-11-24T16:00:00Z.")
        return read if read.tzinfo else read.replace(tzinfo=UTC)


# The words of a lookup between the field and the value.
WORDS = {
    "n": "is not",
    "ic": "contains",
    "nic": "does not contain",
    "isw": "begins with",
    "nisw": "does not begin with",
    "iew": "ends with",
    "niew": "does not end with",
    "ie": "is, in any case,",
    "nie": "is not, in any case,",
    "regex": "matches",
    "iregex": "matches, in any case,",
    "lt": "below",
    "lte": "at most",
    "gt": "above",
    "gte": "at least",
    "empty": "is empty",
}


def filters_of(field: models.Field, name: str) -> Iterator[tuple[str, django_filters.Filter]]:
    for parameter, each in _filters_of(field, name):
        word = WORDS.get(parameter.removeprefix(name).removeprefix("_id").removeprefix("__"))
        each.label = format_lazy("{} {}", field.verbose_name, word) if word else field.verbose_name
        each.label = lazy_capfirst(each.label)
        yield parameter, each


def _filters_of(field: models.Field, name: str) -> Iterator[tuple[str, django_filters.Filter]]:
    if isinstance(field, models.ForeignKey):
        yield from _reference(field, name)
    elif isinstance(field, ArrayField):
        for suffix, (_lookup, negated) in EQUAL.items():
            # "Contains any of": one value at a time, so that the parts are joined by OR as everywhere.
            yield (
                _named(name, suffix),
                Contains(field_name=name, exclude=negated, inner=_read(field.base_field), commas=True),
            )
        yield _named(name, "empty"), Flag(field_name=name, read=lambda key: Q(**{f"{key}__len": 0}))
    elif isinstance(field, models.BooleanField):
        yield name, Flag(field_name=name, read=lambda key: Q(**{key: True}))
    elif isinstance(field, models.JSONField):
        return
    else:
        lookups = _lookups(field)
        for suffix, (lookup, negated) in lookups.items():
            inner = forms.CharField() if lookups is TEXT and suffix not in EQUAL else _read(field)
            yield (
                _named(name, suffix),
                AnyOf(field_name=name, lookup_expr=lookup, exclude=negated, inner=inner),
            )
        yield _named(name, "empty"), Flag(field_name=name, read=_is_empty(field))


class Contains(AnyOf):
    def filter(self, queryset: QuerySet, values: list[Any]) -> QuerySet:
        condition = Q(**{f"{self.field_name}__overlap": values})
        return queryset.filter(~condition if self.exclude else condition) if values else queryset


def _reference(field: models.ForeignKey, name: str) -> Iterator[tuple[str, django_filters.Filter]]:
    related = field.related_model
    attribute = next((each for each in ("slug", "name", "username") if _has(related, each)), None)
    for suffix, (_lookup, negated) in EQUAL.items():
        if attribute:
            yield (
                _named(name, suffix),
                AnyOf(
                    field_name=f"{name}__{attribute}",
                    exclude=negated,
                    inner=Existing(related, attribute),
                    commas=attribute == "slug",
                ),
            )
        yield (
            _named(f"{name}_id", suffix),
            AnyOf(field_name=field.attname, exclude=negated, inner=_whole_number(), commas=True),
        )
    if field.null:
        yield _named(name, "empty"), Flag(field_name=name, read=lambda key: Q(**{f"{key}__isnull": True}))


def _lookups(field: models.Field) -> dict[str, tuple[str, bool]]:
    if isinstance(
        field,
        (models.IntegerField, models.FloatField, models.DecimalField, models.DateField, models.AutoField),
    ):
        return NUMBER
    if isinstance(field, (models.CharField, models.TextField)):
        return TEXT
    return EQUAL


def _read(field: models.Field) -> forms.Field:
    if field.choices:
        return forms.ChoiceField(choices=field.flatchoices)
    if isinstance(field, (models.IntegerField, models.AutoField)):
        return _whole_number()
    if isinstance(field, models.FloatField):
        return forms.FloatField()
    if isinstance(field, models.DecimalField):
        return forms.DecimalField(max_digits=30)
    if isinstance(field, models.DateTimeField):
        return InstantParameter()
    if isinstance(field, models.DateField):
        return forms.DateField(input_formats=["%Y-%m-%d"])
    if isinstance(field, models.GenericIPAddressField):
        return forms.GenericIPAddressField()
    return forms.CharField()


def _whole_number() -> forms.IntegerField:
    return forms.IntegerField(min_value=-(2**63), max_value=2**63 - 1)


def _is_empty(field: models.Field) -> Callable[[str], Q]:
    text = isinstance(field, (models.CharField, models.TextField))
    return lambda key: (
        (Q(**{key: ""}) if text else Q()) | (Q(**{f"{key}__isnull": True}) if field.null or not text else Q())
    )


def _named(name: str, suffix: str) -> str:
    return f"{name}__{suffix}" if suffix else name


def _has(model: type[models.Model], attribute: str) -> bool:
    return any(field.name == attribute for field in model._meta.concrete_fields)


def parameter(name: str, each: django_filters.Filter) -> dict[str, Any]:
    inner = getattr(each, "inner", None)
    if isinstance(each, Flag):
        schema: dict[str, Any] = {"type": "boolean"}
    elif isinstance(inner, forms.ChoiceField):
        schema = {"type": "string", "enum": [value for value, _ in inner.choices]}
    elif isinstance(inner, forms.IntegerField):  # FloatField and DecimalField derive from it
        schema = {"type": "integer"} if type(inner) is forms.IntegerField else {"type": "number"}
    elif isinstance(inner, (InstantParameter, forms.DateField)):
        schema = {"type": "string", "format": "date-time" if isinstance(inner, InstantParameter) else "date"}
    else:
        schema = {"type": "string"}
    described = {"name": name, "in": "query", "required": False, "schema": schema}
    if isinstance(each, AnyOf):
        described |= {"schema": {"type": "array", "items": schema}, "explode": True, "style": "form"}
    return described
