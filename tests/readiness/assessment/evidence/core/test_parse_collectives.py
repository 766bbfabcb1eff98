"""Variants of nccl-tests and rccl-tests: columns that come and go, JSON, refusals."""

import json

import pytest

from readiness.assessment.evidence.core.parsers import ParseError, parse
from tests.readiness.assessment.evidence.core.samples import figure

FOOTER = "# Out of bounds values : 0 OK\n# Avg bus bandwidth    : 66.2058\n"
DEVICES = (
    "#  Rank  0 Group  0 Pid   6899 on node-1 device  0 [0000:04:00] NVIDIA H100 80GB HBM3\n"
    "#  Rank  1 Group  0 Pid   6733 on node-2 device  0 [0000:04:00] NVIDIA H100 80GB HBM3\n"
)
HEADER = (
    "#       size         count      type   redop    root"
    "     time   algbw   busbw #wrong     time   algbw   busbw #wrong\n"
)
ROW = (
    "  4294967296    1073741824     float     sum      -1"
    "    32336  132.82  232.44      0    32455  132.34  231.59      0\n"
)
GATHERED = ROW.replace(" sum", "none")
GIB = 1024**3


def nccl(text, tool="nccl-tests"):
    return parse(tool, text.encode())


def busbw(run, size=4 * GIB):
    return {
        each.variant.split()[-1]: each.value
        for each in run.figures
        if each.name == "busbw" and each.size_bytes == size
    }


@pytest.mark.parametrize(("code", "version"), [("22703", "2.27.3"), ("2803", "2.8.3")])
def test_the_library_s_code_grew_a_digit(code, version):
    run = nccl(f"# nccl-tests version 2.17.1 nccl-library={code}\n" + DEVICES + HEADER + ROW + FOOTER)
    assert dict(run.versions)["library"] == version


def test_the_newest_text_names_versions_operation_and_hosts():
    run = nccl(
        "# nccl-tests version 2.17.1 nccl-headers=22605 nccl-library=22703\n"
        "# Collective test starting: all_gather_perf\n" + DEVICES + HEADER + GATHERED + FOOTER
    )
    assert dict(run.versions) == {"library": "2.27.3", "nccl-tests": "2.17.1"}
    assert run.hosts == ("node-1", "node-2")
    assert figure(run, "busbw", variant="float in-place").operation == "all_gather"
    assert figure(run, "wrong_values").value == 0


@pytest.mark.parametrize(
    ("header", "row"),
    [
        pytest.param(HEADER, ROW, id="as in the documentation"),
        pytest.param(HEADER, ROW.replace("sum      -1", "none     -1"), id="all-gather says none"),
        pytest.param(HEADER, ROW.replace("sum      -1", "          "), id="blank reduction and root"),
        pytest.param(HEADER.replace("    root", ""), ROW.replace("-1", "  "), id="no root column"),
        pytest.param(HEADER.replace("#wrong", "error "), ROW, id="error in place of #wrong"),
        pytest.param(HEADER.replace("time ", "cputime "), ROW, id="time of the processor"),
        pytest.param(
            HEADER.replace("root ", "root  algo  proto  nchannels "),
            ROW.replace("-1 ", "-1  Ring  Simple  32 "),
            id="rccl names algorithm, protocol and channels",
        ),
        pytest.param(
            HEADER.replace("#wrong", "#wrong   i_min   i_max   i_p99   i_cv%"),
            "  4294967296    1073741824     float     sum      -1"
            "    32336  132.82  232.44      0  32000 32900 32800 1.2"
            "    32455  132.34  231.59      0  32000 32900 32800 1.2\n",
            id="a report of each iteration",
        ),
        pytest.param(
            HEADER.rstrip() + " timestamp\n", ROW.rstrip() + "  2026-11-24 13:00:00\n", id="a time at the end"
        ),
    ],
)
def test_columns_are_found_by_name(header, row):
    assert busbw(nccl("# all_reduce_perf\n" + DEVICES + header + row + FOOTER)) == {
        "out-of-place": 232.44,
        "in-place": 231.59,
    }


def test_a_row_may_have_its_second_half_only():
    row = "  4294967296    1073741824     float     sum      -1    32455  132.34  231.59      0\n"
    assert busbw(nccl("# all_reduce_perf\n" + HEADER + row + FOOTER)) == {"in-place": 231.59}


