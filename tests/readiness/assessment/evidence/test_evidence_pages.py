"""Pages of evidence: lists, one run, its file, and the forms; empty, wrong and forbidden among them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from inventory.models import Device
from readiness.assessment.evidence.models import Attestation, Floor, RecordedFact, ValidationRun
from readiness.assessment.evidence.operations import RunContext, import_run, set_floor, void_changed
from readiness.demand.workloads.models import WorkloadClass
from tests.inventory import made
from tests.pages import text_of
from tests.readiness.assessment.evidence import outputs

pytestmark = pytest.mark.django_db


@pytest.fixture
def take(porto, frozen_now, ops):
    def one(tool="nccl-tests", content=None, **context):
        return import_run(
            site=porto, tool=tool, content=outputs.collective() if content is None else content,
            file_name="out.log", by=ops, now=frozen_now.at, context=RunContext(**context),
        )  # fmt: skip

    return one


class TestRuns:
    def test_a_list_shows_each_run_and_how_it_stands(self, client_of, porto, take, frozen_now):
        node = made.device(site=porto, name="node-1", firmware_version="1.2")
        made.accelerator(device=node, index=0)
        take(load="idle")
        Device.objects.filter(pk=node.pk).update(firmware_version="1.3")
        void_changed(site_ids=[porto.pk], now=frozen_now.at)
        page = text_of(client_of("ops").get("/evidence/"))
        row = page.partition("<tbody")[2].partition("</tbody>")[0]
        for words in (">nccl-tests<", "Porto", "node-1", "voided: firmware", "One node", "Idle"):
            assert words in row
        assert "Import a run" in page

    def test_a_run_shows_its_figures_remarks_and_what_voided_it(self, client_of, porto, take, frozen_now):
        node = made.device(site=porto, name="node-1", firmware_version="1.2")
        run = take()
        Device.objects.filter(pk=node.pk).update(firmware_version="1.3")
        void_changed(site_ids=[porto.pk], now=frozen_now.at)
        page = text_of(client_of("viewer").get(f"/evidence/runs/{run.pk}/"))
        for words in (
            "busbw",
            "470",
            "16 GiB",
            "firmware 1.2 → 1.3",
            "all_reduce",
            f"/evidence/runs/{run.pk}/file/",
        ):
            assert words in page

    def test_a_figure_that_is_not_judged_says_why(self, client_of, take):
        run = take(
            "sockperf",
            b"IP = 127.0.0.1 PORT = 1 # UDP\nTotal 14 observations\n---> percentile 99.900 = 5.5\n"
            b"---> percentile 50.000 = 3.1\n",
        )
        page = text_of(client_of("viewer").get(f"/evidence/runs/{run.pk}/"))
        assert "10000 samples" in page
        assert "crossed no network" in page

    def test_what_a_file_holds_is_text_on_the_page(self, client_of, take):
        run = take("csv", outputs.table("<script>alert(1)</script>,1,"))
        page = text_of(client_of("viewer").get(f"/evidence/runs/{run.pk}/"))
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page

    def test_the_file_is_downloaded(self, client_of, take):
        answer = client_of("viewer").get(f"/evidence/runs/{take().pk}/file/")
        assert answer.content == outputs.collective()
        assert answer["Content-Disposition"].startswith("attachment")
        assert client_of("viewer").get("/evidence/runs/999999/file/").status_code == 404


class TestImporting:
    def send(self, client, content=None, **more):
        file = SimpleUploadedFile("out.log", outputs.collective() if content is None else content)
        return client.post(
            "/evidence/runs/add/", {"file": file, "site": "porto", "tool": "nccl-tests", **more}
        )

    def test_a_file_becomes_a_run(self, client_of, porto):
        made.device(site=porto, name="node-1")
        answer = self.send(client_of("ops"), load="idle", devices="node-1")
        run = ValidationRun.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, f"/evidence/runs/{run.pk}/")
        assert (run.load, run.by.username) == ("idle", "ops")

    def test_the_form_takes_the_site_from_the_address(self, client_of, porto):
        page = text_of(client_of("planner").get("/evidence/runs/add/?site=porto&tool=fio"))
        assert '<option value="porto" selected>' in page
        assert 'enctype="multipart/form-data"' in page

    @pytest.mark.parametrize(
        ("content", "more", "words"),
        [
            (
                b"measure,value\nx,fast\n",
                {"tool": "csv"},
                "Line 2: The value &#x27;fast&#x27; is not a number",
            ),
            (b"", {}, "Line 1: The file is empty"),
            (None, {"devices": "ghost"}, "Porto has no device ghost"),
            (None, {"site": "atlantis"}, "“atlantis” is not in the list."),
            (b"p" * (5 * 1024 * 1024 + 1), {"tool": "csv"}, "A file has 5242880 bytes at most"),
        ],
        ids=["unreadable", "empty", "no such device", "no such site", "too large"],
    )
    def test_what_is_refused_is_said_at_its_field(self, client_of, porto, content, more, words):
        assert words in text_of(self.send(client_of("ops"), content, **more), 422)
        assert not ValidationRun.objects.exists()


class TestRecords:
    FACT = {
        "site": "porto",
        "check": "p2-energy-kpis",
        "part": "pue",
        "value": "1.21",
        "source": "meter report",
    }

    def test_a_fact_is_entered_and_shown(self, client_of, porto):
        client = client_of("ops")
        answer = client.post("/evidence/facts/add/", self.FACT | {"taken_on": "2026-11-01"})
        assert (answer.status_code, answer["Location"]) == (302, "/sites/porto/checks/p2-energy-kpis/")
        page = text_of(client_of("viewer").get("/evidence/facts/"))
        for words in ("p2-energy-kpis", "pue", "1.21", "meter report"):
            assert words in page

    def test_lists_and_pages_of_records_say_names_and_units(self, client_of, porto):
        sent = self.FACT | {"part": "wue", "value": "0.4", "taken_on": "2026-11-01"}
        client_of("ops").post("/evidence/facts/add/", sent)
        [row] = client_of("viewer").get("/evidence/facts/").context["table"].rows
        check = "Energy targets"
        assert [cell.text for cell in row.cells][1:5] == [check, "WUE", "Porto", "0.4 L/kWh"]
        shown = client_of("viewer").get(f"/evidence/facts/{RecordedFact.objects.get().pk}/")
        assert shown.context["breadcrumbs"][-1]["label"] == f"{check}, WUE, 1 Nov 2026"
        exported = text_of(client_of("viewer").get("/evidence/facts/?export=csv"))
        assert ",p2-energy-kpis,wue,porto,0.4," in exported

    def test_the_form_takes_check_and_sub_measure_from_the_address(self, client_of, porto):
        page = text_of(client_of("ops").get("/evidence/facts/add/?site=porto&check=p2-energy-kpis&part=wue"))
        assert '<option value="p2-energy-kpis" selected>' in page
        assert '<option value="wue" selected>' in page
        assert "L/kWh" in page
        assert "busbw" not in page

    def test_an_attestation_is_entered_and_shown(self, client_of, porto):
        body = {
            "site": "porto", "check": "p4-golive-review", "part": "signatures-missing", "value": "0",
            "statement": "All five signed", "attested_by": "R. Costa", "taken_on": "2026-11-01",
            "link": "docs.example.net/orr",
        }  # fmt: skip
        assert client_of("planner").post("/evidence/attestations/add/", body).status_code == 302
        assert Attestation.objects.get().link == "https://docs.example.net/orr"
        page = text_of(client_of("ops").get("/evidence/attestations/"))
        for words in ("All five signed", "R. Costa", "signatures-missing"):
            assert words in page

    def test_an_attestation_of_some_classes_says_which_and_proves_nothing_of_the_site(self, client_of, porto):
        WorkloadClass.objects.create(name="Pay", slug="pay")
        body = {
            "site": "porto", "check": "p4-flexibility-preserved", "part": "classes-untested", "value": "0",
            "workload_classes": ["pay"], "statement": "Moved and back", "attested_by": "R. Costa",
            "taken_on": "2026-11-01",
        }  # fmt: skip
        client = client_of("planner")
        assert "Pay" in text_of(client.get("/evidence/attestations/add/"))
        gone = client.post("/evidence/attestations/add/", body | {"workload_classes": ["mail"]})
        assert "“mail” is not in the list." in text_of(gone, 422)
        assert client.post("/evidence/attestations/add/", body).status_code == 302
        page = text_of(client.get(f"/evidence/attestations/{Attestation.objects.get().pk}/"))
        assert "pay" in page
        assert "about some workload classes only" in page
        assert "pay" in text_of(client.get("/evidence/attestations/?cols=workload_classes"))

    def test_a_value_without_its_sub_measure_is_said(self, client_of, porto):
        body = {
            "site": "porto",
            "check": "p4-golive-review",
            "value": "0",
            "statement": "x",
            "attested_by": "y",
        }
        answer = client_of("ops").post("/evidence/attestations/add/", body | {"taken_on": "2026-11-01"})
        assert "A value needs the sub-measure" in text_of(answer, 422)


class TestFloors:
    FLOOR = {"platform": "dgx-h100", "tool": "nccl-tests", "measure": "busbw", "value": "460", "unit": "GB/s"}

    @pytest.fixture
    def floor(self, frozen_now):
        values = {
            "platform": "dgx-h100",
            "tool": "nccl-tests",
            "measure": "busbw",
            "size_bytes": 16 * outputs.GIB,
        }
        return set_floor(**values, value=460, unit="GB/s", by=None, now=frozen_now.at)

    def test_floors_are_shown_and_lead_to_their_form_whoever_may_change_them(self, client_of, floor):
        page = text_of(client_of("viewer").get("/evidence/floors/"))
        for words in ("dgx-h100", "16 GiB", "460"):
            assert words in page
        address = f"/evidence/floors/{floor.pk}/edit/"
        assert address not in page
        assert address in text_of(client_of("planner").get("/evidence/floors/"))

    def test_a_floor_is_set_changed_and_removed(self, client_of):
        client = client_of("planner")
        assert client.post("/evidence/floors/add/", self.FLOOR).status_code == 302
        floor = Floor.objects.get()
        changed = self.FLOOR | {"value": "450"}
        assert client.post(f"/evidence/floors/{floor.pk}/edit/", changed).status_code == 302
        floor.refresh_from_db()
        assert floor.value == 450
        delete = f"/evidence/floors/{floor.pk}/delete/"
        assert f'href="{delete}"' in text_of(client.get(f"/evidence/floors/{floor.pk}/edit/"))
        assert "Sites with such runs are scored again." in text_of(client.get(delete))
        assert client.post(f"/evidence/floors/{floor.pk}/delete/").status_code == 302
        assert not Floor.objects.exists()

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"value": "0"}, "A floor is above 0."),
            ({"value": "1e308"}, "This number is too large."),
            ({"value": "fast"}, "Enter a number"),
            ({"tool": "x"}, "valid"),
        ],
    )
    def test_what_cannot_be_a_floor_is_said(self, client_of, more, words):
        assert words in text_of(client_of("planner").post("/evidence/floors/add/", self.FLOOR | more), 422)

    def test_a_second_floor_of_one_size_is_said(self, client_of, floor):
        body = self.FLOOR | {"size_bytes": str(16 * outputs.GIB)}
        page = text_of(client_of("planner").post("/evidence/floors/add/", body), 422)
        assert "has a floor of this measure at this size" in page

    def test_a_configuration_is_taken_or_refused_with_its_line(self, client_of):
        client = client_of("planner")
        good, bad = b" * || check_ib_bw_gdr 380\n", b"\n * || check_ib_bw_gdr fast\n"
        for content, status in ((bad, 422), (good, 302)):
            body = {"platform": "nd-h100", "file": SimpleUploadedFile("nd.conf", content)}
            answer = client.post("/evidence/floors/import/", body)
            assert answer.status_code == status
            assert status == 302 or "Line 2: fast is not a floor" in answer.text
        assert Floor.objects.get().value == 380
