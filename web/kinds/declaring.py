"""A kind whose objects are written by their columns, made of the names of its fields.

`fields` are those of the form, the endpoint and the filters; `also` those of the endpoint alone. A named column is that
field's, the first the title of its row; `hidden` ones are offered, not shown at first. `groups` are titles with the
fields of the form below each; its units are those of the columns.

`joins` is what the endpoint reads with each row, by default all that its fields refer to; `rows` those of list and
page, where these read more, and `counted` makes them where what they hold depends on the day. `filters` are further
ones by name. `together` are the fields that the model's `clean` looks at. `more` is what a `Kind` takes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import Model, QuerySet
from django.utils.text import capfirst

from web import links
from web.kinds.columns import field_column
from web.kinds.details import own_page
from web.kinds.kind import Kind
from web.kinds.rest import filters_of, form_of, serializer_of, viewset_of
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet
from web.tables import Column, Table

TITLE: Mapping[str, Any] = {"locked": True, "phone": "title"}


class ObjectForm(forms.ModelForm):
    """A form of the model's fields, with a reason: `changelog_message` goes into the history."""

    changelog_message = forms.CharField(
        label="Reason",
        required=False,
        max_length=200,
        help_text="Muster stores this in the history with the change.",
    )

    units: ClassVar[Mapping[str, str]] = {}
    groups: ClassVar[Sequence[tuple[str, Sequence[str]]]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([name for name in self.fields if name != "changelog_message"])


def declared(
    model: type[Model],
    fields: Sequence[str],
    columns: Sequence[Column | str],
    *,
    hidden: Sequence[str] = (),
    brief: Sequence[str],
    search: Sequence[str],
    panel: Sequence[str] = (),
    through: Sequence[str] = (),
    filters: Mapping[str, Any] | None = None,
    form: type[forms.ModelForm] = ObjectForm,
    groups: Sequence[tuple[str, Sequence[str]]] = (),
    serializer: type[ObjectSerializer] = ObjectSerializer,
    also: Sequence[str] = (),
    together: Sequence[str] = (),
    viewset: type[ObjectViewSet] = ObjectViewSet,
    joins: Sequence[str] | None = None,
    rows: QuerySet[Any] | None = None,
    counted: Callable[[], QuerySet[Any]] | None = None,
    default_sort: str = "",
    empty: Mapping[str, str] | None = None,
    may: tuple[str, ...] = (),
    **more: Any,
) -> Kind:
    filterset = filters_of(model, fields, search=search, panel=panel, through=through, **(filters or {}))
    every_column = _shown(model, columns, hidden)
    serializer_class = serializer_of(model, (*fields, *also), brief, base=serializer, together=together)
    joined = _joined_rows(model, _referred(model, (*fields, *also)) if joins is None else joins)
    units = {column.key: column.unit for column in every_column if column.unit}
    return Kind(
        model=model,
        table=_table(model, empty, columns=every_column, filterset=filterset, default_sort=default_sort),
        rows=counted or (joined if rows is None else rows).all,
        form=form_of(model, fields, form, groups=groups, units=units),
        viewset=viewset_of(joined, serializer_class, filterset, viewset, may=may),
        may=may,
        **more,
    )


def _table(model: type[Model], empty: Mapping[str, str] | None, **options: Any) -> Table:
    names = model._meta
    return Table(
        id=f"{links.noun(model)}-list",
        noun=(str(names.verbose_name), str(names.verbose_name_plural)),
        label=capfirst(str(names.verbose_name_plural)),
        row_url=own_page,
        api=f"{links.api_basename(model)}-list",
        empty=empty or {},
        **options,
    )


def _shown(model: type[Model], columns: Sequence[Column | str], hidden: Sequence[str]) -> list[Column]:
    shown_columns = [
        field_column(model, column, **({} if place else TITLE)) if isinstance(column, str) else column
        for place, column in enumerate(columns)
    ]
    return [*shown_columns, *(field_column(model, key, default=False) for key in hidden)]


def _joined_rows(model: type[Model], joins: Sequence[str]) -> QuerySet[Any]:
    return model._default_manager.select_related(*joins) if joins else model._default_manager.all()


def _referred(model: type[Model], fields: Sequence[str]) -> list[str]:
    foreign = {field.name for field in model._meta.concrete_fields if field.is_relation}
    return [name for name in fields if name in foreign]
