"""/telemetry/status/ and its endpoint: how far Muster is behind, its jobs, its queues, the inbox, and refusals."""

import pytest

from telemetry import tasks
from tests.pages import text_of, words_in
from tests.telemetry.sending import body_of
from tests.web.test_jobs import run
from web import jobs, watch, workers

pytestmark = pytest.mark.django_db
URL = "/telemetry/status/"
API = "/api/telemetry/status/"


@pytest.fixture(autouse=True)
def _nothing_noted():
    jobs._client.delete(jobs.KEY, watch.KEY, "ingest")
    yield
    jobs._client.delete(jobs.KEY, watch.KEY, "ingest")


@pytest.fixture
def words(client_of):
    """The words of one part of the page, by its id."""
    client = client_of("viewer")

    def read(part):
        page = text_of(client.get(URL))
        start = page.index(f'id="{part}"')
        ends = [at for at in (page.find("</tr>", start), page.find("</section>", start)) if at > 0]
        return words_in(page[start : min(ends)])

    return read


def test_each_job_shows_when_it_ended_and_how_late_it_is(words, frozen_now):
    run(tasks.drain_inbox)
    frozen_now.move(minutes=10)
    assert "Store the samples that arrived 2 s 10 min ago 9 min" in words("job-drain-inbox")
    assert "not yet" in words("job-roll-up")


def test_what_is_wrong_stands_above(words, client_of, frozen_now, sender):
    workers.note("celery@porto", now=frozen_now.at)
    assert 'id="faults"' not in text_of(client_of("viewer").get(URL))
    sender.send(("up", 1.0, 0))
    frozen_now.move(minutes=4)
    assert "Muster is behind" in words("faults")
    assert "No worker is at work" in words("faults")


def test_refusals_stand_by_source_and_reason(words, sender):
    sender.post(body_of(({"job": "nameless"}, 1.0, sender.at(0))))
    row = words(f"refused-{sender.source.pk}-no_metric_name")
    assert "porto prometheus" in row
    assert "a series without a metric name 1" in row


def test_the_endpoint_tells_the_same(api_of, frozen_now, sender):
    api = api_of("viewer")
    run(tasks.drain_inbox)
    sender.send(("up", 1.0, 0))
    arrived_at = frozen_now.at
    frozen_now.move(minutes=4)
    jobs._client.lpush("ingest", "a task", "another")
    told = api.get(API).json()
    assert told["lag"] == {"seconds": 240, "as_of": f"{arrived_at:%Y-%m-%dT%H:%M:%SZ}", "is_behind": True}
    drain = next(job for job in told["jobs"] if job["name"] == "drain-inbox")
    assert (drain["late_s"], drain["is_late"], drain["failure"]) == (238, True, "")
    assert {queue["name"]: queue["waiting"] for queue in told["task_queues"]} == {
        "default": 0,
        "delivery": 0,
        "ingest": 2,
        "scoring": 0,
    }
