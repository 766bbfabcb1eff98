"""perftest: units from the header, percentiles by their support, JSON that names no unit, refusals."""

import json

import pytest

from readiness.assessment.evidence.core.parsed import END_UNKNOWN
from readiness.assessment.evidence.core.parsers import ParseError, parse
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core.samples import figure

RULE = "-" * 87 + "\n"
GBITS = " #bytes     #iterations    BW peak[Gb/sec]    BW average[Gb/sec]   MsgRate[Mpps]\n"
LATENCY = (
    " #bytes #iterations    t_min[usec]    t_max[usec]  t_typical[usec]    t_avg[usec]    t_stdev[usec]"
    "   99% percentile[usec]   99.9% percentile[usec] \n"
)
ROW = " 65536      5000             51.05              51.04              0.097356\n"
BUSY = "Conflicting CPU frequency values detected: 3295.212000 != 5023.444000. CPU Frequency is not max.\n"


def heading(test, lids=("0x01", "0x02")):
    return (
        RULE + f"                    {test}\n"
        " Dual-port       : OFF\t\tDevice         : mlx5_0\n"
        " Number of qps   : 2\t\tTransport type : IB\n"
        + RULE
        + f" local address: LID {lids[0]} QPN 0x0048 PSN 0xf5aed1\n"
        f" remote address: LID {lids[1]} QPN 0x0047 PSN 0xb63c71\n" + RULE
    )


def perftest(text):
    return parse("perftest", text.encode())


def test_bandwidth_in_gigabits_is_taken_as_it_is():
    run = perftest(heading("RDMA_Write BW Test") + GBITS + ROW + RULE)
    bandwidth = figure(run, "bandwidth")
    assert (bandwidth.value, bandwidth.unit, bandwidth.size_bytes, bandwidth.streams) == (
        51.04,
        "Gb/s",
        65536,
        2,
    )
    assert (bandwidth.operation, bandwidth.subject, run.loopback) == ("write", "mlx5_0", "")


@pytest.mark.parametrize(
    "line",
    [
        "Completion with error at client",
        "Failed to complete run_iter_bw function",
        "Couldn't read remote address",
        "Unable to create QP.",
    ],
)
def test_what_the_tool_could_not_do_is_refused(line):
    with pytest.raises(ParseError, match="failed operation"):
        parse("perftest", outputs.write_bandwidth() + f" {line}\n".encode())


@pytest.mark.parametrize("unit", ["MB/sec", "MiB/sec"])
def test_what_the_tool_calls_megabytes_are_mebibytes(unit):
    row = " 65536      5000             0.00              2709.48              0.043352\n"
    run = perftest(heading("Send BW Test") + GBITS.replace("Gb/sec", unit) + row)
    assert figure(run, "bandwidth").value == pytest.approx(2709.48 * 2**20 * 8 / 1e9)


def test_a_peak_that_was_not_measured_is_no_figure():
    row = " 65536      5000             0.00              51.04              0.097356\n"
    assert 0 not in [each.value for each in perftest(heading("RDMA_Write BW Test") + GBITS + row).figures]


def test_both_directions_together_are_another_operation():
    row = " 65536      5000             0.00              390.1              0.097356\n"
    run = perftest(heading("RDMA_Write Bidirectional BW Test") + GBITS + row)
    assert figure(run, "bandwidth").operation == "write bidirectional"


def test_latency_has_its_percentiles_and_how_many_samples_are_behind_them():
    row = " 2       20000          0.88           6.84         0.98               1.03          0.20  1.21  5.42\n"
    run = perftest(heading("RDMA_Write Latency Test") + LATENCY + BUSY + BUSY + row + RULE)
    assert figure(run, "latency", percentile=50.0).value == 0.98
    assert figure(run, "latency", percentile=99.0).value == 1.21
    tail = figure(run, "latency", percentile=99.9)
    assert (tail.value, tail.unit, tail.samples, tail.caution) == (5.42, "µs", 20000, "")


def test_a_thousand_samples_bear_p99_and_not_p99_9():
    row = " 2       1000    1.24    5.19    1.27     \t       1.27        \t0.00   \t\t1.37    \t\t5.19   \n"
    run = perftest(heading("Send Latency Test") + LATENCY + row)
    assert figure(run, "latency", percentile=99.0).caution == ""
    assert "10000" in figure(run, "latency", percentile=99.9).caution


