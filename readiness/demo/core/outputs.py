"""What test tools print, for runs that the demo's operator would have made: given figures in the tools' own forms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from readiness.demo.core.noise import wobble

GIB = 1024**3


def latency(*, p50: float, p99: float, p999: float, port: str, lids: tuple[int, int], run: str) -> bytes:
    """perftest's `ib_write_lat`, µs; each run is a little off the figures given."""
    off = 1 + 0.02 * wobble(run)
    low, middle, mean = p50 * 0.8 * off, p50 * off, p50 * 1.04 * off
    tail, far, most = p99 * off, p999 * off, p999 * 1.6 * off
    return (
        f"# {run}\n"
        "---------------------------------------------------------------------------------------\n"
        "                    RDMA_Write Latency Test\n"
        f" Dual-port       : OFF\t\tDevice         : {port}\n"
        " Number of qps   : 1\t\tTransport type : IB\n"
        " Mtu             : 4096[B]\n"
        "---------------------------------------------------------------------------------------\n"
        f" local address: LID 0x{lids[0]:02x} QPN 0x0048 PSN 0xf5aed1\n"
        f" remote address: LID 0x{lids[1]:02x} QPN 0x0047 PSN 0xb63c71\n"
        "---------------------------------------------------------------------------------------\n"
        " #bytes #iterations    t_min[usec]    t_max[usec]  t_typical[usec]    t_avg[usec]    t_stdev[usec]"
        "   99% percentile[usec]   99.9% percentile[usec] \n"
        f" 2       20000          {low:.2f}           {most:.2f}         {middle:.2f}              {mean:.2f}"
        f"            0.20           {tail:.2f}                    {far:.2f}\n"
        "---------------------------------------------------------------------------------------\n"
    ).encode()


def all_reduce(*, host: str, busbw: float, gpus: int, run: str) -> bytes:
    """nccl-tests' `all_reduce_perf` on one node, 4 to 16 GiB; GB/s of the largest row."""
    ranks = "".join(
        f"#  Rank {gpu:2} Group  0 Pid 6899 on {host:>10} device {gpu:2} [0000:{gpu:02}:00] NVIDIA H200\n"
        for gpu in range(gpus)
    )
    rows = "".join(
        f"{size * GIB:13} {size * GIB // 4:13}     float     sum      -1    32336  {rate / 1.75:.2f}  {rate:.2f}      0"
        f"    32455  {(rate + 1) / 1.75:.2f}  {rate + 1:.2f}      0\n"
        for size, rate in ((4, busbw * 0.93), (8, busbw * 0.97), (16, busbw))
    )
    return (
        f"# nccl-tests version 2.17.1 nccl-headers=22605 nccl-library=22703\n# {run}\n"
        f"# Collective test starting: all_reduce_perf\n{ranks}"
        "#       size         count      type   redop    root"
        "     time   algbw   busbw #wrong     time   algbw   busbw #wrong\n"
        f"{rows}# Out of bounds values : 0 OK\n# Avg bus bandwidth    : {busbw * 0.4:.4f}\n"
    ).encode()


def diagnostic(*, gpus: int, severities: Mapping[int, int], run: str) -> bytes:
    """`dcgmi diag -r 3 -j` of one node; `severities` of the accelerators that do not pass."""
    names: Sequence[str] = ("software", "pcie", "memory", "diagnostic", "targeted_stress", "targeted_power")
    tests = [
        {
            "name": name,
            "results": [
                _result(gpu, severities.get(gpu, 0) if name == "memory" else 0) for gpu in range(gpus)
            ],
        }
        for name in names
    ]
    document = {
        "DCGM Diagnostic": {
            "metadata": {"version": "4.2.3", "Driver Version Detected": "580.95.05", "run": run},
            "test_categories": [{"category": "Hardware", "tests": tests}],
        }
    }
    return json.dumps(document).encode()


def _result(gpu: int, severity: int) -> dict[str, object]:
    found: dict[str, object] = {"entity_group": "GPU", "entity_group_id": 1, "entity_id": gpu}
    if not severity:
        return {**found, "status": "Pass"}
    warning = {"warning": f"GPU {gpu}: row remapping pending.", "error_id": 84, "error_severity": severity}
    return {**found, "status": "Fail", "warnings": [warning]}
