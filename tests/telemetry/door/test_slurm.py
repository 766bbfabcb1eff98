"""Reports of Slurm as its versions write them, and what is answered to those that are none."""

import gzip
import json

import pytest

from telemetry import drain
from telemetry.models import Series
from tests.telemetry.door.rows import Request, faults

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_samples")]

JSON = {"Content-Type": "application/json", "Content-Encoding": None}
MALFORMED = {"malformed_body": 1}
ADDRESS = "/api/telemetry/import/"


def bad(count=1):
    return {"bad_point": count}


def body(**fields):
    return json.dumps(fields).encode()


def nodes(*rows, **fields):
    return body(nodes=list(rows), **fields)


def node(state=("IDLE",), **fields):
    return {"name": "gpu-01", "state": list(state) if isinstance(state, tuple) else state, **fields}


def without(name, **fields):
    return {field: value for field, value in node(**fields).items() if field != name}


def number(value, *, is_set=True, infinite=False):
    return {"set": is_set, "infinite": infinite, "number": value}


def jobs(*rows):
    return body(jobs=list(rows))


def job(state="RUNNING", **fields):
    return {"job_id": 1, "job_state": state, "user_name": "ada", **fields}


def sums(*, gpus=0, allocated=0, busy=0, idle=0, drained=0, down=0):
    """In order of names: GPUs allocated, idle, total; then of nodes: allocated, down, drained, idle."""
    return [allocated, gpus - allocated, gpus], [busy, down, drained, idle]


def whole(code, **counted):
    """The values of one node without GPUs: its sums, and its state between them."""
    gpus, counts = sums(**counted)
    return [float(value) for value in (*gpus, code, *counts)]


IDLE = whole(0, idle=1)
BUSY = whole(1, busy=1)
MAINTENANCE = whole(3, drained=1)
DRAINING, DRAINED = whole(4, drained=1), whole(5, drained=1)
DOWN = whole(6, down=1)
# Total, allocated and idle GPUs of the site, of the node, its state, and the numbers of nodes.
EIGHT = [4.0, 4.0, 8.0, 4.0, 8.0, 1.0, 1.0, 0.0, 0.0, 0.0]
GPU_STATE = node(("MIXED",), tres="cpu=64,mem=1T,gres/gpu=8", tres_used="cpu=4,gres/gpu=4")
EMPTY = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
REASON = "Not responding"

