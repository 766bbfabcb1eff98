"""`/api/tradeoffs/decisions/` and the record form: a decision from the placement as it is now, then answered."""

import html
import json
import re
from urllib.parse import urlencode

import pytest

from readiness.tradeoffs.models import Decision
from tests.cases import cases
from tests.readiness.tradeoffs.decisions.conftest import SAID
from tests.readiness.tradeoffs.placing.conftest import chat, fleet  # noqa: F401

pytestmark = pytest.mark.django_db
API = "/api/tradeoffs/decisions/"
WEIGHTS = {"cost": 60, "latency": 0, "carbon": 40}
HOURS = 730.5
NEAR = {"limits": {"latency_limit_ms": 60}}


@pytest.fixture
def made(chat, fleet, api_of):  # noqa: F811
    """`made(site=…)` is what the endpoint answers a planner."""

    def post(status=201, role="planner", **given):
        asked = {"workload": "chat", "site": "lulea", "weights": WEIGHTS, "rationale": SAID} | given
        answer = api_of(role).post(API, asked)
        assert answer.status_code == status, answer.content
        return answer.json()

    return post


class TestRecording:
    def test_the_server_works_out_every_figure(self, made):
        decision = made()
        assert (decision["workload"], decision["site"], decision["previous_name"]) == (
            "chat",
            "lulea",
            "Porto",
        )
        assert decision["state"]["value"] == "recorded"
        forecasts = {one["objective"]: one for one in decision["forecasts"]}
        # 10 kW at a PUE of 1.1, and 8 accelerators at 2 EUR/h.
        assert forecasts["energy"]["value"] == pytest.approx(10 * 1.1 * HOURS)
        assert forecasts["cost"]["value"] == pytest.approx(8 * 2.0 * HOURS)
        assert forecasts["cost"]["before"] == pytest.approx(8 * 2.4 * HOURS)
        assert forecasts["carbon"]["value"] == pytest.approx(11 * HOURS * 20 / 1000)
        assert forecasts["latency"]["value"] == 48.0
        assert {one["site"] for one in decision["options"]} == {"porto", "lulea", "lagos"}
        frozen = decision["snapshot"]["sites"]["lulea"]["factors"]["electricity_price"]
        assert (frozen["value"], frozen["unit"], frozen["source"]) == (0.05, "EUR/kWh", "contract 7")
        assert frozen["age_s"] > 0
        assert decision["sensitivity"]["winner"]

    def test_figures_that_are_sent_along_are_no_figures(self, made):
        decision = made(options=[], snapshot={"sites": {}}, forecasts=[{"objective": "cost", "value": 1}])
        assert len(decision["options"]) == 3
        assert decision["snapshot"]["sites"]
        assert all(one["value"] != 1 for one in decision["forecasts"])

    def test_under_other_conditions(self, made):
        decision = made(what_if={"limits": {"latency_limit_ms": 60}, "electricity_price": 2})
        refused = {one["site"]: one["reasons"] for one in decision["options"] if not one["feasible"]}
        assert "latency" in refused["lagos"][0]["words"]
        assert decision["what_if"] == {"limits": {"latency_limit_ms": 60}, "electricity_price": 2}

    @cases(
        ("given", "field", "told"),
        {
            "no option": ({"site": "lagos", "what_if": NEAR}, "site", "latency iberia"),
            "planned": ({"site": "oslo"}, "site", "Oslo is not among the sites"),
            "no site": ({"site": "atlantis"}, "site", "atlantis"),
            "no workload": ({"workload": "nothing"}, "workload", "nothing"),
            "no objective": ({"weights": {"speed": 1}}, "weights.speed", "no such field"),
            "below 0": ({"weights": {"cost": -1}}, "weights", "greater than or equal"),
            "no PUE": ({"what_if": {"pue": 0.5}}, "what_if.pue", "greater than or equal to 1"),
            "no reason": ({"rationale": " "}, "rationale", ""),
            "reviewed today": ({"due_on": "2026-11-24"}, "due_on", "after the day"),
            "no carbon": ({"carbon": "green"}, "carbon", "green"),
        },
    )  # fmt: skip
    def test_what_is_refused_names_its_field(self, made, given, field, told):
        assert told in json.dumps(made(status=400, **given)[field])
        assert not Decision.objects.exists()


