"""Facts of benchmarks: memory, linear algebra, MPI, and SuperBench's summaries."""

from functools import partial

from tests.readiness.assessment.evidence import benchmark_outputs as benchmarks
from tests.readiness.assessment.evidence.core.tool_facts import (
    BOTH_FIGURES,
    NAMED_UNITS,
    NO_BUS_ID,
    NO_COUNT,
    NO_DEVICE_ID,
    NO_END,
    NO_HOST,
    NO_ITERATIONS,
    NO_LOAD,
    NO_MODEL,
    NO_PERCENTILE,
    NO_SECONDS,
    NO_SERIAL,
    NO_UUID,
    NO_VERSION,
    NOT_SERVED,
    ONE_OPERATION,
    Output,
    ToolFacts,
    each_node,
    mapped,
    rescaled,
    rescaled_keys,
)
from tests.readiness.assessment.evidence.core.trap_site import Sent
from tests.readiness.assessment.evidence.core.traps import CannotBe

benchmark = partial(
    ToolFacts,
    models=NO_MODEL,
    device_ids=NO_DEVICE_ID,
    serials=NO_SERIAL,
    uuids=NO_UUID,
    bus_ids=NO_BUS_ID,
    accelerators=NO_COUNT,
    versions=NO_VERSION,
    falling=NO_PERCENTILE,
    operation=ONE_OPERATION,
    iterations=NO_ITERATIONS,
    seconds=NO_SECONDS,
    load=NO_LOAD,
    serves=NOT_SERVED,
    other_end=NO_END,
)
"""The facts that benchmarks have in common; each names what differs."""


def stream_rates(content, factor):
    return rescaled(content, r"^\w+: +(?P<rate>[\d.]+)", factor)


STREAM = benchmark(
    clean=lambda: each_node(lambda node: benchmarks.stream()),
    hosts=NO_HOST,
    scaled=stream_rates,
    beyond=Output(
        benchmarks.stream(mb_s=730_000.0), ("7[23]\\d[.\\d]* GB/s|5,8\\d\\d Gb/s", "460 GB/s|3,680 Gb/s")
    ),
    untrue=Output(benchmarks.stream(kernels={"Scale": 512_000.0}), BOTH_FIGURES),
    unit=Output(stream_rates(benchmarks.stream(), 0.001).replace(b"Rate MB/s", b"Rate GB/s"), BOTH_FIGURES),
)


def hpl_rates(content, factor):
    shares = rescaled(content, r"^WC0.*\( (?P<rate>[\d.e+]+)\)$", factor)
    return rescaled(shares, r"^WC0.* (?P<rate>[\d.e+]+) \( [\d.e+]+\)$", factor)


HPL = benchmark(
    clean=lambda: each_node(lambda node: benchmarks.hpl()),
    hosts=lambda names: mapped(names) + benchmarks.hpl(),
    scaled=hpl_rates,
    beyond=Output(benchmarks.hpl(gflops=5_300_000.0), ("5,300 TFLOP/s", "3,958 TFLOP/s")),
    untrue=Output(hpl_rates(benchmarks.hpl(), 1.4), BOTH_FIGURES),
    unit=Output(hpl_rates(benchmarks.hpl(), 0.001).replace(b"Gflops", b"Tflops"), BOTH_FIGURES),
)


def mxp_rates(content, factor):
    shares = rescaled(content, r"GFLOPS = .*per GPU = +(?P<rate>[\d.]+)", factor)
    return rescaled(shares, r"GFLOPS = (?P<rate>[\d.e+]+)", factor)


def mxp(**more):
    """The highest rate that two of the site's accelerators leave room for, or nearly."""
    return benchmarks.hpl_mxp(**{"gflops": 2_200_000.0, "grid": (2, 1), **more})


HPL_MXP = benchmark(
    clean=lambda: each_node(lambda node: mxp()),
    hosts=lambda names: mapped(names) + mxp(),
    accelerators=CannotBe("The output counts processes, of which an accelerator may have several."),
    scaled=mxp_rates,
    beyond=Output(mxp(gflops=4_700_000.0), ("4,700 TFLOP/s", "3,958 TFLOP/s")),
    untrue=Output(mxp(per_gpu=99_000.0), BOTH_FIGURES),
    unit=Output(mxp().replace(b"GFLOPS", b"TFLOPS"), ("did not finish",)),
)


def pairs(names=("node-1", "node-2"), **more):
    return mapped(names) + benchmarks.osu_pairs(**more)


def tails(p50, p99):
    """osu_allreduce with its tails beside the mean, as -z prints them."""
    return (
        mapped(("node-1", "node-2"))
        + (
            "# OSU MPI Allreduce Latency Test v7.5\n"
            "# Size       Avg Latency(us)   P50 Tail Lat(us)   P99 Tail Lat(us)  Iterations\n"
            f"1048576    800.00    {p50}    {p99}    20000\n"
        ).encode()
    )


OSU = benchmark(
    clean=lambda: [Sent(content=pairs(), claimed=(1, 2))],
    hosts=pairs,
    scaled=lambda content, factor: rescaled(
        rescaled(content, r"^4194304 +[\d.]+ +(?P<rate>[\d.]+)$", factor),
        r"^4194304 +(?P<rate>[\d.]+) +[\d.]+$",
        factor,
    ),
    beyond=Output(pairs(mb_s=317_000.0), ("2,536 Gb/s", "1,600 Gb/s")),
    untrue=Output(pairs(messages=1_200.0), BOTH_FIGURES),
    falling=Output(tails(790.0, 610.0), ("p99 .* is 610", "below its p50 of 790")),
    operation=CannotBe("A table has one title, and its rows name no operation."),
    unit=Output(pairs().replace(b"MB/s", b"GB/s"), ("no column of a rate",)),
)


def summary(names=("node-1",), **more):
    return benchmarks.superbench(nodes=names, **{"ranks": 2, **more})


SUPERBENCH = benchmark(
    clean=lambda: each_node(lambda node: summary((f"node-{node}",))),
    hosts=summary,
    accelerators=lambda count: summary(ranks=count),
    scaled=lambda content, factor: rescaled_keys(content, r".*(?:busbw|_bw)(?::\d+)?", factor),
    beyond=Output(summary(busbw=1_320.0), ("1,320 GB/s|10,560 Gb/s|1.056e\\+04 Gb/s", "900 GB/s|7,200 Gb/s")),
    untrue=CannotBe("A summary has one figure of each metric, and neither times nor sizes behind it."),
    operation=CannotBe("Each metric's own name gives its operation."),
    unit=NAMED_UNITS,
)
BENCHMARK_FACTS = {
    "stream": STREAM,
    "hpl": HPL,
    "hpl-mxp": HPL_MXP,
    "osu": OSU,
    "superbench": SUPERBENCH,
}
