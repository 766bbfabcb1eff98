"""Products and their makers, racks, devices, accelerators."""

from inventory.api import DeviceTypeFields, DeviceTypeViews
from inventory.forms import AcceleratorForm, DeviceForm, DeviceTypeForm, OfDeviceForm
from inventory.kinds.declaring import declared, status
from inventory.models import Accelerator, Device, DeviceName, DeviceType, Manufacturer, Port, PowerFeed, Rack
from inventory.queries.overview import how_many
from web.kinds import Related
from web.kinds.columns import figure, hidden, name, plain, related
from web.tables import Column
from web.units import instant


def _height(device_type: DeviceType) -> str:
    """An accelerator is in a node, so its height in a rack means nothing."""
    is_in_node = device_type.kind == DeviceType.Kind.ACCELERATOR
    return "" if is_in_node else f"{device_type.u_height.normalize():f} U"


def _unit_of_rack(device: Device) -> str:
    return "" if device.position is None else f"U{device.position.normalize():f}"


MANUFACTURER = declared(
    Manufacturer,
    ("name", "slug", "description"),
    [
        name(),
        figure("type_count", "Device types"),
        plain("description", "Description", phone="full"),
        hidden(plain, "slug", "Slug"),
    ],
    brief=("name", "slug", "description"),
    search=("name", "slug", "description"),
    rows=Manufacturer.objects.annotate(type_count=how_many(DeviceType.objects.all(), "manufacturer")),
    icon="tool",
    hint="Who makes the products",
    related=[
        Related(DeviceType, ("manufacturer",), ("name", "kind", "nameplate_w", "use_count"), "manufacturer")
    ],
)
DEVICE_TYPE = declared(
    DeviceType,
    (
        *("kind", "manufacturer", "model", "slug", "part_number", "domain", "nameplate_w", "u_height"),
        "source",
    ),
    [
        name(sort="model"),
        related("manufacturer", "Manufacturer"),
        plain("kind", "Kind"),
        plain("domain", "Domain"),
        figure("nameplate_w", "Nameplate power", "W"),
        figure("use_count", "In use"),
        plain("source", "Source", phone="full"),
        hidden(plain, "u_height", "Height", text=_height, file_unit="U"),
        hidden(plain, "part_number", "Part number"),
        hidden(plain, "slug", "Slug"),
    ],
    brief=("manufacturer", "model", "slug"),
    search=("manufacturer__name", "model", "slug", "part_number"),
    panel=("manufacturer", "kind", "domain"),
    form=DeviceTypeForm,
    serializer=DeviceTypeFields,
    also=("attributes", "ceilings"),
    viewset=DeviceTypeViews,
    joins=("manufacturer",),
    rows=DeviceType.objects.select_related("manufacturer").annotate(
        use_count=how_many(Device.objects.all(), "device_type")
        + how_many(Accelerator.objects.all(), "device_type")
    ),
    icon="package",
    hint="Products with their nameplate power and typed attributes",
    related=[
        Related(Device, ("device_type",), ("name", "status", "site"), fills="device_type"),
        Related(Accelerator, ("device_type",), ("name", "status", "site"), fills="device_type"),
    ],
    above=lambda device_type: [device_type.manufacturer],
)
RACK = declared(
    Rack,
    ("site", "name", "u_height", "rated_kw"),
    [
        name(),
        related("site", "Site"),
        figure("rated_kw", "Rated power", "kW"),
        figure("u_height", "Height", "U"),
        figure("device_count", "Devices"),
    ],
    brief=("name",),
    search=("name", "site__name"),
    panel=("site", "region"),
    through=("site__region",),
    joins=("site",),
    rows=Rack.objects.select_related("site").annotate(device_count=how_many(Device.objects.all(), "rack")),
    icon="columns-3",
    hint="Where devices stand",
    related=[
        Related(Device, ("rack",), ("name", "status", "role", "position"), fills="rack"),
        Related(PowerFeed, ("rack",), ("name", "leg", "rated_kw", "device"), fills="rack"),
    ],
    above=lambda rack: [rack.site],
)
DEVICE = declared(
    Device,
    (
        *("name", "site", "rack", "position", "device_type", "role", "status", "serial"),
        *("management_address", "firmware_version", "software_version", "description"),
    ),
    [
        name(),
        status(),
        plain("role", "Role"),
        related("device_type", "Type", sort="device_type__model"),
        related("site", "Site"),
        related("rack", "Rack"),
        plain("management_address", "Address"),
        plain("firmware_version", "Firmware"),
        hidden(plain, "software_version", "Software"),
        hidden(plain, "serial", "Serial"),
        hidden(plain, "position", "Position", text=_unit_of_rack, file_unit="U"),
        hidden(plain, "description", "Description", phone="full"),
    ],
    groups=[
        ("Device", ("name", "device_type", "role", "status", "serial", "description")),
        ("Place", ("site", "rack", "position")),
        ("Software", ("management_address", "firmware_version", "software_version")),
    ],
    brief=("name", "description"),
    search=("name", "serial", "management_address", "description", "device_type__model"),
    panel=("site", "region", "role", "status", "device_type", "manufacturer"),
    through=("site__region", "device_type__manufacturer", "device_type__domain"),
    form=DeviceForm,
    together=("device_type",),
    joins=("site", "rack", "device_type"),
    rows=Device.objects.select_related("site", "rack", "device_type__manufacturer"),
    icon="server",
    search_order=26,
    hint="Nodes, servers, switches, PDUs and UPSs",
    aliases={
        "status": (
            "status",
            {"staged": "planned", "inventory": "planned", "decommissioning": "retired"},
        ),
    },
    related=[
        Related(Accelerator, ("device",), ("name", "status", "device_type", "uuid"), fills="device"),
        Related(DeviceName, ("device",), ("name", "recorded_at"), fills="device"),
        Related(Port, ("device",), ("name", "status", "kind", "speed_gbps"), fills="device"),
        Related(PowerFeed, ("device",), ("name", "leg", "rated_kw", "rack"), fills="device"),
    ],
    above=lambda device: [device.site, device.rack],
)
ACCELERATOR = declared(
    Accelerator,
    ("device", "index", "device_type", "uuid", "bus_id", "serial", "status", "firmware_version"),
    [
        name(sort="device__name"),
        status(),
        related("device_type", "Type", sort="device_type__model"),
        related("device", "Device"),
        related("site", "Site", through="device", sort="device__site__name"),
        hidden(related, "rack", "Rack", through="device", sort="device__rack__name"),
        plain("uuid", "UUID", phone="row"),
        hidden(figure, "index", "Index"),
        hidden(plain, "bus_id", "Bus id"),
        hidden(plain, "serial", "Serial"),
        plain("firmware_version", "Firmware"),
    ],
    brief=("device", "index", "uuid"),
    search=("uuid", "bus_id", "serial", "device__name", "device_type__model"),
    panel=("site", "status", "device_type", "manufacturer"),
    through=("device__site", "device__rack", "device_type__manufacturer"),
    form=AcceleratorForm,
    together=("device_type",),
    joins=("device", "device_type"),
    rows=Accelerator.objects.select_related("device__site", "device__rack", "device_type__manufacturer"),
    icon="cpu",
    search_order=27,
    hint="GPUs and the like, each in its node",
    above=lambda accelerator: [accelerator.device.site, accelerator.device],
)
DEVICE_NAME = declared(
    DeviceName,
    ("device", "name"),
    [
        name(),
        related("device", "Device"),
        related("site", "Site", through="device", sort="device__site__name"),
        Column("recorded_at", "Recorded", text=lambda row: instant(row.recorded_at), sort="recorded_at"),
    ],
    brief=("device", "name"),
    search=("name", "device__name"),
    panel=("site", "region"),
    through=("device__site", "device__site__region"),
    form=OfDeviceForm,
    also=("recorded_at",),
    joins=("device",),
    # Names are unique: several rows cannot take one.
    pages=("list", "add", "detail", "edit", "delete", "csv"),
    rows=DeviceName.objects.select_related("device__site"),
    icon="list-details",
    hint="Names that tools and exporters give to devices",
    above=lambda row: [row.device.site, row.device],
)
