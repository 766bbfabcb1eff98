"""Filters of lists, for the API and for pages alike. Each field gets the lookups of its type."""

from collections.abc import Iterator
from typing import Any

import django_filters
from django import forms
from django.db.models import Model, Q, QuerySet

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
from web.rest import lookups
from web.rest.filters import ObjectFilterSet


class InventoryFilterSet(ObjectFilterSet):
    """`Meta.through` names related objects' fields, as `device__site`; their filters bear the last name.

    `Meta.panel` are the filters that a list offers; all others work from the address.
    """

    @classmethod
    def get_filters(cls) -> Any:
        filters = super().get_filters()
        for path in getattr(getattr(cls, "Meta", None), "through", ()):
            filters |= dict(_through(cls._meta.model, path))
        return filters


def _through(model: type[Model], path: str) -> Iterator[tuple[str, django_filters.Filter]]:
    *relations, name = path.split("__")
    for relation in relations:
        model = model._meta.get_field(relation).related_model
    for parameter, each in lookups.filters_of(model._meta.get_field(name), name):
        each.field_name = "__".join([*relations, each.field_name])
        each.label = each.label or parameter
        yield parameter, each


class RegionFilters(InventoryFilterSet):
    class Meta:
        model = Region
        fields = ["name", "slug", "parent", "description"]
        search_fields = ["name", "slug", "description"]
        panel = ["parent"]


class SiteFilters(InventoryFilterSet):
    class Meta:
        model = Site
        fields = [
            *(
                "name",
                "slug",
                "region",
                "stage",
                "kind",
                "profiles",
                "facility",
                "city",
                "country",
                "operator",
                "operator_country",
                "time_zone",
            ),
            *("latitude", "longitude", "contracted_kw", "power_step_limit_kw", "cooling_class"),
            *("liquid_supply_max_c", "generator_start_s", "owner", "description"),
        ]
        search_fields = ["name", "slug", "facility", "city", "operator", "owner", "description"]
        panel = ["region", "stage", "kind", "profiles", "cooling_class"]


class ManufacturerFilters(InventoryFilterSet):
    class Meta:
        model = Manufacturer
        fields = ["name", "slug", "description"]
        search_fields = ["name", "slug", "description"]
        panel = []


class DeviceTypeFilters(InventoryFilterSet):
    class Meta:
        model = DeviceType
        fields = [
            *(
                "manufacturer",
                "model",
                "slug",
                "part_number",
                "kind",
                "domain",
                "nameplate_w",
                "u_height",
                "source",
            )
        ]
        search_fields = ["manufacturer__name", "model", "slug", "part_number"]
        panel = ["manufacturer", "kind", "domain"]


class RackFilters(InventoryFilterSet):
    class Meta:
        model = Rack
        fields = ["site", "name", "u_height", "rated_kw"]
        through = ["site__region"]
        search_fields = ["name", "site__name"]
        panel = ["site", "region"]


class DeviceFilters(InventoryFilterSet):
    class Meta:
        model = Device
        fields = [
            *("site", "rack", "name", "device_type", "role", "status", "serial", "management_address"),
            *("firmware_version", "software_version", "position", "description"),
        ]
        through = ["site__region", "device_type__manufacturer", "device_type__domain"]
        search_fields = ["name", "serial", "description", "device_type__model"]
        panel = ["site", "region", "role", "status", "device_type", "manufacturer"]


class AcceleratorFilters(InventoryFilterSet):
    class Meta:
        model = Accelerator
        fields = ["device", "index", "device_type", "uuid", "serial", "status", "firmware_version"]
        through = ["device__site", "device__rack", "device_type__manufacturer"]
        search_fields = ["uuid", "serial", "device__name", "device_type__model"]
        panel = ["site", "status", "device_type", "manufacturer"]


class PortFilters(InventoryFilterSet):
    class Meta:
        model = Port
        fields = ["device", "name", "kind", "speed_gbps", "back_end", "status"]
        through = ["device__site", "device__role"]
        search_fields = ["name", "device__name"]
        panel = ["site", "role", "kind", "status", "back_end"]


class EitherEnd(django_filters.Filter):
    """Links that have one of the sites at either end, by slug or by id."""

    def __init__(self, *, key: str, inner: forms.Field, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.key = key
        self.inner = inner

    @property
    def field(self) -> lookups.Repeated:
        if not hasattr(self, "_field"):
            self._field = lookups.Repeated(self.inner, commas=True, label=self.label)
        return self._field

    def filter(self, queryset: QuerySet, values: list[Any]) -> QuerySet:
        if not values:
            return queryset
        ends = (f"site_a{self.key}", f"site_b{self.key}")
        return queryset.filter(Q(**{f"{ends[0]}__in": values}) | Q(**{f"{ends[1]}__in": values}))


class LinkFilters(InventoryFilterSet):
    site = EitherEnd(key="__slug", inner=lookups.Existing(Site, "slug"), label="Site at either end")
    site_id = EitherEnd(key="_id", inner=forms.IntegerField(max_value=2**63 - 1), label="Site at either end")

    class Meta:
        model = Link
        fields = [
            *("name", "kind", "site_a", "site_b", "port_a", "port_b", "capacity_gbps", "design_latency_ms"),
            "provider",
        ]
        search_fields = ["name", "provider", "site_a__name", "site_b__name"]
        panel = ["site", "kind"]


class PowerFeedFilters(InventoryFilterSet):
    class Meta:
        model = PowerFeed
        fields = [
            *("site", "rack", "device", "name", "leg", "rated_kw", "breaker_rating_a", "voltage_v", "phases")
        ]
        through = ["site__region"]
        search_fields = ["name", "site__name", "rack__name", "device__name"]
        panel = ["site", "region", "leg"]


class CoolingUnitFilters(InventoryFilterSet):
    class Meta:
        model = CoolingUnit
        fields = ["site", "name", "medium", "capacity_kw", "management_address"]
        through = ["site__region"]
        search_fields = ["name", "site__name"]
        panel = ["site", "region", "medium"]


class CapacityEventFilters(InventoryFilterSet):
    class Meta:
        model = CapacityEvent
        fields = ["site", "kind", "happened_on", "it_kw", "accelerators", "note"]
        through = ["site__region"]
        search_fields = ["note", "site__name"]
        panel = ["site", "region", "kind"]
