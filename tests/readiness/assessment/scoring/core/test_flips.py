"""What moved between two evaluations, what moved it, and since when it is bad."""

from dataclasses import replace

import pytest

from readiness.assessment.evidence.core.rules import RULES
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.document import load
from readiness.assessment.framework.core.vocabulary import SiteKind, Stage
from readiness.assessment.scoring.core.evaluate import evaluate
from readiness.assessment.scoring.core.flips import Before, CheckBefore, DetectedFlip, find_flips
from readiness.assessment.scoring.core.states import CheckState, FlipCause, FlipSubject
from tests.readiness.assessment.scoring.core.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    core_site,
    grant,
    reading,
    site_inputs,
)
from web.versioned.core.documents import written

INLET = ("p2-cooling-headroom", "inlet-p99")
SITE_LOAD = ("p2-power-headroom", "site-load")
COST = ("p2-unit-cost", "cost-to-budget")
LATER = NOW + HOUR


@pytest.fixture
def healthy(shipped: Framework):
    """A site whose evidence was taken just now and holds for the evaluation an hour later."""
    inputs = site_inputs(shipped, age=MINUTE)
    slow = {key: one._replace(cadence_s=3600) for key, one in inputs.readings.items()}
    return replace(inputs, readings=slow)


def with_reading(inputs, key, value, *, age=MINUTE, **fields):
    return replace(inputs, readings=dict(inputs.readings) | {key: reading(value, age=age, **fields)})


def without_reading(inputs, key):
    return replace(inputs, readings={one: found for one, found in inputs.readings.items() if one != key})


def moves(shipped, before, after):
    """The FlipSet from evaluating `before` now and `after` an hour later."""
    first = find_flips(None, evaluate(shipped, before, now=NOW)).after
    return find_flips(first, evaluate(shipped, after, now=LATER))


def told(found, subject=FlipSubject.CHECK):
    return [
        (flip.key or "verdict", flip.from_state, flip.to_state, flip.cause)
        for flip in found.flips
        if flip.subject is subject
    ]


def verdict_move(found):
    return [move[1:] for move in told(found, FlipSubject.VERDICT)]


def test_nothing_moved_nothing_told(shipped, healthy):
    assert moves(shipped, healthy, healthy).flips == ()


def test_data_moves_a_check_its_part_and_the_verdict(shipped, healthy):
    hot = with_reading(healthy, INLET, 33.5, detail="rack 4", evidence="source:9")
    found = moves(shipped, healthy, hot)
    assert told(found) == [("p2-cooling-headroom", "pass", "fail", "data")]
    assert told(found, FlipSubject.PART) == [("p2-cooling-headroom", "pass", "fail", "data")]
    assert verdict_move(found) == [("ready", "not-ready", "data")]
    said = "p99 inlet temperature, worst sensor: 33.5 °C (rack 4) is outside 18 to 27 °C."
    begun, figures = LATER - HOUR - MINUTE, (33.5, "°C", 27, "18 to 27 °C")
    moved = (CheckState.PASS, CheckState.FAIL, FlipCause.DATA, said, begun, *figures)
    verdict = evaluate(shipped, hot, now=LATER).verdict
    assert found.flips == (
        DetectedFlip(FlipSubject.CHECK, INLET[0], "", *moved),
        DetectedFlip(FlipSubject.PART, *INLET, *moved),
        DetectedFlip(
            FlipSubject.VERDICT, "", "", "ready", "not-ready", FlipCause.DATA, verdict.reason, begun
        ),
    )
    assert found.after.checks[INLET[0]].parts["inlet-p99"] == "fail"


def test_a_part_may_move_inside_a_check_that_does_not(shipped, healthy):
    overloaded = with_reading(healthy, SITE_LOAD, 99)
    swinging = with_reading(overloaded, ("p2-power-headroom", "step-10s"), 200)
    found = moves(shipped, overloaded, swinging)
    assert told(found) == []
    assert [(flip.part, flip.to_state) for flip in found.flips] == [("step-10s", "fail")]


