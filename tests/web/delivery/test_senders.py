"""What each sender says to the other side, and what it makes of the answers."""

import json
from datetime import timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.web.delivery.receivers import NOW, SIGNING_KEY, Receiver, channel, message
from web.delivery.models import Attempt, ChannelKind
from web.delivery.senders import SENDERS, answers
from web.delivery.senders.pagerduty import dedup_key

Outcome = Attempt.Outcome
NEXT_KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
FIRING = {
    "key": "health:porto:node-7",
    "kind": "health",
    "severity": "critical",
    "title": "Node 7 is critical",
    "detail": "Two accelerators fell off the bus.",
    "site": "porto",
    "domain": "compute",
    "object": "node-7",
    "value": "2",
    "limit": "0",
    "began_at": "2026-11-24T15:58:00+00:00",
    "ended_at": None,
    "effect": {"kw": 10.4, "workloads": 1},
    "action": "Drain the node.",
    "url": "https://muster.example/alerts/12/",
}
MINOR = {**FIRING, "key": "health:porto:node-8", "severity": "warning", "object": "node-8"}
PAYLOAD = {
    "event": "alert.raised",
    "key": "k",
    "at": "2026-11-24T16:00:00+00:00",
    "dedup_key": "group:porto",
    "action": "trigger",
    "alerts": [MINOR, FIRING],
    "counts": {"critical": 1, "warning": 1},
    "ends_at": "2026-11-24T16:20:00+00:00",
}


@pytest.fixture
def send(settings):
    def attempt(receiver, kind, sent=None, path="/hook", now=NOW, **more):
        settings.DELIVERY_HOSTS = [receiver.netloc]
        url = f"http://{receiver.netloc}{path}"
        return SENDERS[ChannelKind(kind)](sent or message(payload=PAYLOAD), channel(kind, url, **more), now)

    return attempt


def test_every_kind_has_a_sender():
    assert set(SENDERS) == set(ChannelKind)


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "wait_s", "is_gone"),
    [
        (200, (), Outcome.TAKEN, None, False),
        (204, (), Outcome.TAKEN, None, False),
        (302, (("Location", "http://10.0.0.7/"),), Outcome.REFUSED, None, False),
        (400, (), Outcome.REFUSED, None, False),
        (404, (), Outcome.REFUSED, None, False),
        (408, (), Outcome.AGAIN, None, False),
        (410, (), Outcome.REFUSED, None, True),
        (429, (("Retry-After", "90"),), Outcome.AGAIN, 90.0, False),
        (500, (), Outcome.AGAIN, None, False),
        (503, (("Retry-After", "7"),), Outcome.AGAIN, 7.0, False),
    ],
)
def test_what_a_status_means(send, status, headers, outcome, wait_s, is_gone):
    with Receiver(status, b"the words", headers) as receiver:
        answer = send(receiver, "webhook")
    assert (answer.outcome, answer.status) == (outcome, status)
    assert (answer.retry_after_s, answer.is_gone) == (wait_s, is_gone)


@pytest.mark.parametrize("kind", ["webhook", "pagerduty", "alertmanager", "chat"])
def test_an_address_inside_is_blocked(send, settings, kind):
    with Receiver() as receiver:
        url = f"http://{receiver.netloc}/hooks/secretword"
        answer = SENDERS[ChannelKind(kind)](message(payload=PAYLOAD), channel(kind, url), NOW)
    assert answer.outcome == Outcome.BLOCKED
    assert "secretword" not in answer.text
    assert receiver.requests == []


@pytest.mark.parametrize("kind", ["webhook", "pagerduty", "alertmanager", "chat"])
def test_a_secret_that_no_key_reads_is_refused(send, settings, kind):
    with Receiver() as receiver:
        silent = channel(kind, f"http://{receiver.netloc}/hooks/x")
        settings.DELIVERY_KEYS = ["another key of this installation, of after"]
        answer = SENDERS[ChannelKind(kind)](message(payload=PAYLOAD), silent, NOW)
    assert (answer.outcome, answer.status) == (Outcome.REFUSED, None)
    assert answer.text == "The secret cannot be read with MUSTER_DELIVERY_KEY. Enter it again."


def test_a_webhook_is_verified_by_the_stock_library(send, monkeypatch):
    with Receiver() as receiver:
        for _attempt in range(2):
            assert send(receiver, "webhook").outcome == Outcome.TAKEN
    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "alert:12:began_3"
    monkeypatch.setattr("standardwebhooks.webhooks.timedelta", lambda minutes: timedelta(days=36500))
    body = Webhook(SIGNING_KEY).verify(first.body, first.headers)
    assert (body["type"], body["timestamp"]) == ("alert.raised", "2026-11-24T16:00:00+00:00")
    assert body["data"] == {
        "subject": "Porto: node 7 is critical",
        "text": "Node 7 is critical since 15:58.",
        **PAYLOAD,
    }
    with pytest.raises(WebhookVerificationError):
        Webhook(NEXT_KEY).verify(first.body, first.headers)


