"""Endpoints of scores, check results, health by domain, flips, and scores over time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db import models
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from inventory.models import Site
from readiness.assessment.framework.serializers import CheckWordsField, checks_in
from readiness.assessment.scoring import operations
from readiness.assessment.scoring.core.states import CHECK_STATES, HEALTHS, VERDICTS
from readiness.assessment.scoring.models import (
    CheckResult,
    DomainHealth,
    Flip,
    HealthReason,
    ScorePoint,
    SiteScore,
)
from readiness.assessment.scoring.queries.results import failing_of
from readiness.assessment.scoring.queries.rows import ReasonRow
from readiness.boards.health.queries import reason_row, reasons_of
from readiness.boards.health.sentences import reason_words
from readiness.boards.results.filters import (
    FlipFilters,
    HealthReasonFilters,
    Moment,
    ReportedFilters,
    ResultFilters,
    ScoreFilters,
    SpanFilters,
)
from readiness.loop.problems.advice import code_of_reason
from web import clock, watch
from web.rest.errors import named_errors
from web.rest.lookups import AnyOf
from web.rest.permissions import requires
from web.rest.serializers import BodySerializer, ChoiceValueField, ObjectSerializer
from web.rest.shapes import filled
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
    """`start` and `end` are inclusive and refer to the instant of evaluation; `on_date` is the UTC day."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonInWords(ReasonRow):
    words: str
    meaning: str
    severity: str
    action: str


def _explain_reason(reason: ReasonRow, now: datetime) -> ReasonInWords:
    code = code_of_reason(reason)
    return filled(
        ReasonInWords,
        reason,
        words=reason_words(reason, now),
        meaning=code.meaning if code else "",
        severity=code.severity if code else "",
        action=code.action if code else "",
    )


class DomainHealthSerializer(ObjectSerializer):
    """While `health` is unknown, `last_health` is the health until `heard_at`. Trouble that `is_last_known` rests on no
    live sample. `clock` says whether a source is late or silent. `reasons` are the worst five; all are at
    `/api/readiness/reasons/`.

    Between two evaluations, a domain whose samples may have stopped is reported as unknown, or its trouble as last
    known.
    """

    health = ChoiceValueField(source="now.health", choices=HEALTHS, read_only=True)
    last_health = ChoiceValueField(source="now.last_health", choices=HEALTHS, read_only=True, allow_null=True)
    is_last_known = serializers.BooleanField(source="now.is_last_known", read_only=True)
    since = serializers.DateTimeField(source="now.since", read_only=True)
    objects_by_health = serializers.DictField(
        source="now.objects_by_health", child=serializers.IntegerField(), read_only=True
    )
    figures = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()

    class Meta:
        model = DomainHealth
        fields = (
            *("site", "domain", "health", "last_health", "is_last_known", "heard_at", "clock", "since"),
            *("objects_by_health", "reasons", "figures", "taken_at", "evaluated_at"),
        )
        brief_fields = ("site", "domain", "health", "last_health", "heard_at")

    def to_representation(self, instance: Any) -> Any:
        instance.now = instance.state_at(instance.judged_at)
        return super().to_representation(instance)

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "object"}})
    def get_figures(self, stored: Any) -> Any:
        return stored.now.figures

    def get_reasons(self, stored: Any) -> list[ReasonInWords]:
        now = stored.judged_at
        return [_explain_reason(reason, now) for reason in reasons_of(stored, now=now)]


class DomainHealthFilters(ReportedFilters):
    reported = {"health": "health_now"}

    class Meta:
        model = DomainHealth
        fields = ["site", "domain", "health", "clock", "heard_at", "taken_at", "evaluated_at"]
        search_fields = ["site__name", "site__slug", "domain"]


