"""The attributes card on the page of a device type, with the catalogue's ceilings where it has none of its own."""

from datetime import datetime

from accounts.models import User
from inventory.attributes import described
from inventory.catalogue import ceilings_of
from inventory.models import DeviceType
from web import words
from web.kinds import panels
from web.kinds.panels import Panel


def register() -> None:
    panels.register(DeviceType, attributes_panel)


def attributes_panel(obj: DeviceType, *, user: User, now: datetime) -> Panel:
    items = []
    ceilings = ceilings_of(obj.model, {}, "") if obj.kind == DeviceType.Kind.ACCELERATOR else {}
    for each in described(obj.kind, {key: limit.value for key, limit in ceilings.items()} | obj.attributes):
        item = {"term": each.attribute.label, "value": words.value_text(each.value)}
        if each.attribute.unit:
            is_entered = each.attribute.key in obj.attributes
            source = obj.source if is_entered else ceilings[each.attribute.key].source
            item |= {"unit": each.attribute.unit, "provenance": "declared", "source": source}
        items.append(item)
    context = {"facts": items}
    return Panel("attributes", "Attributes", "inventory/attributes.html", context, order=150)
