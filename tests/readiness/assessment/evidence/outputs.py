"""Outputs of tools as tests send them, small and complete."""

from zlib import crc32

GIB = 1024**3
MIB = 1024**2


SHARED = ("all_gather", "reduce_scatter", "alltoall")


def factor(operation, ranks):
    """Bus bandwidth over the algorithm's, as nccl-tests' PERFORMANCE.md has it."""
    if ranks < 2 or operation in ("broadcast", "reduce", "sendrecv"):
        return 1.0
    return (1 if operation in SHARED else 2) * (ranks - 1) / ranks


def half(busbw, size, operation, ranks, wrong):
    """Time, algorithm's and bus bandwidth of one half of a row, which agree with each other."""
    algbw = busbw / factor(operation, ranks)
    return f"{size / algbw / 1e3:9.2f}  {algbw:.2f}  {busbw:.2f} {wrong}"


def collective(
    *,
    busbw=470.0,
    size=16 * GIB,
    operation="all_reduce",
    hosts=("node-1",),
    wrong=0,
    gpus=1,
    checked=True,
    mark="",
    model="NVIDIA H100",
    iterations=20,
):
    """nccl-tests text of one size. `mark` makes it another run: its second half is faster by less than 1 GB/s."""
    ranks = "".join(
        f"#  Rank {place:2} Group  0 Pid {6899 + place} on {host:>10} device {gpu:2} [0000:{gpu:02}:00] {model}\n"
        for place, (host, gpu) in enumerate((host, gpu) for host in hosts for gpu in range(gpus))
    )
    checks = f"{wrong:6}" if checked else "   N/A"
    count, faster = len(hosts) * gpus, busbw + 1 + crc32(mark.encode()) % 100 / 100
    reduction = "none" if operation in ("all_gather", "alltoall", "broadcast") else " sum"
    return (
        f"# nccl-tests version 2.17.1 nccl-headers=22605 nccl-library=22703\n# {mark}\n"
        f"# Collective test starting: {operation}_perf\n"
        f"# nThread 1 nGpus 1 minBytes {size} maxBytes {size} step: 2(factor) warmup iters: 1 iters: {iterations}"
        f" agg iters: 1 validation: 1 graph: 0\n{ranks}"
        "#       size         count      type   redop    root"
        "     time   algbw   busbw #wrong     time   algbw   busbw #wrong\n"
        f"{size:12} {size // 4:12}     float    {reduction}      -1"
        f"    {half(busbw, size, operation, count, checks)}    {half(faster, size, operation, count, checks)}\n"
        f"# Out of bounds values : {2 * wrong} {'FAILED' if wrong else 'OK'}\n# Avg bus bandwidth    : 66.2058\n"
    ).encode()


def served(*, p99=400.0, tpot=25.0, asked=12_000, failed=0, rate=20.0, seconds=620.0, model="llama", **more):
    """`vllm bench serve --save-result`, with what is read of it."""
    import json

    return json.dumps(
        {
            "date": "20261120-100000",
            "backend": "vllm",
            "model_id": model,
            "num_prompts": asked,
            "request_rate": rate,
            "burstiness": 1.0,
            "duration": seconds,
            "completed": asked - failed,
            "failed": failed,
            "request_throughput": (asked - failed) / seconds,
            "output_throughput": 4099.2,
            "median_ttft_ms": 73.3,
            "p99_ttft_ms": p99,
            "median_tpot_ms": 15.0,
            "p99_tpot_ms": tpot,
            **more,
        }
    ).encode()


def write_bandwidth(
    *,
    gbps=391.0,
    device="mlx5_0",
    size=8 * MIB,
    lids=("0x01", "0x02"),
    iterations=5000,
    both=False,
    mark="",
):
    """perftest text of ib_write_bw; with `both`, the other end's output follows in the same file."""
    psn = number(mark)
    ends = [(lids, psn), (lids[::-1], psn + 1)] if both else [(lids, psn)]
    return (f"# {mark}\n" + "".join(_written(gbps, device, size, *end, iterations) for end in ends)).encode()


def number(mark):
    """The packet sequence number that a run begins with, another one for each mark."""
    return 0xF5AED1 ^ crc32(mark.encode()) & 0xFFFFFF


def _written(gbps, device, size, lids, psn, iterations):
    return (
        "                    RDMA_Write BW Test\n"
        f" Dual-port       : OFF\t\tDevice         : {device}\n"
        f" local address: LID {lids[0]} QPN 0x0048 PSN {psn:#x}\n"
        f" remote address: LID {lids[1]} QPN 0x0047 PSN 0xb63c71\n"
        " #bytes     #iterations    BW peak[Gb/sec]    BW average[Gb/sec]   MsgRate[Mpps]\n"
        f" {size}    {iterations}             0.00              {gbps}              {gbps / size / 8 * 1e3:.6f}\n"
    )


