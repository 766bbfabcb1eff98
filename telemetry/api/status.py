"""`GET /api/telemetry/status/`: the data of the ingest page."""

from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers as fields
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry import intake
from web import clock, workers
from web.rest.fields import brief
from web.rest.filters import refuse_unknown
from web.rest.permissions import requires

_instant = {"allow_null": True}
_source = inline_serializer(
    "SourceStatus",
    {
        "id": fields.IntegerField(),
        "url": fields.CharField(),
        "display": fields.CharField(),
        "state": fields.CharField(),
        "state_since": fields.DateTimeField(**_instant),
        "last_sample_at": fields.DateTimeField(**_instant),
        "last_received_at": fields.DateTimeField(**_instant),
        "limit_s": fields.IntegerField(help_text="Seconds without a sample after which it is late."),
        "samples_per_s": fields.FloatField(**_instant),
        "lag_s": fields.FloatField(
            help_text="Longest time from receipt to storage in the last 5 to 10 min.", **_instant
        ),
        "samples_24h": fields.IntegerField(),
        "rejected_24h": fields.IntegerField(),
    },
    many=True,
)
_queue = inline_serializer(
    "Queue",
    {
        "batches": fields.IntegerField(),
        "samples": fields.IntegerField(),
        "oldest_received_at": fields.DateTimeField(**_instant),
        "oldest_age_s": fields.FloatField(**_instant),
        "failed_batches": fields.IntegerField(help_text="Batches set aside because they cannot be stored."),
    },
)
_worker = inline_serializer(
    "Worker",
    {"name": fields.CharField(), "seen_at": fields.DateTimeField(), "age_s": fields.FloatField()},
    many=True,
)
_answer = inline_serializer(
    "TelemetryStatus",
    {"evaluated_at": fields.DateTimeField(), "queue": _queue, "workers": _worker, "sources": _source},
)


class StatusView(APIView):
    permission_classes = [requires("telemetry.view_source")]

    @extend_schema(responses={200: _answer}, operation_id="telemetry_status")
    def get(self, request: Request) -> Response:
        refuse_unknown(request, (), controls=("format",))
        now = clock.now()
        queue = intake.queue()
        oldest = queue.oldest_received_at
        return Response(
            {
                "evaluated_at": now,
                "queue": {
                    "batches": queue.batches,
                    "samples": queue.samples,
                    "oldest_received_at": oldest,
                    "oldest_age_s": (now - oldest).total_seconds() if oldest else None,
                    "failed_batches": queue.failed,
                },
                "workers": [
                    {
                        "name": each.name,
                        "seen_at": each.seen_at,
                        "age_s": (now - each.seen_at).total_seconds(),
                    }
                    for each in workers.seen(now=now)
                ],
                "sources": [self._source(row) for row in intake.rows(intake.sources(), now=now)],
            }
        )

    def _source(self, row: intake.Intake) -> dict[str, Any]:
        return brief(row.source, {"request": self.request}) | {
            "state": row.state,
            "state_since": row.state_since,
            "last_sample_at": row.last_sample_at,
            "last_received_at": row.last_received_at,
            "limit_s": row.limit_s,
            "samples_per_s": row.samples_per_s,
            "lag_s": row.lag_s,
            "samples_24h": row.samples_24h,
            "rejected_24h": row.rejected_24h,
        }
