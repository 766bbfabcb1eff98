"""Outputs of test tools for the runs of the demo's operator: given figures, in the format of each tool."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from readiness.demo.core.noise import wobble
from readiness.demo.core.plan import DATA

GIB = 1024**3


def latency(*, p50: float, p99: float, p999: float, port: str, run: str) -> bytes:
    """perftest's `ib_write_lat`, µs; each run varies a little around the given figures."""
    off = 1 + 0.02 * wobble(run)
    spread = {
        "low": p50 * 0.8,
        "middle": p50,
        "mean": p50 * 1.04,
        "tail": p99,
        "far": p999,
        "most": p999 * 1.6,
    }
    return _filled(
        "ib_write_lat", run=run, port=port, **{name: value * off for name, value in spread.items()}
    )


def socket_latency(*, p50: float, p99: float, p999: float, address: str, run: str) -> bytes:
    """sockperf's `under-load`, µs one way; each run varies a little around the given figures."""
    off = 1 + 0.02 * wobble(run)
    upper = p50 + 0.6 * (p99 - p50)
    spread = {"low": p50 * 0.8, "lower": p50 * 0.92, "middle": p50, "mean": p50 * 1.06, "upper": upper}
    spread |= {"tail": p99, "far": p999, "most": p999 * 1.5}
    shifted = {name: value * off for name, value in spread.items()}
    observations = round(29_500 + 900 * wobble(f"{run}, observations"))
    counts: dict[str, Any] = {"observations": observations, "share": observations / 100}
    return _filled("sockperf", run=run, address=address, deviation=p50 * 0.11, **counts, **shifted)


def write_bandwidth(*, gbps: float, port: str, run: str) -> bytes:
    """perftest's `ib_write_bw -s 8388608 --report_gbits`: the outputs of both ends, one after the other."""
    rate = gbps / (8388608 * 8) * 1000
    figures: dict[str, Any] = {"port": port, "peak": gbps * 1.002, "gbps": gbps, "rate": rate}
    near = _filled("ib_write_bw", run=run, **figures, local="0x01", remote="0x02")
    return near + _filled("ib_write_bw", run=run, **figures, local="0x02", remote="0x01")


def _filled(name: str, *, run: str, **figures: object) -> bytes:
    """A text of readiness/demo/data/outputs with its placeholders filled in. Packets are numbered anew in each run."""
    text = (DATA / "outputs" / f"{name}.txt").read_text(encoding="utf-8")
    packet = round(0x7FFFFF * (1 + wobble(run)))
    return text.format(run=run, packet=f"{packet:#08x}", **figures).encode()


def all_reduce(*, host: str, busbw: float, gpus: int, run: str, model: str = "NVIDIA H200") -> bytes:
    """nccl-tests' `all_reduce_perf` on one node, 4 to 16 GiB; GB/s of the largest row."""
    rates = {4: busbw * 0.93, 8: busbw * 0.97, 16: busbw}
    return _collective("all_reduce", "sum", [host], rates, gpus=gpus, model=model, run=run)


def all_gather(*, hosts: Sequence[str], busbw: float, gpus: int, run: str, model: str) -> bytes:
    """nccl-tests' `all_gather_perf` over nodes, 2 to 8 GiB; GB/s of the largest row."""
    rates = {2: busbw * 0.92, 4: busbw * 0.97, 8: busbw}
    return _collective("all_gather", "none", hosts, rates, gpus=gpus, model=model, run=run)


def _collective(
    operation: str,
    reduction: str,
    hosts: Sequence[str],
    rates: Mapping[int, float],
    *,
    gpus: int,
    model: str,
    run: str,
) -> bytes:
    """`rates` are by GiB."""
    ranks = "".join(
        f"#  Rank {place * gpus + gpu:2} Group  0 Pid 6899 on {host:>10} device {gpu:2} [0000:{gpu:02}:00] {model}\n"
        for place, host in enumerate(hosts)
        for gpu in range(gpus)
    )
    busbw, count = max(rates.values()), len(hosts) * gpus
    times = (2 if operation == "all_reduce" else 1) * (count - 1) / count
    # The two halves of a row differ a little, and so do two runs.
    rows = "".join(
        f"{size * GIB:13} {size * GIB // 4:13}     float    {reduction:>4}      -1"
        f"    {_half(size, rate, times)}    {_half(size, rate * (1.004 + 0.002 * wobble(run)), times)}\n"
        for size, rate in rates.items()
    )
    return (
        f"# nccl-tests version 2.17.1 nccl-headers=22605 nccl-library=22703\n# {run}\n"
        f"# Collective test starting: {operation}_perf\n"
        f"# nThread 1 nGpus 1 minBytes {min(rates) * GIB} maxBytes {max(rates) * GIB} step: 2(factor)"
        f" warmup iters: 5 iters: 20 agg iters: 1 validation: 1 graph: 0\n{ranks}"
        "#       size         count      type   redop    root"
        "     time   algbw   busbw #wrong     time   algbw   busbw #wrong\n"
        f"{rows}# Out of bounds values : 0 OK\n# Avg bus bandwidth    : {busbw * 0.4:.4f}\n"
    ).encode()


