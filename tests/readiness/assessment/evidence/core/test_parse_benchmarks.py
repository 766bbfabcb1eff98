"""STREAM, HPL, HPL-MxP, OSU and SuperBench: what is read, what contradicts itself, what is refused."""

import json

import pytest

from readiness.assessment.evidence.core.launchers import hosts_named
from readiness.assessment.evidence.core.parsed import failures_of
from readiness.assessment.evidence.core.parsers import ParseError, parse
from tests.readiness.assessment.evidence import benchmark_outputs as outputs
from tests.readiness.assessment.evidence.benchmark_outputs import MIB
from tests.readiness.assessment.evidence.core.samples import figure

REFERENCE_HPL = b"""\
HPLinpack 2.3  --  High-Performance Linpack benchmark  --   December 2, 2018
T/V                N    NB     P     Q               Time                 Gflops
--------------------------------------------------------------------------------
WR0XR8C48      384000   384     1     2            4645.37             8.1261e+03
HPL_pdgesv() start time Fri Feb  3 16:33:45 2023

HPL_pdgesv() end time   Fri Feb  3 17:51:10 2023

--------------------------------------------------------------------------------
||Ax-b||_oo/(eps*(||A||_oo*||x||_oo+||b||_oo)*N)=   4.12139792e-03 ...... PASSED

End of Tests.
"""
ROCHPL_MXP = b"""\
T/V                N    NB     P     Q               Time                 Gflops
--------------------------------------------------------------------------------
WR0           125440  2560     1     1               5.27              2.497e+05
HPLMXP_pdgesv() end time   Fri Nov 20 10:51:10 2026

||Ax-b||_oo/(eps*(||A||_oo*||x||_oo+||b||_oo)*N)=        0.0000001 ...... PASSED
"""
OSU_PERCENTILES = b"""\
# OSU MPI Latency Test v7.4
# Datatype: MPI_CHAR.
# Size        Latency (us)   P50 Tail Lat(us)   P99 Tail Lat(us)
8                     1.83               1.80               2.40
"""


def test_stream_gives_each_kernel_with_its_conditions():
    parsed = parse("stream", outputs.stream(mb_s=400_000.0, threads=64))
    triad = figure(parsed, "bandwidth", operation="triad")
    assert (triad.value, triad.unit, triad.samples, triad.streams) == (400_000.0, "MB/s", 10, 64)
    assert triad.size_bytes == 640_000_000
    assert figure(parsed, "iterations").value == 10
    assert parsed.versions == (("stream", "5.10"),)
    assert parsed.contradiction == ""


def test_hpl_gives_rate_time_and_grid():
    parsed = parse("hpl", REFERENCE_HPL)
    rate = figure(parsed, "flops")
    assert (rate.value, rate.unit, rate.variant) == (8126.1, "GFLOP/s", "WR0XR8C48, NB 384, 1 x 2")
    assert (rate.streams, rate.size_bytes) == (2, 8 * 384_000**2)
    assert figure(parsed, "duration").value == 4645.37
    assert parsed.taken_local.isoformat() == "2023-02-03T17:51:10"
    assert not failures_of(parsed.figures).count


def test_a_solution_that_nobody_checked_is_not_judged():
    assert "did not check" in figure(parse("hpl", outputs.hpl(checked=False)), "flops").caution


def test_amds_table_of_hpl_mxp_is_read():
    rate = figure(parse("hpl-mxp", ROCHPL_MXP), "flops")
    assert (rate.value, rate.variant) == (249_700.0, "WR0, NB 2560, 1 x 1")


def test_nvidias_block_of_hpl_mxp_has_the_factoring_beside():
    parsed = parse("hpl-mxp", outputs.hpl_mxp())
    assert figure(parsed, "flops").value == 434_680.0
    assert figure(parsed, "flops_of_factoring").value == 2_494_000.0


def test_osu_gives_every_size_and_who_ran():
    parsed = parse("osu", outputs.osu_bandwidth(mb_s=48_900.0))
    largest = figure(parsed, "bandwidth", size_bytes=4 * MIB)
    assert (largest.value, largest.unit, largest.operation) == (48_900.0, "MB/s", "mpi bandwidth")
    assert largest.streams == 2
    assert figure(parse("osu", outputs.osu_pairs(pairs=8)), "bandwidth").streams == 16


def test_osus_collectives_have_a_mean_time_and_its_iterations():
    mean = figure(parse("osu", outputs.osu_collective(iterations=1000)), "mean_time")
    assert (mean.value, mean.unit, mean.samples) == (800.0, "µs", 1000)
    assert mean.operation == "mpi-cuda allreduce latency"


def test_osus_percentiles_without_iterations_are_not_judged():
    tail = figure(parse("osu", OSU_PERCENTILES), "latency", percentile=99.0)
    assert tail.value == 2.4
    assert "does not say how many samples" in tail.caution


