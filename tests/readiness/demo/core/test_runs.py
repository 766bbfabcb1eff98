"""The runs that the demo's sites keep: what the tools wrote is read by Muster's own parsers, and recurs in time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from readiness.assessment.evidence.core.parsers import parse
from readiness.demo.core.plan import book, fleet_plan
from readiness.demo.core.records import records
from readiness.demo.core.runs import last_check, quick_checks, rounds
from readiness.demo.core.timeline import scored_days

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
SINCE = book("runs")["since"]
SITES = {site.name: site for site in fleet_plan().sites}
VALID = timedelta(days=30)


def day(age):
    return MIDNIGHT - timedelta(days=age)


def runs_of(name, last=0):
    return rounds(SITES[name], day, first=SINCE[name], last=last)


@pytest.mark.parametrize("name", SINCE)
def test_every_file_is_read_without_a_doubt_about_any_figure(name):
    [quick] = quick_checks(SITES[name], {MIDNIGHT}, since=day(1))
    for run in (*runs_of(name), quick):
        parsed = parse(run.tool, run.content)
        assert not [figure for figure in parsed.figures if figure.caution], run.file_name
        assert not parsed.loopback
        assert not parsed.declared, run.file_name
        if run.tool in ("csv", "sockperf", "vllm-bench"):
            assert not parsed.contradiction, run.file_name
        assert run.tool == "vllm-bench" or not parsed.warnings, parsed.warnings


@pytest.mark.parametrize("name", SINCE)
def test_no_two_files_of_a_site_are_the_same(name):
    files = [run.content for run in runs_of(name)]
    assert len(set(files)) == len(files)


@pytest.mark.parametrize("name", SINCE)
def test_runs_are_on_devices_of_the_site_and_come_again_before_they_run_out(name):
    there = {device.name for device in (*SITES[name].nodes, *SITES[name].switches)}
    times = {}
    for run in runs_of(name, last=-200):
        assert set(run.nodes) <= there
        if run.tool != "csv":
            times.setdefault((run.file_name, run.tool), []).append(run.taken_at)
    assert all(later - sooner < VALID for each in times.values() for sooner, later in pairwise(each))
    assert all(each[-1] > day(-200) - VALID for each in times.values())


@pytest.mark.parametrize("name", SINCE)
def test_every_node_has_a_long_diagnostic_and_a_collective_in_each_round(name):
    last_round = [run for run in runs_of(name) if run.taken_at >= day(book("runs")["every"])]
    for prefix in ("diag-", "all_reduce-"):
        covered = {node for run in last_round if run.file_name.startswith(prefix) for node in run.nodes}
        assert covered == {node.name for node in SITES[name].nodes}


@pytest.mark.parametrize("name", SINCE)
def test_nobody_types_what_runs_prove_since_they_came(name):
    typed = records(SITES[name], book("records"), first=560, last=-60, daily=scored_days())
    of_runs = [record for record in typed if record.check in book("runs")["checks"]]
    assert of_runs
    assert min(record.days_ago for record in of_runs) >= SINCE[name]


def test_a_quick_check_names_every_accelerator_of_every_node():
    [run] = quick_checks(SITES["ZRH-1"], {MIDNIGHT}, since=day(1))
    subjects = {
        figure.subject for figure in parse(run.tool, run.content).figures if figure.name == "severity"
    }
    assert subjects == {f"zrh-1-n00{node} GPU {gpu}" for node in (1, 2) for gpu in (0, 1)}


@pytest.mark.parametrize("hour", range(24))
def test_whenever_a_site_was_looked_at_the_last_quick_check_counted(hour):
    at = day(7) + timedelta(hours=hour)
    assert timedelta(0) <= at - last_check(day, 7, at) <= timedelta(hours=24)


def test_no_check_was_made_before_a_site_began_to_keep_them():
    assert not quick_checks(SITES["ZRH-1"], {day(40)}, since=day(SINCE["ZRH-1"]))
