"""May the site carry production load, and what decides it."""

import pytest

from readiness.assessment.framework.core.vocabulary import CheckState, Gate, Stage
from readiness.assessment.scoring.core.evaluate import decide
from readiness.assessment.scoring.core.states import ReasonCode, Tier
from tests.readiness.assessment.scoring.core.builders import DAY, HOUR, NOW, check_result, grant, part_result


def block(state, check_id="p2-power-headroom", **fields):
    return check_result(CheckState(state), check_id=check_id, gate=Gate.BLOCK, **fields)


def cond(state, check_id="p2-unit-cost", **fields):
    return check_result(CheckState(state), check_id=check_id, gate=Gate.COND, **fields)


def declared(gate=Gate.BLOCK, check_id="p1-accelerator-diag", **fields):
    part = part_result(CheckState.WARN, gate=gate, tier=Tier.CAPPED)._replace(code=ReasonCode.CAPPED)
    return check_result(
        CheckState.WARN,
        check_id=check_id,
        gate=gate,
        decided_by=part,
        parts=(part,),
        code=part.code,
        **fields,
    )


def info(state, check_id="p3-shared-understanding"):
    return check_result(CheckState(state), check_id=check_id, gate=Gate.INFO)


def verdict(*results, stage=Stage.PRODUCTION, exceptions=None):
    return decide(results, stage=stage, exceptions=exceptions, now=NOW)


@pytest.mark.parametrize(
    ("results", "expected", "deciding"),
    [
        pytest.param([block("pass"), cond("pass")], "ready", (), id="all pass"),
        pytest.param([block("warn"), cond("warn")], "ready", (), id="warnings do not hold"),
        pytest.param([block("n-a"), cond("pass")], "ready", (), id="what does not apply does not hold"),
        pytest.param([block("pass"), info("fail")], "ready", (), id="INFO does not hold"),
        pytest.param([block("pass"), cond("fail")], "conditional", ("p2-unit-cost",), id="COND fails"),
        pytest.param([block("pass"), cond("unknown")], "conditional", ("p2-unit-cost",), id="COND unknown"),
        pytest.param([block("pass"), cond("stale")], "conditional", ("p2-unit-cost",), id="COND stale"),
        pytest.param(
            [block("pass"), cond("waived", measured_state=CheckState.FAIL)],
            "conditional",
            ("p2-unit-cost",),
            id="COND waived",
        ),
        pytest.param([block("fail"), cond("pass")], "not-ready", ("p2-power-headroom",), id="BLOCK fails"),
        pytest.param(
            [block("unknown"), cond("pass")], "not-ready", ("p2-power-headroom",), id="BLOCK unknown"
        ),
        pytest.param([block("stale"), cond("pass")], "not-ready", ("p2-power-headroom",), id="BLOCK stale"),
        pytest.param(
            [block("waived", measured_state=CheckState.FAIL), cond("pass")],
            "not-ready",
            ("p2-power-headroom",),
            id="a waiver does not lift BLOCK",
        ),
        pytest.param(
            [block("fail", block_state=CheckState.PASS, cond_state=CheckState.FAIL)],
            "conditional",
            ("p2-power-headroom",),
            id="only a COND sub-measure of a BLOCK check fails",
        ),
        pytest.param(
            [declared(), cond("pass")], "conditional", ("p1-accelerator-diag",), id="BLOCK declared"
        ),
        pytest.param([block("pass"), declared(Gate.COND)], "ready", (), id="COND declared"),
        pytest.param(
            [declared(), cond("fail")],
            "conditional",
            ("p2-unit-cost", "p1-accelerator-diag"),
            id="BLOCK declared, COND fails",
        ),
        pytest.param(
            [declared(), block("fail")],
            "not-ready",
            ("p2-power-headroom",),
            id="BLOCK declared, another fails",
        ),
        pytest.param([], "not-ready", (), id="no checks prove nothing"),
        pytest.param([block("n-a"), info("pass")], "not-ready", (), id="no check that decides applies"),
    ],
)
def test_verdict(results, expected, deciding):
    found = verdict(*results)
    assert (found.verdict, found.deciding) == (expected, deciding)


@pytest.mark.parametrize("stage", Stage)
def test_only_commissioning_and_production_have_a_verdict(stage):
    found = verdict(block("pass"), stage=stage).verdict
    assert found == ("ready" if stage in ("commissioning", "production") else None)


def test_blockers_are_named_by_pillar_then_id():
    found = verdict(
        block("fail", "p5-accelerator-health"),
        block("fail", "p2-power-headroom"),
        block("unknown", "p2-backup-power"),
        cond("fail", "p1-unit"),
    )
    assert found.blocking == ("p2-backup-power", "p2-power-headroom", "p5-accelerator-health")
    assert found.first_blocker == "p2-backup-power"
    assert found.conditional == ("p1-unit",)
    assert found.reason == "Held back by p2-backup-power, p2-power-headroom, p5-accelerator-health."


def test_a_verdict_names_the_checks_that_are_declared():
    found = verdict(declared(), cond("fail"))
    assert found.capped == ("p1-accelerator-diag",)
    assert found.reason == "Open: p2-unit-cost. Declared, not measured: p1-accelerator-diag."


def test_a_long_list_is_cut_with_its_count():
    found = verdict(*(block("fail", f"p1-check-{letter}") for letter in "abcde"))
    assert found.reason == "Held back by p1-check-a, p1-check-b, p1-check-c and 2 more."
    assert len(found.blocking) == 5


def test_a_signed_exception_makes_it_conditional_and_says_so():
    found = verdict(block("fail"), cond("pass"), exceptions={"p2-power-headroom": grant()})
    assert (found.verdict, found.excepted, found.blocking) == ("conditional", ("p2-power-headroom",), ())
    assert found.deciding == ("p2-power-headroom",)
    assert found.first_blocker == ""
    assert found.ends_at == NOW + DAY
    assert found.reason == "A signed exception lifts p2-power-headroom."


def test_an_exception_for_one_does_not_lift_another():
    found = verdict(block("fail"), block("fail", "p1-soak-24h"), exceptions={"p2-power-headroom": grant()})
    assert (found.verdict, found.first_blocker) == ("not-ready", "p1-soak-24h")
    assert found.excepted == ("p2-power-headroom",)


def test_an_exception_for_a_check_that_holds_changes_nothing():
    assert verdict(block("pass"), exceptions={"p2-power-headroom": grant()}).verdict == "ready"


@pytest.mark.parametrize(
    "exception",
    [
        pytest.param(grant(ends_at=NOW), id="ended this minute"),
        pytest.param(grant(starts_at=NOW + HOUR), id="not begun"),
        pytest.param(grant(approved_by=""), id="not signed"),
        pytest.param(grant(approved_by="asker"), id="signed by the one who asked"),
    ],
)
def test_an_exception_that_does_not_count(exception):
    assert verdict(block("fail"), exceptions={"p2-power-headroom": exception}).verdict == "not-ready"


def test_a_high_average_overrides_nothing():
    results = [block("pass", f"p1-check-{number}") for number in range(40)] + [block("fail")]
    assert verdict(*results).verdict == "not-ready"
