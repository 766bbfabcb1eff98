"""The beat sends no tick of a job while one of it waits, so none has to expire. Of several beats one sends."""

import json
import re
from datetime import timedelta
from unittest.mock import Mock

import pytest

from config import beat
from config.schedule import JOBS

QUEUES = {job.queue for job in JOBS.values()}


@pytest.fixture
def scheduler():
    scheduler = beat.CoalescingScheduler(app=beat.app)
    scheduler.client = scheduler.connection.default_channel.client
    scheduler.client.delete(*QUEUES)
    yield scheduler
    scheduler.client.delete(*QUEUES)
    scheduler.close()


@pytest.fixture
def candidates(scheduler, tmp_path):
    """Two beats, each of its own host."""
    scheduler.client.delete(beat.LEASE_KEY, beat.SENT_KEY)
    both = [
        beat.ElectedScheduler(app=beat.app, schedule_filename=str(tmp_path / host)) for host in ("one", "two")
    ]
    yield both
    for each in both:
        each.close()
    scheduler.client.delete(beat.LEASE_KEY, beat.SENT_KEY)


def pass_time(candidate, **duration):
    """Have a beat count this much time more since it sent each job."""
    for entry in candidate.schedule.values():
        entry.last_run_at -= timedelta(**duration)
    candidate._heap = None


def send_due(candidate, scheduler):
    """Have a beat send what is due, and return how many ticks it sends."""
    scheduler.client.delete(*QUEUES)
    while candidate.tick() == 0:
        pass
    return sum(map(scheduler.client.llen, QUEUES))


def end_lease(scheduler):
    """As time does."""
    scheduler.client.delete(beat.LEASE_KEY)


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


def test_other_tasks_in_a_queue_hold_no_tick_back(scheduler):
    for _ in range(3):
        beat.app.send_task("web.work_on_import", kwargs={"pk": 1}, queue="default")
    tick(scheduler, "demo-records")
    assert waiting(scheduler, "default").count("readiness.demo.keep_records") == 1


def test_one_of_two_beats_sends(candidates, scheduler):
    first, second = candidates
    for each in (first, second, first):
        each.tick()
        pass_time(each, days=1)
    assert [send_due(each, scheduler) for each in (first, second)] == [len(JOBS), 0]
    assert 0 < scheduler.client.pttl(beat.LEASE_KEY) <= beat.LEASE_S * 1000


def test_the_next_beat_sends_what_the_one_before_it_did_not(candidates, scheduler):
    """Nothing twice and nothing later than it would have been, whatever the two hosts take the time to be."""
    first, second = candidates
    first.tick()
    pass_time(first, days=1)
    assert send_due(first, scheduler) == len(JOBS)
    hour_ago = float(scheduler.client.hget(beat.SENT_KEY, "keep-history")) - 3600
    scheduler.client.hset(beat.SENT_KEY, "keep-history", hour_ago)
    end_lease(scheduler)
    assert send_due(second, scheduler)
    hourly = {job.task for job in JOBS.values() if job.every_s == 3600}
    assert hourly & set(waiting(scheduler, "default")) == {"web.keep_history"}
    # The first one stood still meanwhile, and takes the lease again.
    pass_time(first, days=1)
    second.close()
    send_due(first, scheduler)
    assert hourly.isdisjoint(waiting(scheduler, "default"))


def test_a_time_that_lies_ahead_holds_nothing_back(candidates, scheduler):
    """The clock of Valkey's host was set back."""
    first, _second = candidates
    ahead = scheduler.client.time()[0] + 86_400
    scheduler.client.hset(beat.SENT_KEY, mapping=dict.fromkeys(JOBS, ahead))
    assert send_due(first, scheduler) == len(JOBS)


def test_a_beat_that_stood_still_after_its_look_sends_nothing(candidates, scheduler):
    """Another one may hold the lease by then, and does here. What was not sent is not noted as sent."""
    first, second = candidates
    first.tick()
    first._renewed_s -= beat.LEASE_S
    end_lease(scheduler)
    second.tick()
    entry = first.schedule["keep-history"]
    # One of the two ticks may have been of this job.
    scheduler.client.delete(*QUEUES)
    noted = scheduler.client.hgetall(beat.SENT_KEY)
    with pytest.raises(beat.LeaseTooOld, match="before the lease is renewed"):
        first.apply_async(entry, advance=False)
    assert waiting(scheduler, entry.options["queue"]) == []
    assert scheduler.client.hgetall(beat.SENT_KEY) == noted
    assert not first._is_leading


def test_a_send_that_fails_is_made_again(candidates, scheduler, monkeypatch):
    first, _second = candidates
    scheduler.client.hset(beat.SENT_KEY, mapping=dict.fromkeys(JOBS, 0))
    with monkeypatch.context() as broken:
        broken.setattr(first.app, "send_task", Mock(side_effect=ConnectionError("gone")))
        assert send_due(first, scheduler) == 0
    assert send_due(first, scheduler) == len(JOBS)


def test_a_beat_that_ends_gives_its_lease_back(candidates):
    first, second = candidates
    first.tick()
    assert not second._leads()
    first.close()
    assert second._leads()


def test_a_beat_says_who_holds_the_lease(candidates, tmp_path):
    first, second = candidates
    first.tick()
    second.tick()
    sends, waits = ((tmp_path / host).read_text() for host in ("one", "two"))
    lease = rf"{first._name} holds the lease until \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC.\n"
    assert re.fullmatch(rf"This beat, {first._name}, sends the ticks: {lease}", sends)
    assert re.fullmatch(rf"This beat, {second._name}, waits: {lease}", waits)


def test_a_beat_without_valkey_waits_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(beat, "_REDIS_URL", f"unix://{tmp_path}/valkey.sock")
    lonely = beat.ElectedScheduler(app=beat.app, schedule_filename=str(tmp_path / "state"))
    assert lonely.tick() == beat.LOOK_EVERY_S
    assert "waits, because Valkey does not answer" in (tmp_path / "state").read_text()
    lonely.close()
