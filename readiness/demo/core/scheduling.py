"""The samples of the simulated Slurm of a site, which say what nodes have a job.

A node is allocated while its GPUs work, and idle in the gap between two jobs.
"""

from collections.abc import Iterator

import numpy as np

from readiness.demo.core.noise import Floats
from readiness.demo.core.plan import FleetPlan, SitePlan
from telemetry.core.schedulers import STANDINGS, NodeStanding

ALLOCATED_FROM = 0.05
"""Share of time from which the GPUs of a node work for a job."""

type Rows = tuple[str, tuple[dict[str, str], ...], Floats]


def reports(fleet: FleetPlan, site: SitePlan, busy: Floats) -> Iterator[Rows]:
    """Metric, labels and values of each node; empty if the site has no Slurm. `busy` has a column for each GPU."""
    if site.name not in fleet.fleet["slurm_sites"]:
        return
    labels = tuple({"cluster": site.slug, "node": node.name} for node in site.nodes)
    gpus = np.array([len(node.uuids) for node in site.nodes], float)
    is_allocated = busy.reshape(len(busy), len(site.nodes), -1).mean(axis=2) >= ALLOCATED_FROM
    idle, allocated = (STANDINGS.index(each) for each in (NodeStanding.IDLE, NodeStanding.ALLOCATED))
    yield "slurm_node_state", labels, np.where(is_allocated, float(allocated), float(idle))
    yield "slurm_node_gpus_total", labels, np.broadcast_to(gpus, is_allocated.shape)
    yield "slurm_node_gpus_alloc", labels, np.where(is_allocated, gpus, 0.0)
