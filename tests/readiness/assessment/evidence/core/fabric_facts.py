"""Facts of the tools that measure links: collectives, ports and paths."""

import json

from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core import test_parse_network as network
from tests.readiness.assessment.evidence.core.tool_facts import (
    BOTH_FIGURES,
    NO_BUS_ID,
    NO_COUNT,
    NO_DEVICE_ID,
    NO_END,
    NO_HOST,
    NO_ITERATIONS,
    NO_LOAD,
    NO_MODEL,
    NO_PERCENTILE,
    NO_RATE,
    NO_SECONDS,
    NO_SERIAL,
    NO_UUID,
    NO_VERSION,
    NOT_SERVED,
    Output,
    ToolFacts,
    rescaled,
    rescaled_keys,
)
from tests.readiness.assessment.evidence.core.trap_outputs import between, sockperf
from tests.readiness.assessment.evidence.core.trap_site import Sent
from tests.readiness.assessment.evidence.core.traps import CannotBe

HEAD = b"time   algbw   busbw #wrong     time   algbw   busbw #wrong\n"
BITS = b"#        (B)    (elements)     (us)  (Gb/s)  (Gb/s)            (us)  (Gb/s)  (Gb/s)\n"
A100 = "NVIDIA A100-SXM4-80GB"


def collective_rates(content, factor, names=(1, 2, 5, 6)):
    """Multiply columns of the rows: of the last eight, 0 is the time, 1 and 2 the bandwidths, and so on."""
    lines = []
    for line in content.decode().splitlines(keepends=True):
        cells = line.split()
        if cells and cells[0].isdecimal():
            first = len(cells) - 8
            for place in names:
                cells[first + place] = f"{float(cells[first + place]) * factor:.2f}"
            line = " ".join(cells) + "\n"
        lines.append(line)
    return "".join(lines).encode()


def inside(**more):
    return outputs.collective(**{"gpus": 2, **more})


def of_collectives(make, clean, *, banner, other, beyond):
    """The facts of nccl-tests and rccl-tests, whose outputs are alike. `make` builds an output, `other` one of another
    operation whose banner is then changed to the tool's own."""
    return ToolFacts(
        clean=clean,
        hosts=lambda names: make(hosts=names),
        models=lambda model: make(model=model),
        device_ids=NO_DEVICE_ID,
        serials=NO_SERIAL,
        uuids=NO_UUID,
        bus_ids=lambda bus_id: make().replace(b"[0000:01:00]", f"[{bus_id}]".encode(), 1),
        accelerators=lambda count: make(hosts=("node-1",), gpus=count),
        versions=("library", "2.27.3"),
        scaled=collective_rates,
        beyond=beyond,
        untrue=Output(collective_rates(make(), 1.3, names=(2, 6)), BOTH_FIGURES),
        falling=NO_PERCENTILE,
        operation=Output(other.replace(banner[0], banner[1]), ("all_gather", "reduces|all_reduce")),
        unit=Output(make().replace(HEAD, HEAD + BITS), ("Gb/s", "GB/s")),
        iterations=lambda count: make(iterations=count),
        seconds=NO_SECONDS,
        load=NO_LOAD,
        serves=NOT_SERVED,
        other_end=NO_END,
    )


BANNERS = (b"all_reduce_perf", b"all_gather_perf")
NCCL = of_collectives(
    between,
    lambda: [Sent(content=between(), claimed=(1, 2))],
    banner=BANNERS,
    other=between(operation="all_reduce"),
    beyond=Output(between(busbw=611.0), ("61[12]", "400 GB/s")),
)
RCCL = of_collectives(
    inside,
    lambda: [Sent(content=inside(hosts=(f"node-{node}",)), claimed=(node,)) for node in (1, 2)],
    banner=BANNERS[::-1],
    other=inside(operation="all_gather"),
    beyond=Output(inside(busbw=1411.0), ("1,41[123]", "900 GB/s")),
)


def path(make):
    """Twenty runs under load and twenty idle ones, between both nodes."""
    return [
        Sent(content=make(load), claimed=(1, 2), load=load, load_gbps=gbps, days=1 + place / 1000)
        for load, gbps in (("loaded", 320.0), ("idle", None))
        for place in range(20)
    ]


def with_load(runs, gbps):
    return [
        Sent(content=run.content, claimed=run.claimed, load=run.load, load_gbps=gbps, days=run.days)
        if run.load == "loaded"
        else run
        for run in runs
    ]


def latencies():
    return path(lambda load: outputs.latency())


