"""Messages that ended are sent again: one, or a range."""

from datetime import timedelta

import pytest

from tests.conftest import NOW, make_user
from tests.web.delivery import made
from tests.web.delivery.conftest import TAKEN
from tests.web.delivery.test_courier import AGAIN, REFUSED
from web.delivery import operations, queries
from web.delivery.models import GIVEN_UP_AFTER, Attempt, Message, MessageState
from web.delivery.senders import Answer

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=2)
ENDED = ("failed", "dropped")


@pytest.fixture
def failed(deliver, receiver):
    """A message to a shared channel that was refused."""
    message = made.message(made.channel(is_shared=True))
    receiver.answers[message.channel_id] = REFUSED
    deliver()
    receiver.answers.clear()
    message.refresh_from_db()
    assert message.state == MessageState.FAILED
    return message


def test_it_is_sent_again_with_its_key_and_a_day_of_attempts(failed, deliver, receiver, frozen_now, manager):
    frozen_now.at = LATER
    assert operations.replay(Message.objects.filter(pk=failed.pk), by=manager, now=LATER) == 1
    failed.refresh_from_db()
    assert (failed.state, failed.next_at, failed.give_up_at) == ("waiting", LATER, LATER + GIVEN_UP_AFTER)
    assert (failed.replayed_at, failed.replayed_by) == (LATER, manager)
    receiver.answers[failed.channel_id] = AGAIN
    deliver()
    failed.refresh_from_db()
    # The back-off begins anew, and the attempts are numbered on.
    assert failed.next_at <= LATER + timedelta(seconds=6)
    assert receiver.keys == [failed.key] * 2
    assert [each.number for each in failed.tries.all()] == [1, 2]


def test_one_that_waits_is_tried_sooner(manager):
    message = made.message(made.channel(is_shared=True), send_at=LATER)
    operations.replay(Message.objects.all(), by=manager, now=NOW)
    message.refresh_from_db()
    assert message.next_at == NOW


def test_a_receiver_that_asked_to_wait_is_tried_at_once(deliver, receiver, manager):
    message = made.message(made.channel(is_shared=True))
    receiver.answers[message.channel_id] = [Answer(Attempt.Outcome.AGAIN, 429, "slow down", 600), TAKEN]
    deliver()
    operations.replay(Message.objects.all(), by=manager, now=NOW)
    deliver()
    message.refresh_from_db()
    assert message.state == MessageState.SENT


def test_one_that_is_being_sent_is_left_alone(manager):
    message = made.message(made.channel(is_shared=True))
    Message.objects.update(leased_until=NOW + timedelta(seconds=1))
    assert operations.replay(Message.objects.all(), by=manager, now=NOW) == 0
    message.refresh_from_db()
    assert message.replayed_at is None


def test_a_range_is_of_a_time_a_state_and_a_channel(failed, manager):
    def number(**choice):
        values = {"channel": None, "start": NOW, "end": LATER, "states": ENDED}
        return queries.ended_messages(manager, **values | choice).count()

    assert number() == 1
    assert number(start=NOW + timedelta(seconds=1)) == number(end=NOW) == number(states=["sent"]) == 0
    assert number(channel=failed.channel) == 1
    assert number(channel=made.channel()) == 0


def test_messages_to_channels_of_others_are_not_replayed(failed):
    made.message(made.channel(make_user("planner"), verified_at=None))
    rows = queries.ended_messages(make_user("manager"), channel=None, start=NOW, end=LATER, states=ENDED)
    assert [message.pk for message in rows] == [failed.pk]


def test_the_pages_replay(failed, client_of):
    manager = client_of("manager")
    assert manager.post(f"/deliveries/{failed.pk}/replay/").status_code == 302
    failed.refresh_from_db()
    assert failed.state == "waiting"
    Message.objects.update(state="failed", ended_at=NOW, next_at=None)
    form = {"start": "2026-11-24 15:00", "end": "2026-11-24 17:00", "states": ["failed"]}
    assert manager.post("/deliveries/replay/", form).status_code == 302
    failed.refresh_from_db()
    assert failed.state == "waiting"
    wrong = manager.post("/deliveries/replay/", form | {"end": "2026-11-24 15:00"})
    assert (wrong.status_code, "The end comes after the beginning." in wrong.text) == (422, True)


def test_the_endpoint_replays_a_range(failed, api_of):
    api = api_of("manager")
    body = {"start": "2026-11-24T15:00:00Z", "end": "2026-11-24T17:00:00Z"}
    assert api.post("/api/loop/deliveries/replay/", body).json() == {"count": 1}
    assert api.post("/api/loop/deliveries/replay/", body).json() == {"count": 0}
    assert api.post("/api/loop/deliveries/replay/", body | {"end": body["start"]}).status_code == 400
    assert api.post(f"/api/loop/deliveries/{failed.pk}/replay/", {"at": body["end"]}).status_code == 400
    assert api.post(f"/api/loop/deliveries/{failed.pk}/replay/").json()["state"]["value"] == "waiting"


def test_messages_are_kept_for_three_months(failed, settings):
    from web.delivery import retention

    waiting = made.message(failed.channel)
    days = settings.DELIVERY_DAYS
    assert retention.keep(now=NOW + timedelta(days=days)) == 0
    assert retention.keep(now=NOW + timedelta(days=days, seconds=1)) == 1
    assert list(Message.objects.all()) == [waiting]
