"""Search in the inventory: devices, accelerators by UUID or serial, racks.

Sites are found by the floor above, whose pages they lead to.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, IntegerField, Model, Q, QuerySet, Value, When

from accounts.models import User
from inventory.models import Accelerator, Device, Rack
from web import links
from web.search import Hit, register


def best_first(rows: QuerySet[Any], query: str, *, name: str, others: Iterable[str] = ()) -> QuerySet[Any]:
    """Rows that have the words in one of the fields: those so named first, then those whose name begins so."""
    condition = Q()
    for field in (name, *others):
        condition |= Q(**{f"{field}__icontains": query})
    rank = Case(
        When(**{f"{name}__iexact": query}, then=Value(0)),
        When(**{f"{name}__istartswith": query}, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return rows.filter(condition).order_by(rank, name, "pk")


def find_devices(query: str, *, user: User, limit: int) -> list[Hit]:
    others = ["serial", "management_address", "description"]
    devices = best_first(Device.objects.select_related("site"), query, name="name", others=others)
    return [_hit(device, str(device.site), device.get_role_display()) for device in devices[:limit]]


def find_accelerators(query: str, *, user: User, limit: int) -> list[Hit]:
    accelerators = best_first(
        Accelerator.objects.select_related("device__site"), query, name="uuid", others=["serial"]
    )
    return [
        _hit(accelerator, f"{accelerator.uuid or accelerator.serial} · {accelerator.device.site}")
        for accelerator in accelerators[:limit]
    ]


def find_racks(query: str, *, user: User, limit: int) -> list[Hit]:
    racks = best_first(Rack.objects.select_related("site"), query, name="name")
    return [_hit(rack, str(rack.site)) for rack in racks[:limit]]


def _hit(obj: Model, detail: str, kind: Any = "") -> Hit:
    return Hit(title=str(obj), url=links.page_url(obj) or "", detail=detail, kind=str(kind))


def register_all() -> None:
    register("devices", "Devices", find_devices, permission="inventory.view_device", order=30)
    register(
        "accelerators",
        "Accelerators",
        find_accelerators,
        permission="inventory.view_accelerator",
        order=31,
    )
    register("racks", "Racks", find_racks, permission="inventory.view_rack", order=32)