class DomainHealthViewSet(ReadOnlyObjectViewSet):
    queryset = DomainHealth.objects.select_related("site")
    serializer_class = DomainHealthSerializer
    filterset_class = DomainHealthFilters
    ordering_fields = ("id", "site", "domain", "taken_at", "evaluated_at")

    def get_queryset(self) -> models.QuerySet[DomainHealth]:
        judged_at = watch.instant_reached(clock.now())
        rows = DomainHealth.objects.annotate_health_now(judged_at)
        return rows.annotate(judged_at=models.Value(judged_at)).select_related("site")

    def etag(self, obj: models.Model) -> str:
        """Health is part of the ETag, because time alone can turn a domain unknown, or its trouble last known."""
        stored = super().etag(obj)
        if not isinstance(obj, DomainHealth):
            return stored
        current = obj.state_at(obj.judged_at)  # type: ignore[attr-defined]
        return f'{stored[:-1]}-{current.health}-{current.is_last_known}"'


class HealthReasonSerializer(ObjectSerializer):
    """An open reason why an object is not well. An object keeps all its reasons. One that `is_last_known` rests on no
    live sample, and `standing` says why; one without a `metric` is the silence of its object."""

    words = serializers.SerializerMethodField()

    class Meta:
        model = HealthReason
        fields = (
            *(
                "site",
                "domain",
                "object_kind",
                "object_id",
                "object",
                "metric",
                "part",
                "measure",
                "direction",
            ),
            *("health", "title", "words", "value", "unit", "threshold", "source", "since", "taken_at"),
            *("is_last_known", "standing", "rank", "counts_from"),
        )
        brief_fields = ("site", "domain", "object", "health", "title", "is_last_known")

    def get_words(self, reason: HealthReason) -> str:
        return reason_words(reason_row(reason), clock.now())


class EndReasonSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=2000, help_text="Why it does not hold")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedReason:
    object: str
    title: str
    note: str
    ended_at: datetime


class HealthReasonViewSet(ReadOnlyObjectViewSet):
    queryset = HealthReason.objects.counting().select_related("site")
    serializer_class = HealthReasonSerializer
    filterset_class = HealthReasonFilters
    ordering_fields = ("id", "site", "domain", "rank", "object", "metric", "since", "taken_at")

    @extend_schema(
        summary="End a reason that does not hold; it comes back if a later sample says so",
        request=EndReasonSerializer,
        responses={200: EndedReason},
        filters=False,
    )
    @action(
        detail=True,
        methods=["post"],
        permission_classes=[requires("scoring.add_reasonend")],
        pagination_class=None,
    )
    def end(self, request: Request, pk: str) -> Response:
        serializer = EndReasonSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        note = serializer.validated_data["note"]
        ended = operations.end_reason(
            reason=self.get_object(), note=note, by=cast(User, request.user), now=clock.now()
        )
        return Response(filled(EndedReason, ended))


class ScoreSerializer(ObjectSerializer):
    """While a site cannot be evaluated it has no `verdict`, as on its page; all other fields are of its last
    evaluation."""

    verdict = ChoiceValueField(
        source="confirmed_verdict",
        choices=VERDICTS,
        read_only=True,
        allow_null=True,
        help_text="Null if the site has no verdict, or cannot be evaluated since `failed_at`",
    )
    last_verdict = ChoiceValueField(
        source="verdict",
        choices=VERDICTS,
        read_only=True,
        allow_null=True,
        help_text="Verdict of the last evaluation, even if it no longer holds",
    )

    class Meta:
        model = SiteScore
        fields = (
            "site", "verdict", "last_verdict", "verdict_reason", "verdict_since", "deciding", "excepted",
            "capped", "measurable", "first_blocker", "score", "score_upper", "waived", "coverage",
            "pillars", "counts", "newest_sample_at", "evaluated_at", "failed_at", "failure",
            "framework_version",
        )  # fmt: skip
        brief_fields = ("site", "verdict", "failed_at", "score")


class EvaluateSerializer(BodySerializer):
    site = serializers.SlugRelatedField(
        slug_field="slug", queryset=Site.objects.all(), help_text="Slug of the site"
    )


