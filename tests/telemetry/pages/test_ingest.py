"""/telemetry/: what sends, whether it arrives, what waits and what was refused."""

import pytest

from telemetry import sources
from telemetry.models import InboxBatch
from tests.inventory import made
from tests.telemetry.sending import body_of
from web import workers

pytestmark = pytest.mark.django_db
URL = "/telemetry/"


def test_a_source_is_listed_with_its_state_rate_and_last_sample(browse, sender, frozen_now):
    sender.deliver(*(("up", 1.0, -60 * minute) for minute in range(6)))
    frozen_now.move(seconds=60)
    sources.update_states(now=frozen_now.at)
    page = browse("viewer", URL)
    assert "porto prometheus" in page
    assert "On time" in page
    assert "0.10" in page  # 6 samples in 60 s
    assert "1 min ago" in page


def test_a_silent_source_is_said_to_be_silent(browse, sender, frozen_now):
    sender.deliver(("up", 1.0, 0))
    sources.update_states(now=frozen_now.at)
    sources.update_states(now=frozen_now.move(minutes=10))
    page = browse("viewer", URL)
    assert "Silent" in page
    assert "10 min ago" in page
    assert "1 silent" in page


def test_the_queue_and_the_workers_are_shown(browse, sender, frozen_now):
    sender.send(("up", 1.0, 0))
    workers.note("celery@porto", now=frozen_now.at)
    page = browse("viewer", URL)
    assert "1 batch " in page
    assert "oldest just now" in page
    assert "heartbeat just now" in page


def test_no_heartbeat_and_batches_set_aside_are_alarms(browse, sender, frozen_now):
    InboxBatch.objects.create(
        source=sender.source, received_at=frozen_now.at, samples=1, columns=b"", failed_at=frozen_now.at,
        failure="x",
    )  # fmt: skip
    page = browse("viewer", URL)
    assert "nothing is stored" in page
    assert "1 batch set aside" in page


def test_refusals_of_the_last_day_are_counted(browse, sender):
    sender.post(body_of(({"job": "nameless"}, 1.0, sender.at(0))))
    assert "from 1 source" in browse("viewer", URL)


def test_unmatched_series_are_listed_with_the_reason(browse, sender):
    sender.deliver(({"__name__": "node_load1", "instance": "gpu-77:9100"}, 1.0, 0))
    for path in (URL, "/telemetry/unmatched/"):
        page = browse("viewer", path)
        assert "node_load1" in page
        assert "no single device is called gpu-77" in page


def test_matched_series_are_not_listed_as_unmatched(browse, sender, porto):
    made.device(site=porto, name="gpu-77")
    sender.deliver(({"__name__": "node_load1", "instance": "gpu-77:9100"}, 1.0, 0))
    assert "No series lacks its object" in browse("viewer", "/telemetry/unmatched/")
