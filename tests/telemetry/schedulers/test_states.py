"""Nodes as a scheduler says them: since when, why, and what contradicts it."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from telemetry import drain
from telemetry.asgi import SampleDoor
from telemetry.models import SchedulerContradiction, SchedulerState, Series
from telemetry.schedulers.contradicting import find_contradictions
from telemetry.schedulers.operations import judge_nodes
from telemetry.schedulers.queries import scheduler_figures, withdrawn_since
from telemetry.schedulers.sentences import contradiction
from tests.inventory import made
from tests.pages import words_of
from tests.telemetry.sending import hand_to, ms

pytestmark = pytest.mark.django_db

IDLE, ALLOCATED, DRAINING, DRAINED, DOWN = 0, 1, 4, 5, 6
STEP_S = 300


@pytest.fixture
def node(porto):
    return made.device(site=porto, name="gpu-01")


@pytest.fixture
def gpus(node):
    return [made.accelerator(device=node, index=index) for index in range(2)]


def state_is(code, at=-10, name="gpu-01"):
    return {"__name__": "slurm_node_state", "node": name}, float(code), at


def reason_is(text, given_at_s, at=-10):
    labels = {"__name__": "slurm_node_reason", "node": "gpu-01", "reason": text, "reason_by": "root"}
    return labels, float(given_at_s), at


def tell(sender, *readings):
    sender.deliver(*readings)
    judge_nodes(now=sender.clock.at)
    return SchedulerState.objects.filter(device__name="gpu-01").first()


def test_a_report_of_scontrol_becomes_a_state_with_its_reason(sender, node, client_of):
    given_at = sender.clock.at - timedelta(hours=2)
    report = {
        "nodes": [
            {
                "name": "gpu-01",
                "state": ["IDLE", "DRAIN"],
                "reason": "Fan 3 is loud",
                "reason_set_by_user": "root",
                "reason_changed_at": {"set": True, "infinite": False, "number": ms(given_at) // 1000},
                "tres": "cpu=64,gres/gpu=8",
                "tres_used": "",
            }
        ]
    }
    headers = {
        "authorization": f"Bearer {sender.source.plain_token}",
        "content-type": "application/json",
    }
    body = json.dumps(report).encode()
    headers["content-length"] = str(len(body))
    answer = hand_to(lambda here: SampleDoor(threads=here), "/api/telemetry/import/", body, headers)
    assert answer.status_code == 204, answer.content
    drain.drain(now=sender.clock.at)
    assert judge_nodes(now=sender.clock.at) == 1
    state = SchedulerState.objects.get()
    assert (state.standing, state.reason, state.reason_by) == ("drained", "Fan 3 is loud", "")
    assert state.since == given_at
    assert judge_nodes(now=sender.clock.at) == 0

    page = words_of(client_of("viewer").get(f"/inventory/devices/{node.pk}/"))
    assert "Drained Slurm, since" in page
    assert "Fan 3 is loud" in page


def test_nobody_dates_a_drain_back_before_the_node_was_heard_to_take_work(sender, node):
    tell(sender, state_is(IDLE))
    sender.clock.move(minutes=30)
    tell(sender, state_is(ALLOCATED))
    sender.clock.move(minutes=1)
    claimed_at_s = ms(sender.clock.at) // 1000 - 1200
    state = tell(sender, state_is(DRAINED, 0), reason_is("Fan 3", claimed_at_s, 0))
    assert state.since == sender.clock.at - timedelta(minutes=5)


def test_a_reason_that_is_no_longer_given_ends_its_series(sender, node):
    """A health script makes a new text each time, and the series of a source are limited."""
    for load in range(3):
        tell(sender, state_is(DRAINED, 0), reason_is(f"load {load}", 0, 0))
        sender.clock.move(minutes=1)
    said_at = sender.clock.at - timedelta(minutes=1)
    series = Series.objects.filter(metric="slurm_node_reason").order_by("labels__reason")
    assert list(series.values_list("labels__reason", "ended_at")) == [
        ("load 0", said_at - timedelta(minutes=1)),
        ("load 1", said_at),
        ("load 2", None),
    ]
    # Silence ends none.
    judge_nodes(now=sender.clock.move(hours=1))
    assert series.filter(ended_at=None).count() == 1
    state = tell(sender, state_is(DRAINED, 0), reason_is("load 0", 0, 0))
    assert state.reason == "load 0"
    assert list(series.filter(ended_at=None).values_list("labels__reason", flat=True)) == ["load 0"]
    sender.clock.move(minutes=1)
    tell(sender, state_is(IDLE, 0))
    assert not series.filter(ended_at=None).exists()


def test_silence_ends_nothing_and_excuses_nothing(sender, node, porto):
    state = tell(sender, state_is(DRAINED))
    assert withdrawn_since([porto.pk]) == {node.pk: state.since}
    heard_at = sender.clock.at - timedelta(seconds=10)
    judge_nodes(now=sender.clock.move(minutes=10))
    state.refresh_from_db()
    assert (state.standing, state.silent_since) == ("drained", heard_at)
    assert withdrawn_since([porto.pk]) == {}
    judge_nodes(now=sender.clock.move(hours=10))
    assert SchedulerState.objects.get().standing == "drained"
    state = tell(sender, state_is(IDLE))
    assert (state.standing, state.silent_since, state.reason) == ("open", None, "")


def test_whether_work_runs_there_writes_nothing(sender, node):
    tell(sender, state_is(IDLE))
    sender.clock.move(minutes=1)
    sender.deliver(state_is(ALLOCATED))
    assert judge_nodes(now=sender.clock.at) == 0


def test_kubernetes_and_slurm_tell_of_one_node_apart(sender, node, porto):
    ready = {
        "__name__": "kube_node_status_condition",
        "node": "gpu-01",
        "condition": "Ready",
        "status": "true",
    }
    cordon = {"__name__": "kube_node_spec_unschedulable", "node": "gpu-01"}
    tell(sender, state_is(IDLE), (ready, 1.0, -10), (cordon, 1.0, -10))
    states = dict(SchedulerState.objects.values_list("scheduler", "standing"))
    assert states == {"slurm": "open", "kubernetes": "drained"}
    figures = scheduler_figures(porto, now=sender.clock.at)
    assert (figures.nodes, figures.withdrawn) == (1, 1)


def test_the_inventory_and_the_scheduler_are_told_with_both_sides(sender, node):
    tell(sender, state_is(DRAINED))
    assert find_contradictions(now=sender.clock.at) == 0
    sender.clock.move(minutes=16)
    tell(sender, state_is(DRAINED))
    assert find_contradictions(now=sender.clock.at) == 1
    row = SchedulerContradiction.objects.get()
    assert contradiction(row) == (
        "Slurm says of gpu-01: drained (by porto prometheus); the inventory says: active."
    )
    judge_nodes(now=sender.clock.move(minutes=20))
    assert find_contradictions(now=sender.clock.at) == 1, "silence ends none"
    node.status = "drained"
    node.save()
    tell(sender, state_is(DRAINED))
    assert find_contradictions(now=sender.clock.at) == 0


def test_a_contradiction_moves_with_its_node(sender, node):
    tell(sender, state_is(DRAINED))
    sender.clock.move(minutes=16)
    tell(sender, state_is(DRAINED))
    assert find_contradictions(now=sender.clock.at) == 1
    node.site = made.site(name="Lagos", slug="lagos")
    node.save()
    assert SchedulerContradiction.objects.get().site == node.site


def test_a_drain_keeps_its_time_when_the_last_job_ends(sender, node, porto):
    tell(sender, state_is(IDLE))
    sender.clock.move(minutes=1)
    drained_at = tell(sender, state_is(DRAINING, 0)).since
    sender.clock.move(minutes=16)
    tell(sender, state_is(DRAINING, 0))
    assert find_contradictions(now=sender.clock.at) == 1
    sender.clock.move(minutes=1)
    state = tell(sender, state_is(DRAINED, 0))
    assert (state.standing, state.since) == ("drained", drained_at)
    assert withdrawn_since([porto.pk]) == {node.pk: drained_at}
    assert find_contradictions(now=sender.clock.at) == 1
    sender.clock.move(minutes=1)
    assert tell(sender, state_is(IDLE, 0)).since == sender.clock.at


def test_a_new_difference_from_the_inventory_ends_no_older_one(sender, node):
    tell(sender, state_is(DRAINED))
    sender.clock.move(minutes=16)
    tell(sender, state_is(DRAINED))
    assert find_contradictions(now=sender.clock.at) == 1
    SchedulerState.objects.update(since=sender.clock.at)
    assert find_contradictions(now=sender.clock.at) == 1, "both still differ"


def test_the_inventory_ends_what_a_silent_node_contradicted(sender, node):
    tell(sender, state_is(DRAINED))
    sender.clock.move(minutes=16)
    tell(sender, state_is(DRAINED))
    assert find_contradictions(now=sender.clock.at) == 1
    judge_nodes(now=sender.clock.move(minutes=20))
    assert find_contradictions(now=sender.clock.at) == 1
    node.status = "retired"
    node.save()
    assert find_contradictions(now=sender.clock.at) == 0


def test_one_scheduler_excuses_no_gpu_while_another_gives_the_node_work(sender, node, porto):
    ready = {
        "__name__": "kube_node_status_condition",
        "node": "gpu-01",
        "condition": "Ready",
        "status": "true",
    }
    tell(sender, state_is(DRAINED), (ready, 1.0, -10))
    assert SchedulerState.objects.count() == 2
    assert withdrawn_since([porto.pk]) == {}


def hour_of(metric, value, **labels):
    labels = {"__name__": metric, **labels}
    return [(labels, float(value), -at) for at in range(30, 3600, STEP_S)]


def activity(value, gpu):
    return hour_of("DCGM_FI_DEV_GPU_UTIL", value, Hostname="gpu-01", gpu=str(gpu))


def allocated(count):
    return hour_of("slurm_node_gpus_alloc", count, node="gpu-01")


def test_allocated_gpus_that_idle_for_an_hour_contradict_the_scheduler(sender, node, gpus):
    tell(sender, state_is(ALLOCATED), *allocated(2), *activity(0, 0), *activity(0, 1))
    assert find_contradictions(now=sender.clock.at) == 1
    row = SchedulerContradiction.objects.get()
    assert (row.kind, row.scheduler_says, row.other_says) == (
        "idle-gpus",
        "2 GPUs allocated",
        "2 GPUs at 0 % for an hour",
    )
    sender.clock.move(minutes=5)
    works = {"__name__": "DCGM_FI_DEV_GPU_UTIL", "Hostname": "gpu-01", "gpu": "1"}
    tell(sender, state_is(ALLOCATED), (works, 80.0, -60))
    assert find_contradictions(now=sender.clock.at) == 0


@pytest.mark.parametrize(
    "readings",
    [
        pytest.param([*allocated(2), *activity(0, 0), *activity(40, 1)], id="one works"),
        pytest.param([*allocated(2), *activity(0, 0)], id="one is silent"),
        pytest.param([*allocated(0), *activity(0, 0), *activity(0, 1)], id="nothing is allocated"),
        pytest.param([*activity(0, 0), *activity(0, 1)], id="nobody knows what is allocated"),
        pytest.param([*allocated(2)[:3], *activity(0, 0), *activity(0, 1)], id="allocated just now"),
    ],
)
def test_what_is_not_sure_is_no_contradiction(sender, node, gpus, readings):
    tell(sender, state_is(ALLOCATED), *readings)
    assert find_contradictions(now=sender.clock.at) == 0


def instance(value, gpu, instance_id):
    labels = {"Hostname": "gpu-01", "gpu": str(gpu), "GPU_I_ID": str(instance_id)}
    return hour_of("DCGM_FI_PROF_GR_ENGINE_ACTIVE", value, **labels)


def test_the_busiest_series_of_a_gpu_says_whether_it_works(sender, node, gpus, porto):
    total = hour_of("slurm_node_gpus_total", 2, node="gpu-01")
    # The two instances take turns: neither alone is as busy as their GPU.
    turns = [
        *instance(0.5, 0, 1)[:6],
        *instance(0, 0, 1)[6:],
        *instance(0, 0, 2)[:6],
        *instance(0.5, 0, 2)[6:],
    ]
    working = [*turns, *activity(0, 0), *activity(0, 1)]
    tell(sender, state_is(ALLOCATED), *total, *allocated(2), *working)
    assert Series.objects.filter(accelerator=gpus[0]).count() == 3
    assert find_contradictions(now=sender.clock.at) == 0
    assert scheduler_figures(porto, now=sender.clock.at).hours.goodput == pytest.approx(0.25)


def test_pods_that_follow_one_another_on_a_gpu_make_one_line(sender, node, gpus, porto):
    total = hour_of("slurm_node_gpus_total", 2, node="gpu-01")
    first = hour_of("DCGM_FI_DEV_GPU_UTIL", 0, Hostname="gpu-01", gpu="0", pod="a")[6:]
    second = hour_of("DCGM_FI_DEV_GPU_UTIL", 0, Hostname="gpu-01", gpu="0", pod="b")[:6]
    tell(sender, state_is(ALLOCATED), *total, *allocated(2), *first, *second, *activity(0, 1))
    assert find_contradictions(now=sender.clock.at) == 1
    figures = scheduler_figures(porto, now=sender.clock.at)
    assert figures.hours.judged_share == pytest.approx(1)


def test_a_scheduler_that_gives_work_to_a_dead_node_is_contradicted(sender, node):
    dead = [
        ({"__name__": "up", "job": "node", "instance": "gpu-01:9100"}, 0.0, -at) for at in (20, 80, 310, 400)
    ]
    tell(sender, state_is(IDLE), *dead)
    assert find_contradictions(now=sender.clock.at) == 1
    assert SchedulerContradiction.objects.get().kind == "exporters"
    tell(sender, state_is(DOWN, 0))
    assert find_contradictions(now=sender.clock.at) == 0


def test_gpu_hours_of_a_site(sender, node, gpus, porto, client_of):
    total = hour_of("slurm_node_gpus_total", 2, node="gpu-01")
    tell(sender, state_is(ALLOCATED), *total, *allocated(2), *activity(50, 0), *activity(100, 1))
    figures = scheduler_figures(porto, now=sender.clock.at)
    assert figures.hours.total == pytest.approx(2, abs=0.2)
    assert (figures.hours.allocated_share, figures.hours.goodput) == (1, pytest.approx(0.75))
    viewer = client_of("viewer")
    answer = viewer.get("/api/telemetry/scheduler-figures/?site=porto").json()
    assert (answer["open"], answer["gpu_hours"]["goodput"]) == (1, pytest.approx(0.75))
    assert viewer.get("/api/telemetry/scheduler-figures/?site=nowhere").status_code == 400
    assert viewer.get("/api/telemetry/scheduler-figures/").status_code == 400
    page = words_of(viewer.get("/sites/porto/?tab=compute"))
    assert "1 node takes work, 0 are withdrawn (maintenance or drain), 0 are down." in page
    assert "75 %" in page
    tell(sender, state_is(DRAINED, 0), reason_is("Fan 3 is loud", 0, 0))
    assert "Fan 3 is loud" in words_of(viewer.get("/sites/porto/?tab=compute"))


def test_a_list_of_states_costs_the_same_whatever_its_length(sender, porto, client_of):
    client = client_of("viewer")

    def statements():
        with CaptureQueriesContext(connection) as captured:
            rows = client.get("/api/telemetry/scheduler-states/").json()["results"]
        return len(rows), len(captured)

    def add(numbers):
        for number in numbers:
            made.device(site=porto, name=f"n-{number}")
        sender.deliver(*(state_is(DRAINED, name=f"n-{number}") for number in numbers))
        judge_nodes(now=sender.clock.at)

    add(range(1))
    statements()
    one = statements()
    add(range(1, 30))
    many = statements()
    assert (one[0], many[0]) == (1, 30)
    assert many[1] <= one[1]
    SchedulerState.objects.update(since=sender.clock.at - timedelta(hours=1), silent_since=None)
    assert find_contradictions(now=sender.clock.at) == 30
    assert statements() == many
    filtered = client.get("/api/telemetry/scheduler-states/?site=porto&standing=open").json()
    assert filtered["count"] == 0


def test_the_database_keeps_the_rules(sender, node):
    state = tell(sender, state_is(IDLE))
    for broken in ({"standing": "sleepy"}, {"scheduler": "pbs"}, {"reason": "why"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SchedulerState.objects.filter(pk=state.pk).update(**broken)


def test_statements_do_not_grow_with_nodes(sender, porto):
    def judged(names):
        for name in names:
            made.device(site=porto, name=name)
        sender.deliver(*(state_is(DRAINED, name=name) for name in names))
        with CaptureQueriesContext(connection) as captured:
            judge_nodes(now=sender.clock.at)
            find_contradictions(now=sender.clock.at)
        return len(captured)

    few = judged(["a-1"])
    assert judged([f"b-{number}" for number in range(30)]) <= few + 2
