"""Which change it was, by the change history: what was done to what, when, and by whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db.models import BigIntegerField, Model, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from inventory.models import Accelerator, CoolingUnit, Device, Link, PowerFeed
from readiness.framework.core.vocabulary import Change
from readiness.workloads.models import Placement, WorkloadClass
from web.audit import AuditEntry, steps_of

__all__ = ["Change", "Made", "Place", "accelerator_changes", "changes_at", "device_changes"]

_WHERE: dict[Change, tuple[type[Model], str, str]] = {
    # kind: model, the column by which its site is found, noun
    Change.TOPOLOGY: (Link, "site_a_id", "link"),
    Change.EXPANSION: (Accelerator, "device_id", "accelerator of"),
    Change.POWER_TOPOLOGY: (PowerFeed, "site_id", "power feed"),
    Change.COOLING_TOPOLOGY: (CoolingUnit, "site_id", "cooling unit"),
    Change.FIRMWARE: (Device, "site_id", "firmware of"),
    Change.DRIVER: (Device, "site_id", "driver of"),
    Change.NOS: (Device, "site_id", "NOS of"),
    Change.PLACEMENT_POLICY: (Placement, "site_id", "placement of"),
}
# Those that have no name of their own.
_NAMED_BY: dict[type[Model], tuple[str, type[Model]]] = {
    Accelerator: ("device_id", Device),
    Placement: ("workload_class_id", WorkloadClass),
}
_VERSIONS = ("firmware_version", "software_version")
_DONE = {
    AuditEntry.Action.CREATED: "was entered",
    AuditEntry.Action.CHANGED: "was changed",
    AuditEntry.Action.DELETED: "was removed",
}


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
    last: dict[tuple[int, str], str] = {}
    found: dict[tuple[int, str, str], Made] = {}
    for step in steps_of(Device, _VERSIONS, ids=device_ids):
        for column, value in zip(_VERSIONS, step.values, strict=True):
            version = str(value)
            if last.get((step.object_id, column)) != version:
                last[step.object_id, column] = version
                found[step.object_id, column, version] = Made(version, step.at)
    return found


def accelerator_changes(places: Collection[tuple[int, int]]) -> dict[tuple[int, int], Made]:
    """When each place (device and number) was last given another accelerator, and which; one statement."""
    steps = steps_of(
        Accelerator,
        ["device_id", "index", "serial", "uuid"],
        among=Q(after__device_id__in=sorted({device for device, _ in places})),
    )
    last: dict[tuple[int, int], tuple[str, str]] = {}
    found: dict[tuple[int, int], Made] = {}
    for step in steps:
        device, number, serial, uuid = map(str, step.values)
        place = (int(device), int(number))
        before = last.get(place)
        if before is not None and place in places and before != (serial, uuid):
            # The serial number is what is printed on it; boards without one have the UUID.
            was, now = (before[0], serial) if before[0] != serial else (before[1], uuid)
            found[place] = Made(f"{was or 'unknown'} → {now or 'unknown'}", step.at)
        last[place] = (serial, uuid)
    return found


def changes_at(places: Collection[Place]) -> dict[Place, Made]:
    """The newest change of each kind at each site; a statement or three for each kind."""
    found: dict[Place, Made] = {}
    for kind in sorted({place.kind for place in places} & _WHERE.keys()):
        model, column, noun = _WHERE[kind]
        sites = {place.site_id: place.site_id for place in places if place.kind is kind}
        if model is Accelerator:
            devices = Device.objects.filter(site_id__in=sites).order_by()
            sites = dict(devices.values_list("pk", "site_id"))
        # Oldest first, so that the newest stays.
        for entry, name in _newest(model, column, sites):
            what = f"{noun} {name} {_DONE[entry.action]}"
            found[Place(sites[entry.row[column]], kind)] = Made(what, entry.at)
    return found


def _newest(model: type[Model], column: str, ids: Collection[int]) -> list[tuple[Any, str]]:
    """The newest entry of each of these in the column, oldest first, each with the name of its object."""
    entries = AuditEntry.objects.filter(table=model._meta.db_table, lasts=True).annotate(
        row=Coalesce("after", "before"), holder=Cast(KT(f"row__{column}"), BigIntegerField())
    )
    newest = list(entries.filter(holder__in=list(ids)).order_by("holder", "-id").distinct("holder"))
    newest.sort(key=attrgetter("pk"))
    if model not in _NAMED_BY:
        return [(entry, entry.row["name"]) for entry in newest]
    key, named = _NAMED_BY[model]
    by_id = named._base_manager.filter(pk__in={entry.row[key] for entry in newest})
    names = dict(by_id.values_list("pk", "name"))
    return [(entry, names.get(entry.row[key], "unknown")) for entry in newest]
