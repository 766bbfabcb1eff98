"""Endpoint of coverage: each requirement of each site, now or at an earlier instant."""

from typing import Any

from django.utils.timezone import get_current_timezone
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request

from readiness.people.core.coverage import CoverDepth
from readiness.people.coverage import fleet
from readiness.people.coverage.views import MAY_SEE
from web import clock
from web.rest.pagination import limit_of, offset_of
from web.rest.reports import endpoint, parameter
from web.timerange import parse_instant
from web.visibility import SEES_NAMES


class RequirementSerializer(serializers.Serializer):
    site = serializers.CharField(source="site.slug")
    domain = serializers.CharField(source="covered.requirement.domain")
    skill = serializers.CharField(source="covered.requirement.skill")
    level = serializers.IntegerField(source="covered.requirement.level")
    because = serializers.CharField(source="covered.requirement.because")
    vendor = serializers.CharField(source="covered.requirement.vendor")
    rule = serializers.CharField(source="covered.requirement.slug")
    rule_version = serializers.IntegerField(source="covered.requirement.version")
    people = serializers.IntegerField(source="covered.requirement.people", help_text="Needed at the site")
    per_shift = serializers.IntegerField(source="covered.requirement.per_shift")
    state = serializers.ChoiceField([depth.value for depth in CoverDepth], source="covered.cover")
    qualified = serializers.SerializerMethodField(help_text="Assigned to the site")
    on_call = serializers.SerializerMethodField(help_text="Qualified, with a shift within 30 days")
    expiring = serializers.SerializerMethodField(help_text="Whose qualification ends within 30 days")
    names = serializers.SerializerMethodField(help_text="Null for those who may not see names")

    def get_qualified(self, line: fleet.RequirementLine) -> int:
        return len(line.covered.qualified)

    def get_on_call(self, line: fleet.RequirementLine) -> int:
        return len(line.covered.on_call)

    def get_expiring(self, line: fleet.RequirementLine) -> int:
        return len(line.covered.expiring)

    def get_names(self, line: fleet.RequirementLine) -> list[str] | None:
        return list(line.names) if self.context["names"] else None


class CoverageSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    count = serializers.IntegerField()
    results = RequirementSerializer(many=True)


@endpoint(
    *MAY_SEE,
    parameters=[
        parameter("site", "Slug", many=True),
        parameter(
            "at",
            "An instant; by default now. What is installed is always that of now.",
            type=OpenApiTypes.STR,
        ),
        parameter("limit", "", type=int),
        parameter("offset", "", type=int),
    ],
    answer=CoverageSerializer,
    operation_id="people_coverage",
    summary="What sites require of people, and how many cover it",
)
def coverage(request: Request) -> dict[str, Any]:
    now, asked = clock.now(), request.query_params
    names, at = request.user.has_perm(SEES_NAMES), None
    if asked.get("at"):
        at = parse_instant(asked["at"], now=now, zone=get_current_timezone(), field="at")
    sites = fleet.coverage_of_sites(now=now, at=at, slugs=asked.getlist("site"))
    lines = fleet.requirement_lines(sites, names=names)
    offset = offset_of(request)
    answer = {"at": at or now, "count": len(lines), "results": lines[offset : offset + limit_of(request)]}
    return dict(CoverageSerializer(answer, context={"names": names}).data)
