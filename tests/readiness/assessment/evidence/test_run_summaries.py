"""The import's answer and the run's page say what a run rests on, what it proves and what it does not prove."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from readiness.assessment.evidence.operations import RunContext, import_run, mark_baseline, set_floor
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.repeated import GBPS, connect
from web.units import instant

pytestmark = pytest.mark.django_db


@pytest.fixture
def page_of(client_of):
    def look(path):
        answer = client_of("viewer").get(path)
        assert answer.status_code == 200
        return answer.content.decode()

    return look


@pytest.fixture
def nodes(porto):
    kind = made.device_type(slug="dgx-h100", kind="node")
    nodes = [made.device(site=porto, name=f"node-{place}", device_type=kind) for place in (1, 2)]
    for node in nodes:
        for index in range(8):
            made.accelerator(device=node, index=index)
    return nodes


@pytest.fixture
def sent(porto, nodes, form_of):
    client = form_of("ops")

    def send(tool, content, **more):
        body = {"file": SimpleUploadedFile("out", content), "site": "porto", "tool": tool, **more}
        answer = client.post("/api/readiness/validation-runs/", body)
        assert answer.status_code == 201
        return answer.json()

    return send


def test_a_part_of_the_accelerators(sent):
    summary = sent("nccl-tests", outputs.collective(gpus=2))["summary"]
    assert summary["samples"] == "1 size, up to 16 GiB"
    assert summary["failures"] == "0 values were wrong."
    assert summary["coverage"] == "Not all accelerators took part: 2 of 8 of node-1."
    assert {each["part"]: each["value"] for each in summary["proves"]} == {
        "wrong-values": 0,
        "nodes-covered": 0,
        "nodes-current": 0,
    }
    reasons = {f"{each['check']}/{each['part']}": each["reason"] for each in summary["proves_not"]}
    assert "2 of 8 of node-1" in reasons["p1-intra-node/busbw"]
    assert reasons["p1-fabric-collective/pair-busbw"] == "The run has no figure for this sub-measure."


NOT_JUDGED = {
    "a size without a floor": (
        ("nccl-tests", {"size": 8 * outputs.GIB}),
        ("nccl-tests", {"size": 4 * outputs.GIB, "busbw": 20}),
        "p1-fabric-collective/nodes-covered",
        "a floor at 8 GiB; the run's largest row is 4 GiB. Another run counts: run ",
    ),
    "a part of a node": (
        ("nccl-tests", {"size": 8 * outputs.GIB, "hosts": ["node-1"]}),
        ("nccl-tests", {"size": 8 * outputs.GIB, "hosts": ["node-1"], "gpus": 2}),
        "p1-intra-node/busbw",
        "Not all accelerators took part: 2 of 8 of node-1. Another run counts: run ",
    ),
}


@pytest.mark.parametrize("case", NOT_JUDGED)
def test_a_newer_run_that_is_not_judged_says_why_beside_the_one_that_counts(sent, frozen_now, case):
    (tool, older), (_, newer), part, words = NOT_JUDGED[case]
    set_floor(
        platform="dgx-h100", tool=tool, measure="busbw", size_bytes=8 * outputs.GIB, value=100, unit="GB/s",
        by=None, now=frozen_now.at,
    )  # fmt: skip
    both = {"hosts": ["node-1", "node-2"], "operation": "all_reduce", "gpus": 8}
    sent(tool, outputs.collective(**both | older))
    frozen_now.move(hours=1)
    summary = sent(tool, outputs.collective(**both | newer))["summary"]
    reasons = {f"{each['check']}/{each['part']}": each["reason"] for each in summary["proves_not"]}
    assert reasons[part].startswith("It was not judged: ")
    assert words in reasons[part]


def test_requests_that_failed(sent):
    summary = sent("vllm-bench", outputs.served(asked=3200, failed=1409))["summary"]
    assert (summary["samples"], summary["failures"]) == (
        "1,791 requests",
        "1,409 of 3,200 requests failed.",
    )
    assert summary["proves"] == []
    reasons = {each["part"]: each["reason"] for each in summary["proves_not"]}
    assert "1,409 of 3,200 requests failed" in reasons["ttft-p99"]


def test_tests_that_were_skipped(sent):
    content = outputs.diagnostic(dict.fromkeys(range(8), 0), skipped={3: ("memory",)})
    summary = sent("dcgm-diag", content, devices=["node-1"])["summary"]
    assert summary["samples"] == "5 tests, 8 results"
    assert summary["failures"] == "No test failed; tests were skipped on 1 accelerator."
    assert summary["coverage"] == "7 of 8 accelerators of node-1."
    assert "Tests were skipped on GPU 3: memory." in {
        each["reason"] for each in summary["proves_not"] if each["part"] == "worst-severity"
    }


def test_a_severity_has_its_word_beside_it(porto, nodes, sent, page_of):
    content = outputs.diagnostic(dict.fromkeys(range(8), 0) | {3: 2}, bad=("memory",))
    run = sent("dcgm-diag", content, devices=["node-1"])["id"]
    page = page_of(f"/evidence/runs/{run}/")
    assert {"0 (none)", "2 (isolate)"} == set(re.findall(r"[0-6] \([a-z]+\)", page))


def test_every_repeat_that_decides_says_so(porto, nodes, sent, page_of, frozen_now):
    sent_runs = []
    connect(nodes)
    for load in ("idle", "loaded"):
        for place in range(20):
            frozen_now.move(minutes=1)
            content = outputs.latency(mark=f"{load} {place}")
            more = {"load": load, "devices": [node.name for node in nodes]}
            more |= {"load_gbps": GBPS} if load == "loaded" else {}
            sent_runs.append(sent("perftest", content, **more)["id"])
    for run in (sent_runs[0], sent_runs[25], sent_runs[-1]):
        page = page_of(f"/evidence/runs/{run}/")
        assert "/sites/porto/checks/p1-latency-under-load/#part-load-factor" in page
        assert "newer run" not in page


def test_the_page_says_what_it_rests_on(porto, nodes, page_of, frozen_now):
    given = {"site": porto, "tool": "nccl-tests", "file_name": "a", "by": None, "now": frozen_now.at}
    run = import_run(content=outputs.collective(gpus=8, wrong=3), **given)
    page = page_of(f"/evidence/runs/{run.pk}/")
    for words in ("6 values were wrong.", "All 8 accelerators of node-1.", "What it does not prove"):
        assert words in page


@pytest.mark.parametrize(("role", "who"), [("planner", "planner"), ("viewer", "somebody")])
def test_what_was_stated_of_a_run_stands_beside_its_figures(
    client_of, porto, nodes, planner, frozen_now, role, who
):
    run = import_run(
        site=porto,
        tool="nccl-tests",
        content=outputs.collective(gpus=8),
        file_name="out.log",
        by=planner,
        now=frozen_now.at,
        context=RunContext(load="loaded", load_gbps=100.0, device_names=["node-1"]),
    )
    mark_baseline(run, marked=True, by=planner, now=frozen_now.at)
    page = client_of(role).get(f"/evidence/runs/{run.pk}/").content.decode()
    facts = {term: words.strip() for term, words in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page)}
    assert facts["Load"] == "With background load, 100 Gb/s"
    assert facts["Devices"] == "node-1"
    assert facts["Baseline"] == f"since {instant(frozen_now.at)}, by {who}"
    assert facts["Uploaded by"] == who
    assert "Note" not in facts
