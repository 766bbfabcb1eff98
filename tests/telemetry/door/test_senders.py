"""Who may send, how much at once, and how slowly: answered by the running server before a body is read."""

import http.client
from contextlib import ExitStack
from datetime import timedelta
from random import Random

import pytest

from accounts.operations import create_source_token, create_token, revoke_token
from telemetry import operations
from telemetry.models import InboxBatch, Rejection
from telemetry.room import PLACES_EACH
from tests.telemetry.sending import body_of
from web.bodies import MEMORY_BYTES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_samples")]

# More than a socket's buffers hold: it would only be taken if it were read.
MUCH = 8 * 1024 * 1024


def good(sender):
    return f"Bearer {sender.source.plain_token}"


def of_another_scope(sender):
    _, plain = create_token(user=sender.ops, name="ops", scope="write", by=None, now=sender.clock.at)
    return f"Bearer {plain}"


def of_no_source(sender):
    _, plain = create_source_token(name="of none", by=sender.ops, now=sender.clock.at)
    return f"Bearer {plain}"


def expired(sender):
    token = sender.source.token
    token.created_at -= timedelta(days=1)
    token.expires_at = sender.clock.at
    token.save()
    return good(sender)


def revoked(sender):
    revoke_token(sender.source.token, by=None, now=sender.clock.at)
    return good(sender)


def paused(sender):
    operations.pause_source(sender.source, by=None, now=sender.clock.at)
    return good(sender)


def deleted(sender):
    authorization = good(sender)
    operations.delete_source(sender.source, by=None, now=sender.clock.at)
    return authorization


SENDERS = {
    "none": (lambda sender: None, 401),
    "empty": (lambda sender: "", 401),
    "a scheme alone": (lambda sender: "Bearer ", 401),
    "another scheme": (lambda sender: "Basic eDp5", 401),
    "no token of ours": (lambda sender: "Bearer wrong", 401),
    "like one of ours": (lambda sender: "Bearer muster_abc_def", 401),
    "one letter off": (lambda sender: good(sender)[:-1], 401),
    "outside ASCII": (lambda sender: "Bearer muster_\xe4\xf6_\xfc", 401),
    "expired": (expired, 401),
    "revoked": (revoked, 401),
    "deleted": (deleted, 401),
    "another scope": (of_another_scope, 403),
    "no source": (of_no_source, 403),
    "paused": (paused, 403),
    "good": (good, 204),
    "the scheme in small letters": (lambda sender: good(sender).replace("Bearer", "bearer"), 204),
}


@pytest.mark.parametrize(("authorization", "status"), SENDERS.values(), ids=SENDERS)
def test_a_sender_is_known_by_its_token(post, sender, ops, authorization, status):
    sender.ops = ops
    body = body_of(("up", 1.0, sender.at(0)))
    answered, _, says = post(body, {"Authorization": authorization(sender)})
    assert (answered, bool(says)) == (status, status != 204)
    assert InboxBatch.objects.count() == (status == 204)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Authorization": "Bearer wrong"}, 401, id="bad token"),
        pytest.param({"Content-Type": "text/plain"}, 415, id="wrong type"),
        pytest.param({"Content-Encoding": "gzip"}, 415, id="wrong encoding"),
        pytest.param({"Content-Length": 10**9}, 413, id="declared too large"),
    ],
)
def test_what_headers_tell_is_answered_before_a_byte_of_the_body(opened, headers, status):
    with opened({"Content-Length": MUCH} | headers) as wire:
        answered, sent, says = wire.answer()
    assert answered == status
    assert sent["connection"] == "close"
    assert says["detail"]


def test_a_sender_that_goes_on_writing_still_reads_its_refusal(opened):
    with opened({"Content-Length": MUCH, "Authorization": "Bearer wrong"}) as wire:
        wire.sendall(bytes(MUCH))
        assert wire.answer()[0] == 401


def test_a_sender_that_waits_to_be_told_to_go_on_is_refused_at_once(opened):
    with opened({"Content-Length": 5, "Authorization": "Bearer wrong", "Expect": "100-continue"}) as wire:
        assert wire.answer()[0] == 401


