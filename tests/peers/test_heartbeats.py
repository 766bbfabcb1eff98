"""The heartbeat stops while anything is away that an alert passes through, and beats again once all are back."""

import time

import pytest

from tests.peers.running import eventually
from tests.peers.standing import standing as standing_muster
from tests.web.delivery.receivers import Receiver
from web.workers import DOOR_AWAY_AFTER

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1500)]

BEAT_S, SLACK_S = 60, 45
AWAY_S = BEAT_S + 15
# After an absence Muster waits two minutes for what was sent meanwhile, and so long is it behind.
BACK_S = 120 + 2 * BEAT_S + SLACK_S


@pytest.fixture(scope="module")
def watcher():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def standing(watcher):
    with standing_muster(MUSTER_DELIVERY_HOSTS=watcher.netloc) as running:
        yield running


def test_the_heartbeat_stops_while_anything_is_away(standing, watcher):
    target = {"name": "Watcher", "kind": "post", "address": watcher.url}
    standing.muster.post("/api/loop/heartbeats/", target)
    standing.muster.sign_in()

    def beats():
        return len(watcher.requests)

    def beats_again(when):
        count = beats()
        eventually(
            lambda: beats() > count,
            within_s=BACK_S,
            what=f"it beats {when}",
            last=lambda: standing.muster.page("/inbound/heartbeats/"),
        )

    def stays_silent(name, *, after_s):
        time.sleep(after_s)
        count = beats()
        time.sleep(AWAY_S)
        assert beats() == count, name

    beats_again("from the start")
    with standing.muster.suspended("worker"):
        stays_silent("worker", after_s=5)
    with standing.muster.suspended("web"):
        stays_silent("web", after_s=DOOR_AWAY_AFTER.total_seconds() + 10)
    beats_again("when worker and web are back")
    for name, server in (("PostgreSQL", standing.postgres), ("Valkey", standing.valkey)):
        with server.killed():
            stays_silent(name, after_s=5)
    beats_again("when PostgreSQL and Valkey are back")
