"""Sub-measures to one check."""

from copy import replace

import pytest

from readiness.assessment.framework.core.vocabulary import CheckState, Gate
from readiness.assessment.scoring.core.combine import combine, not_applicable, worst
from readiness.assessment.scoring.core.judge import judge
from readiness.assessment.scoring.core.states import ReasonCode
from tests.readiness.assessment.scoring.core.builders import (
    DAY,
    HOUR,
    NOW,
    check,
    grant,
    part_result,
    reading,
    sub_measure,
)

LOAD = check()
NEVER_NA = check(states=frozenset(CheckState) - {CheckState.NOT_APPLICABLE})


def combined(*states, gates=None, waiver=None, gate=Gate.BLOCK, of=LOAD):
    gates = gates or [gate] * len(states)
    parts = [
        part_result(CheckState(state), part_id=f"part-{place}", gate=part_gate)
        for place, (state, part_gate) in enumerate(zip(states, gates, strict=True))
    ]
    return combine(of, parts, gate=gate, weight=3, waiver=waiver, now=NOW)


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (["pass"], "pass"),
        (["pass", "warn"], "warn"),
        (["warn", "waived"], "waived"),
        (["waived", "unknown"], "unknown"),
        (["unknown", "stale"], "stale"),
        (["stale", "fail"], "fail"),
        (["n-a", "pass"], "pass"),
        (["n-a", "fail"], "fail"),
        (["n-a", "unknown"], "unknown"),
        (["n-a", "n-a"], "n-a"),
        (["pass", "warn", "unknown", "stale", "fail", "n-a"], "fail"),
    ],
    ids=" with ".join,
)
def test_the_worst_applicable_one_wins(states, state):
    assert combined(*states).state == state
    assert combined(*reversed(states)).state == state


def test_worst_of_nothing_is_nothing():
    assert worst([]) is None
    assert worst([CheckState.NOT_APPLICABLE]) is None


def test_the_decider_is_the_highest_gate_then_the_first_written():
    result = combined("fail", "fail", "fail", gates=[Gate.COND, Gate.BLOCK, Gate.BLOCK])
    assert result.decided_by.part_id == "part-1"
    assert result.reason == "part-1 is fail."


@pytest.mark.parametrize(
    ("states", "gates", "state", "block", "cond"),
    [
        (["pass", "fail"], [Gate.BLOCK, Gate.COND], "fail", "pass", "fail"),
        (["fail", "pass"], [Gate.BLOCK, Gate.COND], "fail", "fail", "pass"),
        (["pass", "fail"], [Gate.BLOCK, Gate.INFO], "pass", "pass", None),
        (["n-a", "fail"], [Gate.BLOCK, Gate.COND], "fail", None, "fail"),
        (["pass", "unknown"], [Gate.COND, Gate.COND], "unknown", None, "unknown"),
    ],
    ids=[
        "a COND part fails",
        "a BLOCK part fails",
        "an INFO part fails",
        "BLOCK does not apply",
        "COND alone",
    ],
)
def test_each_gate_has_its_own_state(states, gates, state, block, cond):
    result = combined(*states, gates=gates)
    assert (result.state, result.block_state, result.cond_state) == (state, block, cond)


def test_an_info_check_is_decided_by_its_info_parts_and_holds_nothing():
    result = combined("warn", "fail", gate=Gate.INFO)
    assert (result.state, result.block_state, result.cond_state) == ("fail", None, None)


@pytest.mark.parametrize(
    ("gate", "block", "cond"),
    [(Gate.BLOCK, "unknown", None), (Gate.COND, None, "unknown"), (Gate.INFO, None, None)],
)
def test_a_check_that_cannot_be_na_is_unknown_when_no_part_is_left(gate, block, cond):
    result = combined("n-a", "n-a", of=NEVER_NA, gate=gate)
    assert (result.state, result.measured_state) == ("unknown", "unknown")
    assert (result.code, result.gate, result.block_state, result.cond_state) == (
        ReasonCode.NOTHING_LEFT,
        gate,
        block,
        cond,
    )
    assert result.reason == (
        "No sub-measure applies here, and this check applies everywhere, so nothing proves it."
    )
    assert not result.has_fresh_evidence