def test_stray_lines_between_rows_are_passed_over():
    stray = "node-1:3442:3442 [0] NCCL INFO Launch mode Parallel\n16 processes still running\n"
    run = nccl(
        "# all_reduce_perf\n" + HEADER + ROW + stray + ROW.replace("4294967296", "8589934592") + FOOTER
    )
    assert set(busbw(run)) == set(busbw(run, 8 * GIB)) == {"out-of-place", "in-place"}


UNCHECKED = ROW.replace("      0 ", "    N/A ").replace("      0\n", "    N/A\n")


@pytest.mark.parametrize(
    ("row", "footer", "wrong"),
    [
        pytest.param(ROW[::-1].replace("0", "5", 1)[::-1], "5 FAILED", 5, id="counted in the rows"),
        pytest.param(ROW, "248 FAILED", 248, id="more in the footer"),
        pytest.param(UNCHECKED, "248 FAILED", 248, id="in the footer alone, rows were not checked"),
        pytest.param(ROW, "0 FAILED", 1, id="failed, whatever it counts"),
    ],
)
def test_wrong_values_are_counted(row, footer, wrong):
    run = nccl("# all_reduce_perf\n" + HEADER + row + FOOTER.replace("0 OK", footer))
    assert figure(run, "wrong_values").value == wrong


def test_accelerators_are_counted_by_host():
    run = nccl("# all_reduce_perf\n" + DEVICES + HEADER + ROW + FOOTER)
    ranks = {each.subject: each.value for each in run.figures if each.name == "ranks"}
    assert ranks == {"node-1": 1, "node-2": 1}


RANK = "#  Rank {:2} Group  0 Pid   {} on {} device {:2} [{}] NVIDIA H100\n"
SHARING = {
    "each its own": (([(0, "node-1", 0, "0000:01:00"), (1, "node-1", 1, "0000:02:00")],), {"node-1": 2}),
    "both on one": (([(0, "node-1", 0, "0000:01:00"), (1, "node-1", 0, "0000:01:00")],), {"node-1": 1}),
    "one seen by each process": (
        ([(0, "node-1", 0, "0000:01:00"), (1, "node-1", 0, "0000:02:00")],),
        {"node-1": 2},
    ),
    "one under two numbers": (
        ([(0, "node-1", 0, "0000:0A:00"), (1, "node-1", 1, "0000:0a:00")],),
        {"node-1": 1},
    ),
    "a part of the bus printed": (([(0, "node-1", 0, "0x00"), (1, "node-1", 1, "0x00")],), {"node-1": 2}),
    "the same twice": (([(0, "node-1", 0, "0000:01:00")],) * 2, {"node-1": 1}),
    "one half after the other": (
        ([(0, "node-1", 0, "0000:01:00")], [(0, "node-1", 1, "0000:02:00")]),
        {"node-1": 1},
    ),
    "one node after the other": (
        ([(0, "node-1", 0, "0000:01:00")], [(0, "node-2", 0, "0000:01:00")]),
        {"node-1": 0, "node-2": 0},
    ),
}
"""By how ranks share accelerators: the lists of ranks in one file, and how many of each host took part in every run."""


@pytest.mark.parametrize("how", SHARING)
def test_an_accelerator_counts_once_however_many_ranks_or_runs_are_on_it(how):
    lists, counts = SHARING[how]
    runs = "".join(
        "# all_reduce_perf\n"
        + "".join(RANK.format(rank, 6899 + rank, *where) for rank, *where in ranks)
        + HEADER
        + ROW
        + FOOTER
        for ranks in lists
    )
    took_part = {each.subject: each.value for each in nccl(runs).figures if each.name == "ranks"}
    assert took_part == counts


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("# error: remote process exited", id="an error of the library"),
        pytest.param("# Avg bus bandwidth    : 66.2058 FAILED", id="below NCCL_TESTS_MIN_BW"),
        pytest.param("# Bitwise mismatches   : 12 FAILED", id="results that differ from run to run"),
        pytest.param(
            "mpirun noticed that process rank 3 with PID 7 on node node-1 exited on signal 9 (Killed).",
            id="a process that was killed",
        ),
        pytest.param(
            "mpirun detected that one or more processes exited with non-zero status, thus causing",
            id="a process that failed",
        ),
        pytest.param("srun: error: node-1: tasks 0-7: Exited with exit code 1", id="a task of Slurm"),
        pytest.param("command terminated with exit code 137", id="a pod"),
    ],
)
def test_what_ended_badly_is_a_failed_operation(line):
    run = nccl("# all_reduce_perf\n" + HEADER + ROW + FOOTER + line + "\n")
    assert figure(run, "failed_operations").value == 1
    assert run.warnings == (" ".join(line.removeprefix("# ").split()),)


