"""One path as scoring judges it, with the figures that a reader compares. No Django here.

`readiness.assessment.evidence.core.proving.latency` decides which runs count and computes their figures;
`readiness.assessment.scoring.core.judge` decides the state of each figure. This module repeats neither decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.evidence.core.parsed import worst_provenance
from readiness.assessment.evidence.core.proving import baselines, latency
from readiness.assessment.evidence.core.proving.latency import Path
from readiness.assessment.evidence.core.proving.values import Run, SiteParts, proof_of
from readiness.assessment.framework.core.definition import Check, part_gate
from readiness.assessment.scoring.checks.choosing import reading_of
from readiness.assessment.scoring.core.combine import combine
from readiness.assessment.scoring.core.judge import PartResult, judge, span_text
from readiness.assessment.scoring.core.states import CheckState

CHECK = "p1-latency-under-load"
SERVING = "p1-serving-latency"
PARTS = ("loaded-p99", "load-factor", "tail-ratio", "p99-cv", "repeats")
PERCENTILES = (50.0, 99.0, 99.9)
SAME_MEDIAN = 0.05
"""Medians that differ by at most this share count as equal (our judgement)."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The median of a percentile over the repeats, µs. `caution` says why it must not be judged."""

    percentile: float
    value: float | None = None
    caution: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The newest p99 under load and the baseline p99, µs; `marked` if somebody chose the baseline runs."""

    value: float
    p99: float
    runs: int
    taken_at: datetime
    marked: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A run that was not used, and the reason."""

    run: Run
    why: str


@dataclass(frozen=True, slots=True)
class JudgedPath:
    """`idle` and `loaded` are tails by percentile, `parts` the judged sub-measures by id.

    `change` is the loaded p99 over the baseline's, less one; None without a baseline.
    """

    path: Path
    state: CheckState
    reason: str
    parts: Mapping[str, PartResult]
    idle: Mapping[float, Tail]
    loaded: Mapping[float, Tail]
    baseline: Baseline | None
    left_out: Sequence[LeftOut]

    @property
    def change(self) -> float | None:
        return self.baseline.value / self.baseline.p99 - 1 if self.baseline else None

    @property
    def taken_at(self) -> datetime:
        return max(run.taken_at for run in self.path.shown_runs)

    @property
    def provenance(self) -> str:
        return worst_provenance(run.provenance for run in (*self.path.shown_runs, *self.path.idle))

    @property
    def name(self) -> str:
        return self.path.name or self.path.port or self.path.tool

    @property
    def median(self) -> float | None:
        """p50 under load, µs."""
        return self.loaded[50.0].value

    @property
    def tail(self) -> float | None:
        """p99 under load, µs."""
        return self.loaded[99.0].value

    @property
    def idle_tail(self) -> float | None:
        return self.idle[99.0].value

    @property
    def load_factor(self) -> float | None:
        return self.value("load-factor")

    @property
    def jitter(self) -> float | None:
        return self.value("tail-ratio")

    @property
    def runs(self) -> list[Run]:
        return [*self.path.loaded, *self.path.idle]

    @property
    def run_ids(self) -> list[int]:
        return sorted(run.id for run in self.runs)

    def value(self, part_id: str) -> float | None:
        part = self.parts.get(part_id)
        return part.value if part else None


def paths_of(check: Check, runs: Sequence[Run], site: SiteParts, *, now: datetime) -> dict[str, Path]:
    paths = latency.paths(check.add_stand_ins(PARTS), runs, site, now)
    return {path.key: path for path in paths}


def judged(
    check: Check,
    path: Path,
    earlier: Sequence[Run],
    limits: Mapping[str, Limit],
    *,
    regression: Check | None,
    now: datetime,
) -> JudgedPath:
    """Judge the path at `now`; `earlier` are the loaded runs that may form its baseline, as in `regression`."""
    proofs = latency.proofs_of(check.add_stand_ins(PARTS), path)
    parts = {}
    for part in check.parts:
        proof = proofs.get(part.id)
        reading = reading_of(proof) if proof else None
        limit = limits.get(part.limit_from or "")
        parts[part.id] = judge(part, reading, now, limit, gate=part_gate(part, check.gate))
    result = combine(check, list(parts.values()), gate=check.gate, weight=0, now=now)
    shown_is_loaded = path.shown_runs[0].load == "loaded"
    return JudgedPath(
        path=path,
        state=result.state,
        reason=result.reason,
        parts=parts,
        idle=_tails(path.idle or path.runs.get("idle", ())),
        loaded=_tails(path.shown_runs if shown_is_loaded else ()),
        baseline=_baseline(path, earlier, regression),
        left_out=_left_out(check, path, now),
    )


def _tails(runs: Sequence[Run]) -> dict[float, Tail]:
    return {each: Tail(each, *latency.tail(runs, each)) if runs else Tail(each) for each in PERCENTILES}


def _baseline(path: Path, earlier: Sequence[Run], regression: Check | None) -> Baseline | None:
    if regression is None:
        return None
    part = regression.add_stand_ins(["nodes-beyond"]).part("nodes-beyond")
    compared = baselines.tail_compared(path.loaded, earlier, 99.0, part)
    if compared is None:
        return None
    value, base, runs = compared
    return Baseline(
        value, base, len(runs), max(run.taken_at for run in runs), any(run.is_baseline for run in runs)
    )


def _left_out(check: Check, path: Path, now: datetime) -> list[LeftOut]:
    part = check.add_stand_ins(PARTS).part("loaded-p99")
    read = {run.id for run in (*path.loaded, *path.idle)}
    left_out = []
    for run in (run for runs in path.runs.values() for run in runs if run.id not in read):
        proof = proof_of(run, part, None)
        counts_s = part.validity.limit_s(None)
        if run.id in path.shortfalls:
            why = path.shortfalls[run.id]
        elif proof.voided:
            why = proof.voided
        elif (now - run.taken_at).total_seconds() > counts_s:
            age = span_text((now - run.taken_at).total_seconds())
            why = f"It is {age} old and counted for {span_text(counts_s)}."
        else:
            why = "The run does not say whether the path was idle or under load."
        left_out.append(LeftOut(run, why))
    return sorted(left_out, key=lambda each: (each.run.taken_at, each.run.id), reverse=True)


def equal_medians(paths: Sequence[JudgedPath]) -> tuple[JudgedPath, JudgedPath] | None:
    """Find two paths with the same median under load, one passing and one failing: the pair whose tails differ most."""
    good = [each for each in paths if each.state is CheckState.PASS]
    bad = [each for each in paths if each.state is CheckState.FAIL]
    pairs = [
        (passing, failing)
        for passing in good
        for failing in bad
        if _same(passing.median, failing.median) and failing.tail
    ]
    return max(pairs, key=lambda pair: pair[1].tail or 0.0, default=None)


def _same(first: float | None, second: float | None) -> bool:
    return (
        first is not None and second is not None and abs(first - second) <= SAME_MEDIAN * max(first, second)
    )
