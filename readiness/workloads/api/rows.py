"""A workload class as JSON: its columns, its rows, and what is worked out of them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inventory.models import DeviceType
from readiness.workloads import operations, queries
from readiness.workloads.core.envelope import Envelope, EnvelopePart, contradictions
from readiness.workloads.models import UserRegion, WorkloadClass
from readiness.workloads.operations.declaring import COLUMNS
from web.rest.errors import named_errors
from web.rest.fields import NumberField, RelatedObjectField, brief
from web.rest.serializers import ObjectSerializer

AT_MOST: dict[str, Any] = {"max_length": 200}


class AcceleratorDemandSerializer(serializers.Serializer):
    type = RelatedObjectField(
        source="device_type",
        queryset=DeviceType.objects.all(),
        allow_null=True,
        default=None,
        help_text="Product of kind accelerator; null: any will do",
    )
    count = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class UserDemandSerializer(serializers.Serializer):
    region = RelatedObjectField(source="user_region", queryset=UserRegion.objects.all())
    requests_per_s = NumberField(
        allow_null=True, default=None, min_value=0, max_value=1e12, help_text="At peak; null: not known"
    )


class ContradictionSerializer(serializers.Serializer):
    field = serializers.CharField()
    reason = serializers.CharField()
    hard = serializers.BooleanField(source="is_hard", help_text="Never holds; on writing it is refused")


class PlacedSerializer(serializers.Serializer):
    site = serializers.SerializerMethodField()
    started_on = serializers.DateField()

    @extend_schema_field({"type": "object"})
    def get_site(self, placement: Any) -> dict[str, Any]:
        return brief(placement.site, self.context)


class WorkloadSerializer(ObjectSerializer):
    """Demand is that of one placement. A limit that is null or empty was not declared.

    `missing` are the parts of the four that nobody declared, `contradictions` what cannot be meant together: what is
    hard is refused when it is written, the others are told. `declared_on` is set when the envelope becomes another one.
    """

    accelerators = AcceleratorDemandSerializer(many=True, required=False, **AT_MOST)
    users = UserDemandSerializer(many=True, required=False, source="served", **AT_MOST)
    confirmed_on = serializers.SerializerMethodField(help_text="When somebody last said that it still holds")
    missing = serializers.SerializerMethodField()
    contradictions = serializers.SerializerMethodField()
    placements = serializers.SerializerMethodField(help_text="Where it is placed today")

    class Meta:
        model = WorkloadClass
        fields = (
            *COLUMNS,
            "accelerators",
            "users",
            "confirmed_on",
            "missing",
            "contradictions",
            "placements",
        )
        brief_fields: tuple[str, ...] = ("name", "slug")

    @extend_schema_field({"type": "string", "format": "date", "nullable": True})
    def get_confirmed_on(self, workload: WorkloadClass) -> str | None:
        days = queries.envelope_of(workload).confirmed_on
        return days[-1].isoformat() if days else None

    @extend_schema_field({"type": "array", "items": {"type": "string", "enum": list(EnvelopePart)}})
    def get_missing(self, workload: WorkloadClass) -> list[str]:
        return list(queries.envelope_of(workload).missing)

    @extend_schema_field(ContradictionSerializer(many=True))
    def get_contradictions(self, workload: WorkloadClass) -> Any:
        return ContradictionSerializer(contradictions(queries.envelope_of(workload)), many=True).data

    @extend_schema_field(PlacedSerializer(many=True))
    def get_placements(self, workload: WorkloadClass) -> Any:
        current = getattr(workload, "current_placements", ())
        return PlacedSerializer(current, many=True, context=self.context).data

    def given(self) -> dict[str, Any]:
        """Return what the operations take, of valid data."""
        values = dict(self.validated_data)
        if "accelerators" in values:
            values["accelerators"] = [(row["device_type"], row["count"]) for row in values["accelerators"]]
        if "served" in values:
            values["users"] = [(row["user_region"], row["requests_per_s"]) for row in values.pop("served")]
        return values


class InlineWorkloadSerializer(WorkloadSerializer):
    """An envelope that is not saved: the same fields, without the need for a name."""

    name = serializers.CharField(max_length=100, default="Inline")
    slug = serializers.SlugField(max_length=100, default="inline")

    def envelope(self) -> Envelope:
        """Make the envelope of valid data; a hard contradiction raises the API's ValidationError by field."""
        with named_errors():
            return operations.checked(self.given()).envelope
