"""The mailbox of the demo: its page lists what would have been sent."""

from datetime import datetime

from web.delivery.models import Attempt, Channel, Message
from web.delivery.senders.answers import Answer


def send(message: Message, channel: Channel, now: datetime) -> Answer:
    return Answer(Attempt.Outcome.TAKEN, None, "The mailbox keeps it.")
