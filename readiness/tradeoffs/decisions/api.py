"""Endpoints of decisions: record, answer, withdraw, compare with the outcome.

Decisions are never changed or deleted.
"""

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.models import Site
from readiness.demand.workloads.models import WorkloadClass
from readiness.tradeoffs.decisions import operations, queries
from readiness.tradeoffs.decisions.params import split_body
from readiness.tradeoffs.decisions.tables import DecisionFilters
from readiness.tradeoffs.models import Decision, DecisionForecast
from web import clock
from web.rest.errors import named_errors
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.rest.viewsets import ObjectViewSet, Router
from web.workflows import NotInState
from web.workflows.approvals import FlagsField
from web.workflows.endpoints import any_of, author_of, endpoint, words_field

_KEPT = (
    *("workload_slug", "workload_name", "previous_site", "previous_name", "state", "demand", "options"),
    *("sensitivity", "snapshot", "forecasts", "decided_by", "decided_at", "answered_by", "answered_at"),
    *("answer_note", "withdrawn_by", "withdrawn_at", "withdrawal_note", "reviewed_at", "approval_flags"),
)


class ForecastSerializer(serializers.ModelSerializer):
    class Meta:
        model = DecisionForecast
        fields = (
            *("objective", "unit", "direction", "value", "low", "high"),
            *("before", "provenance", "as_of", "source"),
        )
        read_only_fields = fields


class DecisionSerializer(ObjectSerializer):
    """`options`, `snapshot` and `forecasts` are the placement's answer when the decision was recorded."""

    workload = serializers.SlugRelatedField(slug_field="slug", queryset=WorkloadClass.objects.all())
    site = serializers.SlugRelatedField(slug_field="slug", queryset=Site.objects.all())
    weights = serializers.DictField(child=serializers.FloatField(min_value=0), required=False)
    what_if = serializers.DictField(required=False)
    currency = serializers.CharField(write_only=True, required=False, allow_blank=True, max_length=3)
    carbon = serializers.ChoiceField(
        write_only=True, required=False, choices=["average", "marginal", "market"]
    )
    today = serializers.CharField(write_only=True, required=False, allow_blank=True, max_length=100)
    due_on = serializers.DateField(required=False, help_text="In 30 days unless given")
    forecasts = ForecastSerializer(many=True, read_only=True)
    options = serializers.JSONField(read_only=True)
    sensitivity = serializers.JSONField(read_only=True)
    snapshot = serializers.JSONField(read_only=True)
    demand = serializers.JSONField(read_only=True)
    approval_flags = FlagsField()

    class Meta:
        model = Decision
        fields = (
            *("workload", "site", "weights", "what_if", "currency", "carbon", "today", "rationale", "due_on"),
            *_KEPT,
        )
        read_only_fields = _KEPT
        brief_fields = ("workload", "site", "state", "decided_at")


class DecisionNoteSerializer(BodySerializer):
    note = words_field(help_text="Why; required unless approving")


class FigureSerializer(serializers.Serializer):
    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    provenance = serializers.CharField(allow_null=True)
    as_of = serializers.DateTimeField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]


class RealisedSerializer(serializers.Serializer):
    """`error` is realised less expected, `percent` relative to the realised value; null if a side is unknown."""

    objective = serializers.CharField(source="forecast.objective")
    expected = FigureSerializer(source="comparison.expected")
    realised = FigureSerializer(source="comparison.realised")
    error = serializers.FloatField(source="comparison.error", allow_null=True)
    percent = serializers.FloatField(allow_null=True)
    within_band = serializers.BooleanField(source="comparison.within_band", allow_null=True)
    unknown = serializers.CharField(help_text="Why the outcome is unknown")
    final = serializers.BooleanField(help_text="Recorded at the review; before that, the value so far")


MAY_REVIEW = any_of(operations.MAY_APPROVE, operations.MAY_RECORD, get=operations.MAY_SEE)


class DecisionViewSet(ObjectViewSet):
    queryset = queries.decisions()
    serializer_class = DecisionSerializer
    filterset_class = DecisionFilters
    http_method_names = ["get", "post", "head", "options"]
    ordering_fields = ("id", "workload_name", "site", "state", "decided_at", "due_on", "reviewed_at")

    def perform_create(self, serializer: Any) -> None:
        with named_errors():
            serializer.instance = operations.record(
                **split_body(serializer.validated_data), **author_of(self.request)
            )

    approve = endpoint(operations.approve, DecisionNoteSerializer)
    reject = endpoint(operations.reject, DecisionNoteSerializer)
    withdraw = endpoint(operations.withdraw, DecisionNoteSerializer)

    @extend_schema(
        request=None,
        responses=RealisedSerializer(many=True),
        summary="Expected against realised: the values so far, or those recorded. POST records them at the review",
    )
    @action(detail=True, methods=["get", "post"], permission_classes=[MAY_REVIEW], pagination_class=None)
    def realised(self, request: Request, pk: str) -> Response:
        decision = cast(Decision, self.get_object())
        if request.method == "POST":
            with named_errors(NotInState):
                operations.review(decision, **author_of(request))
            decision = cast(Decision, self._again(decision))
        return Response(RealisedSerializer(queries.compared(decision, clock.now()), many=True).data)

    def get_queryset(self) -> QuerySet[Decision]:
        return cast("QuerySet[Decision]", super().get_queryset())


router = Router()
router.register("decisions", DecisionViewSet)
