"""Outputs of benchmarks and reports as tests send them, small and complete. `mark` makes a file another one without
changing what it says."""

import json

MIB = 1024**2
GIB = 1024**3


def stream(
    *, mb_s=400_000.0, length=80_000_000, iterations=10, threads=64, valid=True, kernels=None, mark=""
):
    """STREAM's text. `kernels` gives rates of single kernels that their times do not confirm."""
    rows = ""
    for kernel, arrays in (("Copy", 2), ("Scale", 2), ("Add", 3), ("Triad", 3)):
        least = arrays * length * 8 / mb_s / 1e6
        rate = (kernels or {}).get(kernel, arrays * length * 8 / round(least, 6) / 1e6)
        rows += f"{kernel + ':':<12}{rate:12.1f}  {least * 1.02:11.6f}  {least:11.6f}  {least * 1.1:11.6f}\n"
    verdict = "Solution Validates: avg error less than 1.000000e-13 on all three arrays"
    return (
        f"{mark}\n-------------------------------------------------------------\n"
        "STREAM version $Revision: 5.10 $\n"
        "-------------------------------------------------------------\n"
        "This system uses 8 bytes per array element.\n"
        "-------------------------------------------------------------\n"
        f"Array size = {length} (elements), Offset = 0 (elements)\n"
        f"Each kernel will be executed {iterations} times.\n"
        f"Number of Threads requested = {threads}\nNumber of Threads counted = {threads}\n"
        "Function    Best Rate MB/s  Avg time     Min time     Max time\n"
        f"{rows}-------------------------------------------------------------\n"
        f"{verdict if valid else 'Failed Validation on array a[], AvgRelAbsErr > epsilon (1.000000e-13)'}\n"
    ).encode()


def hpl(
    *,
    gflops=41_000.0,
    order=264_192,
    grid=(4, 2),
    passed=True,
    checked=True,
    skipped=0,
    per_gpu=True,
    mark="",
):
    """HPL's text as NVIDIA's build prints it, or without `per_gpu` as the reference does."""
    p, q = grid
    seconds = round((2 / 3 * order**3 + 1.5 * order**2) / gflops / 1e9, 2)
    share = f" ( {gflops / (p * q):.3e})" if per_gpu else ""
    verdict = "PASSED" if passed else "FAILED"
    residual = f"||Ax-b||_oo/(eps*(||A||_oo*||x||_oo+||b||_oo)*N)=   4.12139792e-03 ...... {verdict}\n"
    return (
        f"{mark}\n================================================================================\n"
        "HPLinpack 2.3  --  High-Performance Linpack benchmark  --   December 2, 2018\n"
        "T/V                N    NB     P     Q               Time                 Gflops\n"
        "--------------------------------------------------------------------------------\n"
        f"WC0{order:17}  1024 {p:5} {q:5} {seconds:18.2f} {gflops:22.4e}{share}\n"
        "HPL_pdgesv() start time Fri Nov 20 10:33:45 2026\n\n"
        "HPL_pdgesv() end time   Fri Nov 20 10:51:10 2026\n\n"
        f"{residual if checked else ''}"
        "Finished      1 tests with the following results:\n"
        f"              {int(checked and passed)} tests completed and passed residual checks,\n"
        f"              {int(checked and not passed)} tests completed and failed residual checks,\n"
        f"              {int(not checked)} tests completed without checking,\n"
        f"              {skipped} tests skipped because of illegal input values.\n\n"
        "End of Tests.\n"
    ).encode()


def hpl_mxp(*, gflops=434_680.0, per_gpu=None, order=258_048, grid=(4, 2), passed=True, mark=""):
    """The result block of NVIDIA's HPL-MxP."""
    p, q = grid
    per_gpu = gflops / (p * q) if per_gpu is None else per_gpu
    return (
        f"{mark}\n ****** HPL MxP Result    ******\n\n"
        " ||Ax-b||_oo / (EPS * (||A||_oo * ||x||_oo + ||b||_oo) * N) =    5.599413E-04 ......"
        f" {'PASSED' if passed else 'FAILED'}\n\n"
        f"   N = {order}, NB = 1024, NPROW = {p}, NPCOL = {q}, SLOPPY-TYPE = 2\n"
        f"      GFLOPS = {gflops:.4e}, per GPU = {per_gpu:10.2f} ------ The HPL-MxP performance to report\n"
        "   LU GFLOPS = 2.4940e+06, per GPU =  311748.98 ------ The performance excluding the iterative solver part\n"
        "\n ****** HPL MxP Result    ******\n"
    ).encode()


def osu_bandwidth(*, mb_s=48_900.0, sizes=(65_536, 4 * MIB), title="MPI Bandwidth Test", valid=None, mark=""):
    """osu_bw and osu_bibw; `valid` adds the column of -c."""
    checked = "" if valid is None else "        Validation"
    cell = "" if valid is None else f"        {'Pass' if valid else 'Fail'}"
    rows = "".join(f"{size:<10}{mb_s * (1 if size == max(sizes) else 0.8):18.2f}{cell}\n" for size in sizes)
    return (
        f"{mark}\n# OSU {title} v7.5\n# Datatype: MPI_CHAR.\n# Size      Bandwidth (MB/s){checked}\n{rows}"
    ).encode()


def osu_pairs(*, pairs=8, mb_s=195_000.0, size=4 * MIB, messages=None, mark=""):
    """osu_mbw_mr."""
    messages = mb_s * 1e6 / size if messages is None else messages
    return (
        f"{mark}\n# OSU MPI Multiple Bandwidth / Message Rate Test v7.5\n"
        f"# [ pairs: {pairs} ] [ window size: 64 ]\n# Datatype: MPI_CHAR.\n"
        f"# Size                  MB/s        Messages/s\n{size:<10}{mb_s:18.2f}{messages:18.2f}\n"
    ).encode()


