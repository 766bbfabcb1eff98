"""The beat sends no tick of a job while one of it waits, so none has to expire. Of several beats one sends."""

import json
from datetime import timedelta

import pytest

from config import beat
from config.schedule import JOBS

QUEUES = {job.queue for job in JOBS.values()}


@pytest.fixture
def scheduler(tmp_path):
    scheduler = beat.CoalescingScheduler(app=beat.app, schedule_filename=str(tmp_path / "schedule"))
    scheduler.client = scheduler.connection.default_channel.client
    scheduler.client.delete(*QUEUES)
    yield scheduler
    scheduler.client.delete(*QUEUES)
    scheduler.close()
    scheduler.connection.release()


@pytest.fixture
def candidates(scheduler, tmp_path):
    """Two beats, each of its own host."""
    scheduler.client.delete(beat.LEASE_KEY)
    both = [
        beat.ElectedScheduler(app=beat.app, schedule_filename=str(tmp_path / host)) for host in ("one", "two")
    ]
    yield both
    for each in both:
        each.close()


def send_due(candidate):
    """Have everything fall due, and return how many ticks it sends."""
    scheduler_client = candidate.connection.default_channel.client
    scheduler_client.delete(*QUEUES)
    for entry in candidate.schedule.values():
        entry.last_run_at -= timedelta(days=1)
    candidate._heap = None
    while candidate.tick() == 0:
        pass
    return sum(map(scheduler_client.llen, QUEUES))


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


def test_one_of_two_beats_sends(candidates):
    first, second = candidates
    assert [send_due(first), send_due(second), send_due(first)] == [len(JOBS), 0, len(JOBS)]


def test_another_beat_takes_over_once_the_lease_of_a_killed_one_ends(candidates, scheduler):
    first, second = candidates
    assert send_due(first)
    assert 0 < scheduler.client.pttl(beat.LEASE_KEY) <= beat.LEASE_S * 1000
    scheduler.client.delete(beat.LEASE_KEY)  # as time does
    # The first one may go on after a while: it stood still, and sees that it leads no more.
    assert [send_due(second), send_due(first)] == [len(JOBS), 0]


def test_a_beat_that_ends_gives_its_lease_back(candidates):
    first, second = candidates
    assert send_due(first)
    first.close()
    assert send_due(second) == len(JOBS)


def test_a_beat_without_valkey_waits(tmp_path, monkeypatch):
    monkeypatch.setattr(beat, "_REDIS_URL", f"unix://{tmp_path}/valkey.sock")
    lonely = beat.ElectedScheduler(app=beat.app, schedule_filename=str(tmp_path / "schedule"))
    assert lonely.tick() == beat.RENEWED_EVERY_S
    lonely.close()