def test_while_a_secret_is_replaced_either_verifies(send, monkeypatch):
    with Receiver() as receiver:
        send(receiver, "webhook", next_secret=NEXT_KEY)
    [request] = receiver.requests
    monkeypatch.setattr("standardwebhooks.webhooks.timedelta", lambda minutes: timedelta(days=36500))
    for key in (SIGNING_KEY, NEXT_KEY):
        assert Webhook(key).verify(request.body, request.headers)["type"] == "alert.raised"


def test_pagerduty_is_told_of_the_worst(send):
    with Receiver(202) as receiver:
        answer = send(receiver, "pagerduty", secret="R0UT1NGKEY")
    assert answer.outcome == Outcome.TAKEN
    event = json.loads(receiver.requests[0].body)
    assert (event["routing_key"], event["event_action"], event["dedup_key"]) == (
        *("R0UT1NGKEY", "trigger"),
        "group:porto",
    )
    assert event["payload"].pop("custom_details")["counts"] == {"critical": 1, "warning": 1}
    assert event["payload"] == {
        "summary": "Porto: node 7 is critical",
        "source": "node-7",
        "severity": "critical",
        "timestamp": FIRING["began_at"],
        "component": "node-7",
        "group": "porto",
        "class": "health",
    }
    assert event["links"] == [{"href": FIRING["url"], "text": "Open in Muster"}]


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
def test_pagerduty_ends_by_the_same_key(send, action):
    with Receiver(202) as receiver:
        send(receiver, "pagerduty", message(payload=PAYLOAD | {"action": action}), secret="R0UT1NGKEY")
    assert json.loads(receiver.requests[0].body) == {
        "routing_key": "R0UT1NGKEY",
        "event_action": action,
        "dedup_key": "group:porto",
    }


def test_a_long_key_is_one_that_pagerduty_takes():
    assert dedup_key({"dedup_key": 255 * "a"}) == 255 * "a"
    keys = {dedup_key({"dedup_key": 256 * "a"}), dedup_key({"dedup_key": 255 * "a" + "b"})}
    assert len(keys) == 2
    assert all(len(key) <= 255 for key in keys)


def test_alertmanager_gets_alerts(send):
    over = {**FIRING, "ended_at": "2026-11-24T15:59:00+00:00"}
    with Receiver() as receiver:
        sent = message(payload=PAYLOAD | {"alerts": [MINOR, over]})
        assert send(receiver, "alertmanager", sent, path="/am/", secret="").outcome == Outcome.TAKEN
    [request] = receiver.requests
    assert request.path == "/am/api/v2/alerts"
    assert "authorization" not in request.headers
    firing, ended = json.loads(request.body)
    assert firing["labels"] == {
        "alertname": "muster_health",
        "muster_key": "health:porto:node-8",
        "severity": "warning",
        "site": "porto",
        "domain": "compute",
        "object": "node-8",
    }
    assert (firing["startsAt"], firing["endsAt"]) == (FIRING["began_at"], PAYLOAD["ends_at"])
    assert ended["endsAt"] == over["ended_at"]
    assert ended["annotations"]["action"] == "Drain the node."
    assert ended["generatorURL"] == FIRING["url"]


@pytest.mark.parametrize(
    ("secret", "header"),
    [("prometheus:pass", "Basic cHJvbWV0aGV1czpwYXNz"), ("t0ken", "Bearer t0ken")],
    ids=["name and password", "token"],
)
def test_muster_signs_in_to_alertmanager(send, secret, header):
    with Receiver() as receiver:
        send(receiver, "alertmanager", secret=secret)
    assert receiver.requests[0].headers["authorization"] == header


@pytest.mark.parametrize(
    ("given", "ends_at"),
    [
        pytest.param({}, NOW + timedelta(hours=3, minutes=20), id="it waited three hours"),
        pytest.param({"replayed_at": NOW}, NOW + timedelta(minutes=20), id="somebody sends it again"),
    ],
)
def test_alertmanager_ends_an_alert_some_time_after_the_attempt(send, given, ends_at):
    with Receiver() as receiver:
        waiting = message(payload=PAYLOAD | {"lasts_s": 1200.0}, **given)
        send(receiver, "alertmanager", waiting, now=NOW + timedelta(hours=3))
    bodies = json.loads(receiver.requests[0].body)
    assert {body["endsAt"] for body in bodies} == {ends_at.isoformat()}