class TestAnswering:
    def test_approved_by_another_and_compared(self, made, api_of, frozen_now):
        path = f"{API}{made()['id']}/"
        assert "tradeoffs.approve_decision" in api_of("planner").post(f"{path}approve/").json()["detail"]
        answer = api_of("manager").post(f"{path}approve/", {"note": "Agreed."})
        assert (answer.status_code, answer.json()["state"]["value"]) == (200, "approved")
        assert api_of("manager").post(f"{path}reject/", {"note": "No."}).status_code == 409

        found = api_of("viewer").get(f"{path}realised/").json()
        assert [one["objective"] for one in found][:3] == ["cost", "latency", "energy"]
        assert all(not one["final"] for one in found)
        early = api_of("planner").post(f"{path}realised/")
        assert (early.status_code, "24 Dec 2026" in early.json()["detail"]) == (409, True)
        assert api_of("viewer").post(f"{path}realised/").status_code == 403
        frozen_now.move(days=30)
        written = api_of("planner").post(f"{path}realised/")
        assert (written.status_code, {one["final"] for one in written.json()}) == (200, {True})
        assert api_of("planner").post(f"{path}realised/").json() == written.json()
        assert api_of("planner").post(f"{path}withdraw/", {"note": "Late."}).status_code == 409


class TestForm:
    def address(self, **given):
        asked = {"workload": "chat", "site": "lulea", "w_cost": 60, "w_carbon": 40} | given
        return f"/decisions/new/?{urlencode(asked)}"

    def test_the_state_of_the_explorer_is_in_the_address(self, chat, client_of):  # noqa: F811
        planner = client_of("planner")
        page = planner.get(self.address(pue=1.2, x="carbon")).content.decode()
        for told in ("Chat", "Lulea", "pue", "1.2", "Reason for this site"):
            assert told in page
        answer = planner.post(
            self.address(pue=1.2, x="carbon"), {"site": "lulea", "rationale": SAID}, follow=True
        )
        assert "Chat at Lulea is recorded; a second person must approve it." in answer.content.decode()
        decision = Decision.objects.get()
        energy = decision.forecasts.get(objective="energy")
        assert energy.value == pytest.approx(10 * 1.2 * HOURS)
        assert (decision.decided_by.username, decision.what_if) == ("planner", {"pue": 1.2})
        assert (decision.weights["cost"], decision.weights["carbon"]) == (60, 40)

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"workload": "nothing"}, "Choose a workload and a site in the explorer"),
            ({"w_cost": "heavy"}, "weights.cost"),
            ({"pue": "0.5"}, "what_if.pue"),
        ],
    )
    def test_an_address_that_says_nothing_is_told_what_it_lacks(self, chat, client_of, given, told):  # noqa: F811
        answer = client_of("planner").get(self.address(**given))
        assert (answer.status_code, told in answer.content.decode()) == (422, True)
        assert client_of("planner").post(self.address(**given), {"site": "lulea"}).status_code == 422
        assert not Decision.objects.exists()

    def test_what_the_placement_refuses_is_told_in_the_form(self, chat, client_of):  # noqa: F811
        answer = client_of("planner").post(self.address(latency=20), {"site": "lulea", "rationale": SAID})
        assert (answer.status_code, "Lulea is no option: latency" in answer.content.decode()) == (422, True)
        assert client_of("planner").post(self.address(), {"rationale": ""}).status_code == 422

    def test_the_explorer_leads_there_with_its_state(self, chat, client_of):  # noqa: F811
        explorer = "/tradeoffs/?workload=chat&w_cost=60"
        page = client_of("planner").get(explorer).content.decode()
        [link] = re.findall(r'href="(/decisions/new/[^"]+)"', page)
        assert {"workload=chat", "w_cost=60"} <= set(html.unescape(link).partition("?")[2].split("&"))
        form = client_of("planner").get(html.unescape(link)).content.decode()
        assert re.search(r'<option value="\w+" selected', form)
        assert "/decisions/new/" not in client_of("viewer").get(explorer).content.decode()
