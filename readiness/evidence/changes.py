"""Which change it was, by the change history: what was done to what, when, and by whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps

from readiness.framework.core.vocabulary import Change

__all__ = ["Change", "Made", "Place", "changes_at", "device_changes"]

_EVENTS: dict[Change, tuple[str, str, str, str, str]] = {
    # kind: app, event model, where its site is, what names the object, noun
    Change.TOPOLOGY: ("inventory", "LinkEvent", "site_a_id", "name", "link"),
    Change.EXPANSION: ("inventory", "AcceleratorEvent", "device__site_id", "device__name", "accelerator of"),
    Change.POWER_TOPOLOGY: ("inventory", "PowerFeedEvent", "site_id", "name", "power feed"),
    Change.COOLING_TOPOLOGY: ("inventory", "CoolingUnitEvent", "site_id", "name", "cooling unit"),
    Change.FIRMWARE: ("inventory", "DeviceEvent", "site_id", "name", "firmware of"),
    Change.DRIVER: ("inventory", "DeviceEvent", "site_id", "name", "driver of"),
    Change.NOS: ("inventory", "DeviceEvent", "site_id", "name", "NOS of"),
    Change.PLACEMENT_POLICY: (
        "workloads",
        "PlacementEvent",
        "site_id",
        "workload_class__name",
        "placement of",
    ),
}
_DONE = {"insert": "was entered", "update": "was changed", "delete": "was removed"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a change is looked for."""

    site_id: int
    kind: Change


@dataclass(frozen=True, slots=True)
class Made:
    """One change: what was done, and when. By whom is a name, which history tells to those who may see it."""

    what: str
    at: datetime

    def when(self) -> str:
        return f" ({self.at:%Y-%m-%d %H:%M} UTC)."

    def sentence(self) -> str:
        return f"{self.what[:1].upper()}{self.what[1:]}{self.when()}"


def device_changes(device_ids: Collection[int]) -> dict[tuple[int, str, str], Made]:
    """When each device was last given each of its versions: by (device, column, version). One statement."""
    if not device_ids:
        return {}
    rows = (
        _events("inventory", "DeviceEvent")
        .filter(pgh_obj_id__in=list(device_ids))
        .order_by("pgh_id")
        .values_list(
            "pgh_obj_id",
            "pgh_created_at",
            "firmware_version",
            "software_version",
        )
    )
    last: dict[tuple[int, str], str] = {}
    found: dict[tuple[int, str, str], Made] = {}
    for device_id, at, firmware, software in rows:
        for column, version in (("firmware_version", firmware), ("software_version", software)):
            if last.get((device_id, column)) != version:
                last[device_id, column] = version
                found[device_id, column, version] = Made(version, at)
    return found


def changes_at(places: Collection[Place]) -> dict[Place, Made]:
    """The newest change of each kind at each site; one statement for each kind."""
    found: dict[Place, Made] = {}
    for kind in sorted({place.kind for place in places}):
        if kind not in _EVENTS:
            continue
        app, model, site, name, noun = _EVENTS[kind]
        site_ids = [place.site_id for place in places if place.kind is kind]
        rows = (
            _events(app, model)
            .filter(**{f"{site}__in": site_ids})
            .order_by(site, "-pgh_id")
            .distinct(site)
            .values_list(site, "pgh_created_at", "pgh_label", name)
        )
        for site_id, at, label, named in rows:
            what = f"{noun} {named} {_DONE.get(label, 'was changed')}"
            found[Place(site_id, kind)] = Made(what, at)
    return found


def _events(app: str, model: str) -> Any:
    return apps.get_model(app, model).objects
