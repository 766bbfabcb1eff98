"""Read what schedulers say of the nodes of sites, and the GPU hours of a site."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Case, When

from inventory.models import Site
from telemetry import queries
from telemetry.core.gpu_hours import GpuHours, Line, NodeLines, gpu_hours
from telemetry.core.rows import WindowMeans
from telemetry.core.schedulers import GPU_RESOURCES, WITHDRAWN, is_gpu_request
from telemetry.schedulers.activity import ACTIVITY_METRICS, activity_by_device
from telemetry.schedulers.contradicting import ALLOCATED_METRICS
from telemetry.schedulers.models import SchedulerContradiction, SchedulerState

SPAN = timedelta(hours=24)
MOST_LISTED = 12
TOTAL_METRICS = ("slurm_node_gpus_total", "kube_node_status_allocatable")
METRICS = (*TOTAL_METRICS, *ALLOCATED_METRICS, *ACTIVITY_METRICS)


@dataclass(frozen=True, slots=True)
class SchedulerFigures:
    """Nodes of a site by what the schedulers do with them, and its GPU hours of the last day. `withdrawn` nodes are
    neither ready nor failing; `silent` ones are in the other counts as they were last known."""

    open: int
    withdrawn: int
    down: int
    silent: int
    hours: GpuHours

    @property
    def nodes(self) -> int:
        return self.open + self.withdrawn + self.down


def scheduler_figures(site: Site, *, now: datetime) -> SchedulerFigures:
    """A node that two sources tell of counts once, by the worse of both."""
    order = SchedulerState.Standing.values
    worst: dict[int, str] = {}
    silent: set[int] = set()
    for state in SchedulerState.objects.filter(site=site).order_by("pk"):
        before = worst.get(state.device_id, SchedulerState.Standing.OPEN.value)
        worst[state.device_id] = max(before, state.standing, key=order.index)
        if state.silent_since is not None:
            silent.add(state.device_id)
    counts = Counter(worst.values())
    return SchedulerFigures(
        open=counts[SchedulerState.Standing.OPEN],
        withdrawn=sum(counts[standing] for standing in WITHDRAWN),
        down=counts[SchedulerState.Standing.DOWN],
        silent=len(silent),
        hours=hours_of_site(site, now=now) if worst else GpuHours(),
    )


def hours_of_site(site: Site, *, now: datetime) -> GpuHours:
    rows = queries.window_means([site.pk], METRICS, start=now - SPAN, end=now, now=now)
    by_node: dict[tuple[int, int], list[WindowMeans]] = defaultdict(list)
    working = activity_by_device(rows)
    for row in sorted(rows, key=lambda row: row.series_id):
        if row.device_id is not None and row.metric not in ACTIVITY_METRICS:
            by_node[row.device_id, row.source_id].append(row)
    nodes: dict[int, NodeLines] = {}
    for (device_id, _source_id), of_node in sorted(by_node.items()):
        lines = _node_lines(of_node, list(working.get(device_id, {}).values()))
        # Of two senders of one node the first one counts.
        if lines is not None:
            nodes.setdefault(device_id, lines)
    return gpu_hours(list(nodes.values()))


def _node_lines(rows: Sequence[WindowMeans], working: Sequence[Line]) -> NodeLines | None:
    totals = [row.values for row in rows if _is_total(row)]
    if not totals:
        return None
    allocated = [
        row.values
        for row in rows
        if row.metric == "slurm_node_gpus_alloc" or is_gpu_request(row.metric, row.labels)
    ]
    return NodeLines(_sum(totals), _sum(allocated) if allocated else np.full_like(totals[0], np.nan), working)


def _is_total(row: WindowMeans) -> bool:
    is_resource = row.labels.get("resource") in GPU_RESOURCES
    return row.metric == "slurm_node_gpus_total" or (
        row.metric == "kube_node_status_allocatable" and is_resource
    )


def _sum(lines: Iterable[Line]) -> Line:
    """The sum of windows; NaN where none of the lines has a sample."""
    stacked = np.stack(list(lines))
    total = np.nansum(stacked, axis=0)
    return np.where(np.isnan(stacked).all(axis=0), np.nan, total)


def contradictions(site_ids: Collection[int]) -> list[SchedulerContradiction]:
    rows = SchedulerContradiction.objects.filter(site__in=site_ids)
    return list(rows.select_related("state__device", "state__source").order_by("site", "kind", "since", "pk"))


def withdrawn_since(site_ids: Collection[int]) -> dict[int, datetime]:
    """Since when each device takes no work by every scheduler that is heard. One that fell silent proves nothing: a
    faulty GPU is not excused by a drain that nobody confirms any more, nor while another scheduler gives it work."""
    heard_states = SchedulerState.objects.filter(site__in=site_ids, silent_since=None)
    open_states = heard_states.filter(standing=SchedulerState.Standing.OPEN).order_by()
    rows = heard_states.exclude(device__in=open_states.values("device"))
    since: dict[int, datetime] = {}
    for device_id, at in rows.order_by("since").values_list("device", "since"):
        since.setdefault(device_id, at)
    return since


def closed_nodes(site: Site) -> list[SchedulerState]:
    """The first nodes that take no work, those that are down before those that somebody withdrew."""
    rows = SchedulerState.objects.filter(site=site).exclude(standing=SchedulerState.Standing.OPEN)
    is_down = Case(When(standing=SchedulerState.Standing.DOWN, then=0), default=1)
    return list(rows.select_related("device", "source").order_by(is_down, "since", "pk")[:MOST_LISTED])
