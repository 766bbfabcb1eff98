"""States of nodes as schedulers name them, and what they mean for work. Arithmetic only."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class NodeStanding(StrEnum):
    """The state of a node in a scheduler. `slurm_node_state` has its place in this list as value."""

    IDLE = "idle"
    ALLOCATED = "allocated"
    POWERED_OFF = "powered-off"
    MAINTENANCE = "maintenance"
    DRAINING = "draining"
    DRAINED = "drained"
    DOWN = "down"


STANDINGS = tuple(NodeStanding)
OPEN = (NodeStanding.IDLE, NodeStanding.ALLOCATED, NodeStanding.POWERED_OFF)
"""The scheduler may place new work here."""
WITHDRAWN = (NodeStanding.MAINTENANCE, NodeStanding.DRAINING, NodeStanding.DRAINED)
"""Somebody took the node out of work on purpose: its capacity is neither ready nor failing."""

SLURM_TEXTS = ("slurm_node_status", "slurm_node_cpu_total")
GPU_RESOURCES = ("nvidia_com_gpu", "amd_com_gpu")
_USUAL_TAINTS = {"nvidia.com/gpu", "amd.com/gpu", "node.kubernetes.io/unschedulable"}
_YEAR_9999_S = 253_402_300_799

# slurm.h and `sinfo`: base states first, then flags; short forms as sinfo prints them.
_BASES = {
    "idle": NodeStanding.IDLE,
    "alloc": NodeStanding.ALLOCATED,
    "allocated": NodeStanding.ALLOCATED,
    "mix": NodeStanding.ALLOCATED,
    "mixed": NodeStanding.ALLOCATED,
    "down": NodeStanding.DOWN,
    "err": NodeStanding.DOWN,
    "error": NodeStanding.DOWN,
    "unk": NodeStanding.DOWN,
    "unknown": NodeStanding.DOWN,
    "inval": NodeStanding.DOWN,
    "invalid": NodeStanding.DOWN,
}
_FAILED = {"not_responding", "no_respond", "fail", "failing", "failg", "invalid_reg"}
_DRAIN = {"drain", "draining", "drng", "drained"}
_MAINTENANCE = {"maint", "maintenance", "reboot_requested", "reboot_issued", "boot", "reboot"}
_OFF = {"powered_down", "powering_down", "power_down", "pow_dn", "powerdown"}
_BUSY = {"completing", "comp", "draining", "drng"}
_ALONE = _DRAIN | _MAINTENANCE | {"fail", "failing", "failg", "completing", "comp", "resv", "reserved"}
_ALONE |= {"planned", "plnd", "pow_dn", "powering_up", "pow_up", "powered_down", "powering_down"}
"""Names that `sinfo` prints in place of the base state."""
FUTURE = {"future", "futr"}
# A mark behind a state in the text of sinfo.
_MARKS = {
    "*": "not_responding",
    "~": "powered_down",
    "%": "powering_down",
    "$": "maint",
    "@": "reboot_requested",
}


def slurm_words(text: str) -> list[str]:
    """The names in a state as Slurm prints it: `IDLE+DRAIN`, `drained*`, `mixed-`."""
    words: list[str] = []
    for part in filter(None, re.split(r"[+,\s]+", text.strip().lower())):
        name = part.rstrip("*~#!%$@^-")
        words += [name, *(_MARKS[mark] for mark in part[len(name) :] if mark in _MARKS)]
    return words


def slurm_standing(words: Iterable[str]) -> NodeStanding | None:
    """The standing by all names of a state, the worst first; None if none of them is a state of Slurm. What fails
    counts before a drain: a drained node that is down is down."""
    names = {word.lower() for word in words}
    base = next((_BASES[name] for name in sorted(names) if name in _BASES), None)
    if base is None and not names & _ALONE:
        return None
    if base is NodeStanding.DOWN or names & _FAILED:
        return NodeStanding.DOWN
    if names & _DRAIN:
        is_busy = base is NodeStanding.ALLOCATED or names & _BUSY
        return NodeStanding.DRAINING if is_busy else NodeStanding.DRAINED
    if names & _MAINTENANCE:
        return NodeStanding.MAINTENANCE
    if names & _OFF:
        return NodeStanding.POWERED_OFF
    is_allocated = base is NodeStanding.ALLOCATED or names & _BUSY
    return NodeStanding.ALLOCATED if is_allocated else NodeStanding.IDLE


_GRES = re.compile(r"gpu(?::(?P<type>[^:=,()\s]+))??(?::(?P<count>\d{1,6}))?(?:\([^)]*\))?", re.ASCII)
_NOTHING = {"", "(null)", "n/a", "none"}


def gpus_of_gres(text: str) -> int:
    """The GPUs in a list of generic resources, such as `gpu:h100:8(S:0-1),nic:2`. Raises ValueError."""
    text = text.strip()
    if text.lower() in _NOTHING:
        return 0
    total = 0
    # Commas also stand within parentheses.
    for part in re.split(r",(?![^(]*\))", text):
        if part.strip().partition(":")[0].partition("(")[0] != "gpu":
            continue
        match = _GRES.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()[:40]} is no count of GPUs")
        total += int(match["count"] or 1)
    return total


def gpus_of_tres(text: str) -> int | None:
    """The GPUs in a list of trackable resources, such as `cpu=64,gres/gpu=8,gres/gpu:h100=8`; None if it names none.
    Raises ValueError."""
    by_type: dict[str, int] = {}
    for part in filter(None, text.strip().split(",")):
        name, _, count = part.partition("=")
        if name == "gres/gpu" or name.startswith("gres/gpu:"):
            if re.fullmatch(r"\d{1,6}", count, re.ASCII) is None:
                raise ValueError(f"{part[:40]} is no count of GPUs")
            by_type[name] = int(count)
    if not by_type:
        return None
    return by_type.get("gres/gpu", sum(count for name, count in by_type.items() if name != "gres/gpu"))


@dataclass(frozen=True, slots=True)
class NodeReport:
    """A scheduler's word on a node by its newest samples. `reason_at` is when it says that the reason was given."""

    standing: NodeStanding
    taken_at: datetime
    reason: str = ""
    reason_by: str = ""
    reason_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.standing in OPEN

    @property
    def stored_standing(self) -> str:
        """Whether work runs on an open node changes all the time, and stands in samples."""
        return "open" if self.is_open else self.standing.value


