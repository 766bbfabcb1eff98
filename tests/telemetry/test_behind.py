"""A drain that is behind: sources are judged by what arrived at the door, and pages say as of when they are."""

from datetime import timedelta

import pytest

from telemetry import drain, sources
from telemetry.models import SourceFlip, SourceStatus
from web import watch
from web.faults import faults

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_noted():
    watch._client.delete(watch.KEY)
    yield
    watch._client.delete(watch.KEY)


def judged(sender, **later):
    """The state of the source so much later, and whether that is another one than before."""
    at = sender.clock.move(**later)
    changed = sources.update_states(now=at, sources=[sender.source.pk])
    return SourceStatus.objects.get(source=sender.source).state, bool(changed)


def test_a_source_whose_batches_wait_stays_on_time(sender):
    sender.deliver(("up", 1.0, 0))
    assert judged(sender, seconds=1) == ("on-time", True)
    for _ in range(10):
        sender.clock.move(seconds=50)
        sender.send(("up", 1.0, 0))
        assert judged(sender, seconds=50) == ("on-time", False)
    drain.drain(now=sender.clock.at)
    assert judged(sender, seconds=1) == ("on-time", False)
    assert SourceFlip.objects.count() == 1


def test_a_source_that_stops_sending_is_late_though_the_drain_is_behind(sender, sender_of, porto):
    other = sender_of(porto)
    for each in (sender, other):
        each.deliver(("up", 1.0, 0))
    judged(sender, seconds=1)
    judged(other, seconds=0)
    sender.clock.move(seconds=60)
    stopped_at = sender.clock.at
    sender.send(("up", 1.0, 0))
    sender.clock.move(seconds=100)
    other.send(("up", 1.0, 0))
    assert judged(sender, seconds=21) == ("late", True)
    assert SourceFlip.objects.get(to_state="late").at == stopped_at + timedelta(seconds=120)
    assert judged(other, seconds=0) == ("on-time", False)
    assert judged(sender, seconds=240) == ("silent", True)


def test_what_waits_lifts_no_source_out_of_silence(sender):
    sender.deliver(("up", 1.0, 0))
    assert judged(sender, minutes=10) == ("silent", True)
    sender.send(("up", 1.0, 0))
    assert judged(sender, seconds=30) == ("silent", False)
    drain.drain(now=sender.clock.at)
    assert judged(sender, seconds=1) == ("on-time", True)


def test_old_samples_that_wait_do_not_make_a_source_current(sender):
    sender.deliver(("up", 1.0, -3600))
    assert judged(sender, seconds=1) == ("silent", True)
    sender.send(("up", 1.0, -3000))
    assert judged(sender, seconds=1) == ("silent", False)
    drain.drain(now=sender.clock.at)
    assert judged(sender, seconds=1) == ("silent", False)


def test_muster_is_behind_by_the_oldest_batch_that_waits(sender, frozen_now):
    assert watch.lag(frozen_now.at) == watch.Lag(0.0, frozen_now.at, is_behind=False)
    arrived_at = frozen_now.at
    sender.send(("up", 1.0, 0))
    frozen_now.move(seconds=9)
    sender.send(("up", 1.0, 0))
    assert watch.instant_reached(frozen_now.at) == frozen_now.at
    frozen_now.move(seconds=12)
    assert watch.lag(frozen_now.at) == watch.Lag(21.0, arrived_at, is_behind=True)
    assert watch.instant_reached(frozen_now.at) == arrived_at
    assert "lag" in {fault.key for fault in faults(now=frozen_now.at)}
    drain.drain(now=sender.clock.at)
    assert watch.lag(frozen_now.at) == watch.Lag(0.0, frozen_now.at, is_behind=False)


def test_a_stage_that_stands_still_is_behind_too(frozen_now):
    watch.note(watch.WorkStage.SOURCES, frozen_now.at)
    noted_at = frozen_now.at
    frozen_now.move(seconds=61)
    assert watch.lag(frozen_now.at) == watch.Lag(61.0, noted_at, is_behind=True)
    assert (
        watch.instant_reached(frozen_now.at, watch.WorkStage.STORED, watch.WorkStage.SITES) == frozen_now.at
    )


def test_a_note_of_a_clock_that_was_ahead_is_not_behind(frozen_now):
    watch.note(watch.WorkStage.SITES, frozen_now.at + timedelta(days=45))
    assert watch.lag(frozen_now.at).seconds == 0
