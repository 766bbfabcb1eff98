"""fio, MLPerf-style logs, and the table for tools without a parser of their own."""

import json
from datetime import UTC, datetime

import pytest

from readiness.assessment.evidence.core.parsed import failures_of
from readiness.assessment.evidence.core.parsers import ParseError, parse
from tests.readiness.assessment.evidence.core.samples import figure


def fio(error=0, **changes):
    latency = {"mean": 53927.44, "N": 72645, "percentile": {"50.000000": 46336, "99.900000": 1941504}}
    idle = {"bw_bytes": 0, "iops": 0.0, "total_ios": 0, "clat_ns": {"mean": 0.0}}
    read = {"bw_bytes": 74366656, "iops": 18155.922039, "total_ios": 72645, "clat_ns": latency}
    job = {
        "jobname": "rand",
        "error": error,
        "job options": {"bs": "64k", "numjobs": "4"},
        "read": read,
        "write": idle,
    }
    return json.dumps({"fio version": "fio-3.39", "timestamp_ms": 1795528617389, "jobs": [job], **changes})


def test_a_direction_that_moved_nothing_is_no_figure():
    run = parse("fio", fio().encode())
    assert {each.operation for each in run.figures} == {"read"}
    assert figure(run, "bandwidth").value == pytest.approx(74.366656)
    assert figure(run, "latency", percentile=99.9).value == pytest.approx(1941.504)
    assert (figure(run, "iops").size_bytes, figure(run, "iops").streams) == (65536, 4)
    assert run.taken_at == datetime(2026, 11, 24, 13, 56, 57, 389000, tzinfo=UTC)


def clients(*errors):
    """fio with --client: the jobs of each client, and their sum."""
    document = json.loads(fio())
    [job] = document.pop("jobs")
    told = [
        {**job, "hostname": f"node-{place}", "port": 8765, "error": error}
        for place, error in enumerate(errors, start=1)
    ]
    document["client_stats"] = [*told, {**job, "jobname": "All clients", "error": sum(errors)}]
    return json.dumps(document).encode()


def test_a_run_over_clients_has_the_jobs_of_each_and_not_their_sum():
    run = parse("fio", clients(0, 0))
    assert run.hosts == ("node-1", "node-2")
    assert [each.subject for each in run.figures if each.name == "iops"] == ["rand", "rand"]


def test_errors_that_a_job_went_on_after_are_failed_operations():
    document = json.loads(fio())
    document["jobs"][0] |= {"total_err": 12, "first_error": 5}
    assert figure(parse("fio", json.dumps(document).encode()), "failed_operations").value == 12


def test_notes_of_fio_before_its_document_become_warnings():
    run = parse("fio", ("note: both iodepth >= 1 and synchronous I/O engine are selected\n" + fio()).encode())
    assert run.warnings == ("note: both iodepth >= 1 and synchronous I/O engine are selected",)


@pytest.mark.parametrize(
    "note",
    [
        "<node-2> error: failed to setup shm segment",
        "fio: io_u error on file /t/f.0: Resource temporarily unavailable: read offset=8589930496, buflen=4096",
    ],
)
@pytest.mark.parametrize("place", ["above", "below"])
def test_an_error_beside_the_document_is_a_failed_operation(note, place):
    text = f"{note}\n{fio()}" if place == "above" else f"{fio()}\n{note}"
    assert figure(parse("fio", text.encode()), "failed_operations").value == 1


def test_options_of_all_jobs_hold_where_a_job_has_none():
    document = json.loads(fio(**{"global options": {"bs": "1M", "numjobs": "16"}}))
    document["jobs"][0]["job options"] = {"name": "rand", "numjobs": "8"}
    iops = figure(parse("fio", json.dumps(document).encode()), "iops")
    assert (iops.size_bytes, iops.streams) == (1024**2, 8)


def test_percentiles_that_only_fill_the_list_of_older_versions_are_left_out():
    """https://github.com/axboe/fio/issues/511"""
    text = fio().replace('"50.000000"', '"0.00": 0, "0.00": 0, "50.000000"')
    assert parse("fio", text.encode()).figures == parse("fio", fio().encode()).figures


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(fio(error=5), "ended with error 5", id="a job that failed"),
        pytest.param(clients(0, 5).decode(), "ended with error 5", id="a client that failed"),
        pytest.param(fio(jobs=[]), "No job", id="no jobs"),
        pytest.param("fio: failed to open file\n", "no JSON document", id="text"),
    ],
)
def test_a_job_that_failed_is_no_slow_job(text, reason):
    with pytest.raises(ParseError, match=reason):
        parse("fio", text.encode())


def logged(key, at, value=None, status=None, rank="0: "):
    metadata = {"file": "utils.py", "lineno": 186, **({"status": status, "step_num": 2500} if status else {})}
    entry = {"namespace": "", "time_ms": at, "event_type": "INTERVAL_END", "key": key, "value": value}
    return f"{rank}:::MLLOG {json.dumps({**entry, 'metadata': metadata})}\n"


def test_time_to_train_is_from_start_to_a_successful_stop():
    log = "booting\n" + logged("submission_benchmark", 1, "llama2_70b_lora")
    log += logged("run_start", 1725490438668 - 90 * 60_000, rank="") + logged(
        "run_stop", 1725490438668, None, "success"
    )
    run = parse("mlperf", log.encode())
    assert figure(run, "time_to_train").value == pytest.approx(90)
    assert figure(run, "time_to_train").operation == "llama2_70b_lora"
    assert figure(run, "steps").value == 2500
    assert run.taken_at == datetime(2024, 9, 4, 22, 53, 58, 668000, tzinfo=UTC)