def osu_collective(
    *, us=800.0, size=MIB, iterations=1000, title="MPI-CUDA Allreduce Latency Test", spread=1.02, mark=""
):
    """osu_allreduce and the like, with -f."""
    return (
        f"{mark}\n# OSU {title} v7.5\n# Datatype: MPI_FLOAT.\n"
        "# Size       Avg Latency(us)   Min Latency(us)   Max Latency(us)  Iterations\n"
        f"{size:<10}{us:18.2f}{us / spread:18.2f}{us * spread:18.2f}{iterations:12}\n"
    ).encode()


def superbench(*, nodes=("node-1",), busbw=470.0, launch_ms=0.0055, ranks=8, codes=None, coded=True, mark=""):
    """A line for each node. `codes` are return codes of benchmarks that failed."""
    lines = []
    for node in nodes:
        document = {"node": node, "mark": mark}
        for rank in range(ranks):
            document[f"gpu-copy-bw:perf/gpu{rank}_to_cpu_by_dma_bw:0"] = 52.0
            document[f"kernel-launch/wall_time:{rank}"] = launch_ms
            document[f"kernel-launch/return_code:{rank}"] = 0
        document["nccl-bw:nvlink/allreduce_8589934592_busbw:0"] = busbw
        document["nccl-bw:nvlink/return_code:0"] = 0
        document["gpu-copy-bw:perf/return_code:0"] = 0
        document |= {f"{name}/return_code:0": code for name, code in (codes or {}).items()}
        if not coded:
            document = {key: value for key, value in document.items() if "return_code" not in key}
        lines.append(json.dumps(document))
    return "\n".join([*lines, ""]).encode()


def ras(*, host="10.0.0.1", size=8, missing=0, errors="", library="NCCL", mark=""):
    """ncclras, as text."""
    status = ",".join(filter(None, ["INCOMPLETE" if missing else "", errors])) or "OK"
    told = (
        "INCOMPLETE\n  Missing communicator data from 1 job process\n"
        f"  Process 3467978 on node {host} managing GPU 6\n\n"
        f"#0-0 (3b2fe521bf43bc04) INCOMPLETE\n  Missing communicator data from {missing} ranks\n"
        f"  Rank 6 -- GPU 6 managed by process 3467978 on node {host}\n"
        if missing
        else ""
    )
    return (
        f"{mark}\n{library} version 2.28.3 compiled with CUDA 13.0\n\nJob summary\n===========\n\n"
        "  Nodes  Processes         GPUs  Processes     GPUs\n(total)   per node  per process    (total)  (total)\n"
        f"      1          {size}            1          {size}        {size}\n\n"
        "Communicators... (0.00s)\n=============\n\n"
        "Group     Comms     Nodes     Ranks     Ranks     Ranks    Status  Errors\n"
        "    #  in group  per comm  per node  per comm  in group\n"
        f"    0         1         1         {size - missing}         {size}         {size - missing}"
        f"   RUNNING  {status}\n\nErrors\n======\n\n{told}\nWarnings\n========\n\n"
    ).encode()


def ras_json(*, size=2, missing=(), async_error=0, mark=""):
    """ncclras -f json. `missing` are pairs of unresponsive and considered dead."""
    ranks = [
        {
            "rank": rank,
            "host": "10.0.0.1",
            "pid": 100 + rank,
            "cuda_dev": rank,
            "nvml_dev": rank,
            "status": {"init_state": 0, "async_error": async_error, "abort_flag": False},
        }
        for rank in range(size - len(missing))
    ]
    absent = [
        {
            "rank": size - len(missing) + place,
            "host": "10.0.0.1",
            "status": {"unresponsive": unresponsive, "considered_dead": dead},
        }
        for place, (unresponsive, dead) in enumerate(missing)
    ]
    communicator = {
        "hash": "0xae94423cfbb2ef4a",
        "size": size,
        "ranks_count": len(ranks),
        "missing_ranks_count": len(absent),
        "ranks": ranks,
        "missing_ranks": absent,
    }
    return json.dumps(
        {
            "nccl_version": "2.29.1",
            "timestamp": "2026-11-20 13:06:53",
            "communicators_count": 1,
            "communicators": [communicator],
            "ras": {"collection_time_sec": 0.0, "timeouts_count": 0},
            "mark": mark,
        }
    ).encode()


def junit(
    *, suites=("congestion",), tests=3, failed=0, skipped=0, started="2026-11-20T10:00:00+00:00", mark=""
):
    """A JUnit report: in each suite the first tests failed, the next were skipped."""
    inside = "".join(_suite(name, tests, failed, skipped, started) for name in suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {mark} -->\n<testsuites>\n{inside}</testsuites>\n'.encode()


def _suite(name, tests, failed, skipped, started):
    outcomes = [
        *['<failure message="drops"/>'] * failed,
        *["<skipped/>"] * skipped,
        *[""] * (tests - failed - skipped),
    ]
    cases = "".join(
        f'<testcase classname="fabric" name="test_{place}" time="2.5">{outcome}</testcase>\n'
        for place, outcome in enumerate(outcomes)
    )
    return (
        f'<testsuite name="{name}" tests="{tests}" failures="{failed}" errors="0" skipped="{skipped}" time="7.5"'
        f' timestamp="{started}" hostname="node-1">\n'
        f'<properties><property name="env.TOKEN" value="secret"/></properties>\n{cases}</testsuite>\n'
    )
