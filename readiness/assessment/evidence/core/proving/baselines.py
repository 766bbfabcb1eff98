"""p5-baseline-regression: each node's results against its own earlier ones.

A thing is one test of the same devices under the same load, whatever came out. Its baseline is the run that somebody
marked, else the median of its first three runs since the last change that voids, the newest run left out. Marking the
newest makes it the new measure of itself: somebody answers for that.

Beyond is more than 5 % (SuperBench's example defect rule [S8]), below for a rate, above for a latency. Three runs and
not one, since a single first run that happened to be slow would hide what comes after; of two runs the first is the
baseline, so that a site need not wait for a fourth validation to know that its second was worse.

Rates are compared at the largest size alone, and latencies at p50 and p99: small messages and further tails differ by
more than 5 % from run to run. A run of several nodes counts for each of them, since it cannot tell which one it was.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from readiness.assessment.evidence.core.parsed import Figure, converted
from readiness.assessment.evidence.core.proving.enough import STATED, too_little
from readiness.assessment.evidence.core.proving.values import (
    Proof,
    Proofs,
    Run,
    SiteParts,
    drop_missing,
    few,
    is_standing,
    proof_of,
    provenance_of,
    voiding,
)
from readiness.assessment.framework.core.definition import Check, SubMeasure

RATES = frozenset({"busbw", "bandwidth", "flops", "throughput"})
MEANS = frozenset({"mean_time"})
"""Times that are an average over many repeats, without percentiles."""
LATENCIES = frozenset({"latency", "ttft", "tpot"}) | MEANS
PERCENTILES = frozenset({50.0, 99.0})
BEYOND = 0.05
"""Share of the baseline beyond which a result counts as a regression [S8]."""
FIRST = 3
"""Number of runs that make a baseline."""
ONE_ROUND = timedelta(hours=24)
"""Repeats of a latency within this time of the newest are one result: their median."""

type Key = tuple[str, str, str, str, float | None]
"""Measure, operation, variant, subject, percentile."""


@dataclass(frozen=True, slots=True)
class BaselineDeviation:
    """The figure of a subject that deviates most: 0.07 is 7 % worse than the baseline."""

    run: Run
    worse: float
    text: str
    provenance: str
    runs: tuple[int, ...] = ()


def regressed(
    check: Check, newest: Sequence[Run], earlier: Sequence[Run], site: SiteParts, now: datetime
) -> Proofs:
    """`newest` are the newest runs of each subject, `earlier` its first runs and the marked ones. A run that measured
    less than the check's minimum is neither compared nor a baseline; a failed one stays."""
    part = check.part("nodes-beyond")
    doubts = {run.id: doubt for run in newest if (doubt := run.doubt or _shortfall(check, run))}
    earlier = [run for run in earlier if not _shortfall(check, run)]
    of_node: dict[int, list[BaselineDeviation]] = defaultdict(list)
    voided: dict[int, list[Run]] = defaultdict(list)
    failed: list[Run] = []
    tested: set[int] = set()
    for runs, before in _things([run for run in newest if run.id not in doubts], earlier):
        last = max(runs, key=_order)
        nodes = [node for node in last.nodes if node in site.nodes]
        tested.update(nodes)
        if voiding(last, part):
            for node in nodes:
                voided[node].append(last)
        elif last.failed:
            failed.append(last)
        elif (deviation := _compared(runs, before, part)) is not None:
            for node in nodes:
                of_node[node].append(deviation)
    left_out = _left_out(newest, doubts, part, site, tested)
    if not tested:
        return drop_missing({part.id: left_out})
    standing = _standing(of_node, part, now)
    missing = sorted(set(site.nodes) - set(standing))
    beyond = {node: deviations for node, deviations in standing.items() if _worst(deviations).worse > BEYOND}
    share = _share(part, standing, beyond, site)
    last = max((run for run in newest if set(run.nodes) & tested), key=_order)
    read = tuple(run.id for run in newest if set(run.nodes) & tested)
    lacking = [proof._replace(others=read) for proof in _lacking(part, missing, of_node, voided, site, last)]
    failures = [proof_of(run, part, None) for run in failed]
    lacking += [*(proof for proof in failures if is_standing(proof, part, now)), *left_out]
    without = check.part("nodes-without-ticket")
    unticketed = _unticketed(without, beyond, share)
    return drop_missing({part.id: [share, *lacking], without.id: [unticketed, *lacking]})


