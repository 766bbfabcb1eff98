"""Find what contradicts a scheduler, every five minutes: exporters, GPUs that idle, the inventory. A contradiction ends
once both sides are heard and agree; silence ends none."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from inventory.models import Accelerator, Device
from telemetry import queries
from telemetry.core.schedulers import is_gpu_request
from telemetry.schedulers.activity import ACTIVITY_METRICS, activity_by_device
from telemetry.schedulers.models import SchedulerContradiction, SchedulerState
from web.units import how_many, number, plural

ALLOCATED_METRICS = ("slurm_node_gpus_alloc", "kube_pod_container_resource_requests")
IDLE_FOR = timedelta(hours=1)
WINDOW = timedelta(minutes=5)
WINDOWS = IDLE_FOR // WINDOW
MOST_MISSING = 2
"""So many windows of the hour may have no sample, as those at its ends."""
DISAGREES_FOR = timedelta(minutes=15)
"""Whoever drains a node in the scheduler enters it in the inventory at the same time, or soon."""

Kind = SchedulerContradiction.Kind
type Claim = tuple[int, str]
"""A state and the kind of what contradicts it."""


@dataclass(frozen=True, slots=True)
class BothSides:
    """`since` is when both were first seen to differ."""

    since: datetime
    scheduler_says: str
    other_says: str


@dataclass(slots=True)
class NodeHour:
    """The last hour of a node in windows, NaN without a sample: `up` its exporters, `working` each of its GPUs in
    share of time, `allocated` the GPUs that the scheduler gave away."""

    up: list[NDArray[np.float64]] = field(default_factory=list)
    working: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    allocated: list[NDArray[np.float64]] = field(default_factory=list)


def find_contradictions(*, now: datetime) -> int:
    """Store those that begin and end; returns how many stand."""
    states = list(SchedulerState.objects.select_related("device", "source").order_by("pk"))
    standing = {(row.state_id, row.kind): row for row in SchedulerContradiction.objects.order_by("pk")}
    if not states:
        return 0
    hours = _hours({state.site_id for state in states}, now)
    gpus = _gpus({state.device_id for state in states})
    begun: dict[Claim, BothSides] = {}
    agreeing: set[Claim] = set()
    for state in states:
        judged = _judge(state, hours[state.device_id, 0], hours[state.device_id, state.source_id], gpus, now)
        for kind, both in judged:
            if both is None:
                agreeing.add((state.pk, kind))
            else:
                begun[state.pk, kind] = both
    return _store(standing, begun, agreeing, {state.pk: state.site_id for state in states})


def _judge(
    state: SchedulerState, node: NodeHour, by_scheduler: NodeHour, gpus: Mapping[int, int], now: datetime
) -> Iterator[tuple[Kind, BothSides | None]]:
    """Each kind of which it is known whether both sides differ, with None where they agree."""
    is_open = state.standing == SchedulerState.Standing.OPEN
    if is_open == (state.device.status == Device.Status.ACTIVE):
        # Nobody hears of a node any more that left the scheduler: then a change of the inventory ends it.
        yield Kind.INVENTORY, None
    elif state.silent_since is None and state.since <= now - DISAGREES_FOR:
        yield Kind.INVENTORY, _says(state, state.since, state.device.get_status_display().lower())
    if state.silent_since is not None:
        return
    if not is_open:
        yield Kind.EXPORTERS, None
        yield Kind.IDLE_GPUS, None
        return
    if (is_dead := _are_exporters_dead(node)) is not None:
        yield (
            Kind.EXPORTERS,
            _says(state, now - 2 * WINDOW, "its exporters do not answer") if is_dead else None,
        )
    allocated = _least_allocated(by_scheduler)
    if allocated is not None and (is_idle := _do_gpus_idle(node, gpus.get(state.device_id, 0))) is not None:
        idle = f"{how_many(len(node.working), 'GPU', 'GPUs')} at 0 % for an hour"
        is_wrong = allocated > 0 and is_idle
        says = f"{number(allocated, 0)} {plural(round(allocated), 'GPU', 'GPUs')} allocated"
        yield Kind.IDLE_GPUS, BothSides(now - IDLE_FOR, says, idle) if is_wrong else None


def _says(state: SchedulerState, since: datetime, other: str) -> BothSides:
    return BothSides(since, state.get_standing_display().lower(), other)


def _are_exporters_dead(node: NodeHour) -> bool | None:
    """Tell whether none answered in the last two windows; None if none was asked."""
    recent = [line[-2:] for line in node.up if not np.isnan(line[-1])]
    if not recent:
        return None
    return all(not np.isnan(line).any() and line.max() == 0 for line in recent)


def _least_allocated(node: NodeHour) -> float | None:
    """The least number of GPUs allocated in any window of the hour, over all who hold some; None if not known."""
    if not node.allocated:
        return None
    total = np.nansum(np.stack(node.allocated), axis=0)
    is_heard = (~np.isnan(np.stack(node.allocated))).any(axis=0)
    return float(total[is_heard].min()) if is_heard.sum() >= WINDOWS - MOST_MISSING else None


def _do_gpus_idle(node: NodeHour, gpus: int) -> bool | None:
    """Tell whether every GPU of the inventory idled all the time; None unless each one was heard."""
    if not node.working or len(node.working) < gpus:
        return None
    lines = np.stack(list(node.working.values()))
    if ((~np.isnan(lines)).sum(axis=1) < WINDOWS - MOST_MISSING).any():
        # One that works is enough to know that not all idle.
        return False if np.nanmax(lines, initial=0) > 0 else None
    return bool(np.nanmax(lines) == 0)


def _hours(site_ids: Collection[int], now: datetime) -> dict[tuple[int, int], NodeHour]:
    """The last hour by device, and of what a scheduler allocates by device and source: sources of two schedulers do
    not add up."""
    metrics = ["up", *ACTIVITY_METRICS, *ALLOCATED_METRICS]
    rows = queries.window_means(site_ids, metrics, start=now - IDLE_FOR, end=now, now=now)
    hours: dict[tuple[int, int], NodeHour] = defaultdict(NodeHour)
    for row in sorted(rows, key=lambda row: row.series_id):
        if row.device_id is None:
            continue
        node = hours[row.device_id, 0]
        if row.metric == "up":
            node.up.append(row.values)
        elif row.metric == "slurm_node_gpus_alloc" or is_gpu_request(row.metric, row.labels):
            hours[row.device_id, row.source_id].allocated.append(row.values)
    for device_id, lines in activity_by_device(rows).items():
        hours[device_id, 0].working = lines
    return hours


def _gpus(device_ids: Collection[int]) -> dict[int, int]:
    """The GPUs in service of each device, as the inventory has them."""
    counts: dict[int, int] = defaultdict(int)
    rows = Accelerator.objects.filter(device__in=device_ids, status=Accelerator.Status.ACTIVE)
    for device_id in rows.order_by().values_list("device", flat=True):
        counts[device_id] += 1
    return counts


def _store(
    standing: Mapping[Claim, SchedulerContradiction],
    begun: Mapping[Claim, BothSides],
    agreeing: Collection[Claim],
    site_ids: Mapping[int, int],
) -> int:
    ended_ids = [row.pk for claim, row in standing.items() if claim in agreeing]
    new = [
        SchedulerContradiction(
            state_id=state_id,
            site_id=site_ids[state_id],
            kind=kind,
            since=both.since,
            scheduler_says=both.scheduler_says[:200],
            other_says=both.other_says[:200],
        )
        for (state_id, kind), both in sorted(begun.items())
        if (state_id, kind) not in standing
    ]
    with transaction.atomic():
        if ended_ids:
            SchedulerContradiction.objects.filter(pk__in=ended_ids).delete()
        present = _present(new)
        SchedulerContradiction.objects.bulk_create(present, ignore_conflicts=True)
    return len(standing) - len(ended_ids) + len(present)


def _present(rows: Sequence[SchedulerContradiction]) -> list[SchedulerContradiction]:
    """Those whose state nobody deleted meanwhile."""
    states = SchedulerState.objects.filter(pk__in={row.state_id for row in rows}).order_by("pk")
    ids = set(states.select_for_update(no_key=True).values_list("pk", flat=True)) if rows else set()
    return [row for row in rows if row.state_id in ids]
