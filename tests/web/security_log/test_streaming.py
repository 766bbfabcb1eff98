"""The stream to a syslog receiver: in order, from a place in the database, at least once whatever the receiver does."""

import json
import re
import select
import socket
import ssl
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env, logs
from tests.conftest import NOW
from tests.pages import words_of
from tests.web.delivery.receivers import certificate
from tests.web.security_log.forging import cut_after, verify
from tests.web.security_log.receivers import receiving
from web.security_log import chaining, heads, standing, streaming, syslog
from web.security_log.models import SecurityBatch, SecurityEvent, SecurityStream
from web.security_log.recording import record

pytestmark = pytest.mark.django_db
ACTION = SecurityEvent.Action
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def receiver(settings):
    with receiving() as receiver:
        settings.SECURITY_LOG_SYSLOG = receiver.address
        yield receiver


def contents(receiver, kind=""):
    """The JSON of all messages, or of those of a kind."""
    matches = [re.fullmatch(r"<\d+>1 \S+ \S+ muster - (\S+) - (.*)", each) for each in receiver.messages]
    return [json.loads(match[2]) for match in matches if kind in ("", match[1])]


def test_each_event_arrives_once_and_in_order_with_its_head(log, receiver, tmp_path):
    assert streaming.send_next(now=NOW) == SecurityEvent.objects.count()
    assert streaming.send_next(now=NOW) == 0
    events = [each for each in contents(receiver) if "event" in each]
    stored = SecurityEvent.objects.order_by("batch__number", "pk")
    assert [(each["batch"], each["event"]) for each in events] == list(
        stored.values_list("batch__number", "pk")
    )
    message = next(each for each in receiver.messages if " refused " in each)
    assert message.startswith("<108>1 2026-11-24T16:00:30.000000Z ")
    refusal = contents(receiver, "refused")[0]
    assert (refusal["address"], refusal["place"], refusal["times"]) == ("192.0.2.1", "/sites/", 1)
    assert refusal["digest"] == bytes(SecurityEvent.objects.get(pk=refusal["event"]).digest).hex()
    # The heads that arrived prove the log as a copy of the file does.
    copy = tmp_path / "copy.jsonl"
    copy.write_text(
        "".join(re.search("{.batch.*}", each)[0] + "\n" for each in receiver.messages if " head " in each)
    )
    assert copy.read_bytes() == heads.path().read_bytes()
    assert verify(heads=copy)[1] == []


@pytest.mark.parametrize("fails", ["reset", "silent", "away"])
def test_a_receiver_that_did_not_read_everything_gets_it_again(log, receiver, settings, monkeypatch, fails):
    receiver.fails = fails
    if fails == "away":
        settings.SECURITY_LOG_SYSLOG = "tcp://localhost:1"
    with monkeypatch.context() as patched:
        if fails == "silent":
            patched.setattr(syslog, "END_S", 0.01)
        assert streaming.send_next(now=LATER) == 0
    [fault] = streaming.faults(LATER)
    assert (fault.title, fault.since) == ("The security log is not streamed", NOW)
    assert fault.detail == "Its receiver lacks events. The security log says why."
    stream = SecurityStream.objects.get()
    assert "did not close" in stream.last_answer or fails != "silent"
    assert (stream.sent_batch, stream.leased_until, bool(stream.last_answer)) == (0, None, True)
    receiver.fails = ""
    SecurityStream.objects.update(receiver=receiver.address)
    settings.SECURITY_LOG_SYSLOG = receiver.address
    assert streaming.send_next(now=LATER) == SecurityEvent.objects.count()
    assert [each["batch"] for each in contents(receiver, "head")] == [1, 2, 3, 4, 5]
    assert list(streaming.faults(LATER)) == []


@pytest.mark.parametrize("has_tls", [False, True])
def test_a_receiver_that_ends_before_muster_has_read_nothing(log, settings, tmp_path, monkeypatch, has_tls):
    proof = certificate(tmp_path, "localhost") if has_tls else None
    settings.SECURITY_LOG_SYSLOG_CA = str(proof or "")
    with receiving(proof) as receiver, monkeypatch.context() as patched:
        settings.SECURITY_LOG_SYSLOG, receiver.fails = receiver.address, "ends first"
        for kind in (socket.socket, ssl.SSLSocket):
            patched.setattr(kind, "sendall", after_the_other_side(kind.sendall))
        assert streaming.send_next(now=NOW) == 0
    stream = SecurityStream.objects.get()
    assert stream.sent_batch == 0
    assert "ended the connection before the last message" in stream.last_answer


def after_the_other_side(sendall):
    """Send once something has arrived, such as the end of the other side."""

    def send_late(connection, content, *flags):
        select.select([connection], [], [], 10)
        return sendall(connection, content, *flags)

    return send_late