def _standing(
    of_node: Mapping[int, Sequence[BaselineDeviation]], part: SubMeasure, now: datetime
) -> dict[int, list[BaselineDeviation]]:
    standing = {
        node: [each for each in deviations if is_standing(proof_of(each.run, part, None), part, now)]
        for node, deviations in of_node.items()
    }
    return {node: deviations for node, deviations in standing.items() if deviations}


def _shortfall(check: Check, run: Run) -> str:
    return "" if run.failed else too_little(check, run, *STATED)


def _left_out(
    runs: Iterable[Run], doubts: Mapping[int, str], part: SubMeasure, site: SiteParts, tested: Collection[int]
) -> list[Proof]:
    """The runs that are not compared, of nodes that no other run tested."""
    alone = [run for run in runs if run.id in doubts and set(run.nodes) & site.nodes.keys() - set(tested)]
    return [proof_of(run, part, None, cannot_judge=doubts[run.id]) for run in alone]


def tail_compared(
    runs: Sequence[Run], earlier: Sequence[Run], percentile: float, part: SubMeasure
) -> tuple[float, float, Sequence[Run]] | None:
    """Compare a latency percentile of one subject: the newest result, its baseline, and the baseline's runs. `runs` are
    those that count now. None if there is nothing to compare with."""
    last = max(runs, key=_order, default=None)
    if last is None:
        return None
    key = next((key for key in _figures(last) if key[0] == "latency" and key[4] == percentile), None)
    if key is None:
        return None
    unit = _figures(last)[key][1]
    result = [run for run in runs if run.taken_at > last.taken_at - ONE_ROUND]
    before = [run for run in earlier if _order(run) < min(map(_order, result))]
    base = _baseline([run for run in result if run.is_baseline] or before, key, unit, part)
    if base is None or base[0] <= 0:
        return None
    return median(_values(result, key, unit)), *base


def _things(newest: Iterable[Run], earlier: Iterable[Run]) -> list[tuple[list[Run], list[Run]]]:
    runs: dict[str, list[Run]] = defaultdict(list)
    before: dict[str, list[Run]] = defaultdict(list)
    for run in newest:
        runs[run.about].append(run)
    for run in earlier:
        before[run.about].append(run)
    return [
        (newer, before[about])
        for about, newer in sorted(runs.items())
        if any(_key(figure) for run in newer for figure in run.figures)
    ]


def _compared(runs: Sequence[Run], before: Sequence[Run], part: SubMeasure) -> BaselineDeviation | None:
    last = max(runs, key=_order)
    if not any(run.is_baseline for run in runs) and not any(_order(run) < _order(last) for run in before):
        return None
    standing = [run for run in runs if not run.failed and not voiding(run, part)]
    deviations = []
    for key, (value, unit) in _figures(last).items():
        slower = key[0] in LATENCIES
        result = [last]
        if slower:
            result = [run for run in standing if run.taken_at > last.taken_at - ONE_ROUND]
            value = median(_values(result, key, unit))
        earlier = [run for run in before if _order(run) < min(map(_order, result))]
        base = _baseline([run for run in result if run.is_baseline] or earlier, key, unit, part)
        if base is None or base[0] <= 0:
            continue
        # Rounded, so that exactly 5 % does not count as beyond due to floating point.
        worse = round(value / base[0] - 1 if slower else 1 - value / base[0], 9)
        name = f"{key[1] or key[0]}{f' p{key[4]:g}' if key[4] else ''}"
        text = f"{name} {value / base[0] - 1:+.1%} of {base[0]:.4g} {unit}".replace("%", " %")
        provenance = provenance_of(run.provenance for run in (*result, *base[1]))
        runs_compared = tuple(run.id for run in (*result, *base[1]))
        deviations.append(BaselineDeviation(last, worse, text, provenance, runs_compared))
    return max(deviations, key=lambda each: each.worse, default=None)


def _baseline(
    before: Iterable[Run], key: Key, unit: str, part: SubMeasure
) -> tuple[float, Sequence[Run]] | None:
    """The marked run's figure, else the median of the first runs that have it, and the runs used."""
    having = sorted(
        (
            run
            for run in before
            if not run.failed and not run.doubt and not voiding(run, part) and _values([run], key, unit)
        ),
        key=_order,
    )
    marked = [run for run in having if run.is_baseline]
    base_runs = marked[-1:] or having[:FIRST]
    return (median(_values(base_runs, key, unit)), base_runs) if base_runs else None


