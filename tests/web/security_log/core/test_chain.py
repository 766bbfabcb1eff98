"""Digests, the chain of batches, and what contradicts it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from web.security_log.core.chain import (
    NO_HEAD,
    EventContent,
    address_proof,
    batch_digest,
    event_digest,
    head_of_batch,
)
from web.security_log.core.verifying import (
    ChainedBatch,
    ChainedEvent,
    ChainFaultKind,
    Checkpoint,
    Erasures,
    HeadOutside,
    batch_faults,
    event_faults,
    head_faults,
    order_faults,
)

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
CONTENT = EventContent(
    id=7,
    at=AT,
    last_at=AT,
    times=1,
    action="refused",
    actor_id=3,
    part="",
    token="abc",
    account_id=4,
    address_proof=address_proof("192.0.2.1", "salt"),
    place="/sites/porto/",
    detail={"method": "GET"},
    request_id="r1",
)
OTHER = {
    "id": 8,
    "at": AT - timedelta(microseconds=1),
    "last_at": AT + timedelta(microseconds=1),
    "times": 2,
    "action": "exported",
    "actor_id": None,
    "part": "worker",
    "token": "abd",
    "account_id": 5,
    "address_proof": "",
    "place": "/sites/lagos/",
    "detail": {"method": "POST"},
    "request_id": "r2",
}


@pytest.mark.parametrize("field", OTHER)
def test_every_field_is_in_the_digest(field):
    assert event_digest(replace(CONTENT, **{field: OTHER[field]})) != event_digest(CONTENT)


def test_the_zone_and_the_order_of_keys_do_not_change_the_digest():
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))
    content = replace(CONTENT, at=elsewhere, detail={"b": 1, "a": 2})
    assert event_digest(content) == event_digest(replace(CONTENT, detail={"a": 2, "b": 1}))


def test_an_address_is_proven_only_with_its_salt():
    assert address_proof("192.0.2.1", "salt") != address_proof("192.0.2.1", "other salt")
    assert address_proof("", "") == ""


def chain_of(count):
    chain, previous = [], NO_HEAD
    for number in range(1, count + 1):
        at, digest = AT + timedelta(minutes=number), batch_digest([bytes([number]) * 32])
        head = head_of_batch(previous, number=number, chained_at=at, events=1, digest=digest)
        chain.append(ChainedBatch(number, at, 1, digest, head))
        previous = head
    return chain


def heads_of(chain):
    return [HeadOutside(batch.number, batch.head, True) for batch in chain]


def kinds(faults):
    return [(fault.kind, fault.batch) for fault in faults]


def test_an_untouched_chain_has_no_faults():
    chain = chain_of(3)
    assert kinds(order_faults(chain, None)) == kinds(head_faults(chain, None, heads_of(chain))) == []
    assert kinds(batch_faults(chain[1], [bytes([2]) * 32], chain[0].head)) == []


@pytest.mark.parametrize(
    ("digests", "previous", "expected"),
    [
        pytest.param([], 0, [ChainFaultKind.MISSING], id="an event is gone"),
        pytest.param([bytes([2]) * 32] * 2, 0, [ChainFaultKind.MISSING], id="an event was added"),
        pytest.param([bytes(32)], 0, [ChainFaultKind.ALTERED], id="event and digest were altered"),
        pytest.param([bytes([2]) * 32], 2, [ChainFaultKind.ALTERED], id="it follows another batch"),
    ],
)
def test_a_batch_that_contradicts_its_events_is_named(digests, previous, expected):
    chain = chain_of(3)
    faults = batch_faults(chain[1], digests, chain[previous].head)
    assert kinds(faults) == [(kind, 2) for kind in expected]


def test_heads_outside_tell_a_rewritten_tail_from_a_cut_end():
    chain = chain_of(4)
    rewritten_chain = [*chain[:2], *(replace(batch, head=bytes(32)) for batch in chain[2:])]
    assert kinds(head_faults(rewritten_chain, None, heads_of(chain))) == [(ChainFaultKind.REWRITTEN, 3)]
    assert kinds(head_faults(chain[:2], None, heads_of(chain))) == [(ChainFaultKind.CUT, 3)]
    assert kinds(head_faults([], None, heads_of(chain))) == [(ChainFaultKind.CUT, 1)]


def test_an_end_without_a_head_outside_is_unproven():
    chain = chain_of(3)
    assert kinds(head_faults(chain, None, heads_of(chain[:1]))) == [(ChainFaultKind.UNPROVEN, 2)]
    assert kinds(head_faults(chain, None, [])) == [(ChainFaultKind.UNPROVEN, 1)]


def test_a_head_that_nobody_signed_is_named():
    chain = chain_of(1)
    assert kinds(head_faults(chain, None, [HeadOutside(1, chain[0].head, False)])) == [
        (ChainFaultKind.UNSIGNED, 1)
    ]


def test_numbers_that_are_missing_are_named():
    chain = chain_of(5)
    assert [fault.sentence for fault in order_faults([chain[0], chain[4]], None)] == [
        "Batches 2 to 4 are missing."
    ]


@pytest.mark.parametrize(
    ("is_signed", "dropped_after", "expected"),
    [
        (True, 5, []),
        (False, 5, [(ChainFaultKind.UNSIGNED, 2)]),
        pytest.param(True, 600, [(ChainFaultKind.CLOCK, 2)], id="the clock was ahead when it dropped"),
    ],
)
def test_a_checkpoint_is_the_beginning(is_signed, dropped_after, expected):
    chain = chain_of(5)
    start = Checkpoint(chain[1], AT + timedelta(minutes=dropped_after), is_signed)
    assert kinds(order_faults(chain[2:], start)) == expected
    assert kinds(head_faults(chain[2:], start, heads_of(chain))) == []


def test_a_clock_that_was_set_back_is_named():
    chain = chain_of(3)
    chain[1] = replace(chain[1], chained_at=AT + timedelta(days=400))
    assert kinds(order_faults(chain, None)) == [(ChainFaultKind.CLOCK, 3)]


@pytest.mark.parametrize(
    ("change", "erased", "expected"),
    [
        pytest.param({}, {}, 0, id="as it was"),
        pytest.param({"address": "192.0.2.2"}, {}, 1, id="another address"),
        pytest.param({"address": "", "salt": ""}, {}, 1, id="nobody erased the address"),
        pytest.param({"address": "", "salt": ""}, {4: 9}, 0, id="an erasure of its account"),
        pytest.param({"address": "", "salt": ""}, {4: 6}, 1, id="an erasure before the event"),
        pytest.param({"address": "", "salt": ""}, {5: 9}, 1, id="an erasure of another account"),
        pytest.param({"content": replace(CONTENT, actor_id=9)}, {}, 1, id="another actor"),
    ],
)
def test_events_that_were_altered_are_named(change, erased, expected):
    event = ChainedEvent(CONTENT, event_digest(CONTENT), "192.0.2.1", "salt")
    faults = list(event_faults(2, [replace(event, **change)], Erasures(erased)))
    assert [(fault.kind, fault.event_id) for fault in faults] == [(ChainFaultKind.ALTERED, 7)] * expected
