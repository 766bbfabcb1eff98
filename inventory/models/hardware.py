"""Manufacturers, device types, racks, devices and their accelerators."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from inventory import attributes
from inventory.bus_ids import bus_id
from inventory.models import triggers
from inventory.models.constraints import SameSite, SiteReference, choices_held
from inventory.models.places import DomainChoices, Site


class Manufacturer(models.Model):
    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide
    name = models.CharField("name", max_length=100, unique=True)
    slug = models.SlugField("slug", max_length=100, unique=True)
    description = models.CharField("description", max_length=200, blank=True)

    class Meta:
        verbose_name = "manufacturer"
        verbose_name_plural = "manufacturers"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


@choices_held
class DeviceType(models.Model):
    """A product. `kind` decides which attributes it may have: see inventory.attributes."""

    HISTORY = True
    VISIBLE_WHERE = "true"  # organisation-wide

    class Kind(models.TextChoices):
        ACCELERATOR = "accelerator", "Accelerator"
        NODE = "node", "Accelerator node"
        SERVER = "server", "Server"
        STORAGE = "storage", "Storage"
        SWITCH = "switch", "Switch"
        ROUTER = "router", "Router"
        GATEWAY = "gateway", "Gateway"
        PDU = "pdu", "PDU"
        UPS = "ups", "UPS"
        METER = "meter", "Power meter"
        OTHER = "other", "Other"

    manufacturer = models.ForeignKey(
        verbose_name="manufacturer",
        to=Manufacturer,
        on_delete=models.PROTECT,
        related_name="device_types",
        db_index=False,
    )
    model = models.CharField("model", max_length=100)
    slug = models.SlugField("slug", max_length=100, unique=True)
    part_number = models.CharField("part number", max_length=50, blank=True)
    kind = models.CharField(
        "kind",
        max_length=16,
        choices=Kind,
        default=Kind.OTHER,
        help_text="Decides which attributes it has",
    )
    domain = models.CharField("domain", max_length=8, choices=DomainChoices)
    nameplate_w = models.FloatField(
        "nameplate power", null=True, blank=True, help_text="Maximum power on the name plate, W"
    )
    u_height = models.DecimalField(
        "height", max_digits=4, decimal_places=1, default=1, help_text="Rack units"
    )
    attributes = models.JSONField("attributes", default=dict, blank=True)
    source = models.CharField("source", max_length=200, blank=True, help_text="Where the figures come from")

    class Meta:
        verbose_name = "device type"
        verbose_name_plural = "device types"
        ordering = ["manufacturer__name", "model", "id"]
        constraints = [
            # Serves look-ups by manufacturer too, so that column has no index of its own.
            models.UniqueConstraint(fields=["manufacturer", "model"], name="device_type_unique"),
            models.CheckConstraint(
                condition=Q(nameplate_w__isnull=True) | Q(nameplate_w__gte=0),
                name="device_type_nameplate_not_negative",
            ),
            models.CheckConstraint(condition=Q(u_height__gte=0), name="device_type_height_not_negative"),
            models.CheckConstraint(
                condition=Exact(
                    Func(F("attributes"), function="jsonb_typeof", output_field=models.TextField()),
                    Value("object"),
                ),
                name="device_type_attributes_object",
            ),
        ]
        triggers = triggers.claims(triggers.SITES_THAT_USE_IT, *triggers.CHANGED)

    def __str__(self) -> str:
        return self.model

    def clean(self) -> None:
        problems = attributes.problems(self.kind, self.attributes)
        if problems:
            raise ValidationError(
                {"attributes": [f"{key}: {text}" if key else text for key, text in problems.items()]}
            )


class Rack(models.Model):
    HISTORY = True
    site = models.ForeignKey(
        verbose_name="site", to=Site, on_delete=models.CASCADE, related_name="racks", db_index=False
    )
    name = models.CharField("name", max_length=100)
    u_height = models.PositiveSmallIntegerField("height", default=48, help_text="Rack units")
    rated_kw = models.FloatField(
        "rated power", null=True, blank=True, help_text="Power the rack is built for, kW"
    )

    class Meta:
        verbose_name = "rack"
        verbose_name_plural = "racks"
        ordering = ["site__name", "name", "id"]
        constraints = [
            # Serves look-ups by site too, so that column has no index of its own.
            models.UniqueConstraint(fields=["site", "name"], name="rack_unique_in_site"),
            models.CheckConstraint(
                condition=Q(rated_kw__isnull=True) | Q(rated_kw__gt=0), name="rack_rated_positive"
            ),
            SiteReference(name="rack_site_reference"),
        ]
        triggers = triggers.claims(triggers.OWN_SITE)

    def __str__(self) -> str:
        return self.name


class DeviceQuerySet(models.QuerySet["Device"]):
    def active(self) -> "DeviceQuerySet":
        return self.filter(status=Device.Status.ACTIVE)


@choices_held
class Device(models.Model):
    """A powered device with a name: node, switch, PDU, UPS. Telemetry finds it by name or address."""

    HISTORY = True
    HISTORY_LASTS = True
    VISIBLE_BY = ("site",)  # the rack is at the same one

    class Role(models.TextChoices):
        NODE = "node", "Accelerator node"
        SERVER = "server", "Server"
        STORAGE = "storage", "Storage"
        SWITCH = "switch", "Switch"
        ROUTER = "router", "Router"
        PDU = "pdu", "PDU"
        UPS = "ups", "UPS"
        METER = "meter", "Power meter"
        GATEWAY = "gateway", "Gateway"

    class Status(models.TextChoices):
        PLANNED = "planned", "Planned"
        ACTIVE = "active", "Active"
        DRAINED = "drained", "Drained"
        FAILED = "failed", "Failed"
        OFFLINE = "offline", "Offline"
        RETIRED = "retired", "Retired"

    site = models.ForeignKey(
        verbose_name="site", to=Site, on_delete=models.CASCADE, related_name="devices", db_index=False
    )
    rack = models.ForeignKey(
        verbose_name="rack",
        to=Rack,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="devices",
    )
    name = models.CharField("name", max_length=100)
    device_type = models.ForeignKey(
        verbose_name="device type", to=DeviceType, on_delete=models.PROTECT, related_name="devices"
    )
    role = models.CharField("role", max_length=16, choices=Role)
    status = models.CharField("status", max_length=16, choices=Status, default=Status.ACTIVE)
    serial = models.CharField("serial", max_length=100, blank=True)
    management_address = models.GenericIPAddressField(
        "management address", null=True, blank=True, help_text="Address that exporters are scraped at"
    )
    firmware_version = models.CharField("firmware version", max_length=100, blank=True)
    software_version = models.CharField(
        "software version", max_length=100, blank=True, help_text="Driver, NOS or agent version"
    )
    position = models.DecimalField(
        "position", max_digits=4, decimal_places=1, null=True, blank=True, help_text="Lowest rack unit"
    )
    description = models.CharField("description", max_length=200, blank=True)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = "device"
        verbose_name_plural = "devices"
        ordering = ["site__name", "name", "id"]
        indexes = [
            # "Where is this serial?" is asked of the whole fleet.
            models.Index(fields=["serial"], name="device_serial", condition=~Q(serial="")),
        ]
        constraints = [
            # Names differ by more than case, because telemetry matches them in lower case. The index also serves look-
            # ups by site.
            models.UniqueConstraint(
                "site",
                Lower("name"),
                name="device_unique_in_site",
                violation_error_message="The site has a device of this name.",
            ),
            models.CheckConstraint(
                condition=Q(position__isnull=True) | Q(position__gt=0), name="device_position_positive"
            ),
            SiteReference(name="device_site_reference"),
            SameSite(
                field="rack",
                name="device_rack_at_same_site",
                violation_error_message="This rack is at another site.",
            ),
        ]
        triggers = [
            *triggers.claims(triggers.OWN_SITE),
            triggers.link_ends_of_moved_devices(),
            *triggers.no_other_name_of_another_device(),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.device_type_id and self.device_type.kind == DeviceType.Kind.ACCELERATOR:
            raise ValidationError({"device_type": "This is an accelerator; choose the device that holds it."})


def site_of_device() -> models.ForeignKey:
    """A column that PostgreSQL maintains, so that a row itself says who may see it."""
    return models.ForeignKey(
        verbose_name="site",
        to=Site,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
        blank=True,
        editable=False,
    )


class BusIdField(models.CharField):
    """Stores a bus id in one form, however the writer writes it."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        setattr(model_instance, self.attname, bus_id(getattr(model_instance, self.attname) or ""))
        return str(getattr(model_instance, self.attname))

    def get_prep_value(self, value: Any) -> Any:
        return bus_id(value) if isinstance(value, str) else super().get_prep_value(value)


