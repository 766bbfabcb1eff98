"""Declared limits on pages and over HTTP: list, one of them, the forms, the export and its way back."""

from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.operations import create_token
from readiness.evidence.models import DeclaredLimit
from readiness.evidence.operations import declare_limit, record_fact
from readiness.scoring.operations import evaluate
from readiness.workloads.models import WorkloadClass
from tests.inventory import made
from tests.pages import text_of
from tests.web.kinds.test_csv import Importer

pytestmark = pytest.mark.django_db
LIMITS = "/api/readiness/limits/"


@pytest.fixture
def porto(frozen_now):
    return made.site(name="Porto", slug="porto")


@pytest.fixture
def assistant(db):
    return WorkloadClass.objects.create(name="Assistant", slug="assistant")


@pytest.fixture
def declare(porto, frozen_now, planner):
    def one(limit="pue-target", value=None, *, on=date(2026, 1, 1), **more):
        owner = {} if "workload_class" in more else {"site": porto}
        return declare_limit(
            limit=limit,
            value=value,
            declared_on=on,
            source="Contract 7",
            by=planner,
            now=frozen_now.at,
            **owner,
            **more,
        )

    return one


class TestPages:
    def test_the_list_shows_each_limit_with_whose_it_is(self, client_of, declare, assistant):
        declare(value=1.3)
        declare("ttft-slo", preset="llama2-70b", workload_class=assistant)
        page = text_of(client_of("viewer").get("/evidence/limits/"))
        rows = page.partition("<tbody")[2].partition("</tbody>")[0]
        for words in ("PUE target", ">Porto<", "1.3", "Assistant", "Llama2-70B: 2", "1 Jan 2026"):
            assert words in rows
        assert "Declare a limit" not in page

    def test_filters_narrow_the_list(self, client_of, declare):
        declare(value=1.3)
        declare("wue-target", 0.4)
        page = text_of(client_of("viewer").get("/evidence/limits/?limit_name=wue-target"))
        rows = page.partition("<tbody")[2].partition("</tbody>")[0]
        assert "WUE target" in rows
        assert "PUE target" not in rows

    def test_a_limit_shows_what_held_before_and_who_changed_it(self, client_of, declare):
        declare(value=1.5, on=date(2025, 1, 1))
        limit = declare(value=1.3)
        page = text_of(client_of("planner").get(f"/evidence/limits/{limit.pk}/"))
        for words in ("PUE target", "Contract 7", "1 Jan 2025", "1.5", "Changes of this entry", "Remove"):
            assert words in page
        assert "Remove" not in text_of(client_of("viewer").get(f"/evidence/limits/{limit.pk}/"))

    def test_a_limit_is_declared_and_removed(self, client_of, porto):
        client = client_of("planner")
        body = {
            "limit": "pue-target",
            "site": "porto",
            "value": "1.3",
            "declared_on": "2026-01-01",
            "source": "C",
        }
        assert client.post("/evidence/limits/add/", body).status_code == 302
        limit = DeclaredLimit.objects.get()
        assert (limit.value, limit.by.username) == (1.3, "planner")
        assert "Its history is kept. The sites are scored again." in text_of(
            client.get(f"/evidence/limits/{limit.pk}/delete/")
        )
        assert client.post(f"/evidence/limits/{limit.pk}/delete/").status_code == 302
        assert not DeclaredLimit.objects.exists()

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"site": ""}, "one site or for one workload class"),
            ({"value": ""}, "Give a value or a preset"),
            ({"value": "", "preset": "h1"}, "“h1” is not in the list."),
            ({"value": "-1"}, "not below 0"),
            ({"limit": "cooling-class"}, "choose a preset"),
            ({"declared_on": "9999-12-31"}, "twenty years"),
            ({"source": " "}, "required"),
            ({"value": "inf"}, "Enter a number"),
        ],
    )
    def test_what_can_be_no_limit_is_said(self, client_of, porto, more, words):
        body = {"limit": "pue-target", "site": "porto", "value": "1.3", "declared_on": "2026-01-01"}
        answer = client_of("planner").post("/evidence/limits/add/", body | {"source": "C"} | more)
        assert words in text_of(answer, 422)

    def test_a_table_is_taken_and_a_bad_line_is_named(self, client_of, porto):
        good = "site,limit,value,declared_on,source\nporto,pue-target,1.3,2026-01-01,C\n"
        sent = Importer(client_of("planner"), "/evidence/limits/csv/")
        [problem] = sent.check(f"{good}porto,speed,1,2026-01-01,C\n").problems
        assert (problem[:2], problem[2].startswith("There is no limit")) == ([3, "Limit"], True)
        sent.check(good)
        assert sent.post(action="all").counts == {"created": 1}
        assert DeclaredLimit.objects.get().value == 1.3

    def test_the_export_can_be_sent_back(self, client_of, declare, assistant):
        declare(value=1.3)
        declare("ttft-slo", 450, workload_class=assistant)
        declare("cooling-class", preset="h1")
        client = client_of("planner")
        export = b"".join(client.get("/evidence/limits/?export=csv"))
        before = list(DeclaredLimit.objects.order_by("limit_id").values_list("limit_id", "value", "preset"))
        DeclaredLimit.objects.all().delete()
        sent = Importer(client, "/evidence/limits/csv/")
        sent.check(export, column__id="", column__unit="")
        assert sent.post(action="all").problems == []
        again = DeclaredLimit.objects.order_by("limit_id").values_list("limit_id", "value", "preset")
        assert list(again) == before


