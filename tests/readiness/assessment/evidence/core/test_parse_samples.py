"""What the real outputs say, figure by figure."""

from datetime import UTC, datetime

import pytest

from readiness.assessment.evidence.core.parsers import parse, platform_floors
from tests.readiness.assessment.evidence.core.samples import FOLDER, RUNS, figure, sample, whole

GIB = 1024**3


def parsed(name):
    return parse(RUNS[name], sample(name))


@pytest.mark.parametrize("name", sorted(RUNS))
def test_a_copy_says_what_the_whole_file_says(name):
    cut, there = parsed(name), parse(RUNS[name], whole(name))
    assert set(cut.figures) <= set(there.figures)
    assert (cut.loopback, cut.taken_at, cut.hosts) == (there.loopback, there.taken_at, there.hosts)


def test_nccl_gives_each_row_and_never_the_average():
    run = parsed("nccl_allreduce.log")
    largest = figure(run, "busbw", size_bytes=8 * GIB, variant="float sum out-of-place")
    assert (largest.value, largest.unit, largest.streams) == (235.26, "GB/s", 8)
    assert figure(run, "busbw", size_bytes=8 * GIB, variant="float sum in-place").value == 235.03
    assert 68.4048 not in [each.value for each in run.figures]
    assert 0 not in [each.size_bytes for each in run.figures]
    wrong = figure(run, "wrong_values")
    assert (wrong.value, "did not check" in wrong.caution) == (None, True)


def test_nccl_of_a_version_that_does_not_name_its_operation_is_recognised_by_its_factor():
    run = parsed("nccl_allreduce.log")
    assert {each.operation for each in run.figures} == {"all_reduce"}
    assert run.hosts == ("localhost",)
    assert len(run.accelerators) == 8
    assert run.contradiction == ""


def test_perftest_is_read_in_the_unit_of_its_header():
    run = parsed("ib_loopback_8M_size.log")
    bandwidth = figure(run, "bandwidth")
    # 24056.72 of what the tool calls MB, 2^20 bytes.
    assert bandwidth.value == pytest.approx(24056.72 * 2**20 * 8 / 1e9)
    assert (bandwidth.unit, bandwidth.size_bytes, bandwidth.samples) == ("Gb/s", 8388608, 20000)
    assert (bandwidth.operation, bandwidth.subject) == ("write", "ib0")
    assert "0xd06" in run.loopback


def test_iperf3_counts_what_was_received():
    run = parsed("iperf3_tcp_loopback.json")
    assert figure(run, "bandwidth").value == pytest.approx(9.470698935053936)
    assert figure(run, "retransmits").value == 41
    assert figure(run, "round_trip_average").value == 1407
    assert run.taken_at == datetime(2026, 11, 24, 13, 57, 3, tzinfo=UTC)
    assert "crossed no network" in run.loopback


def test_iperf3_over_udp_has_jitter_and_loss():
    run = parsed("iperf3_udp_sample.json")
    assert figure(run, "bandwidth").value == pytest.approx(0.200022130190761)
    assert figure(run, "jitter").value == pytest.approx(0.012671465732679868)
    assert (figure(run, "loss").value, figure(run, "loss").unit) == (0, "%")


def test_sockperf_percentiles_of_fourteen_observations_are_not_supported():
    run = parsed("sockperf_sample.txt")
    assert figure(run, "latency", percentile=50.0).value == 44.525
    tail = figure(run, "latency", percentile=99.9)
    assert (tail.value, tail.samples) == (56.783, 14)
    assert "10000" in tail.caution
    assert "this machine" in run.loopback


def test_fio_percentiles_are_supported_up_to_what_its_samples_bear():
    run = parsed("fio_randread.json")
    assert figure(run, "bandwidth").value == pytest.approx(69.311568)
    assert figure(run, "iops").value == pytest.approx(16921.769558)
    assert figure(run, "latency", percentile=99.9).caution == ""
    assert figure(run, "latency", percentile=99.9).value == pytest.approx(2506.752)
    assert "100000" in figure(run, "latency", percentile=99.99).caution
    assert figure(run, "bandwidth").size_bytes == 4096


@pytest.mark.parametrize(
    ("platform", "tool", "value", "size"),
    [
        ("nd96amsr_a100_v4", "nccl-tests", 228.0, 16 * GIB),
        ("nd96isr_h100_v5", "nccl-tests", 460.0, 16 * GIB),
        ("nd96isr_h200_v5", "nccl-tests", 431.0, 16 * GIB),
        ("nd96isr_mi300x_v5", "rccl-tests", 314.0, 16 * GIB),
        ("nc96ads_a100_v4", "nccl-tests", 25.0, 8 * GIB),
        ("nd96isr_h100_v5", "perftest", 380.0, 8388608),
        ("nd96isr_h200_v5", "perftest", 360.0, 8388608),
        ("nd96isr_mi300x_v5", "perftest", 390.0, 8388608),
        ("nd96amsr_a100_v4", "perftest", 180.0, 8388608),
    ],
)
def test_a_configuration_states_floors_with_their_size(platform, tool, value, size):
    floors = platform_floors.parse(sample(f"{platform}.conf"))
    assert [(floor.value, floor.size_bytes) for floor in floors if floor.tool == tool] == [(value, size)]


def test_every_configuration_is_read():
    sample("nd96isr_h100_v5.conf")
    counts = {path.stem: len(platform_floors.parse(path.read_bytes())) for path in FOLDER.glob("*.conf")}
    assert sum(counts.values()) == 15
    assert counts["nc24ads_a100_v4"] == 0
