"""Which checks the output of a tool affects, how figures name the sub-measure they prove, and which checks Muster
computes from its own records. Once a site has such records, statements by hand (facts, attestations, tables) prove
nothing for the check: Muster's records outweigh statements.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from readiness.assessment.evidence.core import interop

COLLECTIVES = ("p1-intra-node", "p1-fabric-collective")
REGRESSION = "p5-baseline-regression"
CHECKS_OF_TOOL: Mapping[str, tuple[str, ...]] = {
    "nccl-tests": (*COLLECTIVES, REGRESSION),
    "rccl-tests": (*COLLECTIVES, REGRESSION),
    "perftest": ("p1-rdma-port", "p1-latency-under-load", REGRESSION),
    "sockperf": ("p1-latency-under-load", REGRESSION),
    "dcgm-diag": ("p1-accelerator-diag",),
    "mlperf": ("p1-serving-latency", REGRESSION),
    "vllm-bench": ("p1-serving-latency", REGRESSION),
    "iperf3": (REGRESSION,),
    "fio": (REGRESSION,),
    "stream": (REGRESSION,),
    "hpl": (REGRESSION,),
    "hpl-mxp": (REGRESSION,),
    "osu": (REGRESSION,),
    "superbench": (REGRESSION,),
    "nccl-ras": (),
    "junit": (),
    "csv": (),
}
"""Checks by tool. The figures of tables and test reports name their checks themselves; a report of RAS says which ranks
answer, which proves no check."""
NAME_CHECKS = frozenset({"csv", "junit"})
"""Tools whose figures name the sub-measures that they prove."""
REVALIDATION = "p5-revalidation"
"""This check is computed from the runs of other checks."""
PARSED = frozenset({REVALIDATION}.union(*CHECKS_OF_TOOL.values()))
"""Checks that the output of a tool proves, so that a table about them is not a run."""
HAVE_BASELINE = frozenset(
    {
        *("nccl-tests", "rccl-tests", "perftest", "iperf3", "sockperf", "fio", "mlperf", "vllm-bench"),
        *("stream", "hpl", "hpl-mxp", "osu", "superbench"),
    }
)
"""Tools whose rates and latencies are compared with earlier ones; a diagnostic has none."""
OF_ACCELERATORS = frozenset(
    {
        "nccl-tests",
        "rccl-tests",
        "dcgm-diag",
        "mlperf",
        "vllm-bench",
        "hpl-mxp",
        "superbench",
        "nccl-ras",
    }
)
"""Tools whose results belong to the accelerators they ran on, so that a replaced accelerator voids them."""
_PART = re.compile(r"(p[1-5]-[a-z0-9-]+)/([a-z0-9-]+)")


@lru_cache(maxsize=10_000)
def part_named(measure: str) -> tuple[str, str] | None:
    matched = _PART.fullmatch(measure)
    return (matched[1], matched[2]) if matched else None


def checks_of(tool: str, measures: Iterable[str]) -> frozenset[str]:
    names = list(measures)
    part_checks = {part[0] for measure in names if (part := part_named(measure)) is not None}
    records = {interop.CHECK} if any(map(interop.is_record, names)) else set()
    return frozenset(CHECKS_OF_TOOL[tool]) | part_checks | records


@dataclass(frozen=True, slots=True)
class OwnRecords:
    """`words` names the records in a sentence; `refs` is the prefix of references to them."""

    words: str
    refs: tuple[str, ...]

    def are_behind(self, evidence: str) -> bool:
        return evidence.startswith(self.refs)


OWN_RECORDS: Mapping[str, OwnRecords] = {
    "p2-envelope-declared": OwnRecords("declared envelopes", ("envelopes:",)),
    "p2-placement-jurisdiction": OwnRecords("placements that envelopes and rules decide", ("placements:",)),
    "p4-orchestration-owner": OwnRecords("accepted owners", ("ownership:",)),
    "p4-asset-ownership": OwnRecords("accepted owners", ("owned-assets:",)),
    "p4-regulatory-register": OwnRecords("the register of duties", ("duties:",)),
    "p4-golive-review": OwnRecords("a go-live review", ("review:",)),
    "p3-role-coverage": OwnRecords("qualifications of people", ("qualified:",)),
    "p3-training-currency": OwnRecords("assigned and completed training", ("training:",)),
    "p3-competency-verified": OwnRecords("qualifications of people", ("qualified:",)),
    "p3-cross-domain-literacy": OwnRecords("assigned and completed training", ("training:",)),
    "p3-oncall-staffing": OwnRecords("rotations", ("rotations:",)),
    "p3-drill-participation": OwnRecords("drills", ("drills:",)),
    "p3-shared-understanding": OwnRecords("answers to surveys", ("surveys:",)),
    "p3-capability-gap": OwnRecords("qualifications of people", ("qualified:",)),
    "p4-runbook-coverage": OwnRecords("alert rules and runbooks", ("runbooks:",)),
    "p4-documentation-currency": OwnRecords("documents", ("documents:",)),
    "p4-standard-interfaces": OwnRecords("standards in force", ("conformance:",)),
    "p4-multivendor-standard": OwnRecords("standards in force", ("standards:",)),
    "p4-flexibility-preserved": OwnRecords("alternatives on record", ("alternatives:",)),
}
"""The records that each check is computed from."""


def is_own(check_id: str, evidence: str) -> bool:
    own = OWN_RECORDS.get(check_id)
    return own is not None and own.are_behind(evidence)
