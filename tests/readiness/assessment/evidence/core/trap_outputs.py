"""Outputs of each tool as the traps change them."""

import json

from readiness.assessment.evidence.core.proving.floors import GIB
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core import test_parse_network as network
from tests.readiness.assessment.evidence.core import test_parse_others as others

BOTH = ("node-1", "node-2")


def between(busbw=260.0, **given):
    return outputs.collective(
        **{"busbw": busbw, "operation": "all_gather", "size": 8 * GIB, "hosts": BOTH, "gpus": 2, **given}
    )


def fio(**changes):
    document = json.loads(others.fio())
    document["jobs"][0] |= changes
    return json.dumps(document).encode()


def iperf3(received=9.4e10, remote="10.0.0.2"):
    document = json.loads(network.iperf3())
    document["start"]["connected"][0]["remote_host"] = remote
    document["end"]["sum_received"]["bits_per_second"] = received
    return json.dumps(document).encode()


def sockperf(p99=6.0, observations=20_000, dropped=0, ip="10.0.0.2"):
    return (
        f"sockperf: == version #3.7 ==\n[ 0] IP = {ip} PORT = 11111 # UDP\n"
        f"sockperf: # dropped messages = {dropped}; # duplicated messages = 0; # out-of-order messages = 0\n"
        f"sockperf: Total {observations} observations; each percentile contains {observations / 100:.2f} observations\n"
        f"sockperf: ---> percentile 99.900 = {p99 * 1.5}\nsockperf: ---> percentile 99.000 = {p99}\n"
        "sockperf: ---> percentile 50.000 = 3.000\n"
    ).encode()


def served(tail=0.45, seconds=600, marked=False, count=12_001):
    """Return a serving benchmark's log in the format of MLPerf's load generator."""
    lines = [
        others.logged("test_datetime", 0.0031, "2026-11-20T10:00:00Z", rank=""),
        others.logged("effective_min_duration_ms", 0.0042, seconds * 1000, rank=""),
        others.logged("result_query_count", 612_000.5, count, rank=""),
        others.logged("result_completed_samples_per_sec", 612_000.5, (count - 1) / seconds, rank=""),
        others.logged("result_first_token_99.00_percentile_latency_ns", 612_000.5, tail * 1e9, rank=""),
        others.logged("result_time_per_output_token_99.00_percentile_ns", 612_000.5, 25e6, rank=""),
        others.logged("result_validity", 612_000.6, "VALID", rank=""),
        others.logged("result_min_duration_met", 612_000.7, True, rank=""),
    ]
    if marked:
        lines.append(
            others.logged("error_runtime", 612_000.8, "lost a sample", rank="").replace(
                '"lineno": 186', '"lineno": 186, "is_error": true'
            )
        )
    return "".join(lines).encode()


def table(*rows):
    clean = [f"p1-congestion/{part},0,leaf-1,," for part in ("lossless-drops", "pfc-storms", "marking-order")]
    return outputs.table(*(rows or clean), head="measure,value,subject,percentile,samples")


DIAG = outputs.diagnostic({0: 0, 1: 0})
