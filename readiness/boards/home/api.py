"""The inbox as an endpoint."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from web import clock
from web.rest.reports import endpoint
from web.visibility import username_of
from web.workflows import waiting
from web.workflows.waiting import InboxEntry


class InboxEntrySerializer(serializers.Serializer[InboxEntry]):
    kind = serializers.CharField(
        source="turn.key", help_text="Kind of the entry, as in the filter of the page"
    )
    words = serializers.CharField(source="turn.kind")
    subject = serializers.CharField()
    site = serializers.CharField(source="site.slug", allow_null=True, default=None)
    asked_by = serializers.SerializerMethodField(
        help_text="Null if nobody asked, or if you may not see the name"
    )
    since = serializers.DateTimeField(allow_null=True, help_text="Null where only its day is known")
    due_on = serializers.DateField(allow_null=True)
    url = serializers.CharField(help_text="Page on which you act")

    def get_asked_by(self, entry: InboxEntry) -> str | None:
        return username_of(entry.asked_by)


class InboxSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="How many wait; of each kind the first 500 are listed")
    entries = InboxEntrySerializer(many=True)


@endpoint(answer=InboxSerializer, operation_id="inbox", summary="What waits for you, due first")
def inbox(request: Request) -> Any:
    now = clock.now()
    numbers = waiting.counts(request.user, now=now)
    entries = waiting.inbox(request.user, now=now, numbers=numbers)
    return InboxSerializer({"count": sum(numbers.values()), "entries": entries}).data