class TestCheckPage:
    def test_a_check_that_lacks_a_limit_leads_to_its_form(self, client_of, porto, declare, frozen_now):
        day = {"taken_on": date(2026, 11, 20), "by": None, "now": frozen_now.at}
        record_fact(site=porto, check="p2-energy-kpis", part="pue", value=1.2, source="meter", **day)
        evaluate(site_ids=[porto.pk], now=frozen_now.at)
        path = "/sites/porto/checks/p2-energy-kpis/"
        address = "/evidence/limits/add/?site=porto&amp;limit=pue-target"
        assert address in text_of(client_of("planner").get(path))
        assert address not in text_of(client_of("viewer").get(path))
        form = text_of(client_of("planner").get(address.replace("&amp;", "&")))
        assert '<option value="porto" selected>' in form
        assert '<option value="pue-target" selected>' in form
        declare(value=1.3)
        frozen_now.move(seconds=1)
        evaluate(site_ids=[porto.pk], now=frozen_now.at)
        page = text_of(client_of("planner").get(path))
        assert address not in page
        assert "PUE target of Porto" in page


class TestApi:
    BODY = {
        "site": {"slug": "porto"},
        "limit": "ttft-slo",
        "value": 0.5,
        "unit": "s",
        "declared_on": "2026-01-01",
        "source": "SLO sheet",
    }

    def test_a_planner_declares_and_ops_does_not(self, api_of, porto):
        assert api_of("ops").post(LIMITS, self.BODY).status_code == 403
        answer = api_of("planner").post(LIMITS, self.BODY)
        assert answer.status_code == 201, answer.content
        limit = answer.json()
        assert (limit["value"], limit["limit"], limit["by"]) == (500, "ttft-slo", "planner")
        assert (limit["site"]["slug"], limit["workload_class"]) == ("porto", None)
        assert limit["display_url"].endswith(f"/evidence/limits/{limit['id']}/")

    def test_a_class_may_be_its_owner(self, api_of, assistant):
        body = {key: each for key, each in self.BODY.items() if key != "site"}
        answer = api_of("planner").post(LIMITS, body | {"workload_class": {"slug": "assistant"}})
        assert answer.status_code == 201, answer.content
        assert answer.json()["workload_class"]["display"] == "Assistant"

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"limit": "speed"}, "limit"),
            ({"unit": "kW"}, "unit"),
            ({"site": None}, "site"),
            ({"value": None}, "value"),
            ({"preset": "x"}, "value"),
            ({"source": ""}, "source"),
            ({"declared_on": "soon"}, "declared_on"),
            ({"value": -1}, "value"),
        ],
    )
    def test_a_refusal_names_the_field(self, api_of, porto, more, field):
        answer = api_of("planner").post(LIMITS, self.BODY | more)
        assert answer.status_code == 400
        assert field in answer.json()

    def test_a_limit_is_never_edited_and_may_be_removed(self, api_of, declare):
        limit = declare(value=1.3)
        assert api_of("planner").patch(f"{LIMITS}{limit.pk}/", {"value": 1}).status_code == 405
        assert api_of("ops").delete(f"{LIMITS}{limit.pk}/").status_code == 403
        assert api_of("planner").delete(f"{LIMITS}{limit.pk}/").status_code == 204

    def test_a_table_is_taken_or_refused_with_its_line(self, user_of, porto):
        _, plain = create_token(
            user=user_of("planner"), name="t", scope="write", by=None, now=datetime.now(UTC)
        )
        client = Client(headers={"authorization": f"Bearer {plain}"})
        good = b"site,limit,value,declared_on,source\nporto,pue-target,1.3,2026-01-01,C\n"

        def send(content):
            return client.post(f"{LIMITS}import/", {"file": SimpleUploadedFile("l.csv", content)})

        bad = send(good + b"porto,pue-target,fast,2026-01-01,C\n")
        assert (bad.status_code, bad.json()["line"]) == (400, 3)
        assert send(good).status_code == 201