UNDER_LOAD = "p1-latency-under-load"
PERFTEST = ToolFacts(
    clean=lambda: [Sent(content=outputs.write_bandwidth(both=True), claimed=(1, 2))],
    hosts=NO_HOST,
    models=NO_MODEL,
    device_ids=NO_DEVICE_ID,
    serials=NO_SERIAL,
    uuids=NO_UUID,
    bus_ids=NO_BUS_ID,
    accelerators=NO_COUNT,
    versions=CannotBe("The output names no version at all."),
    scaled=lambda content, factor: rescaled(
        rescaled(content, r"^ 8388608 .* (?P<rate>[\d.]+) +[\d.]+$", factor),
        r"^ 8388608 .* (?P<rate>[\d.]+)$",
        factor,
    ),
    beyond=Output(outputs.write_bandwidth(gbps=655.0, both=True), ("655 Gb/s", "400 Gb/s")),
    untrue=Output(
        rescaled(outputs.write_bandwidth(both=True), r"^ 8388608 .* (?P<rate>[\d.]+)$", 0.5), BOTH_FIGURES
    ),
    falling=Output(
        outputs.latency(p50=3.5, p99=2.5),
        ("t_typical is 3.5", "99% percentile of 2.5"),
        UNDER_LOAD,
        latencies,
    ),
    operation=Output(
        outputs.write_bandwidth(both=True).replace(b"RDMA_Write", b"Send"),
        ("another operation", "RDMA writes"),
    ),
    unit=Output(
        outputs.write_bandwidth(both=True).replace(b"average[Gb/sec]", b"average[Tb/sec]"), ("Tb/sec",)
    ),
    iterations=lambda count: outputs.write_bandwidth(iterations=count, both=True),
    seconds=NO_SECONDS,
    load=lambda gbps: with_load(latencies(), gbps),
    serves=NOT_SERVED,
    other_end=Output(outputs.write_bandwidth(), ("without: node-2 mlx5_0",)),
)


def iperf3(names=("10.0.0.1", "10.0.0.2"), seconds=30):
    """A document whose rates follow from its bytes and seconds."""
    total = {
        "start": 0,
        "end": seconds,
        "seconds": seconds,
        "bytes": 11_750_000_000 * seconds,
        "bits_per_second": 9.4e10,
    }
    document = json.loads(network.iperf3(end={"sum_sent": total, "sum_received": total}))
    ends = (*names, "10.9.9.9")
    document["start"]["connected"] = [{"local_host": ends[0], "remote_host": ends[1]}]
    return json.dumps(document).encode()


IPERF3 = ToolFacts(
    clean=lambda: [Sent(content=iperf3(), claimed=(1, 2))],
    hosts=iperf3,
    pair=CannotBe("The output has the addresses of both ends; one that nobody recorded contradicts nothing."),
    models=NO_MODEL,
    device_ids=NO_DEVICE_ID,
    serials=NO_SERIAL,
    uuids=NO_UUID,
    bus_ids=NO_BUS_ID,
    accelerators=NO_COUNT,
    versions=NO_VERSION,
    scaled=lambda content, factor: rescaled_keys(content, "bits_per_second", factor),
    beyond=Output(rescaled_keys(iperf3(), "bits_per_second|bytes", 6), ("564 Gb/s", "400 Gb/s")),
    untrue=Output(rescaled_keys(iperf3(), "bytes", 0.25), BOTH_FIGURES),
    falling=NO_PERCENTILE,
    operation=CannotBe("The document names its protocol once, and its rates are of that."),
    unit=CannotBe("Each key of the document names its unit, and there is no header."),
    iterations=NO_ITERATIONS,
    seconds=lambda seconds: iperf3(seconds=seconds),
    load=NO_LOAD,
    serves=NOT_SERVED,
    other_end=NO_END,
)


def loaded_sockperf():
    return path(lambda load: sockperf())


SOCKPERF = ToolFacts(
    clean=loaded_sockperf,
    hosts=lambda names: sockperf(ip=names[0]),
    pair=CannotBe("The output names the other end alone."),
    models=NO_MODEL,
    device_ids=NO_DEVICE_ID,
    serials=NO_SERIAL,
    uuids=NO_UUID,
    bus_ids=NO_BUS_ID,
    accelerators=NO_COUNT,
    versions=NO_VERSION,
    scaled=NO_RATE,
    beyond=NO_RATE,
    untrue=Output(
        sockperf().replace(b"contains 200.00 observations", b"contains 2000.00 observations"), BOTH_FIGURES
    ),
    falling=Output(sockperf(p99=2.0), ("p99 .* is 2 µs", "below its p50 of 3 µs")),
    operation=CannotBe("The tool prints one latency, of the protocol that its one banner names."),
    unit=CannotBe("The tool prints microseconds whatever is asked, and has no header."),
    iterations=lambda count: sockperf(observations=count),
    seconds=CannotBe("A latency run is judged by its observations, however long they took."),
    load=lambda gbps: with_load(loaded_sockperf(), gbps),
    serves=NOT_SERVED,
    other_end=NO_END,
)
FABRIC_FACTS = {
    "nccl-tests": NCCL,
    "rccl-tests": RCCL,
    "perftest": PERFTEST,
    "iperf3": IPERF3,
    "sockperf": SOCKPERF,
}
