"""p1-intra-node and p1-fabric-collective: bus bandwidth inside nodes, between pairs, and with more nodes.

A run counts for its nodes if all their accelerators took part and its results were checked. A run with wrong values, or
over many nodes and far below the pairs' floor, has failed: no older run of the same nodes counts after it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from readiness.assessment.evidence.core.parsed import RANKS, WRONG_VALUES, size_text
from readiness.assessment.evidence.core.proving.enough import too_little
from readiness.assessment.evidence.core.proving.floors import (
    COLLECTIVES,
    INTRA_SIZE,
    PAIR_OPERATIONS,
    PAIR_SIZES,
    FloorJudgement,
    figure_named,
    judged,
)
from readiness.assessment.evidence.core.proving.values import (
    FloorValue,
    Proof,
    Proofs,
    Run,
    SiteParts,
    coverage,
    drop_missing,
    few,
    is_standing,
    is_valid,
    newest_by,
    proof_of,
    provenance_of,
)
from readiness.assessment.framework.core.definition import Check, SubMeasure
from readiness.assessment.framework.core.vocabulary import Amount


@dataclass(frozen=True, slots=True)
class Participation:
    """`shares` gives the share of each node's accelerators that took part, 0 to 1; `lacking` names the missing ones,
    empty if all took part."""

    shares: Mapping[int, float]
    lacking: str = ""


def participation(run: Run, site: SiteParts) -> Participation:
    installed = Counter(node for node, _ in site.accelerators if node in run.nodes)
    ran = _ran(run, site)
    if ran is None:
        return _participation_by_total(run, site, installed)
    shares = {node: _share(ran[node], installed[node]) for node in run.nodes}
    lacking = [
        f"{ran[node]} of {installed[node]} of {site.nodes.get(node, 'a node')}"
        for node in run.nodes
        if shares[node] < 1
    ]
    return Participation(shares, f"Not all accelerators took part: {few(lacking)}." if lacking else "")


def _ran(run: Run, site: SiteParts) -> dict[int, int] | None:
    of_host: Counter[str] = Counter()
    for figure in run.figures:
        if figure.name == RANKS and figure.subject:
            of_host[figure.subject.lower()] += int(figure.value or 0)
    nodes = {site.nodes[node].lower(): node for node in run.nodes if node in site.nodes}
    counted: dict[int, int] = dict.fromkeys(run.nodes, 0)
    nodes_with_ranks = set()
    for host, count in of_host.items():
        node = nodes.get(host, nodes.get(host.partition(".")[0]))
        if node is not None:
            counted[node] += count
            nodes_with_ranks.add(node)
    return counted if nodes_with_ranks and nodes_with_ranks == set(nodes.values()) else None


def _participation_by_total(run: Run, site: SiteParts, installed: Counter[int]) -> Participation:
    ran, installed_count = run.ranks, installed.total()
    names = few([site.nodes[node] for node in run.nodes if node in site.nodes])
    if run.nodes and not installed_count:
        return Participation(dict.fromkeys(run.nodes, 0.0), f"The inventory has no accelerators in {names}.")
    if installed_count <= 1:
        return Participation(dict.fromkeys(run.nodes, 1.0))
    if ran is None:
        text = "The output does not say how many accelerators took part."
        return Participation(dict.fromkeys(run.nodes, 0.0), text)
    share = _share(ran, installed_count)
    text = f"Not all accelerators took part: {ran} of {installed_count} of {names}." if share < 1 else ""
    return Participation(dict.fromkeys(run.nodes, share), text)


def _share(ran: int, installed: int) -> float:
    """Nothing installed proves nothing."""
    return min(ran / installed, 1.0) if installed else 0.0


INTRA_OPERATIONS = ("all_reduce",)
NO_ROW = FloorJudgement(
    None, reason=f"The run has no row at {size_text(INTRA_SIZE)}, or at another size that has a floor."
)
type Nodes = tuple[int, ...]


def intra_node(
    check: Check, runs: Sequence[Run], site: SiteParts, floors: Sequence[FloorValue], now: datetime
) -> Proofs:
    """Each node's newest all-reduce over its own accelerators, at 16 GiB."""
    wrong, covered = check.part("wrong-values"), check.part("nodes-covered")
    counts: dict[int, list[Proof]] = defaultdict(list)
    for run in _inside_nodes(runs):
        node, name = _only_node(run, site)
        figure = figure_named(run, WRONG_VALUES)
        if figure is not None:
            counts[node].append(_wrong(proof_of(run, wrong, None, detail=name), figure.value, figure.caution))
    rates = node_rates(check, runs, site, floors, now)
    believed = node_rates(check, [run for run in runs if not run.doubt], site, floors, now)
    return drop_missing(
        {
            "busbw": list(rates.values()),
            "wrong-values": [*newest_by(counts, wrong, now).values()],
            "nodes-covered": [
                coverage(believed, site.nodes, covered, now, counts=_judged(believed, covered, now))
            ],
        }
    )


