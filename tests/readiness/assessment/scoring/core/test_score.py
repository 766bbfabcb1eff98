"""Checks to pillar and site scores."""

import pytest

from readiness.assessment.framework.core.vocabulary import CheckState, Gate
from readiness.assessment.scoring.core.evaluate import check_points, score_checks, score_site
from tests.readiness.assessment.scoring.core.builders import check_result


def results(*pairs, pillar="p1"):
    """`("fail", "BLOCK")` pairs to checks of one pillar."""
    return [
        check_result(CheckState(state), check_id=f"{pillar}-check-{place}", gate=Gate(gate))
        for place, (state, gate) in enumerate(pairs)
    ]


@pytest.mark.parametrize(
    ("state", "points"),
    [("pass", 1), ("warn", 0.5), ("fail", 0), ("unknown", 0), ("stale", 0), ("waived", 0), ("n-a", None)],
)
def test_points(state, points):
    assert check_points(CheckState(state)) == points


@pytest.mark.parametrize(
    ("pairs", "score", "upper", "waived"),
    [
        pytest.param([("pass", "BLOCK")], 1, 1, 0, id="all pass"),
        pytest.param(
            [("pass", "BLOCK"), ("fail", "COND")], 3 / 5, 3 / 5, 0, id="a failure weighs by its gate"
        ),
        pytest.param([("warn", "BLOCK"), ("pass", "COND")], 3.5 / 5, 3.5 / 5, 0, id="warn is a half"),
        pytest.param([("pass", "COND"), ("unknown", "BLOCK")], 2 / 5, 1, 0, id="unknown opens the band"),
        pytest.param([("pass", "COND"), ("stale", "BLOCK")], 2 / 5, 1, 0, id="stale opens the band"),
        pytest.param(
            [("pass", "COND"), ("waived", "BLOCK")], 2 / 5, 2 / 5, 3 / 5, id="waived is a band of its own"
        ),
        pytest.param([("pass", "COND"), ("n-a", "BLOCK")], 1, 1, 0, id="n-a leaves the denominator"),
        pytest.param([("pass", "COND"), ("fail", "INFO")], 1, 1, 0, id="INFO weighs nothing"),
        pytest.param([("n-a", "BLOCK")], None, None, None, id="no applicable weight has no score"),
        pytest.param([("fail", "INFO")], None, None, None, id="INFO alone has no score"),
        pytest.param([], None, None, None, id="no checks"),
    ],
)
def test_pillar_score(pairs, score, upper, waived):
    found = score_checks(results(*pairs))
    assert (found.score, found.upper, found.waived) == (score, upper, waived)


def test_coverage_counts_checks_that_fresh_evidence_decided():
    checks = results(
        ("pass", "BLOCK"), ("fail", "COND"), ("unknown", "COND"), ("stale", "INFO"), ("n-a", "BLOCK")
    )
    found = score_checks(checks)
    assert (found.fresh_checks, found.applicable_checks, found.coverage) == (2, 4, 0.5)


@pytest.mark.parametrize(("measured", "fresh"), [("fail", 1), ("unknown", 0), ("stale", 0)])
def test_a_waiver_does_not_change_coverage(measured, fresh):
    waived = check_result(CheckState.WAIVED, measured_state=CheckState(measured))
    found = score_checks([waived])
    assert (found.fresh_checks, found.waived_checks) == (fresh, 1)


def test_coverage_of_nothing_is_not_known():
    assert score_checks([]).coverage is None


def test_site_is_the_mean_of_its_pillars_whatever_their_size():
    one = results(("pass", "BLOCK"), ("pass", "BLOCK"), ("pass", "BLOCK"))
    two = results(("fail", "COND"), pillar="p2")
    site = score_site(one + two, ["p1", "p2"])
    assert site.result.score == 0.5
    assert [(pillar, score.score) for pillar, score in site.pillars.items()] == [("p1", 1), ("p2", 0)]


def test_a_pillar_with_no_applicable_weight_leaves_the_mean():
    checks = results(("warn", "BLOCK")) + results(("n-a", "BLOCK"), pillar="p2")
    site = score_site(checks, ["p1", "p2", "p3"])
    assert site.result.score == 0.5
    assert [score.score for score in site.pillars.values()] == [0.5, None, None]


def test_site_coverage_is_over_checks_not_pillars():
    one = results(("pass", "BLOCK"), ("pass", "BLOCK"), ("pass", "BLOCK"))
    two = results(("unknown", "BLOCK"), pillar="p2")
    assert score_site(one + two, ["p1", "p2"]).result.coverage == 0.75
