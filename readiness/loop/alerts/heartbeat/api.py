"""The endpoint of heartbeats."""

from rest_framework import serializers

from readiness.loop.alerts.heartbeat import operations as heartbeats
from readiness.loop.alerts.models import HeartbeatTarget
from web.rest.serializers import ObjectSerializer
from web.workflows.endpoints import OperatedViewSet


class HeartbeatTargetSerializer(ObjectSerializer):
    address = serializers.CharField(
        write_only=True, required=False, max_length=2000, help_text="Never shown; `origin` is what may be."
    )

    class Meta:
        model = HeartbeatTarget
        fields = ("name", "kind", "address", "origin", "is_enabled", "tried_at", "taken_at", "answer")
        read_only_fields = ("origin", "tried_at", "taken_at", "answer")
        brief_fields = ("name", "kind")


class HeartbeatTargetViewSet(OperatedViewSet):
    writes = {
        "create": heartbeats.create_heartbeat,
        "update": heartbeats.update_heartbeat,
        "destroy": heartbeats.delete_heartbeat,
    }