def _figures(run: Run) -> dict[Key, tuple[float, str]]:
    """Return the compared figures of a run with their unit: at the largest size, and the worse of equal figures."""
    largest: dict[Key, tuple[int, float, str]] = {}
    for figure in run.figures:
        key = _key(figure)
        if key is None or figure.value is None:
            continue
        size, value, current = figure.size_bytes or 0, figure.value, largest.get(key)
        if current is None or size > current[0]:
            largest[key] = (size, value, figure.unit)
        elif size == current[0]:
            worse = max if key[0] in LATENCIES else min
            largest[key] = (size, worse(value, current[1]), figure.unit)
    return {key: (value, unit) for key, (_size, value, unit) in largest.items()}


def _values(runs: Iterable[Run], key: Key, unit: str) -> list[float]:
    rates = (_figures(run).get(key) for run in runs)
    values = (converted(each[0], each[1], unit) for each in rates if each is not None)
    return [value for value in values if value is not None]


def _key(figure: Figure) -> Key | None:
    if figure.caution or figure.value is None:
        return None
    if figure.name in LATENCIES - MEANS and figure.percentile not in PERCENTILES:
        return None
    if figure.name not in RATES | LATENCIES:
        return None
    return figure.name, figure.operation, figure.variant, figure.subject, figure.percentile


def _share(
    part: SubMeasure,
    standing: Mapping[int, Sequence[BaselineDeviation]],
    beyond: Mapping[int, Sequence[BaselineDeviation]],
    site: SiteParts,
) -> Proof | None:
    if not standing:
        return None
    deciding = {node: _worst(deviations) for node, deviations in (beyond or standing).items()}
    # Several subjects belong to a node; the node is as fresh as the newest of them.
    newest_of = {
        node: max(deviations, key=lambda each: _order(each.run)) for node, deviations in standing.items()
    }
    oldest = min(newest_of.values(), key=lambda each: _order(each.run))
    worst = max(deciding.values(), key=lambda each: each.worse)
    worst_first = sorted(deciding.items(), key=lambda item: (-item[1].worse, item[0]))
    texts = [f"{site.nodes[node]}: {each.text}" for node, each in worst_first]
    proof = proof_of(
        worst.run if beyond else oldest.run,
        part,
        100.0 * len(beyond) / len(site.nodes),
        detail=few(texts) if beyond else "",
    )
    every = provenance_of(each.provenance for deviations in standing.values() for each in deviations)
    runs = {run for deviations in standing.values() for each in deviations for run in each.runs}
    return proof._replace(taken_at=oldest.run.taken_at, provenance=every, others=tuple(sorted(runs)))


def _lacking(
    part: SubMeasure,
    missing: Sequence[int],
    of_node: Mapping[int, Sequence[BaselineDeviation]],
    voided: Mapping[int, Sequence[Run]],
    site: SiteParts,
    tested: Run,
) -> list[Proof]:
    proofs = []
    aged = [node for node in missing if of_node.get(node)]
    shaken = [node for node in missing if node not in aged and voided.get(node)]
    never = [node for node in missing if node not in aged and node not in shaken]
    if aged:
        last = max((each.run for node in aged for each in of_node[node]), key=_order)
        proofs.append(proof_of(last, part, 0.0, detail=few([site.nodes[node] for node in aged])))
    if shaken:
        last = max((run for node in shaken for run in voided[node]), key=_order)
        proofs.append(proof_of(last, part, 0.0, detail=few([site.nodes[node] for node in shaken])))
    if never:
        names = few([site.nodes[node] for node in never])
        reason = f"{len(never)} of {len(site.nodes)} nodes have no result newer than a baseline: {names}."
        proofs.append(proof_of(tested, part, None, cannot_judge=reason))
    return proofs


def _unticketed(
    part: SubMeasure, beyond: Mapping[int, Sequence[BaselineDeviation]], share: Proof | None
) -> Proof | None:
    if share is None:
        return None
    if not beyond:
        return share._replace(value=0.0)
    reason = f"{len(beyond)} nodes deviate by more than 5 %: record how many of them have no ticket."
    found_at = max(_worst(deviations).run.taken_at for deviations in beyond.values())
    return share._replace(value=None, cannot_judge=reason, asked_at=found_at)


def _worst(deviations: Iterable[BaselineDeviation]) -> BaselineDeviation:
    return max(deviations, key=lambda each: each.worse)


def _order(run: Run) -> tuple[datetime, int]:
    return run.taken_at, run.id
