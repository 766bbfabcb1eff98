"""One sub-measure, one reading, one state.

What the worst object is, and how a window is summed up, is decided before: a reading is a single figure. What several
sub-measures come to together is decided after, in `combine`.
"""

import math
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.framework.core import wording
from readiness.assessment.framework.core.definition import SubMeasure
from readiness.assessment.framework.core.numbers import MOST_DECIMALS, decimals_for, value_text
from readiness.assessment.framework.core.thresholds import Bound, Threshold
from readiness.assessment.scoring.core.states import CheckState, Gate, Provenance, ReasonCode, Tier

CLOCK_SKEW = timedelta(minutes=10)
"""Evidence dated further ahead of now does not count yet; telemetry refuses samples by the same tolerance."""

NOT_MEASURED = frozenset({Provenance.DECLARED, Provenance.ESTIMATED})
"""An estimate is never shown as a measurement, but it is not capped unless somebody entered it."""


class Reading(NamedTuple):
    """One figure measured at `taken_at`, in the sub-measure's unit.

    A site has hundreds. `evidence` names its origin (a run, a source, a record), `detail` the worst object behind it.
    `limit` is the limit of this very reading (its platform's floor, its class's latency), and overrides the site's.
    `failed`, `cannot_judge` and `voided` are sentences or empty: the first makes it fail without any value (wrong data,
    failed requests), the second makes it unknown (no background load, no floor for its platform), the third stale
    (firmware changed since). `voided_at` is when it was voided. `bad_since` is the first bad sample in the window, if
    known. `declaration` names what somebody entered ("recorded fact 3"); it is empty if a run or telemetry measured it,
    or Muster computed it. `unconfirmed` says what an attestation waits for where the check blocks.
    """

    value: float | None
    taken_at: datetime
    provenance: Provenance = Provenance.MEASURED
    evidence: str = ""
    detail: str = ""
    cadence_s: float | None = None
    limit: Limit | None = None
    cannot_judge: str = ""
    voided: str = ""
    voided_at: datetime | None = None
    bad_since: datetime | None = None
    failed: str = ""
    declaration: str = ""
    unconfirmed: str = ""


class PartResult(NamedTuple):
    """A judged sub-measure; a site has more than a hundred.

    `threshold` is the pass edge that `margin` (positive inside) is measured from. `fresh_until` is when the evidence
    goes stale by itself, None without evidence. `bad_since` is when a state that is not good began, as far as this
    evidence shows.
    """

    part_id: str
    gate: Gate
    state: CheckState
    code: ReasonCode
    reason: str
    unit: str = ""
    value: float | None = None
    threshold: float | None = None
    threshold_text: str = ""
    limit_source: str = ""
    margin: float | None = None
    taken_at: datetime | None = None
    data_age_s: float | None = None
    fresh_until: datetime | None = None
    provenance: Provenance | None = None
    evidence: str = ""
    detail: str = ""
    bad_since: datetime | None = None
    tier: Tier | None = None


def judge(
    part: SubMeasure,
    reading: Reading | None,
    now: datetime,
    limit_override: Limit | None = None,
    *,
    gate: Gate | None = None,
) -> PartResult:
    """The state of one applicable sub-measure at `now`.

    `limit_override` overrides the reading's own limit, which overrides the definition's. `gate` is the gate in force at
    the site (`applicability.part_gate`), by default the sub-measure's own, else BLOCK.
    """
    gate = gate or part.gate or Gate.BLOCK
    if reading is None:
        unknown, code = CheckState.UNKNOWN, ReasonCode.NO_EVIDENCE
        return PartResult(part.id, gate, unknown, code, part.waits_for, unit=part.unit)
    return _judged(part, reading, now, limit_override or reading.limit, gate)


