"""`/api/security-log/`: security events, for programs that collect them."""

from rest_framework import serializers

from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ReadOnlyObjectViewSet
from web.security_log import queries
from web.security_log.models import SecurityEvent
from web.security_log.tables import SecurityEventFilters


class SecurityEventSerializer(ObjectSerializer):
    batch = serializers.IntegerField(
        source="batch.number",
        default=None,
        allow_null=True,
        read_only=True,
        help_text="Null until it is chained.",
    )

    class Meta:
        model = SecurityEvent
        fields = (
            *("at", "last_at", "times", "action", "actor", "part", "token", "account", "address", "place"),
            *("detail", "request_id", "batch"),
        )
        read_only_fields = fields
        brief_fields = ("last_at", "action", "times")


class SecurityEventViewSet(ReadOnlyObjectViewSet):
    """Security events, newest first. A collector asks for whole batches: `number__gt` the last one that it has, and
    `number__lte` the newest one. Ids are given before events can be read, so some would be missed by `after` alone."""

    queryset = queries.events()
    serializer_class = SecurityEventSerializer
    filterset_class = SecurityEventFilters
    may = ("people.view_person",)
