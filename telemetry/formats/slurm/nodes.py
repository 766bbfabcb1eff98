"""Nodes of a report: the state of each with its reason, its GPUs, and their sums."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telemetry.core.schedulers import (
    FUTURE,
    STANDINGS,
    WITHDRAWN,
    NodeStanding,
    gpus_of_gres,
    gpus_of_tres,
    slurm_standing,
    slurm_words,
)
from telemetry.formats.slurm.reports import FieldError, Fields, ReportSamples

MOST_GPUS = 1024
"""No node has more: a greater number is a mistake of the sender."""
MOST_NAME_CHARS, MOST_REASON_CHARS = 255, 300


@dataclass(frozen=True, slots=True)
class SlurmNode:
    """`reason_at_s` is 0 where Slurm does not say when the reason was given."""

    name: str
    standing: NodeStanding
    gpus: int
    gpus_allocated: int
    reason: str
    reason_at_s: int


def read(nodes: list[Any], samples: ReportSamples) -> None:
    seen: dict[str, str] = {}
    read_nodes: list[SlurmNode] = []
    for place, value in enumerate(nodes):
        path = f"nodes[{place}]"
        try:
            node = _node(Fields(value, path), samples.now_s)
            if node is None:
                continue
            if before := seen.get(node.name.lower()):
                raise FieldError(f"{path}.name is {node.name} again, as in {before}")
            _add(node, samples)
        except FieldError as error:
            samples.refuse(error)
            continue
        seen[node.name.lower()] = path
        read_nodes.append(node)
    if read_nodes and samples.is_whole:
        _add_sums(read_nodes, samples)


def _node(fields: Fields, now_s: int) -> SlurmNode | None:
    """None for a node that is not there yet. Raises FieldError."""
    name = fields.text("name", "node_name")
    if not name:
        raise fields.error("name", "is missing")
    if len(name) > MOST_NAME_CHARS:
        raise fields.error("name", f"has more than {MOST_NAME_CHARS} characters")
    words = [word for text in fields.words("state") for word in slurm_words(text)]
    if not words:
        raise fields.error("state", "is missing")
    words += [word for text in fields.words("state_flags") for word in slurm_words(text)]
    if not FUTURE.isdisjoint(words):
        return None
    standing = slurm_standing(words)
    if standing is None:
        raise fields.error("state", f"is {'+'.join(words)[:60]}, no state of Slurm")
    gpus, allocated = _gpus(fields, "tres", "gres"), _gpus(fields, "tres_used", "gres_used")
    if allocated > gpus:
        raise fields.error("gres_used", f"says that {allocated} GPUs of {gpus} are allocated")
    reason_at_s = fields.number("reason_changed_at") or 0
    return SlurmNode(
        name=name,
        standing=standing,
        gpus=gpus,
        gpus_allocated=allocated,
        reason=fields.text("reason")[:MOST_REASON_CHARS],
        # Nobody gave a reason in the future: then the clock of one of both is wrong.
        reason_at_s=reason_at_s if reason_at_s <= now_s else 0,
    )


def _gpus(fields: Fields, tres: str, gres: str) -> int:
    """GPUs by the trackable resources where these name any, or else by the generic ones."""
    count = _counted(fields, tres, gpus_of_tres)
    if count is None:
        count = _counted(fields, gres, gpus_of_gres)
    return count or 0


def _counted(fields: Fields, name: str, count_in: Callable[[str], int | None]) -> int | None:
    text = fields.text(name)
    try:
        count = count_in(text)
    except ValueError as error:
        raise fields.error(name, f"has {error}") from error
    if count is not None and count > MOST_GPUS:
        raise fields.error(name, f"names {count} GPUs, more than {MOST_GPUS}")
    return count


def _add(node: SlurmNode, samples: ReportSamples) -> None:
    samples.add("slurm_node_state", STANDINGS.index(node.standing), node=node.name)
    if node.gpus:
        samples.add("slurm_node_gpus_total", node.gpus, node=node.name)
        samples.add("slurm_node_gpus_alloc", node.gpus_allocated, node=node.name)
    if node.reason:
        # Without who gave it: labels of a series are shown to everybody, and to other systems.
        samples.add("slurm_node_reason", node.reason_at_s, node=node.name, reason=node.reason)


def _add_sums(nodes: list[SlurmNode], samples: ReportSamples) -> None:
    counts = Counter(node.standing for node in nodes)
    total = sum(node.gpus for node in nodes)
    allocated = sum(node.gpus_allocated for node in nodes)
    for metric, value in {
        "slurm_gpus_total": total,
        "slurm_gpus_alloc": allocated,
        "slurm_gpus_idle": total - allocated,
        "slurm_nodes_alloc": counts[NodeStanding.ALLOCATED],
        "slurm_nodes_idle": counts[NodeStanding.IDLE],
        "slurm_nodes_drain": sum(counts[standing] for standing in WITHDRAWN),
        "slurm_nodes_down": counts[NodeStanding.DOWN],
    }.items():
        samples.add(metric, value)
