"""The proof of a check at a site: a row for each run, fact or attestation, the deciding one first."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.evidence.runs import PartProof, proofs_of_check
from readiness.assessment.framework.core.definition import Check
from readiness.assessment.framework.core.vocabulary import Direction
from readiness.assessment.scoring.checks import people, placements, standards
from readiness.assessment.scoring.queries.rows import CheckRow
from web.links import link

PAGES = {
    "run": ("validation-run-detail", "Run "),
    "fact": ("recorded-fact-detail", "Fact "),
    "attestation": ("attestation-detail", "Attestation "),
    "ownership": ("assignment", "Assignment "),
    "owned-assets": ("assignment", "Assignment "),
    "review": ("review", "Go-live review #"),
    "source": ("source", "Source "),
}
"""Url name and title of the evidence page, by the kind in an evidence reference."""
OF_WORKLOADS = {
    placements.ENVELOPE_EVIDENCE: "Envelopes",
    placements.PLACEMENT_EVIDENCE: "Placements and rules",
}
OF_PEOPLE = (people.QUALIFIED, people.TRAINING)
"""Kinds of references to people's qualifications and trainings; the site's slug follows."""
OF_STANDARDS = {
    standards.CONFORMANCE: ("conformance", "Conformance of the site"),
    standards.STANDARDS: ("conformance", "Conformance of the site"),
    standards.ALTERNATIVES: ("alternative-list", "Alternatives"),
}
"""Url name and title of the list, by the kind in a reference to standards; the site's slug follows."""
MOST_ROWS = 6
DECIDES, SUPPORTS, NOT_COUNTED, AS_SAID = "decides", "supports", "does not count", "counts as said"


def proof_link(evidence: str) -> dict[str, str] | None:
    kind, _, pk = evidence.partition(":")
    for begins, label in OF_WORKLOADS.items():
        if evidence.startswith(begins):
            return {"url": link("workloads", site=pk), "label": label}
    if kind in OF_PEOPLE:
        return {"url": link("site-coverage", pk), "label": "Coverage of the site"}
    if kind in OF_STANDARDS:
        name, words = OF_STANDARDS[kind]
        return {"url": link(name, **({"site": pk} if name == "conformance" else {})), "label": words}
    if kind not in PAGES or not pk.isdecimal():
        return None
    name, words = PAGES[kind]
    return {"url": link(name, int(pk)), "label": f"{words}{pk}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRow:
    """One piece of evidence. The figure is the worst that it has for the sub-measure; `more` is the number of its other
    subjects. `run` is None for facts and attestations."""

    ref: str
    label: str
    url: str
    part_name: str
    taken_at: datetime
    value: float | None
    unit: str
    detail: str
    more: int
    standing: str
    note: str
    run: ValidationRun | None


@dataclass(frozen=True, slots=True)
class ProofRows:
    rows: Sequence[ProofRow]
    total: int


def proof_rows(site_id: int, check: Check, result: CheckRow | None, *, now: datetime) -> ProofRows:
    """One statement beside those of the proofs."""
    decided_part = result.evidence.get("part", "") if result else ""
    decided_ref = result.evidence.get("ref", "") if result else ""
    by_ref: dict[str, list[PartProof]] = defaultdict(list)
    for each in proofs_of_check(site_id, check.id, now=now):
        by_ref[each.proof.ref].append(each)
    newest_first = sorted(by_ref, key=lambda ref: (by_ref[ref][0].proof.taken_at, ref), reverse=True)
    refs = sorted(newest_first, key=lambda ref: ref != decided_ref)[:MOST_ROWS]
    numbers = [int(ref.partition(":")[2]) for ref in refs if ref.startswith("run:")]
    runs = ValidationRun.objects.in_bulk(numbers) if numbers else {}
    rows = [
        _proof_row(ref, by_ref[ref], check, decided_part, is_deciding=ref == decided_ref, runs=runs)
        for ref in refs
    ]
    return ProofRows(rows, len(by_ref))


def _proof_row(
    ref: str,
    proofs: Sequence[PartProof],
    check: Check,
    decided_part: str,
    *,
    is_deciding: bool,
    runs: dict[int, ValidationRun],
) -> ProofRow:
    of_part = [each for each in proofs if each.proved.part_id == decided_part] or proofs[:1]
    part = check.part(of_part[0].proved.part_id)
    worst = min(of_part, key=lambda each: _severity(each, lower_is_better=part.direction is Direction.LOWER))
    proof, proved = worst
    kind, _, number = ref.partition(":")
    page = proof_link(ref) or {}
    return ProofRow(
        ref=ref,
        label=page.get("label", ref),
        url=page.get("url", ""),
        part_name=proved.part_name,
        taken_at=proof.taken_at,
        value=proof.value,
        unit=proved.unit,
        detail=proof.detail,
        more=len(of_part) - 1,
        standing=_standing(worst, is_deciding=is_deciding),
        note=proved.why_not,
        run=runs.get(int(number)) if kind == "run" else None,
    )


def _severity(each: PartProof, *, lower_is_better: bool) -> tuple[bool, float]:
    value = each.proof.value
    return value is None, 0.0 if value is None else -value if lower_is_better else value


def _standing(each: PartProof, *, is_deciding: bool) -> str:
    if is_deciding:
        return DECIDES
    if each.proved.why_not:
        return AS_SAID if each.proof.declaration and not each.proof.voided else NOT_COUNTED
    return SUPPORTS
