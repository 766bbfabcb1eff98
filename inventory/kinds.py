"""The twelve kinds of object, and what their pages are made of: list, facts, related objects, form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q
from django.urls import reverse
from django.utils.text import capfirst

from inventory import forms, tables
from inventory.models import (
    Accelerator,
    CapacityEvent,
    CoolingUnit,
    Device,
    DeviceType,
    Link,
    Manufacturer,
    Port,
    PowerFeed,
    Rack,
    Region,
    Site,
)
from web import links
from web.tables import Table


@dataclass(frozen=True)
class Related:
    """Objects of another model that refer to this one. `fields` name the reference, any of them.

    `columns` of that model's list are shown, `fills` is what the form for a new one begins with.
    """

    model: type[Model]
    fields: tuple[str, ...]
    columns: tuple[str, ...]
    fills: str = ""

    def condition(self, obj: Model) -> Q:
        condition = Q()
        for name in self.fields:
            condition |= Q(**{name: obj})
        return condition

    def query(self, obj: Model) -> str:
        """The parameters that make the whole list show these objects; "" where no filter does."""
        names = [name.rpartition("__")[2] for name in self.fields]
        if names == ["site_a", "site_b"]:
            names = ["site"]
        return f"{names[0]}_id={obj.pk}" if len(names) == 1 else ""


@dataclass(frozen=True)
class Facts:
    """A card of facts: columns of the list, by key; none named: all but the name."""

    title: Any
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    model: type[Model]
    icon: str
    table: Table
    form: type[forms.InventoryForm]
    hint: Any
    facts: Sequence[Facts] = (Facts("Facts"),)
    related: Sequence[Related] = ()
    above: Callable[[Any], Sequence[Model | None]] = lambda obj: ()

    @property
    def noun(self) -> str:
        """The kind in addresses: device-type."""
        return links.noun(self.model)

    @property
    def plural(self) -> str:
        return f"{self.noun}s"

    @property
    def label(self) -> str:
        return capfirst(str(self.model._meta.verbose_name))

    @property
    def label_plural(self) -> str:
        return capfirst(str(self.model._meta.verbose_name_plural))

    @property
    def has_status(self) -> bool:
        return self.model in {Device, Accelerator}

    def permission(self, action: str) -> str:
        return f"inventory.{action}_{self.model._meta.model_name}"

    def url(self, action: str, pk: int | None = None) -> str:
        return reverse(f"{self.noun}-{action}", args=[] if pk is None else [pk])


_OF_SITE = ("site",)
REGION = Kind(
    Region,
    icon="world",
    table=tables.REGIONS,
    form=forms.RegionForm,
    hint="Where sites are, as the organisation divides the world",
    related=[
        Related(Site, ("region",), ("name", "stage", "kind", "city"), fills="region"),
        Related(Region, ("parent",), ("name", "site_count"), fills="parent"),
    ],
    above=lambda region: [region.parent],
)
SITE = Kind(
    Site,
    icon="building-factory-2",
    table=tables.SITES,
    form=forms.SiteForm,
    hint="Places that hold AI infrastructure",
    facts=[
        Facts(
            "Place",
            (
                *("stage", "kind", "profiles", "owner", "region", "city", "country", "operator"),
                *("operator_country", "latitude", "longitude"),
                *("time_zone", "facility", "slug", "description"),
            ),
        ),
        Facts(
            "Limits",
            (
                *("contracted_kw", "power_step_limit_kw", "cooling_class", "liquid_supply_max_c"),
                "generator_start_s",
            ),
        ),
    ],
    related=[
        Related(Device, _OF_SITE, ("name", "status", "role", "rack"), fills="site"),
        Related(Rack, _OF_SITE, ("name", "rated_kw", "device_count"), fills="site"),
        Related(CapacityEvent, _OF_SITE, ("happened_on", "kind", "it_kw", "accelerators"), fills="site"),
        Related(Link, ("site_a", "site_b"), ("name", "kind", "site_a", "site_b"), fills="site_a"),
        Related(PowerFeed, _OF_SITE, ("name", "leg", "rated_kw", "rack"), fills="site"),
        Related(CoolingUnit, _OF_SITE, ("name", "medium", "capacity_kw"), fills="site"),
    ],
    above=lambda site: [site.region],
)
MANUFACTURER = Kind(
    Manufacturer,
    icon="tool",
    table=tables.MANUFACTURERS,
    form=forms.ManufacturerForm,
    hint="Who makes the products",
    related=[
        Related(DeviceType, ("manufacturer",), ("name", "kind", "nameplate_w", "use_count"), "manufacturer")
    ],
)
DEVICE_TYPE = Kind(
    DeviceType,
    icon="package",
    table=tables.DEVICE_TYPES,
    form=forms.DeviceTypeForm,
    hint="Products with their nameplate power and typed attributes",
    related=[
        Related(Device, ("device_type",), ("name", "status", "site"), fills="device_type"),
        Related(Accelerator, ("device_type",), ("name", "status", "site"), fills="device_type"),
    ],
    above=lambda device_type: [device_type.manufacturer],
)
RACK = Kind(
    Rack,
    icon="columns-3",
    table=tables.RACKS,
    form=forms.RackForm,
    hint="Where devices stand",
    related=[
        Related(Device, ("rack",), ("name", "status", "role", "position"), fills="rack"),
        Related(PowerFeed, ("rack",), ("name", "leg", "rated_kw", "device"), fills="rack"),
    ],
    above=lambda rack: [rack.site],
)
DEVICE = Kind(
    Device,
    icon="server",
    table=tables.DEVICES,
    form=forms.DeviceForm,
    hint="Nodes, servers, switches, PDUs, UPSs: what has power and a name",
    related=[
        Related(Accelerator, ("device",), ("name", "status", "device_type", "uuid"), fills="device"),
        Related(Port, ("device",), ("name", "status", "kind", "speed_gbps"), fills="device"),
        Related(PowerFeed, ("device",), ("name", "leg", "rated_kw", "rack"), fills="device"),
    ],
    above=lambda device: [device.site, device.rack],
)
ACCELERATOR = Kind(
    Accelerator,
    icon="cpu",
    table=tables.ACCELERATORS,
    form=forms.AcceleratorForm,
    hint="GPUs and the like, each in its node",
    above=lambda accelerator: [accelerator.device.site, accelerator.device],
)
PORT = Kind(
    Port,
    icon="plug-connected",
    table=tables.PORTS,
    form=forms.PortForm,
    hint="Network ports, by the names that exporters give them",
    related=[Related(Link, ("port_a", "port_b"), ("name", "kind", "port_a", "port_b"), fills="port_a")],
    above=lambda port: [port.device.site, port.device],
)
LINK = Kind(
    Link,
    icon="route",
    table=tables.LINKS,
    form=forms.LinkForm,
    hint="Cables inside a site and circuits between sites, with their design latency",
    above=lambda link: [link.site_a],
)
POWER_FEED = Kind(
    PowerFeed,
    icon="bolt",
    table=tables.POWER_FEEDS,
    form=forms.PowerFeedForm,
    hint="Circuits with their legs and ratings",
    above=lambda feed: [feed.site, feed.rack],
)
COOLING_UNIT = Kind(
    CoolingUnit,
    icon="snowflake",
    table=tables.COOLING_UNITS,
    form=forms.CoolingUnitForm,
    hint="Air handlers, in-row coolers and coolant distribution units",
    above=lambda unit: [unit.site],
)
CAPACITY_EVENT = Kind(
    CapacityEvent,
    icon="calendar",
    table=tables.CAPACITY_EVENTS,
    form=forms.CapacityEventForm,
    hint="Dated capacity that came or went",
    above=lambda event: [event.site],
)

KINDS = (
    *(SITE, REGION, RACK, DEVICE, ACCELERATOR, PORT, LINK, POWER_FEED, COOLING_UNIT, CAPACITY_EVENT),
    *(DEVICE_TYPE, MANUFACTURER),
)
KIND_OF = {kind.model: kind for kind in KINDS}
