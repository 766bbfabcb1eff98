"""Endpoints of lessons, under `/api/loop/lessons/`."""

from typing import Any, ClassVar

from rest_framework import serializers

from readiness.assessment.framework.core.vocabulary import Gate
from readiness.assessment.framework.models import FrameworkVersion
from readiness.loop.findings.models import Finding
from readiness.loop.incidents.models import Incident
from readiness.loop.lessons import operations, queries
from readiness.loop.lessons.core.spread import LessonState
from readiness.loop.lessons.models import Lesson
from web.rest.fields import RelatedObjectField
from web.rest.serializers import ObjectSerializer
from web.workflows.endpoints import OperatedViewSet, words_field

_NUMBERS = ("site_count", "answer_count", "holding_count")


class LessonSerializer(ObjectSerializer):
    """The three counts are of sites. The last six written fields are of the new check."""

    incident = RelatedObjectField(
        queryset=Incident.objects.all(), required=False, allow_null=True, default=None
    )
    finding = RelatedObjectField(
        queryset=Finding.objects.all(), required=False, allow_null=True, default=None
    )
    draft = RelatedObjectField(
        queryset=FrameworkVersion.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        help_text="To add the new check to; null for a new draft of the version in force",
    )
    check_id = words_field(max_length=64, help_text="Of the framework; not with a new check")
    pillar = words_field(max_length=4, write_only=True)
    domain = words_field(max_length=16, write_only=True)
    gate = serializers.ChoiceField(
        choices=[gate.value for gate in Gate], write_only=True, default=Gate.INFO.value
    )
    how_to = words_field(write_only=True)
    state = serializers.SerializerMethodField()
    site_count = serializers.IntegerField(read_only=True)
    answer_count = serializers.IntegerField(read_only=True)
    holding_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Lesson
        fields = (
            *(
                "claim",
                "why",
                "kind",
                "incident",
                "finding",
                "check_id",
                "pillar",
                "domain",
                "gate",
                "how_to",
                "draft",
            ),
            *("state", *_NUMBERS, "written_by", "written_at"),
        )
        read_only_fields = ("state", *_NUMBERS, "written_by", "written_at")
        brief_fields = ("claim", "kind", "check_id")

    def get_state(self, lesson: Any) -> LessonState:
        if not hasattr(lesson, "state"):
            queries.attach_states([lesson])
        state: LessonState = lesson.state
        return state


class LessonViewSet(OperatedViewSet):
    writes: ClassVar = {"create": operations.write_lesson, "destroy": operations.forget_lesson}
    http_method_names = ["get", "post", "delete", "head", "options"]

    def paginate_queryset(self, queryset: Any) -> Any:
        rows = super().paginate_queryset(queryset)
        return rows if rows is None else queries.attach_states(rows)