def _judged(rates: Mapping[int, Proof], part: SubMeasure, now: datetime) -> list[int]:
    """Coverage counts what can be judged."""
    return [node for node, proof in rates.items() if is_valid(proof, part, now)]


def node_rates(
    check: Check, runs: Sequence[Run], site: SiteParts, floors: Sequence[FloorValue], now: datetime
) -> dict[int, Proof]:
    part = check.part("busbw")
    rates: dict[int, list[Proof]] = defaultdict(list)
    for run in _inside_nodes(runs):
        judgement = judged(run, "busbw", part.unit, floors, operations=INTRA_OPERATIONS, preferred=INTRA_SIZE)
        node, name = _only_node(run, site)
        rates[node].append(_rate(run, check, "busbw", judgement or NO_ROW, name, site))
    for run in runs:
        if _is_inside(run) and run.tool in COLLECTIVES and not _is_of(run, INTRA_OPERATIONS):
            node, name = _only_node(run, site)
            reason = _other_operation(run, INTRA_OPERATIONS)
            rates[node].append(proof_of(run, part, None, detail=name, cannot_judge=reason))
    return newest_by(rates, part, now)


def _inside_nodes(runs: Sequence[Run]) -> list[Run]:
    return [run for run in runs if _is_inside(run) and _is_of(run, INTRA_OPERATIONS)]


def _is_inside(run: Run) -> bool:
    return run.scope == "node" and run.size <= 1


def _other_operation(run: Run, required_operations: Sequence[str]) -> str:
    operations = sorted({each.operation for each in run.figures if each.name in ("busbw", WRONG_VALUES)})
    ran = " and ".join(filter(None, operations)) or "an operation that the file does not name"
    return f"The run is of {ran}; the check asks for {' or '.join(required_operations)}."


def _wrong(proof: Proof, count: float | None, caution: str) -> Proof:
    """Judge the number of wrong values by its limit; keep the run's other failures if the number is 0 or unknown."""
    return proof._replace(
        value=count, failed="" if count else proof.failed, cannot_judge=caution or proof.cannot_judge
    )


def fabric(
    check: Check, runs: Sequence[Run], site: SiteParts, floors: Sequence[FloorValue], now: datetime
) -> Proofs:
    """Each pair's newest run at 2 to 8 GiB, the scale efficiency with more nodes, and the nodes in a passing run."""
    part = check.part("pair-busbw")
    groups: dict[Nodes, list[Proof]] = defaultdict(list)
    for run in runs:
        if (rate := fabric_rate(check, run, site, floors)) is not None:
            groups[run.nodes if run.nodes else (-run.size,)].append(rate)
    sizes = {run.id: run.size for run in runs}
    last = {
        nodes: _fail_collapse(proof, sizes[proof.row], check, now)
        for nodes, proof in newest_by(groups, part, now).items()
    }
    seen = _deciding_by_node(last, check, now)
    passing = {node for node, proof in seen.items() if _passes(proof, check, now)}
    pairs = {nodes: proof for nodes, proof in last.items() if sizes[proof.row] == 2}
    larger = {nodes: proof for nodes, proof in last.items() if sizes[proof.row] > 2}
    return drop_missing(
        {
            # A run that cannot be judged does not affect nodes that other runs proved.
            "pair-busbw": [
                proof for nodes, proof in pairs.items() if not (proof.cannot_judge and passing >= set(nodes))
            ],
            "scale-efficiency": _scaling(check, runs, last, larger, site, now),
            "nodes-covered": [coverage(seen, site.nodes, check.part("nodes-covered"), now, counts=passing)],
        }
    )


