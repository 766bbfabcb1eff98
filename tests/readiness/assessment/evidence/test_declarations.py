"""Declarations where a measurement is asked for: they count as warn at most, by whatever door they come in."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from inventory.models import Device, Port
from readiness.assessment.evidence.core.bearing import PARSED
from readiness.assessment.evidence.core.parsers import parse
from readiness.assessment.evidence.operations import RunContext, import_run, record_fact
from readiness.assessment.evidence.proofs import proofs
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.vocabulary import EvidenceKind
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.assessment.scoring.operations import evaluate
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs

pytestmark = pytest.mark.django_db
DIAGNOSTIC = {"coverage": 100, "worst-severity": 0}
SOAK = ("p1-soak-24h/duration,24,h",)
API = "/api/readiness"
SOME_DAY = NOW - timedelta(days=1)


@pytest.fixture
def porto(frozen_now):
    site = made.site(name="Porto", slug="porto", profiles=["training"], stage="production")
    node = made.device(site=site, name="node-1")
    made.accelerator(device=node, index=0)
    return site


@pytest.fixture
def result_of(porto, frozen_now):
    """`result_of(check)` evaluates Porto and gives the check's result."""

    def look(check_id):
        evaluate(site_ids=[porto.pk], now=frozen_now.at)
        return CheckResult.objects.get(site=porto, check_id=check_id)

    return look


@pytest.fixture
def take(porto, frozen_now):
    def one(content, tool="csv", **more):
        return import_run(
            site=porto, tool=tool, content=content, file_name="x", by=None, now=frozen_now.at, **more
        )

    return one


@pytest.fixture
def declare(porto, frozen_now):
    """Record a fact of today."""

    def one(part, value, check="p1-accelerator-diag"):
        day = frozen_now.at.date()
        entered = {"source": "said so", "by": None, "now": frozen_now.at}
        record_fact(site=porto, check=check, part=part, value=value, taken_on=day, **entered)

    return one


@pytest.fixture
def yesterday(frozen_now):
    return frozen_now.at - timedelta(days=1)


def by_page(client_of, api_of, day, part, value, provenance):
    asked = {"check": "p1-accelerator-diag", "part": part, "value": value, "taken_on": day.isoformat()}
    more = {"site": "porto", "source": "said so", "provenance": provenance}
    assert client_of("ops").post("/evidence/facts/add/", asked | more).status_code == 302


def by_api(client_of, api_of, day, part, value, provenance):
    asked = {"check": "p1-accelerator-diag", "part": part, "value": value, "taken_on": day.isoformat()}
    more = {"site": {"slug": "porto"}, "source": "said so", "provenance": provenance}
    answer = api_of("ops").post(f"{API}/facts/", asked | more)
    assert answer.status_code == 201, answer.content


def by_attestation(client_of, api_of, day, part, value, provenance):
    asked = {"check": "p1-accelerator-diag", "part": part, "value": value, "taken_on": day.isoformat()}
    more = {"site": {"slug": "porto"}, "statement": "It is so", "attested_by": "R. Costa"}
    answer = api_of("ops").post(f"{API}/attestations/", asked | more | {"provenance": provenance})
    assert answer.status_code == 201, answer.content


@pytest.mark.parametrize("provenance", ["declared", "measured", "simulated"])
@pytest.mark.parametrize(
    ("enter", "named"),
    [
        pytest.param(by_page, "recorded fact ", id="page"),
        pytest.param(by_api, "recorded fact ", id="API"),
        pytest.param(by_attestation, "attestation ", id="attestation"),
    ],
)
def test_what_was_typed_in_makes_no_run(
    porto, client_of, api_of, result_of, yesterday, enter, named, provenance
):
    for part, value in DIAGNOSTIC.items():
        enter(client_of, api_of, yesterday.date(), part, value, provenance)
    result = result_of("p1-accelerator-diag")
    assert (result.state, result.code, result.tier) == ("warn", "capped", "capped")
    assert f"Declared only ({named}" in result.reason
    assert result.reason.endswith("): Warn at best until a validation run is imported.")
    shown = api_of("viewer").get(f"{API}/results/?site=porto&tier=capped").json()["results"]
    assert [each["check"] for each in shown] == ["p1-accelerator-diag"]
    assert shown[0]["tier"] == {"value": "capped", "label": "Declared, not measured"}
    assert {part["part"]: part["tier"] for part in shown[0]["parts"] if part["tier"]} == dict.fromkeys(
        DIAGNOSTIC, "capped"
    )


def test_a_failing_declaration_fails(declare, result_of):
    for part, value in (DIAGNOSTIC | {"worst-severity": 2}).items():
        declare(part, value)
    result = result_of("p1-accelerator-diag")
    assert (result.state, result.tier) == ("fail", "declared")


