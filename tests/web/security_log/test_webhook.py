"""The log is streamed to a signed webhook in order, and the kept place moves when the receiver answers 2xx."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from standardwebhooks.webhooks import Webhook

from config import env, logs
from tests.conftest import NOW
from tests.pages import words_of
from tests.web.delivery.receivers import SIGNING_KEY, Receiver, drip
from tests.web.security_log.forging import verify
from web.delivery import http
from web.delivery.senders import answers
from web.security_log import chaining, streaming
from web.security_log.models import SecurityBatch, SecurityEvent, SecurityStream
from web.security_log.recording import record

pytestmark = pytest.mark.django_db
NEXT_KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def lead_to(settings):
    """Lead the stream to a receiver, which an administrator named."""

    def lead(receiver, path="/hook"):
        settings.DELIVERY_HOSTS = [receiver.netloc]
        settings.SECURITY_LOG_WEBHOOK = f"http://{receiver.netloc}{path}"
        settings.SECURITY_LOG_WEBHOOK_SECRETS = [SIGNING_KEY]

    return lead


def batches_of(receiver):
    return [batch for each in receiver.requests for batch in json.loads(each.body)["data"]["batches"]]


def test_each_event_arrives_once_in_order_and_signed(log, lead_to, settings, tmp_path):
    with Receiver() as receiver:
        lead_to(receiver)
        settings.SECURITY_LOG_WEBHOOK_SECRETS = [NEXT_KEY, SIGNING_KEY]
        assert streaming.send_next(now=NOW) == SecurityEvent.objects.count()
        assert streaming.send_next(now=NOW) == 0
    [request] = receiver.requests
    for key in (SIGNING_KEY, NEXT_KEY):
        signature = Webhook(key).sign(request.headers["webhook-id"], NOW, request.body.decode())
        assert signature in request.headers["webhook-signature"].split()
    assert json.loads(request.body)["type"] == "security-log.batches"
    arrived_events = [
        (each["batch"], each["event"]) for batch in batches_of(receiver) for each in batch["events"]
    ]
    assert arrived_events == list(
        SecurityEvent.objects.order_by("batch__number", "pk").values_list("batch__number", "pk")
    )
    refusal = batches_of(receiver)[1]["events"][0]
    assert refusal["digest"] == bytes(SecurityEvent.objects.get(pk=refusal["event"]).digest).hex()
    # The heads that arrived prove the log as a copy of the file does.
    copy = tmp_path / "copy.jsonl"
    lines = (json.dumps(batch["head"], separators=(",", ":")) for batch in batches_of(receiver))
    copy.write_text("".join(f"{line}\n" for line in lines))
    assert verify(heads=copy)[1] == []


@pytest.mark.parametrize(
    ("status", "says"),
    [(500, "The receiver answered 500: busy at …"), (302, "no redirect is followed"), (410, "answered 410")],
)
def test_what_was_not_taken_is_sent_again(log, lead_to, status, says):
    with Receiver(status, b"busy at hook-with-a-secret", (("Location", "http://10.0.0.7/"),)) as receiver:
        lead_to(receiver, "/hook-with-a-secret")
        assert streaming.send_next(now=LATER) == 0
        stream = SecurityStream.objects.get()
        assert (stream.sent_batch, stream.leased_until) == (0, None)
        assert says in stream.last_answer
        assert "secret" not in stream.last_answer + stream.receiver
        [fault] = streaming.faults(LATER)
        assert (fault.title, fault.since) == ("The security log is not streamed", NOW)
        receiver.status = 204
        assert streaming.send_next(now=LATER) == SecurityEvent.objects.count()
    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert SecurityStream.objects.get().sent_batch == 5
    assert list(streaming.faults(LATER)) == []


def test_a_secret_that_the_longest_answer_cuts_is_not_kept(log, lead_to):
    path = f"/hook-{40 * 'secret'}"
    echo = "x" * (answers.LONGEST + 4 - len(path)) + path
    with Receiver(500, echo.encode()) as receiver:
        lead_to(receiver, path)
        assert streaming.send_next(now=NOW) == 0
    last_answer = SecurityStream.objects.get().last_answer
    assert last_answer.startswith("The receiver answered 500: xxx")
    assert "hook" not in last_answer


def test_no_address_is_called_that_channels_may_not_call(log, lead_to, settings):
    with Receiver() as receiver:
        lead_to(receiver)
        settings.DELIVERY_HOSTS = []
        for scheme in ("http", "https"):
            settings.SECURITY_LOG_WEBHOOK = f"{scheme}://{receiver.netloc}/hook"
            assert streaming.send_next(now=NOW) == 0
            stream = SecurityStream.objects.get(receiver=streaming.receiver_name())
            assert "MUSTER_DELIVERY_HOSTS" in stream.last_answer
    assert receiver.requests == []


def test_a_receiver_that_is_slow_or_away_gets_it_later(log, lead_to, settings, monkeypatch):
    monkeypatch.setattr(http, "TOTAL_S", 0.3)
    with Receiver(answer=drip) as receiver:
        lead_to(receiver)
        assert streaming.send_next(now=NOW) == 0
        assert "did not" in SecurityStream.objects.get().last_answer
    assert streaming.send_next(now=NOW) == 0
    assert "does not answer" in SecurityStream.objects.get().last_answer


def test_a_backlog_is_sent_in_parts_and_does_not_expire(log, lead_to, settings, monkeypatch):
    monkeypatch.setattr(streaming, "MOST_EVENTS", 6)
    settings.SECURITY_LOG_DAYS, now = 30, NOW + timedelta(days=40)
    with Receiver() as receiver:
        lead_to(receiver)
        record(SecurityEvent.Action.REFUSED, now=now)
        chaining.chain(now=now)
        assert chaining.drop_expired(now=now) == 0
        while streaming.send_next(now=now):
            pass
        assert chaining.drop_expired(now=now) == 5
    assert len(receiver.requests) > 1
    assert [batch["head"]["batch"] for batch in batches_of(receiver)] == [1, 2, 3, 4, 5, 6]
    assert SecurityBatch.objects.filter(dropped_at=None).first().number == 6


def test_the_page_names_its_host_alone(log, lead_to, client_of):
    with Receiver() as receiver:
        lead_to(receiver, "/secret-path")
        streaming.send_next(now=NOW)
        chaining.chain(now=NOW)
        while streaming.send_next(now=NOW):
            pass
        words = " ".join(words_of(client_of("admin").get("/settings/security-log/")).split())
    assert f"all http://{receiver.netloc}/… (" in words
    assert "secret-path" not in words


@pytest.mark.parametrize(
    ("url", "keys", "syslog", "message"),
    [
        ("https://siem.example.org/a?b=c", SIGNING_KEY, "", None),
        ("https://siem.example.org", f"{SIGNING_KEY},{NEXT_KEY}", "", None),
        ("", "", "tls://logs.example.org:6514", None),
        ("https://siem.example.org", SIGNING_KEY, "tls://logs.example.org:6514", "to one receiver"),
        ("https://siem.example.org", "", "", "needs MUSTER_SECURITY_LOG_WEBHOOK_SECRET"),
        ("", SIGNING_KEY, "", "and that the address"),
        ("https://siem.example.org", "whsec_short", "", "24 bytes or more"),
        ("siem.example.org", SIGNING_KEY, "", "is no address"),
        ("ftp://siem.example.org", SIGNING_KEY, "", "is no address"),
        ("https://user:hidden@siem.example.org", SIGNING_KEY, "", "is no address"),
        ("https://siem.example.org:x/", SIGNING_KEY, "", "is no address"),
    ],
)
def test_the_settings_are_one_address_and_its_key(monkeypatch, url, keys, syslog, message):
    monkeypatch.setenv("MUSTER_SECURITY_LOG_WEBHOOK", url)
    monkeypatch.setenv("MUSTER_SECURITY_LOG_WEBHOOK_SECRET", keys)
    monkeypatch.setattr(env, "KNOWN", {})
    if message is None:
        assert logs.webhook_receiver(syslog=syslog) == (url, [key for key in keys.split(",") if key])
        return
    with pytest.raises(ImproperlyConfigured, match=message) as refusal:
        logs.webhook_receiver(syslog=syslog)
    assert "hidden" not in str(refusal.value)
    assert "short" not in str(refusal.value)
