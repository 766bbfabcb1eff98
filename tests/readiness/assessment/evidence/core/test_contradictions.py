"""Figures of a file that cannot all be true: one sentence, with both; and files as tools write them, without one."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.assessment.evidence.core.parsers import ParseError, parse
from readiness.demo.core import outputs as demo
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core import test_parse_network as network
from tests.readiness.assessment.evidence.core import test_parse_others as others
from tests.readiness.assessment.evidence.core import trap_outputs as trapped
from tests.readiness.assessment.evidence.core.samples import FOLDER, figure, sample

CVS = FOLDER.parent / "verdicts" / "cvs"


def contradiction(tool, document):
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse(tool, content).contradiction


def changed(document, path, value):
    """Return the document with another value at the path (`end.sum_sent.bytes`)."""
    copy = json.loads(json.dumps(document))
    *steps, last = path.split(".")
    place = copy
    for step in steps:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    return copy


def served(**more):
    """A result of vLLM of four requests, with a row for each."""
    document = {
        "num_prompts": 5,
        "completed": 4,
        "failed": 1,
        "duration": 8.0,
        "request_rate": 1.0,
        "burstiness": 1.0,
        "request_throughput": 0.5,
        "total_input_tokens": 40,
        "total_output_tokens": 12,
        "output_throughput": 1.5,
        "total_token_throughput": 6.5,
        "mean_ttft_ms": 250.0,
        "median_ttft_ms": 250.0,
        "p50_ttft_ms": 250.0,
        "p90_ttft_ms": 370.0,
        "p99_ttft_ms": 397.0,
        "median_tpot_ms": 20.0,
        "p99_tpot_ms": 20.0,
        "median_itl_ms": 20.0,
        "p99_itl_ms": 20.0,
        "median_e2el_ms": 290.0,
        "p99_e2el_ms": 437.0,
        "input_lens": [10, 10, 10, 10, 10],
        "output_lens": [3, 3, 0, 3, 3],
        "ttfts": [0.1, 0.2, 0.0, 0.3, 0.4],
        "itls": [[0.02, 0.02], [0.02, 0.02], [], [0.02, 0.02], [0.02, 0.02]],
        "errors": ["", "", "timed out", "", ""],
    }
    return document | more


SERVED = [
    pytest.param(
        {"request_throughput": 5.0}, "request throughput is 5 /s in the file, .* give 0.5 /s", id="requests"
    ),
    pytest.param({"output_throughput": 15.0}, "give 1.5 tokens/s", id="output tokens a second"),
    pytest.param({"total_token_throughput": 65.0}, "give 6.5 tokens/s", id="tokens a second"),
    pytest.param({"duration": 80.0}, "give 0.05 /s", id="another duration"),
    pytest.param(
        {"completed": 6, "failed": 0}, "completed requests is 6 .* give 5 at most", id="more than were asked"
    ),
    pytest.param(
        {"completed": 2, "request_throughput": 0.25}, "completed requests is 2", id="another count than rows"
    ),
    pytest.param(
        {"p50_ttft_ms": 25.0, "median_ttft_ms": 250.0}, "p50 of the ttft is 25 ms", id="two medians"
    ),
    pytest.param(
        {"p90_ttft_ms": 100.0}, "p90 of the ttft is 100 ms in the file, below its p50 of 250", id="a fall"
    ),
    pytest.param(
        {"p99_ttft_ms": 9000.0, "p99_e2el_ms": 9500.0}, "9000 ms .* give 8000 ms at most", id="beyond the run"
    ),
    pytest.param(
        {"median_e2el_ms": 200.0}, "p50 of the ttft is 250 ms .* give 200 ms at most", id="first token last"
    ),
    pytest.param(
        {"p99_ttft_ms": 380.0}, "p99 of the ttft is 380 ms .* give 397 ms", id="another p99 than rows"
    ),
    pytest.param({"mean_ttft_ms": 25.0}, "mean ttft is 25 ms .* give 250 ms", id="another mean than rows"),
    pytest.param({"p99_itl_ms": 30.0}, "p99 of the itl is 30 ms .* give 20 ms", id="other gaps than rows"),
    pytest.param(
        {"total_output_tokens": 120, "output_throughput": 15.0, "total_token_throughput": 20.0},
        "output tokens is 120 tokens .* give 12 tokens",
        id="other tokens than rows",
    ),
    pytest.param(
        {"output_lens": [3, 3]}, "number of output_lens is 2 .* give 5 requests", id="rows are missing"
    ),
]


@pytest.mark.parametrize(("change", "sentence"), SERVED)
def test_what_vllm_serves_agrees_with_its_counts_and_rows(change, sentence):
    assert contradiction("vllm-bench", served()) == ""
    assert re.search(sentence, contradiction("vllm-bench", served(**change)))


@pytest.mark.parametrize("name", ["vllm_results_sample.json", "vllm_results_widened.json"])
def test_a_result_of_vllm_as_it_came_has_no_contradiction(name):
    if not (CVS / name).exists():
        pytest.skip("the samples are a folder beside the repository")
    run = parse("vllm-bench", (CVS / name).read_bytes())
    assert run.contradiction == ""
    assert figure(run, "requests").value in (12_800, 1791)


def iperf3():
    stream = {"start": 0, "end": 10.0, "seconds": 10.0, "bytes": 12_500_000_000, "bits_per_second": 1e10}
    total = {**stream, "bytes": 25_000_000_000, "bits_per_second": 2e10}
    intervals = [
        {
            "streams": [],
            "sum": {"seconds": 1.0, "bytes": 2_500_000_000, "bits_per_second": 2e10, "omitted": False},
        }
        for _ in range(10)
    ]
    warm_up = {"streams": [], "sum": {"seconds": 1.0, "bytes": 9, "bits_per_second": 72.0, "omitted": True}}
    streams = [{"sender": stream, "receiver": stream} for _ in range(2)]
    end = {"streams": streams, "sum_sent": total, "sum_received": total}
    return json.loads(network.iperf3(end=end, intervals=[warm_up, *intervals]))


def udp(**more):
    total = {"seconds": 2.0, "bytes": 50_000_000, "bits_per_second": 2e8, "packets": 1000, "lost_packets": 10}
    start = {"test_start": {"protocol": "UDP"}, "connected": []}
    return json.loads(network.iperf3(start=start, end={"sum": {**total, "lost_percent": 1.0, **more}}))


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        pytest.param(
            changed(iperf3(), "end.sum_received.bits_per_second", 2e11), "is 2e+11 b/s in the file", id="rate"
        ),
        pytest.param(changed(iperf3(), "end.sum_received.bytes", 2.5e11), "give 2e+11 b/s", id="bytes"),
        pytest.param(changed(iperf3(), "end.sum_received.seconds", 1.0), "give 2e+11 b/s", id="seconds"),
        pytest.param(
            changed(iperf3(), "end.streams.1.receiver.bits_per_second", 5e10), "of stream 2", id="a stream"
        ),
        pytest.param(
            changed(iperf3(), "intervals.4.sum.bits_per_second", 5e10), "(interval 5)", id="an interval"
        ),
        pytest.param(
            changed(iperf3(), "end.streams", iperf3()["end"]["streams"][:1]),
            "sum_sent",
            id="streams are missing",
        ),
        pytest.param(
            changed(iperf3(), "intervals", iperf3()["intervals"][:4]), "seconds of the run is 10 s", id="cut"
        ),
        pytest.param(
            udp(lost_percent=0.0), "loss (sum) is 0 % in the file, but its other figures give 1 %", id="loss"
        ),
    ],
)
def test_rates_of_iperf3_are_bytes_over_seconds_and_sums_of_streams(document, sentence):
    assert sentence in contradiction("iperf3", document)


def fio():
    latency = {"min": 20_000, "max": 3_000_000, "mean": 50_000.0, "N": 600}
    latency["percentile"] = {"50.000000": 46_336, "99.000000": 1_941_504}
    read = {"io_bytes": 60_000_000, "bw_bytes": 10_000_000, "iops": 100.0, "runtime": 6000, "total_ios": 600}
    job = {"jobname": "rand", "error": 0, "job options": {}, "read": {**read, "clat_ns": latency}}
    return json.loads(others.fio(jobs=[job]))


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        pytest.param(
            "bw_bytes", 20_000_000, "bw_bytes of the read of rand is 2e+07 B/s", id="bytes a second"
        ),
        pytest.param("iops", 200.0, "iops of the read of rand is 200 /s", id="operations a second"),
        pytest.param("runtime", 600, "give 1e+08 B/s", id="another time"),
        pytest.param("clat_ns.percentile", {"50.0": 90_000, "99.0": 50_000}, "below its p50", id="a fall"),
        pytest.param("clat_ns.percentile", {"99.0": 4_000_000}, "below its p99", id="above the maximum"),
        pytest.param("clat_ns.mean", 4_000_000.0, "above the maximum", id="a mean above the maximum"),
    ],
)
def test_rates_of_fio_are_counts_over_the_runtime(path, value, sentence):
    document = fio()
    assert contradiction("fio", document) == ""
    assert sentence in contradiction("fio", changed(document, f"jobs.0.read.{path}", value))


def sockperf(old="", new=""):
    text = network.SOCKPERF.replace("# dropped messages = 2", "# dropped messages = 0")
    return text.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param(
            "26.1", "8.1", "p99 of the latency is 8.1 µs in the file, below its p50 of 9.1", id="a fall"
        ),
        pytest.param("156.783", "90.0", "maximum of the latency is 90", id="above the maximum"),
        pytest.param("7.623", "9.4", "below its minimum", id="below the minimum"),
        pytest.param("avg-latency=9.257", "avg-latency=3.1", "below the minimum of 7.623", id="average"),
        pytest.param("is 9.257 usec", "is 8.257 usec", "latency in the summary", id="summary"),
        pytest.param("std-dev=1.083", "std-dev=99.0", "standard deviation", id="spread"),
        pytest.param("Total 300999", "Total 30099", "hundredth part", id="observations"),
        pytest.param(
            "ReceivedMessages=300999", "ReceivedMessages=14", "number of observations", id="received"
        ),
        pytest.param("dropped messages = 0", "dropped messages = 400000", "dropped messages", id="dropped"),
    ],
)
def test_figures_of_sockperf_agree(old, new, sentence):
    assert contradiction("sockperf", sockperf()) == ""
    assert sentence in contradiction("sockperf", sockperf(old, new))


def test_a_valid_time_is_within_the_whole():
    total = "[Total Run] RunTime=20.000 sec; Warm up time=400 msec; SentMessages=9; ReceivedMessages=9\n"
    assert "valid seconds is 29" in contradiction(
        "sockperf", sockperf("sockperf: ", f"sockperf: {total}sockperf: ")
    )


def test_two_times_in_one_file_are_two_runs():
    line = "[Valid Duration] RunTime=29.000 sec; SentMessages=301000; ReceivedMessages=300999\n"
    with pytest.raises(ParseError, match="another run"):
        contradiction("sockperf", sockperf("sockperf: ", f"sockperf: {line}sockperf: "))


def generated(**results):
    """A log of the load generator: 12,001 requests in 600 s, the last answered within 2 s."""
    entries = {
        "effective_target_qps": 20.0,
        "effective_min_duration_ms": 600_000,
        "result_validity": "VALID",
        "result_min_duration_met": True,
        "result_query_count": 12_001,
        "result_scheduled_samples_per_sec": 20.0,
        "result_completed_samples_per_sec": 19.96,
        "result_min_latency_ns": 500_000_000,
        "result_max_latency_ns": 2_000_000_000,
        "result_mean_latency_ns": 900_000_000,
        "result_50.00_percentile_latency_ns": 800_000_000,
        "result_99.00_percentile_latency_ns": 1_900_000_000,
        "result_first_token_50.00_percentile_latency_ns": 200_000_000,
        "result_first_token_99.00_percentile_latency_ns": 450_000_000,
        "result_time_to_output_token_max": 60_000_000,
        "result_time_per_output_token_99.00_percentile_ns": 40_000_000,
        **results,
    }
    return "".join(others.logged(key, 612_000.5, value, rank="") for key, value in entries.items()).encode()


def test_a_log_of_the_load_generator_says_how_much_it_served():
    run = parse("mlperf", generated())
    assert run.contradiction == ""
    assert figure(run, "duration").value == pytest.approx(12_000 / 19.96)
    assert (figure(run, "requests").value, figure(run, "request_rate").value) == (12_001, 20)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(
            {"result_completed_samples_per_sec": 199.6, "result_scheduled_samples_per_sec": 200.0},
            "least duration that was met is 600 s in the file, but its other figures give 60 s",
            id="ten times the rates",
        ),
        pytest.param(
            {"result_completed_samples_per_sec": 40.0}, "20 /s at most", id="served before they were due"
        ),
        pytest.param(
            {"result_completed_samples_per_sec": 15.0}, "end of the log is 612", id="beyond the log"
        ),
        pytest.param(
            {"result_completed_samples_per_sec": 19.7}, "time of the last answer", id="later than its latency"
        ),
        pytest.param({"result_99.00_percentile_latency_ns": 9e9}, "below its p99", id="above the maximum"),
        pytest.param({"result_mean_latency_ns": 3e9}, "mean latency is 3e+09", id="mean"),
        pytest.param(
            {"result_time_to_output_token_max": 1e6}, "maximum of the tpot", id="token above the maximum"
        ),
        pytest.param(
            {"result_first_token_99.00_percentile_latency_ns": 1.95e9}, "p99 of the ttft", id="first token"
        ),
    ],
)
def test_figures_of_the_load_generator_agree(change, sentence):
    assert sentence in contradiction("mlperf", generated(**change))


def test_two_counts_in_one_log_are_two_runs():
    with pytest.raises(ParseError, match="another run"):
        contradiction("mlperf", generated() + others.logged("result_query_count", 1, 5).encode())


RATES = {
    "iperf3": (iperf3(), "bits_per_second"),
    "fio": (fio(), "bw_bytes|iops"),
    "vllm-bench": (served(), "request_throughput|output_throughput|total_token_throughput"),
}


def scaled(document, names, factor):
    if isinstance(document, dict):
        return {
            key: value * factor if key in names and value else scaled(value, names, factor)
            for key, value in document.items()
        }
    return [scaled(each, names, factor) for each in document] if isinstance(document, list) else document


@given(tool=st.sampled_from(sorted(RATES)), factor=st.sampled_from([2, 10, 100]) | st.floats(1.2, 1e6))
def test_rates_without_the_times_or_bytes_behind_them_contradict(tool, factor):
    document, names = RATES[tool]
    assert contradiction(tool, document) == ""
    assert contradiction(tool, scaled(document, names.split("|"), factor))


@given(
    rate=st.floats(0.2, 80),
    seconds=st.floats(30, 4000),
    ttft=st.floats(5, 2000),
    tpot=st.floats(1, 90),
)
def test_what_a_demo_site_served_has_no_contradiction(rate, seconds, ttft, tpot):
    at = parse("vllm-bench", outputs.served()).taken_local
    content = demo.served(
        model="llama", ttft_ms=ttft, tpot_ms=tpot, requests_per_s=rate, duration_s=seconds, at=at
    )
    assert contradiction("vllm-bench", content) == ""


@given(p50=st.floats(0.5, 50), ratio=st.floats(1.01, 20), further=st.floats(1.01, 5))
def test_a_latency_of_a_demo_site_has_no_contradiction(p50, ratio, further):
    content = demo.socket_latency(
        p50=p50, p99=p50 * ratio, p999=p50 * ratio * further, address="10.0.0.2", run="a"
    )
    assert contradiction("sockperf", content) == ""


@pytest.mark.parametrize(
    "name", ["iperf3_tcp_loopback.json", "iperf3_udp_sample.json", "fio_randread.json", "sockperf_sample.txt"]
)
def test_an_output_as_it_came_has_no_contradiction(name):
    assert contradiction(name.partition("_")[0], sample(name)) == ""


@pytest.mark.parametrize(
    ("tool", "content"),
    [
        pytest.param("vllm-bench", outputs.served(), id="vllm"),
        pytest.param("vllm-bench", outputs.served(asked=3200, failed=1409), id="vllm with failures"),
        pytest.param("mlperf", trapped.served(), id="load generator"),
        pytest.param("sockperf", trapped.sockperf(), id="sockperf"),
        pytest.param(
            "sockperf", trapped.sockperf(p99=60.0, observations=14), id="sockperf of few observations"
        ),
        pytest.param("iperf3", network.iperf3().encode(), id="iperf3 of sums alone"),
        pytest.param("fio", others.fio().encode(), id="fio without times"),
        pytest.param("fio", others.clients(0, 0), id="fio of clients"),
        pytest.param("csv", trapped.table(), id="a table without raw rows"),
    ],
)
def test_figures_without_others_to_compare_with_have_no_contradiction(tool, content):
    assert contradiction(tool, content) == ""