def latency(*, p50=2.0, p99=3.0, p999=5.0, iterations=20000, lids=("0x01", "0x02"), mark=""):
    """perftest text of ib_write_lat."""
    return (
        f"# {mark}\n                    RDMA_Write Latency Test\n"
        " Dual-port       : OFF\t\tDevice         : mlx5_0\n"
        f" local address: LID {lids[0]} QPN 0x0048 PSN {number(mark):#x}\n"
        f" remote address: LID {lids[1]} QPN 0x0047 PSN 0xb63c71\n"
        " #bytes #iterations    t_min[usec]    t_max[usec]  t_typical[usec]    t_avg[usec]    t_stdev[usec]"
        "   99% percentile[usec]   99.9% percentile[usec] \n"
        f" 2       {iterations}   0.88   {max(9.84, 2 * p999):.2f}   {p50}   {p50}   0.20   {p99}   {p999}\n"
    ).encode()


def diagnostic(severities, *, long=True, tests=(), bad=(), skipped=None, serials=None, mark=""):
    """`dcgmi diag -j` of one node: severity of each accelerator, 0 for a pass.

    `tests` are those that ran, `bad` those that the severities are of, by default all; `skipped` are those that each
    accelerator skipped, `serials` what the document lists.
    """
    import json

    names = tests or ["software", "pcie", "memory", *(["diagnostic", "targeted_stress"] if long else [])]
    listed = [
        {
            "name": name,
            "results": [
                _skip(gpu)
                if name in (skipped or {}).get(gpu, ())
                else _result(gpu, severity if not bad or name in bad else 0)
                for gpu, severity in severities.items()
            ],
        }
        for name in names
    ]
    inside = {
        "test_categories": [{"category": "Hardware", "tests": listed}],
        "metadata": {"version": "4.2.3"},
    }
    entities = [
        {"entity_id": gpu, "device_id": "2330", "serial_num": serial}
        for gpu, serial in (serials or {}).items()
    ]
    if mark:
        # A diagnostic prints what it measured, so that no two runs are alike.
        listed[0]["results"][0]["info"] = [mark]
    groups = [{"entity_group": "GPU", "entity_group_id": 1, "entities": entities}]
    return json.dumps({"DCGM Diagnostic": inside, **({"entity_groups": groups} if serials else {})}).encode()


def _skip(gpu):
    return {"entity_group": "GPU", "entity_group_id": 1, "entity_id": gpu, "status": "Skip"}


def _result(gpu, severity):
    result = {
        "entity_group": "GPU",
        "entity_group_id": 1,
        "entity_id": gpu,
        "status": "Fail" if severity else "Pass",
    }
    if severity:
        result["warnings"] = [{"warning": "broken", "error_id": 29, "error_severity": severity}]
    return result


def table(*rows, head="measure,value,unit"):
    return "\n".join([head, *rows, ""]).encode()


def run_table(*rows, taken_at):
    """With all that makes a table a run: the tool, the time of each row, and raw figures behind each sub-measure."""
    timed = [f"{row},{taken_at.isoformat()}" for row in (*rows, "sample,1,")]
    for row in rows:
        measure, value, _ = row.split(",")
        timed += [
            f"{name},{amount},,{at.isoformat()}" for at, name, amount in _raw(measure, float(value), taken_at)
        ]
    return table(*dict.fromkeys(timed), "# tool: soak 2.1", head="measure,value,unit,taken_at")


def _raw(measure, value, begin):
    """Raw rows from which that value follows, from that time on."""
    from datetime import timedelta

    def each(name, values, minutes=1):
        return [(begin + timedelta(minutes=minutes * place), name, one) for place, one in enumerate(values)]

    match measure:
        case "p1-soak-24h/duration":
            return each("throughput", [390] * (round(60 * value) + 1))
        case "p1-soak-24h/busbw-cv":
            return each("busbw", [1000 - 10 * value, 1000 + 10 * value] * 30)
        case "p1-soak-24h/unexplained-anomalies":
            return [(begin, "link_flaps", value)]
        case "p1-soak-24h/explained-anomalies":
            return [(begin, "queue_pair_errors", value)]
        case "p1-soak-24h/ttft-drift":
            return each("ttft", [400, 400 + 4 * value], minutes=120)
        case "p1-soak-24h/inlet-p99":
            return each("inlet", [value, value], minutes=60)
        case "p1-soak-24h/memory-slope":
            return each("memory", [0, value], minutes=60)
        case "p1-congestion/lossless-drops":
            return [(begin, "drops", value)]
        case "p1-congestion/pfc-storms":
            return [(begin, "storms", value)]
        case "p1-congestion/out-of-sequence":
            return [(begin, "oos", value)]
        case "p1-congestion/marking-order":
            return [(begin, "ecn", 0), (begin, "pfc_pause", value)]
        case "p2-failover-drill/longest-interruption":
            return [(begin, "interruption", value)]
    return []
