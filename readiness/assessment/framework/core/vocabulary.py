"""The words of a framework definition, and the labels of its sources.

They are plain string enumerations, so that Django's TextChoices can mirror them value by value. Words that only scoring
uses (verdicts, causes of a flip) are in `readiness.assessment.scoring.core.states`.
"""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from web.versioned.core.documents import Line, Text, Whole


class Gate(StrEnum):
    """The effect of a check: BLOCK decides go-live, COND makes go-live conditional, INFO is only shown."""

    BLOCK = "BLOCK"
    COND = "COND"
    INFO = "INFO"

    @property
    def rank(self) -> int:
        return _GATE_RANK[self]


_GATE_RANK = {Gate.BLOCK: 2, Gate.COND: 1, Gate.INFO: 0}


class CheckState(StrEnum):
    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    STALE = "stale"
    WAIVED = "waived"
    NOT_APPLICABLE = "n-a"


class EvidenceKind(StrEnum):
    TELEMETRY = "TQ"
    VALIDATION_RUN = "VR"
    INVENTORY_FACT = "IF"
    ATTESTATION = "AD"
    PEOPLE_RECORD = "PR"
    OWNERSHIP_RECORD = "OR"


MEASUREMENTS = frozenset({EvidenceKind.TELEMETRY, EvidenceKind.VALIDATION_RUN})
"""Kinds of evidence that count as measured; the others are entered by people."""


class Domain(StrEnum):
    COMPUTE = "compute"
    NETWORK = "network"
    ENERGY = "energy"
    PEOPLE = "people"
    GOVERNANCE = "governance"


class Profile(StrEnum):
    TRAINING = "training"
    INFERENCE = "inference"
    EDGE = "edge"


class SiteKind(StrEnum):
    CORE = "core"
    REGIONAL = "regional"
    EDGE = "edge"
    COLO = "colo"


class Stage(StrEnum):
    """Stages of a site's life. Only commissioning and production sites have a verdict and capacity."""

    PLANNED = "planned"
    BUILDING = "building"
    COMMISSIONING = "commissioning"
    PRODUCTION = "production"
    RETIRED = "retired"


class Fabric(StrEnum):
    ROCE = "roce"
    INFINIBAND = "infiniband"
    ETHERNET = "ethernet"


class Direction(StrEnum):
    """Which direction is better for a sub-measure, and so the form of its thresholds."""

    HIGHER = "higher"
    LOWER = "lower"
    RANGE = "range"
    EQUAL = "equal"


class SenderNamed(StrEnum):
    """How runs count whose subject only their sender names: in full, or as warn at most."""

    FULL = "full"
    WARN = "warn"


class Amount(StrEnum):
    """Figures of a run that a minimum can bound: a duration in s, a size in bytes, a share as a ratio, which is of the
    path's rate or of the peak that the workload class declares."""

    ITERATIONS = "iterations"
    DURATION = "duration"
    REQUESTS = "requests"
    ROWS = "rows"
    REPEATS = "repeats"
    LOAD_SHARE = "load-share"
    PEAK_SHARE = "peak-share"
    SIZE = "size"


SHARES = frozenset({Amount.LOAD_SHARE, Amount.PEAK_SHARE})
ANY_TOOL = "*"
TOOLS = frozenset(
    {
        *("nccl-tests", "rccl-tests", "perftest", "iperf3", "sockperf", "fio"),
        *("dcgm-diag", "mlperf", "vllm-bench", "stream", "hpl", "hpl-mxp", "osu", "superbench"),
        *("nccl-ras", "junit", "csv"),
    }
)
"""Ids of the tools whose output Muster reads; `readiness.assessment.evidence` has their names and parsers."""


class CitationStanding(StrEnum):
    PRIMARY = "primary"
    SECONDARY = "secondary"
    EXCERPT = "excerpt"
    MIXED = "mixed"


class Change(StrEnum):
    """A change at the site that voids earlier evidence."""

    DRIVER = "driver"
    FIRMWARE = "firmware"
    NOS = "nos"
    COLLECTIVE_LIBRARY = "collective-library"
    TOPOLOGY = "topology"
    PLACEMENT_POLICY = "placement-policy"
    POWER_TOPOLOGY = "power-topology"
    COOLING_TOPOLOGY = "cooling-topology"
    SERVING_STACK = "serving-stack"
    EXPANSION = "expansion"
    ACCELERATOR = "accelerator"
    """Another accelerator in a slot: evidence for the earlier one never counts, whatever a check lists."""
    DEVICE = "device"
    """Another device under a name: the same applies to a chassis."""


OWN = "own"
"""The operator's own decision, with who decided, when, and the reason in its note."""
LABELS_WITHOUT_SOURCE = frozenset({"OD", "J", "calc", OWN})


def source_label(label: str, info: ValidationInfo[Whole]) -> str:
    if label not in LABELS_WITHOUT_SOURCE and label not in info.context.ids("sources"):
        raise ValueError(f"{label!r} is neither a listed source nor one of OD, J, calc, own")
    return label


def tool_id(tool: str) -> str:
    if tool != ANY_TOOL and tool not in TOOLS:
        raise ValueError(
            f"{tool!r} is neither {ANY_TOOL}, for any tool, nor one of {', '.join(sorted(TOOLS))}"
        )
    return tool


CITATION = re.compile(r" ?\[(S[0-9]+)\]")


def citations(text: str) -> list[str]:
    return CITATION.findall(text)


def cited(text: str, info: ValidationInfo[Whole]) -> str:
    for source in citations(text):
        if source not in info.context.ids("sources"):
            raise ValueError(f"cites {source}, which is not a listed source")
    return text


def listed(section: str, noun: str) -> AfterValidator:
    def check(item_id: str, info: ValidationInfo[Whole]) -> str:
        if item_id and item_id not in info.context.ids(section):
            raise ValueError(f"{item_id!r} is not a listed {noun}")
        return item_id

    return AfterValidator(check)


SourceLabel = Annotated[Text, AfterValidator(source_label)]
Prose = Annotated[Text, AfterValidator(cited)]
"""A sentence whose `[S#]` citations are all listed sources."""
CitingNote = Annotated[Line, AfterValidator(cited)]
"""The same, which may be empty."""
