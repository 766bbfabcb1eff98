"""Filters, serializer, form and endpoint of a model, built from the names of its fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import DateField, DateTimeField, Model, QuerySet

from web.forms import DayInput, MinuteInput
from web.kinds.kind import Kind
from web.rest.filters import ObjectFilterSet
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet, Router


def filters_of(
    model: type[Model],
    fields: Sequence[str],
    *,
    search: Sequence[str],
    panel: Sequence[str] = (),
    through: Sequence[str] = (),
    **declared: Any,
) -> type[ObjectFilterSet]:
    meta = {"model": model, "fields": fields, "search_fields": search, "panel": panel, "through": through}
    return type(f"{model.__name__}Filters", (ObjectFilterSet,), {"Meta": type("Meta", (), meta), **declared})


def serializer_of(
    model: type[Model],
    fields: Sequence[str],
    brief: Sequence[str],
    *,
    base: type[ObjectSerializer] = ObjectSerializer,
    **meta: Any,
) -> type[ObjectSerializer]:
    meta |= {"model": model, "fields": fields, "brief_fields": brief}
    return type(f"{model.__name__}Serializer", (base,), {"Meta": type("Meta", (), meta)})


def form_of(
    model: type[Model],
    fields: Sequence[str],
    base: type[forms.ModelForm],
    *,
    groups: Sequence[tuple[str, Sequence[str]]] = (),
    units: Mapping[str, str],
) -> type[forms.ModelForm]:
    """A form of the model; `base` may bring its own fields.

    Instants are entered to the minute, in the reader's zone.
    """
    widgets: dict[str, forms.Widget] = {}
    for name in fields:
        field = model._meta.get_field(name)
        if isinstance(field, DateField):
            widgets[name] = MinuteInput() if isinstance(field, DateTimeField) else DayInput()
    meta = {"model": model, "fields": fields, "widgets": widgets}
    members = {"Meta": type("Meta", (), meta), "groups": groups, "units": units}
    return type(f"{model.__name__}Form", (base,), members)


def viewset_of(
    rows: QuerySet[Any],
    serializer: type[ObjectSerializer],
    filterset: type[ObjectFilterSet],
    base: type[Any] = ObjectViewSet,
    *,
    may: tuple[str, ...] = (),
) -> Any:
    """The endpoint; `rows` join what the serializer reads, so that no row costs a statement. Users need the permissions
    `may` in addition to the model's."""
    members = {"may": may, "queryset": rows, "serializer_class": serializer, "filterset_class": filterset}
    return type(f"{rows.model.__name__}ViewSet", (base,), members)


def router_of(*kinds: Kind) -> Router:
    router = Router()
    for kind in kinds:
        router.register(kind.plural, kind.viewset)
    return router
