"""Facts of what runs on nodes and sites: storage, diagnostics, serving, reports and tables."""

import json

from tests.readiness.assessment.evidence import benchmark_outputs as benchmarks
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core import test_parse_others as others
from tests.readiness.assessment.evidence.core.tool_facts import (
    BOTH_FIGURES,
    NAMED_UNITS,
    NO_BUS_ID,
    NO_CEILING,
    NO_COUNT,
    NO_DEVICE_ID,
    NO_END,
    NO_HOST,
    NO_ITERATIONS,
    NO_LOAD,
    NO_MODEL,
    NO_PERCENTILE,
    NO_RATE,
    NO_SERIAL,
    NO_UNIT,
    NO_UUID,
    NO_VERSION,
    NOT_SERVED,
    ONE_OPERATION,
    Output,
    ToolFacts,
    each_node,
    rescaled,
    rescaled_keys,
)
from tests.readiness.assessment.evidence.core.trap_outputs import served
from tests.readiness.assessment.evidence.core.trap_site import Sent, serial
from tests.readiness.assessment.evidence.core.traps import CONGESTION, NOW, CannotBe


def fio(names=(), seconds=90, p50=46_336):
    """A job whose rates follow from what it read and its runtime."""
    document = json.loads(others.fio())
    [job] = document["jobs"]
    job["read"] |= {
        "runtime": 1000 * seconds,
        "io_bytes": 74_366_656 * seconds,
        "total_ios": 18_156 * seconds,
        "iops": 18_156.0,
    }
    job["read"]["clat_ns"]["percentile"]["50.000000"] = p50
    if names:
        del document["jobs"]
        document["client_stats"] = [{**job, "hostname": name, "port": 8765} for name in names]
    return json.dumps(document).encode()


FIO = ToolFacts(
    clean=lambda: each_node(lambda node: fio()),
    hosts=fio,
    models=NO_MODEL,
    device_ids=NO_DEVICE_ID,
    serials=NO_SERIAL,
    uuids=NO_UUID,
    bus_ids=NO_BUS_ID,
    accelerators=NO_COUNT,
    versions=NO_VERSION,
    scaled=lambda content, factor: rescaled_keys(content, "bw_bytes|iops", factor),
    beyond=CannotBe("The inventory states no rate of a disk or a file system."),
    untrue=Output(rescaled_keys(fio(), "runtime", 5), BOTH_FIGURES),
    falling=Output(fio(p50=3_941_504), ("p99.9 .* below its p50",)),
    operation=CannotBe("Each direction has a part of the document of its own."),
    unit=CannotBe("Each key of the document has one unit, and there is no header."),
    iterations=CannotBe("A rate is over the time that the job took, whatever the number of operations."),
    seconds=lambda seconds: fio(seconds=seconds),
    load=NO_LOAD,
    serves=NOT_SERVED,
    other_end=NO_END,
)


def diagnostic(node=1, *, gpus=2, serials=True, first="", uuid="", device_id="2330", names=()):
    """A long diagnostic of a node without a finding."""
    listed = {gpu: serial(node, gpu) for gpu in range(gpus)} if serials else {0: "", 1: ""}
    listed |= {0: first} if first else {}
    document = json.loads(outputs.diagnostic(dict.fromkeys(range(gpus), 0), serials=listed))
    for entity in document["entity_groups"][0]["entities"]:
        entity["device_id"] = device_id
        if uuid and not entity["entity_id"]:
            entity |= {"uuid": uuid, "serial_num": ""}
    root = document["DCGM Diagnostic"]
    root["metadata"]["Driver Version Detected"] = "570.133.20"
    if names:
        root["hosts"] = [{"host_id": str(place), "hostname": name} for place, name in enumerate(names)]
    return json.dumps(document).encode()


