"""Manufacturers, device types, racks, devices and their accelerators."""

import pghistory
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from inventory.models.places import Domain, Site


@pghistory.track()
class Manufacturer(models.Model):
    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    description = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class DeviceType(models.Model):
    """A product. `attributes` holds the typed figures of its role; inventory.attributes says which and checks them."""

    manufacturer = models.ForeignKey(Manufacturer, on_delete=models.PROTECT, related_name="device_types")
    model = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    part_number = models.CharField(max_length=50, blank=True)
    domain = models.CharField(max_length=8, choices=Domain)
    nameplate_w = models.FloatField(null=True, blank=True, help_text=_("Maximum power on the name plate, W"))
    u_height = models.DecimalField(max_digits=4, decimal_places=1, default=1)
    attributes = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=200, blank=True, help_text=_("Where the figures come from"))

    class Meta:
        ordering = ["manufacturer__name", "model", "id"]
        constraints = [
            models.UniqueConstraint(fields=["manufacturer", "model"], name="device_type_unique"),
            models.CheckConstraint(condition=Q(nameplate_w__isnull=True) | Q(nameplate_w__gte=0), name="device_type_nameplate_not_negative"),
        ]

    def __str__(self) -> str:
        return self.model


@pghistory.track()
class Rack(models.Model):
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="racks")
    name = models.CharField(max_length=100)
    u_height = models.PositiveSmallIntegerField(default=48)
    rated_kw = models.FloatField(null=True, blank=True, help_text=_("Power the rack is built for, kW"))

    class Meta:
        ordering = ["site__name", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["site", "name"], name="rack_unique_in_site")]

    def __str__(self) -> str:
        return self.name


class DeviceQuerySet(models.QuerySet["Device"]):
    def in_service(self) -> "DeviceQuerySet":
        return self.filter(status=Device.Status.ACTIVE)


@pghistory.track()
class Device(models.Model):
    """A powered thing with a name: a node, a switch, a PDU, a UPS. Telemetry finds it by name or management address."""

    class Role(models.TextChoices):
        NODE = "node", _("Accelerator node")
        SERVER = "server", _("Server")
        STORAGE = "storage", _("Storage")
        SWITCH = "switch", _("Switch")
        ROUTER = "router", _("Router")
        PDU = "pdu", _("PDU")
        UPS = "ups", _("UPS")
        METER = "meter", _("Power meter")
        GATEWAY = "gateway", _("Gateway")

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        ACTIVE = "active", _("Active")
        DRAINED = "drained", _("Drained")
        FAILED = "failed", _("Failed")
        OFFLINE = "offline", _("Offline")
        RETIRED = "retired", _("Retired")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="devices")
    rack = models.ForeignKey(Rack, on_delete=models.SET_NULL, null=True, blank=True, related_name="devices")
    name = models.CharField(max_length=100)
    device_type = models.ForeignKey(DeviceType, on_delete=models.PROTECT, related_name="devices")
    role = models.CharField(max_length=16, choices=Role)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    serial = models.CharField(max_length=100, blank=True)
    management_address = models.GenericIPAddressField(null=True, blank=True, help_text=_("Address that exporters are scraped at"))
    firmware_version = models.CharField(max_length=100, blank=True)
    software_version = models.CharField(max_length=100, blank=True, help_text=_("Driver, NOS or agent version"))
    position = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True, help_text=_("Lowest rack unit"))
    description = models.CharField(max_length=200, blank=True)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        ordering = ["site__name", "name", "id"]
        indexes = [models.Index(fields=["site", "role", "status"], name="device_site_role_status")]
        constraints = [
            # Case does not tell two hosts apart: telemetry matches names in lower case.
            models.UniqueConstraint("site", Lower("name"), name="device_unique_in_site"),
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Accelerator(models.Model):
    """One GPU or other accelerator in a node. `index` is the driver's number, `uuid` what its exporter reports."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        DRAINED = "drained", _("Drained")
        FAILED = "failed", _("Failed")
        RETIRED = "retired", _("Retired")

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="accelerators")
    index = models.PositiveSmallIntegerField()
    device_type = models.ForeignKey(DeviceType, on_delete=models.PROTECT, related_name="accelerators")
    uuid = models.CharField(max_length=64, blank=True)
    serial = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    firmware_version = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["device", "index", "id"]
        constraints = [
            models.UniqueConstraint(fields=["device", "index"], name="accelerator_index_unique"),
            models.UniqueConstraint(fields=["uuid"], condition=~Q(uuid=""), name="accelerator_uuid_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.device} #{self.index}"
