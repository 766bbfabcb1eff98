"""Remote write as a server hands it over: in pieces, of unknown length, broken off."""

import asyncio
import json
import socket
import time

import pytest
from django.db import connections

from telemetry import drain
from telemetry.asgi import SampleDoor
from telemetry.models import InboxBatch
from tests.telemetry.sending import body_of, stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_samples")]


@pytest.fixture
def application():
    door = SampleDoor()
    yield door
    asyncio.run(door.close())


@pytest.fixture
def deliver(application, sender):
    """Hand over a request in these parts: its status, headers and what it says."""

    def run(
        *parts,
        method="POST",
        path="/api/v1/write",
        length=None,
        token=sender.source.plain_token,
        broken=False,
    ):
        headers = [
            (b"content-type", b"application/x-protobuf"),
            (b"content-encoding", b"snappy"),
            (b"authorization", f"Bearer {token}".encode()),
        ]
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        if broken:
            messages.append({"type": "http.disconnect"})
        elif messages:
            messages[-1]["more_body"] = False
        sent = []

        async def receive():
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        asyncio.run(application(scope, receive, send))
        if not sent:
            return None
        body = b"".join(message.get("body", b"") for message in sent)
        return sent[0]["status"], dict(sent[0]["headers"]), json.loads(body) if body else None

    return run


@pytest.fixture
def body(sender):
    return body_of(("up", 1.0, sender.clock.at), ("load", 2.0, sender.clock.at))


def test_a_body_in_pieces_is_taken_whole(deliver, body):
    status, headers, says = deliver(*[body[n : n + 7] for n in range(0, len(body), 7)])
    assert (status, says) == (204, None)
    assert headers[b"x-request-id"]
    assert InboxBatch.objects.get().samples == 2


def test_a_body_that_breaks_off_is_not_answered_and_not_taken(deliver, body):
    assert deliver(body[:10], broken=True) is None
    assert not InboxBatch.objects.exists()


def test_a_body_over_the_limit_is_read_no_further(deliver, settings):
    settings.TELEMETRY_BODY_BYTES = 100
    status, headers, says = deliver(bytes(60), bytes(60), bytes(60))
    assert status == 413
    assert headers[b"connection"] == b"close"
    assert "100 bytes" in says["detail"]
    assert deliver(length=101)[0] == 413


def test_a_refusal_says_why(deliver, body):
    status, _, says = deliver(body, token="wrong")
    assert (status, says) == (401, {"detail": "unknown, expired or revoked token"})


def test_a_lost_connection_is_replaced_within_the_request(deliver, sender, body):
    for second in range(8):
        assert deliver(body_of(("up", 1.0, sender.at(second))))[0] == 204
    end_other_connections()
    for second in range(8, 16):
        assert deliver(body_of(("up", 1.0, sender.at(second))))[0] == 204
    drain.drain(now=sender.clock.at)
    assert len(stored()) == 16


def end_other_connections():
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_an_absent_database_is_answered_at_once(deliver, monkeypatch, body):
    """The threads of the door start within this test, and so with these settings."""
    absent = connections["default"].settings_dict
    with monkeypatch.context() as patched:
        patched.setitem(absent, "HOST", "/nowhere")
        patched.setitem(absent, "CONN_MAX_AGE", 0)
        began = time.monotonic()
        answers = [deliver(body) for _ in range(5)]
        took_s = time.monotonic() - began
    assert {(status, headers[b"retry-after"]) for status, headers, _ in answers} == {(503, b"1")}
    # Five attempts to connect may wait for 15 s.
    assert took_s < 12


def test_an_error_of_ours_is_500_and_says_nothing_of_it(deliver, monkeypatch, body, caplog):
    monkeypatch.setattr("telemetry.ingest.window", lambda now: 1 / 0)
    status, _, says = deliver(body)
    assert status == 500
    assert says == {"detail": "an error in Muster; it is logged"}
    assert "ZeroDivisionError" in caplog.text


def test_a_chunked_body_over_the_wire_is_taken_whole(served_port, sender, body):
    head = (
        f"POST /api/v1/write HTTP/1.1\r\nHost: muster\r\nAuthorization: Bearer {sender.source.plain_token}\r\n"
        "Content-Type: application/x-protobuf\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    half = len(body) // 2
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:], b""))
    with socket.create_connection(("127.0.0.1", served_port), timeout=20) as wire:
        wire.sendall(head.encode() + chunks)
        answer = b"".join(iter(lambda: wire.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 204")
    assert InboxBatch.objects.get().samples == 2