def test_several_osu_benchmarks_may_share_a_file():
    parsed = parse("osu", outputs.osu_bandwidth() + outputs.osu_collective())
    assert {each.operation for each in parsed.figures} == {"mpi bandwidth", "mpi-cuda allreduce latency"}


def test_superbench_keeps_the_worst_rank_of_each_node():
    document = json.loads(outputs.superbench(ranks=3))
    document["kernel-launch/wall_time:2"] = 0.011
    parsed = parse("superbench", json.dumps(document).encode())
    launch = figure(parsed, "mean_time")
    assert (launch.value, launch.unit, launch.streams, launch.subject) == (0.011, "ms", 3, "node-1")
    busbw = figure(parsed, "bandwidth", operation="nccl-bw:nvlink/allreduce_busbw")
    assert (busbw.value, busbw.size_bytes) == (470.0, 8_589_934_592)
    assert figure(parsed, "ranks").value == 3
    assert parsed.hosts == ("node-1",)


def test_superbench_metrics_without_a_known_unit_are_counted():
    document = json.loads(outputs.superbench()) | {"gpcnet-network-test/rr_get_lat_avg": 3.0}
    parsed = parse("superbench", json.dumps(document).encode())
    assert "1 metrics have no unit that Muster knows; they stay in the file." in parsed.warnings


def test_superbench_names_the_benchmarks_that_failed():
    parsed = parse("superbench", outputs.superbench(codes={"ib-loopback": 3}))
    assert failures_of(parsed.figures).text == "1 of 4 benchmarks failed"
    assert "ib-loopback on node-1: return code 3" in parsed.warnings


@pytest.mark.parametrize(
    ("tool", "content", "reason"),
    [
        pytest.param(
            "stream", outputs.stream(kernels={"Triad": 900_000.0}), "give 400000 MB/s", id="STREAM's rate"
        ),
        pytest.param(
            "stream",
            outputs.stream().replace(b"Array size = 80", b"Array size = 160"),
            "rate of Copy",
            id="STREAM's arrays",
        ),
        pytest.param(
            "hpl", REFERENCE_HPL.replace(b"8.1261e", b"9.1261e"), "give 8126 GFLOP/s", id="HPL's rate"
        ),
        pytest.param(
            "hpl-mxp", outputs.hpl_mxp(per_gpu=99_999.0), "give 799992 GFLOP/s", id="the rate of a GPU"
        ),
        pytest.param("osu", outputs.osu_pairs(messages=1.0), "give 4.1943 MB/s", id="OSU's message rate"),
        pytest.param(
            "osu", outputs.osu_collective(spread=0.5), "at least", id="OSU's mean below its minimum"
        ),
    ],
)
def test_figures_that_contradict_each_other_are_named(tool, content, reason):
    assert reason in parse(tool, content).contradiction


@pytest.mark.parametrize(
    ("tool", "content", "line", "reason"),
    [
        pytest.param("stream", outputs.stream() * 2, 29, "another run", id="STREAM: two runs in a file"),
        pytest.param(
            "stream",
            outputs.stream().replace(b"Array size", b"Size"),
            1,
            "The size of the arrays is missing",
            id="STREAM: a tail",
        ),
        pytest.param("hpl", b"WR0  5  1  1  1  0.10  0.0e+00\nEnd of Tests.\n", 1, "zero", id="HPL: nothing"),
        pytest.param("hpl", outputs.hpl() * 2, 24, "another run", id="HPL: two runs in a file"),
        pytest.param("hpl-mxp", outputs.hpl_mxp() * 2, 17, "another run", id="HPL-MxP: two runs in a file"),
        pytest.param("osu", outputs.osu_pairs() * 2, 8, "another run", id="OSU: two runs in a file"),
        pytest.param("osu", b"4 1.5\n8 1.6\n", 3, "no title", id="OSU: rows alone"),
        pytest.param(
            "osu", outputs.osu_pairs().replace(b"Messages/s", b""), 6, "3 values", id="OSU: a lost column"
        ),
        pytest.param(
            "superbench",
            outputs.superbench(nodes=("a", "a")),
            2,
            "comes twice",
            id="SuperBench: a node twice",
        ),
        pytest.param("superbench", b"[]", 1, "An object is expected", id="SuperBench: a list"),
    ],
)
def test_what_is_no_whole_run_is_refused(tool, content, line, reason):
    with pytest.raises(ParseError, match=reason) as refused:
        parse(tool, content)
    assert refused.value.line == line


def test_launchers_name_the_hosts_of_programs_that_name_none():
    launched = (
        b" Data for node: node-1\tNum slots: 8\tMax slots: 0\n"
        b" Data for node: node-2\tNum slots: 8\tMax slots: 0\n"
    )
    assert parse("osu", launched + outputs.osu_bandwidth()).hosts == ("node-1", "node-2")
    intel = "[0] MPI startup(): Rank    Pid      Node name  Pin cpu\n[0] MPI startup(): 0       17442    node-3  {0,1}"
    assert hosts_named(intel) == ("node-3",)
