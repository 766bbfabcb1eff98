"""p1-latency-under-load and p1-serving-latency: tails of paths, idle and loaded, and of served requests."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from statistics import mean, median, stdev

from readiness.evidence.core.proving.floors import figure_named
from readiness.evidence.core.proving.values import (
    Proof,
    Proofs,
    Run,
    SiteParts,
    is_standing,
    kept,
    newest_by,
    proof_of,
    provenance_of,
)
from readiness.framework.core.definition import Check

TOOLS = frozenset({"perftest", "sockperf"})
NO_LOAD = "No run was made under background load; an idle path says little."
LEAST_REPEATS = 20
"""A measurement with fewer repeats is not evidence [S9, after RFC 2544]."""
SERVED = frozenset({"mlperf", "vllm-bench"})
LEAST_SERVED_S = 600
"""A shorter served run is not evidence [S11]."""
MOST_SPREAD = 5.0
"""Spread of the p99 over the repeats, in per cent; from this value on it is not evidence [S9]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The runs of one tool between the same devices over the same port, with one operation and size.

    `runs` are all runs by load ("" stands for not stated), `standing` those that count now. `shown` are the runs whose
    figures are shown: the loaded ones that count, else the loaded ones that once counted, else the newest of any.
    `unfit` says why they are not evidence, and is empty if they are. `failed` is the newest run if it failed.
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
    shown: Sequence[Run]
    spread: float | None
    unfit: str
    failed: Run | None = None

    @property
    def key(self) -> str:
        identity = repr((self.tool, self.devices, self.port, self.operation, self.size_bytes))
        return hashlib.blake2s(identity.encode(), digest_size=6).hexdigest()

    @property
    def loaded(self) -> Sequence[Run]:
        return self.standing.get("loaded", ())

    @property
    def idle(self) -> Sequence[Run]:
        return self.standing.get("idle", ())


def under_load(check: Check, runs: Sequence[Run], site: SiteParts, now: datetime) -> Proofs:
    proofs: dict[str, list[Proof | None]] = defaultdict(list)
    for path in paths(check, runs, site, now):
        for part_id, proof in proofs_of(check, path).items():
            proofs[part_id].append(proof)
    return kept(proofs)


def paths(check: Check, runs: Sequence[Run], site: SiteParts, now: datetime) -> list[Path]:
    runs_by_path: dict[tuple[object, ...], dict[str, list[Run]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        figure = figure_named(run, "latency", 99.0) if run.tool in TOOLS else None
        if figure is not None:
            path = (run.tool, run.devices, figure.subject, figure.operation, figure.size_bytes)
            runs_by_path[path][run.load or "unsaid"].append(run)
    return [_path(check, by_load, site, now) for by_load in runs_by_path.values()]


def _path(check: Check, by_load: Mapping[str, Sequence[Run]], site: SiteParts, now: datetime) -> Path:
    part = check.part("loaded-p99")
    counting = {
        load: [run for run in runs if is_standing(proof_of(run, part, None), part, now)]
        for load, runs in by_load.items()
    }
    standing = {load: _measured_first(load, runs) for load, runs in counting.items()}
    loaded = standing.get("loaded", [])
    order = attrgetter("order")
    every = [run for runs in by_load.values() for run in runs]
    last = max((run for runs in counting.values() for run in runs), key=order, default=max(every, key=order))
    shown = loaded or by_load.get("loaded") or [last]
    values = values_of(shown, 99.0)
    middle = mean(values) if len(values) > 1 else 0.0
    spread = 100 * stdev(values) / middle if middle > 0 else None
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
        shown=shown,
        spread=spread,
        unfit=_unfit(by_load, shown, loaded, spread),
        failed=last if last.failed else None,
    )


def _measured_first(load: str, runs: Sequence[Run]) -> list[Run]:
    """Runs that did not fail; without declarations if enough of them were measured."""
    good = [run for run in runs if not run.failed]
    measured = [run for run in good if not run.is_entered]
    enough = LEAST_REPEATS if load == "loaded" else 1
    return measured if len(measured) >= enough else good


def proofs_of(check: Check, path: Path) -> dict[str, Proof]:
    if path.failed is not None:
        return {
            part_id: proof_of(path.failed, check.part(part_id), None, detail=path.name)
            for part_id in ("loaded-p99", "load-factor", "tail-ratio")
        }
    p99, trouble = tail(path.shown, 99.0)
    p50, no_median = tail(path.shown, 50.0)
    p999, no_tail = tail(path.shown, 99.9)
    idle_p99, no_idle = tail(path.idle, 99.0) if path.idle else (None, "No run of this path was made idle.")
    base = min(path.shown, key=lambda run: run.taken_at)
    decide = tuple(run.id for run in (*path.shown, *path.idle))

    def proof(part_id: str, value: float | None, reason: str) -> Proof:
        # If all repeats are too old or voided, report that rather than their number.
        counts = path.loaded or not path.runs.get("loaded")
        why_not = reason if counts else ""
        given = proof_of(base, check.part(part_id), value, detail=path.name, cannot_judge=why_not)
        behind = (*path.shown, *path.idle) if part_id == "load-factor" else path.shown
        return given._replace(others=decide, provenance=provenance_of(run.provenance for run in behind))

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


def _unfit(
    by_load: Mapping[str, Sequence[Run]], shown: Sequence[Run], loaded: Sequence[Run], spread: float | None
) -> str:
    loopback = next((run.doubt for run in shown if run.doubt), "")
    if loopback:
        return loopback
    if not by_load.get("loaded"):
        return NO_LOAD
    if loaded and len(loaded) < LEAST_REPEATS:
        return f"The path was measured {len(loaded)} times under load; {LEAST_REPEATS} are needed."
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


def serving(check: Check, runs: Sequence[Run], now: datetime) -> Proofs:
    proofs_by_part: dict[str, list[Proof | None]] = {}
    for part_id, name, percentile in (
        ("ttft-p99", "ttft", 99.0),
        ("tpot-p99", "tpot", 99.0),
        ("duration", "duration", None),
    ):
        part = check.part(part_id)
        of_model: dict[str, list[Proof]] = defaultdict(list)
        for run in runs:
            figure = figure_named(run, name, percentile)
            if figure is None or run.tool not in SERVED:
                continue
            reason = "" if percentile is None else figure.caution or _too_short(run)
            proof = proof_of(run, part, figure.value, detail=figure.subject, cannot_judge=reason)
            of_model[figure.subject].append(proof)
        proofs_by_part[part_id] = [*newest_by(of_model, part, now).values()]
    return kept(proofs_by_part)


def _too_short(run: Run) -> str:
    """Say why the tail is not evidence: the run was shorter than 600 s, or does not state its length [S11]."""
    duration = figure_named(run, "duration")
    if duration is None or duration.value is None:
        return f"The run does not say that it lasted {LEAST_SERVED_S} s."
    if duration.value < LEAST_SERVED_S:
        return f"The run lasted {duration.value:.0f} s; {LEAST_SERVED_S} s are needed."
    return ""
