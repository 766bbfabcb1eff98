"""Which objects should report telemetry: accelerators, nodes, switch ports, PDUs, UPSs and cooling units."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from inventory.models import Accelerator, CoolingUnit, Device, Domain, Port

HOSTS = (Device.Role.NODE, Device.Role.SERVER)
# Devices that carry traffic between others; their ports are what "switch port" means.
FABRIC_DEVICES = (Device.Role.SWITCH, Device.Role.ROUTER, Device.Role.GATEWAY)

# Roles of devices that should report themselves: what they are then called, and their domain.
DEVICE_KINDS = {
    **dict.fromkeys(HOSTS, ("node", Domain.COMPUTE)),
    Device.Role.PDU: ("pdu", Domain.ENERGY),
    Device.Role.UPS: ("ups", Domain.ENERGY),
}
GONE = (Device.Status.PLANNED, Device.Status.RETIRED)


@dataclass(frozen=True, slots=True)
class InventoryObject:
    """One object that reports, or would if it were in service.

    `kind` is accelerator, node, switch-port, pdu, ups or cooling-unit; `object_kind` and `id` are how
    telemetry's series name it. `in_service`: its own status and its device's are active, so that silence is a
    fault; else it is drained, failed or offline. Planned and retired ones are no rows. `takes_work`: an
    accelerator or node in service, on which a scheduler may place work.
    """

    site_id: int
    kind: str
    domain: str
    object_kind: str
    id: int
    name: str
    role: str
    device_id: int | None
    in_service: bool

    @property
    def takes_work(self) -> bool:
        return self.in_service and self.kind in {"accelerator", "node"}


def reporting_objects(site_ids: Collection[int]) -> dict[int, list[InventoryObject]]:
    """By site, every site asked for among the keys. Four statements."""
    found: dict[int, list[InventoryObject]] = {site_id: [] for site_id in site_ids}
    for gather in (_devices, _accelerators, _ports, _cooling_units):
        for each in gather(list(found)):
            found[each.site_id].append(each)
    return found


def counts(objects: list[InventoryObject]) -> dict[str, Counter[str]]:
    """Objects in service by domain and kind."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for each in objects:
        if each.in_service:
            counted[each.domain][each.kind] += 1
    return dict(counted)


def _devices(site_ids: list[int]) -> Iterator[InventoryObject]:
    devices = Device.objects.filter(site__in=site_ids, role__in=DEVICE_KINDS).exclude(status__in=GONE)
    rows = devices.order_by("site_id", "name", "pk").values_list("pk", "site_id", "name", "role", "status")
    for pk, site_id, name, role, status in rows:
        kind, domain = DEVICE_KINDS[role]
        active = status == Device.Status.ACTIVE
        yield InventoryObject(site_id, kind, domain, "device", pk, name, role, pk, active)


def _accelerators(site_ids: list[int]) -> Iterator[InventoryObject]:
    accelerators = Accelerator.objects.filter(device__site__in=site_ids)
    present = accelerators.exclude(status=Accelerator.Status.RETIRED).exclude(device__status__in=GONE)
    columns = ("pk", "device__site_id", "device_id", "device__name", "index", "device__role")
    rows = present.order_by("device__site_id", "device__name", "index", "pk")
    for pk, site_id, device_id, device, index, role, *statuses in rows.values_list(
        *columns, "status", "device__status"
    ):
        active = statuses == [Accelerator.Status.ACTIVE, Device.Status.ACTIVE]
        name = f"{device} #{index}"
        yield InventoryObject(
            site_id, "accelerator", Domain.COMPUTE, "accelerator", pk, name, role, device_id, active
        )


def _ports(site_ids: list[int]) -> Iterator[InventoryObject]:
    ports = Port.objects.filter(device__site__in=site_ids, device__role__in=FABRIC_DEVICES)
    present = ports.exclude(status=Port.Status.DISABLED).exclude(device__status__in=GONE)
    columns = ("pk", "device__site_id", "device_id", "device__name", "name", "device__role", "device__status")
    rows = present.order_by("device__site_id", "device__name", "name", "pk").values_list(*columns)
    for pk, site_id, device_id, device, name, role, status in rows:
        active = status == Device.Status.ACTIVE
        whole = f"{device} {name}"
        yield InventoryObject(
            site_id, "switch-port", Domain.NETWORK, "port", pk, whole, role, device_id, active
        )


def _cooling_units(site_ids: list[int]) -> Iterator[InventoryObject]:
    units = CoolingUnit.objects.filter(site__in=site_ids).order_by("site_id", "name", "pk")
    for pk, site_id, name in units.values_list("pk", "site_id", "name"):
        yield InventoryObject(
            site_id, "cooling-unit", Domain.ENERGY, "cooling-unit", pk, name, "cooling-unit", None, True
        )
