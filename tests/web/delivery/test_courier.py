"""Couriers: what is due is sent, in order, and what came of it is written."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import NOW, make_user
from tests.web.delivery import made
from tests.web.delivery.conftest import TAKEN
from tests.web.delivery.receivers import SIGNING_KEY, Receiver, drip, flood
from web.delivery import claims, http, outbox, results
from web.delivery.courier import THREADS, WEAK_THREADS, Courier
from web.delivery.models import GONE, Attempt, Channel, Message, MessageState
from web.delivery.results import STOPPED, AttemptResult
from web.delivery.secrets import encrypt
from web.delivery.senders import SENDERS, Answer

pytestmark = pytest.mark.django_db

AGAIN = Answer(Attempt.Outcome.AGAIN, 503, "busy")
REFUSED = Answer(Attempt.Outcome.REFUSED, 400, "no such room")


def fresh(message):
    message.refresh_from_db()
    return message


def claimed(most=THREADS, most_weak=WEAK_THREADS, now=NOW):
    return [message.key for message in claims.claim(now=now, most=most, most_weak=most_weak)]


def test_a_message_that_is_taken_is_sent(deliver, receiver):
    message = made.message(made.channel())
    deliver()
    assert receiver.keys == [message.key]
    assert fresh(message).state == MessageState.SENT
    assert (message.attempts, message.ended_at, message.last_answer) == (1, NOW, "ok")
    assert [(each.number, each.outcome, each.status) for each in message.tries.all()] == [(1, "taken", 200)]
    assert message.channel.failing_since is None
    message.channel.refresh_from_db()
    assert message.channel.last_sent_at == NOW


def test_a_message_leaves_when_it_is_to_leave(deliver, receiver, frozen_now):
    message = made.message(made.channel(), send_at=NOW + timedelta(minutes=5))
    deliver()
    assert receiver.keys == []
    frozen_now.move(minutes=5)
    deliver()
    assert receiver.keys == [message.key]


def test_a_busy_receiver_is_tried_again_with_the_same_key(deliver, receiver, frozen_now):
    message = made.message(made.channel())
    receiver.answers[message.channel_id] = [AGAIN, AGAIN, TAKEN]
    for _ in range(3):
        deliver()
        frozen_now.move(seconds=30)
    assert receiver.keys == [message.key] * 3
    assert (fresh(message).state, message.attempts) == ("sent", 3)
    assert [each.outcome for each in message.tries.all()] == ["again", "again", "taken"]


def test_after_a_day_it_is_given_up(deliver, receiver, frozen_now):
    message = made.message(made.channel())
    receiver.answers[message.channel_id] = AGAIN
    deliver()
    assert (fresh(message).state, message.last_answer) == ("waiting", "busy")
    assert NOW + timedelta(seconds=4) <= message.next_at <= NOW + timedelta(seconds=6)
    frozen_now.move(hours=24)
    deliver()
    assert (fresh(message).state, message.ended_at) == ("failed", NOW + timedelta(hours=24))


@pytest.mark.parametrize("outcome", [Attempt.Outcome.REFUSED, Attempt.Outcome.BLOCKED])
def test_what_is_refused_for_good_is_not_tried_again(deliver, receiver, outcome):
    message = made.message(made.channel())
    receiver.answers[message.channel_id] = Answer(outcome, None, "The address is internal.")
    deliver()
    assert (fresh(message).state, message.last_answer) == ("failed", "The address is internal.")


def test_retry_after_keeps_back_the_message_and_the_channel(deliver, receiver, frozen_now):
    channel = made.channel()
    first, second = made.message(channel), made.message(channel)
    receiver.answers[channel.pk] = [Answer(Attempt.Outcome.AGAIN, 429, "slow down", 120), TAKEN]
    deliver()
    assert fresh(first).next_at == NOW + timedelta(seconds=120)
    assert receiver.keys == [first.key]
    frozen_now.move(seconds=119)
    deliver()
    assert receiver.keys == [first.key]
    frozen_now.move(seconds=1)
    deliver()
    assert sorted(receiver.keys) == sorted([first.key, first.key, second.key])


def test_messages_of_one_order_key_leave_in_their_order(deliver, receiver, frozen_now):
    channel = made.channel()
    outbox.send(
        [
            made.draft(channel, "begins", order_key="alert-1"),
            made.draft(channel, "other", order_key="alert-2"),
            made.draft(channel, "ends", order_key="alert-1", is_urgent=True),
        ],
        now=NOW,
    )
    receiver.answers[channel.pk] = [AGAIN, TAKEN]
    deliver()
    # The first one failed: it holds the next of its key back, and no other.
    assert receiver.keys == ["begins", "other"]
    frozen_now.move(minutes=1)
    deliver()
    assert receiver.keys == ["begins", "other", "begins", "ends"]


def test_a_message_that_is_given_up_lets_the_next_of_its_key_go(deliver, receiver):
    channel = made.channel()
    outbox.send([made.draft(channel, key, order_key="alert-1") for key in ("begins", "ends")], now=NOW)
    receiver.answers[channel.pk] = [REFUSED, TAKEN]
    deliver()
    assert receiver.keys == ["begins", "ends"]
    assert [message.state for message in Message.objects.order_by("pk")] == ["failed", "sent"]


def test_urgent_messages_go_first_then_those_that_wait_longest():
    for number in range(3):
        made.message(made.channel(), key=f"late-{number}", now=NOW - timedelta(minutes=number))
    made.message(made.channel(), key="urgent", is_urgent=True)
    assert claimed() == ["urgent", "late-2", "late-1", "late-0"]


def test_a_channel_gets_one_message_at_a_time():
    channel = made.channel()
    made.message(channel, key="first"), made.message(channel, key="second")
    assert claimed() == ["first"]
    assert claimed() == []


def test_a_lease_that_ended_is_given_to_another_courier():
    made.message(made.channel(), key="page")
    assert claimed() == ["page"]
    assert claimed(now=NOW + claims.LEASE - timedelta(seconds=1)) == []
    assert claimed(now=NOW + claims.LEASE) == ["page"]


def test_failing_and_slow_channels_get_half_the_threads_at_most():
    for number in range(THREADS):
        made.message(made.channel(failing_since=NOW, is_slow=bool(number % 2)), key=f"weak-{number:02}")
    made.message(made.channel(), key="well")
    keys = claimed()
    assert len(keys) == WEAK_THREADS + 1
    assert "well" in keys


def test_a_channel_is_slow_until_it_answers_in_time(deliver, receiver, frozen_now):
    channel = made.channel()
    receiver.takes[channel.pk] = {"seconds": 10}
    made.message(channel)
    deliver()
    channel.refresh_from_db()
    assert channel.is_slow
    receiver.takes.clear()
    made.message(channel, now=frozen_now.at)
    deliver()
    channel.refresh_from_db()
    assert not channel.is_slow


def test_a_late_success_counts_even_after_another_attempt_began():
    message = made.message(made.channel())
    (first,) = claims.claim(now=NOW, most=1, most_weak=1)
    later = NOW + claims.LEASE
    (second,) = claims.claim(now=later, most=1, most_weak=1)
    results.record([AttemptResult(first, NOW, later, AGAIN)])
    assert (fresh(message).state, message.leased_until) == ("waiting", later + claims.LEASE)
    results.record([AttemptResult(first, NOW, later, TAKEN)])
    results.record([AttemptResult(second, later, later, AGAIN)])
    assert fresh(message).state == "sent"


def test_a_fault_of_muster_itself_is_tried_again(deliver, receiver, caplog):
    message = made.message(made.channel())
    receiver.answers[message.channel_id] = ZeroDivisionError()
    deliver()
    assert fresh(message).state == "waiting"
    assert "fault of its own" in message.last_answer
    assert "ZeroDivisionError" in caplog.text


def test_a_process_that_ends_releases_what_it_is_sending():
    message = made.message(made.channel())
    (leased,) = claims.claim(now=NOW, most=1, most_weak=1)
    results.record([AttemptResult(leased, NOW, NOW, STOPPED)])
    assert (fresh(message).state, message.leased_until) == ("waiting", None)
    assert message.next_at <= NOW + timedelta(seconds=6)
    # That is no fault of the receiver.
    assert message.channel.failing_since is None


def test_a_result_that_cannot_be_written_keeps_no_other_back(deliver, receiver, frozen_now, caplog):
    odd, plain = made.message(made.channel()), made.message(made.channel())
    receiver.answers[odd.channel_id] = Answer(Attempt.Outcome.TAKEN, 200, "a zero: \x00")
    deliver()
    assert [fresh(odd).state, fresh(plain).state] == ["waiting", "sent"]
    assert f"the result of an attempt is lost: {odd.key}" in caplog.text
    assert (odd.attempts, odd.leased_until, "could not write down" in odd.last_answer) == (1, None, True)
    frozen_now.move(hours=24)
    deliver()
    assert fresh(odd).state == "failed"


def test_what_is_due_at_a_channel_that_was_disabled_is_dropped(deliver, receiver):
    channel = made.channel()
    message = made.message(channel)
    Channel.objects.filter(pk=channel.pk).update(disabled_at=NOW, disabled_for="It was left.")
    deliver()
    assert receiver.keys == []
    assert (fresh(message).state, message.last_answer) == (
        "dropped",
        "The channel is disabled: It was left.",
    )


def test_a_receiver_that_is_gone_disables_its_channel_and_the_owner_is_told(deliver, receiver):
    owner = make_user("ops")
    gone, mailbox = made.channel(owner, name="Pager"), made.channel(owner)
    made.channel(make_user("manager"))
    receiver.answers[gone.pk] = Answer(Attempt.Outcome.REFUSED, 410, "gone", is_gone=True)
    message, next_message = made.message(gone), made.message(gone)
    deliver()
    gone.refresh_from_db()
    assert (gone.disabled_at, gone.disabled_for) == (NOW, GONE)
    assert [fresh(message).state, fresh(next_message).state] == ["failed", "dropped"]
    note = Message.objects.get(event="channel.gone")
    assert (note.channel, note.state) == (mailbox, "sent")
    assert "Pager" in note.text


@pytest.mark.parametrize("number", [1, 12])
def test_a_step_takes_a_fixed_number_of_statements(courier, number):
    for _ in range(number):
        made.message(made.channel())
    with CaptureQueriesContext(connection) as statements:
        courier.step()
    assert len(statements) == 8
    while not all(future.done() for future in courier._in_flight):
        courier.wait()
    with CaptureQueriesContext(connection) as statements:
        courier.step()
    assert len(statements) == 9


def test_the_result_of_a_message_that_was_deleted_is_dropped():
    message = made.message(made.channel())
    (claimed_message,) = claims.claim(now=NOW, most=1, most_weak=1)
    message.channel.delete()
    results.record([AttemptResult(claimed_message, NOW, NOW, TAKEN)])
    assert not Attempt.objects.exists()


def drip_slowly():
    return Receiver(answer=drip)


class TestRealSenders:
    """What a receiver does wrong stands in the delivery."""

    @pytest.fixture
    def courier(self, frozen_now):
        courier = Courier(clock=frozen_now, senders=SENDERS)
        yield courier
        courier.close()

    @pytest.mark.parametrize(
        ("receiver_of_case", "state", "reason"),
        [
            pytest.param(drip_slowly, "waiting", "did not (answer|finish)", id="slow body"),
            pytest.param(
                lambda: Receiver(answer=flood), "waiting", "with more than 64 KiB", id="huge answer"
            ),
            pytest.param(lambda: Receiver(302), "failed", "no redirect is followed", id="redirect"),
        ],
    )
    def test_the_reason_is_the_last_answer(
        self, deliver, settings, monkeypatch, receiver_of_case, state, reason
    ):
        if receiver_of_case is drip_slowly:
            monkeypatch.setattr(http, "TOTAL_S", 0.6)
        with receiver_of_case() as receiver:
            settings.DELIVERY_HOSTS = [receiver.netloc]
            message = made.message(webhook(receiver.url))
            deliver()
        assert fresh(message).state == state
        assert re.search(reason, message.last_answer)
        assert "/hook" not in message.last_answer

    def test_an_address_inside_is_named_as_the_reason(self, deliver):
        message = made.message(webhook("https://127.0.0.1:9/hook"))
        deliver()
        assert fresh(message).state == MessageState.FAILED
        assert message.last_answer.startswith("127.0.0.1 has an address that is not on the internet.")


def webhook(url):
    return made.channel(
        kind="webhook", address="https://example.org/…", target=encrypt(url), secret=encrypt(SIGNING_KEY)
    )
