"""Inventory objects in JSON."""

import copy
import math
from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.db import models
from rest_framework import serializers
from rest_framework.fields import Field

from inventory import attributes
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
from inventory.models.constraints import SameSite
from web.rest.fields import NumberField
from web.rest.serializers import ObjectSerializer, RelatedObjectField


def finite(value: float) -> None:
    if not math.isfinite(value):
        raise serializers.ValidationError("A valid number is required.", code="invalid")


class InventorySerializer(ObjectSerializer):
    """Asks the model what goes together before the database does, so that the answer names the field.

    `Meta.together` lists the fields that the model's `clean` looks at: a write that leaves them alone, such as
    a status for a thousand devices, needs none of their related objects.
    """

    def build_standard_field(self, field_name: str, model_field: Any) -> tuple[type[Field], dict[str, Any]]:
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        if isinstance(model_field, models.FloatField):
            kwargs["validators"] = [*kwargs.get("validators", []), finite]
        return field_class, kwargs

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        candidate = copy.copy(self.instance) if self.instance is not None else self.Meta.model()
        for name, value in values.items():
            setattr(candidate, name, value)
        errors: dict[str, Any] = {}
        if set(getattr(self.Meta, "together", ())) & set(values):
            errors |= self._refused(candidate.clean)
        for constraint in self.Meta.model._meta.constraints:
            if isinstance(constraint, SameSite) and {"site", constraint.field} & set(values):
                errors |= self._refused(lambda each=constraint: each.validate(self.Meta.model, candidate))
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def _refused(self, check: Any) -> dict[str, Any]:
        try:
            check()
        except ModelError as error:
            return dict(error.message_dict)
        return {}


class RegionSerializer(InventorySerializer):
    class Meta:
        model = Region
        fields = ["name", "slug", "parent", "description"]
        brief_fields = ["name", "slug", "description"]


class SiteSerializer(InventorySerializer):
    class Meta:
        model = Site
        fields = [
            *("name", "slug", "region", "stage", "kind", "profiles", "facility", "city", "country"),
            *("operator", "operator_country"),
            *("latitude", "longitude", "time_zone", "contracted_kw", "power_step_limit_kw", "cooling_class"),
            *("liquid_supply_max_c", "generator_start_s", "owner", "description"),
        ]
        brief_fields = ["name", "slug", "description"]

    def validate_profiles(self, profiles: list[str]) -> list[str]:
        """A set, in the order given."""
        return list(dict.fromkeys(profiles))


class ManufacturerSerializer(InventorySerializer):
    class Meta:
        model = Manufacturer
        fields = ["name", "slug", "description"]
        brief_fields = ["name", "slug", "description"]


class DeviceTypeSerializer(InventorySerializer):
    class Meta:
        model = DeviceType
        fields = [
            *("manufacturer", "model", "slug", "part_number", "kind", "domain", "nameplate_w", "u_height"),
            *("attributes", "source"),
        ]
        brief_fields = ["manufacturer", "model", "slug"]

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        values = super().validate(values)
        if {"kind", "attributes"} & set(values):
            before = self.instance or DeviceType()
            kind, held = values.get("kind", before.kind), values.get("attributes", before.attributes)
            problems = attributes.problems(kind, held)
            if problems:
                # Below `attributes` by name, as the body has them.
                by_key = [problems[""]] if "" in problems else {key: [text] for key, text in problems.items()}
                raise serializers.ValidationError({"attributes": by_key})
        return values


class AttributeSerializer(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    shape = serializers.CharField()
    unit = serializers.CharField()
    choices = serializers.ListField(child=serializers.CharField())


class RackSerializer(InventorySerializer):
    class Meta:
        model = Rack
        fields = ["site", "name", "u_height", "rated_kw"]
        brief_fields = ["name"]


class DeviceSerializer(InventorySerializer):
    class Meta:
        model = Device
        fields = [
            *("name", "site", "rack", "position", "device_type", "role", "status", "serial"),
            *("management_address", "firmware_version", "software_version", "description"),
        ]
        brief_fields = ["name", "description"]
        together = ["device_type"]


class AcceleratorSerializer(InventorySerializer):
    class Meta:
        model = Accelerator
        fields = ["device", "index", "device_type", "uuid", "serial", "status", "firmware_version"]
        brief_fields = ["device", "index", "uuid"]
        together = ["device_type"]


class PortSerializer(InventorySerializer):
    class Meta:
        model = Port
        fields = ["device", "name", "kind", "speed_gbps", "back_end", "status"]
        brief_fields = ["device", "name"]


class LinkSerializer(InventorySerializer):
    port_a = RelatedObjectField(
        queryset=Port.objects.select_related("device"), required=False, allow_null=True
    )
    port_b = RelatedObjectField(
        queryset=Port.objects.select_related("device"), required=False, allow_null=True
    )

    class Meta:
        model = Link
        fields = [
            *("name", "kind", "site_a", "site_b", "port_a", "port_b", "capacity_gbps", "design_latency_ms"),
            "provider",
        ]
        brief_fields = ["name"]
        together = ["site_a", "site_b", "port_a", "port_b"]


class PowerFeedSerializer(InventorySerializer):
    breaker_kw = NumberField(read_only=True, allow_null=True, help_text="At a power factor of 1, kW")

    class Meta:
        model = PowerFeed
        fields = [
            *("site", "rack", "device", "name", "leg", "rated_kw", "breaker_rating_a", "voltage_v", "phases"),
            "breaker_kw",
        ]
        brief_fields = ["name"]


class CoolingUnitSerializer(InventorySerializer):
    class Meta:
        model = CoolingUnit
        fields = ["site", "name", "medium", "capacity_kw", "management_address"]
        brief_fields = ["name"]


class CapacityEventSerializer(InventorySerializer):
    class Meta:
        model = CapacityEvent
        fields = ["site", "kind", "happened_on", "it_kw", "accelerators", "note"]
        brief_fields = ["kind", "happened_on"]
