"""From served requests to proofs: the class and its peak, the model, length and number of requests."""

from dataclasses import replace

import pytest

from readiness.assessment.evidence.core.proving import serving
from readiness.assessment.evidence.core.proving.values import ServedClass
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core.test_proving import NOW, SITE, only, run
from tests.readiness.assessment.evidence.core.test_proving_latency import DEMANDING

SERVING = DEMANDING.check("p1-serving-latency")


def serve(runs, site=SITE):
    return serving.serving(SERVING, runs, site, NOW)


def test_served_requests_by_their_tail():
    from tests.readiness.assessment.evidence.core.test_parse_others import logged
    from tests.readiness.assessment.evidence.core.trap_outputs import served

    log = logged("result_first_token_99.00_percentile_latency_ns", 5, 450_000_000)
    log += logged("result_validity", 6, "VALID")
    found = serve([run("mlperf", log.encode(), scope="site")])
    assert only(found, "ttft-p99").cannot_judge == "The run does not say that it lasted 600 s."
    assert "tpot-p99" not in found
    assert "duration" not in found
    found = serve([run("mlperf", served(), scope="site")])
    assert (only(found, "ttft-p99").value, only(found, "ttft-p99").cannot_judge) == (450, "")
    assert only(found, "duration").value == 600


def served_by_vllm(**given):
    return run("vllm-bench", outputs.served(**given), scope="site", id=given.get("id", 1))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({}, "", id="as the framework asks"),
        pytest.param({"seconds": 564.1}, "lasted 564 s; 600 s are needed", id="too short"),
        pytest.param({"rate": "inf"}, "not sent at a rate", id="no rate"),
        pytest.param({"burstiness": 0.2}, "not Poisson", id="bursts"),
        pytest.param({"asked": 500}, "p99 needs 1000 samples", id="too few requests"),
    ],
)
def test_a_served_run_is_evidence_at_a_rate_for_long_enough(given, reason):
    tail = only(serve([served_by_vllm(**given)]), "ttft-p99")
    assert tail.value == 400
    assert reason in tail.cannot_judge
    assert bool(tail.cannot_judge) == bool(reason)


def test_failed_requests_void_a_served_run_and_outweigh_an_older_clean_one():
    runs = [
        run("vllm-bench", outputs.served(), days=3),
        run("vllm-bench", outputs.served(asked=3200, failed=1409, p99=73.0), days=1, id=2),
    ]
    tail = only(serve(runs), "ttft-p99")
    assert (tail.value, tail.ref) == (None, "run:2")
    assert tail.failed == "1,409 of 3,200 requests failed: the run is void, whatever its figures say."


def test_each_model_has_its_newest_run():
    runs = [
        run("vllm-bench", outputs.served(model="large", p99=9000.0), days=3),
        run("vllm-bench", outputs.served(model="small"), days=1, id=2),
    ]
    tails = serve(runs)["ttft-p99"]
    alone = "; no class here declares a model or a peak to compare with"
    assert {(each.detail, each.value) for each in tails} == {("large" + alone, 9000), ("small" + alone, 400)}


LLAMA = "meta-llama/Llama-3.1-70B-Instruct"
ASSISTANT = ServedClass("assistant", (LLAMA, "Llama-3.1-405B"), peak_per_s=12.0, accelerators=4)
SPEECH = ServedClass("speech", ("whisper-large-v3",), peak_per_s=2.0)
ANY = ServedClass("any", (), peak_per_s=12.0)


def serving_site(*served):
    return replace(SITE, served=served)