def _judged(part: SubMeasure, reading: Reading, now: datetime, limit: Limit | None, gate: Gate) -> PartResult:
    pass_at, warn_at = _bounds(part, limit)
    state, code = _weigh(part, reading, now, pass_at, warn_at, gate)
    value = reading.value if reading.value is not None and math.isfinite(reading.value) else None
    fresh_until = reading.taken_at + timedelta(seconds=part.validity.limit_s(reading.cadence_s))
    return PartResult(
        part_id=part.id,
        gate=gate,
        state=state,
        code=code,
        reason=_reason(code, part, reading, now, pass_at),
        unit=part.unit,
        value=value,
        threshold=pass_at.edge(value) if pass_at else None,
        threshold_text=pass_at.text(part.unit) if pass_at else "",
        limit_source=limit.source if limit and part.limit_from else "",
        margin=pass_at.margin(value) if pass_at and value is not None else None,
        taken_at=reading.taken_at,
        data_age_s=max((now - reading.taken_at).total_seconds(), 0.0),
        fresh_until=fresh_until,
        provenance=reading.provenance,
        evidence=reading.evidence,
        detail=reading.detail,
        bad_since=_bad_since(state, reading, fresh_until),
        tier=_tier(code, reading),
    )


def excluded(part: SubMeasure, reason: str, *, gate: Gate, declared: bool = False) -> PartResult:
    code = ReasonCode.DECLARED if declared else ReasonCode.EXCLUDED
    return PartResult(part.id, gate, CheckState.NOT_APPLICABLE, code, reason, unit=part.unit)


class JudgedState(NamedTuple):
    """The judgement of a reading, as needed to compare readings of one sub-measure. `capped` means a declaration that
    counts as warn at most."""

    state: CheckState
    capped: bool
    margin: float | None
    threshold: float | None


def judge_without_gate(
    part: SubMeasure, reading: Reading, now: datetime, limit: Limit | None = None
) -> JudgedState:
    """The judgement whatever the gate, so that a confirmation that is missing changes nothing here."""
    pass_at, warn_at = _bounds(part, limit or reading.limit)
    state, code = _weigh(part, reading, now, pass_at, warn_at)
    capped = code is ReasonCode.CAPPED
    if pass_at is None:
        return JudgedState(state, capped, None, None)
    value = reading.value if reading.value is not None and math.isfinite(reading.value) else None
    return JudgedState(state, capped, None if value is None else pass_at.margin(value), pass_at.edge(value))


def _weigh(
    part: SubMeasure,
    reading: Reading,
    now: datetime,
    pass_at: Bound | None,
    warn_at: Bound | None,
    gate: Gate | None = None,
) -> tuple[CheckState, ReasonCode]:
    value = reading.value
    if reading.cannot_judge:
        return CheckState.UNKNOWN, ReasonCode.CANNOT_JUDGE
    if not reading.failed and (value is None or not math.isfinite(value)):
        return CheckState.UNKNOWN, ReasonCode.NOT_A_NUMBER
    if reading.taken_at > now + CLOCK_SKEW:
        return CheckState.UNKNOWN, ReasonCode.IN_THE_FUTURE
    if reading.voided:
        return CheckState.STALE, ReasonCode.VOIDED
    if (now - reading.taken_at).total_seconds() > part.validity.limit_s(reading.cadence_s):
        return CheckState.STALE, ReasonCode.TOO_OLD
    if part.pass_at is None:
        return CheckState.NOT_APPLICABLE, ReasonCode.TREND_ONLY
    if reading.failed or value is None:
        return CheckState.FAIL, ReasonCode.RUN_FAILED
    if pass_at is None:
        return CheckState.UNKNOWN, ReasonCode.NO_LIMIT
    passes = pass_at.contains(value)
    if not passes and (warn_at is None or not warn_at.contains(value)):
        return CheckState.FAIL, ReasonCode.OUTSIDE
    if reading.declaration and part.is_measured:
        return CheckState.WARN, ReasonCode.CAPPED
    if reading.unconfirmed and gate is Gate.BLOCK:
        return CheckState.WARN, ReasonCode.UNCONFIRMED
    return (CheckState.PASS, ReasonCode.INSIDE) if passes else (CheckState.WARN, ReasonCode.WARN_BAND)


def _tier(code: ReasonCode, reading: Reading) -> Tier:
    if code in (ReasonCode.CAPPED, ReasonCode.UNCONFIRMED):
        return Tier.CAPPED
    is_declared = reading.declaration or reading.provenance in NOT_MEASURED
    return Tier.DECLARED if is_declared else Tier.MEASURED


