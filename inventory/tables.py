"""The lists of the inventory: which columns each has, and what they show."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
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
    return Column("name", _("Name"), value=str, sort=sort, locked=True, phone="title", **kwargs)


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
    return Column("status", _("Status"), sort="status", phone="status", tone=status_tone)


def counted(key: str, label: Any) -> Column:
    return Column(key, label, numeric=True, sort=key)


def _table(model: type[Model], filterset: type[FilterSet], columns: Sequence[Column], **kwargs: Any) -> Table:
    meta, noun = model._meta, links.noun(model)
    return Table(
        id=f"{noun}-list",
        noun=(meta.verbose_name or noun, meta.verbose_name_plural or noun),
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
        related("parent", _("Part of")),
        counted("site_count", _("Sites")),
        plain("description", _("Description"), phone="full"),
        hidden(plain, "slug", _("Slug")),
    ],
)
SITES = _table(
    Site,
    filters.SiteFilters,
    [
        name(),
        plain("stage", _("Stage"), template="inventory/cells/stage.html", phone="status"),
        plain("kind", _("Kind")),
        Column("profiles", _("Profiles"), template="inventory/cells/profiles.html"),
        related("region", _("Region")),
        plain("city", _("City")),
        plain("country", _("Country")),
        figure("contracted_kw", _("Contracted power"), "kW"),
        counted("device_count", _("Devices")),
        plain("owner", _("Owner")),
        hidden(plain, "operator", _("Operator")),
        hidden(plain, "operator_country", _("Operator's country"), hint=_("Empty: not known")),
        hidden(plain, "facility", _("Facility")),
        hidden(plain, "time_zone", _("Time zone")),
        hidden(figure, "latitude", _("Latitude"), "°", text=degrees("latitude")),
        hidden(figure, "longitude", _("Longitude"), "°", text=degrees("longitude")),
        hidden(figure, "power_step_limit_kw", _("Power step limit"), "kW", hint=_("Largest step in 1 s")),
        hidden(plain, "cooling_class", _("Cooling class")),
        hidden(figure, "liquid_supply_max_c", _("Liquid supply limit"), "°C"),
        hidden(figure, "generator_start_s", _("Generator start"), "s", hint=_("Empty: no generator")),
        hidden(plain, "description", _("Description"), phone="full"),
        hidden(plain, "slug", _("Slug")),
    ],
)
MANUFACTURERS = _table(
    Manufacturer,
    filters.ManufacturerFilters,
    [
        name(),
        counted("type_count", _("Device types")),
        plain("description", _("Description"), phone="full"),
        hidden(plain, "slug", _("Slug")),
    ],
)
DEVICE_TYPES = _table(
    DeviceType,
    filters.DeviceTypeFilters,
    [
        name(sort="model"),
        related("manufacturer", _("Manufacturer")),
        plain("kind", _("Kind")),
        plain("domain", _("Domain")),
        figure("nameplate_w", _("Nameplate power"), "W"),
        counted("use_count", _("In use")),
        plain("source", _("Source"), phone="full"),
        hidden(figure, "u_height", _("Height"), "U"),
        hidden(plain, "part_number", _("Part number")),
        hidden(plain, "slug", _("Slug")),
    ],
)
RACKS = _table(
    Rack,
    filters.RackFilters,
    [
        name(),
        related("site", _("Site")),
        figure("rated_kw", _("Rated power"), "kW"),
        figure("u_height", _("Height"), "U"),
        counted("device_count", _("Devices")),
    ],
)
DEVICES = _table(
    Device,
    filters.DeviceFilters,
    [
        name(),
        status(),
        plain("role", _("Role")),
        related("device_type", _("Type"), sort="device_type__model"),
        related("site", _("Site")),
        related("rack", _("Rack")),
        Column("management_address", _("Address"), sort="management_address"),
        plain("firmware_version", _("Firmware")),
        hidden(plain, "software_version", _("Software")),
        hidden(plain, "serial", _("Serial")),
        hidden(figure, "position", _("Position"), "U"),
        hidden(plain, "description", _("Description"), phone="full"),
    ],
)
ACCELERATORS = _table(
    Accelerator,
    filters.AcceleratorFilters,
    [
        name(sort="device__name"),
        status(),
        related("device_type", _("Type"), sort="device_type__model"),
        related("device", _("Device")),
        through_device("site", _("Site"), sort="device__site__name"),
        hidden(through_device, "rack", _("Rack"), sort="device__rack__name"),
        plain("uuid", _("UUID")),
        hidden(figure, "index", _("Index")),
        hidden(plain, "serial", _("Serial")),
        plain("firmware_version", _("Firmware")),
    ],
)
PORTS = _table(
    Port,
    filters.PortFilters,
    [
        name(sort="name"),
        status(),
        plain("kind", _("Kind")),
        figure("speed_gbps", _("Speed"), "Gb/s"),
        plain("back_end", _("Back end")),
        related("device", _("Device")),
        through_device("site", _("Site"), sort="device__site__name"),
    ],
)
LINKS = _table(
    Link,
    filters.LinkFilters,
    [
        name(),
        plain("kind", _("Kind")),
        related("site_a", _("First site")),
        related("port_a", _("First port"), sort="port_a__name"),
        related("site_b", _("Second site")),
        related("port_b", _("Second port"), sort="port_b__name"),
        figure("capacity_gbps", _("Capacity"), "Gb/s"),
        figure("design_latency_ms", _("Design latency"), "ms"),
        hidden(plain, "provider", _("Provider")),
    ],
)
POWER_FEEDS = _table(
    PowerFeed,
    filters.PowerFeedFilters,
    [
        name(),
        plain("leg", _("Leg")),
        related("site", _("Site")),
        related("rack", _("Rack")),
        related("device", _("Measured by")),
        figure("rated_kw", _("Rated power"), "kW"),
        Column("breaker_kw", _("Breaker"), numeric=True, unit="kW", hint=_("At a power factor of 1")),
        hidden(figure, "breaker_rating_a", _("Breaker rating"), "A"),
        hidden(figure, "voltage_v", _("Voltage"), "V"),
        hidden(figure, "phases", _("Phases")),
    ],
)
COOLING_UNITS = _table(
    CoolingUnit,
    filters.CoolingUnitFilters,
    [
        name(),
        plain("medium", _("Medium")),
        related("site", _("Site")),
        figure("capacity_kw", _("Cooling capacity"), "kW"),
        Column("management_address", _("Address"), sort="management_address"),
    ],
)
# On the first page: what each site has in service.
SITE_COUNTS = Table(
    id="inventory-sites",
    title=_("By site"),
    noun=(_("site"), _("sites")),
    filterset=filters.SiteFilters,
    row_url=own_page,
    per_page=25,
    columns=[
        name(),
        plain("stage", _("Stage"), template="inventory/cells/stage.html", phone="status"),
        related("region", _("Region")),
        Column("deployed_kw", _("Deployed"), numeric=True, unit="kW"),
        counted("accelerators_here", _("Accelerators")),
        counted("nodes_here", _("Nodes")),
        counted("switches_here", _("Switches")),
        counted("racks_here", _("Racks")),
        counted("feeds_here", _("Power feeds")),
        counted("cooling_here", _("Cooling units")),
    ],
)
CAPACITY_EVENTS = _table(
    CapacityEvent,
    filters.CapacityEventFilters,
    [
        Column("happened_on", _("Day"), sort="happened_on", locked=True, phone="title"),
        plain("kind", _("Kind"), phone="status"),
        related("site", _("Site")),
        figure("it_kw", _("IT power"), "kW"),
        figure("accelerators", _("Accelerators")),
        plain("note", _("Note"), phone="full"),
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