@pytest.mark.parametrize(("severity", "state"), [(0, "pass"), (2, "fail")])
@pytest.mark.parametrize("declared", [0, 2])
def test_a_measured_result_goes_before_what_was_declared_later(
    take, declare, result_of, frozen_now, severity, state, declared
):
    context = RunContext(devices=[Device.objects.get(name="node-1")])
    take(outputs.diagnostic({0: severity}), tool="dcgm-diag", context=context)
    frozen_now.move(hours=1)
    for part, value in (DIAGNOSTIC | {"worst-severity": declared}).items():
        declare(part, value)
    result = result_of("p1-accelerator-diag")
    assert (result.state, result.tier) == (state, "measured")


class TestTables:
    @pytest.mark.parametrize("lacking", ["", "taken_at", "# tool", "raw figures"])
    def test_a_table_is_a_run_with_time_tool_and_raw_figures(self, take, result_of, frozen_now, lacking):
        lines = outputs.run_table(*SOAK, taken_at=frozen_now.at - timedelta(hours=26)).decode().splitlines()
        if lacking == "taken_at":
            lines = [line if line[0] == "#" else line.rpartition(",")[0] for line in lines]
        if lacking == "# tool":
            lines = [line for line in lines if line[0] != "#"]
        if lacking == "raw figures":
            lines = [line for line in lines if not line.startswith(("throughput", "sample"))]
        run = take("\n".join(lines).encode())
        part = next(each for each in result_of("p1-soak-24h").parts if each["part"] == "duration")
        if not lacking:
            assert (run.provenance, run.warnings, part["state"]) == ("measured", [], "pass")
            return
        assert (run.provenance, part["state"], part["tier"]) == ("declared", "warn", "capped")
        assert run.warnings[0].startswith("The table counts as declared, not as a run: it lacks ")
        assert lacking in run.warnings[0]
        assert f"Declared only (the table of run {run.pk}): Warn at best" in part["reason"]

    def test_a_row_without_a_time_is_enough_to_make_a_table_declared(self, frozen_now):
        rows = [f"p1-soak-24h/duration,24,{frozen_now.at.isoformat()}", "busbw,390,", "# tool: soak 2.1"]
        declared = parse("csv", outputs.table(*rows, head="measure,value,taken_at")).declared
        assert declared == (
            "The table counts as declared, not as a run: it lacks the time of each row (taken_at)."
        )

    def test_a_table_of_raw_figures_declares_nothing(self):
        assert parse("csv", outputs.table("copy,9,GB/s")).declared == ""

    @pytest.mark.parametrize("lacking", ["", "taken_at", "# tool", "raw figures"])
    def test_records_of_interoperability_are_a_run_with_time_tool_and_raw_figures(self, frozen_now, lacking):
        at = frozen_now.at.isoformat()
        lines = {
            "": f"interop/telemetry,1,leaf-1 -- spine-1,{at if lacking != 'taken_at' else ''}",
            "raw figures": f"packets,9000,leaf-1,{at}",
            "# tool": "# tool: link test 1.2",
        }
        rows = [line for name, line in lines.items() if not name or name != lacking]
        declared = parse("csv", outputs.table(*rows, head="measure,value,subject,taken_at")).declared
        assert (lacking in declared, bool(declared)) == (True, bool(lacking))

    @pytest.mark.parametrize("check", sorted(PARSED))
    def test_a_whole_table_is_no_run_of_a_check_that_a_parser_serves(self, take, porto, frozen_now, check):
        _version, framework = framework_queries.current()
        part = next(part for part in framework.check(check).parts if part.is_measured)
        run = take(outputs.run_table(f"{check}/{part.id},1,{part.unit}", taken_at=frozen_now.at))
        [proof] = proofs([porto.pk], framework, now=frozen_now.at)[porto.pk][check, part.id]
        assert (proof.declaration, run.provenance) == (f"the table of run {run.pk}", "measured")

    def test_a_whole_table_is_no_run_where_none_is_asked_for(self, take, porto, frozen_now):
        _version, framework = framework_queries.current()
        parts = {
            (check.id, part.id): part
            for check in framework.checks
            for part in check.parts
            if EvidenceKind.VALIDATION_RUN not in part.evidence and not part.validity.is_live
        }
        rows = [f"{check}/{name},1,{part.unit}" for (check, name), part in parts.items()]
        run = take(outputs.run_table(*rows, taken_at=frozen_now.at))
        proved = proofs([porto.pk], framework, now=frozen_now.at)[porto.pk]
        named = {key: proof.declaration for key in parts for proof in proved[key]}
        assert (named, run.provenance) == (dict.fromkeys(parts, f"the table of run {run.pk}"), "measured")

    def test_a_newer_table_without_its_tool_hides_no_run(self, take, result_of, frozen_now):
        run = take(outputs.run_table(*SOAK, taken_at=frozen_now.at))
        frozen_now.move(hours=1)
        take(outputs.table(*SOAK))
        part = next(each for each in result_of("p1-soak-24h").parts if each["part"] == "duration")
        assert (part["state"], part["evidence"]) == ("pass", f"run:{run.pk}")

    def test_a_run_that_warns_does_not_hide_a_declaration_of_another_subject(
        self, take, porto, result_of, frozen_now
    ):
        second = made.device(site=porto, name="node-2")
        made.port(device=second, name="eth0", kind=Port.Kind.ROCE, back_end=True)
        head, at = "measure,value,subject,taken_at", frozen_now.at.isoformat()
        of_run = [
            f"p1-congestion/marking-order,1,leaf-1,{at}",
            f"ecn_marked,0,leaf-1,{at}",
            f"pfc_pause,9,leaf-1,{at}",
            "# tool: incast 1",
        ]
        take(outputs.table(*of_run, head=head))
        run = take(outputs.table("p1-congestion/marking-order,0,leaf-2", head="measure,value,subject"))
        part = next(each for each in result_of("p1-congestion").parts if each["part"] == "marking-order")
        assert (part["state"], part["tier"], part["evidence"]) == ("warn", "capped", f"run:{run.pk}")

    def test_of_declarations_the_newest_counts(self, take, declare, result_of, frozen_now):
        take(outputs.table(*SOAK))
        frozen_now.move(days=1)
        declare("duration", 3, check="p1-soak-24h")
        part = next(each for each in result_of("p1-soak-24h").parts if each["part"] == "duration")
        assert (part["state"], part["tier"]) == ("fail", "declared")

    def test_the_import_says_that_it_proves_no_pass(self, take, client_of, result_of):
        run = take(outputs.table(*SOAK))
        page = client_of("viewer").get(f"/evidence/runs/{run.pk}/").content.decode()
        assert "The table counts as declared, not as a run: it lacks the time of each row" in page
        assert f"Declared only (the table of run {run.pk}): Warn at best" in page