def test_a_check_without_a_part_that_applies_says_why_of_each_once():
    parts = [
        replace(part_result(CheckState.NOT_APPLICABLE, part_id=part_id), reason=reason)
        for part_id, reason in (("a", "No liquid cooling."), ("b", "Edge site."), ("c", "No liquid cooling."))
    ]
    result = combine(LOAD, parts, gate=Gate.COND, weight=2, waiver=None, now=NOW)
    assert (result.state, result.measured_state, result.gate, result.weight) == ("n-a", "n-a", Gate.COND, 2)
    assert result.reason == "No liquid cooling. Edge site."
    assert result.parts == tuple(parts)
    assert (result.block_state, result.cond_state) == (None, None)


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("fail", "waived"),
        ("unknown", "waived"),
        ("stale", "waived"),
        ("warn", "warn"),
        ("pass", "pass"),
        ("n-a", "n-a"),
    ],
)
def test_what_a_live_waiver_covers(state, shown):
    result = combined(state, waiver=grant())
    assert (result.state, result.measured_state) == (shown, state)


def test_a_waiver_does_not_touch_what_the_verdict_reads():
    assert combined("fail", waiver=grant()).block_state == "fail"


@pytest.mark.parametrize(
    "waiver",
    [
        pytest.param(grant(ends_at=NOW), id="ended this minute"),
        pytest.param(grant(starts_at=NOW + HOUR), id="not begun"),
        pytest.param(grant(approved_by=""), id="not approved"),
        pytest.param(grant(approved_by="asker"), id="approved by the one who asked"),
    ],
)
def test_a_waiver_that_does_not_count(waiver):
    assert combined("fail", waiver=waiver).state == "fail"


def test_a_waiver_ends_with_the_version_that_allowed_it():
    never_waived = check(states=frozenset(CheckState) - {CheckState.WAIVED})
    assert combined("fail", waiver=grant(), of=never_waived).state == "fail"


def test_fresh_until_is_the_first_expiry_ahead_of_parts_that_decide():
    parts = [
        part_result(CheckState.PASS, part_id="soon", fresh_until=NOW + HOUR),
        part_result(CheckState.PASS, part_id="later", fresh_until=NOW + DAY),
        part_result(CheckState.STALE, part_id="gone", fresh_until=NOW - HOUR),
        part_result(CheckState.PASS, part_id="trend", fresh_until=NOW + HOUR / 2, gate=Gate.INFO),
    ]
    assert combine(LOAD, parts, gate=Gate.BLOCK, weight=3, now=NOW).fresh_until == NOW + HOUR


def test_the_figures_of_a_check_are_those_of_its_decider():
    parts = [
        part_result(CheckState.PASS, part_id="fine", value=1.0, unit="%"),
        judge(sub_measure(), reading(96.0, evidence="source:9"), NOW),
    ]
    result = combine(LOAD, parts, gate=Gate.BLOCK, weight=3, now=NOW)
    figures = result.figures
    assert (figures.value, figures.unit, figures.threshold, figures.margin) == (
        96.0,
        "kW",
        80.0,
        -16.0,
    )
    assert (figures.threshold_text, figures.evidence, figures.provenance) == (
        "≤ 80 kW",
        "source:9",
        "measured",
    )
    assert (figures.taken_at, figures.data_age_s) == (NOW - HOUR, 3600)


def test_a_check_that_does_not_apply_has_a_reason_and_no_figures():
    result = not_applicable(LOAD, "One node.", gate=Gate.BLOCK, weight=3)
    assert (result.state, result.reason) == ("n-a", "One node.")
    assert result.figures.value is result.block_state is None
