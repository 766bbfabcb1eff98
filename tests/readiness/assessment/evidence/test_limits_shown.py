"""Declared limits on pages and over HTTP: list, one of them, the forms, the export and its way back."""

from datetime import date

import pytest

from readiness.assessment.evidence.models import DeclaredLimit
from readiness.assessment.evidence.operations import declare_limit, record_fact
from readiness.assessment.scoring.operations import evaluate
from readiness.demand.workloads.models import WorkloadClass
from tests.pages import text_of

pytestmark = pytest.mark.django_db
LIMITS = "/api/readiness/limits/"


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
        for words in ("PUE target", ">Porto<", "at most 1.3", "Assistant", "Llama2-70B: 2", "1 Jan 2026"):
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
        for words in (
            "PUE target, Porto, from 1 Jan 2026",
            "Contract 7",
            "1 Jan 2025",
            "at most 1.5",
            "Changes of this entry",
            "Remove",
        ):
            assert words in page
        asked = client_of("planner").get(f"/evidence/limits/{limit.pk}/delete/")
        assert "PUE target, Porto, from 1 Jan 2026" in asked.context["heading"]
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