@pytest.mark.parametrize("provenance", ["declared", "estimated"])
def test_a_run_whose_figures_are_declared_by_its_sender_is_a_declaration(
    porto, form_of, result_of, provenance
):
    file = SimpleUploadedFile("diag.json", outputs.diagnostic({0: 0}))
    asked = {"file": file, "site": "porto", "tool": "dcgm-diag", "provenance": provenance}
    answer = form_of("ops").post(f"{API}/validation-runs/", asked | {"devices": ["node-1"]})
    assert answer.status_code == 201, answer.content
    result = result_of("p1-accelerator-diag")
    assert (result.state, result.tier) == ("warn", "capped")
    assert f"(what was entered as run {answer.json()['id']}): Warn at best" in result.reason


@pytest.mark.parametrize("provenance", ["declared", "estimated"])
@pytest.mark.parametrize(
    ("tool", "check", "bad", "good"),
    [
        pytest.param(
            "dcgm-diag",
            "p1-accelerator-diag",
            outputs.diagnostic({0: 2, 1: 0}),
            outputs.diagnostic({0: 0, 1: 0}),
            id="a diagnostic",
        ),
        pytest.param(
            "nccl-tests",
            "p1-intra-node",
            outputs.collective(gpus=2, wrong=7),
            outputs.collective(gpus=2),
            id="a collective",
        ),
        pytest.param(
            "csv",
            "p1-soak-24h",
            outputs.run_table("p1-soak-24h/duration,3,h", taken_at=SOME_DAY),
            outputs.run_table(*SOAK, taken_at=SOME_DAY + timedelta(hours=1)),
            id="a table",
        ),
    ],
)
def test_a_later_run_that_is_declared_hides_no_measured_failure(
    take, result_of, frozen_now, tool, check, bad, good, provenance
):
    devices = [Device.objects.get(name="node-1")]
    made.accelerator(device=devices[0], index=1)
    run = take(bad, tool=tool, context=RunContext(devices=devices))
    frozen_now.move(hours=2)
    take(good, tool=tool, context=RunContext(devices=devices, provenance=provenance))
    result = result_of(check)
    evidence = {part["evidence"] for part in result.parts if part["state"] == "fail"}
    assert (result.state, result.tier, evidence) == ("fail", "measured", {f"run:{run.pk}"})


def test_a_site_tells_how_many_of_its_blocking_checks_are_declared(porto, declare, result_of):
    assert result_of("p1-accelerator-diag").state == "unknown"
    before = SiteScore.objects.get(site=porto)
    for part, value in DIAGNOSTIC.items():
        declare(part, value)
    result_of("p1-accelerator-diag")
    after = SiteScore.objects.get(site=porto)
    assert (before.capped, after.capped) == ([], ["p1-accelerator-diag"])
    assert before.measurable == after.measurable > 5


DAY = "2026-11-20T10:00:00"
