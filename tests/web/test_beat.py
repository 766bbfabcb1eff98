"""The beat sends no tick of a job while one of it waits, so none has to expire."""

import json

import pytest

from config import beat
from config.schedule import JOBS


@pytest.fixture
def scheduler(tmp_path):
    scheduler = beat.CoalescingScheduler(app=beat.app, schedule_filename=str(tmp_path / "schedule"))
    scheduler.client = scheduler.connection.default_channel.client
    queues = {job.queue for job in JOBS.values()}
    scheduler.client.delete(*queues)
    yield scheduler
    scheduler.client.delete(*queues)
    scheduler.close()
    scheduler.connection.release()


def waiting(scheduler, queue):
    messages = map(json.loads, scheduler.client.lrange(queue, 0, -1))
    return [message["headers"]["task"] for message in messages]


def tick(scheduler, name):
    scheduler.apply_entry(scheduler.schedule[name], producer=scheduler.producer)


def test_one_tick_of_a_job_waits_at_most(scheduler):
    for _ in range(50):
        for name in ("drain-inbox", "source-states", "demo-history"):
            tick(scheduler, name)
    assert sorted(waiting(scheduler, "ingest")) == ["telemetry.drain_inbox", "telemetry.update_source_states"]
    assert waiting(scheduler, "default") == ["readiness.demo.write_history"]


def test_the_next_tick_is_sent_once_the_one_before_was_taken(scheduler):
    tick(scheduler, "drain-inbox")
    scheduler.client.rpop("ingest")
    tick(scheduler, "drain-inbox")
    assert waiting(scheduler, "ingest") == ["telemetry.drain_inbox"]


def test_a_tick_never_expires(scheduler):
    tick(scheduler, "roll-up")
    [message] = map(json.loads, scheduler.client.lrange("ingest", 0, -1))
    assert message["headers"]["expires"] is None


def test_the_schedule_is_kept_while_every_tick_waits(scheduler):
    """A health check looks at its file."""
    tick(scheduler, "roll-up")
    scheduler._last_sync = None
    tick(scheduler, "roll-up")
    assert scheduler._last_sync is not None


def test_other_tasks_in_a_queue_hold_no_tick_back(scheduler):
    for _ in range(3):
        beat.app.send_task("web.work_on_import", kwargs={"pk": 1}, queue="default")
    tick(scheduler, "demo-records")
    assert waiting(scheduler, "default").count("readiness.demo.keep_records") == 1