class AcceleratorQuerySet(models.QuerySet["Accelerator"]):
    def active(self) -> "AcceleratorQuerySet":
        """Active accelerators in an active device."""
        return self.filter(status=Accelerator.Status.ACTIVE, device__status=Device.Status.ACTIVE)


@choices_held
class Accelerator(models.Model):
    """One GPU or similar in a node. `index` is the driver's number, `uuid` the one that its exporter reports."""

    HISTORY = True
    HISTORY_TITLE = ("device", "index")
    HISTORY_LASTS = True
    VISIBLE_BY = ("site",)  # that of the device

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        DRAINED = "drained", "Drained"
        FAILED = "failed", "Failed"
        RETIRED = "retired", "Retired"

    device = models.ForeignKey(
        verbose_name="device",
        to=Device,
        on_delete=models.CASCADE,
        related_name="accelerators",
        db_index=False,
    )
    site = site_of_device()
    index = models.PositiveSmallIntegerField("index", help_text="The driver's number, from 0")
    device_type = models.ForeignKey(
        verbose_name="device type", to=DeviceType, on_delete=models.PROTECT, related_name="accelerators"
    )
    uuid = models.CharField("UUID", max_length=64, blank=True)
    bus_id = BusIdField("bus id", max_length=32, blank=True, help_text="PCI bus id, such as 0000:1b:00.0")
    serial = models.CharField("serial", max_length=100, blank=True)
    status = models.CharField("status", max_length=16, choices=Status, default=Status.ACTIVE)
    firmware_version = models.CharField("firmware version", max_length=100, blank=True)

    objects = AcceleratorQuerySet.as_manager()

    class Meta:
        verbose_name = "accelerator"
        verbose_name_plural = "accelerators"
        ordering = ["device", "index", "id"]
        indexes = [
            # The few accelerators that are not active, among very many.
            models.Index(fields=["status"], name="accelerator_not_active", condition=~Q(status="active")),
            models.Index(fields=["serial"], name="accelerator_serial", condition=~Q(serial="")),
        ]
        constraints = [
            # Serves look-ups by device too, so that column has no index of its own.
            models.UniqueConstraint(fields=["device", "index"], name="accelerator_index_unique"),
            models.UniqueConstraint(
                fields=["device", "bus_id"],
                condition=~Q(bus_id=""),
                name="accelerator_bus_id_unique",
                violation_error_message="The device has an accelerator at this bus id.",
            ),
            # Ignore case: exporters differ, and telemetry matches in lower case.
            models.UniqueConstraint(
                Lower("uuid"),
                condition=~Q(uuid=""),
                name="accelerator_uuid_unique",
                violation_error_message="There is an accelerator with this UUID.",
            ),
            SameSite(field="device", name="accelerator_at_site_of_device", follows=True),
        ]
        triggers = [*triggers.claims(triggers.OWN_SITE), triggers.site_of_device()]

    def __str__(self) -> str:
        return f"{self.device} #{self.index}"

    def clean(self) -> None:
        if self.device_type_id and self.device_type.kind not in {
            DeviceType.Kind.ACCELERATOR,
            DeviceType.Kind.OTHER,
        }:
            raise ValidationError({"device_type": "This is no accelerator."})
