"""The outbox: what is written commits with its cause, once for each key."""

from datetime import timedelta

import pytest
from django.db import transaction

from tests.conftest import NOW
from tests.web.delivery import made
from web.delivery import outbox
from web.delivery.models import GIVEN_UP_AFTER, Message, MessageState

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def test_a_message_waits_from_now_or_from_when_it_is_to_leave():
    channel = made.channel()
    soon, later = outbox.send([made.draft(channel), made.draft(channel, send_at=NOW + HOUR)], now=NOW)
    assert (soon.state, soon.next_at, soon.give_up_at) == ("waiting", NOW, NOW + GIVEN_UP_AFTER)
    assert (later.next_at, later.give_up_at) == (NOW + HOUR, NOW + HOUR + GIVEN_UP_AFTER)
    assert list(Message.objects.due(NOW)) == [soon]


def test_a_known_key_is_left_alone_and_its_id_given():
    channel = made.channel()
    stored = made.message(channel, key="page-1", subject="First")
    again, new = outbox.send(
        [made.draft(channel, "page-1", subject="Second"), made.draft(channel, "page-2")], now=NOW + HOUR
    )
    assert again.pk == stored.pk
    assert new.pk != stored.pk
    stored.refresh_from_db()
    assert (stored.subject, stored.created_at) == ("First", NOW)


def test_a_key_that_one_call_names_twice_is_written_once():
    channel = made.channel()
    outbox.send([made.draft(channel, "page", subject="First"), made.draft(channel, "page")], now=NOW)
    assert [message.subject for message in Message.objects.all()] == ["First"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"verified_at": None}, "The channel is not verified."),
        ({"disabled_at": NOW, "disabled_for": "It was left."}, "The channel is disabled: It was left."),
        ({"only_urgent": True}, "The channel takes urgent messages only."),
    ],
)
def test_what_a_channel_does_not_take_is_dropped_with_the_reason(values, reason):
    message = made.message(made.channel(**values))
    assert (message.state, message.ended_at, message.last_answer) == (MessageState.DROPPED, NOW, reason)


def test_a_channel_for_urgent_messages_takes_an_urgent_one():
    assert made.message(made.channel(only_urgent=True), is_urgent=True).state == MessageState.WAITING


def test_nothing_is_written_for_a_channel_that_was_deleted():
    channel = made.channel()
    lost, stays = made.draft(channel), made.draft(made.channel())
    channel.delete()
    assert [message.key for message in outbox.send([lost, stays], now=NOW)] == [stays.key]


def test_a_message_of_a_cause_that_was_rolled_back_is_not_written():
    channel = made.channel()
    with transaction.atomic():
        made.message(channel)
        transaction.set_rollback(True)
    assert not Message.objects.exists()


@pytest.mark.parametrize("number", [1, 200])
def test_any_number_of_messages_takes_two_statements(number, django_assert_num_queries):
    channel = made.channel()
    drafts = [made.draft(channel) for _ in range(number)]
    # Around the insertion stands a savepoint, because Django writes in bulk within one.
    with transaction.atomic(), django_assert_num_queries(2):
        outbox.send(drafts, now=NOW)
