"""Endpoint of determinism: each site with its paths, idle and loaded, as scoring judges them. Read-only."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inventory.models import Site
from readiness.boards.determinism.filters import DeterminismFilters
from readiness.boards.determinism.judging import JudgedPath, Tail
from readiness.boards.determinism.queries import SitePaths, paths_of_sites, sites
from web import clock
from web.rest.permissions import requires
from web.rest.viewsets import ReadOnlyObjectViewSet


class TailSerializer(serializers.Serializer):
    """A percentile in µs. `caution` says why it must not be judged: too few observations, for instance."""

    percentile = serializers.FloatField()
    value = serializers.FloatField(allow_null=True)
    caution = serializers.CharField(allow_blank=True)


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
    idle = serializers.SerializerMethodField()
    loaded = serializers.SerializerMethodField()
    parts = serializers.SerializerMethodField()
    baseline_p99 = serializers.FloatField(source="baseline.p99", default=None, allow_null=True)
    baseline_at = serializers.DateTimeField(source="baseline.taken_at", default=None, allow_null=True)
    change = serializers.FloatField(allow_null=True)
    runs = serializers.SerializerMethodField(help_text="Ids of the runs that were read")
    left_out = LeftOutSerializer(many=True)
    taken_at = serializers.DateTimeField()
    provenance = serializers.CharField()

    @extend_schema_field(TailSerializer(many=True))
    def get_idle(self, path: JudgedPath) -> list[dict[str, Any]]:
        return _tails(path.idle)

    @extend_schema_field(TailSerializer(many=True))
    def get_loaded(self, path: JudgedPath) -> list[dict[str, Any]]:
        return _tails(path.loaded)

    @extend_schema_field(PartSerializer(many=True))
    def get_parts(self, path: JudgedPath) -> Any:
        return PartSerializer(list(path.parts.values()), many=True).data

    @extend_schema_field({"type": "array", "items": {"type": "integer"}})
    def get_runs(self, path: JudgedPath) -> list[int]:
        return sorted(run.id for run in (*path.path.loaded, *path.path.idle))


def _tails(tails: Mapping[float, Tail]) -> list[dict[str, Any]]:
    return [
        {"percentile": percentile, "value": tail.value, "caution": tail.caution}
        for percentile, tail in tails.items()
    ]


class DeterminismSerializer(serializers.Serializer):
    """`id` is the site's. `state` and `reason` are those of p1-latency-under-load as stored, null before the first
    evaluation; `paths` are worked out of the runs now."""

    id = serializers.IntegerField(source="site.pk")
    site = serializers.CharField(source="site.slug")
    display = serializers.CharField(source="site.name")
    state = serializers.SerializerMethodField()
    reason = serializers.CharField(allow_blank=True)
    evaluated_at = serializers.DateTimeField(allow_null=True)
    limit_declared = serializers.BooleanField()
    paths = PathSerializer(many=True)

    @extend_schema_field({"type": "string", "nullable": True})
    def get_state(self, site_paths: SitePaths) -> str | None:
        return site_paths.state or None


class DeterminismViewSet(ReadOnlyObjectViewSet):
    queryset = Site.objects.all()
    serializer_class = DeterminismSerializer
    filterset_class = DeterminismFilters
    permission_classes = [
        requires("inventory.view_site", "scoring.view_checkresult", "evidence.view_validationrun")
    ]
    ordering_fields = ("id", "name", "slug")

    def get_queryset(self) -> QuerySet[Site]:
        return sites()

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Sites of a page are looked up together."""
        if args and isinstance(args[0], Site):
            args = (paths_of_sites([args[0]], now=clock.now())[0], *args[1:])
        elif args and args[0] is not None:
            args = (paths_of_sites(list(args[0]), now=clock.now()), *args[1:])
        return super().get_serializer(*args, **kwargs)
