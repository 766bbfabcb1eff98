"""The result of one piece of evidence: the sub-measure that it says most about, judged as scoring judges it.

No Django here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.evidence.core.proving.values import PartKey, Proof
from readiness.assessment.framework.core.definition import Check, Framework, SubMeasure, part_gate
from readiness.assessment.scoring.checks.choosing import reading_of
from readiness.assessment.scoring.core.combine import SEVERITY
from readiness.assessment.scoring.core.judge import PartResult, judge
from readiness.assessment.scoring.core.states import ReasonCode

COUNTS = frozenset(
    {
        *("coverage", "quick-coverage", "nodes-covered", "ports-covered", "nodes-current", "repeats"),
        *("pairs-proven", "backend-pairs-missing", "nodes-beyond", "nodes-without-ticket"),
    }
)
"""Sub-measures that count runs or what they cover: they say little about one run."""


NOTES = {
    **dict.fromkeys((ReasonCode.INSIDE, ReasonCode.WARN_BAND, ReasonCode.OUTSIDE), ""),
    ReasonCode.CAPPED: "declared, not measured",
    ReasonCode.UNCONFIRMED: "not confirmed yet",
}
"""Short notes where value and limit say the rest; other reasons are shown as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceOutcome:
    """`state` is empty for evidence that no check judges. `further` counts more sub-measures that it decides.

    `note` says why it does not pass, or what it lacks. `counts_until` is None where it never counted.
    """

    state: str = ""
    value: float | None = None
    unit: str = ""
    limit: str = ""
    check_id: str = ""
    check_name: str = ""
    part_id: str = ""
    part_name: str = ""
    further: int = 0
    note: str = ""
    counts_until: datetime | None = None
    is_replaced: bool = False
    is_over: bool = False


class JudgedProof(NamedTuple):
    check: Check
    part: SubMeasure
    proof: Proof
    result: PartResult


def judged_proofs(
    proofs: Iterable[tuple[PartKey, Proof]],
    framework: Framework,
    limits: Mapping[str, Limit],
    now: datetime,
) -> list[JudgedProof]:
    """Judge the proofs, in their order; those of sub-measures that the framework lacks are left out."""
    judged = []
    for key, proof in proofs:
        if (part := framework.parts_by_key.get(key)) is None:
            continue
        check = framework.checks_by_id[key[0]]
        limit = None if proof.floor is not None else limits.get(part.limit_from or "")
        gate = part_gate(part, check.gate)
        judged.append(JudgedProof(check, part, proof, judge(part, reading_of(proof), now, limit, gate=gate)))
    return judged


def main_of(judged: Sequence[JudgedProof]) -> JudgedProof | None:
    """The one that says most: a figure of its own before a count, then with a value, then the worst state."""
    return min(judged, key=_rank, default=None)


def _rank(each: JudgedProof) -> tuple[bool, bool, int]:
    return each.part.id in COUNTS, each.proof.value is None, -SEVERITY[each.result.state]


def outcome(
    main: JudgedProof, taken_at: datetime, *, further: int = 0, is_replaced: bool = False, now: datetime
) -> EvidenceOutcome:
    """Evidence counts from when it was taken, even if a figure of several runs counts from the oldest one."""
    check, part, proof, result = main
    until = taken_at + timedelta(seconds=part.validity.limit_s(None))
    if proof.voided_at is not None:
        until = min(until, proof.voided_at)
    return EvidenceOutcome(
        state=result.state.value,
        value=result.value,
        unit=part.unit,
        limit=result.threshold_text,
        check_id=check.id,
        check_name=check.name,
        part_id=part.id,
        part_name=part.name,
        further=further,
        note=NOTES.get(result.code, result.reason),
        counts_until=until,
        is_replaced=is_replaced,
        is_over=is_replaced or until <= now,
    )
