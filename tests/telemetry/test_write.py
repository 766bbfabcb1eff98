"""POST /api/v1/write: what each kind of body is answered, and what of it is kept."""

from datetime import timedelta

import pytest

from accounts.operations import create_token
from telemetry import drain, operations
from telemetry.core.labels import encode_varint
from telemetry.formats import addresses, formats_at
from telemetry.models import InboxBatch, Rejection, Series, SourceActivity
from tests.telemetry.core.wire import metadata, request, series, snappy
from tests.telemetry.sending import body_of, stored

pytestmark = pytest.mark.django_db


def reasons():
    return dict(Rejection.objects.values_list("reason", "count"))


def test_a_body_is_taken_and_waits_in_the_inbox(sender):
    response = sender.send(("up", 1.0, 0))
    assert not response.content
    assert InboxBatch.objects.get().samples == 1


@pytest.mark.parametrize("encoding", ["snappy", None])
def test_content_encoding_may_be_left_out(sender, encoding):
    body = body_of(("up", 1.0, sender.at(0)))
    assert sender.post(body, content_encoding=encoding).status_code == 204
    assert InboxBatch.objects.count() == 1


def test_metadata_alone_is_taken_and_creates_nothing(sender):
    assert sender.post(snappy(metadata("up"))).status_code == 204
    assert not InboxBatch.objects.exists()
    assert not Series.objects.exists()


def test_the_same_body_twice_counts_once(sender):
    body = body_of(("up", 1.0, sender.at(0)))
    assert [sender.post(body).status_code for _ in range(3)] == [204, 204, 204]
    assert InboxBatch.objects.count() == 1


def test_good_samples_are_stored_beside_bad_ones_and_the_sender_is_told(sender):
    now = sender.at(0)
    response = sender.post(body_of(("up", 1.0, now), ({"job": "nameless"}, 1.0, now)))
    assert response.status_code == 400
    assert response.json()["rejected"] == {"no_metric_name": 1}
    assert response.json()["stored"] == 1
    assert InboxBatch.objects.get().samples == 1
    assert reasons() == {"no_metric_name": 1}
    assert SourceActivity.objects.get().rejected == 1


def test_a_partly_bad_body_sent_again_is_not_counted_again(sender):
    body = body_of(("up", 1.0, sender.at(0)), ({"job": "nameless"}, 1.0, sender.at(0)))
    sender.post(body)
    again = sender.post(body)
    assert again.status_code == 400
    assert again.json()["stored"] == 0
    assert again.json()["rejected"] == {"no_metric_name": 1}
    assert InboxBatch.objects.count() == 1
    assert reasons() == {"no_metric_name": 1, "sent_before": 1}


def test_samples_outside_the_window_are_refused_by_name(sender):
    old, far = sender.at(-49 * 3600), sender.at(601)
    response = sender.post(body_of(("up", 1.0, old), ("up", 1.0, far), ("up", 1.0, sender.at(599))))
    assert response.status_code == 400
    assert reasons() == {"too_old": 1, "too_far_in_future": 1}
    assert InboxBatch.objects.get().samples == 1


WHOLE = body_of(("up", 1.0, 1_795_536_000_000))


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        pytest.param(b"", 400, "malformed_body", id="empty"),
        pytest.param(WHOLE[:-4], 400, "malformed_body", id="truncated"),
        pytest.param(b"not snappy at all", 400, "malformed_body", id="not snappy"),
        pytest.param(encode_varint(80 * 2**20) + bytes(40), 413, "body_too_large", id="snappy bomb"),
    ],
)
def test_a_malformed_body_stores_nothing(sender, body, status, reason):
    response = sender.post(body)
    assert response.status_code == status
    assert response.json()["detail"]
    assert not InboxBatch.objects.exists()
    assert reasons() == {reason: 1}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"content_type": "text/plain"}, 415, id="wrong type"),
        pytest.param({"content_type": "application/x-protobuf;proto=x.Y"}, 415, id="another message"),
        pytest.param({"content_encoding": "gzip"}, 415, id="wrong encoding"),
    ],
)
def test_another_type_or_encoding_is_refused(sender, headers, status):
    assert sender.post(WHOLE, **headers).status_code == status
    assert not InboxBatch.objects.exists()


def test_version_1_named_in_full_is_taken(sender):
    body = body_of(("up", 1.0, sender.at(0)))
    kind = "application/x-protobuf;proto=prometheus.WriteRequest"
    assert sender.post(body, content_type=kind).status_code == 204


def test_a_body_over_the_limit_is_refused_by_its_length(sender, settings):
    settings.TELEMETRY_BODY_BYTES = 100
    assert sender.post(bytes(101)).status_code == 413


@pytest.mark.parametrize("address", addresses())
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_told_what_the_address_takes(client, method, address):
    response = client.generic(method, address)
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    if method != "HEAD":
        detail = response.json()["detail"]
        assert [str(each) for each in formats_at(address) if str(each) not in detail] == []


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer wrong", "Bearer muster_abc_def", "Basic eDp5"])
def test_without_a_good_token_nothing_is_taken(sender, token):
    response = sender.post(WHOLE, authorization=token)
    assert response.status_code == 401
    assert response.json()["detail"]


def test_a_users_token_does_not_ingest(sender, ops):
    _, plain = create_token(user=ops, name="ops", scope="write", by=None, now=sender.at(0))
    assert sender.post(WHOLE, authorization=f"Bearer {plain}").status_code == 403


def test_a_paused_source_is_refused_within_seconds_and_taken_again_when_resumed(sender, frozen_now):
    sender.send(("up", 1.0, 0))
    operations.pause_source(sender.source, by=None, now=frozen_now.at)
    frozen_now.move(seconds=6)
    assert sender.post(body_of(("up", 1.0, frozen_now.at))).status_code == 403
    operations.resume_source(sender.source, by=None, now=frozen_now.at)
    sender.send(("up", 1.0, 0))


def test_a_rotated_token_opens_nothing_any_more(sender, frozen_now):
    fresh = operations.rotate_token(sender.source, by=None, now=frozen_now.at)
    assert sender.post(body_of(("up", 1.0, frozen_now.at))).status_code == 401
    body = body_of(("up", 1.0, frozen_now.at))
    assert sender.post(body, authorization=f"Bearer {fresh}").status_code == 204


def test_a_full_inbox_tells_senders_to_wait(sender, settings, frozen_now):
    settings.TELEMETRY_INBOX_BATCHES = 2
    for second in range(2):
        sender.send(("up", 1.0, second))
    frozen_now.move(seconds=2)
    response = sender.post(body_of(("up", 1.0, frozen_now.at)))
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) > 0
    drain.drain(now=frozen_now.at)
    frozen_now.move(seconds=2)
    sender.send(("up", 1.0, 0))


def test_older_samples_may_come_after_newer_ones(sender):
    sender.deliver(("up", 2.0, 0))
    sender.deliver(("up", 1.0, -3600))
    assert [value for _, _, value in stored()] == [1.0, 2.0]


def test_a_series_without_samples_is_no_error(sender):
    assert sender.post(snappy(request(series({"__name__": "up"})))).status_code == 204


def test_a_sender_may_be_a_little_ahead_of_our_clock(sender):
    sender.deliver(("up", 1.0, 300))
    assert stored()[0][1] == (sender.clock.at + timedelta(seconds=300)).timestamp()