@dataclass(frozen=True, slots=True)
class NodeSample:
    metric: str
    labels: Mapping[str, str]
    value: float
    taken_at: datetime
    cadence_s: float = 60


def slurm_report(samples: Sequence[NodeSample]) -> NodeReport | None:
    """Slurm's word by the JSON of scontrol, or else by the text of an exporter."""
    states = [sample for sample in samples if sample.metric == "slurm_node_state"]
    if states:
        newest = max(states, key=lambda sample: sample.taken_at)
        code = int(newest.value)
        if newest.value != code or not 0 <= code < len(STANDINGS):
            return None
        return _add_reason(NodeReport(STANDINGS[code], newest.taken_at), samples)
    texts = [sample for sample in samples if sample.metric in SLURM_TEXTS and sample.labels.get("status")]
    # A state that ended sends no 0: its series just stops.
    texts = [sample for sample in texts if sample.value > 0 or sample.metric == "slurm_node_cpu_total"]
    if not texts:
        return None
    at = max(sample.taken_at for sample in texts)
    standings = [
        standing
        for sample in texts
        if sample.taken_at == at and (standing := slurm_standing(slurm_words(sample.labels["status"])))
    ]
    return NodeReport(max(standings, key=STANDINGS.index), at) if standings else None


def _add_reason(report: NodeReport, samples: Sequence[NodeSample]) -> NodeReport:
    """The reason that came with the state; an open node keeps none."""
    reasons = [
        sample
        for sample in samples
        if sample.metric == "slurm_node_reason" and sample.taken_at == report.taken_at
    ]
    if report.is_open or not reasons:
        return report
    sample = reasons[0]
    return replace(
        report,
        reason=sample.labels.get("reason", "")[:300],
        reason_by=sample.labels.get("reason_by", "")[:100],
        reason_at=datetime.fromtimestamp(sample.value, UTC) if 0 < sample.value < _YEAR_9999_S else None,
    )


