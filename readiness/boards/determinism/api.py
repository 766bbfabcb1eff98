"""Endpoint of determinism: each site with its paths, idle and loaded, as scoring judges them. Read-only."""

from typing import Any

from rest_framework import serializers

from readiness.boards.determinism.queries import SitePaths, paths_of_sites, sites
from readiness.boards.determinism.tables import DeterminismFilters
from web import clock
from web.rest.permissions import requires
from web.rest.reports import RowsViewSet, ValuesSerializer


class TailSerializer(serializers.Serializer):
    """A percentile in µs. `caution` says why it must not be judged: too few observations, for instance."""

    percentile = serializers.FloatField()
    value = serializers.FloatField(allow_null=True)
    caution = serializers.CharField(allow_blank=True)

    class Meta:
        list_serializer_class = ValuesSerializer


class PartSerializer(serializers.Serializer):
    """One sub-measure of the path, as judged."""

    part = serializers.CharField(source="part_id")
    gate = serializers.CharField()
    state = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField(allow_blank=True)
    threshold_text = serializers.CharField(allow_blank=True)
    limit_source = serializers.CharField(allow_blank=True)
    margin = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()
    taken_at = serializers.DateTimeField(allow_null=True)
    provenance = serializers.CharField(allow_null=True)

    class Meta:
        list_serializer_class = ValuesSerializer


class LeftOutSerializer(serializers.Serializer):
    run = serializers.IntegerField(source="run.id")
    why = serializers.CharField()


class PathSerializer(serializers.Serializer):
    """`change` is the loaded p99 over that of the baseline, less one."""

    key = serializers.CharField(source="path.key")
    name = serializers.CharField(source="path.name", allow_blank=True)
    tool = serializers.CharField(source="path.tool")
    operation = serializers.CharField(source="path.operation", allow_blank=True)
    port = serializers.CharField(source="path.port", allow_blank=True)
    size_bytes = serializers.IntegerField(source="path.size_bytes", allow_null=True)
    state = serializers.CharField()
    reason = serializers.CharField()
    idle = TailSerializer(many=True, read_only=True)
    loaded = TailSerializer(many=True, read_only=True)
    parts = PartSerializer(many=True, read_only=True)
    baseline_p99 = serializers.FloatField(source="baseline.p99", default=None, allow_null=True)
    baseline_at = serializers.DateTimeField(source="baseline.taken_at", default=None, allow_null=True)
    change = serializers.FloatField(allow_null=True)
    runs = serializers.ListField(
        source="run_ids",
        child=serializers.IntegerField(),
        read_only=True,
        help_text="Ids of the runs that were read",
    )
    left_out = LeftOutSerializer(many=True)
    taken_at = serializers.DateTimeField()
    provenance = serializers.CharField()


class DeterminismSerializer(serializers.Serializer):
    """`id` is the site's. `state` and `reason` are the stored ones of p1-latency-under-load, null before the first
    evaluation; `paths` are computed from the runs now."""

    id = serializers.IntegerField(source="site.pk")
    site = serializers.CharField(source="site.slug")
    display = serializers.CharField(source="site.name")
    state = serializers.CharField(allow_null=True, read_only=True)
    reason = serializers.CharField(allow_blank=True)
    evaluated_at = serializers.DateTimeField(allow_null=True)
    limit_declared = serializers.BooleanField()
    paths = PathSerializer(many=True)


class DeterminismViewSet(RowsViewSet):
    """Sites with their paths. Sites with runs come first, the worst of them on top."""

    queryset = sites()
    serializer_class = DeterminismSerializer
    filterset_class = DeterminismFilters
    permission_classes = [
        requires("inventory.view_site", "scoring.view_checkresult", "evidence.view_validationrun")
    ]
    ordering_fields = ("id", "name", "slug")

    def rows(self, objects: list[Any]) -> list[SitePaths]:
        return paths_of_sites(objects, now=clock.now())