@pytest.mark.parametrize("key", ["bitwise_mismatches", "average_bus_bandwidth"])
def test_a_verdict_in_a_document_is_a_failed_operation(key):
    run = nccl(document(**{key: {"bandwidth": 66.2, "okay": "false"}}))
    assert figure(run, "failed_operations").value == 1


def test_the_largest_difference_of_older_versions_is_no_count_of_wrong_values():
    header, row = HEADER.replace("#wrong", " error"), ROW.replace("      0", "  5e-07")
    assert figure(nccl("# all_reduce_perf\n" + header + row + FOOTER), "wrong_values").value == 0
    marked = nccl("# all_reduce_perf\n" + header + row.replace("5e-07\n", "5e-07*\n") + FOOTER)
    assert figure(marked, "wrong_values").value == 1


def test_each_table_of_a_file_is_of_its_own_operation():
    gathered = HEADER + GATHERED.replace("4294967296", "8589934592") + FOOTER
    run = nccl("# all_reduce_perf_mpi\n" + HEADER + ROW + FOOTER + "# all_gather_perf\n" + gathered)
    sizes = {each.operation: each.size_bytes for each in run.figures if each.name == "busbw"}
    assert sizes == {"all_reduce": 4 * GIB, "all_gather": 8 * GIB}


def test_rows_of_one_document_may_be_of_several_operations():
    row = {"ranks": 8, "inPlace": 0, "algBw": 1, "wrong": "0"}
    rows = [
        {**row, "name": name, "size": size, "busBw": busbw}
        for name, size, busbw in (("AllReduce", 8, 1.75), ("AllGather", 16, 0.875))
    ]
    run = parse("rccl-tests", json.dumps(rows).encode())
    sizes = {each.operation: each.size_bytes for each in run.figures if each.name == "busbw"}
    assert sizes == {"all_reduce": 8, "all_gather": 16}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param(HEADER + ROW, 3, "did not finish", id="cut off"),
        pytest.param(
            HEADER + ROW + HEADER + ROW + FOOTER, 3, "did not finish", id="cut off, with another run below"
        ),
        pytest.param(HEADER + FOOTER, 4, "no row", id="no rows"),
        pytest.param(ROW + FOOTER, 1, "before the header", id="no header"),
        pytest.param(
            HEADER + ROW.replace("232.44", "232.44 7") + FOOTER, 2, "do not fit", id="a value too many"
        ),
        pytest.param(HEADER + ROW.replace("232.44", "nan") + FOOTER, 2, "not a number", id="not a number"),
        pytest.param(HEADER + ROW.replace("232.44", "-1.0") + FOOTER, 2, "not a number", id="negative"),
        pytest.param(
            HEADER + ROW + "node-1: Test NCCL failure common.cu:958 'unhandled system error'\n" + FOOTER,
            3,
            "reports a failure",
            id="the tool failed half-way",
        ),
        pytest.param("\n", 1, "empty", id="empty"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text, line, reason):
    with pytest.raises(ParseError, match=reason) as refused:
        nccl(text)
    assert refused.value.line == line


def document(**changes):
    half = {"time": 32336.0, "alg_bw": 132.82, "bus_bw": 232.44, "nwrong": 0.0}
    row = {
        "size": 4 * GIB,
        "count": GIB,
        "type": "float",
        "redop": "sum",
        "root": "    -1",
        "out_of_place": half,
        "in_place": {**half, "bus_bw": 231.59},
        "actual_iterations": 20,
        "experiment_name": "all_reduce",
    }
    device = {"rank": 0, "hostname": "node-1", "device": 0, "device_info": "NVIDIA H100 80GB HBM3"}
    whole = {
        "version": 2,
        "start_time": "2026-11-24 12:00:00",
        "args": ["./build/all_reduce_perf", "-b", "8"],
        "env": ["PATH=/bin", "AWS_SECRET_ACCESS_KEY=hunter2"],
        "nccl_version": 22703,
        "config": {"nthreads": 1, "devices": [device]},
        "results": [row],
        "out_of_bounds": {"count": 0, "okay": "true"},
        "average_bus_bandwidth": {"bandwidth": 66.2, "okay": "unchecked"},
        "errors": [""],
        "end_time": "2026-11-24 12:01:00",
    }
    return json.dumps({**whole, **changes}, indent=1)


