"""Figures that name the sub-measure they prove: `p1-soak-24h/duration` in a table.

A table is a run if no tool's output proves the sub-measure and the import found a time, a tool and raw figures in it.
Otherwise it is a declaration and counts for a subject only without a run.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from readiness.assessment.evidence.core.bearing import PARSED, part_named
from readiness.assessment.evidence.core.parsed import converted
from readiness.assessment.evidence.core.proving.values import (
    PartKey,
    Proof,
    Run,
    newest_by,
    proof_of,
)
from readiness.assessment.framework.core.definition import Framework, SubMeasure
from readiness.assessment.framework.core.vocabulary import EvidenceKind


def table_proofs(
    framework: Framework, runs: Sequence[Run], now: datetime
) -> dict[PartKey, tuple[Proof, ...]]:
    proofs_by_part: dict[PartKey, dict[str, list[Proof]]] = defaultdict(lambda: defaultdict(list))
    parts: dict[PartKey, SubMeasure] = {}
    for run in runs:
        for figure in run.figures:
            key = part_named(figure.name)
            check = framework.checks_by_id.get(key[0]) if key else None
            part = next((each for each in check.parts if key and each.id == key[1]), None) if check else None
            if key is None or part is None:
                continue
            parts[key] = part
            value = figure.value
            if value is not None and figure.unit:
                value = converted(value, figure.unit, part.unit)
            reason = figure.caution or ("" if value is not None else f"{figure.unit} is not {part.unit}.")
            proof = proof_of(run, part, value, detail=figure.subject, cannot_judge=reason)
            counts = _counts_as_run(run, key[0], part)
            proofs_by_part[key][figure.subject].append(proof if counts else proof._replace(kind="table"))
    return {
        key: tuple(newest_by(by_subject, parts[key], now).values())
        for key, by_subject in proofs_by_part.items()
    }


def _counts_as_run(run: Run, check_id: str, part: SubMeasure) -> bool:
    return is_proved_by_name(check_id, part) and not run.is_entered


def is_proved_by_name(check_id: str, part: SubMeasure) -> bool:
    """Whether a figure that names the sub-measure counts as a run's; telemetry, records and attestations have their own
    ways in."""
    return EvidenceKind.VALIDATION_RUN in part.evidence and check_id not in PARSED
