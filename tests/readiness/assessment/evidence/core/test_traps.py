"""Every parser and every trap: none passes, and the reason names the trap; pairs that cannot be say why."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from readiness.assessment.evidence.core.parsers import ParseError, parse
from readiness.assessment.evidence.core.proving.values import MOST_NODES
from readiness.assessment.evidence.proofs import checks_worked_out, proved_by_runs
from readiness.assessment.evidence.rows import SiteRuns
from readiness.assessment.framework.core.document import load
from readiness.assessment.framework.core.vocabulary import CheckState, Gate
from readiness.assessment.scoring.checks.choosing import reading_of
from readiness.assessment.scoring.core.judge import judge
from tests.readiness.assessment.evidence.core.every_trap import EVERY_TRAP
from tests.readiness.assessment.evidence.core.traps import (
    CHECK,
    CLEAN,
    FLOORS,
    LIMITS,
    NOT_APPLICABLE,
    NOW,
    RULES,
    SITE,
    CannotBe,
    Refused,
)

FRAMEWORK = load(Path("readiness/assessment/framework/data/muster"))
CASES = [
    pytest.param(tool, *case, id=f"{trap}: {tool}")
    for trap, by_tool in EVERY_TRAP.items()
    for tool, case in by_tool.items()
    if not isinstance(case, CannotBe)
]


def judged(tool, runs, site=SITE):
    """State and reason of each sub-measure that decides the tool's check."""
    earlier = [
        replace(each, taken_at=each.taken_at - timedelta(days=9), id=-each.id) for each in CLEAN[tool]()
    ]
    of_site = SiteRuns(newest=list(runs), earlier=earlier)
    return results_of(
        tool, proved_by_runs(FRAMEWORK, checks_worked_out(FRAMEWORK), of_site, site, FLOORS, NOW)
    )


def results_of(tool, proofs_by_part, now=NOW, check=""):
    check = FRAMEWORK.check(check or CHECK[tool])
    results = []
    for part in check.parts:
        if part.gate is Gate.INFO or (check.id, part.id) in NOT_APPLICABLE:
            continue
        proofs = proofs_by_part.get((check.id, part.id), ())
        results += [judge(part, reading_of(proof), now, LIMITS.get(part.limit_from)) for proof in proofs] or [
            judge(part, None, now)
        ]
    return results


def passes(results):
    return all(result.state in (CheckState.PASS, CheckState.WARN) for result in results)


def test_a_pair_that_cannot_be_says_why():
    assert len(EVERY_TRAP) == 11
    for by_tool in EVERY_TRAP.values():
        for case in by_tool.values():
            assert not isinstance(case, CannotBe) or case.why.endswith(".")


@pytest.mark.parametrize("tool", CLEAN)
def test_the_clean_runs_pass(tool):
    results = judged(tool, CLEAN[tool]())
    assert passes(results), [(result.part_id, result.state, result.reason) for result in results]


@pytest.mark.parametrize(("tool", "trap", "reason"), CASES)
def test_no_trap_passes_and_the_reason_names_it(tool, trap, reason):
    if isinstance(trap, Refused):
        with pytest.raises(ParseError, match=reason):
            parse(tool, trap.content, rules=RULES)
        return
    results = judged(tool, trap())
    assert not passes(results)
    said = [result.reason for result in results if result.state not in (CheckState.PASS, CheckState.WARN)]
    assert any(reason in sentence for sentence in said), said


@pytest.mark.parametrize("tool", MOST_NODES)
def test_a_run_of_two_ends_proves_nothing_of_three_nodes(tool):
    names = {1: "node-1", 2: "node-2", 3: "node-3"}
    site = replace(
        SITE, nodes=names, ports={(node, "mlx5_0"): f"{name} mlx5_0" for node, name in names.items()}
    )
    runs = [replace(each, nodes=(1, 2, 3), devices=(1, 2, 3), hosts=0) for each in CLEAN[tool]()]
    results = judged(tool, runs, site)
    assert not passes(results)
    assert any("3 nodes are named, so it is unclear which ran" in result.reason for result in results)
