"""A clock that is set wrong drops, refuses and ages nothing: the samples of most sources say what time it is."""

from datetime import UTC, datetime, timedelta

import pytest

from telemetry import clocks, drain, tasks
from telemetry.models import Rejection, SourceFlip, SourceState, SourceStatus
from telemetry.store import partitions
from telemetry.store.partitions import BLOCKS, FIVE_MINUTES, HOURS
from tests.telemetry.sending import body_of, stored
from web import clock, workers

NOON = datetime(2026, 3, 7, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def at(sampled, received):
    return NOON + sampled, NOON + received


@pytest.mark.parametrize(
    ("heard", "jumped", "by"),
    [
        pytest.param([], DAY, None, id="nobody sends"),
        pytest.param([at(-MINUTE, -MINUTE)] * 5, DAY, None, id="the clock was moved and is right now"),
        pytest.param([at(-45 * DAY, -MINUTE)] * 3, None, 45 * DAY, id="three of three are from another time"),
        pytest.param([at(-HOUR, -MINUTE)] * 2 + [at(-MINUTE, -MINUTE)] * 2, None, None, id="half are late"),
        pytest.param([at(-45 * DAY, -MINUTE)], None, None, id="one alone may be late itself"),
        pytest.param([at(-45 * DAY, -MINUTE)], 45 * DAY, 45 * DAY, id="one, and the clock was moved as far"),
        pytest.param([at(-3 * HOUR, -3 * HOUR)] * 6, None, None, id="silence says nothing of the clock"),
        pytest.param([at(2 * DAY, 2 * DAY)], None, -2 * DAY, id="received in the future"),
        pytest.param(
            [at(9 * MINUTE, timedelta())] * 4, None, None, id="clocks of senders that are ahead a little"
        ),
        pytest.param(
            [at(-MINUTE, -MINUTE)] * 4 + [at(-9 * DAY, -9 * DAY)] * 9,
            None,
            None,
            id="those that left have no say",
        ),
        pytest.param(
            [at(-30 * DAY, timedelta())] * 3 + [at(-30 * DAY, -30 * DAY)] * 5,
            None,
            30 * DAY,
            id="as they come",
        ),
    ],
)
def test_most_sources_say_what_time_it_is(heard, jumped, by):
    standing = clocks.judge(heard, now=NOON, jumped=jumped or timedelta())
    assert (standing.agrees, abs(standing.by - (by or timedelta())) <= 2 * MINUTE) == (by is None, True)
    assert abs(standing.trusted_now - (NOON - (by or timedelta()))) <= 2 * MINUTE


@pytest.fixture
def senders(sender_of, porto):
    return [sender_of(porto) for _ in range(3)]


@pytest.fixture
def real(frozen_now):
    """The right time, which senders have: `real.moves(minutes=1)` makes it one minute later for them and for Muster."""

    class Real:
        at = frozen_now.at

        def moves(self, **span):
            self.at += timedelta(**span)
            frozen_now.move(**span)

    return Real()


def deliver(senders, real, now):
    """Each sends what it measures now, and Muster stores it."""
    for each in senders:
        assert each.post(body_of(("up", 1.0, real.at))).status_code == 204
    drain.drain(now=now)


def all_names():
    return {name for each in (BLOCKS, FIVE_MINUTES, HOURS) for name in partitions.existing(each)}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("emptied_samples")
@pytest.mark.parametrize(
    "moved", [timedelta(days=45), timedelta(days=-2)], ids=["45 days ahead", "2 days back"]
)
def test_a_clock_that_is_wrong_for_an_hour_costs_nothing(senders, real, frozen_now, moved):
    tasks.keep_partitions()
    deliver(senders, real, frozen_now.at)
    tasks.update_source_states()
    before, samples = all_names(), len(stored())

    frozen_now.move(seconds=moved.total_seconds())
    for minute in range(60):
        real.moves(minutes=1)
        deliver(senders, real, frozen_now.at)
        if minute % 10 == 0:
            tasks.keep_partitions()
            tasks.update_source_states()
    wrong = clocks.clock_standing(frozen_now.at)
    assert abs(wrong.by - moved) < 2 * MINUTE
    assert abs(clock.trusted_now() - real.at) < 2 * MINUTE
    [notice] = clocks.notices(frozen_now.at)
    assert ("ahead of" in notice.text, "of 3 sources" in notice.text) == (moved > timedelta(), True)

    frozen_now.move(seconds=-moved.total_seconds())
    real.moves(minutes=1)
    deliver(senders, real, frozen_now.at)
    tasks.keep_partitions()
    tasks.update_source_states()
    assert before <= all_names()
    assert len(stored()) == samples + 61 * len(senders)
    assert not Rejection.objects.exists()
    assert set(SourceStatus.objects.values_list("state", flat=True)) == {SourceState.ON_TIME}
    assert set(SourceFlip.objects.values_list("to_state", flat=True)) <= {SourceState.ON_TIME}
    assert clocks.clock_standing(frozen_now.at).agrees
    assert not list(clocks.notices(frozen_now.at))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("emptied_samples")
def test_retention_waits_for_a_sample_and_says_so(sender, frozen_now):
    """Nobody sent for a week: either it is a week later, or the clock was moved. The next sample tells."""
    sender.deliver(("up", 1.0, 0))
    tasks.keep_partitions()
    before = all_names()
    frozen_now.move(days=7)
    tasks.keep_partitions()
    assert before <= all_names()
    [notice] = clocks.notices(frozen_now.at)
    assert notice.key == "retention"

    sender.deliver(("up", 1.0, 0))
    tasks.keep_partitions()
    assert BLOCKS.name(frozen_now.at - timedelta(days=7)) not in all_names()
    assert not list(clocks.notices(frozen_now.at))


@pytest.mark.django_db
def test_nothing_is_judged_right_after_the_clock_was_moved(frozen_now):
    """No sample has come yet that could tell; a worker's last heartbeat does."""
    workers.note("celery@porto", now=frozen_now.at)
    assert not workers.are_catching_up()
    for moved in (timedelta(days=45), timedelta(days=-90)):
        frozen_now.move(seconds=moved.total_seconds())
        assert workers.are_catching_up()


def test_a_process_knows_how_far_its_clock_was_moved(frozen_now):
    before = clock.jumped()
    frozen_now.move(days=3)
    assert abs(clock.jumped() - before - timedelta(days=3)) < timedelta(seconds=10)
