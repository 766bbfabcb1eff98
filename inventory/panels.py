"""The attributes of a device type on its page."""

from datetime import datetime

from accounts.models import User
from inventory.attributes import described
from inventory.models import DeviceType
from web import words
from web.kinds import panels
from web.kinds.panels import Panel


def register() -> None:
    panels.register(DeviceType, attributes_panel)


def attributes_panel(device_type: DeviceType, *, user: User, now: datetime) -> Panel:
    items = []
    for each in described(device_type.kind, device_type.attributes):
        item = {"term": each.attribute.label, "value": words.in_words(each.value)}
        if each.attribute.unit:
            item |= {"unit": each.attribute.unit, "provenance": "declared", "source": device_type.source}
        items.append(item)
    context = {"facts": items}
    return Panel("attributes", "Attributes", "inventory/attributes.html", context, order=150)