def _reason(
    code: ReasonCode, part: SubMeasure, reading: Reading, now: datetime, pass_at: Bound | None
) -> str:
    match code:
        case ReasonCode.INSIDE | ReasonCode.WARN_BAND | ReasonCode.OUTSIDE:
            return _compared(part, reading, pass_at)
        case ReasonCode.CAPPED:
            return f"{_compared(part, reading, pass_at)} {wording.cap(part, reading.declaration)}"
        case ReasonCode.UNCONFIRMED:
            waits = wording.until(reading.declaration, reading.unconfirmed)
            return f"{_compared(part, reading, pass_at)} {waits}"
        case ReasonCode.RUN_FAILED:
            return reading.failed
        case ReasonCode.CANNOT_JUDGE:
            return reading.cannot_judge
        case ReasonCode.NOT_A_NUMBER:
            return "The evidence holds no finite value."
        case ReasonCode.IN_THE_FUTURE:
            return "The evidence is dated in the future."
        case ReasonCode.VOIDED:
            return reading.voided
        case ReasonCode.TOO_OLD:
            age = span_text((now - reading.taken_at).total_seconds())
            valid = span_text(part.validity.limit_s(reading.cadence_s))
            return f"The evidence is {age} old and counts for {valid}."
        case ReasonCode.TREND_ONLY:
            return "Shown for trend only: it has no threshold."
        case _:
            return f"No limit is declared ({part.limit_from})."


def _bounds(part: SubMeasure, limit: Limit | None) -> tuple[Bound | None, Bound | None]:
    return (
        _bound(part, part.pass_at, limit, limit.pass_at if limit else None),
        _bound(part, part.warn_at, limit, limit.warn_at if limit else None),
    )


def _bound(
    part: SubMeasure, threshold: Threshold | None, limit: Limit | None, region: Bound | None
) -> Bound | None:
    """The region in force: the limit's own region, the limit's value scaled, or the definition's."""
    if threshold is None:
        return None
    if limit is None or not part.limit_from:
        return threshold.bound
    if region is not None:
        return region
    if limit.value is not None and threshold.bound is None:
        return threshold.bound_for(part.direction, limit.value)
    return threshold.bound


def _bad_since(state: CheckState, reading: Reading, fresh_until: datetime | None) -> datetime | None:
    match state:
        case CheckState.WARN | CheckState.FAIL:
            return reading.bad_since or reading.taken_at
        case CheckState.STALE:
            return reading.voided_at if reading.voided else fresh_until
        case _:
            return None


def _compared(part: SubMeasure, reading: Reading, bound: Bound | None) -> str:
    if bound is None or reading.value is None:
        raise ValueError("Only a value and a region can be compared.")
    return _comparison(part.figure_name, reading.value, part.unit, reading.detail, bound)


# From one minute to the next most readings are the same.
@lru_cache(maxsize=20_000)
def _comparison(figure: str, value: float, unit: str, detail: str, bound: Bound) -> str:
    where = f" ({detail})" if detail else ""
    if value == 0 and not unit and bound.high == 0 and bound.contains(value):
        return f"{figure}: none{where}."
    figure_text = f"{_rounded(value, bound)} {unit}".strip()
    return f"{figure}: {figure_text}{where} {bound.compared(value, unit)}."


def _rounded(value: float, bound: Bound) -> str:
    """Show as many decimals as keep the value on its side of the bound: 80.04 is above 80."""
    if value.is_integer():
        return value_text(value, decimals=0)
    inside = bound.contains(value)
    for decimals in range(decimals_for(value), MOST_DECIMALS):
        text = value_text(value, decimals=decimals)
        if bound.contains(float(text)) == inside:
            return text
    return repr(value)


def worded_until(taken_at: datetime, now: datetime) -> datetime:
    """The instant until which the age of evidence is told in the same words."""
    age_s = max((now - taken_at).total_seconds(), 0.0)
    step_s = 60 if age_s < 2 * 3600 else 3600 if age_s < 2 * 86400 else 86400
    return taken_at + timedelta(seconds=(age_s // step_s + 1) * step_s)


def span_text(seconds: float) -> str:
    if seconds < 120:
        return f"{int(seconds)} s"
    if seconds < 2 * 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 2 * 86400:
        return f"{int(seconds // 3600)} h"
    return f"{int(seconds // 86400)} d"
