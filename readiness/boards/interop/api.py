"""Endpoint of interoperability: each site with its pairs of linked products and their proofs. Read-only."""

from typing import Any

from rest_framework import serializers

from inventory.models import Site
from readiness.assessment.evidence.core.proving.interop import JudgedPair
from readiness.boards.interop.core.next_tests import missing_aspects
from readiness.boards.interop.queries import SitePairs, pairs_of_sites, sites
from web import clock
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Existing
from web.rest.permissions import requires
from web.rest.reports import RowsViewSet


class InteropFilters(ObjectFilterSet):
    site = AnyOf(field_name="slug", inner=Existing(Site, "slug"), commas=True, label="Site")

    class Meta:
        model = Site
        fields = ["region", "stage"]
        search_fields = ["name", "slug", "city"]


class EndSerializer(serializers.Serializer):
    vendor = serializers.CharField()
    model = serializers.CharField()
    software = serializers.CharField(allow_blank=True)
    firmware = serializers.CharField(allow_blank=True)


class PairSerializer(serializers.Serializer):
    """`standing` is proven, other-versions, failed, stale or not-proven. `aspects` are the outcomes at the deployed
    versions, `missing` those still to be tested, `tested` the other versions that have records."""

    ends = EndSerializer(source="installed.ends", many=True, read_only=True)
    standing = serializers.CharField()
    reason = serializers.CharField()
    links = serializers.IntegerField(source="installed.links")
    back_end_links = serializers.IntegerField(source="installed.back_end_links")
    aspects = serializers.SerializerMethodField()
    missing = serializers.SerializerMethodField()
    tested = serializers.SerializerMethodField()
    runs = serializers.SerializerMethodField(help_text="Ids of the runs that say so")
    taken_at = serializers.DateTimeField(source="proof.taken_at", default=None, allow_null=True)
    provenance = serializers.CharField(source="proof.provenance", default=None, allow_null=True)

    def get_aspects(self, pair: JudgedPair) -> dict[str, bool]:
        return {aspect: outcome.passed for aspect, outcome in pair.aspects.items()}

    def get_missing(self, pair: JudgedPair) -> list[str]:
        return missing_aspects(pair)

    def get_tested(self, pair: JudgedPair) -> list[str]:
        return sorted({f"{each.ends[0]} with {each.ends[1]}" for each in pair.others})

    def get_runs(self, pair: JudgedPair) -> list[int]:
        return [run.id for run in pair.runs]


class InteropSerializer(serializers.Serializer):
    """`id` is the site's. `state` and `reason` are the stored ones of p1-multivendor-interop, null before the first
    evaluation."""

    id = serializers.IntegerField(source="site.pk")
    site = serializers.CharField(source="site.slug")
    display = serializers.CharField(source="site.name")
    state = serializers.CharField(allow_null=True, read_only=True)
    reason = serializers.CharField(allow_blank=True)
    evaluated_at = serializers.DateTimeField(allow_null=True)
    deployed_kw = serializers.FloatField(source="deployed.it_kw")
    proven = serializers.IntegerField()
    pairs = PairSerializer(many=True)


class InteropViewSet(RowsViewSet):
    """Sites with the pairs of products that their links join."""

    queryset = sites()
    serializer_class = InteropSerializer
    filterset_class = InteropFilters
    permission_classes = [
        requires("inventory.view_site", "scoring.view_checkresult", "evidence.view_validationrun")
    ]
    ordering_fields = ("id", "name", "slug")

    def rows(self, objects: list[Any]) -> list[SitePairs]:
        return pairs_of_sites(objects, now=clock.now())