def fabric_rate(check: Check, run: Run, site: SiteParts, floors: Sequence[FloorValue]) -> Proof | None:
    """The run's rate between its nodes, or the reason why it is not judged; None for a run inside one node."""
    if run.size < 2 or run.tool not in COLLECTIVES:
        return None
    if not _is_of(run, PAIR_OPERATIONS):
        reason = _other_operation(run, PAIR_OPERATIONS)
        return proof_of(run, check.part("pair-busbw"), None, cannot_judge=reason)
    unit = check.part("pair-busbw").unit
    judgement = judged(run, "busbw", unit, floors, operations=PAIR_OPERATIONS, between=PAIR_SIZES)
    name = " and ".join(site.nodes.get(node, "") for node in run.nodes) if len(run.nodes) == 2 else ""
    return _rate(run, check, "pair-busbw", judgement or _no_pair_row(run), name, site)


def _fail_collapse(proof: Proof, size: int, check: Check, now: datetime) -> Proof:
    """Fail a run over more than two nodes that reaches less of the pairs' floor than the scale efficiency allows.
    Whatever its size and operation were, no older runs of these nodes count after it."""
    part = check.part("scale-efficiency")
    threshold = part.warn_at or part.pass_at
    lowest = threshold.bound.low if threshold and threshold.bound else None
    is_judged = size > 2 and not proof.failed and is_valid(proof, part, now)
    if not is_judged or lowest is None or proof.floor is None or (proof.value or 0.0) >= lowest * proof.floor:
        return proof
    unit = check.part("pair-busbw").unit
    reason = (
        f"Over {size} nodes it was {proof.value:.4g} {unit}; the floor of a pair is {proof.floor:.4g} {unit}."
    )
    return proof._replace(failed=reason, value=None, floor=None, floor_source="")


def _is_of(run: Run, operations: Sequence[str]) -> bool:
    """Whether the run's operation is one of these; a failed run counts against its nodes whatever its operation was.
    Rows of small sizes are not read, so the figure of wrong values also names the operation."""
    run_operations = {figure.operation for figure in run.figures if figure.name in ("busbw", WRONG_VALUES)}
    return run.tool in COLLECTIVES and (bool(run.failed) or not run_operations.isdisjoint(operations))


def _no_pair_row(run: Run) -> FloorJudgement:
    low, high = map(size_text, PAIR_SIZES)
    sizes = [figure.size_bytes or 0 for figure in run.figures if figure.name == "busbw"]
    largest = [size for size in sizes if size < PAIR_SIZES[0]]
    has = f"ends at {size_text(max(largest))}" if largest else f"has no row of {low} or more"
    if any(size > PAIR_SIZES[1] for size in sizes):
        has = f"has rows above {high} only"
    return FloorJudgement(None, reason=f"The run {has}; between nodes it is judged at {low} to {high}.")


def _rate(
    run: Run, check: Check, part_id: str, judgement: FloorJudgement, name: str, site: SiteParts
) -> Proof:
    """A rate over only some accelerators cannot be judged: the floor is for all of them, and fewer may be faster or
    slower."""
    took_part = participation(run, site)
    unchecked = next((figure.caution for figure in run.figures if figure.name == WRONG_VALUES), "")
    reasons = [judgement.reason, took_part.lacking, unchecked, too_little(check, run, Amount.ITERATIONS)]
    proof = proof_of(
        run,
        check.part(part_id),
        judgement.value,
        detail=name,
        floor=judgement.floor,
        cannot_judge=" ".join(filter(None, reasons)),
    )
    return proof._replace(share=min(took_part.shares.values(), default=1.0))


def _deciding_by_node(last: Mapping[Nodes, Proof], check: Check, now: datetime) -> dict[int, Proof]:
    """Return each node's deciding run: a failed one unless a newer one passes, else a passing one, else the newest."""
    of_node: dict[int, list[Proof]] = defaultdict(list)
    for nodes, proof in last.items():
        for node in nodes:
            of_node[node].append(proof)
    return {node: _deciding(proofs, check, now) for node, proofs in of_node.items()}


def _deciding(proofs: Sequence[Proof], check: Check, now: datetime) -> Proof:
    part = check.part("nodes-covered")
    failed = [_order(each) for each in proofs if each.failed and is_standing(each, part, now)]

    def rank(proof: Proof) -> tuple[bool, bool, datetime]:
        answered = not failed or _order(proof) > max(failed)
        decides = _passes(proof, check, now) if answered else bool(proof.failed)
        return decides, is_standing(proof, part, now), proof.taken_at

    return max(proofs, key=rank)


