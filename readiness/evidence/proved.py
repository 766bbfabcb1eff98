"""Which sub-measures a run or a record proves now, and whether it is what counts for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from readiness.evidence.proofs import proofs
from readiness.framework import queries as framework_queries


@dataclass(frozen=True, slots=True)
class Proved:
    """`why_not` is why the figure is not judged, or what voided it; empty where it counts."""

    check_id: str
    check_name: str
    part_id: str
    part_name: str
    unit: str
    value: float | None
    detail: str
    why_not: str


def proved_by(site_id: int, ref: str, *, now: datetime) -> list[Proved]:
    """In the framework's order. `ref` is as results name evidence: `run:12`, `fact:3`, `attestation:4`.

    Of a figure made of several runs, such as a coverage, the run that it names stands for all of them.
    """
    _version, framework = framework_queries.current()
    of_site = proofs([site_id], framework, now=now)[site_id]
    return [
        Proved(
            check_id=check.id,
            check_name=check.name,
            part_id=part.id,
            part_name=part.name,
            unit=part.unit,
            value=proof.value,
            detail=proof.detail,
            why_not=proof.cannot_judge or proof.voided,
        )
        for check in framework.checks
        for part in check.parts
        for proof in of_site.get((check.id, part.id), ())
        if proof.ref == ref
    ]