def test_the_document_says_what_the_text_says():
    run = nccl(document())
    assert busbw(run) == {"out-of-place": 232.44, "in-place": 231.59}
    assert figure(run, "busbw", variant="float sum in-place").operation == "all_reduce"
    assert (run.hosts, dict(run.versions)) == (("node-1",), {"library": "2.27.3"})
    assert str(run.taken_local) == "2026-11-24 12:01:00"
    assert 66.2 not in [each.value for each in run.figures]
    assert run.warnings == ()


def test_devices_may_stand_at_the_top_of_the_document():
    run = nccl(
        document(config={}, devices=[{"rank": 0, "hostname": "node-9", "device": 1, "device_info": "H100"}])
    )
    [seen] = run.accelerators
    assert (seen.host, seen.index, seen.model) == ("node-9", 1, "H100")


def test_a_negative_count_hides_no_failure():
    with pytest.raises(ParseError, match="negative"):
        nccl(document(out_of_bounds={"count": -1, "okay": "false"}))


def test_no_run_takes_no_time():
    rows = json.loads(document())["results"]
    rows[0]["in_place"]["time"] = 0.0
    assert (
        "algorithm bandwidth at 4 GiB is 132.82 GB/s in the file"
        in nccl(document(results=rows)).contradiction
    )


def test_accelerators_of_one_number_are_told_apart_by_their_bus():
    devices = [
        {"rank": rank, "hostname": "node-1", "device": 0, "device_hex": f"0000:{rank}b:00"}
        for rank in range(8)
    ]
    run = nccl(document(config={"devices": devices}))
    assert figure(run, "ranks").value == 8
    assert run.accelerators[1].bus_id == "0000:1b:00"


def test_the_environment_is_not_kept():
    kept = nccl(document()).content.decode()
    assert "hunter2" not in kept
    assert "PATH" not in kept
    assert json.loads(kept)["out_of_bounds"]["okay"] == "true"


def test_a_document_without_checks_has_no_count_of_wrong_values():
    rows = json.loads(document())["results"]
    for half in ("out_of_place", "in_place"):
        rows[0][half]["nwrong"] = None
    assert figure(nccl(document(results=rows)), "wrong_values").value is None


def test_a_document_may_leave_out_of_place_out():
    rows = json.loads(document())["results"]
    rows[0]["out_of_place"] = None
    assert busbw(nccl(document(results=rows))) == {"in-place": 231.59}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"out_of_bounds": None}, "did not finish", id="not finished"),
        pytest.param({"results": []}, "no row", id="no results"),
        pytest.param({"results": {"size": 8}}, "A list", id="results are no list"),
        pytest.param({"results": [{"size": "many"}]}, "number", id="a size in words"),
        pytest.param({"out_of_bounds": {"okay": "true"}}, "count", id="no count"),
    ],
)
def test_a_document_that_says_too_little_is_refused(changes, reason):
    with pytest.raises(ParseError, match=reason):
        nccl(document(**changes))


def test_a_refusal_inside_a_document_names_the_line():
    rows = json.loads(document())["results"]
    rows[0]["in_place"]["bus_bw"] = "fast"
    text = document(results=rows)
    with pytest.raises(ParseError) as refused:
        nccl(text)
    assert '"bus_bw": "fast"' in text.splitlines()[refused.value.line - 1]
    assert "results[0].in_place.bus_bw" in refused.value.reason


def test_rccl_writes_one_object_for_each_row():
    row = {
        "numCycle": 0,
        "name": "AllReduce",
        "nodes": 1,
        "ranks": 8,
        "ranksPerNode": 8,
        "gpusPerRank": 1,
        "size": 16 * GIB,
        "type": "float",
        "redop": "sum",
        "inPlace": 0,
        "time": 89235.0,
        "algBw": 192.52,
        "busBw": 360.98,
        "wrong": "0",
    }
    run = parse("rccl-tests", json.dumps([row, {**row, "inPlace": 1, "busBw": 361.17}]).encode())
    assert busbw(run, 16 * GIB) == {"out-of-place": 360.98, "in-place": 361.17}
    assert figure(run, "busbw", variant="float sum in-place").operation == "all_reduce"
    assert figure(run, "wrong_values").value == 0


def test_rccl_text_with_its_own_remarks():
    run = nccl(
        "# Collective test starting: all_reduce_perf\nRCCL version : 2.26.6-develop\n"
        + HEADER
        + ROW
        + "# Errors with asterisks indicate errors that have exceeded the maximum threshold.\n"
        + FOOTER,
        tool="rccl-tests",
    )
    assert busbw(run)["in-place"] == 231.59
    assert dict(run.versions) == {"library": "2.26.6-develop"}
