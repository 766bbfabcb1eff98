"""`/api/tradeoffs/portfolios/`: asked for, followed, called off; who may; what is nonsense."""

import pytest

from readiness.tradeoffs.portfolios import solving

pytestmark = pytest.mark.django_db
API = "/api/tradeoffs/portfolios/"


def test_asked_followed_and_called_off(api_of, chat, frozen_now):
    api = api_of("planner")
    asked = api.post(API, {"weights": {"cost": 1, "carbon": 1}, "points": 3})
    assert asked.status_code == 202, asked.content
    body = asked.json()
    assert asked["Location"] == body["url"]
    assert (body["state"]["value"], body["points_done"], body["points_total"]) == ("queued", 0, 3)
    assert body["inputs"]["workloads"] == ["chat"]
    solving.run(body["id"], now=frozen_now.at)
    one = api.get(f"{API}{body['id']}/").json()
    assert (one["state"]["value"], one["points_done"], one["result"]["weightings"]) == ("done", 3, 3)
    assert "result" not in api.get(API).json()["results"][0]
    late = api.post(f"{API}{body['id']}/cancel/")
    assert (late.status_code, "Done" in late.json()["detail"]) == (409, True)
    again = api.post(API, {"weights": {"cost": 1}}).json()
    assert api.post(f"{API}{again['id']}/cancel/").json()["state"]["value"] == "cancelled"


def test_without_workloads_there_is_nothing_to_place(api_of, db):
    assert api_of("planner").post(API, {}).json() == {"workloads": ["No workload is left to place."]}


def test_a_currency_that_nothing_leads_to_is_refused_before_it_is_worked_out(api_of, chat):
    answer = api_of("planner").post(API, {"currency": "ZZZ"})
    wrong = {"currency": ["No factor is in ZZZ, and no exchange rate leads to it."]}
    assert (answer.status_code, answer.json()) == (400, wrong)


def test_a_list_is_no_question(api_of, chat):
    answer = api_of("planner").post(API, [])
    assert (answer.status_code, list(answer.json())) == (400, ["non_field_errors"])


def test_costs_are_in_the_currency_that_the_explorer_has_for_all_of_them(ask, chat, declare, enter_rate):
    enter_rate("USD", "EUR", 0.9)
    assert ask(weights={"cost": 1}).inputs["currency"] == "EUR"
    ceiling = {"cost_ceiling": 5.0, "cost_unit": "accelerator-hour"}
    declare("web", cost_currency="USD", **ceiling)
    assert ask(weights={"cost": 2}).inputs["currency"] == "USD"
    declare("idle", cost_currency="EUR", **ceiling)
    assert ask(weights={"cost": 3}).inputs["currency"] == "EUR"
