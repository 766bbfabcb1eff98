"""The attributes card on the page of a device type."""

from datetime import datetime

from accounts.models import User
from inventory.attributes import described
from inventory.models import DeviceType
from web import words
from web.kinds import panels
from web.kinds.panels import Panel


def register() -> None:
    panels.register(DeviceType, attributes_panel)


def attributes_panel(obj: DeviceType, *, user: User, now: datetime) -> Panel:
    items = []
    for each in described(obj.kind, obj.attributes):
        item = {"term": each.attribute.label, "value": words.in_words(each.value)}
        if each.attribute.unit:
            item |= {"unit": each.attribute.unit, "provenance": "declared", "source": obj.source}
        items.append(item)
    context = {"facts": items}
    return Panel("attributes", "Attributes", "inventory/attributes.html", context, order=150)
