"""Django's admin for the inventory: a plain way to repair what the pages do not cover."""

from django.contrib import admin

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


class InventoryAdmin(admin.ModelAdmin):
    """Typing a name instead of a list of the whole fleet; the total is not counted twice for a filtered list."""

    show_full_result_count = False
    list_per_page = 50


@admin.register(Region)
class RegionAdmin(InventoryAdmin):
    list_display = ["name", "slug", "parent"]
    list_select_related = ["parent"]
    search_fields = ["name", "slug"]
    autocomplete_fields = ["parent"]


@admin.register(Site)
class SiteAdmin(InventoryAdmin):
    list_display = ["name", "slug", "region", "stage", "kind", "owner"]
    list_select_related = ["region"]
    list_filter = ["stage", "kind", "region"]
    search_fields = ["name", "slug", "city"]
    autocomplete_fields = ["region"]


@admin.register(Manufacturer)
class ManufacturerAdmin(InventoryAdmin):
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]


@admin.register(DeviceType)
class DeviceTypeAdmin(InventoryAdmin):
    list_display = ["model", "manufacturer", "kind", "domain", "nameplate_w"]
    list_select_related = ["manufacturer"]
    list_filter = ["kind", "domain"]
    search_fields = ["model", "slug", "manufacturer__name"]
    autocomplete_fields = ["manufacturer"]


@admin.register(Rack)
class RackAdmin(InventoryAdmin):
    list_display = ["name", "site", "rated_kw"]
    list_select_related = ["site"]
    search_fields = ["name", "site__name"]
    autocomplete_fields = ["site"]


@admin.register(Device)
class DeviceAdmin(InventoryAdmin):
    list_display = ["name", "site", "role", "status", "device_type", "management_address"]
    list_select_related = ["site", "device_type"]
    list_filter = ["role", "status"]
    search_fields = ["name", "serial"]
    autocomplete_fields = ["site", "rack", "device_type"]


@admin.register(Accelerator)
class AcceleratorAdmin(InventoryAdmin):
    list_display = ["__str__", "device_type", "uuid", "status"]
    list_select_related = ["device", "device_type"]
    list_filter = ["status"]
    search_fields = ["uuid", "serial", "device__name"]
    autocomplete_fields = ["device", "device_type"]


@admin.register(Port)
class PortAdmin(InventoryAdmin):
    list_display = ["__str__", "kind", "speed_gbps", "status"]
    list_select_related = ["device"]
    list_filter = ["kind", "status"]
    search_fields = ["name", "device__name"]
    autocomplete_fields = ["device"]


@admin.register(Link)
class LinkAdmin(InventoryAdmin):
    list_display = ["name", "kind", "site_a", "site_b", "capacity_gbps", "design_latency_ms"]
    list_select_related = ["site_a", "site_b"]
    list_filter = ["kind"]
    search_fields = ["name", "provider"]
    autocomplete_fields = ["site_a", "site_b", "port_a", "port_b"]


@admin.register(PowerFeed)
class PowerFeedAdmin(InventoryAdmin):
    list_display = ["name", "site", "leg", "rated_kw", "rack"]
    list_select_related = ["site", "rack"]
    list_filter = ["leg"]
    search_fields = ["name", "site__name"]
    autocomplete_fields = ["site", "rack", "device"]


@admin.register(CoolingUnit)
class CoolingUnitAdmin(InventoryAdmin):
    list_display = ["name", "site", "medium", "capacity_kw"]
    list_select_related = ["site"]
    list_filter = ["medium"]
    search_fields = ["name", "site__name"]
    autocomplete_fields = ["site"]


@admin.register(CapacityEvent)
class CapacityEventAdmin(InventoryAdmin):
    list_display = ["happened_on", "site", "kind", "it_kw", "accelerators"]
    list_select_related = ["site"]
    list_filter = ["kind"]
    date_hierarchy = "happened_on"
    search_fields = ["note", "site__name"]
    autocomplete_fields = ["site"]
