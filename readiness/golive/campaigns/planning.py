"""Which runs the checks of a framework ask for. No database; what there is to run on is counted elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from readiness.framework.core.applicability import applicable, gate_for, part_gate
from readiness.framework.core.conditions import SiteContext
from readiness.framework.core.definition import Check, Framework
from readiness.framework.core.vocabulary import EvidenceKind, Gate

GIB = 1024**3


class RunTarget(StrEnum):
    """The things that runs are made on."""

    SITE = "site"
    NODE = "node"
    PAIR = "pair"
    PORT = "port"
    PATH = "path"
    FABRIC = "fabric"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One way to run a tool. `repeats` is of each target; `how` says what no other field does."""

    parts: tuple[str, ...]
    tool: str
    scope: str
    targets: RunTarget
    load: str = ""
    size_bytes: int | None = None
    repeats: int = 1
    how: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A setup at a site, for a check that applies there; `gate` is the check's at the site."""

    check: Check
    gate: Gate
    setup: Setup


NODE_COLLECTIVE = "All accelerators of one node. On AMD the same with rccl-tests."

# The setups of the checks' own `how_to`, in the figures that runs are judged at (readiness.evidence.core.proving).
SETUPS: dict[str, tuple[Setup, ...]] = {
    "p1-accelerator-diag": (
        Setup(
            parts=("coverage", "worst-severity"),
            tool="dcgm-diag",
            scope="node",
            targets=RunTarget.NODE,
            how="The long diagnostic: dcgmi diag -r 3 -j.",
        ),
    ),
    "p1-intra-node": (
        Setup(
            parts=("busbw", "wrong-values", "nodes-covered"),
            tool="nccl-tests",
            scope="node",
            targets=RunTarget.NODE,
            size_bytes=16 * GIB,
            how=f"all_reduce_perf with its check on. {NODE_COLLECTIVE}",
        ),
    ),
    "p1-fabric-collective": (
        Setup(
            parts=("pair-busbw", "nodes-covered"),
            tool="nccl-tests",
            scope="pair",
            targets=RunTarget.PAIR,
            size_bytes=8 * GIB,
            how="all_gather_perf or all_reduce_perf at 2 to 8 GiB.",
        ),
        Setup(
            parts=("scale-efficiency",),
            tool="nccl-tests",
            scope="fabric",
            targets=RunTarget.FABRIC,
            size_bytes=8 * GIB,
            how="The largest number of nodes that one job may use, at the message size of the pairs.",
        ),
    ),
    "p1-rdma-port": (
        Setup(
            parts=("bandwidth", "ports-covered"),
            tool="perftest",
            scope="link",
            targets=RunTarget.PORT,
            size_bytes=8 * 1024**2,
            how="ib_write_bw -s 8388608 --report_gbits.",
        ),
    ),
    "p1-latency-under-load": (
        Setup(
            parts=("load-factor",),
            tool="perftest",
            scope="link",
            targets=RunTarget.PATH,
            load="idle",
            repeats=20,
            how="Latency of one path, with nothing else running. sockperf is read too.",
        ),
        Setup(
            parts=("loaded-p99", "load-factor", "tail-ratio"),
            tool="perftest",
            scope="link",
            targets=RunTarget.PATH,
            load="loaded",
            repeats=20,
            how="The same path with background load at the rate of the throughput test.",
        ),
    ),
    "p1-serving-latency": (
        Setup(
            parts=("ttft-p99", "tpot-p99"),
            tool="mlperf",
            scope="site",
            targets=RunTarget.SITE,
            load="loaded",
            how="Server scenario at the declared peak rate for at least 600 s.",
        ),
    ),
    "p5-revalidation": (
        Setup(
            parts=("nodes-current",),
            tool="dcgm-diag",
            scope="node",
            targets=RunTarget.NODE,
            how="The quick diagnostic, daily, beside the full set.",
        ),
    ),
}


def plan(framework: Framework, site: SiteContext) -> tuple[Planned, ...]:
    """Plan the runs that prove, at this site, every check that runs prove, in the framework's order.

    Sub-measures that decide nothing are left out. One that has no setup of its own is proved by a table that names it.
    """
    planned: list[Planned] = []
    for check in framework.checks:
        if applicable(check, site)[0]:
            gate = gate_for(check, site)
            wanted = _proved_by_runs(check, gate, site)
            planned += [Planned(check, gate, setup) for setup in _setups(check, wanted)]
    return tuple(planned)


def parts_by_runs(check: Check) -> tuple[str, ...]:
    """The sub-measures of a check that a run may prove."""
    return tuple(part.id for part in check.parts if EvidenceKind.VALIDATION_RUN in part.evidence)


def _proved_by_runs(check: Check, gate: Gate, site: SiteContext) -> list[str]:
    of_runs = set(parts_by_runs(check))
    return [
        part.id
        for part in check.parts
        if part.id in of_runs
        and applicable(part, site)[0]
        and (part_gate(part, gate) is not Gate.INFO or gate is Gate.INFO)
    ]


def _setups(check: Check, wanted: list[str]) -> Iterable[Setup]:
    left = list(wanted)
    for setup in SETUPS.get(check.id, ()):
        parts = tuple(part for part in setup.parts if part in wanted)
        if parts:
            left = [part for part in left if part not in parts]
            yield Setup(
                parts=parts,
                tool=setup.tool,
                scope=setup.scope,
                targets=setup.targets,
                load=setup.load,
                size_bytes=setup.size_bytes,
                repeats=setup.repeats,
                how=setup.how,
            )
    if left:
        columns = ", ".join(f"{check.id}/{part}" for part in left[:3])
        more = f" and {len(left) - 3} more" if len(left) > 3 else ""
        yield Setup(
            parts=tuple(left),
            tool="csv",
            scope="site",
            targets=RunTarget.SITE,
            how=f"A table with the measures {columns}{more}.",
        )
