"""The matrix for programs: one row for each site, with the state of each check under its id."""

from typing import Any

from django.db.models import F, Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.core.states import VERDICTS
from readiness.assessment.scoring.models import CheckResult
from readiness.boards.matrix import queries
from readiness.boards.matrix.queries import CellFilters
from readiness.boards.matrix.tables import MatrixFilters
from web import clock
from web.rest.permissions import requires
from web.rest.serializers import ChoiceValueField, ObjectSerializer
from web.rest.viewsets import ReadOnlyObjectViewSet


def _score_field(field: type[serializers.Field], name: str, **more: Any) -> serializers.Field:
    """A column of the stored score; null for a site that was never evaluated."""
    return field(source=f"score.{name}", read_only=True, allow_null=True, **more)


class MatrixSerializer(ObjectSerializer):
    """`states` holds the evaluated checks; the endpoint of results has the details."""

    slug = serializers.CharField(read_only=True)
    verdict = _score_field(ChoiceValueField, "confirmed_verdict", choices=VERDICTS)
    deciding = _score_field(serializers.ListField, "deciding", child=serializers.CharField())
    first_blocker = _score_field(serializers.CharField, "first_blocker")
    capped = _score_field(
        serializers.ListField,
        "capped",
        child=serializers.CharField(),
        help_text="BLOCK checks that are declared where a measurement is asked for",
    )
    measurable = _score_field(
        serializers.IntegerField, "measurable", help_text="BLOCK checks that ask for a measurement"
    )
    deployed_kw = serializers.FloatField(read_only=True, help_text="IT power in commission or production")
    gap_kw = serializers.FloatField(read_only=True, help_text="Deployed while the site is not ready")
    score = _score_field(serializers.FloatField, "score")
    score_upper = _score_field(serializers.FloatField, "score_upper")
    coverage = _score_field(serializers.FloatField, "coverage")
    evaluated_at = _score_field(serializers.DateTimeField, "evaluated_at")
    failed_at = _score_field(
        serializers.DateTimeField,
        "failed_at",
        help_text="Since when the site cannot be evaluated; it has no verdict then",
    )
    failure = _score_field(serializers.CharField, "failure")
    framework_version = serializers.CharField(source="judged_by", read_only=True, allow_null=True)
    states = serializers.SerializerMethodField(help_text="State by check id")
    tiers = serializers.SerializerMethodField(
        help_text="What a check rests on, by its id: measured, declared, or capped"
    )

    class Meta:
        model = Site
        fields = (
            *("slug", "region", "stage", "kind", "verdict", "deciding", "first_blocker"),
            *("deployed_kw", "gap_kw"),
            *("score", "score_upper", "coverage", "evaluated_at", "failed_at", "failure"),
            *("capped", "measurable", "framework_version", "states", "tiers"),
        )
        brief_fields = ("slug", "verdict", "states")

    def get_states(self, site: Site) -> dict[str, str]:
        return {result.check_id: result.state for result in site.check_results.all()}

    def get_tiers(self, site: Site) -> dict[str, str]:
        return {result.check_id: result.tier for result in site.check_results.all() if result.tier}


@extend_schema(summary="Sites against checks")
class MatrixViewSet(ReadOnlyObjectViewSet):
    """The filters are those of the page at /readiness/. `pillar` and `gate` leave out the states of other checks."""

    queryset = Site.objects.all()
    serializer_class = MatrixSerializer
    filterset_class = MatrixFilters
    permission_classes = [requires("inventory.view_site", "scoring.view_checkresult")]
    ordering_fields = ("id", "name", "gap_kw", "deployed_kw", "score__score")

    def get_queryset(self) -> QuerySet[Site]:
        results = CheckResult.objects.only("site_id", "check_id", "state", "tier").order_by("check_id")
        filters = CellFilters.read(self.request.query_params)
        if filters.pillars or filters.gates:
            _version, framework = framework_queries.current()
            results = results.filter(check_id__in=[check.id for check in filters.checks(framework.checks)])
        sites = queries.table(now=clock.now()).annotate(judged_by=F("score__framework_version__version"))
        return sites.prefetch_related(Prefetch("check_results", queryset=results))
