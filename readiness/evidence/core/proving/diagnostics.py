"""p1-accelerator-diag and p5-revalidation: which accelerators a diagnostic covered, and what it found."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from readiness.evidence.core.parsers.dcgm_diag import BADNESS
from readiness.evidence.core.provenance import worst_provenance
from readiness.evidence.core.proving.values import (
    Proof,
    Proofs,
    Run,
    SiteParts,
    coverage,
    few,
    is_standing,
    kept,
    newest,
    proof_of,
)
from readiness.framework.core.definition import Check, SubMeasure

_GPU = re.compile(r"(?:(\S+) )?GPU (\d{1,5})")
QUICK = timedelta(hours=24)


def accelerators(check: Check, runs: Sequence[Run], site: SiteParts, now: datetime) -> Proofs:
    """Each accelerator's newest long diagnostic; a quick one counts for the quick check alone."""
    worst, quick = check.part("worst-severity"), check.part("quick-coverage")
    long_runs: dict[tuple[int, int], list[Proof]] = defaultdict(list)
    any_runs: dict[tuple[int, int], list[Proof]] = defaultdict(list)
    of_nodes: dict[int, list[Proof]] = defaultdict(list)
    nodes = {name.lower(): node for node, name in site.nodes.items()}
    for run in runs:
        if run.tool != "dcgm-diag":
            continue
        for node in run.nodes or (0,):
            of_nodes[node].append(_of_node(run, worst, site.nodes.get(node, "")))
        for figure in run.figures:
            found = _GPU.fullmatch(figure.subject) if figure.name == "severity" else None
            if found is None:
                continue
            node = nodes.get((found[1] or "").lower(), run.nodes[0] if len(run.nodes) == 1 else 0)
            accelerator = (node, int(found[2]))
            name = f"{site.nodes.get(node, '')} GPU {found[2]}".strip()
            any_runs[accelerator].append(proof_of(run, quick, figure.value, detail=name))
            if figure.variant == "long":
                long_runs[accelerator].append(proof_of(run, worst, figure.value, detail=name))
    newest_long = {each: newest(proofs, worst, now) for each, proofs in long_runs.items()}
    newest_any = {each: newest(proofs, quick, now) for each, proofs in any_runs.items()}
    wanted = {each: f"{site.nodes.get(each[0], '')} GPU {each[1]}" for each in site.accelerators}
    return kept(
        {
            "worst-severity": [*newest_long.values(), *_troubled(of_nodes, worst, now)],
            "coverage": [_covered(newest_long, wanted, check, "coverage", now)],
            "quick-coverage": [_covered(newest_any, wanted, check, "quick-coverage", now)],
        }
    )


def _of_node(run: Run, part: SubMeasure, name: str) -> Proof:
    """What a diagnostic found that is of no one accelerator: a failure of the host's software, or of the run."""
    found = [
        each.value
        for each in run.figures
        if each.name == "severity" and each.value is not None and not _GPU.fullmatch(each.subject)
    ]
    value = max(found, key=lambda severity: BADNESS.get(int(severity), 0), default=0.0)
    return proof_of(run, part, value, detail=name)


def _troubled(of_nodes: Mapping[int, Sequence[Proof]], part: SubMeasure, now: datetime) -> list[Proof]:
    """Nodes whose newest diagnostic found such a thing."""
    found = [newest(proofs, part, now) for proofs in of_nodes.values()]
    return [proof for proof in found if proof is not None and proof.value]


def _covered(
    found: Mapping[tuple[int, int], Proof | None],
    wanted: Mapping[tuple[int, int], str],
    check: Check,
    part_id: str,
    now: datetime,
) -> Proof | None:
    known = {each: proof for each, proof in found.items() if proof is not None}
    return coverage(known, wanted, check.part(part_id), now)


def revalidated(
    check: Check, diag: Check, intra: Check, runs: Sequence[Run], site: SiteParts, now: datetime
) -> Proofs:
    """Nodes with a quick check within 24 h and the full set within its validity, none older than a change.

    The full set is the long diagnostic and the collective inside the node.
    """
    quick: set[int] = set()
    long: set[int] = set()
    collective: set[int] = set()
    last: Run | None = None
    for run in runs:
        if not run.nodes or run.tool not in ("dcgm-diag", "nccl-tests", "rccl-tests"):
            continue
        last = run if last is None or run.taken_at > last.taken_at else last
        of_diag = proof_of(run, diag.part("worst-severity"), None)
        if run.tool == "dcgm-diag":
            if not of_diag.voided and run.taken_at >= now - QUICK:
                quick.update(run.nodes)
            full = any(figure.name == "worst_severity" and figure.variant == "long" for figure in run.figures)
            if full and is_standing(of_diag, diag.part("worst-severity"), now):
                long.update(run.nodes)
        elif run.size == 1 and is_standing(
            proof_of(run, intra.part("busbw"), None), intra.part("busbw"), now
        ):
            collective.update(run.nodes)
    if last is None or not site.nodes:
        return {}
    current = quick & long & collective & set(site.nodes)
    missing = sorted(name for node, name in site.nodes.items() if node not in current)
    value = 100.0 * len(current) / len(site.nodes)
    detail = f"without: {few(missing)}" if missing else ""
    proof = Proof(
        kind="run",
        ref=f"run:{last.id}",
        value=value,
        taken_at=now,
        detail=detail,
        provenance=worst_provenance(run.provenance for run in runs if run.nodes),
    )
    return kept({check.part("nodes-current").id: [proof]})
