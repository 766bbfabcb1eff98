"""States of Slurm and Kubernetes in words, as reports, and GPU hours."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from telemetry.core.gpu_hours import NodeLines, gpu_hours
from telemetry.core.schedulers import (
    NodeSample,
    NodeStanding,
    gpus_of_gres,
    gpus_of_tres,
    kubernetes_report,
    slurm_report,
    slurm_standing,
    slurm_words,
)

NOW = datetime(2026, 11, 24, 16, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        pytest.param("idle", "idle", id="idle"),
        pytest.param("mixed", "allocated", id="part of it works"),
        pytest.param("drng", "draining", id="short for draining"),
        pytest.param("drained*", "down", id="drained, and does not answer"),
        pytest.param("drain", "drained", id="drained"),
        pytest.param("MIXED+DRAIN", "draining", id="scontrol as text"),
        pytest.param("DOWN+DRAIN+NOT_RESPONDING", "down", id="down is worse than drained"),
        pytest.param("idle~", "powered-off", id="powered down to save power"),
        pytest.param("idle$", "maintenance", id="within a reservation for maintenance"),
        pytest.param("maint", "maintenance", id="maintenance alone"),
        pytest.param("resv", "idle", id="reserved"),
        pytest.param("comp", "allocated", id="completing"),
        pytest.param("failg", "down", id="failing"),
        pytest.param("", None, id="nothing"),
        pytest.param("banana", None, id="no state of Slurm"),
        pytest.param("cloud", None, id="a flag alone says nothing"),
    ],
)
def test_a_state_of_slurm_means_this_for_work(text, standing):
    assert slurm_standing(slurm_words(text)) == standing


@pytest.mark.parametrize(
    ("text", "gpus"),
    [
        ("", 0),
        ("(null)", 0),
        ("gpu", 1),
        ("gpu:8", 8),
        ("gpu:h100:8", 8),
        ("gpu:h100_80gb_hbm3:8(S:0-1)", 8),
        ("gpu:h100:4(IDX:0-2,5),gpu:a100:2(IDX:N/A),nic:2", 6),
        ("nic:2,shard:8", 0),
    ],
)
def test_gpus_are_counted_among_generic_resources(text, gpus):
    assert gpus_of_gres(text) == gpus


def test_what_is_no_count_is_refused():
    for text in ("gpu:h100:many", "gpu:8:8:8", "gpu:-1:x"):
        with pytest.raises(ValueError, match="no count of GPUs"):
            gpus_of_gres(text)
    with pytest.raises(ValueError, match="no count of GPUs"):
        gpus_of_tres("gres/gpu=8G")
    assert (gpus_of_tres("cpu=4"), gpus_of_tres("gres/gpu=8,gres/gpu:h100=8")) == (None, 8)


def sample(metric, value, at=NOW, **labels):
    return NodeSample(metric, labels, value, at)


def test_the_newest_state_counts_with_the_reason_that_came_with_it():
    old = sample("slurm_node_reason", 0, EARLIER, reason="long ago")
    drained_sample = sample("slurm_node_state", 5)
    reason_sample = sample("slurm_node_reason", 1_700_000_000, reason="ECC", reason_by="root")
    report = slurm_report([sample("slurm_node_state", 0, EARLIER), drained_sample, old, reason_sample])
    assert (report.standing, report.reason, report.reason_by) == (NodeStanding.DRAINED, "ECC", "root")
    assert report.reason_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert slurm_report([drained_sample, old]).reason == ""
    assert slurm_report([sample("slurm_node_state", 0), reason_sample]).reason == ""
    assert slurm_report([sample("slurm_node_state", 99)]) is None
    assert slurm_report([sample("slurm_node_state", 0.5)]) is None
    assert slurm_report([]) is None


def test_of_the_texts_of_an_exporter_the_newest_count_and_the_worst_among_them():
    before = sample("slurm_node_status", 1, EARLIER, status="down")
    partitions = [sample("slurm_node_status", 1, status=status) for status in ("idle", "drain")]
    assert slurm_report([before, *partitions]).standing == NodeStanding.DRAINED
    assert slurm_report([before, sample("slurm_node_status", 0, status="down")]).standing == NodeStanding.DOWN
    assert slurm_report([sample("slurm_node_cpu_total", 64, status="mix")]).standing == NodeStanding.ALLOCATED
    assert slurm_report([sample("slurm_node_status", 1, status="banana")]) is None


def ready(value=1, at=NOW):
    return sample("kube_node_status_condition", value, at, condition="Ready", status="true")


CORDON = sample("kube_node_spec_unschedulable", 1)
GPUS = sample("kube_pod_container_resource_requests", 4, resource="nvidia_com_gpu", pod="a")


@pytest.mark.parametrize(
    ("samples", "standing", "reason"),
    [
        pytest.param([ready()], "idle", "", id="ready"),
        pytest.param([ready(), GPUS], "allocated", "", id="pods hold GPUs"),
        pytest.param([ready(), CORDON], "drained", "cordoned", id="cordoned"),
        pytest.param([ready(), CORDON, GPUS], "draining", "cordoned", id="cordoned while pods hold GPUs"),
        pytest.param([ready(0)], "down", "NotReady", id="not ready"),
        pytest.param([ready(0), CORDON], "down", "NotReady, cordoned", id="not ready and cordoned"),
        pytest.param(
            [ready(), CORDON, sample("kube_node_spec_taint", 1, key="repair", effect="NoSchedule")],
            "drained",
            "cordoned, taint repair",
            id="a taint is named",
        ),
        pytest.param(
            [ready(), sample("kube_node_spec_taint", 1, key="nvidia.com/gpu", effect="NoSchedule")],
            "idle",
            "",
            id="the usual taint of GPUs",
        ),
        pytest.param(
            [ready(0), sample("kube_node_spec_taint", 1, EARLIER, key="repair", effect="NoSchedule")],
            "down",
            "NotReady",
            id="a taint that was lifted",
        ),
        pytest.param([ready(), sample("kube_node_spec_unschedulable", 0)], "idle", "", id="not cordoned"),
    ],
)
def test_kubernetes_says(samples, standing, reason):
    report = kubernetes_report(samples)
    assert (report.standing, report.reason) == (standing, reason)


def test_without_the_condition_ready_nothing_is_known():
    unknown = sample("kube_node_status_condition", 1, condition="Ready", status="unknown")
    assert kubernetes_report([unknown, CORDON, GPUS]) is None


def line(*values):
    return np.array(values, np.float64)


NAN = float("nan")
HOUR = (8.0,) * 12


def test_goodput_is_the_part_of_the_hours_that_was_allocated_and_worked():
    works = [line(*([0.5] * 12)) for _ in range(8)]
    hours = gpu_hours([NodeLines(line(*HOUR), line(*HOUR), works)])
    assert (hours.total, hours.allocated, hours.useful) == (8, 8, 4)
    assert (hours.allocated_share, hours.goodput, hours.judged_share) == (1, 0.5, 1)


def test_gpus_that_work_without_an_allocation_do_no_useful_work():
    works = [line(*([1.0] * 12)) for _ in range(8)]
    idle = gpu_hours([NodeLines(line(*HOUR), line(*([0.0] * 12)), works)])
    assert (idle.goodput, idle.allocated_share) == (0, 0)
    half = gpu_hours([NodeLines(line(*HOUR), line(*([4.0] * 12)), works)])
    assert half.goodput == 0.5
    assert gpu_hours([NodeLines(line(*HOUR), line(*([NAN] * 12)), works)]).allocated == 0


def test_hours_without_activity_of_every_gpu_are_left_out_of_the_goodput():
    """Silence of GPUs must not look like work, nor like idling."""
    silent = [line(*([1.0] * 6), *([NAN] * 6)) for _ in range(8)]
    hours = gpu_hours([NodeLines(line(*HOUR), line(*HOUR), silent)])
    assert (hours.judged, hours.goodput, hours.judged_share) == (4, 1, 0.5)
    some = gpu_hours([NodeLines(line(*HOUR), line(*HOUR), silent[:7])])
    assert (some.judged, some.goodput) == (0, None)
    assert gpu_hours([NodeLines(line(*HOUR), line(*HOUR), [])]).goodput is None
    assert gpu_hours([]).allocated_share is None
    unheard = gpu_hours([NodeLines(line(*([NAN] * 12)), line(*HOUR), silent)])
    assert (unheard.total, unheard.judged_share) == (0, None)
