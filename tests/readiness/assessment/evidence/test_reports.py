"""Rules for test reports, and tools that are recognised by their file: by form, endpoint and command."""

from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from readiness.assessment.evidence.core.parsers import ParseError
from readiness.assessment.evidence.models import ReportRule, ValidationRun
from readiness.assessment.evidence.operations import import_run
from readiness.assessment.evidence.runs import summary_of
from tests.inventory import made
from tests.readiness.assessment.evidence import benchmark_outputs as benchmarks
from tests.readiness.assessment.evidence import outputs

pytestmark = pytest.mark.django_db
RUNS = "/api/readiness/validation-runs/"
RULES = "/api/readiness/report-rules/"
DROPS = {"pattern": "fabric/*", "measure": "p1-congestion/lossless-drops", "value": 0}


@pytest.fixture
def porto(frozen_now):
    site = made.site(name="Porto", slug="porto")
    made.device(site=site, name="node-1")
    return site


@pytest.fixture
def take(porto, ops, frozen_now):
    def imported(content, tool="auto"):
        return import_run(
            site=porto, tool=tool, content=content, file_name="out.xml", by=ops, now=frozen_now.at
        )

    return imported


@pytest.fixture
def rule():
    return ReportRule.objects.create(**DROPS)


def form(content, **more):
    return {"file": SimpleUploadedFile("out", content), "site": "porto", **more}


class TestRules:
    def test_a_report_proves_what_its_rule_says(self, take, rule, frozen_now):
        run = take(benchmarks.junit(suites=("fabric",)))
        assert (run.tool, run.scope, run.hosts) == ("junit", "site", [])
        [proved] = summary_of(run, now=frozen_now.at).proves
        assert (proved.check_id, proved.part_id, proved.value) == ("p1-congestion", "lossless-drops", 0.0)

    def test_without_a_rule_a_report_is_refused_by_its_suites(self, take, rule):
        with pytest.raises(ParseError, match="these suites prove: storage"):
            take(benchmarks.junit(suites=("storage",)))

    def test_a_rule_about_another_framework_is_left_out(self, take, rule):
        ReportRule.objects.create(pattern="storage/*", measure="p9-gone/part", value=1)
        with pytest.raises(ParseError, match="these suites prove: storage"):
            take(benchmarks.junit(suites=("storage",)))

    @pytest.mark.parametrize(
        ("wrong", "field", "reason"),
        [
            pytest.param({"measure": "p1-intra-node/busbw"}, "measure", "output of that tool", id="a tool's"),
            pytest.param({"measure": "p9-gone/part"}, "measure", "No run proves", id="unknown"),
            pytest.param({"value": -1}, "value", "never below zero", id="below zero"),
        ],
    )
    def test_a_rule_that_proves_nothing_is_refused(self, form_of, wrong, field, reason):
        answer = form_of("planner").post(RULES, DROPS | wrong, content_type="application/json")
        assert answer.status_code == 400, answer.content
        assert reason in answer.json()[field][0]

    def test_the_form_offers_only_what_a_rule_may_prove(self, client_of):
        client = client_of("planner")
        page = client.get("/evidence/report-rules/add/").text
        assert "p1-congestion/lossless-drops" in page
        assert "p1-intra-node/busbw" not in page
        client.post("/evidence/report-rules/add/", DROPS | {"value": "-3"})
        assert not ReportRule.objects.exists()
        client.post("/evidence/report-rules/add/", DROPS)
        assert ReportRule.objects.get().measure == "p1-congestion/lossless-drops"

    def test_a_viewer_reads_rules_and_enters_none(self, client_of, rule):
        assert "fabric/*" in client_of("viewer").get("/evidence/report-rules/").text
        assert client_of("viewer").post("/evidence/report-rules/add/", DROPS).status_code == 403


class TestRecognition:
    @pytest.mark.parametrize("tool", [{}, {"tool": ""}, {"tool": "auto"}])
    def test_the_endpoint_takes_a_file_without_a_tool(self, form_of, porto, tool):
        answer = form_of("ops").post(RUNS, form(benchmarks.stream(), **tool))
        assert answer.status_code == 201, answer.content
        assert answer.json()["tool"] == {"value": "stream", "label": "STREAM"}

    def test_the_endpoint_names_what_a_file_looks_like(self, form_of, porto):
        answer = form_of("ops").post(RUNS, form(benchmarks.hpl(), tool="fio"))
        assert answer.status_code == 400
        assert answer.json()["reason"] == "The file looks like output of HPL; choose hpl."

    def test_the_page_takes_a_file_without_a_tool(self, client_of, porto):
        answer = client_of("ops").post("/evidence/runs/add/", form(benchmarks.ras(missing=1)))
        assert answer.status_code == 302, answer.text
        run = ValidationRun.objects.get()
        assert (run.tool, run.scope) == ("nccl-ras", "node")

    def test_the_command_takes_a_file_without_a_tool(self, porto, tmp_path):
        file = tmp_path / "out.log"
        file.write_bytes(outputs.collective())
        call_command("import_run", str(file), site="porto", stdout=StringIO())
        assert ValidationRun.objects.get().tool == "nccl-tests"


def test_a_summary_with_a_failed_benchmark_is_about_the_same_as_a_whole_one(take):
    whole = take(benchmarks.superbench())
    failed = take(
        b'{"node": "node-1", "kernel-launch/return_code:0": 1, "nccl-bw:nvlink/return_code:0": 3,'
        b' "gpu-copy-bw:perf/return_code:0": 0}'
    )
    assert failed.about == whole.about
