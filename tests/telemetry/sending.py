"""A sender of remote write 1.0 for tests, and ways to look at what was stored."""

import asyncio
import json
import math
import struct
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import SimpleQueue

import numpy as np
from django.db import connection

from telemetry import drain
from telemetry.asgi import SampleDoor
from telemetry.core.batches import unpack_batch
from telemetry.core.columns import STALE_BITS, Rejections, SampleColumns
from telemetry.core.labels import key_of
from telemetry.store import partitions
from tests.telemetry.core.wire import request, sample, series, snappy

STALE = struct.unpack("<d", struct.pack("<Q", STALE_BITS))[0]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def counts_of(sketch):
    return dict(zip(sketch.buckets.tolist(), sketch.counts.tolist(), strict=True))


def ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def body_of(*readings) -> bytes:
    """A body of (labels or metric name, value, time) each."""
    parts = []
    for labels, value, at in readings:
        labels = {"__name__": labels} if isinstance(labels, str) else labels
        parts.append(series(labels, sample(value, at if isinstance(at, int) else ms(at))))
    return snappy(request(*parts))


class Here:
    """Runs what the door gives its threads in the thread of the test, and so within the test's transaction."""

    def __init__(self):
        self._given = SimpleQueue()

    async def run(self, work, *args):
        future = Future()
        self._given.put((future, partial(work, *args)))
        return await asyncio.wrap_future(future)

    def stop(self):
        self._given.put(None)

    def work(self):
        for future, work in iter(self._given.get, None):
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)


@dataclass
class Answered:
    status_code: int
    headers: dict[str, str]
    content: bytes

    def json(self):
        return json.loads(self.content)


def post(body, headers):
    """Hand a body to the door of samples that serves, without a server before it."""
    return hand_to(lambda here: SampleDoor(threads=here), "/api/v1/write", body, headers)


def hand_to(door_of, path, body, headers):
    here, messages = Here(), []
    door = door_of(here)
    parts = [{"type": "http.request", "body": body, "more_body": False}]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path.partition("?")[0],
        "query_string": path.partition("?")[2].encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive():
        return parts.pop() if parts else {"type": "http.disconnect"}

    async def send(message):
        messages.append(message)

    def serve():
        try:
            asyncio.run(door(scope, receive, send))
        finally:
            here.stop()

    thread = threading.Thread(target=serve)
    thread.start()
    here.work()
    thread.join()
    content = b"".join(message.get("body", b"") for message in messages)
    answered = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return Answered(messages[0]["status"], answered, content)


def columns_of(*readings):
    """Samples as the decoder makes them. `readings` are (metric, labels, value, time) each."""
    keys, index = {}, []
    for metric, labels, _value, _at in readings:
        key = key_of({"__name__": metric, **labels})
        index.append(keys.setdefault(key, len(keys)))
    return SampleColumns(
        list(keys),
        np.array(index, np.int32),
        np.array([ms(at) for *_others, at in readings], np.int64),
        np.array([value for _metric, _labels, value, _at in readings], np.float64),
        Rejections(),
    )


class Sender:
    def __init__(self, source, clock):
        self.source = source
        self.clock = clock

    def post(self, body, content_type="application/x-protobuf", **headers):
        """Headers are named as arguments; one that is None is left out."""
        headers = {
            "authorization": f"Bearer {self.source.plain_token}",
            "content-encoding": "snappy",
            "content-type": content_type,
            "content-length": str(len(body)),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        return post(body, {name: value for name, value in headers.items() if value is not None})

    def send(self, *readings):
        """Post (labels, value, time or seconds from now) and expect it to be taken."""
        whole = [(labels, value, self.at(at)) for labels, value, at in readings]
        response = self.post(body_of(*whole))
        assert response.status_code == 204, response.content
        return response

    def at(self, at):
        return self.clock.at + timedelta(seconds=at) if isinstance(at, (int, float)) else at

    def deliver(self, *readings, **options):
        """Send, and drain."""
        self.send(*readings)
        return drain.drain(now=self.clock.at, **options)


# Hot tables that a test opened; those of a scene stay.
OPENED = """
SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = 'telemetry_samplebatch'::regclass AND to_regclass('as_made.' || relname) IS NULL
"""


def empty_store():
    tables = ("telemetry_samplebatch", *(each.table for each in partitions.ALL))
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)}, telemetry_damagedblock, telemetry_blockday")
        cursor.execute(OPENED)
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE {name}")
            cursor.execute("DELETE FROM telemetry_hottable WHERE id = %s", [name.rpartition("_")[2]])


def hot_samples(cursor, source=None):
    """(series, ms, value) of every hot sample, or of those of a source."""
    cursor.execute("SELECT source_id, packed FROM telemetry_samplebatch")
    batches = [unpack_batch(bytes(packed)) for each, packed in cursor.fetchall() if source in (None, each)]
    return [
        sample for batch in batches for sample in zip(*(column.tolist() for column in batch), strict=True)
    ]


def stored():
    """(metric, seconds since 1970, value) of every hot sample, in order; a stale marker is None."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, metric FROM telemetry_series")
        metrics = dict(cursor.fetchall())
        samples = [
            (metrics[series_id], at_ms / 1000, None if math.isnan(value) else value)
            for series_id, at_ms, value in hot_samples(cursor)
            if series_id in metrics
        ]
    return sorted(samples, key=lambda sample: (*sample[:2], sample[2] is None, sample[2] or 0.0))


def rolled_up(width="5m"):
    """The roll-up rows as dicts, in order of metric, series and start."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT metric, labels, done.* FROM telemetry_rollup_{width} done"
            " JOIN telemetry_series series ON series.id = series_id ORDER BY metric, series_id, start"
        )
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
