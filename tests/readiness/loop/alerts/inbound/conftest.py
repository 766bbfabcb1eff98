"""Senders of alerts, and a way to hand their bodies to the door that serves."""

import pytest

from readiness.loop.alerts.inbound import senders
from readiness.loop.alerts.inbound.asgi import WebhookDoor
from readiness.loop.alerts.inbound.receive import ROOT
from telemetry.room import Room
from tests.inventory import made
from tests.readiness.loop.alerts.inbound.bodies import NOW
from tests.telemetry.sending import hand_to


@pytest.fixture
def porto(db):
    return made.site(name="Porto", slug="porto")


@pytest.fixture
def sender_of(db, frozen_now):
    """`sender_of("grafana")` is a new sender; further arguments are those of `create_sender`."""
    frozen_now.at = NOW

    def make(kind="alertmanager", **given):
        given.setdefault("name", f"{kind} {made.next_number()}")
        sender, plain = senders.create_sender(kind=kind, by=None, now=frozen_now.at, **given)
        sender.plain_token = plain
        return sender

    return make


@pytest.fixture
def am(sender_of, porto):
    return sender_of()


@pytest.fixture
def post():
    """Post a body as a sender: `post(sender, body)`."""

    def run(sender, body, headers=None, *, kind="", room=None):
        given = {"authorization": f"Bearer {sender.plain_token}"} | (headers or {})
        given = {name: value for name, value in given.items() if value is not None}
        return hand_to(
            lambda here: WebhookDoor(
                room or Room(64 * 1024 * 1024, "too many requests at once"), threads=here
            ),
            f"{ROOT}{kind or sender.kind}/",
            body,
            given,
        )

    return run