def _order(proof: Proof) -> tuple[bool, datetime]:
    """A declaration does not override a failed run."""
    return not proof.declaration, proof.taken_at


def _passes(proof: Proof, check: Check, now: datetime) -> bool:
    valid = is_valid(proof, check.part("nodes-covered"), now) and not proof.failed
    return valid and proof.floor is not None and (proof.value or 0) >= proof.floor


def _scaling(
    check: Check,
    runs: Sequence[Run],
    last: Mapping[Nodes, Proof],
    larger: Mapping[Nodes, Proof],
    site: SiteParts,
    now: datetime,
) -> list[Proof | None]:
    part = check.part("scale-efficiency")
    failed = [
        proof
        for nodes, proof in larger.items()
        if proof.failed and not _is_answered(nodes, proof, last, check, now)
    ]
    efficiency = _efficiency(check, runs, site, now)
    if efficiency is not None or failed:
        return [efficiency, *failed]
    counted = [run for run in runs if run.size > 1 and _is_of(run, PAIR_OPERATIONS)]
    if not counted:
        return []
    sizes = " and ".join(str(size) for size in sorted({run.size for run in counted}))
    reason = (
        f"Runs are over {sizes} nodes; the efficiency compares runs that count over two numbers of nodes at one "
        f"size of {size_text(PAIR_SIZES[0])} or more."
    )
    newest_run = max(counted, key=lambda run: (run.taken_at, run.id))
    return [proof_of(newest_run, part, None, cannot_judge=reason)]


def _is_answered(
    nodes: Nodes, failed: Proof, last: Mapping[Nodes, Proof], check: Check, now: datetime
) -> bool:
    """Whether a newer run over these nodes and further ones passes."""
    return any(
        set(nodes) < set(others) and _order(proof) > _order(failed) and _passes(proof, check, now)
        for others, proof in last.items()
    )


def _efficiency(check: Check, runs: Sequence[Run], site: SiteParts, now: datetime) -> Proof | None:
    """Bus bandwidth of the largest run over that of the smallest runs, at the largest size that both have."""
    part = check.part("scale-efficiency")
    rates: dict[tuple[str, int], dict[int, list[tuple[Run, float]]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        if _counts_for_scaling(run, check, site, now):
            for key, value in _lowest(run).items():
                rates[key][run.size].append((run, value))
    several = {key: by_size for key, by_size in rates.items() if len(by_size) > 1}
    if not several:
        return None
    key = max(several, key=lambda each: (max(several[each]), each[1], each[0]))
    by_size = several[key]
    smallest, largest = min(by_size), max(by_size)
    run, rate = max(by_size[largest], key=lambda pair: (pair[0].taken_at, pair[0].id))
    base = median(value for _, value in by_size[smallest])
    compared = [run, *(each for each, _ in by_size[smallest])]
    oldest = min(compared, key=lambda each: each.taken_at)
    proof = proof_of(run, part, rate / base, detail=f"{largest} nodes against {smallest}")
    return proof._replace(
        taken_at=oldest.taken_at,
        provenance=provenance_of(each.provenance for each in compared),
        others=tuple(each.id for each in compared),
    )


def _counts_for_scaling(run: Run, check: Check, site: SiteParts, now: datetime) -> bool:
    if run.tool not in COLLECTIVES or run.size < 2 or run.failed:
        return False
    if any(figure.caution for figure in run.figures if figure.name == WRONG_VALUES):
        return False
    if too_little(check, run, Amount.ITERATIONS):
        return False
    part = check.part("scale-efficiency")
    return is_standing(proof_of(run, part, None), part, now) and not participation(run, site).lacking


def _lowest(run: Run) -> dict[tuple[str, int], float]:
    lowest: dict[tuple[str, int], float] = {}
    for figure in run.figures:
        size = figure.size_bytes or 0
        if figure.name == "busbw" and figure.value and size >= PAIR_SIZES[0]:
            key = (figure.operation, size)
            lowest[key] = min(figure.value, lowest.get(key, figure.value))
    return lowest


def _only_node(run: Run, site: SiteParts) -> tuple[int, str]:
    """The node that the run was on; 0 if the run names none, so that it proves a rate but covers no node."""
    node = run.nodes[0] if run.nodes else 0
    return node, site.nodes.get(node, "")
