"""Inventory objects in JSON: rules beyond their fields."""

from collections.abc import Mapping, Set
from typing import Any

from django.db.models import Model
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import attributes
from inventory.catalogue import Ceiling, ceilings_of
from inventory.models import DeviceType, Port
from inventory.models.constraints import SameSite
from web.rest.fields import NumberField
from web.rest.serializers import ObjectSerializer, RelatedObjectField, refused
from web.rest.viewsets import ObjectViewSet


class InventorySerializer(ObjectSerializer):
    """Refuses an object of another site before the database does, so that the answer names the field."""

    def refusals(self, candidate: Model, written: Set[str]) -> dict[str, Any]:
        errors = super().refusals(candidate, written)
        for constraint in self.Meta.model._meta.constraints:
            if isinstance(constraint, SameSite) and {"site", constraint.field} & written:
                errors |= refused(lambda each=constraint: each.validate(self.Meta.model, candidate))
        return errors


class SiteFields(InventorySerializer):
    def validate_profiles(self, profiles: list[str]) -> list[str]:
        """A set of profiles in the given order."""
        return list(dict.fromkeys(profiles))


class DeviceTypeFields(InventorySerializer):
    ceilings = serializers.SerializerMethodField(
        help_text="What no run of such an accelerator can pass: the type's own attributes, else the catalogue's figures"
    )

    def get_ceilings(self, device_type: DeviceType) -> Mapping[str, Ceiling]:
        if device_type.kind != DeviceType.Kind.ACCELERATOR:
            return {}
        return ceilings_of(device_type.model, device_type.attributes, device_type.source)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        values = super().validate(values)
        if {"kind", "attributes"} & set(values):
            before = self.instance or DeviceType()
            kind, attribute_values = (
                values.get("kind", before.kind),
                values.get("attributes", before.attributes),
            )
            problems = attributes.problems(kind, attribute_values)
            if problems:
                # Errors are below `attributes` by name, as in the body.
                by_key = [problems[""]] if "" in problems else {key: [text] for key, text in problems.items()}
                raise serializers.ValidationError({"attributes": by_key})
        return values


class LinkFields(InventorySerializer):
    port_a = RelatedObjectField(
        queryset=Port.objects.select_related("device"), required=False, allow_null=True
    )
    port_b = RelatedObjectField(
        queryset=Port.objects.select_related("device"), required=False, allow_null=True
    )


class PowerFeedFields(InventorySerializer):
    breaker_kw = NumberField(read_only=True, allow_null=True, help_text="At a power factor of 1, kW")


class DeviceTypeViews(ObjectViewSet):
    @extend_schema(
        operation_id="inventory_device_types_attributes_list",
        summary="Attributes that each kind of device type may have",
        responses={200: Mapping[str, tuple[attributes.Attribute, ...]]},
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    def attributes(self, request: Request) -> Response:
        return Response(attributes.SCHEMAS)