@pytest.mark.parametrize(
    ("served", "given", "reason"),
    [
        pytest.param([ASSISTANT], {}, "", id="the model at its peak"),
        pytest.param(
            [ASSISTANT], {"model": "/models/llama-3.1-70b-instruct/"}, "", id="another path to the model"
        ),
        pytest.param([ASSISTANT], {"model": "llama-3.1-405B"}, "", id="a larger model that the class names"),
        pytest.param(
            [ASSISTANT], {"rate": 5.4, "nodes": (1,)}, "", id="half of the class at half of its peak"
        ),
        pytest.param(
            [ASSISTANT],
            {"rate": 4.0, "nodes": (1,)},
            "; class assistant serves meta-llama/Llama-3.1-70B-Instruct at 6/s at peak on the accelerators of the run.",
            id="half of the class at a third of its peak",
        ),
        pytest.param(
            [ASSISTANT], {"rate": 6.0, "nodes": ()}, "at 6 requests/s; class assistant", id="no devices named"
        ),
        pytest.param(
            [ASSISTANT],
            {"rate": 0.05, "asked": 1000, "seconds": 20_000.0},
            "The run served meta-llama/Llama-3.1-70B-Instruct at 0.05 requests/s; class assistant serves "
            "meta-llama/Llama-3.1-70B-Instruct at 12/s at peak.",
            id="next to no rate",
        ),
        pytest.param(
            [ASSISTANT, SPEECH],
            {"model": "facebook/opt-125m"},
            "The run served facebook/opt-125m at 12 requests/s; class assistant serves "
            "meta-llama/Llama-3.1-70B-Instruct at 12/s at peak.",
            id="a tiny model",
        ),
        pytest.param([ANY], {"model": "facebook/opt-125m"}, "", id="a class that names no model"),
        pytest.param(
            [ANY],
            {"rate": 1.0, "asked": 1000, "seconds": 1000.0},
            "class any serves any model at 12/s",
            id="no model",
        ),
        pytest.param(
            [ANY, ServedClass("small", (), peak_per_s=0.5)],
            {"rate": 1.0, "asked": 1000, "seconds": 1000.0},
            "",
            id="one of the classes that name no model",
        ),
        pytest.param(
            [ServedClass("quiet", (LLAMA,))], {"rate": 2.0, "seconds": 6000.0}, "", id="no peak declared"
        ),
        pytest.param(
            [ANY], {"request_throughput": None}, "at a rate that it does not state", id="no rate in the file"
        ),
    ],
)
def test_a_served_run_is_of_the_class_and_its_peak(served, given, reason):
    given = {"model": LLAMA, "rate": 12.0, "seconds": 1000.0, **given}
    nodes = given.pop("nodes", (1, 2))
    given.setdefault("asked", round(given["rate"] * given["seconds"]))
    content = outputs.served(**given)
    one = run("vllm-bench", content, scope="site", nodes=nodes)
    found = serve([one], serving_site(*served))
    for part in ("ttft-p99", "tpot-p99", "duration"):
        proof = only(found, part)
        assert reason in proof.cannot_judge
        assert bool(proof.cannot_judge) == bool(reason)
        assert proof.detail == given["model"]


def test_a_run_of_another_model_does_not_stand_beside_one_of_the_class():
    runs = [
        run("vllm-bench", outputs.served(model=LLAMA, rate=12.0, seconds=1000.0), days=3),
        run("vllm-bench", outputs.served(model="facebook/opt-125m", p99=5.0), days=1, id=2),
    ]
    assert only(serve(runs, serving_site(ASSISTANT)), "ttft-p99").ref == "run:1"


def test_a_slow_run_hides_no_run_at_the_peak_and_a_newer_one_replaces_it():
    at_peak = outputs.served(model=LLAMA, rate=12.0, seconds=1000.0)
    slow = outputs.served(model=LLAMA, rate=1.0, asked=1000, seconds=1000.0, p99=5.0)
    larger = outputs.served(model="llama-3.1-405b", rate=12.0, seconds=1000.0, p99=800.0)
    runs = [run("vllm-bench", at_peak, days=3), run("vllm-bench", slow, days=2, id=2)]
    assert only(serve(runs, serving_site(ASSISTANT)), "ttft-p99").ref == "run:1"
    runs.append(run("vllm-bench", larger, days=1, id=3))
    assert only(serve(runs, serving_site(ASSISTANT)), "ttft-p99").value == 800


def test_a_log_without_a_model_is_of_no_class_that_names_one():
    from tests.readiness.assessment.evidence.core.trap_outputs import served

    one = run("mlperf", served(), scope="site")
    reason = only(serve([one], serving_site(ASSISTANT)), "ttft-p99").cannot_judge
    assert reason.startswith("The run served a model that it does not name at 20 requests/s; class assistant")
    assert only(serve([one], serving_site(ANY)), "ttft-p99").cannot_judge == ""


def test_failed_requests_of_the_class_outweigh_its_older_run():
    runs = [
        run("vllm-bench", outputs.served(model=LLAMA, rate=12.0, seconds=1000.0), days=3),
        run("vllm-bench", outputs.served(model=LLAMA, asked=3200, failed=1409), days=1, id=2),
    ]
    assert only(serve(runs, serving_site(ASSISTANT)), "ttft-p99").failed


@pytest.mark.parametrize(
    ("count", "reason"),
    [
        pytest.param(900, "The run served 900 requests; 1,000 are needed.", id="few"),
        pytest.param(None, "The run does not say that it served 1,000 requests.", id="not stated"),
    ],
)
def test_a_served_run_needs_requests(count, reason):
    from tests.readiness.assessment.evidence.core.trap_outputs import served

    content = served(count=count or 900)
    if count is None:
        content = b"".join(line for line in content.splitlines(keepends=True) if b"query_count" not in line)
    assert only(serve([run("mlperf", content, scope="site")]), "ttft-p99").cannot_judge == reason
