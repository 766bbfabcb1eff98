"""The rows of benchmarks and test reports in the table of traps."""

from dataclasses import replace

from tests.readiness.assessment.evidence import benchmark_outputs as benchmarks
from tests.readiness.assessment.evidence.core.traps import (
    CLEAN,
    CONGESTION,
    ERROR,
    FAILED,
    FEW,
    LOOPBACK,
    NEWER,
    NO_NETWORK,
    PART,
    RATE,
    SKIPPED,
    WRONG,
    CannotBe,
    Refused,
    each_node,
    newer,
    run,
)
from tests.readiness.assessment.evidence.core.untold_traps import HIDDEN, SHORT, without

ONE_NODE = CannotBe("The output counts for one node, unless it names more hosts.")


def unnamed(tool, content):
    """Return a run that is said to be of two nodes and names no host."""
    return [replace(run(tool, content, nodes=(1, 2)), hosts=0)]


BENCHMARK_TRAPS = {
    FAILED: {
        "stream": CannotBe("A kernel computes or does not: results that do not validate are wrong data."),
        "hpl": (
            Refused(benchmarks.hpl() + b"HPL ERROR from process # 0, on line 419 of function HPL_pdtest\n"),
            "HPL ERROR",
        ),
        "hpl-mxp": (Refused(benchmarks.hpl_mxp() + b"CUDA error at hpl.cu:12\n"), "CUDA error"),
        "osu": (
            Refused(benchmarks.osu_collective() + b"mpirun noticed that process rank 1 exited on signal 9\n"),
            "exited on signal 9",
        ),
        "superbench": (
            lambda: each_node("superbench", benchmarks.superbench(codes={"ib-loopback": 3})),
            "1 of 4 benchmarks failed",
        ),
        "junit": (
            lambda: [run("junit", benchmarks.junit(suites=CONGESTION, failed=1))],
            "3 of 9 tests failed",
        ),
    },
    WRONG: {
        "stream": (Refused(benchmarks.stream(valid=False)), "Failed Validation"),
        "hpl": (
            lambda: each_node("hpl", benchmarks.hpl(passed=False)),
            "1 of 1 residual checks failed",
        ),
        "hpl-mxp": (
            lambda: each_node("hpl-mxp", benchmarks.hpl_mxp(passed=False)),
            "1 of 1 residual checks failed",
        ),
        "osu": (
            lambda: each_node("osu", benchmarks.osu_bandwidth(valid=False)),
            "2 of 2 validations failed",
        ),
        "superbench": CannotBe(
            "A benchmark that finds wrong data ends with a return code: a failed operation."
        ),
        "junit": CannotBe("A test that finds wrong data fails, which is a failed operation."),
    },
    PART: {
        **{
            tool: (lambda tool=tool: CLEAN[tool]()[:1], "1 of 2 nodes have no result")
            for tool in ("stream", "hpl", "hpl-mxp", "osu", "superbench")
        },
        "junit": CannotBe("A report names tests, not the devices that they were of."),
    },
    NEWER: {
        "stream": (
            newer("stream", run("stream", benchmarks.stream(mb_s=300_000.0), row=9)),
            "node-1: ",
        ),
        "hpl": (newer("hpl", run("hpl", benchmarks.hpl(gflops=30_000.0), row=9)), "node-1: hpl"),
        "hpl-mxp": (
            newer("hpl-mxp", run("hpl-mxp", benchmarks.hpl_mxp(gflops=300_000.0), row=9)),
            "node-1: hpl-mxp",
        ),
        "osu": (newer("osu", run("osu", benchmarks.osu_collective(us=1600.0), row=9)), "node-1: mpi-cuda"),
        "superbench": (
            newer("superbench", run("superbench", benchmarks.superbench(launch_ms=0.02), row=9)),
            "node-1: kernel-launch",
        ),
        "junit": (
            newer("junit", run("junit", benchmarks.junit(suites=CONGESTION, failed=1), row=9)),
            "3 of 9 tests failed",
        ),
    },
    LOOPBACK: {
        "stream": NO_NETWORK,
        **dict.fromkeys(("hpl", "hpl-mxp", "osu", "superbench"), ONE_NODE),
        "junit": CannotBe("A report does not say where its tests ran; the tests themselves judge that."),
    },
    FEW: {
        **dict.fromkeys(
            ("stream", "hpl", "hpl-mxp", "osu", "superbench"),
            CannotBe("Rates and means are judged by no number of samples."),
        ),
        "junit": CannotBe("A test passes or does not."),
    },
    SKIPPED: {
        "stream": (
            Refused(b"".join(x for x in benchmarks.stream().splitlines(True) if b"Triad" not in x)),
            "no row of Triad",
        ),
        "hpl": (Refused(benchmarks.hpl(skipped=1)), "1 tests were skipped"),
        "hpl-mxp": RATE,
        "osu": RATE,
        "superbench": (
            lambda: each_node("superbench", benchmarks.superbench(coded=False)),
            "Waits for a baseline",
        ),
        "junit": (
            lambda: [run("junit", benchmarks.junit(suites=CONGESTION, skipped=1))],
            "1 of 3 tests of lossless-drops/* were skipped",
        ),
    },
    ERROR: {
        "stream": (Refused(b"STREAM version $Revision: 5.10 $\nSegmentation fault\n"), "Segmentation fault"),
        "hpl": (
            Refused(b"HPL ERROR from process # 0: Need at least 8 processes for these tests\n"),
            "HPL ERROR",
        ),
        "hpl-mxp": (Refused(b"CUDA error: out of memory\n"), "CUDA error"),
        "osu": (Refused(b"MPI_ABORT was invoked on rank 0 in communicator MPI_COMM_WORLD\n"), "MPI_ABORT"),
        "superbench": (Refused(b'{"node": "node-1"}'), "nothing was measured"),
        "junit": (
            Refused(b'<testsuite name="lossless-drops" tests="3" errors="3"></testsuite>'),
            "counts 3 tests and holds 0",
        ),
    },
    HIDDEN: {
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
    },
    SHORT: {
        "stream": (Refused(without(benchmarks.stream(), b"Solution Validates")), "did not finish"),
        "hpl": (Refused(without(benchmarks.hpl(), b"End of Tests")), "did not finish"),
        "hpl-mxp": (Refused(without(benchmarks.hpl_mxp(), b"GFLOPS")), "did not finish"),
        "osu": (Refused(without(benchmarks.osu_collective(), b"1048576")), "did not finish"),
        "superbench": (Refused(benchmarks.superbench()[:-20]), "not JSON"),
        "junit": (
            Refused(benchmarks.junit(suites=CONGESTION).replace(b'tests="3"', b'tests="9"')),
            "counts 9 tests and holds 3",
        ),
    },
}
