"""`GET /api/tradeoffs/flexibility/`: alternatives of critical workloads, tested fallbacks, vendors, conformance."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from readiness.tradeoffs.flexibility.core import FallbackState
from readiness.tradeoffs.flexibility.queries import MAY_SEE, fleet
from readiness.tradeoffs.flexibility.tables import COUNTS, balance, filters
from web import clock
from web.rest.reports import endpoint, parameter
from web.tables.addresses import Address
from web.tables.filtering import narrowed_rows
from web.timerange import BadParameter

CHOICES = {
    "alternatives": [name for name, _label in COUNTS],
    "fallback": [state.value for state in FallbackState],
}


class FlexibilityRecordSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=["fact", "attestation"])
    id = serializers.IntegerField(source="pk")
    value = serializers.FloatField()
    taken_on = serializers.DateField()
    provenance = serializers.CharField()
    said_by = serializers.CharField(source="source")


class VendorConcentrationSerializer(serializers.Serializer):
    hhi = serializers.FloatField(allow_null=True, help_text="Herfindahl-Hirschman index, to 10,000")
    low = serializers.FloatField(allow_null=True, source="hhi")
    high = serializers.FloatField(allow_null=True, source="hhi")
    level = serializers.CharField()
    shares = serializers.DictField(child=serializers.FloatField(), help_text="Percent by vendor")


class AttestedConformanceSerializer(serializers.Serializer):
    value = serializers.FloatField(allow_null=True)
    provenance = serializers.CharField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]


class CriticalWorkloadSerializer(serializers.Serializer):
    workload = serializers.CharField(source="slug")
    name = serializers.CharField()
    runs_at = serializers.ListField(child=serializers.CharField(), source="freedom.runs_at")
    alternatives = serializers.ListField(
        child=serializers.CharField(), source="freedom.alternatives", help_text="Other feasible sites"
    )
    undecided = serializers.ListField(child=serializers.CharField(), source="freedom.undecided")
    remaining = serializers.IntegerField(
        source="freedom.remaining", help_text="Sites left if one of its sites is lost"
    )
    fallback = serializers.ChoiceField(choices=CHOICES["fallback"], source="freedom.fallback")
    record = FlexibilityRecordSerializer(allow_null=True)
    refused = serializers.CharField(allow_null=True, help_text="Why no site could be decided")


class SiteFlexibilitySerializer(serializers.Serializer):
    site = serializers.CharField(source="slug")
    name = serializers.CharField()
    conformance = AttestedConformanceSerializer()
    record = FlexibilityRecordSerializer(allow_null=True)
    critical_workloads = serializers.IntegerField()
    fewest_alternatives = serializers.IntegerField(source="fewest", allow_null=True)
    concentration = VendorConcentrationSerializer(source="vendors")


class FlexibilityAnswerSerializer(serializers.Serializer):
    evaluated_at = serializers.DateTimeField(source="at")
    told = serializers.CharField()
    conformance = AttestedConformanceSerializer()
    concentration = VendorConcentrationSerializer()
    count = serializers.IntegerField()
    results = CriticalWorkloadSerializer(many=True)
    sites = SiteFlexibilitySerializer(many=True)


@endpoint(
    *MAY_SEE,
    parameters=[
        parameter("site", "Slug of a site that it runs at", many=True),
        parameter("alternatives", "How many other sites are feasible", enum=CHOICES["alternatives"], many=True),
        parameter("fallback", "State of its fallback", enum=CHOICES["fallback"], many=True),
        parameter("q", "Text in the name"),
    ],
    answer=FlexibilityAnswerSerializer,
    operation_id="tradeoffs_flexibility",
    summary="Standard against flexible: alternatives, tested fallbacks, vendors and conformance",
)  # fmt: skip
def flexibility(request: Request) -> Any:
    address = Address(request._request, path=request.path, filters=("site", *CHOICES))
    for name, choices in CHOICES.items():
        if unknown := sorted(set(address.many(name)) - set(choices)):
            message = f"No such choice: {', '.join(unknown)[:100]}. There are {', '.join(choices)}."
            raise BadParameter(name, message)
    free = fleet(now=clock.now())
    words = address.one("q").casefold()
    rows = [row for row in free.rows if words in row.name.casefold()]
    results = narrowed_rows(filters(free), rows, address)
    answer = {"told": balance(free), "count": len(results), "results": results}
    answer |= {name: getattr(free, name) for name in ("at", "conformance", "concentration", "sites")}
    return FlexibilityAnswerSerializer(answer).data
