"""Evidence over HTTP: sending files, reading what they said, entering records; who may, and what is refused."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from readiness.assessment.evidence.models import Attestation, Floor, RecordedFact, ValidationRun
from readiness.assessment.evidence.models.runs import MOST_BYTES
from readiness.demand.workloads.models import WorkloadClass
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs

pytestmark = pytest.mark.django_db
RUNS = "/api/readiness/validation-runs/"
FACTS = "/api/readiness/facts/"
ATTESTATIONS = "/api/readiness/attestations/"
FLOORS = "/api/readiness/floors/"


def form(content, tool="nccl-tests", site="porto", name="out.log", **more):
    return {"file": SimpleUploadedFile(name, content), "site": site, "tool": tool, **more}


class TestRuns:
    @pytest.mark.parametrize("role", ["ops", "planner", "admin"])
    def test_a_file_becomes_a_run(self, form_of, porto, role):
        made.device(site=porto, name="node-1")
        answer = form_of(role).post(RUNS, form(outputs.collective(), load="idle"))
        assert answer.status_code == 201, answer.content
        run = answer.json()
        assert run["site"]["slug"] == "porto"
        assert run["tool"] == {"value": "nccl-tests", "label": "nccl-tests"}
        assert run["load"] == {"value": "idle", "label": "Idle"}
        assert run["by"] == role
        assert run["devices"][0]["device"]["display"] == "node-1"
        busbw = [each for each in run["measures"] if each["name"] == "busbw"]
        assert (busbw[0]["value"], busbw[0]["unit"], busbw[0]["size_bytes"]) == (
            470,
            "GB/s",
            16 * outputs.GIB,
        )

    def test_a_token_for_reading_sends_nothing(self, form_of, porto):
        assert form_of("ops", scope="read").post(RUNS, form(outputs.collective())).status_code == 403

    def test_what_cannot_be_read_is_refused_with_line_and_reason(self, form_of, porto):
        text = outputs.collective().replace(b"470.00", b"fast", 1)
        answer = form_of("ops").post(RUNS, form(text))
        assert answer.status_code == 400
        said = answer.json()
        assert text.split(b"\n")[said["line"] - 1].count(b"fast") == 1
        assert "fast" in said["reason"]
        assert not ValidationRun.objects.exists()

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"site": "atlantis"}, "site"),
            ({"tool": "linpack"}, "tool"),
            ({"load": "busy"}, "load"),
            ({"scope": "rack"}, "scope"),
            ({"devices": ["ghost"]}, "devices"),
            ({"load_gbps": "5"}, "load_gbps"),
            ({"load_gbps": "5", "load": "idle"}, "load_gbps"),
            ({"load_gbps": "0", "load": "loaded"}, "load_gbps"),
            ({"load_gbps": "-1", "load": "loaded"}, "load_gbps"),
            ({"load_gbps": "nan", "load": "loaded"}, "load_gbps"),
            ({"taken_at": "2030-01-01T00:00:00Z"}, "taken_at"),
            ({"taken_at": "yesterday"}, "taken_at"),
            ({"platform": "x\x00y"}, "platform"),
        ],
        ids=lambda value: str(value)[:30],
    )
    def test_a_field_that_makes_no_sense_is_named(self, form_of, porto, more, field):
        answer = form_of("ops").post(RUNS, form(outputs.collective(), **more))
        assert answer.status_code == 400
        assert field in answer.json()

    @pytest.mark.parametrize(
        ("more", "load", "rate"),
        [
            ({"load_gbps": "0"}, "idle", None),
            ({"load_gbps": "0.0", "load": "idle"}, "idle", None),
            ({"load_gbps": "0", "load": ""}, "idle", None),
            ({"load_gbps": "120", "load": "loaded"}, "loaded", 120),
            ({"load": "idle"}, "idle", None),
        ],
        ids=str,
    )
    def test_no_background_load_is_idle(self, form_of, porto, more, load, rate):
        answer = form_of("ops").post(RUNS, form(outputs.collective(), **more))
        assert answer.status_code == 201, answer.content
        found = answer.json()
        assert (found["load"]["value"], found["load_gbps"]) == (load, rate)

    def test_a_form_without_a_file_is_refused(self, form_of, porto):
        answer = form_of("ops").post(RUNS, {"site": "porto", "tool": "csv"})
        assert (answer.status_code, list(answer.json())) == (400, ["file"])

    def test_json_is_no_form(self, api_of, porto):
        assert api_of("ops").post(RUNS, {"site": "porto"}).status_code == 415

    def test_a_file_that_is_too_large_is_refused(self, form_of, porto):
        assert form_of("ops").post(RUNS, form(b"#" * (MOST_BYTES + 1), tool="csv")).status_code == 413

    def test_a_body_that_is_too_large_is_not_read(self, form_of, porto):
        answer = form_of("ops").post(RUNS, form(b"x"), headers={"content-length": str(MOST_BYTES * 3)})
        assert answer.status_code == 413

    def test_the_same_file_twice_is_one_run(self, form_of, porto):
        client = form_of("ops")
        assert client.post(RUNS, form(outputs.collective())).status_code == 201
        again = client.post(RUNS, form(outputs.collective()))
        assert again.status_code == 400
        assert "already" in again.json()["file"][0]

    def test_the_file_is_downloaded_and_never_shown(self, form_of, api_of, porto):
        run = form_of("ops").post(RUNS, form(outputs.collective(), name='<script>".html')).json()
        answer = api_of("viewer").get(f"{RUNS}{run['id']}/file/")
        assert answer.content == outputs.collective()
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"] == f'attachment; filename="run-{run["id"]}-script.html"'

    def test_a_list_leaves_the_figures_out_and_one_run_has_them(self, form_of, api_of, porto):
        run = form_of("ops").post(RUNS, form(outputs.collective())).json()
        [listed] = api_of("viewer").get(RUNS).json()["results"]
        assert "measures" not in listed
        assert len(api_of("viewer").get(f"{RUNS}{run['id']}/").json()["measures"]) == 9

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("site=porto", 1),
            ("site=elsewhere", 0),
            ("tool=nccl-tests", 1),
            ("tool=fio", 0),
            ("voided=true", 0),
            ("voided=false", 1),
            ("device=NODE-1", 1),
            ("scope=pair", 0),
            ("library=2.27.3", 1),
            ("q=out", 1),
        ],
    )
    def test_filters(self, form_of, api_of, porto, query, found):
        made.site(slug="elsewhere")
        made.device(site=porto, name="node-1")
        form_of("ops").post(RUNS, form(outputs.collective()))
        answer = api_of("viewer").get(f"{RUNS}?{query}")
        assert answer.status_code == 200, answer.content
        assert answer.json()["count"] == found

    def test_a_run_is_deleted_by_an_admin_alone(self, form_of, api_of, porto):
        run = form_of("ops").post(RUNS, form(outputs.collective())).json()
        assert api_of("ops").delete(f"{RUNS}{run['id']}/").status_code == 403
        assert api_of("admin").delete(f"{RUNS}{run['id']}/").status_code == 204
        assert not ValidationRun.objects.exists()


def fact(**more):
    values = {"check": "p2-energy-kpis", "part": "pue", "value": 1.21, "source": "meter report"}
    return {"site": {"slug": "porto"}, **values, "taken_on": "2026-11-01", **more}


class TestFacts:
    def test_a_fact_is_entered(self, api_of, porto):
        answer = api_of("ops").post(FACTS, fact())
        assert answer.status_code == 201, answer.content
        said = answer.json()
        assert (said["check"], said["part"], said["value"], said["by"]) == (
            "p2-energy-kpis",
            "pue",
            1.21,
            "ops",
        )
        assert said["taken_at"] == "2026-11-02T00:00:00Z"

    def test_another_unit_is_turned_into_the_sub_measures(self, api_of, porto):
        body = fact(check="p1-latency-under-load", part="loaded-p99", value=0.012, unit="ms")
        assert api_of("ops").post(FACTS, body).json()["value"] == pytest.approx(12)

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"check": "p9-nothing"}, "check"),
            ({"part": "nothing"}, "part"),
            ({"part": ""}, "part"),
            ({"unit": "kW"}, "unit"),
            ({"value": "many"}, "value"),
            ({"value": "nan"}, "value"),
            ({"value": 1e16}, "value"),
            ({"value": -1.2}, "value"),
            ({"check": "p1-commissioning-l5", "part": "critical-deficiencies", "value": -1}, "value"),
            ({"check": "p1-soak-24h", "part": "duration", "value": 1e308, "unit": "d"}, "value"),
            ({"source": ""}, "source"),
            ({"taken_on": "2027-01-01"}, "taken_on"),
            ({"taken_on": "1999-01-01"}, "taken_on"),
            ({"site": {"slug": "atlantis"}}, "site"),
        ],
    )
    def test_what_cannot_be_a_fact_is_refused_by_field(self, api_of, porto, more, field):
        answer = api_of("ops").post(FACTS, fact(**more))
        assert answer.status_code == 400
        assert field in answer.json()

    def test_a_table_of_facts(self, form_of, porto):
        head = "site,check,part,value,unit,taken_on,source\n"
        row = "porto,p1-latency-under-load,loaded-p99,0.012,ms,2026-11-01,report\n"
        answer = form_of("ops").post(
            f"{FACTS}import/", {"file": SimpleUploadedFile("facts.csv", (head + row).encode())}
        )
        assert answer.status_code == 201, answer.content
        assert RecordedFact.objects.get().value == pytest.approx(12)

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("porto,p9-nothing,x,1,,2026-11-01,report", "no check"),
            ("atlantis,p2-energy-kpis,pue,1,,2026-11-01,report", "No site is called"),
            ("porto,p2-energy-kpis,pue,low,,2026-11-01,report", "valid number"),
            ("porto,p2-energy-kpis,pue,1,,1 November,report", "wrong format"),
        ],
    )
    def test_a_table_is_taken_whole_or_refused_with_its_line(self, form_of, porto, row, reason):
        good = "porto,p2-energy-kpis,pue,1.2,,2026-11-01,report"
        text = f"site,check,part,value,unit,taken_on,source\n{good}\n{row}\n"
        answer = form_of("ops").post(
            f"{FACTS}import/", {"file": SimpleUploadedFile("facts.csv", text.encode())}
        )
        assert answer.status_code == 400
        assert answer.json()["line"] == 3
        assert reason in answer.json()["reason"]
        assert not RecordedFact.objects.exists()

    def test_filters(self, api_of, porto):
        api_of("ops").post(FACTS, fact())
        for query, found in [
            ("check=p2-energy-kpis", 1),
            ("check=x", 0),
            ("site=porto&part=pue", 1),
            ("voided=true", 0),
        ]:
            assert api_of("viewer").get(f"{FACTS}?{query}").json()["count"] == found


class TestAttestations:
    BODY = {
        "site": {"slug": "porto"},
        "check": "p4-golive-review",
        "statement": "All five signed",
        "attested_by": "R. Costa",
        "taken_on": "2026-11-01",
    }

    def test_an_attestation_is_entered(self, api_of, porto):
        answer = api_of("planner").post(ATTESTATIONS, self.BODY | {"part": "signatures-missing", "value": 0})
        assert answer.status_code == 201, answer.content
        assert (answer.json()["attested_by"], answer.json()["value"]) == ("R. Costa", 0)
        assert Attestation.objects.get().by.username == "planner"

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"part": "signatures-missing"}, "non_field_errors"),
            ({"value": 0}, "non_field_errors"),
            ({"valid_until": "2026-10-01"}, "non_field_errors"),
            ({"attested_by": ""}, "attested_by"),
            ({"check": "p9"}, "check"),
            ({"link": "javascript:alert(1)"}, "link"),
            ({"statement": ""}, "statement"),
        ],
    )
    def test_what_cannot_be_an_attestation_is_refused_by_field(self, api_of, porto, more, field):
        answer = api_of("ops").post(ATTESTATIONS, self.BODY | more)
        assert answer.status_code == 400
        assert field in answer.json()

    def test_one_of_some_classes_names_them_and_is_found_by_them(self, api_of, porto):
        WorkloadClass.objects.create(name="Pay", slug="pay")
        api = api_of("ops")
        body = self.BODY | {"part": "signatures-missing", "value": 0, "workload_classes": ["pay", "pay"]}
        assert api.post(ATTESTATIONS, body).json()["workload_classes"] == ["pay"]
        for asked, found in (("workload_classes=pay", 1), ("workload_classes=mail", 0)):
            assert api.get(f"{ATTESTATIONS}?{asked}").json()["count"] == found
        unknown = api.post(ATTESTATIONS, body | {"workload_classes": ["pay", "moon"]})
        assert (unknown.status_code, "'moon'" in str(unknown.json()["workload_classes"])) == (400, True)
        whole = api.post(ATTESTATIONS, self.BODY | {"workload_classes": ["pay"]})
        assert (whole.status_code, "needs a sub-measure" in str(whole.json())) == (400, True)


class TestFloors:
    BODY = {"platform": "dgx-h100", "tool": "nccl-tests", "measure": "busbw", "value": 460, "unit": "GB/s"}

    @pytest.mark.parametrize(
        "more", [{"value": 0}, {"value": -1}, {"value": 1e16}, {"tool": "x"}, {"size_bytes": 0}]
    )
    def test_what_cannot_be_a_floor_is_refused(self, api_of, more):
        assert api_of("planner").post(FLOORS, self.BODY | more).status_code == 400

    def test_a_configuration_is_taken(self, form_of):
        text = b" * || check_nccl_allreduce 460.0 1 16G x\n * || check_ib_bw_gdr 380\n"
        file = SimpleUploadedFile("nd.conf", text)
        answer = form_of("planner").post(f"{FLOORS}import/", {"file": file, "platform": "nd-h100"})
        assert answer.status_code == 201, answer.content
        assert set(Floor.objects.values_list("tool", "value", "size_bytes", "source")) == {
            ("nccl-tests", 460, 16 * outputs.GIB, "nd.conf"),
            ("perftest", 380, 8388608, "nd.conf"),
        }

    def test_a_configuration_that_cannot_be_read_is_refused_with_its_line(self, form_of):
        file = SimpleUploadedFile("nd.conf", b"\n * || check_ib_bw_gdr fast\n")
        answer = form_of("planner").post(f"{FLOORS}import/", {"file": file, "platform": "x"})
        assert (answer.status_code, answer.json()["line"]) == (400, 2)
