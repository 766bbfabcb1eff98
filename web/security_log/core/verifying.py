"""Contradictions in a security log: between its events, its batches, and the heads that are kept outside."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from web.security_log.core.chain import (
    NO_HEAD,
    EventContent,
    address_proof,
    alike_key,
    batch_digest,
    event_digest,
    head_of_batch,
)

CLOCK_TOLERANCE = timedelta(minutes=5)


class ChainFaultKind(StrEnum):
    ALTERED = "altered"
    MISSING = "missing"
    REWRITTEN = "rewritten"
    CUT = "cut"
    CLOCK = "clock"
    UNSIGNED = "unsigned"
    UNPROVEN = "unproven"
    ADDED = "added"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class ChainFault:
    """One contradiction, in a sentence; `batch` is the number of the batch, 0 if the contradiction names none, and
    `event_id` names the event if one is known."""

    kind: ChainFaultKind
    batch: int
    sentence: str
    event_id: int | None = None


@dataclass(frozen=True, slots=True)
class ChainedEvent:
    """An event as it is stored. `salt` is "" once its address was erased; `lead_id` is the event that it is listed
    under, None for one of its own."""

    content: EventContent
    digest: bytes
    address: str
    salt: str
    lead_id: int | None = None


@dataclass(frozen=True, slots=True)
class ChainedBatch:
    number: int
    chained_at: datetime
    events: int
    digest: bytes
    head: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The last batch that the retention dropped. `is_signed`: by a key of this installation."""

    batch: ChainedBatch
    dropped_at: datetime
    is_signed: bool


@dataclass(frozen=True, slots=True)
class HeadOutside:
    """The head of a batch as it is kept outside of the database."""

    number: int
    head: bytes
    is_signed: bool


@dataclass(frozen=True, slots=True)
class HeadsOutside:
    """The heads of a file, and the numbers of its lines that are no head."""

    heads: tuple[HeadOutside, ...] = ()
    unreadable_lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Erasures:
    """The last event that records an erasure of addresses, by account."""

    last_event_by_account: Mapping[int, int]

    def cover(self, content: EventContent) -> bool:
        accounts = (content.actor_id, content.account_id)
        return any(self.last_event_by_account.get(account, 0) > content.id for account in accounts if account)


def event_faults(number: int, events: Iterable[ChainedEvent], erasures: Erasures) -> Iterator[ChainFault]:
    """Compare each event of a batch with its own digest, and its address with the proof."""
    for event in events:
        key = event.content.id
        if event_digest(event.content) != event.digest:
            sentence = f"Event {key} of batch {number} was altered after it was chained."
            yield ChainFault(ChainFaultKind.ALTERED, number, sentence, key)
        if event.salt or event.address:
            if address_proof(event.address, event.salt) != event.content.address_proof:
                sentence = f"The address of event {key} of batch {number} was altered."
                yield ChainFault(ChainFaultKind.ALTERED, number, sentence, key)
        elif event.content.address_proof and not erasures.cover(event.content):
            sentence = (
                f"The address of event {key} of batch {number} is gone, and no event records its erasure."
            )
            yield ChainFault(ChainFaultKind.ALTERED, number, sentence, key)


def fold_faults(number: int, events: Sequence[ChainedEvent]) -> Iterator[ChainFault]:
    """Name events that lists hide under another one which is not alike: no digest covers it."""
    contents = {event.content.id: event.content for event in events}
    for event in events:
        if event.lead_id is None:
            continue
        lead = contents.get(event.lead_id)
        if lead is None or alike_key(event.content) is None or alike_key(event.content) != alike_key(lead):
            key = event.content.id
            sentence = f"Event {key} of batch {number} is listed under an event that is not alike."
            yield ChainFault(ChainFaultKind.ALTERED, number, sentence, key)


def batch_faults(
    batch: ChainedBatch, event_digests: Sequence[bytes], previous: bytes
) -> Iterator[ChainFault]:
    """Compare a batch with its events, and with the head of the batch before."""
    number = batch.number
    if len(event_digests) != batch.events:
        sentence = f"Batch {number} was chained with {batch.events} events and has {len(event_digests)}."
        yield ChainFault(ChainFaultKind.MISSING, number, sentence)
    elif batch_digest(event_digests) != batch.digest:
        sentence = f"The events of batch {number} are not those that were chained."
        yield ChainFault(ChainFaultKind.ALTERED, number, sentence)
    expected = head_of_batch(
        previous, number=number, chained_at=batch.chained_at, events=batch.events, digest=batch.digest
    )
    if expected != batch.head:
        sentence = f"The head of batch {number} does not follow from the batch before and its own events."
        yield ChainFault(ChainFaultKind.ALTERED, number, sentence)