def test_evidence_that_runs_out_moves_by_age(shipped, healthy):
    ageing = with_reading(healthy, INLET, 22, age=DAY - MINUTE)
    found = moves(shipped, ageing, ageing)
    assert told(found) == [("p2-cooling-headroom", "pass", "stale", "evidence-age")]
    assert verdict_move(found) == [("ready", "not-ready", "evidence-age")]
    assert found.flips[0].first_bad_at == NOW + MINUTE


def test_evidence_that_a_change_voided_moves_by_age_and_says_which_change(shipped, healthy):
    key = ("p1-intra-node", "busbw")
    voided = with_reading(healthy, key, 101, voided="Firmware 28.39 since 11:00.", voided_at=NOW + HOUR / 2)
    found = moves(shipped, healthy, voided)
    assert told(found) == [("p1-intra-node", "pass", "stale", "evidence-age")]
    assert found.flips[0].reason == "Firmware 28.39 since 11:00."
    assert found.flips[0].first_bad_at == NOW + HOUR / 2


def under_earlier_rules(shipped, before, after):
    """The moves to the evaluation an hour later, where an upgrade of Muster raised the revision meanwhile."""
    first = find_flips(None, evaluate(shipped, before, now=NOW)).after
    return find_flips(replace(first, rules=RULES - 1), evaluate(shipped, after, now=LATER))


RUN = ("p1-rdma-port", "bandwidth")


def test_the_same_evidence_judged_by_new_rules_of_muster_moves_by_rule(shipped, healthy):
    few = with_reading(healthy, RUN, 101, age=2 * HOUR, cannot_judge="The run made 5 iterations; 1000 count.")
    found = under_earlier_rules(shipped, healthy, few)
    assert told(found) == [("p1-rdma-port", "pass", "unknown", "rule")]
    assert told(found, FlipSubject.PART) == [("p1-rdma-port", "pass", "unknown", "rule")]
    assert verdict_move(found) == [("ready", "not-ready", "rule")]
    said = "Muster's rules changed with an upgrade. The run made 5 iterations; 1000 count."
    assert found.flips[0].reason == said
    assert all(flip.reason.startswith("Muster's rules changed") for flip in found.flips)
    assert found.flips[0].first_bad_at is None


def test_evidence_that_no_longer_counts_by_new_rules_began_to_be_bad_now(shipped, healthy):
    bad = with_reading(healthy, RUN, 10, age=5 * DAY)
    found = under_earlier_rules(shipped, healthy, bad)
    assert told(found) == [("p1-rdma-port", "pass", "fail", "rule")]
    assert found.flips[0].first_bad_at == LATER


@pytest.mark.parametrize(
    ("fields", "move"),
    [
        pytest.param({"value": 33.5, "age": -MINUTE}, ("pass", "fail", "data"), id="newer data"),
        pytest.param({"value": 22, "age": DAY - MINUTE}, ("pass", "stale", "evidence-age"), id="ran out"),
        pytest.param(
            {"value": 22, "age": 3 * DAY}, ("pass", "stale", "rule"), id="ran out before the rules changed"
        ),
        pytest.param(
            {"value": 22, "age": 2 * HOUR, "voided": "Firmware.", "voided_at": NOW + HOUR / 2},
            ("pass", "stale", "evidence-age"),
            id="voided since",
        ),
    ],
)
def test_what_moves_beside_new_rules_of_muster_keeps_its_cause(shipped, healthy, fields, move):
    found = under_earlier_rules(shipped, healthy, with_reading(healthy, INLET, **fields))
    assert told(found) == [("p2-cooling-headroom", *move)]
    assert found.flips[0].reason.startswith("Muster's rules changed") is (move[2] == "rule")


def test_fresh_evidence_heals_by_data(shipped, healthy):
    stale = with_reading(healthy, INLET, 22, age=3 * DAY)
    assert told(moves(shipped, stale, healthy)) == [("p2-cooling-headroom", "stale", "pass", "data")]


def test_evidence_withdrawn_moves_by_data(shipped, healthy):
    found = moves(shipped, healthy, without_reading(healthy, INLET))
    assert told(found) == [("p2-cooling-headroom", "pass", "unknown", "data")]


