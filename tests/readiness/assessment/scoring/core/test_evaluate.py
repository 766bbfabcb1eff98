"""A whole site against the shipped framework."""

from dataclasses import replace

import pytest

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.framework.core.definition import Framework, gate_for
from readiness.assessment.framework.core.document import load
from readiness.assessment.framework.core.vocabulary import CheckState, Gate, Profile, SiteKind, Stage
from readiness.assessment.scoring.core.evaluate import SiteInputs, evaluate, evaluate_check
from readiness.assessment.scoring.core.states import ReasonCode
from tests.readiness.assessment.scoring.core.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SHIPPED,
    can_fail,
    can_warn,
    core_site,
    figure,
    grant,
    reading,
    site_inputs,
)


def evaluated(shipped, **changes):
    return evaluate(shipped, site_inputs(shipped, **changes), now=NOW)


def states_of(result):
    return {check.check_id: str(check.state) for check in result.checks}


def test_all_evidence_inside_makes_it_ready(shipped: Framework):
    result = evaluated(shipped)
    assert set(states_of(result).values()) == {"pass"}
    assert (result.verdict.verdict, result.score.result.score, result.score.result.coverage) == (
        "ready",
        1,
        1,
    )


def test_a_result_says_of_what_it_is(shipped: Framework):
    result = evaluated(shipped)
    assert (result.framework_version, result.framework_digest) == (shipped.version, shipped.content_digest)
    assert (result.evaluated_at, result.stage) == (NOW, Stage.PRODUCTION)
    assert [check.check_id for check in result.checks] == [check.id for check in shipped.checks]
    assert list(result.score.pillars) == [pillar.id for pillar in shipped.pillars]


def test_blocking_checks_that_ask_for_a_measurement_are_counted_where_they_apply(shipped: Framework):
    asking = {
        check.id
        for check in shipped.checks
        if gate_for(check, core_site()) is Gate.BLOCK
        and any(part.is_measured and part.gate is not Gate.INFO for part in check.parts)
    }
    assert evaluated(shipped).measurable == len(asking) > 5
    away = next(check.id for check in shipped.checks if check.id in asking and "n-a" in check.states)
    assert evaluated(shipped, declared_na={away: grant()}).measurable == len(asking) - 1


def test_no_evidence_at_all_is_unknown_not_ready_and_a_full_band(shipped: Framework):
    result = evaluate(shipped, SiteInputs(context=core_site()), now=NOW)
    assert set(states_of(result).values()) == {"unknown"}
    assert (result.verdict.verdict, result.verdict.first_blocker) == ("not-ready", "p1-accelerator-diag")
    assert (result.score.result.score, result.score.result.upper, result.score.result.coverage) == (0, 1, 0)
    assert result.changes_at is None


def test_an_empty_site_hides_behind_nothing(shipped: Framework):
    """A planned site with an empty inventory: no rule may turn an empty record into not applicable."""
    context = core_site(
        stage=Stage.PLANNED,
        nodes=0,
        accelerators=0,
        vendors_in_path=0,
        compute_objects=0,
        network_objects=0,
        energy_objects=0,
    )
    result = evaluate(shipped, SiteInputs(context=context), now=NOW)
    assert set(states_of(result).values()) == {"unknown"}
    assert result.verdict.verdict is None


def test_a_single_node_edge_site_has_no_fabric_to_prove(shipped: Framework):
    context = core_site(kind=SiteKind.EDGE, profiles=frozenset({Profile.EDGE}), nodes=1, accelerators=4)
    result = evaluate(shipped, site_inputs(shipped, context=context), now=NOW)
    excluded = {check_id for check_id, state in states_of(result).items() if state == "n-a"}
    assert excluded == {
        "p1-fabric-collective",
        "p1-rdma-port",
        "p1-congestion",
        "p1-serving-latency",
        "p5-goodput",
        "p5-slo-compliance",
    }
    assert result.verdict.verdict == "ready"


def cases(shipped):
    """Every check with every state its definition allows."""
    return [(check.id, state) for check in shipped.checks for state in sorted(check.states)]


def pytest_generate_tests(metafunc):
    if {"check_id", "allowed"} <= set(metafunc.fixturenames):
        pairs = cases(load(SHIPPED))
        metafunc.parametrize(("check_id", "allowed"), pairs, ids=[f"{one}-{state}" for one, state in pairs])


def inputs_for(shipped, check_id, state):
    """A healthy site, but for one check that is put into `state` as its user would."""
    check, inputs = shipped.check(check_id), site_inputs(shipped)
    deciding = [part for part in check.parts if check.gate is Gate.INFO or part.gate is not Gate.INFO]
    readings = dict(inputs.readings)
    match state:
        case CheckState.WARN:
            part = next((part for part in deciding if can_warn(part)), None)
            if part is not None:
                readings[check_id, part.id] = reading(figure(part, CheckState.WARN), age=MINUTE)
            else:
                part = next(part for part in deciding if part.is_measured)
                readings[check_id, part.id] = readings[check_id, part.id]._replace(
                    declaration="attestation 1"
                )
        case CheckState.FAIL | CheckState.WAIVED:
            part = next(part for part in deciding if can_fail(part))
            readings[check_id, part.id] = reading(figure(part, CheckState.FAIL), age=MINUTE)
        case CheckState.UNKNOWN:
            del readings[check_id, deciding[0].id]
        case CheckState.STALE:
            old = readings[check_id, deciding[0].id]
            readings[check_id, deciding[0].id] = old._replace(taken_at=NOW - 3000 * DAY)
    return replace(
        inputs,
        readings=readings,
        waivers={check_id: grant()} if state is CheckState.WAIVED else {},
        declared_na={check_id: grant()} if state is CheckState.NOT_APPLICABLE else {},
    )