DCGM = ToolFacts(
    clean=lambda: each_node(diagnostic),
    hosts=lambda names: diagnostic(serials=False, names=names),
    models=CannotBe("The output prints no name of a model, but a PCI device id."),
    device_ids=lambda device_id: diagnostic(serials=False, device_id=device_id),
    serials=lambda first: diagnostic(first=first),
    uuids=lambda first: diagnostic(uuid=first),
    bus_ids=NO_BUS_ID,
    accelerators=lambda count: diagnostic(gpus=count),
    versions=("driver", "570.133.20"),
    scaled=NO_RATE,
    beyond=NO_RATE,
    untrue=CannotBe("The output has a status for each test and no figure that others give."),
    falling=NO_PERCENTILE,
    operation=CannotBe("Each test names itself beside its result."),
    unit=NO_UNIT,
    iterations=CannotBe("A test runs or is skipped."),
    seconds=CannotBe("A diagnostic is judged by the tests that it ran, not by its time."),
    load=NO_LOAD,
    serves=NOT_SERVED,
    other_end=NO_END,
)
MLPERF = ToolFacts(
    clean=lambda: [Sent(content=served(), claimed=(1, 2))],
    hosts=NO_HOST,
    models=NO_MODEL,
    device_ids=NO_DEVICE_ID,
    serials=NO_SERIAL,
    uuids=NO_UUID,
    bus_ids=NO_BUS_ID,
    accelerators=NO_COUNT,
    versions=NO_VERSION,
    scaled=lambda content, factor: rescaled(
        content, r'"result_completed_samples_per_sec", "value": (?P<rate>[\d.]+)', factor
    ),
    beyond=NO_CEILING,
    untrue=Output(served(count=16_001).replace(b'"value": 26.66', b'"value": 16.66'), (r"612.* s .* 960",)),
    falling=Output(
        served()
        + others.logged("result_first_token_97.00_percentile_latency_ns", 612_000.5, 7e8, rank="").encode(),
        ("p99 of the ttft", "below its p97"),
    ),
    operation=ONE_OPERATION,
    unit=NAMED_UNITS,
    iterations=NO_ITERATIONS,
    seconds=lambda seconds: served(seconds=seconds),
    load=NO_LOAD,
    serves=((), 20.0),
    other_end=NO_END,
)
VLLM = ToolFacts(
    clean=lambda: [Sent(content=outputs.served(), claimed=(1, 2))],
    hosts=NO_HOST,
    models=NO_MODEL,
    device_ids=NO_DEVICE_ID,
    serials=NO_SERIAL,
    uuids=NO_UUID,
    bus_ids=NO_BUS_ID,
    accelerators=NO_COUNT,
    versions=NO_VERSION,
    scaled=lambda content, factor: rescaled_keys(content, ".*_throughput|request_rate", factor),
    beyond=NO_CEILING,
    untrue=Output(rescaled_keys(outputs.served(), "duration", 3), BOTH_FIGURES),
    falling=Output(outputs.served(p99=61.5), ("p99 of the ttft is 61.5 ms", "below its p50 of 73.3")),
    operation=ONE_OPERATION,
    unit=NAMED_UNITS,
    iterations=NO_ITERATIONS,
    seconds=lambda seconds: outputs.served(seconds=float(seconds), rate=2400.0),
    load=NO_LOAD,
    serves=(("llama",), 20.0),
    other_end=NO_END,
)


