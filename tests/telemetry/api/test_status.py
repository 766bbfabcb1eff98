"""/api/telemetry/status/: each source's state, rate, lag and refusals, the queue, and the workers."""

import pytest

from telemetry import sources
from tests.telemetry.sending import body_of
from web import workers

pytestmark = pytest.mark.django_db
URL = "/api/telemetry/status/"


@pytest.fixture
def api(api_of):
    return api_of("viewer")


def test_a_source_shows_its_rate_lag_and_last_sample(api, sender, frozen_now):
    sender.deliver(*(("up", 1.0, -60 * minute) for minute in range(10)))
    frozen_now.move(seconds=60)
    sources.update_states(now=frozen_now.at)
    [source] = api.get(URL).json()["sources"]
    assert source["state"] == "on-time"
    assert source["samples_24h"] == 10
    assert source["samples_per_s"] == pytest.approx(10 / 60)
    assert source["lag_s"] >= 0
    assert source["last_sample_at"] == "2026-11-24T16:00:00Z"
    assert source["limit_s"] == 120


def test_the_queue_tells_how_much_waits_and_since_when(api, sender, frozen_now):
    sender.send(("up", 1.0, 0))
    sender.send(("up", 1.0, -60), ("up", 1.0, -120))
    frozen_now.move(seconds=7)
    assert api.get(URL).json()["queue"] == {
        "batches": 2,
        "samples": 3,
        "oldest_received_at": "2026-11-24T16:00:00Z",
        "oldest_age_s": 7.0,
        "failed_batches": 0,
    }


def test_an_idle_queue_has_no_oldest_batch(api):
    assert api.get(URL).json()["queue"]["oldest_age_s"] is None


def test_what_was_refused_in_24_hours_is_counted(api, sender, frozen_now):
    sender.post(body_of(({"job": "nameless"}, 1.0, sender.at(0))))
    assert api.get(URL).json()["sources"][0]["rejected_24h"] == 1
    frozen_now.move(hours=25)
    assert api.get(URL).json()["sources"][0]["rejected_24h"] == 0


def test_workers_are_seen_until_their_heartbeat_stops(api, frozen_now):
    workers.note("celery@porto", now=frozen_now.at)
    frozen_now.move(seconds=30)
    seen = {worker["name"]: worker["age_s"] for worker in api.get(URL).json()["workers"]}
    assert seen["celery@porto"] == 30
    frozen_now.move(seconds=60)
    assert "celery@porto" not in {worker["name"] for worker in api.get(URL).json()["workers"]}
