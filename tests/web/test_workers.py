"""Workers that were all away: nothing is judged until what was sent meanwhile had time to arrive."""

from datetime import timedelta

import pytest

from readiness.assessment.scoring import tasks
from readiness.assessment.scoring.models import SiteScore
from telemetry import tasks as telemetry
from tests.inventory import made
from web import workers

pytestmark = pytest.mark.django_db


@pytest.fixture
def away(frozen_now):
    """The last worker was heard of so long ago; a new one starts."""

    def start(ago):
        workers._client.delete(workers.KEY, workers.BACK_KEY)
        workers.note("celery@porto", now=frozen_now.at - ago)
        workers.note_return()
        workers.note("celery@porto", now=frozen_now.at)

    yield start
    workers._client.delete(workers.KEY, workers.BACK_KEY)


@pytest.fixture
def door(frozen_now):
    keys = (workers.KEY, workers.BACK_KEY, workers.DOOR_KEY)
    workers._client.delete(*keys)
    yield frozen_now
    workers._client.delete(*keys)


@pytest.mark.parametrize(("ago", "evaluated"), [(timedelta(minutes=46), 0), (timedelta(seconds=40), 1)])
def test_nothing_is_judged_right_after_an_absence(away, ago, evaluated):
    made.site(name="Porto", slug="porto")
    away(ago)
    assert tasks.rescore_changed() + tasks.rescore_aged() == evaluated
    assert SiteScore.objects.filter(evaluated_at__isnull=False).count() == evaluated


def test_it_is_judged_again_soon_after(away):
    made.site(name="Porto", slug="porto")
    away(timedelta(hours=1))
    assert telemetry.update_source_states() == 0
    assert 0 < workers._client.pttl(workers.BACK_KEY) <= workers.CATCHING_UP.total_seconds() * 1000
    workers._client.delete(workers.BACK_KEY)
    assert tasks.rescore_aged() > 0


def test_nobody_is_silent_while_no_web_process_takes_samples(door):
    workers.note_door(now=door.at)
    door.at += timedelta(seconds=20)
    assert not workers.are_catching_up()
    door.at += timedelta(seconds=20)
    assert workers.are_catching_up()
    assert telemetry.update_source_states() == 0


def test_senders_have_time_after_the_door_is_back(door):
    workers.note_door(now=door.at)
    door.at += timedelta(minutes=5)
    workers.note_door(now=door.at)
    assert workers.are_catching_up()
    workers._client.delete(workers.BACK_KEY)
    assert not workers.are_catching_up()
