"""Makes inventory objects for tests: what a call does not say gets a sensible value."""

import itertools
from datetime import date

from inventory.models import (
    Accelerator,
    CapacityEvent,
    CoolingUnit,
    Device,
    DeviceName,
    DeviceType,
    Link,
    Manufacturer,
    Port,
    PowerFeed,
    Rack,
    Region,
    Site,
)
from readiness.demo.building import Maker

_numbers = itertools.count(1)


def next_number() -> int:
    """For names that must differ from those of everything made so far."""
    return next(_numbers)


def maker(model, /, *names, **usual):
    """`maker(Rack, site=site, name="Rack {n}")`: see readiness/demo/building/rows.py."""
    return Maker(model, next_number, *names, **usual)


region = maker(Region, name="Region {n}", slug="region-{n}")
site = maker(Site, region=region, name="Site {n}", slug="site-{n}", country="PT", stage="production")
manufacturer = maker(Manufacturer, name="Maker {n}", slug="maker-{n}")
device_type = maker(
    DeviceType, manufacturer=manufacturer, model="Model {n}", slug="model-{n}", domain="compute"
)
rack = maker(Rack, site=site, name="Rack {n}")
device = maker(Device, site=site, device_type=device_type, name="node-{n}", role="node")
accelerator = maker(
    Accelerator,
    device=device,
    device_type=lambda _: device_type.row(kind="accelerator"),
    index=lambda number: number % 32_000,
)
device_name = maker(DeviceName, device=device, name="alias-{n}")
port = maker(Port, device=lambda _: device.row(role="switch"), name="Ethernet{n}")
_link = maker(Link, name="link {n}")
power_feed = maker(PowerFeed, site=site, name="feed {n}", rated_kw=30)
cooling_unit = maker(CoolingUnit, site=site, name="crah {n}", capacity_kw=100)
capacity_event = maker(CapacityEvent, site=site, happened_on=date(2026, 1, 15), it_kw=500, accelerators=64)


def link(**columns) -> Link:
    """A fabric link inside one site, unless both sites are given."""
    if "site_a" not in columns:
        columns["port_a"] = columns.get("port_a") or port.row()
        columns["site_a"] = columns["site_b"] = columns["port_a"].device.site
        columns["port_b"] = columns.get("port_b") or port.row(device=columns["port_a"].device)
    return _link(**columns)


def wan(**columns) -> Link:
    return link(**{"site_a": site.row(), "site_b": site.row(), "kind": "wan"} | columns)


MAKERS = {
    "region": region,
    "site": site,
    "manufacturer": manufacturer,
    "device-type": device_type,
    "rack": rack,
    "device": device,
    "device-name": device_name,
    "accelerator": accelerator,
    "port": port,
    "link": link,
    "power-feed": power_feed,
    "cooling-unit": cooling_unit,
    "capacity-event": capacity_event,
}