def test_reads_are_round_trips():
    row = " 2       1000          5.35           11.78        5.49               5.50  0.18  5.74  11.78\n"
    names = {each.name for each in perftest(heading("RDMA_Read Latency Test") + LATENCY + row).figures}
    assert names == {"round_trip", "round_trip_min", "round_trip_max", "round_trip_average", "end"}


def test_a_run_by_time_has_an_average_and_no_percentiles():
    text = heading("Send Latency Test") + " #bytes        #iterations       t_avg[usec]    tps average\n"
    run = perftest(text + " 2             1234567           1.59           627000.12\n")
    assert figure(run, "latency_average").value == 1.59
    assert [each.name for each in run.figures] == ["latency_average", "end"]


def test_the_same_identifier_at_both_ends_is_a_loopback():
    assert perftest(heading("RDMA_Write BW Test", ("0x07", "0x07")) + GBITS + ROW).loopback
    assert not perftest(heading("RDMA_Write BW Test") + GBITS + ROW).loopback


@pytest.mark.parametrize(
    "head",
    [
        pytest.param("", id="no line of an address"),
        pytest.param(" local address: LID 0x01 QPN 0x0048 PSN 0xf5aed1\n", id="one end"),
        pytest.param(heading("RDMA_Write BW Test", ("0000", "0000")), id="RoCE without its GIDs"),
    ],
)
def test_an_end_that_is_not_told_may_be_a_loopback(head):
    assert perftest(head + GBITS + ROW).loopback == END_UNKNOWN


def roce(remote, pairs=1):
    """The addresses as each queue pair prints them, all local ones first."""
    address = (
        " {} address: LID 0000 QPN 0x0048 PSN 0xf5aed1\n"
        " GID: 00:00:00:00:00:00:00:00:00:00:255:255:192:168:01:0{}\n"
    )
    return address.format("local", 1) * pairs + address.format("remote", remote) * pairs


@pytest.mark.parametrize("pairs", [1, 4])
def test_without_identifiers_the_same_gid_at_both_ends_is_a_loopback(pairs):
    assert "GID 00" in perftest(roce(1, pairs) + GBITS + ROW).loopback
    assert not perftest(roce(2, pairs) + GBITS + ROW).loopback


SLOW = ROW.replace("51.04", "12.00")
BETWEEN, LOOPED = heading("RDMA_Write BW Test"), heading("RDMA_Write BW Test", ("0x07", "0x07"))


@pytest.mark.parametrize("rows", [(ROW, SLOW), (SLOW, ROW)], ids=["worse later", "worse earlier"])
def test_of_several_runs_of_one_port_the_worst_counts(rows):
    run = perftest("".join(BETWEEN + GBITS + row for row in rows))
    assert figure(run, "bandwidth").value == 12


@pytest.mark.parametrize("heads", [(BETWEEN, LOOPED), (LOOPED, BETWEEN)], ids=["later", "earlier"])
def test_one_loopback_among_several_runs_is_not_hidden(heads):
    assert "0x07" in perftest("".join(head + GBITS + ROW for head in heads)).loopback


def test_two_ports_together_are_no_result_of_one():
    with pytest.raises(ParseError, match="Two ports") as refused:
        perftest((heading("RDMA_Write BW Test") + GBITS + ROW).replace("OFF\t\tDevice", "ON\t\tDevice"))
    assert refused.value.line == 3
    with pytest.raises(ParseError, match="Dual_port: Two ports"):
        perftest(document(MsgSize=2, n_iterations=20000, t_typical=0.98).replace('"OFF"', '"ON"'))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param(GBITS, 2, "no row", id="no results"),
        pytest.param(
            GBITS + " 65536 5000 2465.901216.65 0.097\n", 2, "run together", id="numbers run together"
        ),
        pytest.param(GBITS + " 65536 5000 51.05 -3.04 0.097\n", 2, "overflowed", id="negative"),
        pytest.param(GBITS + " 65536 5000 0.00 0.00 0.000\n", 2, "nothing was measured", id="zero"),
        pytest.param(GBITS + " 65536 5000 51.05 nan 0.097\n", 2, "not a number", id="not a number"),
        pytest.param(LATENCY.replace("usec", "cycles"), 1, "microseconds", id="cycles"),
        pytest.param(GBITS.replace("Gb/sec", "furlongs"), 1, "not known", id="unknown unit"),
        pytest.param(GBITS.replace("#iterations", "#iterations[k]"), 1, "does not begin", id="other header"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text, line, reason):
    with pytest.raises(ParseError, match=reason) as refused:
        perftest(text)
    assert refused.value.line == line


