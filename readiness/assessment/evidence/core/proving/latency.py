"""p1-latency-under-load: tails of paths, idle and under a background load."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from operator import attrgetter
from statistics import mean, median, stdev

from readiness.assessment.evidence.core.proving.enough import least
from readiness.assessment.evidence.core.proving.floors import figure_named
from readiness.assessment.evidence.core.proving.values import (
    Proof,
    Proofs,
    Run,
    SiteParts,
    drop_missing,
    is_standing,
    proof_of,
    provenance_of,
)
from readiness.assessment.framework.core.definition import Check
from readiness.assessment.framework.core.vocabulary import Amount

TOOLS = frozenset({"perftest", "sockperf"})
NO_LOAD = "No run was made under background load; an idle path says little."
NO_SPEED = (
    "The inventory states no speed for a port of this path, so the share of the background load is not known."
)
MOST_SPREAD = 5.0
"""Spread of the p99 over the repeats, in per cent; from this value on it is not evidence [S9]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The runs of one tool between the same devices over the same port, with one operation and size.

    `runs` are all runs by load ("" stands for not stated), `standing` those that count now. `shown_runs` are those
    whose figures are shown: the loaded ones that count, else the loaded ones that once counted, else the newest of any.
    `shortfalls` say, by id, why runs hold too little to count: samples, or background load. `unfit` says why the shown
    ones are not evidence, and is empty if they are. `failed` is the newest run if it failed.
    """

    tool: str
    devices: tuple[int, ...]
    nodes: tuple[int, ...]
    port: str
    operation: str
    size_bytes: int | None
    name: str
    runs: Mapping[str, Sequence[Run]]
    standing: Mapping[str, Sequence[Run]]
    shown_runs: Sequence[Run]
    spread: float | None
    shortfalls: Mapping[int, str]
    unfit: str
    failed: Run | None = None

    @property
    def key(self) -> str:
        identity = repr((self.tool, self.devices, self.port, self.operation, self.size_bytes))
        return hashlib.blake2s(identity.encode(), digest_size=6).hexdigest()

    @property
    def is_short(self) -> bool:
        return any(run.id in self.shortfalls for run in self.shown_runs)

    @property
    def loaded(self) -> Sequence[Run]:
        return self.standing.get("loaded", ())

    @property
    def idle(self) -> Sequence[Run]:
        return self.standing.get("idle", ())


@dataclass(frozen=True, slots=True)
class LatencyMinimums:
    """Minimums of the framework for the runs of a path by one tool; None asks for nothing."""

    repeats: int
    iterations: float | None
    load_share: float | None


def minimums_of(check: Check, tool: str) -> LatencyMinimums:
    repeats, iterations, load_share = (
        minimum.value if (minimum := least(check, tool, amount)) is not None else None
        for amount in (Amount.REPEATS, Amount.ITERATIONS, Amount.LOAD_SHARE)
    )
    return LatencyMinimums(ceil(repeats or 1), iterations, load_share)


def loaded_latency(check: Check, runs: Sequence[Run], site: SiteParts, now: datetime) -> Proofs:
    proofs: dict[str, list[Proof | None]] = defaultdict(list)
    for path in paths(check, runs, site, now):
        for part_id, proof in proofs_of(check, path).items():
            proofs[part_id].append(proof)
    return drop_missing(proofs)


def paths(check: Check, runs: Sequence[Run], site: SiteParts, now: datetime) -> list[Path]:
    runs_by_path: dict[tuple[str, *tuple[object, ...]], dict[str, list[Run]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for run in runs:
        figure = figure_named(run, "latency", 99.0) if run.tool in TOOLS else None
        if figure is not None:
            path = (run.tool, run.devices, figure.subject, figure.operation, figure.size_bytes)
            runs_by_path[path][run.load or "unsaid"].append(run)
    minimums = {tool: minimums_of(check, tool) for tool in TOOLS}
    return [_path(check, by_load, site, minimums[tool], now) for (tool, *_), by_load in runs_by_path.items()]


def _path(
    check: Check,
    by_load: Mapping[str, Sequence[Run]],
    site: SiteParts,
    minimums: LatencyMinimums,
    now: datetime,
) -> Path:
    part = check.part("loaded-p99")
    counting = {
        load: [run for run in runs if is_standing(proof_of(run, part, None), part, now)]
        for load, runs in by_load.items()
    }
    every = [run for runs in by_load.values() for run in runs]
    shortfalls = _shortfalls(every, site, minimums)
    sufficient = {load: [run for run in runs if run.id not in shortfalls] for load, runs in counting.items()}
    standing = {load: _measured_first(load, runs, minimums) for load, runs in sufficient.items()}
    loaded = standing.get("loaded", [])
    order = attrgetter("order")
    last = max((run for runs in counting.values() for run in runs), key=order, default=max(every, key=order))
    shown_runs = loaded or by_load.get("loaded") or [last]
    lacking = [shortfalls[run.id] for run in counting.get("loaded", ()) if run.id in shortfalls]
    spread = _spread(shown_runs)
    figure = figure_named(last, "latency", 99.0)
    return Path(
        tool=last.tool,
        devices=last.devices,
        nodes=last.nodes,
        port=figure.subject if figure else "",
        operation=figure.operation if figure else "",
        size_bytes=figure.size_bytes if figure else None,
        name=" to ".join(site.nodes.get(node, f"device {node}") for node in last.nodes),
        runs=by_load,
        standing=standing,
        shown_runs=shown_runs,
        spread=spread,
        shortfalls=shortfalls,
        unfit=_unfit(by_load, shown_runs, loaded, spread, minimums, lacking[-1] if lacking else ""),
        failed=last if last.failed else None,
    )


def _shortfalls(runs: Sequence[Run], site: SiteParts, minimums: LatencyMinimums) -> dict[int, str]:
    reasons = ((run.id, _shortfall(run, site, minimums)) for run in runs if not run.failed)
    return {run_id: reason for run_id, reason in reasons if reason}


def _spread(runs: Sequence[Run]) -> float | None:
    """Spread of the p99 over the runs, in per cent."""
    values = values_of(runs, 99.0)
    middle = mean(values) if len(values) > 1 else 0.0
    return 100 * stdev(values) / middle if middle > 0 else None


def _measured_first(load: str, runs: Sequence[Run], minimums: LatencyMinimums) -> list[Run]:
    """Runs that did not fail; without declarations if enough of them were measured."""
    good = [run for run in runs if not run.failed]
    measured = [run for run in good if not run.is_entered]
    enough = minimums.repeats if load == "loaded" else 1
    return measured if len(measured) >= enough else good


def _shortfall(run: Run, site: SiteParts, minimums: LatencyMinimums) -> str:
    if run.doubt:
        return run.doubt
    figure = figure_named(run, "latency", 99.0)
    samples = figure.samples if figure else None
    if minimums.iterations is not None and samples is not None and samples < minimums.iterations:
        return f"A latency run needs {minimums.iterations:,.0f} iterations; there are {samples:,}."
    if run.load != "loaded":
        return ""
    rate = path_gbps(run, site)
    if rate is None:
        return NO_SPEED if minimums.load_share is not None else ""
    if run.load_gbps is not None and run.load_gbps > rate:
        return f"The background load of {run.load_gbps:g} Gb/s is above the path's rate of {rate:g} Gb/s."
    needed = (minimums.load_share or 0.0) * rate
    if run.load_gbps is None and needed:
        return f"The background load is not stated; a path of {rate:g} Gb/s needs {needed:g} Gb/s at least."
    if (run.load_gbps or 0.0) < needed:
        return (
            f"The background load was {run.load_gbps:g} Gb/s; a path of {rate:g} Gb/s needs {needed:g} Gb/s"
            " at least."
        )
    return ""


def path_gbps(run: Run, site: SiteParts) -> float | None:
    """The least line rate of the port that the run names, at its nodes; else of the fastest port of each node."""
    figure = figure_named(run, "latency", 99.0)
    port = figure.subject.lower() if figure else ""
    port_rates = [rate for node in run.nodes if (rate := site.port_gbps.get((node, port))) is not None]
    if port_rates:
        return min(port_rates)
    rates_by_node: dict[int, list[float]] = defaultdict(list)
    for (node, _), rate in site.port_gbps.items():
        rates_by_node[node].append(rate)
    fastest = [max(rates_by_node[node]) for node in run.nodes if node in rates_by_node]
    return min(fastest, default=None) if len(fastest) == len(run.nodes) else None


def proofs_of(check: Check, path: Path) -> dict[str, Proof]:
    if path.failed is not None:
        return {
            part_id: proof_of(path.failed, check.part(part_id), None, detail=path.name)
            for part_id in ("loaded-p99", "load-factor", "tail-ratio")
        }
    p99, trouble = tail(path.shown_runs, 99.0)
    p50, no_median = tail(path.shown_runs, 50.0)
    p999, no_tail = tail(path.shown_runs, 99.9)
    idle_p99, no_idle = tail(path.idle, 99.0) if path.idle else (None, _no_idle(path))
    base = min(path.shown_runs, key=lambda run: run.taken_at)
    decide = tuple(run.id for run in (*path.shown_runs, *path.idle))

    def proof(part_id: str, value: float | None, reason: str) -> Proof:
        # If all repeats are too old or voided, report that rather than their number.
        counts = path.loaded or path.is_short or not path.runs.get("loaded")
        why_not = reason if counts else ""
        base_proof = proof_of(base, check.part(part_id), value, detail=path.name, cannot_judge=why_not)
        behind = (*path.shown_runs, *path.idle) if part_id == "load-factor" else path.shown_runs
        return base_proof._replace(others=decide, provenance=provenance_of(run.provenance for run in behind))

    factor = p99 / idle_p99 if p99 and idle_p99 else None
    ratio = p999 / p50 if p999 and p50 else None
    proofs = {
        "loaded-p99": proof("loaded-p99", p99, path.unfit or trouble),
        "load-factor": proof("load-factor", factor, path.unfit or trouble or no_idle),
        "tail-ratio": proof("tail-ratio", ratio, path.unfit or no_tail or no_median),
    }
    if path.loaded:
        proofs["repeats"] = proof("repeats", float(len(path.loaded)), "")
        if path.spread is not None:
            proofs["p99-cv"] = proof("p99-cv", path.spread, "")
    return proofs


def _no_idle(path: Path) -> str:
    idle = [path.shortfalls[run.id] for run in path.runs.get("idle", ()) if run.id in path.shortfalls]
    return idle[-1] if idle else "No run of this path was made idle."


def _unfit(
    by_load: Mapping[str, Sequence[Run]],
    shown_runs: Sequence[Run],
    loaded: Sequence[Run],
    spread: float | None,
    minimums: LatencyMinimums,
    shortfall: str,
) -> str:
    loopback = next((run.doubt for run in shown_runs if run.doubt), "")
    if loopback:
        return loopback
    if not by_load.get("loaded"):
        return NO_LOAD
    if shortfall and len(loaded) < minimums.repeats:
        return shortfall
    if loaded and len(loaded) < minimums.repeats:
        return f"The path was measured {len(loaded)} times under load; {minimums.repeats} are needed."
    if spread is not None and spread >= MOST_SPREAD:
        return f"The p99 spreads by {spread:.1f} % over the repeats; below {MOST_SPREAD:g} % it is evidence."
    return ""


def values_of(runs: Sequence[Run], percentile: float) -> list[float]:
    figures = [figure_named(run, "latency", percentile) for run in runs]
    return [
        each.value for each in figures if each is not None and each.value is not None and not each.caution
    ]


def tail(runs: Sequence[Run], percentile: float) -> tuple[float | None, str]:
    values = values_of(runs, percentile)
    if values:
        return median(values), ""
    figure = next((each for run in runs if (each := figure_named(run, "latency", percentile))), None)
    if figure is None:
        return None, f"The runs do not give p{percentile:g}."
    return figure.value, figure.caution