def order_faults(batches: Sequence[ChainedBatch], checkpoint: Checkpoint | None) -> Iterator[ChainFault]:
    """Name batches that are missing between others, a checkpoint that nobody signed, and a clock that was set back."""
    if checkpoint is not None and not checkpoint.is_signed:
        number = checkpoint.batch.number
        sentence = f"No key of this installation signed the checkpoint up to batch {number}."
        yield ChainFault(ChainFaultKind.UNSIGNED, number, sentence)
    next_number = checkpoint.batch.number + 1 if checkpoint else 1
    for batch in batches:
        if batch.number > next_number:
            yield ChainFault(
                ChainFaultKind.MISSING, next_number, f"{_range(next_number, batch.number - 1)} missing."
            )
        next_number = batch.number + 1
    yield from _clock_faults(batches, checkpoint)


def stray_faults(event_ids: Iterable[int], checkpoint: Checkpoint | None) -> Iterator[ChainFault]:
    """Name events of batches that the retention dropped, or of none: nothing proves them."""
    for key in event_ids:
        sentence = f"Event {key} was put into a batch that is not there: it was added past Muster."
        yield ChainFault(ChainFaultKind.ADDED, checkpoint.batch.number if checkpoint else 0, sentence, key)


def line_faults(lines: Iterable[int]) -> Iterator[ChainFault]:
    for line in lines:
        sentence = f"Line {line} of the heads that are kept outside is no head of the security log."
        yield ChainFault(ChainFaultKind.UNREADABLE, 0, sentence)


def _clock_faults(batches: Sequence[ChainedBatch], checkpoint: Checkpoint | None) -> Iterator[ChainFault]:
    """A clock that was ahead lets events expire early; back in time, the next batch is older than what it follows."""
    latest = checkpoint.batch.chained_at if checkpoint else None
    for batch in batches:
        if latest is not None and batch.chained_at < latest - CLOCK_TOLERANCE:
            sentence = (
                f"Batch {batch.number} was chained before an earlier one by its time: the clock was set back."
            )
            yield ChainFault(ChainFaultKind.CLOCK, batch.number, sentence)
        latest = max(latest, batch.chained_at) if latest else batch.chained_at
    if (
        checkpoint is not None
        and batches
        and batches[-1].chained_at < checkpoint.dropped_at - CLOCK_TOLERANCE
    ):
        number = checkpoint.batch.number
        sentence = (
            f"The batches up to {number} were dropped at a time after the newest batch: the clock was ahead."
        )
        yield ChainFault(ChainFaultKind.CLOCK, number, sentence)


def head_faults(
    batches: Sequence[ChainedBatch], checkpoint: Checkpoint | None, heads: Sequence[HeadOutside]
) -> Iterator[ChainFault]:
    """Compare the batches with the heads outside: name the first one that was rewritten, and an end that was cut."""
    known_heads = {batch.number: batch.head for batch in batches}
    if checkpoint is not None:
        known_heads[checkpoint.batch.number] = checkpoint.batch.head
    last = max(known_heads, default=0)
    for each in heads:
        if not each.is_signed:
            sentence = (
                f"No key of this installation signed the head of batch {each.number} that is kept outside."
            )
            yield ChainFault(ChainFaultKind.UNSIGNED, each.number, sentence)
    differing_numbers = [
        each.number for each in heads if known_heads.get(each.number, each.head) != each.head
    ]
    if differing_numbers:
        first = min(differing_numbers)
        sentence = (
            f"The log was rewritten from batch {first} on: the head that is kept outside is another one."
        )
        yield ChainFault(ChainFaultKind.REWRITTEN, first, sentence)
    numbers_beyond = sorted(each.number for each in heads if each.number > last)
    if numbers_beyond:
        sentence = f"The end of the log was cut: {_range(last + 1, numbers_beyond[-1])} gone."
        yield ChainFault(ChainFaultKind.CUT, last + 1, sentence)
    if known_heads and last not in {each.number for each in heads}:
        newest = max((each.number for each in heads), default=0)
        if newest < last:
            sentence = f"No head is kept outside after batch {newest}: nothing proves the batches after it."
            yield ChainFault(ChainFaultKind.UNPROVEN, newest + 1, sentence)


def chain_start(checkpoint: Checkpoint | None) -> bytes:
    return checkpoint.batch.head if checkpoint else NO_HEAD


def _range(first: int, last: int) -> str:
    return f"Batch {first} is" if first == last else f"Batches {first} to {last} are"
