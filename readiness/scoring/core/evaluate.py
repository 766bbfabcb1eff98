"""One site, everything that is known about it, and what it comes to.

Gathering the inputs and storing the result are the caller's; this is the arithmetic between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from readiness.framework.core.applicability import applicable, gate_for, part_gate
from readiness.framework.core.conditions import SiteContext
from readiness.framework.core.definition import Check, Framework, SubMeasure
from readiness.framework.core.vocabulary import CheckState, Gate
from readiness.grants.core.held import HeldGrant
from readiness.scoring.core.combine import CombinedCheck, combine, not_applicable
from readiness.scoring.core.judge import Limit, PartResult, Reading, excluded, judge
from readiness.scoring.core.score import SiteFigures, score_site
from readiness.scoring.core.verdict import SiteVerdict, decide

type PartKey = tuple[str, str]
"""(check id, sub-measure id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteInputs:
    """Everything that is known about one site.

    `limits` are the site's own, by limit id (`contracted-kw`). `waivers` and `exceptions` are by check id, at
    most one live each. `declared_na` is by check id for a whole check and by `check/part` for a sub-measure.
    """

    context: SiteContext
    readings: Mapping[PartKey, Reading] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    waivers: Mapping[str, HeldGrant] = field(default_factory=dict)
    exceptions: Mapping[str, HeldGrant] = field(default_factory=dict)
    declared_na: Mapping[str, HeldGrant] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SiteResult:
    """A site's evaluation at one instant under one framework version.

    `changes_at` is the first moment after `evaluated_at` at which it changes without new data: evidence goes
    stale, or a waiver, exception or declared `n-a` starts or ends. None if nothing is due. `measurable` counts the
    BLOCK checks that apply and ask for a measurement.
    """

    framework_version: str
    framework_digest: str
    evaluated_at: datetime
    stage: str
    checks: tuple[CombinedCheck, ...]
    score: SiteFigures
    verdict: SiteVerdict
    changes_at: datetime | None
    measurable: int = 0


def evaluate(framework: Framework, inputs: SiteInputs, *, now: datetime) -> SiteResult:
    """Judge every check, then score, then decide."""
    checks = tuple(evaluate_check(framework, check, inputs, now=now) for check in framework.checks)
    return SiteResult(
        framework_version=framework.version,
        framework_digest=framework.content_digest,
        evaluated_at=now,
        stage=inputs.context.stage,
        checks=checks,
        score=score_site(checks, [pillar.id for pillar in framework.pillars]),
        verdict=decide(checks, stage=inputs.context.stage, exceptions=inputs.exceptions, now=now),
        changes_at=_changes_at(checks, inputs, now),
        measurable=sum(map(_is_measurable, framework.checks, checks)),
    )


def evaluate_check(framework: Framework, check: Check, inputs: SiteInputs, *, now: datetime) -> CombinedCheck:
    """One check at one site, for a page that asks about that check alone."""
    gate = gate_for(check, inputs.context)
    weight = framework.weights[gate]
    applies, why = applicable(check, inputs.context)
    if not applies:
        return not_applicable(check, why, gate=gate, weight=weight)
    grant = inputs.declared_na.get(check.id)
    if grant is not None and grant.is_live(now) and CheckState.NOT_APPLICABLE in check.states:
        return not_applicable(check, grant.reason, gate=gate, weight=weight, declared=True)
    parts = [_evaluate_part(check, part, gate, inputs, now) for part in check.parts]
    waiver = inputs.waivers.get(check.id)
    return combine(check, parts, gate=gate, weight=weight, waiver=waiver, now=now)


def _evaluate_part(
    check: Check, part: SubMeasure, check_gate: Gate, inputs: SiteInputs, now: datetime
) -> PartResult:
    gate = part_gate(part, check_gate)
    applies, why = applicable(part, inputs.context)
    if not applies:
        return excluded(part, why, gate=gate)
    if inputs.declared_na:
        grant = inputs.declared_na.get(f"{check.id}/{part.id}")
        if grant is not None and grant.is_live(now):
            return excluded(part, grant.reason, gate=gate, declared=True)
    reading = inputs.readings.get((check.id, part.id))
    limit = None
    if reading is not None and reading.limit is None and part.limit_from:
        limit = inputs.limits.get(part.limit_from)
    return judge(part, reading, now, limit, gate=gate)


def _is_measurable(check: Check, result: CombinedCheck) -> bool:
    return result.gate is Gate.BLOCK and any(
        part.is_measured and judged.gate is not Gate.INFO and judged.state is not CheckState.NOT_APPLICABLE
        for part, judged in zip(check.parts, result.parts, strict=False)
    )


def _changes_at(checks: tuple[CombinedCheck, ...], inputs: SiteInputs, now: datetime) -> datetime | None:
    due = [check.fresh_until for check in checks if check.fresh_until]
    for grants in (inputs.waivers, inputs.exceptions, inputs.declared_na):
        for grant in grants.values():
            due.extend(moment for moment in (grant.starts_at, grant.ends_at) if moment > now)
    return min(due, default=None)
