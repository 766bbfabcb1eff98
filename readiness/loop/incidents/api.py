"""Endpoints of incidents, under `/api/loop/incidents/`: read, open and change them, and take their steps."""

from typing import Any, ClassVar

from django.db.models import Prefetch
from rest_framework import serializers

from inventory.models import Site
from readiness.demand.workloads.models import WorkloadClass
from readiness.loop.actions.models import Action
from readiness.loop.alerts.models import Alert
from readiness.loop.incidents import following, operations, queries
from readiness.loop.incidents.models import Incident, IncidentEntry
from readiness.organisation.people.models import Person, Team
from web.rest.fields import ChoiceValueField, RelatedObjectField
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.workflows.endpoints import OperatedViewSet, endpoint, operated, words_field

_WRITTEN = (
    *("site", "alert", "title", "severity", "domains", "summary", "began_at", "affected_kw"),
    *("affected_accelerators", "workloads", "lead", "communications", "scribe", "is_review_wanted"),
)
_READ = (
    *("state", "opened_at", "opened_by", "ended_at", "closed_at", "site_kw", "repeats", "repeats_because"),
    *(
        "review_state",
        "review_reason",
        "review_due_on",
        "reviewed_at",
        "reviewed_by",
        "cause",
        "what_happened",
    ),
    *("what_helped", "what_to_change", "alert_count", "escape_count", "open_actions"),
)
_BRIEF = ("title", "severity", "site", "state", "began_at", "ended_at")


class IncidentSerializer(ObjectSerializer):
    """`alert` is the one that opens it, which says what is not sent. `open_actions` counts those whose effect nobody
    has seen yet."""

    site = RelatedObjectField(queryset=Site.objects.all(), by_slug=True, required=False)
    alert = RelatedObjectField(queryset=Alert.objects.all(), write_only=True, required=False)
    title = serializers.CharField(required=False, max_length=200)
    began_at = serializers.DateTimeField(required=False, help_text="Now, if none is given")
    workloads = RelatedObjectField(
        queryset=WorkloadClass.objects.all(),
        by_slug=True,
        many=True,
        required=False,
        help_text="Those placed at the site, if none are given",
    )
    alert_count = serializers.IntegerField(read_only=True)
    escape_count = serializers.IntegerField(read_only=True)
    open_actions = serializers.IntegerField(read_only=True)

    class Meta:
        model = Incident
        fields = (*_WRITTEN, *_READ)
        read_only_fields = _READ
        brief_fields = _BRIEF


class IncidentEntrySerializer(serializers.Serializer):
    kind = ChoiceValueField(choices=IncidentEntry.Kind.choices)
    at = serializers.DateTimeField()
    by = RelatedObjectField(read_only=True, allow_null=True, help_text="Null where Muster wrote it")
    text = serializers.CharField()


class IncidentDetailSerializer(IncidentSerializer):
    entries = IncidentEntrySerializer(many=True, read_only=True, help_text="The timeline")

    class Meta:
        model = Incident
        fields = (*_WRITTEN, *_READ, "entries")
        read_only_fields = (*_READ, "entries")
        brief_fields = _BRIEF


class IncidentNoteSerializer(BodySerializer):
    text = serializers.CharField(max_length=2000)
    at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="Null for now")


class JoinAlertSerializer(BodySerializer):
    alert = RelatedObjectField(queryset=Alert.objects.all())


class EndIncidentSerializer(BodySerializer):
    ended_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Null for now"
    )
    note = words_field()


class ReviewIncidentSerializer(BodySerializer):
    cause = serializers.CharField(max_length=200)
    what_happened = serializers.CharField(max_length=8000)
    what_helped = words_field(max_length=4000)
    what_to_change = words_field(max_length=4000)


class IncidentActionSerializer(BodySerializer):
    title = serializers.CharField(max_length=200)
    owner = RelatedObjectField(queryset=Person.objects.all(), required=False, allow_null=True, default=None)
    team = RelatedObjectField(queryset=Team.objects.all(), required=False, allow_null=True, default=None)
    due_on = serializers.DateField()
    effect = serializers.ChoiceField(choices=Action.Effect.choices)
    check_id = words_field(
        max_length=64, help_text="That passes at the site afterwards, with the effect check"
    )
    effect_reason = words_field(max_length=300, help_text="With the effect none")
    note = words_field()


class IncidentViewSet(OperatedViewSet):
    queryset = queries.incidents().prefetch_related("workloads")
    writes: ClassVar = {"create": operations.open_incident, "update": operations.change_incident}
    fixed = ("site",)
    http_method_names = ["get", "post", "put", "patch", "head", "options"]

    add_entry = endpoint(operations.add_entry, IncidentNoteSerializer, path="note")
    join_alert = endpoint(operations.join_alert, JoinAlertSerializer, path="join")
    end_incident = endpoint(operations.end_incident, EndIncidentSerializer, path="end")
    review_incident = endpoint(operations.review_incident, ReviewIncidentSerializer, path="review")
    close_incident = endpoint(operations.close_incident, path="close")
    add_action = operated(
        following.add_incident_action,
        IncidentActionSerializer,
        "Add an action",
        operations.MAY_CHANGE,
        name="add_action",
        path="actions",
    )

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        entries = IncidentEntry.objects.select_related("by").order_by("at", "pk")
        return rows if self.action == "list" else rows.prefetch_related(Prefetch("entries", entries))

    def get_serializer_class(self) -> Any:
        return IncidentSerializer if self.action == "list" else IncidentDetailSerializer
