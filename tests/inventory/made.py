"""Makes inventory objects for tests: what a function is not told gets a sensible value."""

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

_numbers = itertools.count(1)


def next_number() -> int:
    """For names that must differ from those of everything made so far."""
    return next(_numbers)


def region(**given) -> Region:
    number = next(_numbers)
    return Region.objects.create(**{"name": f"Region {number}", "slug": f"region-{number}"} | given)


def site(**given) -> Site:
    number = next(_numbers)
    defaults = {
        "name": f"Site {number}",
        "slug": f"site-{number}",
        "country": "PT",
        "stage": Site.Stage.PRODUCTION,
    }
    if "region" not in given:
        given["region"] = region()
    return Site.objects.create(**defaults | given)


def manufacturer(**given) -> Manufacturer:
    number = next(_numbers)
    return Manufacturer.objects.create(**{"name": f"Maker {number}", "slug": f"maker-{number}"} | given)


def device_type(**given) -> DeviceType:
    number = next(_numbers)
    if "manufacturer" not in given:
        given["manufacturer"] = manufacturer()
    defaults = {"model": f"Model {number}", "slug": f"model-{number}", "domain": "compute"}
    return DeviceType.objects.create(**defaults | given)


def rack(**given) -> Rack:
    if "site" not in given:
        given["site"] = site()
    return Rack.objects.create(**{"name": f"Rack {next(_numbers)}"} | given)


def device(**given) -> Device:
    if "site" not in given:
        given["site"] = site()
    if "device_type" not in given:
        given["device_type"] = device_type()
    return Device.objects.create(**{"name": f"node-{next(_numbers)}", "role": Device.Role.NODE} | given)


def accelerator(**given) -> Accelerator:
    if "device" not in given:
        given["device"] = device()
    if "device_type" not in given:
        given["device_type"] = device_type(kind="accelerator")
    return Accelerator.objects.create(**{"index": next(_numbers) % 32_000} | given)


def device_name(**given) -> DeviceName:
    if "device" not in given:
        given["device"] = device()
    return DeviceName.objects.create(**{"name": f"alias-{next(_numbers)}"} | given)


def port(**given) -> Port:
    if "device" not in given:
        given["device"] = device(role=Device.Role.SWITCH)
    return Port.objects.create(**{"name": f"Ethernet{next(_numbers)}"} | given)


def link(**given) -> Link:
    """A fabric link inside one site, unless both sites are given."""
    if "site_a" not in given:
        given["port_a"] = given.get("port_a") or port()
        given["site_a"] = given["site_b"] = given["port_a"].device.site
        given["port_b"] = given.get("port_b") or port(device=given["port_a"].device)
    return Link.objects.create(**{"name": f"link {next(_numbers)}"} | given)


def wan(**given) -> Link:
    given["site_a"] = given.get("site_a") or site()
    given["site_b"] = given.get("site_b") or site()
    return link(kind=Link.Kind.WAN, **given)


def power_feed(**given) -> PowerFeed:
    if "site" not in given:
        given["site"] = site()
    return PowerFeed.objects.create(**{"name": f"feed {next(_numbers)}", "rated_kw": 30} | given)


def cooling_unit(**given) -> CoolingUnit:
    if "site" not in given:
        given["site"] = site()
    return CoolingUnit.objects.create(**{"name": f"crah {next(_numbers)}", "capacity_kw": 100} | given)


def capacity_event(**given) -> CapacityEvent:
    if "site" not in given:
        given["site"] = site()
    defaults = {"happened_on": date(2026, 1, 15), "it_kw": 500, "accelerators": 64}
    return CapacityEvent.objects.create(**defaults | given)


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
