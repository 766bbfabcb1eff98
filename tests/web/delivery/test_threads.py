"""A courier in a thread of its own, as a worker process has one."""

import threading

import pytest
from django.db import OperationalError

from tests.conftest import NOW
from tests.web.delivery import made
from tests.web.delivery.conftest import TAKEN
from web.delivery.courier import Courier, CourierFailed
from web.delivery.models import ChannelKind, Message

PATIENCE_S = 20


def wait_for(happens):
    for _ in range(PATIENCE_S * 20):
        if happens():
            return True
        threading.Event().wait(0.05)
    return False


@pytest.fixture
def couriers():
    """Couriers by clock and sender, stopped at the end."""
    every = []

    def make(clock, sender):
        every.append(Courier(clock=clock, senders=dict.fromkeys(ChannelKind, sender)))
        return every[-1]

    yield make
    for courier in every:
        courier.stop()


@pytest.mark.django_db(transaction=True)
def test_a_dead_receiver_keeps_no_other_from_its_messages(couriers):
    answers = threading.Event()
    dead, well = made.channel(), made.channel()
    slow = made.message(dead)
    for _ in range(3):
        made.message(well)

    def receive(message, channel, now):
        if channel == dead:
            answers.wait(PATIENCE_S)
        return TAKEN

    courier = couriers(lambda: NOW, receive)
    courier.wake()
    assert wait_for(lambda: well.messages.filter(state="sent").count() == 3)
    slow.refresh_from_db()
    assert (slow.state, slow.attempts) == ("waiting", 1)
    answers.set()
    # What ends with the process is recorded first.
    courier.stop()
    assert not Message.objects.exclude(state="sent").exists()


@pytest.mark.django_db(transaction=True)
def test_a_courier_without_its_database_says_so_and_goes_on(couriers):
    is_away = threading.Event()
    is_away.set()

    def clock():
        if is_away.is_set() and threading.current_thread().name == "courier":
            raise OperationalError("the connection is lost")
        return NOW

    message = made.message(made.channel())
    courier = couriers(clock, lambda message, channel, now: TAKEN)

    def is_failing():
        try:
            courier.wake()
        except CourierFailed as error:
            return "the connection is lost" in str(error)
        return False

    assert wait_for(is_failing)
    is_away.clear()
    assert wait_for(lambda: Message.objects.filter(pk=message.pk, state="sent").exists())
    assert courier.wake() == 0
