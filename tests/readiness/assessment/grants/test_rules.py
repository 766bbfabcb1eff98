"""Which grant suits which check."""

import pytest

from readiness.assessment.framework.core.document import load
from readiness.assessment.framework.core.vocabulary import Gate
from readiness.assessment.grants.core.rules import NotGrantable, check_of, refuse_unsuitable
from tests.readiness.assessment.scoring.core.builders import SHIPPED


@pytest.fixture(scope="module")
def framework():
    return load(SHIPPED)


def refusal(framework, kind, check_id, part="", gate=None, excluded=False):
    check = check_of(framework, check_id)
    try:
        refuse_unsuitable(kind, check, part, gate=gate or check.gate, excluded=excluded)
    except NotGrantable as error:
        return error.field, error.reason
    return None


@pytest.mark.parametrize(
    ("kind", "check_id", "part"),
    [
        pytest.param("waiver", "p2-backup-power", "", id="a BLOCK check may be waived"),
        pytest.param("waiver", "p5-fabric-health", "", id="a COND check may be waived"),
        pytest.param("exception", "p2-backup-power", "", id="a BLOCK check may have an exception"),
        pytest.param("n-a", "p2-backup-power", "", id="a check that may be n-a"),
        pytest.param(
            "n-a", "p2-power-headroom", "step-1s", id="a sub-measure of a check that may not be n-a"
        ),
    ],
)
def test_is_granted(framework, kind, check_id, part):
    assert refusal(framework, kind, check_id, part) is None


@pytest.mark.parametrize(
    ("kind", "check_id", "part", "field", "says"),
    [
        pytest.param("waiver", "p3-shared-understanding", "", "check", "is INFO", id="INFO decides nothing"),
        pytest.param("exception", "p5-fabric-health", "", "kind", "is COND", id="only BLOCK has exceptions"),
        pytest.param("exception", "p5-forecast-accuracy", "", "kind", "is INFO", id="nor has INFO"),
        pytest.param("n-a", "p2-power-headroom", "", "check", "applies everywhere", id="never n-a"),
        pytest.param("n-a", "p3-role-coverage", "roles", "part", "no sub-measure", id="no such part"),
    ],
)
def test_is_refused(framework, kind, check_id, part, field, says):
    where, reason = refusal(framework, kind, check_id, part)
    assert where == field
    assert says in reason


def test_the_only_sub_measure_of_a_check_that_applies_everywhere_is_not_na(framework):
    [only] = check_of(framework, "p3-role-coverage").parts
    assert refusal(framework, "n-a", "p3-role-coverage", only.id)[0] == "check"


def test_the_gate_at_the_site_decides(framework):
    """Backup power is COND at a site that may fail over to another."""
    assert refusal(framework, "exception", "p2-backup-power", gate=Gate.COND)[0] == "kind"
    assert refusal(framework, "waiver", "p2-backup-power", gate=Gate.INFO)[0] == "check"


def test_what_does_not_apply_here_needs_no_grant(framework):
    assert "does not apply" in refusal(framework, "waiver", "p2-backup-power", excluded=True)[1]


def test_an_unknown_check_is_refused_by_name(framework):
    with pytest.raises(NotGrantable, match="muster-2 has no check p9-luck"):
        check_of(framework, "p9-luck")
