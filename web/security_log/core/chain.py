"""Digests of events, and the chain of batches.

All digests are SHA-256. That of a batch is over the digests of its events in the order of their ids, its head over the
head of the batch before, its number, its time, the number of its events and its digest.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

NO_HEAD = bytes(32)
"""The first batch is chained to this head."""


@dataclass(frozen=True, slots=True)
class EventContent:
    """The values that the digest of an event covers. `address_proof` stands for the address, which may be erased."""

    id: int
    at: datetime
    last_at: datetime
    times: int
    action: str
    actor_id: int | None
    part: str
    token: str
    account_id: int | None
    address_proof: str
    place: str
    detail: Mapping[str, Any]
    request_id: str


type AlikeKey = tuple[str, int | None, str, str]


def alike_key(content: EventContent) -> AlikeKey | None:
    """Equal for events of one kind that one request or command made; None for an event of neither."""
    if not (content.part or content.request_id):
        return None
    return content.action, content.actor_id, content.part, content.request_id


def event_digest(content: EventContent) -> bytes:
    values = asdict(content) | {"at": instant_text(content.at), "last_at": instant_text(content.last_at)}
    return _digest("event", json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":")))


def address_proof(address: str, salt: str) -> str:
    """A digest in hex that proves an address as long as its salt is known; "" without an address.

    Without the salt of 128 random bits nobody finds the address by trying all of them.
    """
    return _digest("address", salt, address).hex() if address else ""


def batch_digest(event_digests: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"".join(event_digests)).digest()


def head_of_batch(previous: bytes, *, number: int, chained_at: datetime, events: int, digest: bytes) -> bytes:
    return _digest("head", previous.hex(), str(number), instant_text(chained_at), str(events), digest.hex())


def instant_text(at: datetime) -> str:
    """The instant in UTC with microseconds, whatever the zone of `at`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()