def test_a_backlog_is_sent_in_parts(log, receiver, monkeypatch):
    monkeypatch.setattr(streaming, "MOST_EVENTS", 6)
    while streaming.send_next(now=NOW):
        pass
    assert [each["batch"] for each in contents(receiver, "head")] == [1, 2, 3, 4, 5]


def test_what_another_worker_sends_is_left_to_it_while_it_may_live(log, receiver):
    SecurityStream.objects.create(receiver=receiver.address, leased_until=NOW + streaming.LEASE)
    assert streaming.send_next(now=NOW) == 0
    assert streaming.send_next(now=NOW + streaming.LEASE) == SecurityEvent.objects.count()


def test_what_was_not_streamed_does_not_expire(log, receiver, settings):
    settings.SECURITY_LOG_DAYS = 30
    now = NOW + timedelta(days=40)
    record(ACTION.REFUSED, now=now)
    chaining.chain(now=now)
    assert chaining.drop_expired(now=now) == 0
    assert streaming.send_next(now=now)
    assert chaining.drop_expired(now=now) == 5
    chaining.chain(now=now)
    assert streaming.send_next(now=now) == 1
    assert SecurityBatch.objects.last().number == SecurityStream.objects.get().sent_batch == 7


def test_what_is_chained_after_a_cut_is_streamed(log, receiver, settings):
    settings.SECURITY_LOG_DIR = None
    assert streaming.send_next(now=NOW)
    cut_after(3)
    record(ACTION.REFUSED, now=LATER)
    chaining.chain(now=LATER)
    assert streaming.send_next(now=LATER)
    assert [each["batch"] for each in contents(receiver, "head")] == [1, 2, 3, 4, 5, 6]
    assert any("Batches 4 to 5 are missing." in each for each in verify()[1])


def test_a_place_beyond_the_log_is_told_for_good(log, receiver, client_of):
    SecurityStream.objects.create(receiver=receiver.address, sent_batch=1_000_000_000)
    titles = [fault.title for fault in standing.faults(LATER) if fault.is_bad]
    assert titles == ["The security log ends before the place of its stream"]
    assert "beyond the newest batch" in client_of("admin").get("/settings/security-log/").text
    chaining.chain(now=LATER)
    assert SecurityEvent.objects.get(action=ACTION.HEADS_DIFFERED).detail == {"state": "beyond"}
    assert [fault.title for fault in standing.faults(LATER) if fault.is_bad] == titles


def test_a_receiver_by_tls_proves_its_name_and_its_end(log, settings, tmp_path):
    proof = certificate(tmp_path, "localhost")
    with receiving(proof) as receiver:
        settings.SECURITY_LOG_SYSLOG = receiver.address
        assert streaming.send_next(now=NOW) == 0
        assert "CERTIFICATE_VERIFY_FAILED" in SecurityStream.objects.get().last_answer
        settings.SECURITY_LOG_SYSLOG_CA = str(proof)
        receiver.fails = "leaves"
        assert streaming.send_next(now=NOW) == 0
        assert "without close_notify" in SecurityStream.objects.get().last_answer
        settings.SECURITY_LOG_SYSLOG_CLOSE_NOTIFY = False
        assert streaming.send_next(now=NOW) == SecurityEvent.objects.count()
        SecurityStream.objects.update(sent_batch=0)
        settings.SECURITY_LOG_SYSLOG_CLOSE_NOTIFY, receiver.fails = True, ""
        assert streaming.send_next(now=NOW) == SecurityEvent.objects.count()
    assert len(contents(receiver, "head")) == 15


def test_the_page_says_whether_it_is_streamed(log, receiver, client_of, frozen_now):
    assert "under way" in words_of(client_of("admin").get("/settings/security-log/"))
    chaining.chain(now=NOW)
    while streaming.send_next(now=NOW):
        pass
    assert f"all {receiver.address}" in " ".join(
        words_of(client_of("admin").get("/settings/security-log/")).split()
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tls://logs.example.org", "tls://logs.example.org:6514"),
        ("tcp://[2001:db8::1]:1601", "tcp://[2001:db8::1]:1601"),
        ("", ""),
        ("udp://logs.example.org", None),
        ("logs.example.org:6514", None),
        ("tls://user@logs.example.org", None),
        ("tls://logs.example.org:99999", None),
    ],
)
def test_the_setting_is_an_address(monkeypatch, text, expected):
    monkeypatch.setenv("MUSTER_SECURITY_LOG_SYSLOG", text)
    monkeypatch.setattr(env, "KNOWN", {})
    if expected is None:
        with pytest.raises(ImproperlyConfigured, match="tls://host:6514"):
            logs.syslog_receiver()
    else:
        assert logs.syslog_receiver()[0] == expected
