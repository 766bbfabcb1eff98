"""Endpoints of alerts, under `/api/loop/alerts/`: read them and what happened to them, acknowledge, assign, comment."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from readiness.loop.alerts.life import operations, queries
from readiness.loop.alerts.life.tables import AlertFilters
from readiness.loop.alerts.models import Alert, AlertEvent
from readiness.loop.alerts.models.notices import REASONS
from web.rest.fields import ChoiceValueField, RelatedObjectField
from web.rest.permissions import requires
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.workflows.endpoints import OperatedViewSet, endpoint, words_field

_FIELDS = (
    *("key", "kind", "group", "severity", "site", "domain", "check_id", "object", "problem", "title"),
    *("detail", "value", "limit", "kw", "workloads", "due_at", "began_at", "raised_at", "worse_at"),
    *("ended_at", "ended_by", "cause", "standing", "standing_since", "standing_by", "next_at"),
    *("escalating_since", "level", "acknowledged_by", "acknowledged_at", "acknowledged_until"),
    *("assigned_to", "incident_url", "position"),
)
_BRIEF = ("key", "kind", "severity", "site", "title", "standing", "began_at", "ended_at")


class AlertSerializer(ObjectSerializer):
    problem = serializers.IntegerField(
        source="problem_id", read_only=True, allow_null=True, help_text="Number of the stored problem"
    )
    incident_url = serializers.CharField(
        read_only=True, help_text="Of the incident in another system, or empty"
    )

    class Meta:
        model = Alert
        fields = _FIELDS
        read_only_fields = fields
        brief_fields = _BRIEF


class AlertEventSerializer(serializers.Serializer):
    kind = ChoiceValueField(choices=AlertEvent.Kind.choices)
    at = serializers.DateTimeField()
    by = RelatedObjectField(
        read_only=True, allow_null=True, help_text="Null where Muster did it by rule or clock"
    )
    whom = RelatedObjectField(read_only=True, allow_null=True, help_text="Who it was assigned to")
    text = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)
    level = serializers.IntegerField(allow_null=True)


class AlertNoticeSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    reason = ChoiceValueField(choices=REASONS)
    user = RelatedObjectField(read_only=True, allow_null=True)
    role = serializers.CharField()
    sent_at = serializers.DateTimeField(allow_null=True, help_text="When it went into a message")


class AlertDetailSerializer(AlertSerializer):
    events = AlertEventSerializer(many=True, read_only=True)
    notices = AlertNoticeSerializer(many=True, read_only=True)

    class Meta:
        model = Alert
        fields = (*_FIELDS, "events", "notices")
        read_only_fields = fields
        brief_fields = _BRIEF


class AcknowledgeSerializer(BodySerializer):
    until = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Within 30 days; else a shift or a day"
    )
    note = words_field()


class AssignSerializer(BodySerializer):
    to = RelatedObjectField(
        queryset=User.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        help_text="Null for nobody",
    )
    note = words_field()


class CommentSerializer(BodySerializer):
    text = serializers.CharField(max_length=2000)


class LinkIncidentSerializer(BodySerializer):
    url = serializers.CharField(
        max_length=500, allow_blank=True, help_text="Of the incident in another system; empty removes it"
    )


class EndAlertSerializer(BodySerializer):
    reason = serializers.CharField(max_length=2000)


class AlertViewSet(OperatedViewSet):
    queryset = queries.alerts()
    serializer_class = AlertDetailSerializer
    filterset_class = AlertFilters
    http_method_names = ["get", "post", "head", "options"]
    writes: ClassVar[Mapping[str, Callable[..., Any]]] = {}
    acknowledge = endpoint(operations.acknowledge, AcknowledgeSerializer)
    assign = endpoint(operations.assign, AssignSerializer)
    comment = endpoint(operations.comment, CommentSerializer)
    link_incident = endpoint(operations.link_incident, LinkIncidentSerializer)
    end = endpoint(operations.end, EndAlertSerializer)

    def get_queryset(self) -> Any:
        return queries.alerts() if self.action == "list" else queries.alerts_with_events()

    def get_serializer_class(self) -> Any:
        return AlertSerializer if self.action == "list" else AlertDetailSerializer

    def get_permissions(self) -> list[Any]:
        if self.action == "create":
            return [requires(operations.MAY_HANDLE)()]
        return super().get_permissions()

    @extend_schema(exclude=True)
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise MethodNotAllowed("POST", "Muster raises alerts itself; other systems send theirs to inbound/.")
