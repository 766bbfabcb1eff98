"""Endpoint of interoperability: each site with the pairs that it links and what proves them. Read-only."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inventory.models import Site
from readiness.boards.interop.queries import SitePairs, pairs_of_sites, sites
from readiness.evidence.core.proving.interop import JudgedPair
from web import clock
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Existing
from web.rest.permissions import requires
from web.rest.viewsets import ReadOnlyObjectViewSet


class InteropFilters(ObjectFilterSet):
    site = AnyOf(
        field_name="slug", lookup_expr="exact", inner=Existing(Site, "slug"), commas=True, label="Site"
    )

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
    """`standing` is proven, other-versions, failed, stale or not-proven; `aspects` what stands at the deployed
    versions; `tested` which other versions there are records of."""

    ends = serializers.SerializerMethodField()
    standing = serializers.CharField()
    reason = serializers.CharField()
    links = serializers.IntegerField(source="installed.links")
    back_end_links = serializers.IntegerField(source="installed.back_end_links")
    aspects = serializers.SerializerMethodField()
    tested = serializers.SerializerMethodField()
    runs = serializers.SerializerMethodField(help_text="Ids of the runs that say so")
    taken_at = serializers.DateTimeField(source="proof.taken_at", default=None, allow_null=True)
    provenance = serializers.CharField(source="proof.provenance", default=None, allow_null=True)

    @extend_schema_field(EndSerializer(many=True))
    def get_ends(self, pair: JudgedPair) -> Any:
        return EndSerializer(pair.installed.ends, many=True).data

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "boolean"}})
    def get_aspects(self, pair: JudgedPair) -> dict[str, bool]:
        return {aspect: outcome.passed for aspect, outcome in pair.aspects.items()}

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_tested(self, pair: JudgedPair) -> list[str]:
        return sorted({f"{each.ends[0]} with {each.ends[1]}" for each in pair.others})

    @extend_schema_field({"type": "array", "items": {"type": "integer"}})
    def get_runs(self, pair: JudgedPair) -> list[int]:
        return [run.id for run in pair.runs]


class InteropSerializer(serializers.Serializer):
    """`id` is the site's. `state` and `reason` are those of p1-multivendor-interop as stored, null before the first
    evaluation."""

    id = serializers.IntegerField(source="site.pk")
    site = serializers.CharField(source="site.slug")
    display = serializers.CharField(source="site.name")
    state = serializers.SerializerMethodField()
    reason = serializers.CharField(allow_blank=True)
    evaluated_at = serializers.DateTimeField(allow_null=True)
    deployed_kw = serializers.FloatField(source="deployed.it_kw")
    proven = serializers.IntegerField()
    pairs = PairSerializer(many=True)

    @extend_schema_field({"type": "string", "nullable": True})
    def get_state(self, site_pairs: SitePairs) -> str | None:
        return site_pairs.state or None


class InteropViewSet(ReadOnlyObjectViewSet):
    queryset = Site.objects.all()
    serializer_class = InteropSerializer
    filterset_class = InteropFilters
    permission_classes = [
        requires("inventory.view_site", "scoring.view_checkresult", "evidence.view_validationrun")
    ]
    ordering_fields = ("id", "name", "slug")

    def get_queryset(self) -> QuerySet[Site]:
        return sites()

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Sites of a page are looked up together."""
        if args and isinstance(args[0], Site):
            args = (pairs_of_sites([args[0]], now=clock.now())[0], *args[1:])
        elif args and args[0] is not None:
            args = (pairs_of_sites(list(args[0]), now=clock.now()), *args[1:])
        return super().get_serializer(*args, **kwargs)
