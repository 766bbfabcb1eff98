"""Every sub-measure of the framework in every state, from a fact, an attestation or a table's row.

Generated from the definition: a sub-measure that evidence cannot bring into one of its states fails here, and so does
one that asks for a measurement and passes by a declaration.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from readiness.assessment.evidence.core.bearing import PARSED
from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.evidence.operations import RunContext, attest, import_run, record_fact
from readiness.assessment.evidence.proofs import proofs
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.document import load
from readiness.assessment.framework.core.vocabulary import CheckState, EvidenceKind, Gate
from readiness.assessment.scoring.checks.choosing import reading_of
from readiness.assessment.scoring.core.judge import judge
from readiness.assessment.scoring.core.states import ReasonCode, Tier
from tests.readiness.assessment.evidence import outputs

pytestmark = pytest.mark.django_db
FRAMEWORK = load(Path("readiness/assessment/framework/data/muster"))
PARTS = [(check, part) for check in FRAMEWORK.checks for part in check.parts]
LIMIT = 100.0
"""What the site declares where a sub-measure refers to a limit."""


def limit_of(part):
    return Limit(value=LIMIT, source="declared") if part.limit_from else None


def bounds_of(part):
    def of(threshold):
        if threshold is None:
            return None
        return threshold.bound or threshold.bound_for(part.direction, LIMIT)

    return of(part.pass_at), of(part.warn_at)


def value_for(part, state):
    """A value that the definition puts into the state; None where it has no such value."""
    passes, warns = bounds_of(part)
    if passes is None:
        return 1.0 if state is CheckState.NOT_APPLICABLE else None
    edges = [
        edge for bound in (passes, warns) if bound for edge in (bound.low, bound.high) if edge is not None
    ]
    near = [edge + step for edge in edges for step in (0, -0.01, 0.01, -1, 1, -1000, 1000)]
    codes = [each for bound in (passes, warns) if bound for each in bound.values]
    # Counts and the like are never below zero, so such values are tried last.
    for value in sorted([*near, *codes, 999.0, -1.0], key=lambda value: value < 0):
        inside = passes.contains(value), warns is not None and warns.contains(value)
        found = {(True, True): "pass", (True, False): "pass", (False, True): "warn", (False, False): "fail"}[
            inside
        ]
        if found == state:
            return value
    return None


def allowed(part):
    """The states that the sub-measure's thresholds allow."""
    passes, warns = bounds_of(part)
    if passes is None:
        return {CheckState.NOT_APPLICABLE}
    states = {CheckState.PASS}
    if warns is not None:
        states.add(CheckState.WARN)
    # A warn region of any value leaves nothing to fail.
    if warns is None or warns.values or warns.low is not None or warns.high is not None:
        states.add(CheckState.FAIL)
    return states


def dated(check):
    """Without those that count only live, which take telemetry and no value of a day."""
    return [part for part in check.parts if not part.validity.is_live]


def result_of(site, check, part, now):
    _, framework = framework_queries.current()
    found = proofs([site.pk], framework, now=now)[site.pk].get((check.id, part.id))
    reading = None if found is None else reading_of(found[0])
    # Where a check blocks, an attestation waits for a second person (test_confirming).
    return judge(part, reading, now, limit_of(part), gate=Gate.COND)


def by_fact(site, check, part, value, now, on):
    values = {"value": value, "taken_on": on, "source": "report", "by": None, "now": now}
    record_fact(site=site, check=check.id, part=part.id, **values)


def by_attestation(site, check, part, value, now, on):
    values = {
        "value": value,
        "taken_on": on,
        "statement": "so it is",
        "attested_by": "R. Costa",
        "by": None,
        "now": now,
    }
    attest(site=site, check=check.id, part=part.id, **values)


def by_table(site, check, part, value, now, on):
    content = outputs.table(f"{check.id}/{part.id},{value},{part.unit}")
    context = RunContext(taken_at=now - (now.date() - on))
    import_run(site=site, tool="csv", content=content, file_name="x.csv", context=context, by=None, now=now)


def by_run(site, check, part, value, now, on):
    content = outputs.run_table(f"{check.id}/{part.id},{value},{part.unit}", taken_at=now - (now.date() - on))
    import_run(site=site, tool="csv", content=content, file_name="x.csv", by=None, now=now)


def is_capped(check, part, enter):
    return part.is_measured and tier_of(check, part, enter) == Tier.DECLARED


def tier_of(check, part, enter):
    """A table is a run of what asks for runs and has no parser."""
    asks_for_runs = EvidenceKind.VALIDATION_RUN in part.evidence
    return Tier.MEASURED if enter is by_run and asks_for_runs and check.id not in PARSED else Tier.DECLARED


def test_the_definition_has_all_of_it():
    assert {check.id for check, _ in PARTS} == {check.id for check in FRAMEWORK.checks}
    assert len(PARTS) > 130


@pytest.mark.parametrize(
    "enter", [by_fact, by_attestation, by_table, by_run], ids=["fact", "attestation", "table", "run"]
)
@pytest.mark.parametrize("check", FRAMEWORK.checks, ids=[check.id for check in FRAMEWORK.checks])
def test_every_state_can_be_reached(porto, frozen_now, check, enter):
    for part in dated(check):
        for state in sorted(allowed(part)):
            value = value_for(part, state)
            assert value is not None, f"{part.id} has no value that is {state}"
            enter(porto, check, part, value, frozen_now.at, frozen_now.at.date())
            capped = state is CheckState.PASS and is_capped(check, part, enter)
            expected = CheckState.WARN if capped else state
            result = result_of(porto, check, part, frozen_now.at)
            assert result.state == expected, f"{part.id} {value}"
            tier = Tier.CAPPED if result.code == ReasonCode.CAPPED else tier_of(check, part, enter)
            assert result.tier == tier, f"{part.id} {value}"
            frozen_now.move(seconds=10)


@pytest.mark.parametrize("check", FRAMEWORK.checks, ids=[check.id for check in FRAMEWORK.checks])
def test_without_evidence_it_is_unknown_and_with_old_evidence_stale(porto, frozen_now, check):
    for part in dated(check):
        assert result_of(porto, check, part, frozen_now.at).state == CheckState.UNKNOWN
        age = timedelta(seconds=part.validity.limit_s(None)) + timedelta(days=1)
        value = value_for(part, CheckState.PASS) or 1.0
        by_fact(porto, check, part, value, frozen_now.at, (frozen_now.at - age).date())
        assert result_of(porto, check, part, frozen_now.at).state == CheckState.STALE, part.id
