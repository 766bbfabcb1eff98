"""p1-rdma-port: every RDMA port's write bandwidth at 8 MiB."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from readiness.evidence.core.proving.floors import WRITE_SIZE, judged
from readiness.evidence.core.proving.values import (
    FloorValue,
    Proof,
    Proofs,
    Run,
    SiteParts,
    coverage,
    kept,
    newest,
    proof_of,
)
from readiness.framework.core.definition import Check, SubMeasure


def rdma_ports(
    check: Check, runs: Sequence[Run], site: SiteParts, floors: Sequence[FloorValue], now: datetime
) -> Proofs:
    """Each port's newest run. A run is about the port that it names, on each of its nodes."""
    part, covered = check.part("bandwidth"), check.part("ports-covered")
    by_port: dict[tuple[int, str], list[Proof]] = defaultdict(list)
    crossing: dict[tuple[int, str], list[Proof]] = defaultdict(list)
    for run in runs:
        if run.tool != "perftest":
            continue
        judgement = judged(run, "bandwidth", part.unit, floors, operations=("write",), preferred=WRITE_SIZE)
        if judgement is None:
            continue
        subject = next((each.subject for each in run.figures if each.name == "bandwidth"), "").lower()
        for node in run.nodes or (0,):
            port = (node, subject)
            proof = proof_of(
                run,
                part,
                judgement.value,
                detail=site.ports.get(port, subject),
                floor=judgement.floor,
                cannot_judge=run.loopback or judgement.reason,
            )
            by_port[port].append(proof)
            if not run.loopback:
                crossing[port].append(proof)
    return kept(
        {
            "bandwidth": [newest(proofs, part, now) for proofs in by_port.values()],
            "ports-covered": [coverage(_newest(crossing, part, now), site.ports, covered, now)],
        }
    )


def _newest(
    by_port: Mapping[tuple[int, str], Sequence[Proof]], part: SubMeasure, now: datetime
) -> dict[tuple[int, str], Proof]:
    newest_by_port = {port: newest(proofs, part, now) for port, proofs in by_port.items()}
    return {port: proof for port, proof in newest_by_port.items() if proof is not None}
