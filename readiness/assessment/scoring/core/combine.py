"""Sub-measures to one check: the worst applicable one wins.

Order, worst first: fail, stale, unknown, waived, warn, pass. A failure that is known outranks what is not known, since
no further evidence can lift it. Evidence that ran out outranks evidence that never was: it is a loss, and it has a
date. `n-a` leaves the comparison; a check whose every sub-measure is `n-a` is `n-a` itself.

A sub-measure's own gate is respected. INFO sub-measures are shown and never decide a check that has others. For the
verdict, `block_state` is the worst over the BLOCK sub-measures alone and `cond_state` over the COND ones, so a COND
sub-measure of a BLOCK check makes a site conditional, not not-ready.

Of sub-measures that warn, one that is declared where a measurement is asked for decides before the others: what is
missing there is evidence, whatever the figures say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from readiness.assessment.framework.core.definition import Check
from readiness.assessment.grants.core.rules import HeldGrant
from readiness.assessment.scoring.core.judge import PartResult
from readiness.assessment.scoring.core.states import CheckState, Gate, ReasonCode, Tier

WORST_FIRST = (
    *(CheckState.FAIL, CheckState.STALE, CheckState.UNKNOWN, CheckState.WAIVED, CheckState.WARN),
    CheckState.PASS,
)
SEVERITY = {
    state: len(WORST_FIRST) - place for place, state in enumerate((*WORST_FIRST, CheckState.NOT_APPLICABLE))
}
"""6 for fail down to 1 for pass, and 0 for `n-a`, which any applicable state outranks."""
ACCEPTABLE = frozenset({CheckState.PASS, CheckState.WARN, CheckState.NOT_APPLICABLE})
"""States that do not hold a verdict back."""
MEASURED = frozenset({CheckState.PASS, CheckState.WARN, CheckState.FAIL})
"""States that fresh evidence decided."""
NO_FIGURES = PartResult("", Gate.INFO, CheckState.NOT_APPLICABLE, ReasonCode.NOTHING_LEFT, "")
DECLARED_ONLY = frozenset({ReasonCode.CAPPED, ReasonCode.UNCONFIRMED})
LEAST_PROVED_FIRST = (Tier.CAPPED, Tier.DECLARED, Tier.MEASURED)


@dataclass(frozen=True, slots=True)
class CombinedCheck:
    """One check at one site.

    `measured_state` is the state under a waiver, else the same as `state`. `decided_by` is the sub-measure that gave
    the state. `block_state` and `cond_state` are None if the check has no applicable sub-measure of that gate.
    `fresh_until` is when the first applicable evidence goes stale.
    """

    check_id: str
    pillar: str
    gate: Gate
    weight: int
    state: CheckState
    measured_state: CheckState
    reason: str
    code: ReasonCode
    decided_by: PartResult | None
    parts: tuple[PartResult, ...]
    block_state: CheckState | None = None
    cond_state: CheckState | None = None
    fresh_until: datetime | None = None

    @property
    def has_fresh_evidence(self) -> bool:
        return self.measured_state in MEASURED

    @property
    def tier(self) -> Tier | None:
        """The tier of the state; a check that holds counts as declared if any deciding sub-measure is."""
        if self.decided_by is None or not self.has_fresh_evidence:
            return None
        if self.measured_state is CheckState.FAIL:
            return self.decided_by.tier
        tiers = {part.tier for part in _deciding(self.parts, self.gate)}
        return next((tier for tier in LEAST_PROVED_FIRST if tier in tiers), None)

    @property
    def is_only_unconfirmed(self) -> bool:
        """Whether it is capped, and not because a measurement is missing: a confirmation lifts it."""
        codes = {part.code for part in _deciding(self.parts, self.gate)}
        return self.tier is Tier.CAPPED and ReasonCode.CAPPED not in codes

    @property
    def figures(self) -> PartResult:
        return self.decided_by or NO_FIGURES


def worst(states: Iterable[CheckState]) -> CheckState | None:
    ranked = [state for state in states if state is not CheckState.NOT_APPLICABLE]
    return max(ranked, key=SEVERITY.__getitem__) if ranked else None


def combine(
    check: Check,
    parts: Sequence[PartResult],
    *,
    gate: Gate,
    weight: int,
    waiver: HeldGrant | None = None,
    now: datetime,
) -> CombinedCheck:
    deciding = _deciding(parts, gate)
    decider = _decider(deciding)
    if decider is None:
        return _all_not_applicable(check, parts, gate=gate, weight=weight)
    result = CombinedCheck(
        check_id=check.id,
        pillar=check.pillar,
        gate=gate,
        weight=weight,
        state=decider.state,
        measured_state=decider.state,
        reason=decider.reason,
        code=decider.code,
        decided_by=decider,
        parts=tuple(parts),
        block_state=worst(part.state for part in deciding if part.gate is Gate.BLOCK),
        cond_state=worst(part.state for part in deciding if part.gate is Gate.COND),
        fresh_until=_first_expiry(deciding, now),
    )
    may_be_waived = CheckState.WAIVED in check.states and result.state not in ACCEPTABLE
    if waiver is not None and waiver.is_live(now) and may_be_waived:
        return replace(result, state=CheckState.WAIVED)
    return result


def not_applicable(
    check: Check,
    reason: str,
    *,
    gate: Gate,
    weight: int,
    parts: Sequence[PartResult] = (),
    declared: bool = False,
) -> CombinedCheck:
    return CombinedCheck(
        check_id=check.id,
        pillar=check.pillar,
        gate=gate,
        weight=weight,
        state=CheckState.NOT_APPLICABLE,
        measured_state=CheckState.NOT_APPLICABLE,
        reason=reason,
        code=ReasonCode.DECLARED if declared else ReasonCode.EXCLUDED,
        decided_by=None,
        parts=tuple(parts),
    )


def _deciding(parts: Sequence[PartResult], gate: Gate) -> list[PartResult]:
    if gate is Gate.INFO:
        return list(parts)
    return [part for part in parts if part.gate is not Gate.INFO]


def _decider(parts: Sequence[PartResult]) -> PartResult | None:
    """The worst sub-measure; among equals a capped one, then the highest gate, then the order of the definition."""
    applicable = [part for part in parts if part.state is not CheckState.NOT_APPLICABLE]
    if not applicable:
        return None
    return max(
        applicable, key=lambda part: (SEVERITY[part.state], part.code in DECLARED_ONLY, part.gate.rank)
    )


def _all_not_applicable(
    check: Check, parts: Sequence[PartResult], *, gate: Gate, weight: int
) -> CombinedCheck:
    """Every sub-measure is `n-a`. If the definition does not allow `n-a` for the check, nothing proves it: unknown."""
    reasons = dict.fromkeys(part.reason for part in parts)
    result = not_applicable(check, " ".join(reasons), gate=gate, weight=weight, parts=parts)
    if CheckState.NOT_APPLICABLE in check.states:
        return result
    return replace(
        result,
        state=CheckState.UNKNOWN,
        measured_state=CheckState.UNKNOWN,
        reason="No sub-measure applies here, and this check applies everywhere, so nothing proves it.",
        code=ReasonCode.NOTHING_LEFT,
        block_state=CheckState.UNKNOWN if gate is Gate.BLOCK else None,
        cond_state=CheckState.UNKNOWN if gate is Gate.COND else None,
    )


def _first_expiry(parts: Sequence[PartResult], now: datetime) -> datetime | None:
    expiries = [part.fresh_until for part in parts if part.fresh_until and part.fresh_until >= now]
    return min(expiries, default=None)
