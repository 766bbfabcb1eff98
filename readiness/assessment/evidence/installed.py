"""The inventory that runs are compared with: devices that files and senders name, with what is installed in them.

The whole fleet is read, whoever asks: a host that belongs to another site contradicts a run, also for a reader who may
not see that site. The number of statements does not depend on the number of runs.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Lower

from inventory.catalogue import Ceiling, ceilings_of
from inventory.models import Accelerator, Device, DeviceName, Port
from readiness.assessment.evidence.core.identity import (
    Claim,
    FileIdentity,
    InstalledAccelerator,
    InstalledDevice,
    InstalledPort,
    Matches,
)
from readiness.assessment.evidence.core.reconciling import numbers_of
from web import scopes

RDMA = (Port.Kind.ROCE, Port.Kind.INFINIBAND)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRun:
    """A run to compare: what its file says, when it was taken, and the ids of the devices that its sender names."""

    site_id: int
    file: FileIdentity
    taken_at: datetime
    device_ids: Sequence[int] = ()
    platform: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """The hosts of the file in lower case, whole and without their domain."""
        hosts = [host.lower() for host in self.file.hosts]
        return {*hosts, *(_short(host) for host in hosts)}

    @property
    def numbers(self) -> set[str]:
        return {number.lower() for each in self.file.accelerators for number in numbers_of(each)}


def _short(host: str) -> str:
    """The first label of a full name; an address has none."""
    first = host.partition(".")[0]
    return host if first.isdecimal() else first


@dataclass(frozen=True, slots=True)
class _Named:
    """A device that goes by a name, a number or an address, from an instant on if the name was recorded beside. One
    that is retired counts only at its own site, where nothing else bears its name."""

    device_id: int
    site_id: int
    recorded_at: datetime | None = None
    is_retired: bool = False


def gathered(runs: Sequence[ComparedRun]) -> list[tuple[Claim, Matches]]:
    """Return what the inventory says of each compared run, in their order."""
    if not runs:
        return []
    with scopes.everything():
        by_name = _devices_named({name for run in runs for name in run.names})
        by_number = _devices_numbered({number for run in runs for number in run.numbers})
        site_ids = {run.site_id for run in runs}
        candidates = [each for several in (*by_name.values(), *by_number.values()) for each in several]
        ids = {each.device_id for each in candidates if each.site_id in site_ids}
        devices = installed_devices(ids | {pk for run in runs for pk in run.device_ids})
        platforms = _platforms(site_ids)
    return [
        (
            Claim(
                devices=tuple(devices[pk] for pk in run.device_ids if pk in devices),
                platform=run.platform,
                versions=run.versions,
            ),
            _matches(run, by_name, by_number, devices, platforms[run.site_id]),
        )
        for run in runs
    ]


def _matches(
    run: ComparedRun,
    by_name: Mapping[str, Sequence[_Named]],
    by_number: Mapping[str, Sequence[_Named]],
    devices: Mapping[int, InstalledDevice],
    platforms: Collection[str],
) -> Matches:
    here: dict[str, InstalledDevice] = {}
    elsewhere: set[str] = set()
    for host in (host.lower() for host in run.file.hosts):
        whole = _then(by_name.get(host, ()), run)
        _place(host, whole or _then(by_name.get(_short(host), ()), run), run, devices, here, elsewhere)
    for number in run.numbers:
        _place(number, by_number.get(number, ()), run, devices, here, elsewhere)
    return Matches(here=here, elsewhere=frozenset(elsewhere), platforms=frozenset(platforms))


def _then(candidates: Iterable[_Named], run: ComparedRun) -> list[_Named]:
    """Those that went by the name when the run was taken: a name recorded for a run afterwards does not count."""
    return [each for each in candidates if each.recorded_at is None or each.recorded_at <= run.taken_at]


def _place(
    word: str,
    candidates: Sequence[_Named],
    run: ComparedRun,
    devices: Mapping[int, InstalledDevice],
    here: dict[str, InstalledDevice],
    elsewhere: set[str],
) -> None:
    present = [each for each in candidates if not each.is_retired]
    own = next((each for each in present or candidates if each.site_id == run.site_id), None)
    if own is not None and own.device_id in devices:
        here[word] = devices[own.device_id]
    elif present:
        elsewhere.add(word)


def _devices_named(names: Collection[str]) -> dict[str, list[_Named]]:
    by_name: dict[str, list[_Named]] = defaultdict(list)
    if not names:
        return by_name
    columns = ("lower_name", "pk", "site_id", "management_address", "status")
    addresses: dict[str, set[str]] = defaultdict(set)
    for name in names:
        addresses[_address(name)].add(name)
    addresses.pop("", None)
    devices = Device.objects.annotate(lower_name=Lower("name"))
    for name, pk, site_id, address, status in (
        devices.filter(Q(lower_name__in=names) | Q(management_address__in=list(addresses)))
        .order_by("pk")
        .values_list(*columns)
    ):
        for word in ({name} & set(names)) | addresses.get(str(address), set()):
            by_name[word].append(_Named(pk, site_id, is_retired=status == Device.Status.RETIRED))
    others = DeviceName.objects.annotate(lower_name=Lower("name")).filter(lower_name__in=names)
    for name, device_id, site_id, recorded_at in others.order_by("pk").values_list(
        "lower_name", "device_id", "device__site_id", "recorded_at"
    ):
        by_name[name].append(_Named(device_id, site_id, recorded_at))
    return by_name


def _address(name: str) -> str:
    """An address in one form: tools print `FD00:0::1`, `fe80::1%eth0` and `::ffff:10.0.0.1`. Empty for a name."""
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


def _devices_numbered(numbers: Collection[str]) -> dict[str, list[_Named]]:
    by_number: dict[str, list[_Named]] = defaultdict(list)
    if not numbers:
        return by_number
    accelerators = Accelerator.objects.annotate(lower_uuid=Lower("uuid"), lower_serial=Lower("serial"))
    rows = (
        accelerators.filter(Q(lower_uuid__in=numbers) | Q(lower_serial__in=numbers))
        .exclude(status=Accelerator.Status.RETIRED)
        .order_by("pk")
        .values_list("lower_uuid", "lower_serial", "device_id", "device__site_id")
    )
    for uuid, serial, device_id, site_id in rows:
        for number in {uuid, serial} & set(numbers):
            by_number[number].append(_Named(device_id, site_id))
    return by_number


def _platforms(site_ids: Collection[int]) -> dict[int, set[str]]:
    nodes = Device.objects.active().filter(site_id__in=site_ids, role=Device.Role.NODE)
    platforms: dict[int, set[str]] = {site_id: set() for site_id in site_ids}
    for site_id, slug in nodes.order_by().values_list("site_id", "device_type__slug").distinct():
        platforms[site_id].add(slug)
    return platforms


def installed_devices(device_ids: Collection[int]) -> dict[int, InstalledDevice]:
    """The devices with their accelerators that are not retired and their active ports; three statements."""
    accelerators: dict[int, dict[int, InstalledAccelerator]] = defaultdict(dict)
    ports: dict[int, dict[str, InstalledPort]] = defaultdict(dict)
    ceilings = _Ceilings()
    of_type = [F(f"device_type__{name}") for name in ("id", "model", "attributes", "source")]
    rows = Accelerator.objects.filter(device_id__in=device_ids).exclude(status=Accelerator.Status.RETIRED)
    for device_id, index, serial, uuid, bus, *product in rows.order_by("device_id", "index").values_list(
        "device_id", "index", "serial", "uuid", "bus_id", *of_type
    ):
        accelerators[device_id][index] = InstalledAccelerator(
            product[1], ceilings.find(*product), serial, uuid, bus
        )
    active = Port.objects.filter(device_id__in=device_ids, status=Port.Status.ACTIVE).order_by(
        "device_id", "pk"
    )
    for device_id, name, kind, gbps, back_end in active.values_list(
        "device_id", "name", "kind", "speed_gbps", "back_end"
    ):
        ports[device_id][name.lower()] = InstalledPort(gbps=gbps, is_rdma=kind in RDMA, is_back_end=back_end)
    devices = Device.objects.filter(pk__in=device_ids).order_by("pk")
    columns = ("pk", "name", "role", "software_version", "device_type__slug")
    return {
        pk: InstalledDevice(
            id=pk,
            name=name,
            is_node=role == Device.Role.NODE,
            platform=slug,
            software=software,
            # A node's type often bears its accelerators' name ("DGX H100"), whose ceilings are those of one.
            ceilings=ceilings.find(type_id, "", *stated),
            accelerators=accelerators[pk],
            ports=ports[pk],
        )
        for pk, name, role, software, slug, type_id, _, *stated in devices.values_list(*columns, *of_type)
    }


class _Ceilings:
    """The ceilings of device types, each computed once: thousands of accelerators are of a few types."""

    def __init__(self) -> None:
        self._by_type: dict[int, dict[str, Ceiling]] = {}

    def find(
        self, type_id: int, model: str, attributes: Mapping[str, Any], source: str
    ) -> dict[str, Ceiling]:
        if type_id not in self._by_type:
            self._by_type[type_id] = ceilings_of(model, attributes, source)
        return self._by_type[type_id]
