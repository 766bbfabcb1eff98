"""Who may confirm an attestation, what it is at an instant, and which sub-measures need one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from readiness.assessment.evidence.core.confirming import blocking_parts, confirmation_at, why_not
from readiness.assessment.framework.core.vocabulary import Gate
from tests.readiness.assessment.evidence.test_every_part import FRAMEWORK

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANA, BEA, CAI = 1, 2, 3


@pytest.mark.parametrize(
    ("by", "entered_by", "attester", "confirmed_by", "refusal"),
    [
        pytest.param(BEA, ANA, BEA, None, "", id="the person named"),
        pytest.param(CAI, ANA, BEA, None, "Only the person named", id="anybody else where one is named"),
        pytest.param(ANA, ANA, BEA, None, "the person named in it must confirm it", id="who entered it"),
        pytest.param(ANA, ANA, ANA, None, "You entered this", id="who entered it in their own name"),
        pytest.param(BEA, ANA, None, None, "", id="a second person where no account is named"),
        pytest.param(ANA, ANA, None, None, "a second person must confirm", id="who entered the document"),
        pytest.param(BEA, None, None, None, "Nobody is on record", id="nobody knows who entered it"),
        pytest.param(BEA, None, BEA, None, "", id="the person named, whoever entered it"),
        pytest.param(BEA, ANA, None, BEA, "", id="who confirmed takes it back"),
        pytest.param(CAI, ANA, None, BEA, "Only the person who confirmed", id="another takes it back"),
        pytest.param(ANA, ANA, None, BEA, "You entered this", id="who entered it takes it back"),
    ],
)
def test_who_confirms_and_rejects(by, entered_by, attester, confirmed_by, refusal):
    found = why_not(by=by, entered_by=entered_by, attester=attester, confirmed_by=confirmed_by)
    assert refusal in found
    assert bool(found) == bool(refusal)


@pytest.mark.parametrize(
    ("confirmed", "rejected", "state"),
    [
        pytest.param(None, None, "waiting", id="nobody answered"),
        pytest.param(NOW, None, "confirmed", id="confirmed at this instant"),
        pytest.param(NOW + HOUR, None, "waiting", id="confirmed later"),
        pytest.param(None, NOW - HOUR, "rejected", id="rejected"),
        pytest.param(NOW - HOUR, NOW, "rejected", id="taken back"),
        pytest.param(NOW - HOUR, NOW + HOUR, "confirmed", id="taken back later"),
    ],
)
def test_what_it_is_at_an_instant(confirmed, rejected, state):
    assert confirmation_at(confirmed, rejected, NOW) == state


def with_gate(check_id, gate):
    checks = tuple(
        replace(check, gate=gate, gate_rules=()) if check.id == check_id else check
        for check in FRAMEWORK.checks
    )
    return replace(FRAMEWORK, checks=checks)


def test_only_what_may_hold_a_go_live_and_may_be_attested_needs_a_confirmation():
    found = blocking_parts(FRAMEWORK)
    assert ("p1-commissioning-l5", "level") in found
    assert ("p4-golive-review", "signatures-missing") in found
    assert ("p4-multivendor-standard", "standard-current") in found, "its gate is BLOCK at some sites"
    assert ("p1-accelerator-diag", "coverage") not in found, "a run is asked for"
    assert ("p4-standard-interfaces", "devices-conforming") not in found, "it is COND"


def test_an_edited_gate_changes_what_needs_one():
    softer = blocking_parts(with_gate("p1-commissioning-l5", Gate.COND))
    assert not [key for key in softer if key[0] == "p1-commissioning-l5"]
    stricter = blocking_parts(with_gate("p4-standard-interfaces", Gate.BLOCK))
    assert ("p4-standard-interfaces", "devices-conforming") in stricter