def test_a_server_run_has_its_tail_latencies_in_milliseconds():
    log = logged("result_first_token_99.00_percentile_latency_ns", 5, 450_000_000)
    log += logged("result_time_per_output_token_99.00_percentile_ns", 5, 40_000_000)
    run = parse("mlperf", log.encode())
    assert (figure(run, "ttft").value, figure(run, "tpot").value) == (450, 40)


def served(validity="VALID", met=True):
    """As the load generator writes: times are milliseconds since its own start."""
    return (
        logged("test_datetime", 0.0031, "2026-11-20T10:00:00Z", rank="")
        + logged("effective_min_duration_ms", 0.0042, 600_000, rank="")
        + logged("result_first_token_99.00_percentile_latency_ns", 612_000.5, 450_000_000, rank="")
        + logged("result_validity", 612_000.6, validity, rank="")
        + logged("result_min_duration_met", 612_000.7, met, rank="")
    )


def test_a_served_run_is_not_of_1970_and_lasted_as_long_as_it_had_to():
    run = parse("mlperf", served().encode())
    assert run.taken_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert (figure(run, "duration").value, figure(run, "duration").unit) == (600, "s")


def test_an_entry_that_the_load_generator_marks_as_an_error_is_a_failed_operation():
    marked = json.loads(logged("error_runtime", 5, "lost a sample", rank="").removeprefix(":::MLLOG "))
    marked["metadata"]["is_error"] = True
    run = parse("mlperf", (served() + f":::MLLOG {json.dumps(marked)}\n").encode())
    assert figure(run, "failed_operations").value == 1
    assert "error_runtime" in run.warnings[1]


def test_a_served_run_that_was_too_short_has_no_length():
    names = {each.name for each in parse("mlperf", served(met=False).encode()).figures}
    assert names == {"ttft"}


@pytest.mark.parametrize(
    ("log", "line", "reason"),
    [
        pytest.param(
            logged("run_start", 1) + logged("run_stop", 9, None, "aborted"), 2, "aborted", id="aborted"
        ),
        pytest.param(logged("run_start", 1) + logged("run_stop", 9), 2, "none", id="no status"),
        pytest.param(logged("run_start", 1), 2, "did not finish", id="no stop"),
        pytest.param(logged("run_stop", 9, None, "success"), 2, "no run_start", id="no start"),
        pytest.param(
            logged("run_start", 9) + logged("run_stop", 1, None, "success"), 2, "before", id="backwards"
        ),
        pytest.param(
            logged("run_start", 1) + logged("run_stop", 9, None, "success") + logged("run_start", 10),
            *(4, "did not finish"),
            id="a second run that did not stop",
        ),
        pytest.param("nothing here\n", 2, "no line of :::MLLOG", id="no entries"),
        pytest.param(":::MLLOG {half", 1, "not JSON", id="cut off"),
        pytest.param(served("INVALID"), 4, "calls the run INVALID", id="called invalid"),
        pytest.param(
            served() + logged("effective_test_mode", 0.004, "AccuracyOnly", rank=""),
            *(6, "only a performance run has latencies"),
            id="an accuracy run",
        ),
    ],
)
def test_a_run_that_did_not_succeed_has_no_time_to_train(log, line, reason):
    with pytest.raises(ParseError, match=reason) as refused:
        parse("mlperf", log.encode())
    assert refused.value.line == line


def test_a_table_gives_figures_with_their_conditions():
    text = (
        "# driver: 560.35\n"
        "measure,value,unit,subject,percentile,samples,taken_at\n"
        "p1-soak-24h/duration,24,h,,,,2026-11-20T10:00:00+01:00\n"
        'latency,11.5,ms,"leaf 1, leaf 2",99,20000,2026-11-21T10:00:00Z\n'
    )
    run = parse("csv", text.encode())
    assert figure(run, "p1-soak-24h/duration").unit == "h"
    assert figure(run, "latency").subject == "leaf 1, leaf 2"
    assert figure(run, "latency").caution == ""
    assert dict(run.versions) == {"driver": "560.35"}
    assert run.taken_at == datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param("measure,valeu\nx,1\n", 1, "Unknown columns valeu", id="misspelt column"),
        pytest.param("measure\nx\n", 1, "no column value", id="no value column"),
        pytest.param("measure,value\nx,\n", 2, "not a number", id="an empty value"),
        pytest.param("measure,value\nx,n/a\n", 2, "not a number", id="a value in words"),
        pytest.param("measure,value\nx,1,2\n", 2, "3 cells", id="a cell too many"),
        pytest.param("measure,value\n,1\n", 2, "not a name", id="no name"),
        pytest.param("measure,value,taken_at\nx,1,2026-11-20T10:00\n", 2, "no time zone", id="no zone"),
        pytest.param(
            "measure,value,percentile\nx,1,100\n", 2, "not a percentile", id="the maximum is not a percentile"
        ),
        pytest.param("measure,value\n", 2, "no row", id="only a header"),
        pytest.param('measure,value\n"x,1\n', 2, "comma-separated", id="an open quote"),
        pytest.param("measure,value,value\nx,1,1\n", 1, "twice", id="a column twice"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_its_line(text, line, reason):
    with pytest.raises(ParseError, match=reason) as refused:
        parse("csv", text.encode())
    assert refused.value.line == line


@pytest.mark.parametrize(
    "name", ["failed", "Failed_Operations", "failed requests", "errors", "wrong", "Dropped messages"]
)
def test_a_row_of_a_table_that_counts_failures_is_known_by_its_usual_names(name):
    table = f"measure,value\np1-congestion/lossless-drops,0\n{name},3\n"
    assert failures_of(parse("csv", table.encode()).figures).count == 3