def document(**results):
    info = {
        "test": "RDMA_Write_BW_Test",
        "Dual_port": "OFF",
        "Device": "mlx5_3",
        "Number_of_qps": 4,
        "Mtu": 4096,
    }
    return json.dumps({"test_info": info, "results": results}, indent=1)


@pytest.mark.parametrize(
    ("average", "gigabits"),
    [
        pytest.param(389.6, 389.6, id="gigabits, by the message rate"),
        pytest.param(46443.9, 46443.9 * 2**20 * 8 / 1e9, id="mebibytes, by the message rate"),
    ],
)
def test_the_document_names_no_unit_and_the_message_rate_tells(average, gigabits):
    run = perftest(
        document(
            MsgSize=65536,
            n_iterations=5000,
            BW_peak=0.0,
            BW_average=average,
            MsgRate=389.6e9 / 8 / 65536 / 1e6,
        )
    )
    bandwidth = figure(run, "bandwidth")
    assert bandwidth.value == pytest.approx(gigabits)
    assert (bandwidth.subject, bandwidth.streams, bandwidth.operation) == ("mlx5_3", 4, "write")


def test_the_document_of_a_latency_test():
    run = perftest(
        document(
            MsgSize=2,
            n_iterations=20000,
            t_min=0.88,
            t_max=6.84,
            t_typical=0.98,
            t_avg=1.03,
            t_stdev=0.2,
            **{"percentile_99": 1.21, "percentile_99.9": 5.42},
        )
    )
    assert figure(run, "latency", percentile=99.9).value == 5.42
    assert figure(run, "latency", percentile=50.0).value == 0.98


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        pytest.param({"MsgSize": 65536, "n_iterations": 5}, "neither", id="nothing measured"),
        pytest.param(
            {"MsgSize": 65536, "n_iterations": 5, "BW_average": 0.0, "MsgRate": 0.0},
            "zero",
            id="zero is no bandwidth",
        ),
        pytest.param(
            {"MsgSize": 65536, "n_iterations": 5, "BW_average": 51.0, "MsgRate": 9.0},
            "unit",
            id="rate does not fit",
        ),
        pytest.param({"MsgSize": 65536, "n_iterations": 5, "BW_average": 51.0}, "MsgRate", id="no rate"),
    ],
)
def test_a_document_that_says_too_little_is_refused(results, reason):
    with pytest.raises(ParseError, match=reason):
        perftest(document(**results))


def test_each_end_names_its_own_port():
    run = perftest(outputs.write_bandwidth(both=True).decode())
    ends = [(each.value, each.subject) for each in run.figures if each.name == "end"]
    assert ends == [(1, "mlx5_0"), (2, "mlx5_0")]


@pytest.mark.parametrize(
    ("title", "header", "row", "reason"),
    [
        pytest.param(
            "RDMA_Write BW Test",
            GBITS,
            " 8388608  5000  0.00  788.00  0.005826\n",
            "788.00 Gb/s in the file",
            id="rate",
        ),
        pytest.param(
            "RDMA_Write BW Test",
            GBITS,
            " 8388608  5000  390.0  391.00  0.005826\n",
            "more than the peak",
            id="peak",
        ),
        pytest.param(
            "RDMA_Write Latency Test",
            LATENCY,
            " 2  20000  0.88  6.84  0.98  1.03  0.20  7.21  5.42\n",
            "99% percentile is 7.21 µs, more than its 99.9% percentile",
            id="percentiles",
        ),
    ],
)
def test_a_row_that_contradicts_itself_is_told_with_both_figures(title, header, row, reason):
    assert reason in perftest(heading(title) + header + row).contradiction
