"""One site, everything that is known about it, and what it comes to: every check judged, then scores, then the verdict.

Scores: pass counts 1, warn 0.5, everything else 0; `n-a` leaves the denominator. A pillar is the mean of its checks
weighted by gate, a site the mean of its pillars. The upper score counts unknown and stale as 1. Waived weight is a band
of its own, above the upper score: `score <= upper <= upper + waived <= 1`. A pillar with no applicable weight has no
score and leaves the site's mean, for the reason `n-a` leaves a pillar's: 0 would punish a site for what does not
concern it, 1 would be a pass without evidence.

The verdict: a waiver lifts nothing here. A signed, dated go-live exception takes a BLOCK check out of the way, and the
verdict is then at best `conditional` and says so. So it is where a BLOCK check rests on a declaration while the
framework asks for a measurement, or on an attestation that nobody has confirmed yet. However high the score, it does
not enter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.evidence.core.proving.values import few
from readiness.assessment.framework.core.conditions import SiteContext
from readiness.assessment.framework.core.definition import (
    Check,
    Framework,
    SubMeasure,
    applicable,
    gate_for,
    part_gate,
)
from readiness.assessment.grants.core.rules import HeldGrant
from readiness.assessment.scoring.core.combine import ACCEPTABLE, CombinedCheck, combine, not_applicable
from readiness.assessment.scoring.core.judge import PartResult, Reading, excluded, judge
from readiness.assessment.scoring.core.states import CheckState, Gate, Stage, Tier, Verdict

POINTS = {CheckState.PASS: 1.0, CheckState.WARN: 0.5}
UNPROVEN = frozenset({CheckState.UNKNOWN, CheckState.STALE})


@dataclass(frozen=True, slots=True)
class Score:
    """From 0 to 1, None if no weight applies. `coverage` is fresh / applicable, counted in checks."""

    score: float | None
    upper: float | None
    waived: float | None
    weight: int
    applicable_checks: int
    fresh_checks: int
    waived_checks: int

    @property
    def coverage(self) -> float | None:
        return self.fresh_checks / self.applicable_checks if self.applicable_checks else None


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """`result.weight` is the sum over pillars and does not affect the mean."""

    result: Score
    pillars: Mapping[str, Score]


def check_points(state: CheckState) -> float | None:
    return None if state is CheckState.NOT_APPLICABLE else POINTS.get(state, 0.0)


def score_checks(results: Iterable[CombinedCheck]) -> Score:
    earned = unproven = waived = 0.0
    weight = applicable = fresh = waived_checks = 0
    for result in results:
        if result.state is CheckState.NOT_APPLICABLE:
            continue
        applicable += 1
        fresh += result.has_fresh_evidence
        weight += result.weight
        earned += result.weight * POINTS.get(result.state, 0.0)
        if result.state in UNPROVEN:
            unproven += result.weight
        elif result.state is CheckState.WAIVED:
            waived += result.weight
            waived_checks += 1
    return Score(
        score=earned / weight if weight else None,
        upper=(earned + unproven) / weight if weight else None,
        waived=waived / weight if weight else None,
        weight=weight,
        applicable_checks=applicable,
        fresh_checks=fresh,
        waived_checks=waived_checks,
    )


def score_site(results: Sequence[CombinedCheck], pillar_ids: Sequence[str]) -> SiteFigures:
    by_pillar: dict[str, list[CombinedCheck]] = {pillar_id: [] for pillar_id in pillar_ids}
    for result in results:
        by_pillar[result.pillar].append(result)
    pillars = {pillar: score_checks(checks) for pillar, checks in by_pillar.items()}
    scores = list(pillars.values())
    return SiteFigures(
        result=Score(
            score=_mean(score.score for score in scores),
            upper=_mean(score.upper for score in scores),
            waived=_mean(score.waived for score in scores),
            weight=sum(score.weight for score in scores),
            applicable_checks=sum(score.applicable_checks for score in scores),
            fresh_checks=sum(score.fresh_checks for score in scores),
            waived_checks=sum(score.waived_checks for score in scores),
        ),
        pillars=pillars,
    )


def _mean(values: Iterable[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers else None


STAGES_WITH_VERDICT = frozenset({Stage.COMMISSIONING, Stage.PRODUCTION})


@dataclass(frozen=True, slots=True)
class SiteVerdict:
    """`verdict` None means that the stage has none.

    `deciding` are the ids that hold it, first blocker first. `excepted` are BLOCK checks lifted by an exception in
    force; `ends_at` is when the first of those ends. `capped` are BLOCK checks that hold but are declared where a
    measurement is asked for.
    """

    verdict: Verdict | None
    reason: str
    deciding: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()
    conditional: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()
    ends_at: datetime | None = None
    capped: tuple[str, ...] = ()

    @property
    def first_blocker(self) -> str:
        return self.blocking[0] if self.blocking else ""


def decide(
    results: Sequence[CombinedCheck],
    *,
    stage: Stage,
    exceptions: Mapping[str, HeldGrant] | None = None,
    now: datetime,
) -> SiteVerdict:
    if stage not in STAGES_WITH_VERDICT:
        return SiteVerdict(None, f"A site in stage {stage} has no verdict.")
    live = {key: grant for key, grant in (exceptions or {}).items() if grant.is_live(now)}
    holding = _ordered(result for result in results if _holds(result.block_state))
    blocking = tuple(check_id for check_id in holding if check_id not in live)
    excepted = tuple(check_id for check_id in holding if check_id in live)
    conditional = _ordered(result for result in results if _holds(result.cond_state))
    declared = [result for result in results if result.gate is Gate.BLOCK and result.tier is Tier.CAPPED]
    capped = _ordered(result for result in declared if not result.is_only_unconfirmed)
    unconfirmed = _ordered(result for result in declared if result.is_only_unconfirmed)
    ends_at = min((live[check_id].ends_at for check_id in excepted), default=None)
    if blocking:
        reason = f"Held back by {few(blocking)}."
        return SiteVerdict(
            Verdict.NOT_READY, reason, blocking, blocking, conditional, excepted, ends_at, capped
        )
    if not any(result.block_state or result.cond_state for result in results):
        return SiteVerdict(Verdict.NOT_READY, "No check applies, so nothing proves the site.")
    if excepted or conditional or declared:
        deciding = tuple(dict.fromkeys(excepted + conditional + capped + unconfirmed))
        reason = _conditional_reason(excepted, conditional, capped, unconfirmed)
        return SiteVerdict(Verdict.CONDITIONAL, reason, deciding, (), conditional, excepted, ends_at, capped)
    return SiteVerdict(Verdict.READY, "Every BLOCK and COND check holds.")


def _holds(state: CheckState | None) -> bool:
    return state is not None and state not in ACCEPTABLE


def _ordered(results: Iterable[CombinedCheck]) -> tuple[str, ...]:
    return tuple(
        result.check_id for result in sorted(results, key=lambda result: (result.pillar, result.check_id))
    )


def _conditional_reason(
    excepted: tuple[str, ...],
    conditional: tuple[str, ...],
    capped: tuple[str, ...],
    unconfirmed: tuple[str, ...],
) -> str:
    sentences = []
    if excepted:
        sentences.append(f"A signed exception lifts {few(excepted)}.")
    if conditional:
        sentences.append(f"Open: {few(conditional)}.")
    if capped:
        sentences.append(f"Declared, not measured: {few(capped)}.")
    if unconfirmed:
        sentences.append(f"Attested, not confirmed: {few(unconfirmed)}.")
    return " ".join(sentences)


type PartKey = tuple[str, str]
"""(check id, sub-measure id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteInputs:
    """Everything known about one site.

    `limits` are the site's own, by limit id (`contracted-kw`). `waivers` and `exceptions` are by check id, at most one
    live each. `declared_na` is by check id for a whole check and by `check/part` for a sub-measure. `records_change_at`
    is when a record of people, standards or duties next begins or ends.
    """

    context: SiteContext
    readings: Mapping[PartKey, Reading] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    waivers: Mapping[str, HeldGrant] = field(default_factory=dict)
    exceptions: Mapping[str, HeldGrant] = field(default_factory=dict)
    declared_na: Mapping[str, HeldGrant] = field(default_factory=dict)
    records_change_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SiteResult:
    """A site's evaluation at one instant under one framework version.

    `changes_at` is the first later moment at which it changes without new data: evidence goes stale, a waiver,
    exception or declared `n-a` starts or ends, or a record of people or duties begins or ends. None if nothing is due.
    `measurable` counts the applicable BLOCK checks that ask for a measurement.
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


def evaluate(
    framework: Framework,
    inputs: SiteInputs,
    *,
    now: datetime,
    settled: Mapping[str, CombinedCheck] | None = None,
) -> SiteResult:
    """`settled` are checks, by id, that come to the same with these inputs at `now` as they did earlier."""
    settled = settled or {}
    checks = tuple(
        settled.get(check.id) or evaluate_check(framework, check, inputs, now=now)
        for check in framework.checks
    )
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
    if inputs.records_change_at is not None and inputs.records_change_at > now:
        due.append(inputs.records_change_at)
    for grants in (inputs.waivers, inputs.exceptions, inputs.declared_na):
        for grant in grants.values():
            due.extend(moment for moment in (grant.starts_at, grant.ends_at) if moment > now)
    return min(due, default=None)
