"""Formats beside the first one: they get a door by one line, and share its memory."""

import asyncio
import threading
from dataclasses import replace

import pytest

from telemetry import drain, formats
from telemetry.asgi import SampleDoor
from telemetry.models import InboxBatch
from telemetry.room import Room
from tests.telemetry.sending import body_of, columns_of, stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_samples")]
NEEDED = 100


class Waiting:
    """Decodes `metric value` only once it may go on, and says how many bodies it had at the same time."""

    def __init__(self, at):
        self.at = at
        self.may_go_on = threading.Event()
        self.most_at_once = self._at_once = 0
        self._lock = threading.Lock()

    def check_headers(self, headers):
        pass

    def needed_bytes(self, head, size, limits):
        return NEEDED

    def decode(self, body, headers, *, window, limits, cache):
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        assert self.may_go_on.wait(20)
        with self._lock:
            self._at_once -= 1
        metric, value = body.decode().split()
        return columns_of((metric, {}, float(value), self.at))


@pytest.fixture
def decoder(monkeypatch, sender):
    """Registers two formats at two addresses, both decoded by it."""
    decoder = Waiting(sender.at(0))
    added = [
        replace(
            formats.FORMATS[0],
            name=name,
            address=f"/{name}",
            content_types=("text/plain",),
            load=lambda: decoder,
        )
        for name in ("words", "lines")
    ]
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, *added))
    return decoder


@pytest.fixture
def deliver(sender):
    """`await deliver(door, path, body)` is the status and the headers of the answer."""

    async def run(door, path, body, content_type="text/plain"):
        headers = {
            "authorization": f"Bearer {sender.source.plain_token}",
            "content-type": content_type,
            "content-length": str(len(body)),
        }
        parts, sent = [{"type": "http.request", "body": body, "more_body": False}], []

        async def receive():
            return parts.pop() if parts else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        await door({"type": "http", "method": "POST", "path": path, "headers": encoded}, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"])

    return run


def test_all_formats_share_one_room_that_refuses_who_finds_it_full(deliver, decoder, sender, monkeypatch):
    monkeypatch.setattr("telemetry.room.WAIT_S", 0.5)
    refused = []

    async def one(door, number):
        status, headers = await deliver(door, ("/words", "/lines")[number % 2], b"m%d %d" % (number, number))
        if status != 204:
            refused.append(headers)
            if len(refused) == 6:
                decoder.may_go_on.set()
        return status

    async def run():
        # Room for two bodies at once, whatever their format.
        door = SampleDoor(room=Room(2 * NEEDED + NEEDED // 2, "too many requests at once"))
        try:
            statuses = await asyncio.gather(*(one(door, number) for number in range(8)))
            # All of it is given back: bodies of every format are taken again.
            body = body_of(("up", 1.0, sender.at(0)))
            after = [
                await deliver(door, "/words", b"again 1"),
                await deliver(door, "/lines", b"once_more 1"),
                await deliver(door, "/api/v1/write", body, "application/x-protobuf"),
            ]
        finally:
            await door.close()
        return statuses, [status for status, _ in after]

    statuses, after = asyncio.run(run())
    assert sorted(statuses) == [204, 204, *[429] * 6]
    assert all(int(headers[b"retry-after"]) > 0 for headers in refused)
    assert decoder.most_at_once == 2
    assert after == [204, 204, 204]
    assert InboxBatch.objects.count() == 5
    drain.drain(now=sender.clock.at)
    assert len(stored()) == 5


def test_a_format_is_taken_at_its_own_address_only(deliver, decoder, sender):
    decoder.may_go_on.set()

    async def run():
        door = SampleDoor()
        try:
            return [
                (await deliver(door, path, b"m 1", kind))[0]
                for path, kind in (
                    ("/words", "text/plain"),
                    ("/words", "text/csv"),
                    ("/api/v1/write", "text/plain"),
                )
            ]
        finally:
            await door.close()

    assert asyncio.run(run()) == [204, 415, 415]