STATES = {
    "22.05: one word, and flags beside it": Request(nodes(node("idle", state_flags=["DRAIN"])), 204, DRAINED),
    "22.05: no flags": Request(nodes(node("allocated", state_flags=[])), 204, BUSY),
    "23.02: a list": Request(nodes(node(("IDLE", "DRAIN"))), 204, DRAINED),
    "24.11: a list of one": Request(nodes(node(("IDLE",))), 204, IDLE),
    "mixed": Request(nodes(node(("MIXED",))), 204, BUSY),
    "mixed and draining": Request(nodes(node(("MIXED", "DRAIN"))), 204, DRAINING),
    "allocated and draining": Request(nodes(node(("DRAIN", "ALLOCATED"))), 204, DRAINING),
    "completing while it drains": Request(nodes(node(("IDLE", "COMPLETING", "DRAIN"))), 204, DRAINING),
    "down": Request(nodes(node(("DOWN",))), 204, DOWN),
    "down and drained": Request(nodes(node(("DOWN", "DRAIN"))), 204, DOWN),
    "idle and not responding": Request(nodes(node(("IDLE", "NOT_RESPONDING"))), 204, DOWN),
    "failing": Request(nodes(node(("IDLE", "FAIL"))), 204, DOWN),
    "an error": Request(nodes(node(("ERROR",))), 204, DOWN),
    "unknown since the controller began": Request(nodes(node(("UNKNOWN",))), 204, DOWN),
    "registered with other hardware": Request(nodes(node(("IDLE", "INVALID_REG"))), 204, DOWN),
    "maintenance": Request(nodes(node(("IDLE", "MAINTENANCE"))), 204, MAINTENANCE),
    "a reboot that is due": Request(nodes(node(("IDLE", "REBOOT_REQUESTED"))), 204, MAINTENANCE),
    "powered down to save power": Request(nodes(node(("IDLE", "CLOUD", "POWERED_DOWN"))), 204, whole(2)),
    "planned": Request(nodes(node(("IDLE", "PLANNED"))), 204, IDLE),
    "reserved": Request(nodes(node(("IDLE", "RESERVED"))), 204, IDLE),
    "a flag of a later version": Request(nodes(node(("IDLE", "DYNAMIC_NORM", "BRAND_NEW"))), 204, IDLE),
    "small letters with a star": Request(nodes(node("down*")), 204, DOWN),
    "joined by a plus": Request(nodes(node("IDLE+DRAIN")), 204, DRAINED),
    "a node that is not there yet": Request(nodes(node(("FUTURE",))), 204),
    "no state of Slurm": Request(nodes(node(("SLEEPY",))), 400, [], bad()),
    "an empty state": Request(nodes(node("")), 400, [], bad()),
    "an empty list of states": Request(nodes(node(())), 400, [], bad()),
    "no state": Request(nodes(without("state")), 400, [], bad()),
    "null for a state": Request(nodes(node(None)), 400, [], bad()),
    "a number for a state": Request(nodes(node(3)), 400, [], bad()),
    "a number among states": Request(nodes(node(("IDLE", 3))), 400, [], bad()),
    "an object for a state": Request(nodes(node({"current": "IDLE"})), 400, [], bad()),
    "a number for flags": Request(nodes(node("idle", state_flags=3)), 400, [], bad()),
}
NODES = {
    "GPUs by trackable resources": Request(nodes(GPU_STATE), 204, EIGHT),
    "GPUs by generic resources": Request(
        nodes(node(("MIXED",), gres="gpu:h100:8(S:0-1),nic:2", gres_used="gpu:h100:4(IDX:0-2,5),nic:0")),
        204,
        EIGHT,
    ),
    "two types of GPU": Request(
        nodes(node(("MIXED",), gres="gpu:a100:4,gpu:h100:4", gres_used="gpu:a100:4,gpu:h100:0")), 204, EIGHT
    ),
    "types of GPU among trackable resources": Request(
        nodes(node(("MIXED",), tres="gres/gpu:a100=4,gres/gpu:h100=4", tres_used="gres/gpu:a100=4")),
        204,
        EIGHT,
    ),
    "no generic resources": Request(nodes(node(gres="(null)", gres_used="N/A", tres="cpu=4")), 204, IDLE),
    "a share of a GPU is none": Request(nodes(node(gres="shard:8,gpumem:4")), 204, IDLE),
    "more allocated than there are": Request(nodes(node(gres="gpu:4", gres_used="gpu:8")), 400, [], bad()),
    "GPUs that are no number": Request(nodes(node(gres="gpu:h100:many")), 400, [], bad()),
    "fewer GPUs than none": Request(nodes(node(tres="gres/gpu=-1")), 400, [], bad()),
    "far too many GPUs": Request(nodes(node(gres="gpu:99999")), 400, [], bad()),
    "a list for resources": Request(nodes(node(gres=["gpu:8"])), 400, [], bad()),
    "a number for resources": Request(nodes(node(tres=8)), 400, [], bad()),
    "a reason": Request(
        nodes(
            node(
                ("DOWN",), reason=REASON, reason_set_by_user="slurm", reason_changed_at=number(1_700_000_000)
            )
        ),
        204,
        [*DOWN[:3], 1_700_000_000.0, *DOWN[3:]],
    ),
    "22.05: a plain time of the reason": Request(
        nodes(node("down", reason=REASON, reason_changed_at=1_700_000_000)),
        204,
        [*DOWN[:3], 1.7e9, *DOWN[3:]],
    ),
    "a time that is not set": Request(
        nodes(node(("DOWN",), reason=REASON, reason_changed_at=number(0, is_set=False))),
        204,
        [*DOWN[:3], 0.0, *DOWN[3:]],
    ),
    "a time without end": Request(
        nodes(node(("DOWN",), reason=REASON, reason_changed_at=number(0, infinite=True))),
        204,
        [*DOWN[:3], 0.0, *DOWN[3:]],
    ),
    "a reason of the future": Request(
        nodes(node(("DOWN",), reason=REASON, reason_changed_at=number(9_999_999_999))),
        204,
        [*DOWN[:3], 0.0, *DOWN[3:]],
    ),
    "a time without its number": Request(
        nodes(node(reason_changed_at={"set": True, "infinite": False})), 400, [], bad()
    ),
    "text for a time": Request(nodes(node(reason_changed_at="yesterday")), 400, [], bad()),
    "true for a time": Request(nodes(node(reason_changed_at=True)), 400, [], bad()),
    "a time before 1970": Request(nodes(node(reason_changed_at=number(-1))), 400, [], bad()),
    "a part of a second": Request(nodes(node(reason_changed_at=number(1.5))), 400, [], bad()),
    "a number for a reason": Request(nodes(node(reason=4)), 400, [], bad()),
    "a list for a user, which is not read": Request(nodes(node(reason_set_by_user=["root"])), 204, IDLE),
    "null for what is not known": Request(
        nodes(node(reason=None, reason_set_by_user=None, reason_changed_at=None, gres=None)), 204, IDLE
    ),
    "a reason of many lines": Request(
        nodes(node(("DOWN",), reason="bad\nGPU\0 " + "x" * 5000)), 204, [*DOWN[:3], 0.0, *DOWN[3:]]
    ),
    "no name": Request(nodes(without("name")), 400, [], bad()),
    "an empty name": Request(nodes(node(name=" ")), 400, [], bad()),
    "a number for a name": Request(nodes(node(name=7)), 400, [], bad()),
    "a name without end": Request(nodes(node(name="n" * 256)), 400, [], bad()),
    "one name twice": Request(nodes(node(), node(name="GPU-01")), 400, [0.0], bad()),
    "a bad node beside a good one": Request(nodes(node(), node(3, name="gpu-02")), 400, [0.0], bad()),
    "text among nodes": Request(nodes(node(), "gpu-02"), 400, [0.0], bad()),
    "null among nodes": Request(nodes(None), 400, [], bad()),
    "a list among nodes": Request(nodes([node()]), 400, [], bad()),
    "no nodes": Request(nodes(), 204),
}
BODIES = {
    "nodes and jobs": Request(body(nodes=[], jobs=[]), 204, EMPTY),
    "the name of the cluster": Request(
        nodes(node(), meta={"slurm": {"cluster": "porto", "version": {"major": "23"}}}), 204, IDLE
    ),
    "a meta that is text": Request(nodes(node(), meta="slurm"), 204, IDLE),
    "warnings": Request(nodes(node(), warnings=[{"description": "slow"}], errors=[]), 204, IDLE),
    "gzip": Request(gzip.compress(nodes(node())), 204, IDLE, headers={"Content-Encoding": "gzip"}),
    "a charset": Request(
        nodes(node()), 204, IDLE, headers={"Content-Type": "application/json; charset=UTF-8"}
    ),
    "another charset": Request(
        nodes(node()),
        415,
        [],
        {"wrong_content_type": 1},
        {"Content-Type": "application/json; charset=latin-1"},
    ),
    "snappy": Request(nodes(), 415, [], {"unsupported_encoding": 1}, {"Content-Encoding": "snappy"}),
    "nothing": Request(b"", 400, [], MALFORMED),
    "spaces": Request(b" \n", 400, [], MALFORMED),
    "no JSON": Request(b"NodeName=gpu-01 State=IDLE", 400, [], MALFORMED),
    "half of it": Request(nodes(node())[:-9], 400, [], MALFORMED),
    "two of them": Request(nodes() + nodes(), 400, [], MALFORMED),
    "no UTF-8": Request(b'{"nodes": [{"name": "\xff"}]}', 400, [], MALFORMED),
    "half a character": Request(b'{"nodes": [{"name": "\\ud800"}]}', 400, [], MALFORMED),
    "not a number": Request(b'{"nodes": [{"name": "a", "state": NaN}]}', 400, [], MALFORMED),
    "lists in lists": Request(b'{"nodes": ' + b"[" * 3000 + b"]" * 3000 + b"}", 400, [], MALFORMED),
    "a list": Request(b"[]", 400, [], MALFORMED),
    "text": Request(b'"nodes"', 400, [], MALFORMED),
    "a number": Request(b"8", 400, [], MALFORMED),
    "null": Request(b"null", 400, [], MALFORMED),
    "an empty object": Request(b"{}", 400, [], MALFORMED),
    "something else": Request(body(partitions=[]), 400, [], MALFORMED),
    "nodes by name": Request(body(nodes={"gpu-01": node()}), 400, [], MALFORMED),
    "null for nodes": Request(body(nodes=None), 400, [], MALFORMED),
    "text for nodes": Request(body(nodes="gpu-[01-04]"), 400, [], MALFORMED),
    "no answer of the controller": Request(
        body(nodes=[], errors=[{"error": "Unable to contact slurm controller", "error_number": 1}]),
        400,
        [],
        MALFORMED,
    ),
    "an error without words": Request(body(nodes=[], errors=[None]), 400, [], MALFORMED),
    "text for errors": Request(body(nodes=[], errors="none"), 400, [], MALFORMED),
    "a bomb": Request(
        gzip.compress(bytes(70_000_000), 1),
        413,
        [],
        {"body_too_large": 1},
        {"Content-Encoding": "gzip"},
    ),
    "a million empty objects": Request(
        b'{"nodes": [' + b"{}," * 500_000 + b"{}]}", 413, [], {"body_too_large": 1}
    ),
    "too many nodes": Request(
        nodes(*(node(name=f"n{count}") for count in range(50_001))), 413, [], {"body_too_large": 1}
    ),
}
# Completing, GPUs pending, GPUs running, pending, running, suspended.
JOBS = {
    "22.05: a word": Request(jobs(job(tres_alloc_str="cpu=8,gres/gpu=16")), 204, [0, 0, 16, 0, 1, 0]),
    "23.02: a list": Request(jobs(job(["RUNNING"])), 204, [0, 0, 0, 0, 1, 0]),
    "what waits": Request(jobs(job(["PENDING"], tres_req_str="gres/gpu=4")), 204, [0, 4, 0, 1, 0, 0]),
    "at its end": Request(jobs(job(["COMPLETED", "COMPLETING"])), 204, [1, 0, 0, 0, 0, 0]),
    "what ended": Request(jobs(job(["COMPLETED"])), 204, EMPTY),
    "no jobs": Request(jobs(), 204, EMPTY),
    "of sacct": Request(jobs({"job_id": 1, "state": {"current": ["FAILED"]}}), 400, [], MALFORMED),
    "no state": Request(jobs({"job_id": 1}), 400, [], bad()),
    "a number for a state": Request(jobs(job(1)), 400, [], bad()),
    "GPUs that are no number": Request(jobs(job(tres_alloc_str="gres/gpu=all")), 400, [], bad()),
    "text among jobs": Request(jobs("1"), 400, [], bad()),
    "a list for jobs of text": Request(body(jobs="1"), 400, [], MALFORMED),
}


