"""The endpoints under /api/ownership/."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readiness.organisation.ownership.core.standing import Item
from tests.inventory import made

pytestmark = pytest.mark.django_db
HERE = "/api/ownership/assignments/"


@pytest.fixture
def body(porto, ana, rui, team):
    return {
        "site": {"slug": "porto"}, "item": "compute", "accountable": ana.pk, "team": {"slug": "fabric"},
        "deputy": rui.pk, "decision_rights": "May stop any placement.", "escalation": "Call the NOC.",
    }  # fmt: skip


class TestHandshake:
    def test_from_the_proposal_to_the_end(self, body, api_of, person_of, frozen_now):
        asked = api_of("manager").post(HERE, body)
        assert asked.status_code == 201, asked.content
        told = asked.json()
        assert (told["state"]["value"], told["accountable"]["display"]) == ("proposed", "Ana Reis")
        assert (told["is_in_force"], len(told["steps"]), told["display"]) == (False, 5, "Compute at Porto")
        one, ana = f"{HERE}{told['id']}/", api_of("viewer", username="ana")
        accepted = ana.post(f"{one}accept/", {"note": "gladly"}).json()
        assert (accepted["state"]["value"], accepted["is_in_force"]) == ("accepted", True)
        assert accepted["due_at"] == "2027-05-23T16:00:00Z"
        ticked = ana.post(f"{one}tick/", {"step": told["steps"][0]["id"], "done": True}).json()
        assert ticked["steps"][0]["done_at"] == "2026-11-24T16:00:00Z"
        frozen_now.move(days=100)
        assert ana.post(f"{one}confirm/").json()["confirmed_at"] == "2027-03-04T16:00:00Z"
        again = ana.post(f"{one}decline/", {"note": "no"})
        assert (again.status_code, again.json()["detail"][:15]) == (409, "It is accepted,")
        silent = ana.post(f"{one}end/", {})
        assert (silent.status_code, list(silent.json())) == (400, ["reason"])
        assert ana.post(f"{one}end/", {"reason": "Moves on"}).json()["state"]["value"] == "ended"
        assert ana.post(f"{one}tick/", {"step": told["steps"][0]["id"], "done": False}).status_code == 409

    def test_the_site_is_locked_first_as_from_a_page(self, own, porto, ana, api_of):
        one, ana = f"{HERE}{own(porto, ana).pk}/", api_of("viewer", username="ana")
        with CaptureQueriesContext(connection) as captured:
            assert ana.post(f"{one}confirm/").status_code == 200
        locking = [
            each["sql"] for each in captured if "FOR UPDATE" in each["sql"] or "FOR NO KEY" in each["sql"]
        ]
        assert '"inventory_site"' in locking[0]
        assert '"ownership_assignment"' in locking[1]

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"item": "luck"}, "item"),
            ({"site": {"slug": "nowhere"}}, "site"),
            ({"accountable": 999999}, "accountable"),
            ({"decision_rights": " "}, "decision_rights"),
            ({"effective_at": "soon"}, "effective_at"),
            ({"effective_at": "2030-01-01T00:00:00Z"}, "effective_at"),
        ],
    )
    def test_a_refusal_is_by_field(self, body, api_of, frozen_now, given, field):
        answer = api_of("manager").post(HERE, body | given)
        assert (answer.status_code, list(answer.json())) == (400, [field]), answer.content


class TestReassigning:
    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"to": "same"}, "to"),
            ({"to": 999999}, "to"),
            ({"from": "idle"}, "from"),
            ({"to": None}, "to"),
            ({"dry_run": "perhaps"}, "dry_run"),
        ],
    )
    def test_a_refusal_is_by_field(self, own, porto, ana, rui, eva, api_of, given, field):
        own(porto, ana)
        known = {"same": ana.pk, "idle": eva.pk}
        sent = {"from": ana.pk, "to": rui.pk} | {key: known.get(value, value) for key, value in given.items()}
        answer = api_of("manager").post(f"{HERE}reassign/", sent)
        assert (answer.status_code, list(answer.json())) == (400, [field]), answer.content


class TestGaps:
    def test_they_tell_what_is_at_stake(self, own, ask, porto, ana, api_of, frozen_now):
        made.site(name="Retired", stage="retired")
        own(porto, ana, Item.COMPUTE)
        ask(porto, ana, Item.ENERGY)
        api = api_of("ops")
        told = api.get("/api/ownership/gaps/").json()
        assert told["count"] == 6
        assert {row["kw"] for row in told["results"]} == {5000}
        assert {(row["queue"], row["item"]) for row in told["results"]} >= {
            ("unowned", "network"),
            ("waiting", "energy"),
        }
        frozen_now.move(days=170)
        soon = api.get("/api/ownership/gaps/?queue=due-soon&queue=waiting&limit=1").json()
        assert (soon["count"], len(soon["results"]), soon["results"][0]["accountable"]) == (2, 1, "Ana Reis")
        frozen_now.move(days=10)
        [late] = api.get("/api/ownership/gaps/?queue=overdue&item=compute&site=porto").json()["results"]
        assert late["due_at"] == late["since"] == "2027-05-23T16:00:00Z"

    @pytest.mark.parametrize("query", ["queue=all", "item=luck", "colour=red", "limit=none", "offset=-1"])
    def test_a_question_that_means_nothing_is_refused(self, porto, api_of, query):
        answer = api_of("ops").get(f"/api/ownership/gaps/?{query}")
        assert (answer.status_code, list(answer.json())) == (400, [query.partition("=")[0]])
