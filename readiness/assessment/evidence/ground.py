"""The ground that evidence stands on: device versions, and digests of a site's topology.

Evidence stores its ground when it is entered, and a later comparison with the inventory shows whether it still holds:
the inventory never calls up, and the next comparison finds a missed change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from inventory.models import Accelerator, CoolingUnit, Device, Link, PowerFeed
from readiness.assessment.evidence.models import RunDevice, ValidationRun, Voidable
from readiness.assessment.framework.core.vocabulary import Change
from readiness.demand.workloads.models import Placement
from web.audit import steps_of

NETWORK_ROLES = frozenset({Device.Role.SWITCH, Device.Role.ROUTER, Device.Role.GATEWAY})
ACCELERATORS = "accelerator-firmware"
"""Key in a run's basis for the firmware of accelerators; the firmware of the devices is stored with them."""
TOPOLOGICAL = frozenset(
    {ValidationRun.Scope.LINK, ValidationRun.Scope.PAIR, ValidationRun.Scope.FABRIC, ValidationRun.Scope.SITE}
)


@dataclass(frozen=True, slots=True)
class Versions:
    firmware_version: str
    software_version: str


@dataclass(frozen=True, slots=True)
class Wire:
    ports: tuple[int, int]
    devices: frozenset[int]


type VersionHistory = Mapping[int, Sequence[tuple[datetime, Versions]]]
"""Each device's versions with the instant from which it had them, oldest first."""


def version_history(device_ids: Collection[int]) -> VersionHistory:
    history: dict[int, list[tuple[datetime, Versions]]] = {}
    for step in steps_of(Device, ["firmware_version", "software_version"], ids=device_ids):
        history.setdefault(step.object_id, []).append((step.at, Versions(*map(str, step.values))))
    return history


def versions_at(history: VersionHistory, device_id: int, *, at: datetime) -> Versions | None:
    """The versions at an instant; None for a device without history. Before a device was entered, the versions of its
    entry count."""
    changes = history.get(device_id, ())
    first = changes[0][1] if changes else None
    return next((versions for changed_at, versions in reversed(changes) if changed_at <= at), first)


def ground_of_run(run: ValidationRun, devices: Sequence[Device]) -> dict[str, str]:
    """A run's basis: the links that it crosses and the firmware of its accelerators; the whole site's inventory if the
    run names no device or covers the site."""
    ids = frozenset(device.pk for device in devices)
    if run.scope == ValidationRun.Scope.SITE or not ids:
        here = site_ground([run.site_id])[run.site_id]
        return {
            kind.value: text
            for kind, text in here.items()
            if kind is not Change.TOPOLOGY or run.scope in TOPOLOGICAL
        }
    firmware = accelerator_firmware([run.site_id]).get(run.site_id, {})
    ground = {ACCELERATORS: _firmware_digest(firmware, ids)}
    if run.scope in TOPOLOGICAL:
        ground[Change.TOPOLOGY.value] = digest_of_wires(wires_of([run.site_id])[run.site_id], run.scope, ids)
    return ground


@dataclass(frozen=True, slots=True)
class CurrentGround:
    sites: Mapping[int, Mapping[Change, str]]
    wires: Mapping[int, Sequence[Wire]]
    firmware: Mapping[int, Firmware]
    devices: Mapping[int, frozenset[int]]

    @classmethod
    def read(cls, site_ids: Collection[int], runs: Sequence[ValidationRun]) -> CurrentGround:
        devices: dict[int, set[int]] = {}
        run_devices = RunDevice.objects.filter(run_id__in=[run.pk for run in runs]).order_by()
        for run_id, device_id in run_devices.values_list("run_id", "device_id"):
            devices.setdefault(run_id, set()).add(device_id)
        wires = wires_of(site_ids)
        return cls(
            sites=site_ground(site_ids, wires=wires),
            wires=wires,
            firmware=accelerator_firmware(site_ids),
            devices={run_id: frozenset(ids) for run_id, ids in devices.items()},
        )

    def digest(self, evidence: Voidable, key: str) -> str:
        if isinstance(evidence, ValidationRun) and ACCELERATORS in evidence.basis:
            ids = self.devices.get(evidence.pk, frozenset())
            if key == ACCELERATORS:
                return _firmware_digest(self.firmware.get(evidence.site_id, {}), ids)
            if key == Change.TOPOLOGY:
                return digest_of_wires(self.wires[evidence.site_id], evidence.scope, ids)
        return self.sites[evidence.site_id][Change(key)]

    def crossed(self, evidence: Voidable, key: str) -> frozenset[int] | None:
        """The devices that a change of this kind must touch to affect the evidence; None if any change does."""
        if not isinstance(evidence, ValidationRun) or ACCELERATORS not in evidence.basis:
            return None
        own = self.devices.get(evidence.pk, frozenset())
        if key == ACCELERATORS:
            return own
        is_own = evidence.scope in (ValidationRun.Scope.LINK, ValidationRun.Scope.PAIR) and own
        return own if key == Change.TOPOLOGY and is_own else None


type Firmware = Mapping[int, Sequence[tuple[int, str]]]
"""Firmware of a site's accelerators, by device: (accelerator, version) of those that have one."""


