"""Write what schedulers say of nodes, each minute, by the newest samples of their series."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from inventory.models import Device, Site
from telemetry import queries
from telemetry.core.rows import Latest
from telemetry.core.schedulers import (
    SLURM_TEXTS,
    NodeReport,
    NodeSample,
    kubernetes_report,
    since_of,
    slurm_report,
)
from telemetry.models import Series
from telemetry.schedulers.models import SchedulerState

SLURM_METRICS = ("slurm_node_state", "slurm_node_reason", *SLURM_TEXTS)
KUBERNETES_METRICS = (
    "kube_node_status_condition",
    "kube_node_spec_unschedulable",
    "kube_node_spec_taint",
    "kube_pod_container_resource_requests",
)
STATE_METRICS = ("slurm_node_state", *SLURM_TEXTS, "kube_node_status_condition")
"""Without one of these, nothing is known of a node."""
CADENCES_MISSED = 3
SHORTEST_SILENCE_S = 300.0
READ_S = 1800.0
"""Longer than any usual silence, so that what a scheduler said last is read."""
WRITTEN = ("standing", "since", "reason", "reason_by", "silent_since")

type StateKey = tuple[int, str, int]
"""Device, scheduler and source."""


@dataclass(frozen=True, slots=True)
class HeardReport:
    """`said_series` are the series that a report of scontrol had; there are none for other reports."""

    report: NodeReport
    site_id: int
    silence_s: float
    said_series: frozenset[int]

    def is_fresh(self, now: datetime) -> bool:
        return self.report.taken_at > now - timedelta(seconds=self.silence_s)


def judge_nodes(*, now: datetime) -> int:
    """Store what changed; returns of how many nodes."""
    reports = read_reports(now=now)
    _end_reasons({key: heard for key, heard in reports.items() if heard.said_series and heard.is_fresh(now)})
    states = {_key(state): state for state in SchedulerState.objects.order_by("pk")}
    changed_states = [
        state
        for key in sorted(reports.keys() | states.keys())
        if (state := _judged(key, states.get(key), reports.get(key), now)) is not None
    ]
    return _store(changed_states)


def _key(state: SchedulerState) -> StateKey:
    return state.device_id, state.scheduler, state.source_id


def read_reports(*, now: datetime) -> dict[StateKey, HeardReport]:
    site_ids = _sending_sites()
    samples = queries.latest(site_ids, [*SLURM_METRICS, *KUBERNETES_METRICS], now=now, within_s=READ_S)
    rows: dict[StateKey, list[Latest]] = defaultdict(list)
    for sample in samples:
        if sample.device_id is not None:
            scheduler = "slurm" if sample.metric.startswith("slurm") else "kubernetes"
            rows[sample.device_id, scheduler, sample.source_id].append(sample)
    return {key: heard for key, of_node in rows.items() if (heard := _heard(key, of_node)) is not None}


def _sending_sites() -> list[int]:
    rows = Series.objects.filter(metric__in=STATE_METRICS, site__isnull=False, ended_at=None)
    running = rows.exclude(site__stage=Site.Stage.RETIRED)
    return sorted(running.order_by().values_list("site", flat=True).distinct())


def _heard(key: StateKey, rows: Sequence[Latest]) -> HeardReport | None:
    read_report = slurm_report if key[1] == "slurm" else kubernetes_report
    report = read_report(node_samples(rows))
    if report is None:
        return None
    silence_s = max(SHORTEST_SILENCE_S, CADENCES_MISSED * rows[0].cadence_s)
    said_rows = [row for row in rows if row.ts >= report.taken_at]
    is_of_scontrol = any(row.metric == "slurm_node_state" for row in said_rows)
    said_series = frozenset(row.series_id for row in said_rows) if is_of_scontrol else frozenset()
    return HeardReport(report, rows[0].site_id, silence_s, said_series)


@transaction.atomic
def _end_reasons(reports: Mapping[StateKey, HeardReport]) -> None:
    """End the series of reasons that the newest report no longer gives: each text makes one, and no report marks its
    end. A reason that is given again goes on in its series."""
    rows = Series.objects.filter(
        metric="slurm_node_reason",
        ended_at=None,
        device__in={device_id for device_id, _, _ in reports},
    )
    ended_series = []
    for series in rows.order_by("pk").select_for_update(no_key=True).only("device", "source", "ended_at"):
        heard = reports.get((series.device_id or 0, "slurm", series.source_id))
        if heard is not None and series.pk not in heard.said_series:
            series.ended_at = heard.report.taken_at
            ended_series.append(series)
    Series.objects.bulk_update(ended_series, ["ended_at"], batch_size=1000)


def node_samples(rows: Iterable[Latest]) -> list[NodeSample]:
    return [NodeSample(row.metric, row.labels, row.value, row.ts, row.cadence_s) for row in rows]


def _judged(
    key: StateKey, state: SchedulerState | None, heard: HeardReport | None, now: datetime
) -> SchedulerState | None:
    """The row as it has to be written; None if nothing changed."""
    if heard is None or not heard.is_fresh(now):
        if state is None or state.silent_since is not None:
            return None
        state.silent_since = heard.report.taken_at if heard else now
        return state
    report = heard.report
    if state is None:
        device_id, scheduler, source_id = key
        state = SchedulerState(
            device_id=device_id, scheduler=scheduler, source_id=source_id, site_id=heard.site_id
        )
        return _take(state, report, since_of(report, was_open=None, known_since=None, heard_open_at=None))
    before = [getattr(state, name) for name in WRITTEN]
    since = state.since if state.standing == report.stored_standing else _changed_at(state, heard)
    _take(state, report, since)
    return state if [getattr(state, name) for name in WRITTEN] != before else None


def _changed_at(state: SchedulerState, heard: HeardReport) -> datetime:
    was_open = state.standing == SchedulerState.Standing.OPEN
    heard_open_at = state.silent_since or heard.report.taken_at - timedelta(seconds=heard.silence_s)
    return since_of(
        heard.report,
        was_open=was_open,
        known_since=state.since,
        heard_open_at=max(heard_open_at, state.since),
    )


def _take(state: SchedulerState, report: NodeReport, since: datetime) -> SchedulerState:
    state.standing, state.since, state.silent_since = report.stored_standing, since, None
    state.reason, state.reason_by = report.reason, report.reason_by
    return state


def _store(states: Sequence[SchedulerState]) -> int:
    if not states:
        return 0
    with transaction.atomic():
        sites = _present_sites(states)
        present = [state for state in states if state.device_id in sites]
        new_states = [state for state in present if state.pk is None]
        for state in new_states:
            # The samples may be from before the device moved.
            state.site_id = sites[state.device_id]
        SchedulerState.objects.bulk_create(new_states, ignore_conflicts=True)
        SchedulerState.objects.bulk_update([state for state in present if state.pk is not None], WRITTEN)
    return len(present)


def _present_sites(states: Iterable[SchedulerState]) -> Mapping[int, int]:
    """The sites of those of the devices that still exist, locked until the rows are written."""
    ids = sorted({state.device_id for state in states})
    rows = Device.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    return dict(rows.values_list("pk", "site_id"))
