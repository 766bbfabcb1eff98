"""The contradictions of a device, an accelerator or a site, on its inventory page."""

from datetime import datetime
from typing import Any

from django.db.models import Model

from accounts.models import User
from inventory.models import Accelerator, Device
from telemetry.drift import queries, sentences
from web.kinds import panels
from web.kinds.panels import Panel
from web.links import link


def register() -> None:
    for model in (Device, Accelerator):
        panels.register(model, drift_panel)


def drift_panel(obj: Model, *, user: User, now: datetime) -> Panel | None:
    """Shown only where something contradicts the inventory."""
    if not user.has_perm("telemetry.view_inventorydrift"):
        return None
    of_object: dict[str, Any] = {"device": obj.pk}
    if isinstance(obj, Accelerator):
        of_object = {"device": obj.device_id, "index": obj.index}
    rows = list(queries.drifts().not_ended().filter(**of_object).order_by("index", "field"))
    if not rows:
        return None
    items = [
        {"drift": row, "sentence": sentences.contradiction(row), "url": link("drift", row.pk)} for row in rows
    ]
    return Panel(
        "drift", "Inventory drift", "telemetry/drift_panel.html", {"items": items}, span=12, order=120
    )