def test_a_chunked_body_is_read_as_far_as_is_taken(opened, settings):
    settings.TELEMETRY_BODY_BYTES = 1000
    with opened({"Transfer-Encoding": "chunked"}) as wire:
        wire.sendall(b"".join(b"%x\r\n%s\r\n" % (600, bytes(600)) for _ in range(2)))
        status, sent, says = wire.answer()
    assert (status, sent["connection"]) == (413, "close")
    assert says["rejected"] == {"body_too_large": 1}
    assert dict(Rejection.objects.values_list("reason", "count")) == {"body_too_large": 1}


def test_a_chunked_body_is_taken_whole(opened, sender):
    body = body_of(("up", 1.0, sender.at(0)))
    with opened({"Transfer-Encoding": "chunked"}) as wire:
        for part in (body[:7], body[7:], b""):
            wire.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        assert wire.answer()[0] == 204
    assert InboxBatch.objects.get().samples == 1


def test_a_body_that_stalls_is_given_up(opened, monkeypatch):
    monkeypatch.setattr("web.bodies.SILENCE_S", 0.2)
    with opened({"Content-Length": 100}) as wire:
        wire.sendall(bytes(50))
        status, sent, _ = wire.answer()
    assert (status, sent["connection"]) == (408, "close")


def test_a_body_larger_than_what_is_held_in_memory_is_taken(post, sender):
    many = Random(1)
    body = body_of(*((f"m{many.randbytes(100).hex()[:150]}", 1.0, sender.at(0)) for _ in range(5000)))
    assert len(body) > MEMORY_BYTES
    assert post(body)[0] == 204
    assert InboxBatch.objects.get().samples == 5000


def test_one_source_cannot_take_the_places_of_others(opened, post, sender, sender_of, porto, monkeypatch):
    monkeypatch.setattr("telemetry.room.WAIT_S", 0.2)
    body = body_of(("up", 1.0, sender.at(0)))
    other = sender_of(porto)
    with ExitStack() as stack:
        begun = {"Content-Length": len(body), "Expect": "100-continue"}
        wires = [stack.enter_context(opened(begun)) for _ in range(PLACES_EACH)]
        # Told to go on, each of them has its place.
        assert {wire.recv(100) for wire in wires} == {b"HTTP/1.1 100 Continue\r\n\r\n"}
        status, headers, says = post(body)
        assert status == 429
        assert int(headers["retry-after"]) > 0
        assert str(PLACES_EACH) in says["detail"]
        assert post(body, {"Authorization": good(other)})[0] == 204
        for wire in wires:
            wire.sendall(body)
        assert {wire.answer()[0] for wire in wires} == {204}
    assert post(body)[0] == 204
    assert sorted(InboxBatch.objects.values_list("source", flat=True)) == sorted(
        [sender.source.pk, other.source.pk]
    )


def test_a_request_too_many_waits_for_a_place(opened, sender):
    begun = {"Content-Length": 5, "Expect": "100-continue"}
    with ExitStack() as stack:
        wires = [stack.enter_context(opened(begun)) for _ in range(PLACES_EACH)]
        assert {wire.recv(100) for wire in wires} == {b"HTTP/1.1 100 Continue\r\n\r\n"}
        body = body_of(("up", 1.0, sender.at(0)))
        waiting = stack.enter_context(opened({"Content-Length": len(body)}))
        waiting.sendall(body)
        wires[0].sendall(b"wrong")
        assert wires[0].answer()[0] == 400
        assert waiting.answer()[0] == 204


def test_a_source_that_is_deleted_while_it_sends_is_unknown(post, sender):
    assert post(body_of(("up", 1.0, sender.at(0))))[0] == 204
    operations.delete_source(sender.source, by=None, now=sender.clock.at)
    for body in (body_of(("up", 1.0, sender.at(1))), b"malformed", body_of(({}, 1.0, sender.at(0)))):
        assert post(body)[0] in (400, 401)
    assert not InboxBatch.objects.exists()
    sender.clock.move(seconds=6)
    assert post(body_of(("up", 1.0, sender.at(1))))[0] == 401


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_told_what_the_address_takes(served_port, method):
    connection = http.client.HTTPConnection("127.0.0.1", served_port, timeout=20)
    connection.request(method, "/api/v1/write")
    response = connection.getresponse()
    assert response.status == 405
    assert response.getheader("allow") == "POST"
    assert b"POST" in response.read()
    connection.close()
