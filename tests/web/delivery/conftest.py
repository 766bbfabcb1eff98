"""A courier whose receivers the test plays, at the test's own time."""

import pytest

from web.delivery.courier import Courier
from web.delivery.models import Attempt, ChannelKind
from web.delivery.senders import Answer

TAKEN = Answer(Attempt.Outcome.TAKEN, 200, "ok")


class Receiver:
    """Answers each message as the test says by channel, by default that it took it. `keys` is what came, in order."""

    def __init__(self):
        self.keys, self.answers, self.takes = [], {}, {}
        self.clock = None

    def __call__(self, message, channel, now):
        self.keys.append(message.key)
        if (took := self.takes.get(channel.pk)) is not None:
            self.clock.move(**took)
        answer = self.answers.get(channel.pk, TAKEN)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def receiver(frozen_now):
    receiver = Receiver()
    receiver.clock = frozen_now
    return receiver


@pytest.fixture
def courier(frozen_now, receiver):
    courier = Courier(clock=frozen_now, senders=dict.fromkeys(ChannelKind, receiver))
    yield courier
    courier.close()


@pytest.fixture
def deliver(courier):
    """Send all that is due now; returns how many steps it took."""

    def run():
        for number in range(1, 1000):
            courier.step()
            if not courier.is_sending:
                return number
            courier.wait()
        raise AssertionError("it never ends")

    return run
