"""iperf3 and sockperf: errors are refusals, and a run that crossed no network says so."""

import json

import pytest

from readiness.assessment.evidence.core.parsers import ParseError, parse
from tests.readiness.assessment.evidence.core.samples import figure


def iperf3(**changes):
    start = {
        "connected": [{"local_host": "10.0.0.1", "remote_host": "10.0.0.2"}],
        "version": "iperf 3.16",
        "timestamp": {"timesecs": 1795528083},
        "test_start": {"protocol": "TCP", "num_streams": 4, "blksize": 131072},
    }
    sender = {"mean_rtt": 900, "max_rtt": 4000}
    end = {
        "sum_sent": {"bits_per_second": 9.5e10, "retransmits": 3},
        "sum_received": {"bits_per_second": 9.4e10},
        "streams": [{"sender": sender}, {"sender": {**sender, "mean_rtt": 1100}}],
    }
    return json.dumps({"start": start, "end": end, **changes})


def test_received_bits_count_and_the_slowest_stream_gives_the_round_trip():
    run = parse("iperf3", iperf3().encode())
    assert figure(run, "bandwidth").value == pytest.approx(94)
    assert figure(run, "bandwidth").streams == 4
    assert figure(run, "round_trip_average").value == 1100
    assert run.loopback == ""
    assert run.hosts == ("10.0.0.1", "10.0.0.2")


def test_older_udp_has_one_sum():
    start = {"test_start": {"protocol": "UDP", "num_streams": 1, "blksize": 1460}}
    total = {"bits_per_second": 2e8, "jitter_ms": 0.0126, "packets": 1527, "lost_percent": 0.5}
    run = parse("iperf3", iperf3(start=start, end={"sum": total}).encode())
    assert figure(run, "jitter").value == 0.0126
    assert figure(run, "loss").samples == 1527
    assert "lost" in figure(run, "bandwidth").caution
    whole = parse("iperf3", iperf3(start=start, end={"sum": {**total, "lost_percent": 0}}).encode())
    assert figure(whole, "bandwidth").caution == ""


def test_a_round_trip_of_zero_was_not_measured():
    end = {"sum_received": {"bits_per_second": 1e9}, "streams": [{"sender": {"mean_rtt": 0, "max_rtt": 0}}]}
    names = {each.name for each in parse("iperf3", iperf3(end=end).encode()).figures}
    assert names == {"bandwidth"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            iperf3(error="unable to connect to server: Connection refused"), "refused", id="an error"
        ),
        pytest.param(
            json.dumps({"start": {}, "intervals": [], "end": {}, "error": "interrupted"}),
            "interrupted",
            id="no end",
        ),
        pytest.param(iperf3(end={}), "missing", id="no sums"),
        pytest.param(iperf3(end={"sum_received": {"bits_per_second": 0}}), "Nothing was received", id="zero"),
        pytest.param("iperf3: error - unable to connect\n", "no JSON", id="text"),
        pytest.param('{"start": NaN}', "number", id="not a number"),
    ],
)
def test_an_error_is_never_a_zero(text, reason):
    with pytest.raises(ParseError, match=reason):
        parse("iperf3", text.encode())


SOCKPERF = """\
sockperf: == version #3.10-no.git ==
sockperf[CLIENT] send on:sockperf: using recvfrom() to block on socket(s)
[ 0] IP = 10.0.0.2        PORT = 11111 # TCP
sockperf: \x1b[32m[Valid Duration]\x1b[0m RunTime=29.000 sec; SentMessages=301000; ReceivedMessages=300999
sockperf: ====> avg-latency=9.257 (std-dev=1.083)
sockperf: # dropped messages = 2; # duplicated messages = 0; # out-of-order messages = 1
sockperf: Summary: Latency is 9.257 usec
sockperf: \x1b[2;35mTotal 300999 observations\x1b[0m; each percentile contains 3009.99 observations
sockperf: ---> <MAX> observation =  156.783
sockperf: ---> percentile 99.999 =   99.783
sockperf: ---> percentile 99.900 =   56.783
sockperf: ---> percentile 99.000 =   26.1
sockperf: ---> percentile 50.000 =    9.1
sockperf: ---> <MIN> observation =    7.623
"""


def test_colours_are_stripped_and_percentiles_supported():
    run = parse("sockperf", SOCKPERF.encode())
    assert figure(run, "latency", percentile=99.9).samples == 300999
    assert figure(run, "latency", percentile=99.9).caution == ""
    assert figure(run, "latency", percentile=99.999).caution
    assert figure(run, "dropped_messages").value == 2
    assert figure(run, "out-of-order_messages").value == 1
    assert figure(run, "latency_max").value == 156.783
    assert (run.loopback, run.hosts, dict(run.versions)) == ("", ("10.0.0.2",), {"sockperf": "3.10-no.git"})


def test_full_round_trips_are_named_so():
    text = SOCKPERF.replace("avg-latency", "avg-rtt").replace("Latency is", "Round trip is")
    assert figure(parse("sockperf", text.encode()), "round_trip", percentile=50.0).value == 9.1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            "sockperf: No messages were received from the server. Is the server down?\n",
            "No messages",
            id="0",
        ),
        pytest.param("sockperf: ERROR: bind (errno=98)\n", "reports", id="an error"),
        pytest.param(SOCKPERF.split("sockperf: --->")[0], "did not finish", id="cut off"),
        pytest.param(
            SOCKPERF[: SOCKPERF.index("26.1") + 1], "end at p99, above the median", id="cut within its p99"
        ),
        pytest.param(SOCKPERF.replace("56.783", "nan"), "not a number", id="not a number"),
    ],
)
def test_sockperf_without_a_result_is_refused(text, reason):
    with pytest.raises(ParseError, match=reason):
        parse("sockperf", text.encode())


def test_percentiles_without_a_count_of_observations_are_not_supported():
    text = "\n".join(line for line in SOCKPERF.splitlines() if "Total" not in line)
    assert figure(parse("sockperf", text.encode()), "latency", percentile=99.0).caution