def kubernetes_report(samples: Sequence[NodeSample]) -> NodeReport | None:
    """Kubernetes' word: not ready is down; a cordoned node is draining while pods hold GPUs of it. A taint by
    itself withdraws nothing, because nodes with GPUs have one so that other pods stay away; the reason names it."""
    ready = [sample for sample in samples if _is_ready_condition(sample)]
    if not ready:
        return None
    newest = max(ready, key=lambda sample: sample.taken_at)
    cordons = [sample for sample in samples if sample.metric == "kube_node_spec_unschedulable"]
    cordon = max(cordons, key=lambda sample: sample.taken_at, default=None)
    is_cordoned = cordon is not None and cordon.value == 1
    gpus = gpus_requested(samples)
    if newest.value != 1:
        standing = NodeStanding.DOWN
    elif is_cordoned:
        standing = NodeStanding.DRAINING if gpus else NodeStanding.DRAINED
    else:
        standing = NodeStanding.ALLOCATED if gpus else NodeStanding.IDLE
    if standing in OPEN:
        return NodeReport(standing, newest.taken_at)
    words = [
        *(["NotReady"] if newest.value != 1 else []),
        *(["cordoned"] if is_cordoned else []),
        *_taints(samples, newest),
    ]
    return NodeReport(standing, newest.taken_at, reason=", ".join(words)[:300])


def _is_ready_condition(sample: NodeSample) -> bool:
    labels = sample.labels
    is_condition = sample.metric == "kube_node_status_condition" and labels.get("condition") == "Ready"
    return is_condition and labels.get("status", "").lower() == "true"


def _taints(samples: Sequence[NodeSample], newest: NodeSample) -> list[str]:
    """Taints by which somebody keeps work away; a taint that was lifted sends nothing any more."""
    since = newest.taken_at - timedelta(seconds=newest.cadence_s / 2)
    return sorted(
        f"taint {key}"
        for sample in samples
        if sample.metric == "kube_node_spec_taint"
        and sample.value == 1
        and sample.taken_at >= since
        and sample.labels.get("effect") in ("NoSchedule", "NoExecute")
        and (key := sample.labels.get("key", ""))
        and key not in _USUAL_TAINTS
    )


def gpus_requested(samples: Sequence[NodeSample]) -> float:
    """The GPUs that pods on a node hold by the newest samples."""
    requests = [sample for sample in samples if is_gpu_request(sample.metric, sample.labels)]
    if not requests:
        return 0
    newest = max(requests, key=lambda sample: sample.taken_at)
    since = newest.taken_at - timedelta(seconds=newest.cadence_s / 2)
    return sum(sample.value for sample in requests if sample.taken_at >= since)


def is_gpu_request(metric: str, labels: Mapping[str, str]) -> bool:
    return metric == "kube_pod_container_resource_requests" and labels.get("resource") in GPU_RESOURCES


def since_of(
    report: NodeReport, *, was_open: bool | None, known_since: datetime | None, heard_open_at: datetime | None
) -> datetime:
    """Since when a node stands as reported; one that takes no work keeps its time when it goes from draining to drained
    or down. `was_open` and `known_since` describe the row before this report.

    The scheduler's own time counts for the step out of work, but not before the last time that it was heard to take
    work: nobody dates a drain back.
    """
    if was_open is False and known_since is not None:
        return report.taken_at if report.is_open else known_since
    claimed_at = report.reason_at or report.taken_at
    if report.is_open or claimed_at > report.taken_at:
        return report.taken_at
    return max(claimed_at, heard_open_at) if heard_open_at is not None else claimed_at
