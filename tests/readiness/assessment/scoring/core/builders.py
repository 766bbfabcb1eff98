"""Small parts, results and sites for the scoring tests, with the boring fields filled in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.framework.core.conditions import SiteContext
from readiness.assessment.framework.core.definition import Check, Framework, SubMeasure, Validity
from readiness.assessment.framework.core.thresholds import Bound, Threshold
from readiness.assessment.framework.core.vocabulary import (
    CheckState,
    Direction,
    Domain,
    EvidenceKind,
    Gate,
    Profile,
    SiteKind,
    Stage,
)
from readiness.assessment.grants.core.rules import HeldGrant
from readiness.assessment.scoring.core.combine import CombinedCheck
from readiness.assessment.scoring.core.evaluate import SiteInputs
from readiness.assessment.scoring.core.judge import PartResult, Reading
from readiness.assessment.scoring.core.states import ReasonCode

SHIPPED = Path(__file__).parents[5] / "readiness/assessment/framework/data/muster"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ONE_DAY = Validity(86400, source="OD")
LIVE = Validity(None, source="S35")
LIMIT_VALUE = 100.0


def at_least(value, **more):
    return Threshold(source="OD", bound=Bound(low=value), **more)


def at_most(value, **more):
    return Threshold(source="OD", bound=Bound(high=value), **more)


def times(factor):
    return Threshold(source="OD", factor=factor)


def sub_measure(**fields):
    """Power in kW, at most 80, warning up to 95, evidence good for a day."""
    defaults = {
        "id": "load",
        "name": "Load",
        "unit": "kW",
        "direction": Direction.LOWER,
        "measure": "Peak load.",
        "pass_at": at_most(80),
        "warn_at": at_most(95),
        "validity": ONE_DAY,
        "evidence": frozenset({EvidenceKind.TELEMETRY}),
        "waits_for": "Waits for a meter.",
    }
    return SubMeasure(**defaults | fields)


def check(**fields):
    defaults = {
        "id": "p1-load",
        "pillar": "p1",
        "claim": "The load is low",
        "name": "Load",
        "why": "",
        "how_to": "",
        "waits_for": "Waits for a meter.",
        "domains": (Domain.ENERGY,),
        "evidence": frozenset({EvidenceKind.TELEMETRY}),
        "gate": Gate.BLOCK,
        "gate_rules": (),
        "profiles": frozenset(Profile),
        "exclusions": (),
        "validity": ONE_DAY,
        "states": frozenset(CheckState),
        "parts": (sub_measure(),),
    }
    return Check(**defaults | fields)


def part_result(state, *, part_id="load", gate=Gate.BLOCK, **fields):
    return PartResult(part_id, gate, state, ReasonCode.INSIDE, f"{part_id} is {state}.", **fields)


def check_result(state, *, check_id="p1-load", gate=Gate.BLOCK, measured_state=None, **fields):
    """A check decided by one sub-measure of its own gate."""
    measured = measured_state or state
    held = None if measured is CheckState.NOT_APPLICABLE else measured
    defaults = {
        "pillar": check_id.split("-")[0],
        "weight": {Gate.BLOCK: 3, Gate.COND: 2, Gate.INFO: 0}[gate],
        "reason": f"{check_id} is {state}.",
        "code": ReasonCode.INSIDE,
        "decided_by": None,
        "parts": (),
        "block_state": held if gate is Gate.BLOCK else None,
        "cond_state": held if gate is Gate.COND else None,
    }
    return CombinedCheck(
        check_id=check_id, gate=gate, state=state, measured_state=measured, **defaults | fields
    )


def reading(value, *, age=HOUR, **fields):
    return Reading(value, NOW - age, **fields)


def grant(*, starts_at=NOW - DAY, ends_at=NOW + DAY, approved_by="boss", grant_id="grant-1"):
    return HeldGrant(grant_id, "Agreed.", "asker", approved_by, starts_at, ends_at)


def core_site(**facts):
    """A training and inference site where every check of the shipped framework applies."""
    known = {
        "kind": SiteKind.CORE,
        "stage": Stage.PRODUCTION,
        "profiles": frozenset(Profile),
        "nodes": 64,
        "accelerators": 512,
        "vendors_in_path": 2,
    }
    return SiteContext(**known | facts)


def figure(part: SubMeasure, state: CheckState) -> float:
    """A value that puts a sub-measure of the shipped framework into pass, warn or fail at LIMIT_VALUE."""
    passes, warns = _region(part, part.pass_at), _region(part, part.warn_at)
    if passes is None:
        return 1.0
    if state is CheckState.PASS:
        return _inside(passes)
    if state is CheckState.WARN:
        assert warns is not None, f"{part.id} has no warn"
        return _between(passes, warns)
    return _outside(warns if warns is not None and warns != Bound() else passes)


def can_warn(part: SubMeasure) -> bool:
    return part.warn_at is not None


def can_fail(part: SubMeasure) -> bool:
    return part.pass_at is not None and (part.warn_at is None or part.warn_at.bound != Bound())


def _region(part, threshold):
    if threshold is None:
        return None
    return threshold.bound or threshold.bound_for(part.direction, LIMIT_VALUE)


def _inside(bound):
    if bound.values:
        return min(bound.values)
    if bound.low is not None and bound.high is not None:
        return (bound.low + bound.high) / 2
    return bound.low + 1 if bound.low is not None else bound.high - (1 if bound.strict else 0)


def _between(passes, warns):
    if warns.values:
        return min(warns.values)
    candidates = [edge for edge in (warns.low, warns.high) if edge is not None and not passes.contains(edge)]
    return candidates[0] if candidates else _outside(passes)


def _outside(bound):
    if bound.values:
        return 99.0
    return bound.high + 1 if bound.high is not None else bound.low - 1


def site_inputs(framework: Framework, state=CheckState.PASS, *, age=MINUTE, **changes) -> SiteInputs:
    """Every sub-measure of the framework read once, all in the same state where they have it."""
    readings = {}
    for one in framework.checks:
        for part in one.parts:
            wanted = state if state is not CheckState.WARN or can_warn(part) else CheckState.PASS
            readings[one.id, part.id] = reading(figure(part, wanted), age=age)
    inputs = SiteInputs(
        context=core_site(),
        readings=readings,
        limits={limit.id: Limit(value=LIMIT_VALUE, source="the site") for limit in framework.limits},
    )
    return replace(inputs, **changes)
