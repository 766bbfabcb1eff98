"""The lists of the inventory: which columns each has, and what they show."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.text import capfirst
from django_filters import FilterSet

from inventory import filters
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
from inventory.queries.overview import how_many
from web import links
from web.tables import Column, Table

BAD = {Device.Status.FAILED, Device.Status.OFFLINE}
QUIET = {Device.Status.PLANNED, Device.Status.RETIRED}


def status_tone(row: Any) -> str:
    """Give a status of a device, an accelerator or a port its tone; active ones need no colour."""
    if row.status in BAD:
        return "bad"
    if row.status in QUIET:
        return "unknown"
    return "" if row.status == Device.Status.ACTIVE else "warn"


def own_page(row: Model) -> str:
    """The object's page in the inventory, even where links.page_url leads to another floor's."""
    return reverse(f"{links.noun(type(row))}-detail", args=[row.pk])


def name(sort: str = "name", **kwargs: Any) -> Column:
    return Column("name", "Name", value=str, sort=sort, locked=True, phone="title", **kwargs)


def related(key: str, label: Any, *, sort: str = "", **kwargs: Any) -> Column:
    """Another object, by name and with a link to its page."""

    def url(row: Any) -> str:
        other = getattr(row, key)
        return (links.page_url(other) or "") if other is not None else ""

    return Column(key, label, url=url, sort=sort or f"{key}__name", **kwargs)


def through_device(key: str, label: Any, *, sort: str, **kwargs: Any) -> Column:
    def other(row: Any) -> Any:
        return getattr(row.device, key)

    def url(row: Any) -> str:
        return (links.page_url(other(row)) or "") if other(row) is not None else ""

    return Column(key, label, value=other, url=url, sort=sort, **kwargs)


def figure(key: str, label: Any, unit: str = "", **kwargs: Any) -> Column:
    return Column(key, label, numeric=True, unit=unit, sort=key, **kwargs)


def plain(key: str, label: Any, **kwargs: Any) -> Column:
    return Column(key, label, sort=key, **kwargs)


def hidden(column: Callable[..., Column], *args: Any, **kwargs: Any) -> Column:
    """Offered in the column chooser, not shown at first."""
    return column(*args, default=False, **kwargs)


def degrees(key: str) -> Callable[[Any], str]:
    """Keep as many decimals as are stored: a coordinate is no rounded figure."""

    def words(row: Any) -> str:
        value = getattr(row, key)
        return "" if value is None else f"{value.normalize():f}"

    return words


def status() -> Column:
    return Column("status", "Status", sort="status", phone="status", tone=status_tone)


def counted(key: str, label: Any) -> Column:
    return Column(key, label, numeric=True, sort=key)


def _table(model: type[Model], filterset: type[FilterSet], columns: Sequence[Column], **kwargs: Any) -> Table:
    meta, noun = model._meta, links.noun(model)
    return Table(
        id=f"{noun}-list",
        noun=(str(meta.verbose_name), str(meta.verbose_name_plural)),
        label=capfirst(str(meta.verbose_name_plural)),
        columns=columns,
        filterset=filterset,
        row_url=own_page,
        api=f"inventory-api-{noun}-list",
        **kwargs,
    )


REGIONS = _table(
    Region,
    filters.RegionFilters,
    [
        name(),
        related("parent", "Part of"),
        counted("site_count", "Sites"),
        plain("description", "Description", phone="full"),
        hidden(plain, "slug", "Slug"),
    ],
)
SITES = _table(
    Site,
    filters.SiteFilters,
    [
        name(),
        plain("stage", "Stage", template="inventory/cells/stage.html", phone="status"),
        plain("kind", "Kind"),
        Column("profiles", "Profiles", template="inventory/cells/profiles.html"),
        related("region", "Region"),
        plain("city", "City"),
        plain("country", "Country"),
        figure("contracted_kw", "Contracted power", "kW"),
        counted("device_count", "Devices"),
        plain("owner", "Owner"),
        hidden(plain, "operator", "Operator"),
        hidden(plain, "operator_country", "Operator's country", hint="Empty: not known"),
        hidden(plain, "facility", "Facility"),
        hidden(plain, "time_zone", "Time zone"),
        hidden(figure, "latitude", "Latitude", "°", text=degrees("latitude")),
        hidden(figure, "longitude", "Longitude", "°", text=degrees("longitude")),
        hidden(figure, "power_step_limit_kw", "Power step limit", "kW", hint="Largest step in 1 s"),
        hidden(plain, "cooling_class", "Cooling class"),
        hidden(figure, "liquid_supply_max_c", "Liquid supply limit", "°C"),
        hidden(figure, "generator_start_s", "Generator start", "s", hint="Empty: no generator"),
        hidden(plain, "description", "Description", phone="full"),
        hidden(plain, "slug", "Slug"),
    ],
)
MANUFACTURERS = _table(
    Manufacturer,
    filters.ManufacturerFilters,
    [
        name(),
        counted("type_count", "Device types"),
        plain("description", "Description", phone="full"),
        hidden(plain, "slug", "Slug"),
    ],
)
DEVICE_TYPES = _table(
    DeviceType,
    filters.DeviceTypeFilters,
    [
        name(sort="model"),
        related("manufacturer", "Manufacturer"),
        plain("kind", "Kind"),
        plain("domain", "Domain"),
        figure("nameplate_w", "Nameplate power", "W"),
        counted("use_count", "In use"),
        plain("source", "Source", phone="full"),
        hidden(figure, "u_height", "Height", "U"),
        hidden(plain, "part_number", "Part number"),
        hidden(plain, "slug", "Slug"),
    ],
)
RACKS = _table(
    Rack,
    filters.RackFilters,
    [
        name(),
        related("site", "Site"),
        figure("rated_kw", "Rated power", "kW"),
        figure("u_height", "Height", "U"),
        counted("device_count", "Devices"),
    ],
)
DEVICES = _table(
    Device,
    filters.DeviceFilters,
    [
        name(),
        status(),
        plain("role", "Role"),
        related("device_type", "Type", sort="device_type__model"),
        related("site", "Site"),
        related("rack", "Rack"),
        Column("management_address", "Address", sort="management_address"),
        plain("firmware_version", "Firmware"),
        hidden(plain, "software_version", "Software"),
        hidden(plain, "serial", "Serial"),
        hidden(figure, "position", "Position", "U"),
        hidden(plain, "description", "Description", phone="full"),
    ],
)
ACCELERATORS = _table(
    Accelerator,
    filters.AcceleratorFilters,
    [
        name(sort="device__name"),
        status(),
        related("device_type", "Type", sort="device_type__model"),
        related("device", "Device"),
        through_device("site", "Site", sort="device__site__name"),
        hidden(through_device, "rack", "Rack", sort="device__rack__name"),
        plain("uuid", "UUID"),
        hidden(figure, "index", "Index"),
        hidden(plain, "serial", "Serial"),
        plain("firmware_version", "Firmware"),
    ],
)
PORTS = _table(
    Port,
    filters.PortFilters,
    [
        name(sort="name"),
        status(),
        plain("kind", "Kind"),
        figure("speed_gbps", "Speed", "Gb/s"),
        plain("back_end", "Back end"),
        related("device", "Device"),
        through_device("site", "Site", sort="device__site__name"),
    ],
)
LINKS = _table(
    Link,
    filters.LinkFilters,
    [
        name(),
        plain("kind", "Kind"),
        related("site_a", "First site"),
        related("port_a", "First port", sort="port_a__name"),
        related("site_b", "Second site"),
        related("port_b", "Second port", sort="port_b__name"),
        figure("capacity_gbps", "Capacity", "Gb/s"),
        figure("design_latency_ms", "Design latency", "ms"),
        hidden(plain, "provider", "Provider"),
    ],
)
POWER_FEEDS = _table(
    PowerFeed,
    filters.PowerFeedFilters,
    [
        name(),
        plain("leg", "Leg"),
        related("site", "Site"),
        related("rack", "Rack"),
        related("device", "Measured by"),
        figure("rated_kw", "Rated power", "kW"),
        Column("breaker_kw", "Breaker", numeric=True, unit="kW", hint="At a power factor of 1"),
        hidden(figure, "breaker_rating_a", "Breaker rating", "A"),
        hidden(figure, "voltage_v", "Voltage", "V"),
        hidden(figure, "phases", "Phases"),
    ],
)
COOLING_UNITS = _table(
    CoolingUnit,
    filters.CoolingUnitFilters,
    [
        name(),
        plain("medium", "Medium"),
        related("site", "Site"),
        figure("capacity_kw", "Cooling capacity", "kW"),
        Column("management_address", "Address", sort="management_address"),
    ],
)
# On the first page: what each site has in service.
SITE_COUNTS = Table(
    id="inventory-sites",
    title="By site",
    noun=("site", "sites"),
    filterset=filters.SiteFilters,
    row_url=own_page,
    per_page=25,
    columns=[
        name(),
        plain("stage", "Stage", template="inventory/cells/stage.html", phone="status"),
        related("region", "Region"),
        Column("deployed_kw", "Deployed", numeric=True, unit="kW"),
        counted("accelerators_here", "Accelerators"),
        counted("nodes_here", "Nodes"),
        counted("switches_here", "Switches"),
        counted("racks_here", "Racks"),
        counted("feeds_here", "Power feeds"),
        counted("cooling_here", "Cooling units"),
    ],
)
CAPACITY_EVENTS = _table(
    CapacityEvent,
    filters.CapacityEventFilters,
    [
        Column("happened_on", "Day", sort="happened_on", locked=True, phone="title"),
        plain("kind", "Kind", phone="status"),
        related("site", "Site"),
        figure("it_kw", "IT power", "kW"),
        figure("accelerators", "Accelerators"),
        plain("note", "Note", phone="full"),
    ],
    default_sort="-happened_on",
)


def rows_of(model: type[Model]) -> QuerySet[Any]:
    """Return what the list and the page of a model show, with everything that they read joined in."""
    return ROWS[model].all()


ROWS: dict[type[Model], QuerySet[Any]] = {
    Region: Region.objects.select_related("parent").annotate(
        site_count=how_many(Site.objects.all(), "region")
    ),
    Site: Site.objects.select_related("region").annotate(device_count=how_many(Device.objects.all(), "site")),
    Manufacturer: Manufacturer.objects.annotate(
        type_count=how_many(DeviceType.objects.all(), "manufacturer")
    ),
    DeviceType: DeviceType.objects.select_related("manufacturer").annotate(
        use_count=how_many(Device.objects.all(), "device_type")
        + how_many(Accelerator.objects.all(), "device_type")
    ),
    Rack: Rack.objects.select_related("site").annotate(device_count=how_many(Device.objects.all(), "rack")),
    Device: Device.objects.select_related("site", "rack", "device_type__manufacturer"),
    Accelerator: Accelerator.objects.select_related(
        "device__site", "device__rack", "device_type__manufacturer"
    ),
    Port: Port.objects.select_related("device__site"),
    Link: Link.objects.select_related("site_a", "site_b", "port_a__device", "port_b__device"),
    PowerFeed: PowerFeed.objects.select_related("site", "rack", "device"),
    CoolingUnit: CoolingUnit.objects.select_related("site"),
    CapacityEvent: CapacityEvent.objects.select_related("site"),
}
