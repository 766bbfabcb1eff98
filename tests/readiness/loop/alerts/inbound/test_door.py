"""The door of webhooks: who is let in, what is refused and with which answer, and how a full one answers."""

import asyncio
import socket

import pytest
from django.db import connections

from readiness.loop.alerts.inbound import receive, senders
from readiness.loop.alerts.inbound.asgi import WebhookDoor
from readiness.loop.alerts.models import Alert, AlertSender
from telemetry import operations as telemetry
from telemetry.room import Room
from tests.readiness.loop.alerts.inbound import bodies
from tests.readiness.loop.alerts.inbound.bodies import NOW, after
from tests.telemetry.sending import hand_to

pytestmark = pytest.mark.django_db


def test_a_body_raises_an_alert(am, post, porto):
    answer = post(am, bodies.alertmanager(bodies.alert()))
    assert (answer.status_code, answer.json()) == (200, {"detail": "1 firing, 0 ended, 0 not mapped, 0 late"})
    alert = Alert.objects.get()
    assert (alert.site, alert.kind, alert.severity, alert.title) == (
        porto,
        "inbound",
        "critical",
        "NodeDown at porto",
    )
    am.refresh_from_db()
    assert am.last_taken_at == NOW


class TestRefusals:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [({"authorization": None}, 401), ({"authorization": "Bearer muster_a_b"}, 401),
         ({"authorization": "Basic abc"}, 401)],
    )  # fmt: skip
    def test_without_a_token(self, am, post, headers, status):
        answer = post(am, bodies.alertmanager(bodies.alert()), headers)
        assert (answer.status_code, answer.headers["connection"]) == (status, "close")
        assert not Alert.objects.exists()

    def test_the_token_of_a_source_sends_no_alerts(self, am, post, porto):
        _, am.plain_token = telemetry.create_source(name="p", site=porto, by=None, now=NOW)
        assert post(am, bodies.alertmanager(bodies.alert())).status_code == 403

    def test_the_address_of_another_program(self, am, post):
        answer = post(am, bodies.grafana(bodies.alert()), kind="grafana")
        assert answer.status_code == 403
        assert "is for Grafana" in answer.json()["detail"]

    def test_while_it_is_paused(self, am, post, frozen_now):
        senders.pause_sender(am, by=None, now=frozen_now.at)
        assert post(am, bodies.alertmanager(bodies.alert())).status_code == 403

    def test_the_old_token(self, am, post, frozen_now):
        senders.rotate_token(am, by=None, now=frozen_now.at)
        assert post(am, bodies.alertmanager(bodies.alert())).status_code == 401

    def test_a_body_that_is_none_is_noted_at_the_sender(self, am, post):
        assert post(am, b'{"text": "own payload"}').status_code == 400
        am.refresh_from_db()
        assert am.last_refusal.startswith("it has no list `alerts`")

    def test_a_body_that_is_too_large(self, am, post, monkeypatch):
        monkeypatch.setattr("readiness.loop.alerts.inbound.asgi.BODY_BYTES", 100)
        assert post(am, bodies.alertmanager(bodies.alert())).status_code == 413
        assert AlertSender.objects.get(pk=am.pk).last_refusal


class TestOverload:
    def test_a_full_room_answers_503(self, am, post, monkeypatch):
        monkeypatch.setattr("telemetry.room.WAIT_S", 0.01)
        room = Room(10, "too many requests at once")
        asyncio.run(room._take(10))
        answer = post(am, bodies.alertmanager(bodies.alert()), room=room)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")

    def test_what_takes_too_long_is_answered_in_time(self, am, post, monkeypatch):
        monkeypatch.setattr("readiness.loop.alerts.inbound.asgi.ANSWER_S", 0.5)
        room = Room(10, "too many requests at once")
        asyncio.run(room._take(10))
        assert post(am, bodies.alertmanager(bodies.alert()), room=room).status_code == 503


class NoDatabase:
    """Threads whose connections lead to a port on which nobody listens."""

    async def run(self, work, *arguments):
        return await asyncio.to_thread(self._work, work, *arguments)

    def _work(self, work, *arguments):
        with socket.socket() as unheard:
            unheard.bind(("127.0.0.1", 0))
            away = {"HOST": "127.0.0.1", "PORT": unheard.getsockname()[1]}
            connection = connections["default"]
            connection.settings_dict = connection.settings_dict | away
            try:
                return work(*arguments)
            finally:
                connections.close_all()


def test_without_the_database_a_webhook_is_to_come_again(am):
    answer = hand_to(
        lambda _here: WebhookDoor(Room(64 * 1024 * 1024, "full"), threads=NoDatabase()),
        f"{receive.ROOT}{am.kind}/",
        bodies.alertmanager(bodies.alert()),
        {"authorization": f"Bearer {am.plain_token}"},
    )
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["detail"] == "the database does not answer"


class TestGrafana:
    def test_a_signed_body_is_taken(self, sender_of, post, porto):
        sender = sender_of("grafana", secret="s3cret")
        body = bodies.grafana(bodies.alert())
        assert post(sender, body).status_code == 403
        assert post(sender, body, bodies.signed_grafana(body, "other")).status_code == 403
        assert post(sender, body, bodies.signed_grafana(body, "s3cret", at=after(-6))).status_code == 403
        assert not Alert.objects.exists()
        assert post(sender, body, bodies.signed_grafana(body, "s3cret")).status_code == 200
        assert Alert.objects.count() == 1

    def test_without_a_secret_the_token_is_enough(self, sender_of, post, porto):
        assert post(sender_of("grafana"), bodies.grafana(bodies.alert())).status_code == 200

    def test_the_secret_is_nowhere(self, sender_of):
        sender = sender_of("grafana", secret="s3cret-value")
        assert b"s3cret-value" not in bytes(sender.secret)
        assert senders.secrets_of(sender) == ["s3cret-value"]


class TestPagerDuty:
    def test_it_signs_always(self, sender_of, post, porto):
        sender, body = sender_of("pagerduty"), bodies.incident()
        assert "first" in post(sender, body).json()["detail"]
        senders.update_sender(sender, secret="s1\ns2", by=None, now=NOW)
        assert post(sender, body, bodies.signed_pagerduty(body, "s3")).status_code == 403
        assert post(sender, body, bodies.signed_pagerduty(body, "s2")).status_code == 200

    def test_the_ping_of_a_new_webhook_is_taken(self, sender_of, post):
        sender = sender_of("pagerduty", secret="s1")
        body = b'{"event": {"event_type": "pagey.ping", "data": {"type": "ping"}}}'
        assert post(sender, body, bodies.signed_pagerduty(body, "s1")).status_code == 200


def test_other_methods_are_told_so(client_of):
    for address in receive.ADDRESSES:
        answer = client_of("viewer").get(address)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
