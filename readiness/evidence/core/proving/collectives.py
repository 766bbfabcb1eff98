"""p1-intra-node and p1-fabric-collective: bus bandwidth inside nodes, between pairs, and as nodes are added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median

from readiness.evidence.core.provenance import worst_provenance
from readiness.evidence.core.proving.floors import (
    COLLECTIVES,
    INTRA_SIZE,
    PAIR_OPERATIONS,
    PAIR_SIZES,
    Judged,
    figure_named,
    judged,
)
from readiness.evidence.core.proving.values import (
    FloorValue,
    Proof,
    Proofs,
    Run,
    SiteParts,
    coverage,
    is_standing,
    is_valid,
    kept,
    newest,
    proof_of,
)
from readiness.framework.core.definition import Check


def intra_node(
    check: Check, runs: Sequence[Run], site: SiteParts, floors: Sequence[FloorValue], now: datetime
) -> Proofs:
    """Each node's newest all-reduce over its own accelerators, at 16 GiB."""
    busbw, wrong, covered = check.part("busbw"), check.part("wrong-values"), check.part("nodes-covered")
    rates: dict[int, list[Proof]] = defaultdict(list)
    counts: dict[int, list[Proof]] = defaultdict(list)
    for run in runs:
        if run.tool not in COLLECTIVES or run.scope != "node" or run.size > 1:
            continue
        found = judged(run, "busbw", busbw.unit, floors, operations=("all_reduce",), preferred=INTRA_SIZE)
        if found is None:
            continue
        node, name = _only_node(run, site)
        rates[node].append(_rate(run, check, "busbw", found, name))
        figure = figure_named(run, "wrong_values")
        if figure is not None:
            counts[node].append(proof_of(run, wrong, figure.value, detail=name, cannot_judge=figure.caution))
    newest_rates = {node: newest(proofs, busbw, now) for node, proofs in rates.items()}
    found_rates = {node: proof for node, proof in newest_rates.items() if proof is not None}
    newest_counts = [newest(proofs, wrong, now) for proofs in counts.values()]
    return kept(
        {
            "busbw": list(found_rates.values()),
            "wrong-values": [proof for proof in newest_counts if proof is not None],
            "nodes-covered": [coverage(found_rates, site.nodes, covered, now)],
        }
    )


def fabric(
    check: Check, runs: Sequence[Run], site: SiteParts, floors: Sequence[FloorValue], now: datetime
) -> Proofs:
    """Each pair's newest run at 2 to 8 GiB, how the rate holds with more nodes, and nodes in a passing run."""
    part = check.part("pair-busbw")
    pairs: dict[tuple[int, ...], list[Proof]] = defaultdict(list)
    of_node: dict[int, list[Proof]] = defaultdict(list)
    for run in runs:
        if run.tool not in COLLECTIVES or run.size < 2:
            continue
        found = judged(run, "busbw", part.unit, floors, operations=PAIR_OPERATIONS, between=PAIR_SIZES)
        if found is None:
            continue
        name = " and ".join(site.nodes.get(node, "") for node in run.nodes) if len(run.nodes) == 2 else ""
        proof = _rate(run, check, "pair-busbw", found, name)
        if run.size == 2:
            pairs[run.nodes].append(proof)
        for node in run.nodes:
            of_node[node].append(proof)
    newest_pairs = [newest(proofs, part, now) for proofs in pairs.values()]
    seen = {node: _best(proofs, check, now) for node, proofs in of_node.items()}
    passing = [
        node for node, proof in seen.items() if proof.floor is not None and (proof.value or 0) >= proof.floor
    ]
    return kept(
        {
            "pair-busbw": [proof for proof in newest_pairs if proof is not None],
            "scale-efficiency": [_efficiency(check, runs, now)],
            "nodes-covered": [coverage(seen, site.nodes, check.part("nodes-covered"), now, counts=passing)],
        }
    )


def _rate(run: Run, check: Check, part_id: str, found: Judged, name: str) -> Proof:
    reason = run.loopback or found.reason
    return proof_of(
        run, check.part(part_id), found.value, detail=name, floor=found.floor, cannot_judge=reason
    )


def _best(proofs: Iterable[Proof], check: Check, now: datetime) -> Proof:
    """Of a node's runs one that passes, else the newest: one passing run is enough for it to be covered."""
    part = check.part("nodes-covered")

    def rank(proof: Proof) -> tuple[bool, bool, datetime]:
        passes = is_valid(proof, part, now) and proof.floor is not None and (proof.value or 0) >= proof.floor
        return passes, is_standing(proof, part, now), proof.taken_at

    return max(proofs, key=rank)


def _efficiency(check: Check, runs: Sequence[Run], now: datetime) -> Proof | None:
    """Bus bandwidth of the largest run over that of the smallest ones, at the largest size that both have."""
    part = check.part("scale-efficiency")
    rates: dict[tuple[str, int], dict[int, list[tuple[Run, float]]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        if run.tool not in COLLECTIVES or run.size < 2 or run.loopback:
            continue
        if not is_standing(proof_of(run, part, None), part, now):
            continue
        lowest: dict[tuple[str, int], float] = {}
        for figure in run.figures:
            if (
                figure.name == "busbw"
                and figure.value
                and figure.size_bytes
                and figure.size_bytes >= PAIR_SIZES[0]
            ):
                key = (figure.operation, figure.size_bytes)
                lowest[key] = min(figure.value, lowest.get(key, figure.value))
        for key, value in lowest.items():
            rates[key][run.size].append((run, value))
    several = {key: by_size for key, by_size in rates.items() if len(by_size) > 1}
    if not several:
        return None
    key = max(several, key=lambda each: (max(several[each]), each[1], each[0]))
    by_size = several[key]
    smallest, largest = min(by_size), max(by_size)
    run, rate = max(by_size[largest], key=lambda pair: (pair[0].taken_at, pair[0].id))
    base = median(value for _, value in by_size[smallest])
    oldest = min((run, *(one for one, _ in by_size[smallest])), key=lambda one: one.taken_at)
    proof = proof_of(run, part, rate / base, detail=f"{largest} nodes against {smallest}")
    compared = [run, *(one for one, _ in by_size[smallest])]
    provenance = worst_provenance(one.provenance for one in compared)
    return proof._replace(taken_at=oldest.taken_at, provenance=provenance)


def _only_node(run: Run, site: SiteParts) -> tuple[int, str]:
    """The node that the run was on; 0 where it names none, so that it proves a rate and covers nothing."""
    node = run.nodes[0] if run.nodes else 0
    return node, site.nodes.get(node, "")