@pytest.mark.parametrize(
    ("before", "after", "move"),
    [
        pytest.param({}, {COST[0]: grant()}, ("fail", "waived", "waiver"), id="begins"),
        pytest.param(
            {COST[0]: grant(ends_at=LATER)},
            {COST[0]: grant(ends_at=LATER)},
            ("waived", "fail", "waiver"),
            id="ends",
        ),
    ],
)
def test_a_waiver_that_begins_or_ends(shipped, healthy, before, after, move):
    costly = with_reading(healthy, COST, 150)
    found = moves(shipped, replace(costly, waivers=before), replace(costly, waivers=after))
    assert told(found) == [(COST[0], *move)]
    assert verdict_move(found) == []


def test_what_heals_under_a_waiver_heals_by_data(shipped, healthy):
    waived = replace(with_reading(healthy, COST, 150), waivers={COST[0]: grant()})
    healed = replace(healthy, waivers=waived.waivers)
    assert told(moves(shipped, waived, healed)) == [(COST[0], "waived", "pass", "data")]


def test_a_declared_na_moves_by_applicability(shipped, healthy):
    declared = replace(healthy, declared_na={"p1-congestion": grant()})
    found = moves(shipped, healthy, declared)
    assert told(found) == [("p1-congestion", "pass", "n-a", "applicability")]


def test_an_exception_that_ends_moves_the_verdict_by_waiver(shipped, healthy):
    excepted = replace(with_reading(healthy, INLET, 40), exceptions={INLET[0]: grant(ends_at=LATER)})
    found = moves(shipped, excepted, excepted)
    assert told(found) == []
    assert verdict_move(found) == [("conditional", "not-ready", "waiver")]


def test_a_gate_that_depends_on_the_site_moves_the_verdict_by_applicability(shipped, healthy):
    on_battery = with_reading(healthy, ("p2-backup-power", "output-source"), 5)
    edge = replace(on_battery, context=core_site(kind=SiteKind.EDGE))
    found = moves(shipped, on_battery, edge)
    assert told(found) == []
    assert verdict_move(found) == [("not-ready", "conditional", "applicability")]


DIAGNOSTIC = ("p1-accelerator-diag", "worst-severity")


def test_a_check_that_still_warns_and_is_now_declared_moves_the_verdict_by_data(shipped, healthy):
    measured = with_reading(healthy, DIAGNOSTIC, 1)
    declared = with_reading(healthy, DIAGNOSTIC, 1, declaration="recorded fact 3")
    found = moves(shipped, measured, declared)
    assert told(found) == []
    assert verdict_move(found) == [("ready", "conditional", "data")]
    assert verdict_move(moves(shipped, declared, measured)) == [("conditional", "ready", "data")]


def test_a_stage_gives_and_takes_the_verdict_by_applicability(shipped, healthy):
    building = replace(healthy, context=core_site(stage=Stage.BUILDING))
    assert verdict_move(moves(shipped, building, healthy)) == [(None, "ready", "applicability")]
    assert verdict_move(moves(shipped, healthy, building)) == [("ready", None, "applicability")]


def test_a_better_verdict_has_the_cause_of_what_held_it(shipped, healthy):
    stale = with_reading(healthy, INLET, 22, age=3 * DAY)
    assert verdict_move(moves(shipped, stale, healthy)) == [("not-ready", "ready", "data")]


def test_a_first_evaluation_tells_only_what_is_not_unknown(shipped, healthy):
    only_inlet = replace(healthy, readings={INLET: reading(22)})
    found = find_flips(None, evaluate(shipped, only_inlet, now=NOW))
    assert told(found) == []
    assert told(found, FlipSubject.PART) == [("p2-cooling-headroom", "unknown", "pass", "data")]
    assert verdict_move(found) == [(None, "not-ready", "applicability")]
    both = replace(healthy, readings={("p3-role-coverage", "people-per-role"): reading(2)})
    assert told(find_flips(None, evaluate(shipped, both, now=NOW))) == [
        ("p3-role-coverage", "unknown", "pass", "data")
    ]


def raised(shipped: Framework) -> Framework:
    """The shipped framework with a stricter limit on unit cost."""
    mapping = written(shipped)
    mapping["version"] = "muster-3"
    for check in mapping["checks"]:
        if check["id"] == COST[0]:
            check["parts"][0]["pass"]["value"] = 80.0
            check["parts"][0]["warn"]["value"] = 90.0
    return load(mapping)


