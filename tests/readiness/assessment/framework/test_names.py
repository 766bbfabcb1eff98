"""How checks are called: short nouns, claims, and words for the failing state, also in documents from before them."""

import copy

import pytest

from readiness.assessment.framework.core.document import load
from readiness.assessment.framework.core.names import BY_CODE, check_title, failing_words, listed_names
from readiness.assessment.framework.core.vocabulary import Gate
from readiness.assessment.scoring.core.states import ReasonCode
from web.versioned.core.documents import written

FABRIC = "p1-fabric-collective"


def stated(framework, check_id=FABRIC, **words):
    """The framework with other words of a check in its document."""
    mapping = copy.deepcopy(written(framework))
    [entry] = [entry for entry in mapping["checks"] if entry["id"] == check_id]
    entry.update(words)
    return load(mapping)


def test_every_check_has_a_short_noun_a_claim_and_failing_words(shipped):
    assert set(listed_names()) == set(shipped.checks_by_id)
    names = [check.name for check in shipped.checks]
    assert len(set(names)) == len(names)
    assert [name for name in names if len(name) > 18] == [], "cut at the head of a column of the matrix"
    assert [check.id for check in shipped.checks if check.claim == check.name or not check.failing] == []


def test_every_sub_measure_that_decides_has_words_and_words_have_a_sub_measure(shipped):
    for check in shipped.checks:
        parts = listed_names()[check.id].parts
        assert set(parts) <= {part.id for part in check.parts}, check.id
        decide = {part.id for part in check.parts if part.gate is not Gate.INFO}
        assert decide <= set(parts), check.id


@pytest.mark.parametrize(
    ("state", "part", "limit", "code", "words"),
    [
        pytest.param(
            "fail", "pair-busbw", "≥ 330 GB/s", "", "below 330 GB/s", id="a figure beyond its limit"
        ),
        pytest.param(
            "warn", "scale-efficiency", "≥ 0.9", "", "scale efficiency below 0.9", id="in the warning band"
        ),
        pytest.param("waived", "pair-busbw", "≥ 330 GB/s", "", "below 330 GB/s", id="under a waiver"),
        pytest.param(
            "fail", "nodes-covered", "≥ 100 %", "", "not run on every node", id="words without a limit"
        ),
        pytest.param("fail", "pair-busbw", "", "", "too low", id="no limit at hand"),
        pytest.param("fail", "", "", "", "too low", id="no sub-measure at hand"),
        pytest.param("warn", "pair-busbw", "≥ 330 GB/s", "capped", "declared, not measured", id="declared"),
        pytest.param("fail", "pair-busbw", "≥ 330 GB/s", "run-failed", "a run failed", id="a run failed"),
        pytest.param("stale", "pair-busbw", "≥ 330 GB/s", "too-old", "result out of date", id="stale"),
        pytest.param("stale", "", "", "voided", "evidence voided by a change", id="voided"),
        pytest.param("unknown", "", "", "no-evidence", "no result", id="unknown"),
        pytest.param("pass", "pair-busbw", "≥ 330 GB/s", "inside", "", id="passed"),
        pytest.param("n-a", "", "", "excluded", "", id="not applicable"),
    ],
)
def test_the_failing_state_in_words(shipped, state, part, limit, code, words):
    assert failing_words(shipped.check(FABRIC), state, part, limit, code) == words
    assert set(BY_CODE) <= set(ReasonCode)


def test_a_check_with_its_words_reads_as_one_title(shipped):
    check = shipped.check(FABRIC)
    assert check_title(check, "below 330 GB/s") == "Fabric bandwidth: below 330 GB/s"
    assert check_title(check, "") == "Fabric bandwidth"


def test_a_check_of_its_own_goes_by_the_names_that_its_document_states(shipped):
    mapping = copy.deepcopy(written(shipped))
    own = next(entry for entry in mapping["checks"] if entry["id"] == FABRIC)
    own |= {"id": "p1-own", "name": "Our fabric is fast", "parts": [own["parts"][0]]}
    check = load(mapping).check("p1-own")
    assert (check.name, check.claim, check.failing) == ("Our fabric is fast",) * 2 + ("does not pass",)
    assert (
        failing_words(check, "fail", "pair-busbw", "≥ 330 GB/s")
        == "bus bandwidth per node pair below 330 GB/s"
    )
    own |= {"short_name": "Our fabric", "failing": "slow"}
    check = load(mapping).check("p1-own")
    assert (check.name, check.claim, check.failing) == ("Our fabric", "Our fabric is fast", "slow")


def test_names_that_a_document_states_count_and_are_written(shipped):
    other = stated(shipped, short_name="Network", name="The network is fast", failing="slow")
    check = other.check(FABRIC)
    assert (check.name, check.claim, check.failing) == ("Network", "The network is fast", "slow")
    assert load(written(other)) == other
    assert other.content_digest != shipped.content_digest


def test_a_document_leaves_out_names_that_are_musters_own(shipped):
    [entry] = [entry for entry in written(shipped)["checks"] if entry["id"] == FABRIC]
    assert not entry.keys() & {"short_name", "failing"}
    check = shipped.check(FABRIC)
    again = stated(shipped, short_name=check.name, name=check.claim, failing=check.failing)
    assert (again, again.content_digest) == (shipped, shipped.content_digest)
