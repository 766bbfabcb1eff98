"""A kind of the inventory, made of its fields and columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.text import capfirst

from inventory.api import InventorySerializer
from inventory.forms import InventoryForm
from inventory.models import Device
from web import links
from web.kinds import Kind
from web.kinds.columns import plain
from web.kinds.details import own_page
from web.kinds.rest import filters_of, form_of, serializer_of, viewset_of
from web.rest.viewsets import ObjectViewSet
from web.tables import Column, Table

_BAD = {Device.Status.FAILED, Device.Status.OFFLINE}
_QUIET = {Device.Status.PLANNED, Device.Status.RETIRED}


def _tone(row: Any) -> str:
    """Give a status of a device, an accelerator or a port its tone; active ones need no colour."""
    if row.status in _BAD:
        return "bad"
    if row.status in _QUIET:
        return "unknown"
    return "" if row.status == Device.Status.ACTIVE else "warn"


def status() -> Column:
    return plain("status", "Status", phone="status", tone=_tone)


def declared(
    model: type[Model],
    fields: Sequence[str],
    columns: Sequence[Column],
    *,
    brief: Sequence[str],
    search: Sequence[str],
    panel: Sequence[str] = (),
    through: Sequence[str] = (),
    filters: Mapping[str, Any] | None = None,
    form: type[InventoryForm] = InventoryForm,
    form_meta: Mapping[str, Any] | None = None,
    serializer: type[InventorySerializer] = InventorySerializer,
    also: Sequence[str] = (),
    together: Sequence[str] = (),
    viewset: type[ObjectViewSet] = ObjectViewSet,
    joins: Sequence[str] = (),
    rows: QuerySet[Any] | None = None,
    default_sort: str = "",
    **more: Any,
) -> Kind:
    """`fields` are those of the form, the endpoint and the filters; `also` those of the endpoint alone.

    `joins` is what the endpoint reads with each row; `rows` those of list and page, where these read more. `filters`
    are further ones by name. `together` are the fields that the model's `clean` looks at.
    """
    filterset = filters_of(model, fields, search=search, panel=panel, through=through, **(filters or {}))
    made = serializer_of(model, (*fields, *also), brief, base=serializer, together=together)
    joined = model._default_manager.select_related(*joins) if joins else model._default_manager.all()
    noun, names = links.noun(model), model._meta
    table = Table(
        id=f"{noun}-list",
        noun=(str(names.verbose_name), str(names.verbose_name_plural)),
        label=capfirst(str(names.verbose_name_plural)),
        columns=columns,
        filterset=filterset,
        row_url=own_page,
        api=f"inventory-api-{noun}-list",
        default_sort=default_sort,
    )
    return Kind(
        model=model,
        table=table,
        rows=(joined if rows is None else rows).all,
        room=("Inventory", "inventory"),
        form=form_of(model, fields, form, **(form_meta or {})),
        viewset=viewset_of(joined, made, filterset, viewset),
        **more,
    )
