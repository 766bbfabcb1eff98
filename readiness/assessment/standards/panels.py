"""Deviations from standards, with their waivers, on the page of a device and of a site."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from accounts.models import User
from inventory.models import Device
from readiness.assessment.standards.models import Deviation
from web.kinds.details import may_see, related_panel
from web.kinds.kind import Related
from web.kinds.panels import Panel
from web.links import link

# The accelerators of a device stand on its page, and its waiver covers them.
_OF_DEVICE = Related(
    Deviation, ("device", "accelerator__device"), ("object", "standard", "rule", "has", "wants", "waiver")
)
_OF_SITE = Related(Deviation, ("site",), ("object", "standard", "rule", "has", "wants", "waiver"))


def deviations_panel(obj: Any, *, user: User, now: datetime) -> Panel | None:
    """None where nothing deviates."""
    related = _OF_DEVICE if isinstance(obj, Device) else _OF_SITE
    if not may_see(user, related):
        return None
    panel = related_panel(related, obj, user=user, place=0)
    if not panel.context["rows"]:
        return None
    site = obj.site if isinstance(obj, Device) else obj
    every = {"label": "All of the site", "url": link("deviation-list", site=site.slug)}
    return replace(
        panel, key="deviations", title="Deviations from standards", order=510, span=12, links=[every]
    )
