"""Parts that the kinds of the inventory share."""

from functools import partial
from typing import Any

from inventory.api import InventorySerializer
from inventory.forms import InventoryForm
from inventory.models import Device
from web.kinds import declaring
from web.kinds.columns import plain
from web.tables import Column

_BAD = {Device.Status.FAILED, Device.Status.OFFLINE}
_QUIET = {Device.Status.PLANNED, Device.Status.RETIRED}
declared = partial(
    declaring.declared, room=("Inventory", "inventory"), form=InventoryForm, serializer=InventorySerializer
)


def _tone(row: Any) -> str:
    """The tone of a status of a device, accelerator or port; active ones have no colour."""
    if row.status in _BAD:
        return "bad"
    if row.status in _QUIET:
        return "unknown"
    return "" if row.status == Device.Status.ACTIVE else "warn"


def status() -> Column:
    return plain("status", "Status", phone="status", tone=_tone)
