"""Importing runs: what is kept, what a run is about, what is refused, and that a site is scored again."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory.models import SiteChange
from readiness.assessment.evidence.core.parsers import ParseError
from readiness.assessment.evidence.models import RunFile, RunMeasure, ValidationRun
from readiness.assessment.evidence.models.runs import MOST_BYTES
from readiness.assessment.evidence.operations import (
    RunContext,
    Upload,
    import_run,
    import_runs,
)
from readiness.assessment.evidence.refusals import EvidenceRefused, FileTooLarge, SameFile
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core.samples import RUNS, sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def porto():
    return made.site(name="Porto", slug="porto", time_zone="Europe/Lisbon")


def test_a_run_keeps_its_figures_its_file_and_who_sent_it(take, node, ops, frozen_now):
    run = take("nccl-tests", outputs.collective(), by=ops)
    busbw = run.measures.filter(name="busbw").first()
    assert (busbw.value, busbw.unit, busbw.size_bytes, busbw.operation) == (
        470,
        "GB/s",
        16 * outputs.GIB,
        "all_reduce",
    )
    assert bytes(run.file.content) == outputs.collective()
    assert (run.by, run.received_at, run.taken_at, run.library) == (
        ops,
        frozen_now.at,
        frozen_now.at,
        "2.27.3",
    )
    assert (run.scope, run.platform, run.hosts) == ("node", "dgx-h100", ["node-1"])
    [of_device] = run.run_devices.all()
    assert (of_device.device, of_device.firmware_version, of_device.software_version) == (
        node,
        "1.2",
        "560.35",
    )
    assert run.voided_at is None


def test_a_run_leaves_its_site_to_be_scored_again(take, porto, node):
    SiteChange.objects.all().delete()
    take("nccl-tests", outputs.collective())
    assert set(SiteChange.objects.values_list("site_id", "origin")) == {(porto.pk, "evidence")}


@pytest.mark.parametrize(
    ("hosts", "scope"), [(["node-1"], "node"), (["node-1", "node-2"], "pair"), (["a", "b", "c"], "fabric")]
)
def test_the_scope_of_a_collective_is_by_its_hosts(take, hosts, scope):
    assert take("nccl-tests", outputs.collective(hosts=hosts)).scope == scope


def test_a_host_that_is_no_device_is_said(take, node):
    run = take("nccl-tests", outputs.collective(hosts=["node-1.example.net", "stranger"]))
    assert [device.name for device in run.devices.all()] == ["node-1"]
    assert "No device of this site is named stranger." in run.warnings


def test_a_device_of_another_site_is_refused(take):
    with pytest.raises(EvidenceRefused, match="not at Porto"):
        take("nccl-tests", outputs.collective(), devices=[made.device(name="elsewhere")])


def test_a_collective_on_two_nodes_is_not_one_node(take):
    with pytest.raises(EvidenceRefused, match="2 nodes"):
        take("nccl-tests", outputs.collective(hosts=["a", "b"]), scope="node")


def test_the_same_file_is_one_run(take):
    first = take("nccl-tests", outputs.collective())
    with pytest.raises(SameFile) as refused:
        take("nccl-tests", outputs.collective(), load="loaded")
    assert refused.value.run_id == first.pk
    assert ValidationRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_file_from_two_at_once_is_one_run(porto, frozen_now):
    together = Barrier(2, timeout=20)

    def send(_):
        try:
            together.wait()
            import_run(
                site=porto,
                tool="nccl-tests",
                content=outputs.collective(),
                file_name="out.log",
                by=None,
                now=frozen_now.at,
            )
        except SameFile:
            return "refused"
        finally:
            connection.close()
        return "kept"

    for _ in range(5):
        ValidationRun.objects.all().delete()
        with ThreadPoolExecutor(2) as senders:
            assert sorted(senders.map(send, range(2))) == ["kept", "refused"]


def test_the_same_run_counts_once_everywhere(take):
    first = take("nccl-tests", outputs.collective())
    for content in (outputs.collective(), b"# a copy\n" + outputs.collective()):
        with pytest.raises(SameFile) as refused:
            take("nccl-tests", content, site=made.site())
        assert refused.value.run_id == first.pk
    assert ValidationRun.objects.count() == 1


def test_two_copies_in_one_import_are_refused(porto, frozen_now):
    uploads = [
        Upload(tool="nccl-tests", content=prefix + outputs.collective(), file_name="out.log")
        for prefix in (b"", b"# again\n")
    ]
    with pytest.raises(EvidenceRefused, match="Two of the files are the same run"):
        import_runs(site=porto, uploads=uploads, by=None, now=frozen_now.at)


def test_a_file_that_is_too_large_is_refused(take):
    with pytest.raises(FileTooLarge):
        take("csv", b"#" * (MOST_BYTES + 1))


def test_what_cannot_be_read_leaves_nothing(take):
    with pytest.raises(ParseError):
        take("nccl-tests", b"nothing\n")
    assert not ValidationRun.objects.exists()
    assert not RunFile.objects.exists()


def test_the_environment_is_not_stored(take):
    from tests.readiness.assessment.evidence.core.test_parse_collectives import document

    run = take("nccl-tests", document().encode())
    assert b"hunter2" not in bytes(run.file.content)
    assert run.file_bytes == len(bytes(run.file.content))


def test_a_time_without_a_zone_is_the_sites(take):
    from tests.readiness.assessment.evidence.core.test_parse_collectives import document

    text = document(end_time="2026-07-01 12:00:00")
    assert take("nccl-tests", text.encode()).taken_at == datetime(2026, 7, 1, 11, tzinfo=UTC)


def test_the_files_own_time_counts(take, frozen_now):
    rows = ["latency,1,ms,2026-10-01T10:00:00Z"]
    run = take("csv", outputs.table(*rows, head="measure,value,unit,taken_at"), taken_at=frozen_now.at)
    assert run.taken_at == datetime(2026, 10, 1, 10, tzinfo=UTC)
    assert "that time counts" in run.warnings[-1]


def test_a_run_of_the_future_is_refused(take, frozen_now):
    with pytest.raises(EvidenceRefused, match="future"):
        take("nccl-tests", outputs.collective(), taken_at=frozen_now.at + timedelta(hours=1))


def test_a_run_of_a_clock_that_was_never_set_is_refused(take):
    with pytest.raises(EvidenceRefused, match="twenty years"):
        take("nccl-tests", outputs.collective(), taken_at=datetime(1, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("p1-soak-24h/length,24,h", "no sub-measure"),
        ("p9-soak/duration,24,h", None),
        ("p1-imaginary/duration,24,h", "no check"),
        ("p1-soak-24h/duration,24,kW", "cannot be converted"),
    ],
)
def test_a_table_names_sub_measures_that_are_there(take, row, reason):
    if reason is None:
        assert take("csv", outputs.table(row)).measures.count() == 1
    else:
        with pytest.raises(EvidenceRefused, match=reason):
            take("csv", outputs.table(row))


def test_an_unknown_tool_is_refused(take):
    with pytest.raises(EvidenceRefused, match="no parser"):
        take("linpack", b"1")


@pytest.mark.parametrize("name", sorted(RUNS))
def test_real_files_are_imported(take, name):
    run = take(RUNS[name], sample(name))
    assert run.measures.exists()


def test_statements_do_not_depend_on_figures_or_hosts(take, porto):
    def statements(count):
        hosts = [f"host-{count}-{place}" for place in range(count)]
        for host in hosts:
            made.device(site=porto, name=host, software_version="1")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            take("nccl-tests", outputs.collective(hosts=hosts))
        return len(captured)

    statements(2)
    first = statements(3)
    assert statements(12) == first
    assert first <= 42


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"load": "busy"}, "validationrun_load_known"),
        ({"load": "idle", "load_gbps": 5}, "run_load_rate_of_a_load"),
        ({"void_changes": ["firmware"]}, "validationrun_voided_with_reason"),
        ({"file_bytes": MOST_BYTES + 1}, "run_file_bounded"),
    ],
)
def test_the_database_holds_the_rules(take, change, constraint):
    run = take("nccl-tests", outputs.collective())
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ValidationRun.objects.filter(pk=run.pk).update(**change)


def test_a_figure_without_a_value_says_why(take):
    run = take("nccl-tests", outputs.collective())
    with pytest.raises(IntegrityError, match="run_measure_value_or_reason"), transaction.atomic():
        RunMeasure.objects.create(run=run, name="busbw", value=None)


class TestTheCommand:
    def test_imports_a_file(self, porto, node, tmp_path):
        file = tmp_path / "out.log"
        file.write_bytes(outputs.collective())
        said = StringIO()
        call_command("import_run", str(file), site="porto", tool="nccl-tests", load="idle", stdout=said)
        run = ValidationRun.objects.get()
        assert said.getvalue().split()[-1] == str(run.pk)
        assert (run.load, run.file_name) == ("idle", "out.log")

    def test_names_the_line_that_it_cannot_read(self, porto, tmp_path):
        file = tmp_path / "out.csv"
        file.write_text("measure,value\nx,fast\n")
        with pytest.raises(CommandError, match=r"out.csv:2: The value 'fast' is not a number"):
            call_command("import_run", str(file), site="porto", tool="csv")

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"site": "atlantis"}, "no site"),
            ({"device": ["ghost"]}, "no device ghost"),
            ({"taken_at": "yesterday"}, "ISO 8601"),
            ({"taken_at": "2026-11-01T10:00"}, "no time zone"),
            ({"user": "nobody"}, "no active user"),
            ({"platform": "x" * 101}, "100 is the most"),
        ],
    )
    def test_refuses_what_is_not_there(self, porto, tmp_path, options, reason):
        file = tmp_path / "out.log"
        file.write_bytes(outputs.collective())
        with pytest.raises(CommandError, match=reason):
            call_command("import_run", str(file), **{"site": "porto", "tool": "nccl-tests"} | options)

    def test_a_name_that_is_no_utf8_is_kept_with_a_mark(self, porto, tmp_path):
        file = tmp_path / os.fsdecode(b"out-\xff.log")
        file.write_bytes(outputs.collective())
        call_command("import_run", str(file), site="porto", tool="nccl-tests", stdout=StringIO())
        assert ValidationRun.objects.get().file_name == "out-?.log"

    def test_a_file_that_is_not_there(self, porto):
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("import_run", "/nowhere/out.log", site="porto", tool="csv")


@pytest.fixture
def take_all(porto, node, frozen_now, ops):
    """`take_all(contents)` imports collectives of one node together; returns the runs."""

    def imported(contents):
        uploads = [
            Upload(
                tool="nccl-tests",
                content=content,
                file_name=f"{place}.log",
                context=RunContext(devices=[node]),
            )
            for place, content in enumerate(contents)
        ]
        return import_runs(site=porto, uploads=uploads, by=ops, now=frozen_now.at)

    return imported


def test_files_that_are_imported_together_are_kept_as_one_by_one(take_all, take, node):
    alone = take("nccl-tests", outputs.collective())
    [first, second] = take_all([outputs.collective(busbw=471), outputs.collective(busbw=472)])
    assert {run.about for run in (first, second)} == {alone.about}
    assert (first.basis, first.file_name, second.file_name) == (alone.basis, "0.log", "1.log")
    assert [run.measures.filter(name="busbw").first().value for run in (first, second)] == [471, 472]
    assert [each.device for each in second.run_devices.all()] == [node]
    assert bytes(second.file.content) == outputs.collective(busbw=472)


def test_of_files_that_are_imported_together_all_or_none_are_kept(take_all, take):
    take("nccl-tests", outputs.collective())
    with pytest.raises(SameFile):
        take_all([outputs.collective(busbw=471), outputs.collective()])
    with pytest.raises(ParseError):
        take_all([outputs.collective(busbw=471), b"nothing"])
    assert ValidationRun.objects.count() == 1


def test_ten_files_of_one_node_take_as_many_statements_as_two(take_all):
    take_all([outputs.collective()])
    counts = []
    for many in (2, 10):
        with CaptureQueriesContext(connection) as captured:
            take_all([outputs.collective(busbw=500 + 20 * many + place) for place in range(many)])
        counts.append(len(captured))
    assert counts[0] == counts[1]