@pytest.fixture
def send(post):
    return lambda content, headers=None: post(content, JSON | (headers or {}), ADDRESS)


@pytest.mark.parametrize("requests", [STATES, NODES, BODIES, JOBS], ids=["states", "nodes", "bodies", "jobs"])
def test_every_report_is_answered_and_what_is_good_in_it_stored(send, sender, requests):
    assert faults(requests, send, sender) == []


def test_there_are_enough_of_them():
    refusals = [
        each for table in (STATES, NODES, BODIES, JOBS) for each in table.values() if each.status >= 400
    ]
    assert len(refusals) >= 60


def test_a_refusal_names_the_path(send):
    status, _, says = send(nodes(node(), node(3, name="gpu-02"), node(name="gpu-03", gres="gpu:x:y")))
    assert (status, says["stored"]) == (400, 1)
    assert says["examples"] == {
        "bad_point": "nodes[1].state is a number, not text or a list of it; and 1 more"
    }
    _, _, says = send(nodes(node(reason_changed_at={"set": True})))
    assert says["examples"]["bad_point"] == "nodes[0].reason_changed_at has no number"
    _, _, says = send(body(nodes={}))
    assert says["detail"] == "nodes is an object, not a list"
    _, _, says = send(body(nodes=[], errors=[{"error": "no controller"}]))
    assert says["detail"] == "errors[0]: Slurm could not answer: no controller"


def test_what_is_stored_names_the_node_and_says_nothing_of_users_of_jobs(send, sender):
    reason = {
        "reason": "ECC\nerrors",
        "reason_set_by_user": "root",
        "reason_changed_at": number(1_700_000_000),
    }
    assert send(nodes(node(("IDLE", "DRAIN"), **reason)))[0] == 204
    assert send(jobs(job()))[0] == 204
    drain.drain(now=sender.clock.at)
    series = {each.metric: each.labels for each in Series.objects.all()}
    assert series["slurm_node_reason"] == {"node": "gpu-01", "reason": "ECC errors"}
    assert "ada" not in json.dumps(series)