def _firmware_digest(firmware: Firmware, device_ids: Collection[int]) -> str:
    return _digest(sorted(each for device in device_ids for each in firmware.get(device, ())))


def accelerator_firmware(site_ids: Collection[int]) -> Mapping[int, Firmware]:
    versions_by_site: dict[int, dict[int, list[tuple[int, str]]]] = {}
    rows = (
        Accelerator.objects.filter(device__site_id__in=list(site_ids))
        .exclude(firmware_version="")
        .values_list("device__site_id", "device_id", "id", "firmware_version")
    )
    for site_id, device_id, accelerator_id, version in rows:
        versions_by_site.setdefault(site_id, {}).setdefault(device_id, []).append((accelerator_id, version))
    return versions_by_site


def wires_of(site_ids: Collection[int]) -> dict[int, list[Wire]]:
    wires_by_site: dict[int, list[Wire]] = {site_id: [] for site_id in site_ids}
    rows = (
        Link.objects.filter(site_a_id__in=list(site_ids))
        .exclude(kind=Link.Kind.WAN)
        .order_by("id")
        .values_list("site_a_id", "port_a_id", "port_b_id", "port_a__device_id", "port_b__device_id")
    )
    for site_id, port_a, port_b, device_a, device_b in rows:
        wires_by_site[site_id].append(
            Wire((min(port_a, port_b), max(port_a, port_b)), frozenset({device_a, device_b}))
        )
    return wires_by_site


def digest_of_wires(wires: Iterable[Wire], scope: str = "", devices: Collection[int] = ()) -> str:
    own = scope in (ValidationRun.Scope.LINK, ValidationRun.Scope.PAIR) and devices
    touched = [wire for wire in wires if not own or wire.devices & set(devices)]
    return _digest(sorted(wire.ports for wire in touched))


def site_ground(
    site_ids: Collection[int], *, wires: Mapping[int, Sequence[Wire]] | None = None
) -> dict[int, Mapping[Change, str]]:
    """Return the ground of each site by kind of change; six statements, five if the wires are known.

    Ground values are digests, and for expansion the number of accelerators. Collective libraries and serving stacks are
    not in the inventory, so their changes go unnoticed.
    """
    ids = list(site_ids)
    wires = wires_of(ids) if wires is None else wires
    versioned = Device.objects.exclude(Q(firmware_version="") & Q(software_version=""))
    devices = _columns_by_site(
        versioned, "site_id", ids, "id", "role", "firmware_version", "software_version"
    )
    working = Accelerator.objects.exclude(status=Accelerator.Status.RETIRED)
    accelerators = _columns_by_site(working, "device__site_id", ids, "id")
    circuits = ("rack_id", "device_id", "leg", "rated_kw", "breaker_rating_a", "voltage_v", "phases")
    feeds = _columns_by_site(PowerFeed.objects, "site_id", ids, "id", *circuits)
    cooling = _columns_by_site(CoolingUnit.objects, "site_id", ids, "id", "medium", "capacity_kw")
    limits = ("started_on", "ended_on", "workload_class__latency_limit_ms")
    placements = _columns_by_site(Placement.objects, "site_id", ids, "workload_class_id", *limits)
    return {
        site_id: {
            Change.TOPOLOGY: digest_of_wires(wires[site_id]),
            Change.EXPANSION: str(len(accelerators.get(site_id, ()))),
            Change.POWER_TOPOLOGY: _digest(feeds.get(site_id, ())),
            Change.COOLING_TOPOLOGY: _digest(cooling.get(site_id, ())),
            Change.FIRMWARE: _digest([(row[0], row[2]) for row in devices.get(site_id, ()) if row[2]]),
            Change.DRIVER: _software(devices.get(site_id, ()), network=False),
            Change.NOS: _software(devices.get(site_id, ()), network=True),
            Change.PLACEMENT_POLICY: _digest(placements.get(site_id, ())),
        }
        for site_id in ids
    }


def is_shaken(kind: str, before: str, after: str) -> bool:
    """Whether evidence on `before` no longer holds on `after`. Fewer accelerators are not an expansion."""
    return int(after) > int(before) if kind == Change.EXPANSION else before != after


def software_kind(role: str) -> Change:
    return Change.NOS if role in NETWORK_ROLES else Change.DRIVER


def _software(rows: Iterable[Sequence[object]], *, network: bool) -> str:
    return _digest([(row[0], row[3]) for row in rows if row[3] and (row[1] in NETWORK_ROLES) is network])


def _columns_by_site(
    objects: Any, site: str, site_ids: Sequence[int], *columns: str
) -> dict[int, list[tuple[object, ...]]]:
    rows_by_site: dict[int, list[tuple[object, ...]]] = {}
    rows = objects.filter(**{f"{site}__in": site_ids}).order_by("pk").values_list(site, *columns)
    for site_id, *values in rows:
        rows_by_site.setdefault(site_id, []).append(tuple(values))
    return rows_by_site


def _digest(rows: Sequence[object]) -> str:
    return hashlib.blake2s(repr(rows).encode(), digest_size=12).hexdigest()