def ras(names=("node-1",), size=2):
    document = json.loads(benchmarks.ras_json(size=size * len(names)))
    for place, rank in enumerate(document["communicators"][0]["ranks"]):
        rank |= {"host": names[place // size], "nvml_dev": place % size}
    return json.dumps(document).encode()


NOTHING = CannotBe("The output proves no check, whatever it says.")
RAS = ToolFacts(
    clean=lambda: [Sent(content=ras(), claimed=(1,))],
    hosts=ras,
    pair=NOTHING,
    models=NO_MODEL,
    device_ids=NO_DEVICE_ID,
    serials=NO_SERIAL,
    uuids=NO_UUID,
    bus_ids=NO_BUS_ID,
    accelerators=lambda count: ras(size=count),
    versions=("library", "2.29.1"),
    scaled=NO_RATE,
    beyond=NO_RATE,
    untrue=CannotBe("Counts that differ between ranks are remarks: a healthy job shows them for moments."),
    falling=NO_PERCENTILE,
    operation=ONE_OPERATION,
    unit=NO_UNIT,
    iterations=NOTHING,
    seconds=NOTHING,
    load=NOTHING,
    serves=NOT_SERVED,
    other_end=NO_END,
)
JUNIT = ToolFacts(
    clean=lambda: [Sent(content=benchmarks.junit(suites=CONGESTION))],
    hosts=CannotBe("The host in a report is the one that ran the tests, not what they were of."),
    models=NO_MODEL,
    device_ids=NO_DEVICE_ID,
    serials=NO_SERIAL,
    uuids=NO_UUID,
    bus_ids=NO_BUS_ID,
    accelerators=NO_COUNT,
    versions=CannotBe("A report names no version."),
    scaled=NO_RATE,
    beyond=NO_RATE,
    untrue=Output(
        benchmarks.junit(suites=CONGESTION).replace(b'tests="3"', b'tests="7"'),
        ("counts 7 tests and holds 3",),
    ),
    falling=NO_PERCENTILE,
    operation=CannotBe("Rules say which tests prove what, by the names of the tests."),
    unit=NO_UNIT,
    iterations=CannotBe("A test passes or does not."),
    seconds=CannotBe("A test is judged by its outcome, not by its time."),
    load=NO_LOAD,
    serves=NOT_SERVED,
    other_end=NO_END,
)


def table(*claims):
    rows = claims or [f"p1-congestion/{part},0," for part in CONGESTION]
    return outputs.run_table(*rows, taken_at=NOW)


def soak(rows_h):
    """A claim of 26 hours over rows of so many."""
    rows = outputs.run_table(f"p1-soak-24h/duration,{rows_h},", taken_at=NOW).decode()
    values = {
        "busbw-cv": 0,
        "unexplained-anomalies": 0,
        "explained-anomalies": 0,
        "ttft-drift": 0,
        "inlet-p99": 22,
    }
    rest = [f"p1-soak-24h/{part},{value}," for part, value in values.items()]
    rows = rows.replace(f"duration,{rows_h},", "duration,26,")
    return rows.encode() + b"".join(outputs.run_table(*rest, taken_at=NOW).splitlines(keepends=True)[1:])


CSV = ToolFacts(
    clean=lambda: [Sent(content=table())],
    hosts=CannotBe("A table names subjects, which need not be hosts."),
    models=NO_MODEL,
    device_ids=NO_DEVICE_ID,
    serials=NO_SERIAL,
    uuids=NO_UUID,
    bus_ids=NO_BUS_ID,
    accelerators=NO_COUNT,
    versions=("driver", "570.133.20"),
    scaled=CannotBe("The sub-measures that a table proves are counts, shares and times."),
    beyond=NO_CEILING,
    untrue=Output(table().replace(b"\ndrops,0.0,", b"\ndrops,41.0,"), BOTH_FIGURES),
    falling=CannotBe("A table does not say that two of its percentiles are of one distribution."),
    operation=CannotBe("Each row names its own measure."),
    unit=Output(table().replace(b"lossless-drops,0,,", b"lossless-drops,0,GB/s,"), ("GB/s is not",)),
    iterations=NO_ITERATIONS,
    seconds=Output(
        soak(0.05),
        ("duration is 26 h", "2 h at most"),
        "p1-soak-24h",
        lambda: [Sent(content=soak(26))],
    ),
    load=NO_LOAD,
    serves=NOT_SERVED,
    other_end=NO_END,
)
NODE_FACTS = {
    "fio": FIO,
    "dcgm-diag": DCGM,
    "mlperf": MLPERF,
    "vllm-bench": VLLM,
    "nccl-ras": RAS,
    "junit": JUNIT,
    "csv": CSV,
}