def test_a_new_rule_moves_by_rule_and_new_data_still_by_data(shipped, healthy):
    stricter = raised(shipped)
    first = find_flips(None, evaluate(shipped, healthy, now=NOW)).after
    hot = with_reading(healthy, INLET, 40)
    found = find_flips(
        first,
        evaluate(stricter, hot, now=LATER),
        under_old_rules=evaluate(shipped, hot, now=LATER),
    )
    assert told(found) == [
        ("p2-unit-cost", "pass", "fail", "rule"),
        ("p2-cooling-headroom", "pass", "fail", "data"),
    ]
    assert found.flips[0].first_bad_at == LATER
    assert verdict_move(found) == [("ready", "not-ready", "data")]


def test_a_rule_alone_moves_the_verdict_by_rule(shipped, healthy):
    first = find_flips(None, evaluate(shipped, healthy, now=NOW)).after
    found = find_flips(
        first,
        evaluate(raised(shipped), healthy, now=LATER),
        under_old_rules=evaluate(shipped, healthy, now=LATER),
    )
    assert verdict_move(found) == [("ready", "conditional", "rule")]


def test_without_the_old_rules_at_hand_every_move_counts_as_rule(shipped, healthy):
    first = find_flips(None, evaluate(shipped, healthy, now=NOW)).after
    found = find_flips(first, evaluate(raised(shipped), with_reading(healthy, INLET, 40), now=LATER))
    assert {flip.cause for flip in found.flips} == {FlipCause.RULE}


@pytest.mark.parametrize(
    ("values", "first_bad_after"),
    [
        pytest.param([22, 29], [None, 1], id="set when it leaves pass"),
        pytest.param([22, 29, 40], [None, 1, 1], id="kept from warn to fail"),
        pytest.param([22, 40, 29], [None, 1, 1], id="kept from fail to warn"),
        pytest.param([22, 40, 22], [None, 1, None], id="cleared by pass"),
        pytest.param([22, 40, 22, 40], [None, 1, None, 3], id="set anew after pass"),
        pytest.param([22, 40, None, 40], [None, 1, 1, 1], id="kept through unknown"),
        pytest.param([None, None], [None, None], id="unknown does not set it"),
        pytest.param([None, 40], [None, 1], id="set when a first look is bad"),
    ],
)
def test_since_when_it_is_bad(shipped, healthy, values, first_bad_after):
    before, found = None, []
    for step, value in enumerate(values):
        at = NOW + step * HOUR
        inputs = without_reading(healthy, INLET)
        if value is not None:
            inputs = with_reading(inputs, INLET, value, age=-step * HOUR)
        before = find_flips(before, evaluate(shipped, inputs, now=at)).after
        found.append(before.checks[INLET[0]].first_bad_at)
    assert found == [None if step is None else NOW + step * HOUR for step in first_bad_after]


def test_the_first_bad_sample_goes_before_the_time_of_the_figure(shipped, healthy):
    hot = with_reading(healthy, INLET, 40, bad_since=NOW - 5 * HOUR)
    found = moves(shipped, healthy, hot)
    assert {flip.first_bad_at for flip in found.flips} == {NOW - 5 * HOUR}


def test_states_read_back_from_storage_as_text_are_the_same_states(shipped, healthy):
    result = evaluate(shipped, healthy, now=NOW)
    stored = Before(
        framework_digest=shipped.content_digest,
        verdict="ready",
        deciding=(),
        excepted=(),
        evaluated_at=NOW,
        checks={
            check.check_id: CheckBefore(
                "pass", "pass", {part.part_id: str(part.state) for part in check.parts}
            )
            for check in result.checks
        },
    )
    assert find_flips(stored, result).flips == ()


def test_a_site_without_a_verdict_may_be_stored_as_empty_text(shipped, healthy):
    building = replace(healthy, context=core_site(stage=Stage.BUILDING))
    result = evaluate(shipped, building, now=NOW)
    stored = replace(find_flips(None, result).after, verdict="")
    assert find_flips(stored, result).flips == ()
