"""The results of attempts are written to the message, to the attempt's own row, and to the channel."""

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from web import scopes
from web.delivery.core.attempts import hold_until, next_attempt_at
from web.delivery.disabling import disable_gone
from web.delivery.models import Attempt, Channel, Message, MessageState
from web.delivery.senders import Answer

log = logging.getLogger(__name__)

AWAY = (OperationalError, InterfaceError)
"""Raised where the database cannot be reached, or is too busy."""
SLOW = timedelta(seconds=3)
"""A channel whose last attempt took longer may keep at most half the threads of a courier."""
STOPPED = Answer(Attempt.Outcome.AGAIN, None, "Muster’s process ended before an answer came.")
BROKEN = Answer(Attempt.Outcome.AGAIN, None, "Muster could not send this because of a fault of its own.")
UNWRITTEN = Answer(Attempt.Outcome.AGAIN, None, "Muster could not write down the outcome of this attempt.")
_TAKEN = Attempt.Outcome.TAKEN


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """One attempt that ended. `message` is as it was claimed: its `attempts` is the number of this one."""

    message: Message
    began_at: datetime
    ended_at: datetime
    answer: Answer

    @property
    def took(self) -> timedelta:
        return max(self.ended_at - self.began_at, timedelta())


def record_all(results: Sequence[AttemptResult]) -> None:
    """Write the results together, or, should one of them make that fail, each by itself: it must not keep back the
    others. Without the database none is written, and that is raised."""
    try:
        record(results)
    except AWAY:
        raise
    except Exception:
        log.exception("results are written one by one")
        for result in results:
            _record_alone(result)


def _record_alone(result: AttemptResult) -> None:
    """An answer that cannot be written counts as a failure of Muster, so that its message is given up in time too."""
    for attempt in (result, replace(result, answer=UNWRITTEN)):
        try:
            record([attempt])
            return
        except AWAY:
            raise
        except Exception:
            log.exception("the result of an attempt is lost: %s", result.message.key)


@transaction.atomic
def record(results: Sequence[AttemptResult]) -> None:
    """Write the results, with a fixed number of statements; those of messages that are deleted by now are dropped."""
    if not results:
        return
    with scopes.everything():
        # Who deletes a channel locks it too: the attempts are all there then, or none is written any more.
        channels = _locked(Channel, {result.message.channel_id for result in results})
        stored = _locked(Message, {result.message.pk for result in results})
        present = [result for result in results if result.message.pk in stored]
        Attempt.objects.bulk_create(map(_attempt, present), ignore_conflicts=True)
        for result in present:
            _judge(stored[result.message.pk], result)
        Message.objects.bulk_update(stored.values(), Message.CHANGED_BY_ATTEMPTS)
        _note_at_channels(channels, present)


def _locked(model: type[Any], keys: set[int]) -> dict[int, Any]:
    return model.objects.select_for_update(no_key=True).order_by("pk").in_bulk(sorted(keys))


def _attempt(result: AttemptResult) -> Attempt:
    return Attempt(
        message_id=result.message.pk,
        number=result.message.attempts,
        began_at=result.began_at,
        took_ms=round(result.took.total_seconds() * 1000),
        outcome=result.answer.outcome,
        status=result.answer.status,
        answer=result.answer.text[:500],
    )


def _judge(message: Message, result: AttemptResult) -> None:
    """A message that was taken is sent, even if the lease of that attempt had ended; any other result counts only if
    no later attempt has begun."""
    answer, at = result.answer, result.ended_at
    if message.state != MessageState.WAITING:
        return
    if answer.outcome == _TAKEN:
        message.end(MessageState.SENT, answer.text, at=at)
    elif message.attempts == result.message.attempts:
        next_at = None
        if answer.outcome == Attempt.Outcome.AGAIN:
            next_at = next_attempt_at(
                attempts=message.attempts - message.replayed_after,
                ended_at=at,
                give_up_at=message.give_up_at,
                retry_after_s=answer.retry_after_s,
                chance=random.random(),
            )
        if next_at is None:
            message.end(MessageState.FAILED, answer.text, at=at)
        else:
            message.next_at, message.leased_until = next_at, None
            message.last_answer = answer.text[:500]


def _note_at_channels(channels: Mapping[int, Channel], results: Sequence[AttemptResult]) -> None:
    for result in sorted(results, key=lambda result: result.ended_at):
        _note(channels[result.message.channel_id], result)
    Channel.objects.bulk_update(channels.values(), ["last_sent_at", "failing_since", "is_slow", "held_until"])
    gone = {result.message.channel_id: result for result in results if result.answer.is_gone}
    for key in sorted(gone):
        disable_gone(channels[key], now=gone[key].ended_at)


def _note(channel: Channel, result: AttemptResult) -> None:
    if result.answer in (STOPPED, BROKEN, UNWRITTEN):
        return
    at = result.ended_at
    channel.is_slow = result.took > SLOW
    channel.held_until = hold_until(ended_at=at, retry_after_s=result.answer.retry_after_s)
    if result.answer.outcome == _TAKEN:
        channel.last_sent_at, channel.failing_since = at, None
    else:
        channel.failing_since = channel.failing_since or at
