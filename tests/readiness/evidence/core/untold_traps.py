"""Traps of what a file leaves out: where the other end was, and that all that was asked for was done."""

from dataclasses import replace

from tests.readiness.evidence import benchmark_outputs as benchmarks
from tests.readiness.evidence import outputs
from tests.readiness.evidence.core.trap_outputs import between, iperf3, served, sockperf
from tests.readiness.evidence.core.traps import (
    CONGESTION,
    NO_NAMES,
    NO_NETWORK,
    PROVE_NOTHING,
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


def unnamed(tool, content):
    """Return a run that is said to be of two nodes and names no host."""
    return [replace(run(tool, content, nodes=(1, 2)), hosts=0)]


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
        "stream": NO_NETWORK,
        **{
            tool: (
                lambda tool=tool, make=make: unnamed(tool, make()),
                "covers one node, but 2 nodes are named",
            )
            for tool, make in (
                ("hpl", benchmarks.hpl),
                ("hpl-mxp", benchmarks.hpl_mxp),
                ("osu", benchmarks.osu_bandwidth),
                ("superbench", benchmarks.superbench),
            )
        },
        "junit": CannotBe("A report names tests, not the devices that they were of."),
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
        "stream": (Refused(without(benchmarks.stream(), b"Solution Validates")), "did not finish"),
        "hpl": (Refused(without(benchmarks.hpl(), b"End of Tests")), "did not finish"),
        "hpl-mxp": (Refused(without(benchmarks.hpl_mxp(), b"GFLOPS")), "did not finish"),
        "osu": (Refused(without(benchmarks.osu_collective(), b"1048576")), "did not finish"),
        "superbench": (Refused(benchmarks.superbench()[:-20]), "not JSON"),
        "junit": (
            Refused(benchmarks.junit(suites=CONGESTION).replace(b'tests="3"', b'tests="9"')),
            "counts 9 tests and holds 3",
        ),
        "csv": CannotBe("A row that is not there is a sub-measure without evidence."),
    },
}
for by_tool in UNTOLD_TRAPS.values():
    by_tool |= dict.fromkeys(PROVE_NOTHING, CannotBe("The output proves no check, whatever it says."))
