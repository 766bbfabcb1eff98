"""Every tool and every trap that follows from its facts: none passes, and the words name both sides."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from readiness.assessment.evidence.core.parsers import PARSERS, parse
from readiness.assessment.evidence.operations.sameness import content_digest
from tests.readiness.assessment.evidence.core.every_trap import EVERY_TRAP
from tests.readiness.assessment.evidence.core.generated_traps import FACTS, GENERATED_TRAPS, copied
from tests.readiness.assessment.evidence.core.test_traps import judged, passes
from tests.readiness.assessment.evidence.core.trap_site import outcome, serving
from tests.readiness.assessment.evidence.core.traps import CLEAN, NEWER, NOW, RULES, CannotBe

NEWER_FAILURES = EVERY_TRAP[NEWER]

CASES = [
    pytest.param(tool, case, id=f"{trap}: {tool}")
    for trap, by_tool in GENERATED_TRAPS.items()
    for tool, case in by_tool.items()
    if not isinstance(case, CannotBe)
]


def test_every_tool_has_a_case_or_a_sentence_for_each_of_25_traps_at_least():
    assert len(EVERY_TRAP) + len(GENERATED_TRAPS) >= 25
    for by_tool in GENERATED_TRAPS.values():
        assert set(by_tool) == set(PARSERS)
        for case in by_tool.values():
            assert not isinstance(case, CannotBe) or re.fullmatch(r"[A-Z].* .* .*\.", case.why)


@pytest.mark.parametrize("tool", FACTS)
def test_the_clean_sendings_pass_the_whole_way(tool):
    clean = FACTS[tool].clean()
    result = outcome(tool, clean, clean)
    assert result.is_passed, result.said


@pytest.mark.parametrize(("tool", "case"), CASES)
def test_no_generated_trap_passes_and_the_words_name_both_sides(tool, case):
    result = case.outcome(tool)
    assert not result.is_passed
    assert any(all(re.search(word, sentence) for word in case.words) for sentence in result.said), result.said


@pytest.mark.parametrize("tool", FACTS)
def test_the_same_result_in_another_file_is_the_same_run(tool):
    content = FACTS[tool].clean()[0].content
    first, second = (
        content_digest(parse(tool, each, rules=RULES), taken_at=NOW) for each in (content, copied(content))
    )
    assert content != copied(content)
    assert first == second


CONTROLS = {
    (case.check, id(case)): pytest.param(tool, case, id=f"{trap}: {tool}")
    for trap, by_tool in GENERATED_TRAPS.items()
    for tool, case in by_tool.items()
    if not isinstance(case, CannotBe) and case.check
}


@pytest.mark.parametrize(("tool", "case"), CONTROLS.values())
def test_the_clean_sendings_of_another_check_pass_it(tool, case):
    result = case.control(tool)
    assert result.is_passed, result.said


@pytest.mark.parametrize("tool", [tool for tool in FACTS if not isinstance(FACTS[tool].serves, CannotBe)])
def test_a_run_that_reaches_the_declared_peak_passes(tool):
    models, peak = FACTS[tool].serves
    clean = FACTS[tool].clean()
    result = outcome(tool, clean, clean, place=serving(*models, peak=peak))
    assert result.is_passed, result.said


@pytest.mark.parametrize("tool", CLEAN)
def test_a_newer_declaration_answers_no_measured_failure(tool):
    failing, _ = NEWER_FAILURES[tool]
    declared = [
        replace(
            run,
            id=run.id + 5000,
            about=f"{run.about} declared",
            provenance="declared",
            taken_at=NOW - timedelta(hours=1),
        )
        for run in CLEAN[tool]()
    ]
    assert not passes(judged(tool, failing()))
    assert not passes(judged(tool, [*failing(), *declared]))
