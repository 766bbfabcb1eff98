"""Traps of what a file leaves out: where the other end was, and that all that was asked for was done."""

from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core.trap_outputs import between, iperf3, served, sockperf
from tests.readiness.assessment.evidence.core.traps import (
    NO_NAMES,
    NO_NETWORK,
    CannotBe,
    Refused,
    each_node,
    repeats,
    run,
)

HIDDEN, SHORT = "other end not told", "less than was asked"


def without(content, word):
    """Return the output without the lines that hold this word."""
    return b"".join(line for line in content.splitlines(keepends=True) if word not in line)


UNTOLD_TRAPS = {
    HIDDEN: {
        "nccl-tests": CannotBe("The output names the host of each rank; without it no rank is counted."),
        "rccl-tests": CannotBe("A collective inside a node is meant to stay there."),
        "perftest": (
            lambda: [run("perftest", without(outputs.write_bandwidth(), b"address"), nodes=(1, 2))],
            "does not say where the other end was",
        ),
        "iperf3": (lambda: each_node("iperf3", iperf3(remote="")), "does not say where the other end was"),
        "sockperf": (lambda: repeats(without(sockperf(), b"IP =")), "does not say where the other end was"),
        "fio": NO_NETWORK,
        "dcgm-diag": NO_NETWORK,
        "mlperf": NO_NAMES,
        "vllm-bench": NO_NAMES,
        "csv": NO_NETWORK,
    },
    SHORT: {
        "nccl-tests": (Refused(between() + without(between(), b"Out of bounds")), "did not finish"),
        "rccl-tests": (Refused(between() + without(between(), b"Out of bounds")), "did not finish"),
        "perftest": (Refused(outputs.write_bandwidth() + b" Failed to poll CQ\n"), "Failed to poll CQ"),
        "iperf3": CannotBe(
            "The rate is what was received over the time that the run took, whatever was asked."
        ),
        "sockperf": CannotBe(
            "Each file says how many observations it has, which the percentiles are held against."
        ),
        "fio": CannotBe("A rate is over the time that the job took, whatever was asked."),
        "dcgm-diag": (
            lambda: each_node(
                "dcgm-diag", outputs.diagnostic({0: 0, 1: 0}, tests=("diagnostic", "targeted_stress"))
            ),
            "",
        ),
        "mlperf": (
            lambda: [run("mlperf", without(served(), b"result_validity"))],
            "did not call the run valid",
        ),
        "vllm-bench": (
            lambda: [run("vllm-bench", outputs.served(seconds=6000.0))],
            "served at 2/s, so the latency at the rate asked for",
        ),
        "csv": CannotBe("A row that is not there is a sub-measure without evidence."),
    },
}
