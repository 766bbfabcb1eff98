"""What a flood of events costs: repeats are counted, and what is told apart is bounded."""

import pytest

from accounts.throttling import BadTokens
from readiness.loop.alerts.inbound import receive as webhooks
from readiness.loop.alerts.models import SenderKind
from telemetry import receive as telemetry
from telemetry.formats import BodyHeaders
from tests.conftest import NOW, ApiClient
from tests.web.security_log.test_events import events
from web.rest import authentication
from web.security_log import recording
from web.security_log.models import SecurityEvent
from web.serving import application as serving

pytestmark = pytest.mark.django_db
ACTION = SecurityEvent.Action


@pytest.fixture(autouse=True)
def _clock(frozen_now):
    return frozen_now


def test_tokens_that_are_not_looked_at_are_counted_once_a_second(frozen_now, monkeypatch):
    monkeypatch.setattr(authentication, "bad_tokens", BadTokens(most=2))
    for seconds in (0, 0, 0, 0, 0, 1):
        frozen_now.move(seconds=seconds)
        ApiClient("unknown").get("/api/inventory/sites/")
    [refusal], [delay] = events(ACTION.TOKEN_REFUSED), events(ACTION.TOKEN_DELAYED)
    assert (refusal.times, delay.times, delay.place) == (1, 4, "/api/inventory/sites/")


def test_bad_tokens_at_doors_and_with_large_bodies_leave_events(frozen_now, monkeypatch):
    for module in (serving, telemetry, webhooks):
        monkeypatch.setattr(module, "bad_tokens", BadTokens(most=1))
    delivery = telemetry.Delivery("/api/telemetry/write/", BodyHeaders("", None), "Bearer unknown")
    webhook = webhooks.WebhookRequest(SenderKind.GRAFANA, {"authorization": "Bearer unknown"})
    for _ in range(2):
        assert not serving.is_known("bearer", "unknown", address="", path="/login/reset/a-secret/")
        with pytest.raises(telemetry.WriteRefused):
            telemetry.sender_of(delivery, now=NOW)
        with pytest.raises(webhooks.WebhookRefused):
            webhooks.identify(webhook, now=NOW)
    places = ["/login/reset/<secret>/", "/api/telemetry/write/", "/api/loop/inbound/grafana/"]
    for action in (ACTION.TOKEN_REFUSED, ACTION.TOKEN_DELAYED):
        assert [(event.place, event.times) for event in events(action)] == [(place, 1) for place in places]


class TestFlood:
    def test_repeats_are_one_event(self, client_of):
        client = client_of("viewer")
        for _ in range(20):
            client.get("/settings/users/")
        [event] = events(ACTION.REFUSED)
        assert event.times == 20

    def test_a_repeat_is_counted_with_its_time(self, frozen_now):
        for _ in range(3):
            recording.record(ACTION.REFUSED, address="192.0.2.1", now=frozen_now.move(seconds=2))
        [event] = events(ACTION.REFUSED)
        assert (event.times, (event.last_at - event.at).total_seconds()) == (3, 4)

    def test_any_number_of_addresses_makes_a_bounded_number_of_rows(self, user_of):
        ops = user_of("ops")
        for number in range(recording.MOST_APART + 30):
            recording.record(ACTION.SIGN_IN_FAILED, account_id=ops.pk, address=f"2001:db8::{number}", now=NOW)
        rows = events(ACTION.SIGN_IN_FAILED)
        assert len(rows) == recording.MOST_APART + 1
        assert (rows[-1].times, rows[-1].address, rows[-1].account) == (30, "", ops)

    def test_places_of_one_address_make_the_events_of_others_no_vaguer(self):
        limit = recording.MOST_APART_OF_ADDRESS
        for number in range(limit + 10):
            recording.record(ACTION.REFUSED, address="192.0.2.1", place=f"/{number}/", now=NOW)
        recording.record(ACTION.REFUSED, address="192.0.2.2", place="/sites/", now=NOW)
        *_, vague, other = events(ACTION.REFUSED)
        assert len(events(ACTION.REFUSED)) == limit + 2
        assert (vague.times, vague.address, vague.place) == (10, "192.0.2.1", "")
        assert (other.address, other.place) == ("192.0.2.2", "/sites/")

    def test_repeats_make_no_event_vaguer(self):
        for place in ["/a/"] * (recording.MOST_APART_OF_ADDRESS + 10) + ["/b/"]:
            recording.record(ACTION.REFUSED, address="192.0.2.1", place=place, now=NOW)
        assert [event.place for event in events(ACTION.REFUSED)] == ["/a/", "/b/"]

    def test_each_file_that_was_taken_is_told(self, user_of):
        ops = user_of("ops")
        for number in range(recording.MOST_APART_OF_ADDRESS + 10):
            recording.record(ACTION.EXPORTED, actor_id=ops.pk, place=f"/{number}/", now=NOW)
        assert len({event.place for event in events(ACTION.EXPORTED)}) == recording.MOST_APART_OF_ADDRESS + 10

    def test_attempts_that_were_not_checked_are_of_any_account_in_a_flood(self):
        for number in range(recording.MOST_APART_OF_ADDRESS + 10):
            recording.record(ACTION.SIGN_IN_DELAYED, account_id=number + 1, address="192.0.2.1", now=NOW)
        rows = events(ACTION.SIGN_IN_DELAYED)
        assert len(rows) == recording.MOST_APART_OF_ADDRESS + 1
        assert (rows[-1].times, rows[-1].account_id, rows[-1].address) == (10, None, "192.0.2.1")

    def test_each_half_minute_tells_events_apart_again(self, frozen_now):
        for number in range(recording.MOST_APART_OF_ADDRESS + 10):
            recording.record(ACTION.REFUSED, address="192.0.2.1", place=f"/{number}/", now=NOW)
        recording.record(ACTION.REFUSED, address="192.0.2.1", place="/last/", now=frozen_now.move(seconds=30))
        assert SecurityEvent.objects.filter(place="/last/").exists()