def test_each_check_reaches_each_state_it_allows(shipped: Framework, check_id, allowed):
    result = evaluate(shipped, inputs_for(shipped, check_id, allowed), now=NOW)
    assert states_of(result) == {one.id: "pass" for one in shipped.checks} | {check_id: str(allowed)}


def test_one_check_alone_is_judged_as_in_the_whole(shipped: Framework):
    inputs = inputs_for(shipped, "p2-cooling-headroom", CheckState.WARN)
    whole = {check.check_id: check for check in evaluate(shipped, inputs, now=NOW).checks}
    alone = evaluate_check(shipped, shipped.check("p2-cooling-headroom"), inputs, now=NOW)
    assert alone == whole["p2-cooling-headroom"]


def test_a_declared_na_of_a_sub_measure_needs_no_reading(shipped: Framework):
    """The 1 s power step at a site metered once a minute."""
    inputs = site_inputs(shipped)
    readings = {key: one for key, one in inputs.readings.items() if key[1] != "step-1s"}
    blind = replace(inputs, readings=readings)
    assert states_of(evaluate(shipped, blind, now=NOW))["p2-power-headroom"] == "unknown"
    declared = replace(blind, declared_na={"p2-power-headroom/step-1s": grant()})
    result = evaluate(shipped, declared, now=NOW)
    assert states_of(result)["p2-power-headroom"] == "pass"
    parts = {part.part_id: part for check in result.checks for part in check.parts}
    assert (parts["step-1s"].state, parts["step-1s"].code) == ("n-a", ReasonCode.DECLARED)
    ended = replace(blind, declared_na={"p2-power-headroom/step-1s": grant(ends_at=NOW)})
    assert states_of(evaluate(shipped, ended, now=NOW))["p2-power-headroom"] == "unknown"


def test_a_check_that_applies_everywhere_cannot_be_declared_away(shipped: Framework):
    check = shipped.check("p4-golive-review")
    whole = {check.id: grant()}
    piecemeal = {f"{check.id}/{part.id}": grant() for part in check.parts}
    failing = inputs_for(shipped, check.id, CheckState.FAIL)
    assert states_of(evaluate(shipped, replace(failing, declared_na=whole), now=NOW))[check.id] == "fail"
    assert (
        states_of(evaluate(shipped, replace(failing, declared_na=piecemeal), now=NOW))[check.id] == "unknown"
    )


def test_a_cond_sub_measure_of_a_block_check_makes_it_conditional(shipped: Framework):
    inputs = site_inputs(shipped)
    overdue = dict(inputs.readings) | {("p3-training-currency", "overall"): reading(70, age=MINUTE)}
    result = evaluate(shipped, replace(inputs, readings=overdue), now=NOW)
    assert (result.verdict.verdict, result.verdict.deciding) == ("conditional", ("p3-training-currency",))
    on_call = dict(inputs.readings) | {("p3-training-currency", "on-call"): reading(70, age=MINUTE)}
    assert evaluate(shipped, replace(inputs, readings=on_call), now=NOW).verdict.verdict == "not-ready"


def test_backup_power_blocks_a_core_site_and_not_an_edge_site(shipped: Framework):
    failing = inputs_for(shipped, "p2-backup-power", CheckState.FAIL)
    assert evaluate(shipped, failing, now=NOW).verdict.verdict == "not-ready"
    edge = replace(failing, context=core_site(kind=SiteKind.EDGE))
    assert evaluate(shipped, edge, now=NOW).verdict.verdict == "conditional"


def test_without_the_sites_limit_a_measure_is_unknown(shipped: Framework):
    inputs = site_inputs(shipped)
    limits = {key: limit for key, limit in inputs.limits.items() if key != "contracted-kw"}
    result = evaluate(shipped, replace(inputs, limits=limits), now=NOW)
    assert states_of(result)["p2-power-headroom"] == "unknown"


def test_the_readings_own_limit_goes_before_the_sites(shipped: Framework):
    inputs = site_inputs(shipped)
    key = ("p2-placement-latency", "path-p99")
    slow_class = dict(inputs.readings) | {key: reading(150, age=MINUTE, limit=Limit(value=200))}
    result = evaluate(shipped, replace(inputs, readings=slow_class), now=NOW)
    assert states_of(result)["p2-placement-latency"] == "pass"


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        pytest.param({}, NOW - MINUTE + 5 * MINUTE, id="live evidence runs out"),
        pytest.param(
            {"waivers": {"p1-soak-24h": grant(ends_at=NOW + MINUTE)}}, NOW + MINUTE, id="a waiver ends"
        ),
        pytest.param(
            {"exceptions": {"p1-soak-24h": grant(starts_at=NOW + 2 * MINUTE)}},
            NOW + 2 * MINUTE,
            id="an exception begins",
        ),
        pytest.param(
            {"waivers": {"p1-soak-24h": grant(ends_at=NOW - HOUR)}}, NOW + 4 * MINUTE, id="one long ended"
        ),
    ],
)
def test_when_it_changes_next_without_new_data(shipped: Framework, changes, due):
    result = evaluated(shipped, **changes)
    assert result.changes_at == due


def test_nothing_moves_before_the_time_it_says(shipped: Framework):
    inputs = replace(site_inputs(shipped), waivers={"p1-soak-24h": grant()})
    first = evaluate(shipped, inputs, now=NOW)
    last_moment = evaluate(shipped, inputs, now=first.changes_at)
    after = evaluate(shipped, inputs, now=first.changes_at + MINUTE / 60)
    assert states_of(last_moment) == states_of(first)
    assert states_of(after) != states_of(first)