@pytest.mark.parametrize("kind", ["pagerduty", "alertmanager"])
def test_what_is_no_alert_goes_to_no_pager(send, kind):
    with Receiver() as receiver:
        answer = send(receiver, kind, message(payload={}))
    assert answer.outcome == Outcome.REFUSED
    assert receiver.requests == []


def test_no_secret_is_repeated(send):
    """A system that answers with what it was sent."""
    for kind, secret in (
        ("webhook", SIGNING_KEY),
        ("pagerduty", "R0UT1NGKEY"),
        ("alertmanager", "prometheus:passw0rd"),
    ):
        echo = f"bad: {secret} {secret.removeprefix('whsec_')} at /hook/hidden-part?token=other-part".encode()
        with Receiver(400, echo) as receiver:
            answer = send(receiver, kind, path="/hook/hidden-part?token=other-part", secret=secret)
        assert answer.outcome == Outcome.REFUSED
        for part in (secret, secret.removeprefix("whsec_"), "hidden-part", "other-part"):
            assert part not in answer.text, kind


def test_a_secret_that_the_longest_answer_cuts_is_not_repeated(send):
    path = "/hook/hidden-part-of-an-address"
    # Text and secret end together behind the longest answer, so that all but the last letters of the secret would stay.
    echo = "x" * (answers.LONGEST + 4 - len(path)) + path
    for status in (200, 400, 503):
        with Receiver(status, echo.encode()) as receiver:
            answer = send(receiver, "webhook", path=path)
        assert "hidden" not in answer.text
        assert len(answer.text) <= answers.LONGEST


def test_an_answer_without_a_readable_letter_is_its_status(send):
    with Receiver(400, b"\n\x00 \x1b") as receiver:
        assert send(receiver, "webhook").text == "400"


def test_an_answer_is_told_on_one_line():
    told = answers.readable("<b>no</b>\n\x00\x1b[31m" + 1000 * "x")
    assert told.startswith("<b>no</b> [31m")
    assert len(told) == answers.LONGEST


ROOM = "/team/hooks/3ccdd113474722377935511fc8"


def test_a_chat_room_is_told(send):
    with Receiver() as receiver:
        answer = send(receiver, "chat", path=ROOM)
    assert (answer.outcome, answer.text) == (Outcome.TAKEN, "Mattermost took it.")
    [request] = receiver.requests
    assert request.path == ROOM
    text = json.loads(request.body)["text"]
    assert "Porto: node 7 is critical" in text
    assert "Node 7 is critical since 15:58." in text


@pytest.mark.parametrize(
    ("status", "outcome", "is_gone"),
    [
        (403, Outcome.REFUSED, False),
        (410, Outcome.REFUSED, True),
        (429, Outcome.AGAIN, False),
        (502, Outcome.AGAIN, False),
        (302, Outcome.REFUSED, False),
    ],
)
def test_what_a_chat_room_answers(send, status, outcome, is_gone, caplog):
    caplog.set_level("DEBUG")
    with Receiver() as inside, Receiver(status, headers=(("Location", inside.url),)) as receiver:
        answer = send(receiver, "chat", path=ROOM)
    assert (answer.outcome, answer.status, answer.is_gone) == (outcome, status, is_gone)
    assert inside.requests == []
    for text in (answer.text, caplog.text):
        assert "3ccdd113474722377935511fc8" not in text


@pytest.mark.parametrize(
    "url",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "json://example.org/",
        "mmosts://example.org/3ccdd113474722377935511fc8?redirect=yes",
        "https://example.org/hooks/3ccdd113?redirect=yes",
        "https://hooks.slack.com/services/T1/B1/x?verify=no",
        "https://prod-1.uksouth.logic.azure.com/workflows/1/triggers/manual/paths/invoke?sig=x&template=/etc/passwd",
        "https://prod-1.uksouth.logic.azure.com.example.org/workflows/1/triggers/manual/paths/invoke?sig=x",
        "https://hooks.slack.com.example.org/services/T1/B1/x",
        "https://example.org/",
    ],
)
def test_the_language_of_apprise_is_not_taken(url):
    answer = SENDERS[ChannelKind.CHAT](message(), channel("chat", url), NOW)
    assert answer.outcome == Outcome.BLOCKED
    assert "no address of a webhook" in answer.text


def test_the_mailbox_keeps_it():
    assert SENDERS[ChannelKind.MAILBOX](message(), channel("mailbox"), NOW).outcome == Outcome.TAKEN