def _half(gib: int, busbw: float, times: float) -> str:
    """Time, algorithm's and bus bandwidth, and wrong values of one half of a row."""
    algbw = busbw / times
    return f"{gib * GIB / algbw / 1e3:9.2f}  {algbw:.2f}  {busbw:.2f}      0"


def diagnostic(*, gpus: int, severities: Mapping[int, int], run: str, uuids: Sequence[str] = ()) -> bytes:
    """`dcgmi diag -r 3 -j` of one node; `severities` holds the accelerators that fail."""
    names: Sequence[str] = ("software", "pcie", "memory", "diagnostic", "targeted_stress", "targeted_power")
    tests = [
        {
            "name": name,
            "results": [
                _result(gpu, severities.get(gpu, 0) if name == "memory" else 0, f"{name} {run}")
                for gpu in range(gpus)
            ],
        }
        for name in names
    ]
    document: dict[str, dict[str, Any]] = {
        "DCGM Diagnostic": {
            "metadata": {"version": "4.2.3", "Driver Version Detected": "580.95.05", "run": run},
            "test_categories": [{"category": "Hardware", "tests": tests}],
        }
    }
    if uuids:
        entities = [{"entity_id": gpu, "uuid": uuid} for gpu, uuid in enumerate(uuids)]
        document["DCGM Diagnostic"]["entity_groups"] = [
            {"entity_group": "GPU", "entity_group_id": 1, "entities": entities}
        ]
    return json.dumps(document).encode()


def _measured(run: str, gpu: int) -> int:
    return round(40_000 + 9_000 * wobble(f"{run} {gpu}"))


def quick_check(*, hosts: Sequence[str], gpus: int, run: str) -> bytes:
    """`dcgmi mndiag -j` over the nodes of a site: the short test of every accelerator."""
    results = [
        {**_result(gpu, 0, f"{run} {number}"), "host_id": number}
        for number in range(len(hosts))
        for gpu in range(gpus)
    ]
    document = {
        "hosts": [
            {"host_id": number, "hostname": host, "dcgm_version": "4.4.1", "driver_version": "580.95.05"}
            for number, host in enumerate(hosts)
        ],
        "metadata": {"version": "4.4.1", "Driver Version Detected": "580.95.05", "run": run},
        "test_categories": [{"category": "Hardware", "tests": [{"name": "mnubergemm", "results": results}]}],
    }
    return json.dumps(document).encode()


def served(
    *, model: str, ttft_ms: float, tpot_ms: float, requests_per_s: float, duration_s: float, at: datetime
) -> bytes:
    """`vllm bench serve --save-result` at a rate, with Poisson arrivals; `at` in the host's zone."""
    requests = round(requests_per_s * duration_s)
    document: dict[str, object] = {
        "date": f"{at:%Y%m%d-%H%M%S}",
        "endpoint_type": "openai",
        "backend": "vllm",
        "model_id": model,
        "tokenizer_id": model,
        "num_prompts": requests,
        "request_rate": requests_per_s,
        "burstiness": 1.0,
        "duration": duration_s,
        "completed": requests,
        "failed": 0,
        "total_input_tokens": requests * 512,
        "total_output_tokens": requests * 256,
        "request_throughput": round(requests / duration_s, 3),
        "output_throughput": round(requests * 256 / duration_s, 1),
    }
    for name, p99 in (("ttft", ttft_ms), ("tpot", tpot_ms), ("itl", tpot_ms * 1.1)):
        document |= {
            f"mean_{name}_ms": round(p99 * 0.56, 3),
            f"median_{name}_ms": round(p99 * 0.5, 3),
            f"p99_{name}_ms": round(p99, 3),
        }
    return json.dumps(document).encode()


def table(*, tool: str, rows: Sequence[tuple[datetime, str, float, str, str]]) -> bytes:
    """Figures of a tool without a parser: time, measure, value, unit and subject."""
    lines = [
        f"{at.isoformat()},{measure},{value:g},{unit},{subject}" for at, measure, value, unit, subject in rows
    ]
    return "\n".join([f"# tool: {tool}", "taken_at,measure,value,unit,subject", *lines, ""]).encode()


def _result(gpu: int, severity: int, run: str) -> dict[str, object]:
    result: dict[str, object] = {"entity_group": "GPU", "entity_group_id": 1, "entity_id": gpu}
    if not severity:
        return {
            **result,
            "status": "Pass",
            "info": [f"GPU {gpu}: {_measured(run, gpu)} samples without an error."],
        }
    warning = {"warning": f"GPU {gpu}: row remapping pending.", "error_id": 84, "error_severity": severity}
    return {**result, "status": "Fail", "warnings": [warning]}
