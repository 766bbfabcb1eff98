"""Scores by site and UTC day, read-only: the points that trends are drawn from."""

from readiness.boards.tables import Moment, SpanFilters
from readiness.scoring.models import ScorePoint
from web.rest.lookups import AnyOf
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ReadOnlyObjectViewSet


class ScorePointSerializer(ObjectSerializer):
    """The last evaluation of a UTC day; scores are 0 to 1."""

    class Meta:
        model = ScorePoint
        fields = (
            "site", "on_date", "verdict", "first_blocker", "score", "score_upper", "coverage", "pillars",
            "counts", "evaluated_at", "framework_version",
        )  # fmt: skip
        brief_fields = ("site", "on_date", "score", "verdict")


class ScorePointFilters(SpanFilters):
    """`start` and `end` are inclusive, and of the instant of evaluation; `on_date` is the UTC day."""

    start = AnyOf(field_name="evaluated_at", lookup_expr="gte", inner=Moment(), label="From")
    end = AnyOf(field_name="evaluated_at", lookup_expr="lte", inner=Moment(), label="Until")

    class Meta:
        model = ScorePoint
        through = ["site__region"]
        fields = [
            "site", "on_date", "verdict", "first_blocker", "score", "score_upper", "coverage",
            "evaluated_at",
        ]  # fmt: skip
        search_fields = ["site__name", "site__slug"]


class ScorePointViewSet(ReadOnlyObjectViewSet):
    queryset = ScorePoint.objects.select_related("site", "framework_version")
    serializer_class = ScorePointSerializer
    filterset_class = ScorePointFilters
    ordering_fields = ("id", "site", "on_date", "score", "score_upper", "coverage", "verdict", "evaluated_at")