class ScoreViewSet(ReadOnlyObjectViewSet):
    queryset = SiteScore.objects.annotate_confirmed().select_related("site", "framework_version")
    serializer_class = ScoreSerializer
    filterset_class = ScoreFilters
    ordering_fields = ("id", "site", "score", "score_upper", "coverage", "verdict", "evaluated_at")

    @extend_schema(
        summary="Evaluate a site now",
        request=EvaluateSerializer,
        responses={
            200: ScoreSerializer,
            409: OpenApiResponse(description="The site cannot be evaluated; `detail` says why"),
        },
        filters=False,
    )
    @action(
        detail=False,
        methods=["post"],
        permission_classes=[requires("scoring.change_sitescore")],
        pagination_class=None,
    )
    def evaluate(self, request: Request) -> Response:
        serializer = EvaluateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        site = serializer.validated_data["site"]
        with named_errors(operations.NotEvaluable):
            operations.evaluate_one(site=site, now=clock.now())
        return Response(self.get_serializer(self.get_queryset().get(site=site)).data)


class ResultSerializer(ObjectSerializer):
    """`parts` are the sub-measures as judged, each with its own value, threshold, reason and age."""

    check = serializers.CharField(source="check_id", read_only=True)
    check_name = CheckWordsField("name", help_text="A short noun")
    check_claim = CheckWordsField("claim", help_text="The sentence that is true where the check passes")
    failing = serializers.SerializerMethodField(help_text="Why it is not passed, in words; empty where it is")
    data_age_s = serializers.SerializerMethodField(help_text="Seconds since the evidence was taken")
    evaluated_at = serializers.DateTimeField(source="site.score.evaluated_at", read_only=True)
    parts = serializers.SerializerMethodField()

    class Meta:
        model = CheckResult
        fields = (
            "site", "check", "check_name", "check_claim", "failing",
            "pillar", "gate", "state", "measured_state", "code", "tier", "value", "unit",
            "threshold", "threshold_text", "margin", "reason", "evidence", "taken_at", "data_age_s",
            "expires_at", "since", "first_bad_at", "evaluated_at", "framework_version", "parts",
        )  # fmt: skip
        brief_fields = ("site", "check", "state")

    def get_failing(self, result: CheckResult) -> str:
        check = checks_in(self.context).get(result.check_id)
        return failing_of(check, result) if check else ""

    def get_data_age_s(self, result: CheckResult) -> float | None:
        return _age_s(result.taken_at)

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_parts(self, result: CheckResult) -> list[dict[str, Any]]:
        return [
            part
            | {"data_age_s": _age_s(datetime.fromisoformat(part["taken_at"]) if part["taken_at"] else None)}
            for part in result.parts
        ]


def _age_s(taken_at: datetime | None) -> float | None:
    return None if taken_at is None else max((clock.now() - taken_at).total_seconds(), 0.0)


class ResultViewSet(ReadOnlyObjectViewSet):
    queryset = CheckResult.objects.select_related("site__score", "framework_version")
    serializer_class = ResultSerializer
    filterset_class = ResultFilters
    ordering_fields = (
        "id", "site", "check_id", "state", "pillar", "gate", "value", "margin", "taken_at", "since",
    )  # fmt: skip


STATES = [*CHECK_STATES, *VERDICTS, *HEALTHS]


class FlipSerializer(ObjectSerializer):
    from_state = ChoiceValueField(choices=STATES, read_only=True, allow_null=True)
    to_state = ChoiceValueField(choices=STATES, read_only=True, allow_null=True)

    class Meta:
        model = Flip
        fields = (
            "site", "subject", "key", "part", "from_state", "to_state", "cause", "value", "value_before",
            "unit", "threshold", "threshold_text", "reason", "first_bad_at", "at", "framework_version",
        )  # fmt: skip
        brief_fields = ("site", "subject", "key", "to_state", "at")


class FlipViewSet(ReadOnlyObjectViewSet):
    queryset = Flip.objects.select_related("site", "framework_version")
    serializer_class = FlipSerializer
    filterset_class = FlipFilters
