"""A site with what stands in it, as rows that are found by their names and not written yet."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Model

from inventory.models import (
    Accelerator,
    CapacityEvent,
    CoolingUnit,
    Device,
    DeviceType,
    Link,
    Port,
    PowerFeed,
    Rack,
    Site,
)
from readiness.demand.workloads.models import Placement, WorkloadClass

type PortEnd = tuple[str, str]
"""Names of a device and of its port."""


@dataclass
class SiteRows:
    """`write(*fleet)` writes many of these. A device, rack or port is referred to by its name."""

    site: Site
    racks: dict[str, Rack] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    ports: dict[PortEnd, Port] = field(default_factory=dict)
    others: list[Model] = field(default_factory=list)

    def __iter__(self) -> Iterator[Model]:
        yield self.site
        for parts in (self.racks.values(), self.devices.values(), self.ports.values(), self.others):
            yield from parts

    def rack(self, name: str, **columns: Any) -> Rack:
        self.racks[name] = rack = Rack(site=self.site, name=name, **columns)
        return rack

    def device(
        self, name: str, role: str, device_type: DeviceType, *, rack: str = "", **columns: Any
    ) -> Device:
        columns |= {"rack": self.racks[rack] if rack else None, "device_type": device_type}
        self.devices[name] = device = Device(site=self.site, name=name, role=role, **columns)
        return device

    def accelerators(self, device: str, device_type: DeviceType, uuids: Iterable[str]) -> list[Accelerator]:
        """One for each UUID, numbered from 0."""
        accelerators = [
            Accelerator(device=self.devices[device], index=index, uuid=uuid, device_type=device_type)
            for index, uuid in enumerate(uuids)
        ]
        self.others += accelerators
        return accelerators

    def port(self, device: str, name: str, **columns: Any) -> Port:
        self.ports[device, name] = port = Port(device=self.devices[device], name=name, **columns)
        return port

    def link(self, name: str, end: PortEnd, other_end: PortEnd, **columns: Any) -> None:
        """A link inside the site."""
        ends = {"port_a": self.ports[end], "port_b": self.ports[other_end]}
        self.others.append(Link(name=name, site_a=self.site, site_b=self.site, **ends, **columns))

    def circuit(self, name: str, far: "SiteRows", **columns: Any) -> None:
        """A link to another site."""
        self.others.append(Link(name=name, kind=Link.Kind.WAN, site_a=self.site, site_b=far.site, **columns))

    def feed(self, name: str, *, rack: str, device: str, **columns: Any) -> None:
        """A power feed of a rack, and the device that measures it."""
        measured_by = self.devices[device]
        feed = PowerFeed(site=self.site, name=name, rack=self.racks[rack], device=measured_by, **columns)
        self.others.append(feed)

    def cooling(self, name: str, medium: str, capacity_kw: float, **columns: Any) -> CoolingUnit:
        unit = CoolingUnit(site=self.site, name=name, medium=medium, capacity_kw=capacity_kw, **columns)
        self.others.append(unit)
        return unit

    def capacity(self, happened_on: date, *, it_kw: float, accelerators: int, note: str = "") -> None:
        about = {"it_kw": it_kw, "accelerators": accelerators, "note": note}
        self.others.append(CapacityEvent(site=self.site, happened_on=happened_on, **about))

    def placement(self, workload_class: WorkloadClass, started_on: date) -> None:
        self.others.append(Placement(site=self.site, workload_class=workload_class, started_on=started_on))
