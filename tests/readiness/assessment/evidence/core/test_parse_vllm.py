"""`vllm bench serve`: latencies of what was completed, and how much was not."""

from datetime import datetime

import pytest

from readiness.assessment.evidence.core.parsers import ParseError, parse
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core.samples import figure


def vllm(**given):
    return parse("vllm-bench", outputs.served(**given))


def test_latencies_are_of_the_model_at_each_percentile():
    run = vllm(p99=412.5, p90_ttft_ms=85.6, p99_itl_ms=27.5)
    found = {(each.name, each.percentile): each.value for each in run.figures if each.percentile}
    assert found == {
        ("ttft", 50): 73.3,
        ("ttft", 90): 85.6,
        ("ttft", 99): 412.5,
        ("tpot", 50): 15.0,
        ("tpot", 99): 25.0,
        ("itl", 99): 27.5,
    }
    tail = figure(run, "ttft", percentile=99)
    assert (tail.unit, tail.subject, tail.samples, tail.operation) == ("ms", "llama", 12_000, "serving")
    assert (figure(run, "duration").value, figure(run, "request_rate").value) == (620, 20)
    assert run.taken_local == datetime(2026, 11, 20, 10)  # noqa: DTZ001 the file has no zone


@pytest.mark.parametrize(
    ("given", "failed"),
    [
        pytest.param({}, 0, id="none"),
        pytest.param({"asked": 3200, "failed": 1409}, 1409, id="as the file counts them"),
        pytest.param({"completed": 11_000}, 1000, id="missing from those asked for"),
        pytest.param({"failed": 0, "errors": ["", "timed out", "reset"]}, 2, id="listed one by one"),
    ],
)
def test_requests_that_failed_are_counted(given, failed):
    count = figure(vllm(**given), "failed_operations")
    assert (count.value, count.operation) == (failed, "requests")
    assert count.samples == given.get("asked", 12_000)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({"completed": 0}, "None of 12000 requests was completed", id="nothing completed"),
        pytest.param({"completed": None}, "'completed' is missing", id="no count"),
        pytest.param({"p99": None, "median_ttft_ms": None}, "no time to the first token", id="no latency"),
    ],
)
def test_a_result_without_what_matters_is_refused(given, reason):
    given = dict(given)
    document = outputs.served(**given)
    if given.get("p99", 1) is None:
        document = document.replace(b'"p99_ttft_ms": null', b'"other": null').replace(
            b'"median_ttft_ms": null', b'"another": null'
        )
    with pytest.raises(ParseError, match=reason):
        parse("vllm-bench", document)


def test_a_single_token_has_no_time_after_the_first():
    run = vllm(tpot=0.0, median_tpot_ms=0.0)
    assert not any(each.name == "tpot" for each in run.figures)
