"""GPU hours of a site by what became of them. Arithmetic only: lines are means over windows of five minutes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Line = NDArray[np.float64]
WINDOWS_IN_HOUR = 12


@dataclass(frozen=True, slots=True)
class NodeLines:
    """The windows of a node, NaN without a sample: the GPUs that its scheduler has and has allocated, and the share of
    time, 0 to 1, in which each GPU worked."""

    total: Line
    allocated: Line
    working: Sequence[Line]


@dataclass(frozen=True, slots=True)
class GpuHours:
    """`judged` are the hours in which activity was known of all GPUs of a node, so only these enter the goodput;
    `judged_allocated` and `useful` are parts of them."""

    total: float = 0.0
    allocated: float = 0.0
    judged: float = 0.0
    judged_allocated: float = 0.0
    useful: float = 0.0

    @property
    def allocated_share(self) -> float | None:
        return self.allocated / self.total if self.total > 0 else None

    @property
    def goodput(self) -> float | None:
        """The share of GPU hours that were allocated and in which the GPU worked. Scheduling and runtime goodput after
        Google's ML Productivity Goodput (arXiv 2502.06982), without its program goodput."""
        return self.useful / self.judged if self.judged > 0 else None

    @property
    def judged_share(self) -> float | None:
        return self.judged / self.total if self.total > 0 else None


def gpu_hours(nodes: Sequence[NodeLines]) -> GpuHours:
    sums = np.zeros(5)
    for node in nodes:
        sums += _node_sums(node)
    total, allocated, judged, judged_allocated, useful = (float(each) / WINDOWS_IN_HOUR for each in sums)
    return GpuHours(total, allocated, judged, judged_allocated, useful)


def _node_sums(node: NodeLines) -> Line:
    """A window counts once the scheduler said how many GPUs there are; without an allocation none is allocated."""
    is_known = ~np.isnan(node.total)
    total = np.where(is_known, node.total, 0.0)
    allocated = np.minimum(np.where(np.isnan(node.allocated), 0.0, node.allocated), total)
    if node.working:
        lines = np.stack(node.working)
        is_judged = is_known & ((~np.isnan(lines)).sum(axis=0) >= node.total)
        working = np.nan_to_num(np.nansum(lines, axis=0))
    else:
        is_judged, working = np.zeros_like(is_known), np.zeros_like(total)
    # GPUs that work without an allocation do nobody's planned work.
    useful = np.minimum(working, allocated)
    parts = (total, allocated, total * is_judged, allocated * is_judged, useful * is_judged)
    return np.array([part.sum() for part in parts])
