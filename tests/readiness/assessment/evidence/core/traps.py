"""The table of traps: for every parser and every trap runs that must not pass, or why there can be none."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from readiness.assessment.evidence.core.bearing import OF_ACCELERATORS
from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.evidence.core.parsers import parse
from readiness.assessment.evidence.core.parsers.junit import PassRule
from readiness.assessment.evidence.core.proving.floors import GIB
from readiness.assessment.evidence.core.proving.values import WHOLE_DEVICE, FloorValue, Run, SiteParts
from readiness.assessment.framework.core.vocabulary import Change
from tests.readiness.assessment.evidence import benchmark_outputs as benchmarks
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core import test_parse_others as others
from tests.readiness.assessment.evidence.core.trap_outputs import (
    DIAG,
    between,
    fio,
    iperf3,
    served,
    sockperf,
    table,
)

NOW = datetime(2026, 11, 24, 16, tzinfo=UTC)
SITE = SiteParts(
    nodes={1: "node-1", 2: "node-2"},
    accelerators=frozenset((node, gpu) for node in (1, 2) for gpu in (0, 1)),
    ports={(1, "mlx5_0"): "node-1 mlx5_0", (2, "mlx5_0"): "node-2 mlx5_0"},
    port_gbps={(1, "mlx5_0"): 400.0, (2, "mlx5_0"): 400.0},
)
FLOORS = [
    FloorValue("dgx", tool, "busbw", operation, size, value, "GB/s", "ours")
    for tool in ("nccl-tests", "rccl-tests")
    for operation, size, value in (("all_reduce", 16 * GIB, 460.0), ("all_gather", 8 * GIB, 250.0))
] + [FloorValue("dgx", "perftest", "bandwidth", "write", 8 * 1024**2, 380.0, "Gb/s", "ours")]
LIMITS = {
    "ttft-slo": Limit(value=500.0, source="declared"),
    "tpot-slo": Limit(value=40.0, source="declared"),
    "fabric-latency": Limit(value=8.0, source="declared"),
}
CONGESTION = ("lossless-drops", "pfc-storms", "marking-order")
RULES = [PassRule(f"{part}/*", "p1-congestion", part, 0.0, "") for part in CONGESTION]
"""What the suites of the test reports here prove."""
NOT_APPLICABLE = {("p1-fabric-collective", "scale-efficiency")}
"""At a site of two nodes."""
CHECK = {
    "nccl-tests": "p1-fabric-collective",
    "rccl-tests": "p1-intra-node",
    "perftest": "p1-rdma-port",
    "iperf3": "p5-baseline-regression",
    "sockperf": "p1-latency-under-load",
    "fio": "p5-baseline-regression",
    "dcgm-diag": "p1-accelerator-diag",
    "mlperf": "p1-serving-latency",
    "vllm-bench": "p1-serving-latency",
    **dict.fromkeys(("stream", "hpl", "hpl-mxp", "osu", "superbench"), "p5-baseline-regression"),
    "junit": "p1-congestion",
    "csv": "p1-congestion",
}
"""The check that each tool has to prove here."""
PROVE_NOTHING = ("nccl-ras",)
"""Tools whose output proves no check."""


_ACCELERATOR = (Change.ACCELERATOR, "is another accelerator")
_DEVICE = (Change.DEVICE, "is another device")
REPLACED = {tool: _ACCELERATOR if tool in OF_ACCELERATORS else _DEVICE for tool in CHECK}
"""Which part each tool's runs are of, and what is said where it was replaced: the serial number of what holds a port or
a disk is that of its device."""


def run(tool, content, *, nodes=(1,), days=1.0, row=1, **more):
    parsed = parse(tool, content, rules=RULES)
    return Run(
        id=row,
        tool=tool,
        scope="node",
        platform="dgx",
        taken_at=NOW - timedelta(days=days),
        about=f"{tool} {nodes} {more.get('load', '')}",
        nodes=nodes,
        devices=nodes,
        hosts=len(nodes),
        loopback=parsed.loopback,
        figures=parsed.figures,
        **more,
    )


def each_node(tool, content, **more):
    return [run(tool, content, nodes=(node,), row=node, **more) for node in SITE.nodes]


def repeats(content, count=20, first=0, days=1.0, gbps=320.0):
    """Return `count` idle and `count` loaded latency runs over one path."""
    rates = {"idle": None, "loaded": gbps}
    return [
        run(
            "sockperf",
            content,
            nodes=(1, 2),
            load=load,
            load_gbps=rate,
            days=days + place / 1000,
            row=first + place + (1000 if rate else 0),
        )
        for load, rate in rates.items()
        for place in range(count)
    ]


CLEAN = {
    "nccl-tests": lambda: [run("nccl-tests", between(), nodes=(1, 2))],
    "rccl-tests": lambda: [
        run("rccl-tests", outputs.collective(hosts=(name,), gpus=2), nodes=(node,), row=node)
        for node, name in SITE.nodes.items()
    ],
    "perftest": lambda: [run("perftest", outputs.write_bandwidth(both=True), nodes=(1, 2))],
    "iperf3": lambda: each_node("iperf3", iperf3()),
    "sockperf": lambda: repeats(sockperf()),
    "fio": lambda: each_node("fio", fio()),
    "dcgm-diag": lambda: each_node("dcgm-diag", DIAG),
    "mlperf": lambda: [run("mlperf", served())],
    "vllm-bench": lambda: [run("vllm-bench", outputs.served())],
    "stream": lambda: each_node("stream", benchmarks.stream()),
    "hpl": lambda: each_node("hpl", benchmarks.hpl()),
    "hpl-mxp": lambda: each_node("hpl-mxp", benchmarks.hpl_mxp()),
    "osu": lambda: each_node("osu", benchmarks.osu_collective()),
    "superbench": lambda: each_node("superbench", benchmarks.superbench()),
    "junit": lambda: [run("junit", benchmarks.junit(suites=CONGESTION))],
    "csv": lambda: [run("csv", table())],
}


def collective(tool, **given):
    """The clean runs of the tool, changed alike."""
    if tool == "nccl-tests":
        return [run(tool, between(**given), nodes=(1, 2))]
    given = {"gpus": 2, **given}
    return [
        run(tool, outputs.collective(**{**given, "hosts": (name,)}), nodes=(node,), row=node)
        for node, name in SITE.nodes.items()
    ]


def with_error(tool):
    text = between() if tool == "nccl-tests" else outputs.collective(gpus=2)
    nodes = (1, 2) if tool == "nccl-tests" else (1,)
    return [run(tool, text + b"# error: remote process exited\n", nodes=nodes)]


def newer(tool, *bad):
    return lambda: [*(replace(each, taken_at=NOW - timedelta(days=5)) for each in CLEAN[tool]()), *bad]


def swapped(tool):
    """The clean runs, void as a replaced part makes them; test_replaced_parts goes through the inventory."""
    change, reason = REPLACED[tool]
    numbers = (0,) if change is Change.ACCELERATOR else (WHOLE_DEVICE,)
    return lambda: [
        replace(
            each,
            void_changes=frozenset({change}),
            replaced=frozenset((node, number) for node in SITE.nodes for number in numbers),
            voided_at=NOW,
            void_reason=f"node-1 {reason}: 1650 → 1777.",
        )
        for each in CLEAN[tool]()
    ]


@dataclass(frozen=True)
class Refused:
    """The file is not taken, so that it proves nothing."""

    content: bytes


@dataclass(frozen=True)
class CannotBe:
    why: str


RATE = CannotBe("The tool runs one test: there is none to skip.")
NO_PAYLOAD = CannotBe("The tool does not compare what arrives with what was sent.")
NO_NETWORK = CannotBe("It measures no network, so that there is nothing to cross.")
NO_NAMES = CannotBe("The output names neither server nor accelerators; whoever sends it names the devices.")

FAILED, WRONG, PART, NEWER = "failed operations", "wrong data", "part of the devices", "newer failure"
SWAPPED, LOOPBACK, FEW, SKIPPED, ERROR = (
    "replaced part",
    "loopback",
    "too few samples",
    "skipped tests",
    "error only",
)
TRAPS = {
    FAILED: {
        "nccl-tests": (lambda: with_error("nccl-tests"), "1 operation failed"),
        "rccl-tests": (lambda: with_error("rccl-tests"), "1 operation failed"),
        "perftest": (
            Refused(outputs.write_bandwidth() + b" Completion with error at client\n"),
            "failed operation: Completion with error",
        ),
        "iperf3": CannotBe("A stream that fails ends the run with an error, and the file is refused."),
        "sockperf": (lambda: repeats(sockperf(dropped=7)), "7 messages were dropped"),
        "fio": (lambda: each_node("fio", fio(total_err=12)), "12 operations failed"),
        "dcgm-diag": (lambda: each_node("dcgm-diag", outputs.diagnostic({0: 2, 1: 0})), "severity: 2"),
        "mlperf": (lambda: [run("mlperf", served(marked=True))], "1 operation failed"),
        "vllm-bench": (
            lambda: [run("vllm-bench", outputs.served(asked=3200, failed=1409))],
            "1,409 of 3,200 requests failed",
        ),
        "csv": (
            lambda: [run("csv", table("p1-congestion/lossless-drops,0,leaf-1,,", "failed_operations,3,,,"))],
            "3 operations failed",
        ),
    },
    WRONG: {
        "nccl-tests": (lambda: collective("nccl-tests", wrong=32), "64 values were wrong"),
        "rccl-tests": (lambda: collective("rccl-tests", wrong=32), "64 values were wrong"),
        "perftest": NO_PAYLOAD,
        "iperf3": NO_PAYLOAD,
        "sockperf": NO_PAYLOAD,
        "fio": (Refused(fio(error=84)), "ended with error 84"),
        "dcgm-diag": CannotBe("A test that finds wrong data fails, which is a failed operation."),
        "mlperf": CannotBe("A performance run does not look at the answers."),
        "vllm-bench": CannotBe("The benchmark does not look at the answers."),
        "csv": (
            lambda: [run("csv", table("p1-congestion/lossless-drops,0,leaf-1,,", "wrong_values,3,,,"))],
            "3 values were wrong",
        ),
    },
    PART: {
        "nccl-tests": (lambda: collective("nccl-tests", gpus=1), "1 of 2 of node-1, 1 of 2 of node-2"),
        "rccl-tests": (lambda: collective("rccl-tests", gpus=1), "1 of 2 of node-"),
        "perftest": (lambda: [run("perftest", outputs.write_bandwidth())], "without: node-2 mlx5_0"),
        "iperf3": (lambda: CLEAN["iperf3"]()[:1], "1 of 2 nodes have no result"),
        "sockperf": CannotBe(
            "The check is of paths that were measured; the framework asks for no share of them."
        ),
        "fio": (lambda: CLEAN["fio"]()[:1], "1 of 2 nodes have no result"),
        "dcgm-diag": (
            lambda: each_node("dcgm-diag", outputs.diagnostic({0: 0})),
            "without: node-1 GPU 1, node-2 GPU 1",
        ),
        "mlperf": NO_NAMES,
        "vllm-bench": NO_NAMES,
        "csv": CannotBe("A table is of the subjects that it names; no parser knows which others there are."),
    },
    NEWER: {
        "nccl-tests": (
            newer("nccl-tests", run("nccl-tests", between(200.0), nodes=(1, 2), row=9)),
            "200 GB/s",
        ),
        "rccl-tests": (
            newer("rccl-tests", run("rccl-tests", outputs.collective(busbw=300, gpus=2), row=9)),
            "300 GB/s",
        ),
        "perftest": (
            newer("perftest", run("perftest", outputs.write_bandwidth(gbps=100.0), nodes=(1, 2), row=9)),
            "100 Gb/s",
        ),
        "iperf3": (newer("iperf3", run("iperf3", iperf3(received=1e9), row=9)), "node-1: "),
        "sockperf": (
            newer("sockperf", *repeats(sockperf(p99=60.0), first=100)),
            "spreads by",
        ),
        "fio": (
            newer("fio", run("fio", fio().replace(b"74366656", b"4366656"), row=9)),
            "node-1: read",
        ),
        "dcgm-diag": (
            newer(
                "dcgm-diag",
                run("dcgm-diag", outputs.diagnostic({0: 2, 1: 0}, tests=("pcie",)), row=9),
            ),
            "node-1 GPU 0: pcie",
        ),
        "mlperf": (newer("mlperf", run("mlperf", served(tail=0.9), row=9)), "900 ms"),
        "vllm-bench": (newer("vllm-bench", run("vllm-bench", outputs.served(p99=900.0), row=9)), "900 ms"),
        "csv": (
            newer("csv", run("csv", table("p1-congestion/lossless-drops,7,leaf-1,,"), row=9)),
            "7 packets",
        ),
    },
    SWAPPED: {tool: (swapped(tool), reason) for tool, (_, reason) in REPLACED.items()},
    LOOPBACK: {
        "nccl-tests": CannotBe("Ranks of one host are a run inside a node, which is none between nodes."),
        "rccl-tests": CannotBe("A collective inside a node is meant to stay there."),
        "perftest": (
            lambda: [run("perftest", outputs.write_bandwidth(lids=("0x07", "0x07")), nodes=(1, 2))],
            "crossed no network",
        ),
        "iperf3": (
            lambda: each_node("iperf3", iperf3(remote="127.0.0.1")),
            "crossed no network",
        ),
        "sockperf": (lambda: repeats(sockperf(ip="127.0.0.1")), "crossed no network"),
        "fio": NO_NETWORK,
        "dcgm-diag": NO_NETWORK,
        "mlperf": NO_NAMES,
        "vllm-bench": NO_NAMES,
        "csv": NO_NETWORK,
    },
    FEW: {
        "nccl-tests": (lambda: [run("nccl-tests", between(size=GIB), nodes=(1, 2))], "ends at 1 GiB"),
        "rccl-tests": (lambda: collective("rccl-tests", size=GIB), "largest row is 1 GiB"),
        "perftest": CannotBe(
            "The port is judged by a rate; repeats and percentiles are of its latency runs."
        ),
        "iperf3": CannotBe("A rate is judged by no number of samples."),
        "sockperf": (lambda: repeats(sockperf(observations=14)), "there are 14"),
        "fio": CannotBe(
            "A rate is judged by no number of samples; percentiles with too few are not compared."
        ),
        "dcgm-diag": CannotBe("A test runs or is skipped."),
        "mlperf": (lambda: [run("mlperf", served(seconds=60))], "lasted 60 s; 600 s are needed"),
        "vllm-bench": (lambda: [run("vllm-bench", outputs.served(asked=500))], "p99 needs 1000 samples"),
        "csv": (
            lambda: [run("csv", table("p1-congestion/lossless-drops,0,leaf-1,99,14"))],
            "there are 14",
        ),
    },
    SKIPPED: {
        "nccl-tests": (lambda: collective("nccl-tests", checked=False), "did not check its results"),
        "rccl-tests": (lambda: collective("rccl-tests", checked=False), "did not check its results"),
        "perftest": RATE,
        "iperf3": RATE,
        "sockperf": RATE,
        "fio": RATE,
        "dcgm-diag": (
            lambda: each_node("dcgm-diag", outputs.diagnostic({0: 0, 1: 0}, skipped={1: ("memory", "pcie")})),
            "skipped on GPU 1: memory, pcie",
        ),
        "mlperf": RATE,
        "vllm-bench": RATE,
        "csv": CannotBe("A row that is not there is a sub-measure without evidence."),
    },
    ERROR: {
        "nccl-tests": (
            Refused(b"node-1: Test NCCL failure common.cu:958 'unhandled system error'\n"),
            "failure",
        ),
        "rccl-tests": (Refused(b"node-1: Test RCCL failure common.cu:958\n"), "failure"),
        "perftest": (Refused(b" Completion with error at client\n"), "Completion with error"),
        "iperf3": (Refused(b'{"error": "unable to connect"}'), "unable to connect"),
        "sockperf": (Refused(b"sockperf: ERROR: connection refused\n"), "connection refused"),
        "fio": (Refused(b"fio: failed to open file\n"), "no JSON document"),
        "dcgm-diag": (Refused(b'{"DCGM Diagnostic": {"runtime_error": "no GPU"}}'), "no GPU"),
        "mlperf": (
            Refused((others.logged("run_start", 1) + others.logged("run_stop", 9, None, "aborted")).encode()),
            "aborted",
        ),
        "vllm-bench": (Refused(outputs.served(asked=10, failed=10)), "None of 10 requests was completed"),
        "csv": (Refused(b"measure,value\np1-congestion/lossless-drops,failed\n"), "is not a number"),
    },
}
