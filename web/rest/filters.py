"""Filtering and ordering of lists. An unknown parameter is refused: a typo must not show everything."""

import difflib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.db.models import Model, Q, QuerySet
from django_filters.filterset import FilterSetMetaclass, FilterSetOptions
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from web import visibility
from web.audit import AuditEntry, ids_changed_by, is_audited
from web.rest import lookups
from web.rest.pagination import described

if TYPE_CHECKING:
    # REST framework imports this module through its settings, before its own views.
    from rest_framework.views import APIView

# Parameters of every list that are not filters.
SINGLE = frozenset({"limit", "offset", "after", "brief", "format"})
SHOWING = frozenset({"fields", "omit", "brief", "format"})
CONTROLS = SINGLE | SHOWING | {"ordering"}
TWICE = "This parameter is given twice, but takes one value."


class ByRequest(django_filters.CharFilter):
    def __init__(self, *args: Any, actions: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actions = actions

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        return (
            queryset.filter(pk__in=ids_changed_by(queryset.model, value, actions=self.actions))
            if value
            else queryset
        )


class OnDemand(FilterSetMetaclass):
    """Makes the filters of a class when they are first read: all lists together have 6,000, which take 12 MB."""

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> type:
        attrs["declared_filters"] = cls.get_declared_filters(bases, attrs)
        filterset_class = type.__new__(cls, name, bases, attrs)
        filterset_class._meta = FilterSetOptions(getattr(filterset_class, "Meta", None))
        return filterset_class

    @property
    def base_filters(self) -> OrderedDict[str, django_filters.Filter]:
        if "_filters" not in self.__dict__:
            self._filters = self.get_filters()
        filters: OrderedDict[str, django_filters.Filter] = self._filters
        return filters


class ObjectFilterSet(django_filters.FilterSet, metaclass=OnDemand):
    """`Meta.model`, `Meta.fields`; `Meta.search_fields` are the fields that `q` searches.

    `Meta.through` names fields of related objects, as `device__site`; their filters have the last name. `Meta.panel`
    lists the filters shown in the list; all others work in the address. Each field gets the filters of its type
    (web.rest.lookups). Further ones are declared as in django-filter. Filters that reveal who somebody is are refused
    to readers who may not know.
    """

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        self.base_filters = type(self).base_filters
        if data is not None:
            visibility.refuse(not visibility.personal_filters(type(self)).isdisjoint(data))
            # django-filter would build a form of all hundred filters for each request, of which few are used.
            self.base_filters = OrderedDict(
                (name, each) for name, each in self.base_filters.items() if name in data
            )
        super().__init__(data, *args, **kwargs)

    @classmethod
    def get_filters(cls) -> OrderedDict[str, django_filters.Filter]:
        if cls._meta.model is None:
            return OrderedDict(cls.declared_filters)
        withheld = getattr(cls._meta.model, "WITHHELD", ())
        fields = [name for name in cls._meta.fields or () if name not in withheld]
        generated = dict(_generated(cls._meta.model, fields))
        for name, each in generated.items():
            each.label = each.label or name
        through = getattr(getattr(cls, "Meta", None), "through", ())
        further = dict(pair for path in through for pair in _through(cls._meta.model, path))
        return OrderedDict(generated | cls.declared_filters | further)

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        fields = visibility.searchable(queryset.model, getattr(self.Meta, "search_fields", ()))
        # Without searchable fields, find nothing rather than everything.
        condition = Q() if fields else Q(pk__in=[])
        for field in fields:
            condition |= Q(**{f"{field}__icontains": value})
        return queryset.filter(condition)


class StrictFilterBackend(BaseFilterBackend):
    """Applies the endpoint's `filterset_class`; refuses every parameter that is neither a filter nor a control.

    An endpoint that reads further parameters itself lists them in `extra_parameters`.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet, view: "APIView") -> QuerySet:
        filterset_class = getattr(view, "filterset_class", None)
        filter_names = set(filterset_class.base_filters) if filterset_class else set()
        refuse_unknown(request, filter_names | set(getattr(view, "extra_parameters", ())))
        if filterset_class is None:
            return queryset
        return filtered(filterset_class, request.query_params, queryset)

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        filterset_class = getattr(view, "filterset_class", None)
        if filterset_class is None:
            return []
        return [lookups.parameter(name, each) for name, each in filterset_class.base_filters.items()]


class OrderingBackend(BaseFilterBackend):
    """`ordering=facility,-name`. The primary key is the last criterion, so that pages never overlap."""

    def filter_queryset(self, request: Request, queryset: QuerySet, view: "APIView") -> QuerySet:
        requested_names = listed_in(request.query_params, "ordering")
        model = queryset.model
        visibility.refuse(any(visibility.identifies(model, name) for name in requested_names))
        allowed = self._allowed(model, view)
        unknown = [name for name in requested_names if name.removeprefix("-") not in allowed]
        if unknown:
            raise ValidationError(
                {
                    "ordering": [
                        f"Cannot order by {', '.join(unknown)}. There are {', '.join(sorted(allowed))}."
                    ]
                }
            )
        by = requested_names or list(queryset.query.order_by) or list(model._meta.ordering)
        return queryset.order_by(*by, *([] if {"pk", "-pk", "id", "-id"} & set(map(str, by)) else ["pk"]))

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        text = "Fields to order by, separated by commas; a minus before one reverses it."
        return [described("ordering", text, "string")]

    def _allowed(self, model: type[Model], view: "APIView") -> set[str]:
        ordering_fields = getattr(view, "ordering_fields", None)
        if ordering_fields is not None:
            return set(ordering_fields)
        return {field.name for field in model._meta.concrete_fields} - set(getattr(model, "WITHHELD", ()))


def listed_in(parameters: Any, name: str) -> list[str]:
    """The values of a parameter, which may be repeated and may hold several values separated by commas."""
    words = [word.strip() for value in parameters.getlist(name) for word in value.split(",")]
    return [word for word in words if word]


def filtered(
    filterset_class: type[django_filters.FilterSet], parameters: Any, queryset: QuerySet
) -> QuerySet:
    filterset = filterset_class(parameters, queryset=queryset)
    errors = {
        name: [reason]
        for name, each in filterset.filters.items()
        if (reason := _unclear(name, each, parameters))
    }
    if errors:
        raise ValidationError(errors)
    if not filterset.is_valid():
        raise ValidationError(dict(filterset.errors))
    return filterset.qs


def refuse_unknown(request: Request, known_names: Iterable[str], controls: Iterable[str] = CONTROLS) -> None:
    allowed = {*known_names, *controls}
    errors = {name: [_hint(name, allowed)] for name in request.GET if name not in allowed}
    errors |= {name: [TWICE] for name in SINGLE if len(request.GET.getlist(name)) > 1}
    if errors:
        raise ValidationError(errors)


def _unclear(name: str, each: django_filters.Filter, parameters: Any) -> str:
    """Say why a filter would be ignored, so that it would select more rows than intended."""
    values = parameters.getlist(name)
    if "" in values and name != "q":
        return "Give a value, or leave the filter out."
    return TWICE if len(values) > 1 and not isinstance(each.field.widget, forms.SelectMultiple) else ""


def _hint(name: str, allowed: set[str]) -> str:
    close = difflib.get_close_matches(name, sorted(allowed), n=1)
    return f"Unknown parameter. Did you mean {close[0]}?" if close else "Unknown parameter."


def _generated(model: type[Model], fields: Iterable[str]) -> Iterator[tuple[str, django_filters.Filter]]:
    yield from lookups.filters_of(model._meta.pk, "id")
    yield "q", django_filters.CharFilter(method="search", label="Search", max_length=200)
    if is_audited(model):
        yield "created_by_request", ByRequest(actions=[AuditEntry.Action.CREATED], max_length=64)
        yield "updated_by_request", ByRequest(actions=[AuditEntry.Action.CHANGED], max_length=64)
    for name in fields:
        yield from lookups.filters_of(model._meta.get_field(name), name)


def _through(model: type[Model], path: str) -> Iterator[tuple[str, django_filters.Filter]]:
    *relations, name = path.split("__")
    for relation in relations:
        related = model._meta.get_field(relation).related_model
        assert isinstance(related, type)
        model = related
    for parameter, each in lookups.filters_of(model._meta.get_field(name), name):
        each.field_name = "__".join([*relations, str(each.field_name)])
        each.label = each.label or parameter
        yield parameter, each
