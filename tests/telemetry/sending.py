"""A sender of remote write 1.0 for tests, and ways to look at what was stored."""

import struct
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test import Client

from telemetry import drain
from telemetry.core.columns import STALE_BITS
from tests.telemetry.core.wire import request, sample, series, snappy

STALE = struct.unpack("<d", struct.pack("<Q", STALE_BITS))[0]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def body_of(*readings) -> bytes:
    """A body of (labels or metric name, value, time) each."""
    parts = []
    for labels, value, at in readings:
        labels = {"__name__": labels} if isinstance(labels, str) else labels
        parts.append(series(labels, sample(value, at if isinstance(at, int) else ms(at))))
    return snappy(request(*parts))


class Sender:
    def __init__(self, source, clock):
        self.source = source
        self.clock = clock
        self.client = Client(headers={"authorization": f"Bearer {source.plain_token}"})

    def post(self, body, content_type="application/x-protobuf", **headers):
        # Django's client leaves the type of an empty body out, unless it is told as a header.
        headers = {"content-encoding": "snappy", "content-type": content_type} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        headers = {name: value for name, value in headers.items() if value is not None}
        return self.client.post("/api/v1/write", body, content_type=content_type, headers=headers)

    def send(self, *readings):
        """Post (labels, value, time or seconds from now) and expect it to be taken."""
        whole = [(labels, value, self.at(at)) for labels, value, at in readings]
        response = self.post(body_of(*whole))
        assert response.status_code == 204, response.content
        return response

    def at(self, at):
        return self.clock.at + timedelta(seconds=at) if isinstance(at, (int, float)) else at

    def deliver(self, *readings):
        """Send, and drain."""
        self.send(*readings)
        return drain.drain(now=self.clock.at)


def stored():
    """(metric, seconds since 1970, value) of every sample in the table, in order; a stale marker is None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT metric, extract(epoch FROM ts)::float8, nullif(value, 'NaN') FROM telemetry_sample"
            " JOIN telemetry_series series ON series.id = series_id ORDER BY 1, 2, 3"
        )
        return cursor.fetchall()


def rolled_up(width="5m"):
    """The roll-up rows as dicts, in order of metric, series and start."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT metric, labels, done.* FROM telemetry_rollup_{width} done"
            " JOIN telemetry_series series ON series.id = series_id ORDER BY metric, series_id, start"
        )
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
