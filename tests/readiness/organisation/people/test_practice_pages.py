"""Pages, files and endpoints of procedures, alert rules and drills."""

import pytest

from readiness.organisation.people.models import AlertRule, Drill, Participant, Procedure
from tests.conftest import NOW
from tests.inventory import made
from tests.pages import rows_of, statements, text_of, words_of
from tests.readiness.organisation.people import made as people
from tests.readiness.organisation.people import practised as practice
from tests.readiness.organisation.people.practised import DAY

pytestmark = pytest.mark.django_db
API = "/api/people/procedures/"


@pytest.fixture
def porto(db, frozen_now):
    return made.site(name="Porto", slug="porto")


class TestProcedures:
    @pytest.fixture
    def listed(self, porto, client_of):
        """`listed()` reads the list as a file: rows by title."""

        def read(query=""):
            columns = "title,checks,exercised_at,due_at,standing,site"
            answer = client_of("viewer").get(f"/people/procedures/?cols={columns}&export=json{query}")
            return {row["title"]: row for row in rows_of(answer)}

        return read

    def test_the_list_says_what_each_serves_when_it_was_exercised_and_is_due(self, porto, listed):
        runbook = practice.procedure(
            title="UPS transfer",
            checks=["p2-backup-power"],
            reviewed_at=NOW - 10 * DAY,
            review_days=30,
            site=porto,
        )
        practice.procedure(title="Plan", kind="capacity-plan", reviewed_at=NOW - 10 * DAY, review_days=5)
        practice.procedure(
            title="Behind", kind="recovery-plan", reviewed_at=NOW - 9 * DAY, subject_changed_at=NOW
        )
        practice.procedure(title="Never reviewed")
        practice.drill(porto, procedures=[runbook], held_at=NOW - 3 * DAY)
        practice.drill(porto, procedures=[runbook], held_at=NOW - DAY, result="planned")
        rows = listed()
        assert {title: row["standing"] for title, row in rows.items()} == {
            "UPS transfer": "current", "Plan": "current", "Behind": "overdue", "Never reviewed": "overdue",
        }  # fmt: skip
        served = rows["UPS transfer"]
        assert (served["checks"], served["site"]) == ("Backup power", "Porto")
        assert served["exercised_at"].startswith((NOW - 3 * DAY).date().isoformat())
        assert served["due_at"].startswith((NOW + 20 * DAY).date().isoformat())
        assert rows["Plan"]["due_at"].startswith((NOW + 355 * DAY).date().isoformat())
        assert listed("&overdue=true").keys() == {"Behind", "Never reviewed"}

    def test_checks_must_be_those_of_the_framework_in_force(self, porto, api_of, client_of):
        body = {"title": "UPS", "slug": "ups", "kind": "sop", "checks": ["p2-backup-power", "p9-nothing"]}
        refused = api_of("manager").post(API, body)
        assert (refused.status_code, refused.json()) == (
            400,
            {"checks": ["The framework in force has no check p9-nothing."]},
        )
        form = body | {"review_days": 90, "changelog_message": ""}
        assert client_of("manager").post("/people/procedures/add/", form).status_code == 422
        made_one = api_of("manager").post(API, body | {"checks": ["p2-backup-power"]})
        assert made_one.status_code == 201
        assert made_one.json()["is_overdue"] is True

    def test_instants_are_typed_in_the_readers_zone(self, porto, client_of, user_of):
        manager = user_of("manager")
        manager.time_zone = "Asia/Tokyo"
        manager.save()
        given = {
            "title": "UPS",
            "slug": "ups",
            "kind": "sop",
            "review_days": 90,
            "reviewed_at": "2026-11-20 09:00",
        }
        assert client_of("manager").post("/people/procedures/add/", given).status_code == 302
        assert Procedure.objects.get().reviewed_at.isoformat() == "2026-11-20T00:00:00+00:00"

    def test_the_list_costs_the_same_for_one_and_for_many(self, porto, client_of):
        client = client_of("viewer")
        practice.procedure(site=porto, owner=people.team())
        one = statements(client, "/people/procedures/")
        for _ in range(5):
            practice.procedure(site=porto, owner=people.team(), checks=["p2-backup-power"])
        assert statements(client, "/people/procedures/") == one


def test_a_rule_links_to_no_runbook_of_another_site(porto, client_of, api_of):
    elsewhere = practice.procedure(site=made.site())
    body = {"name": "UPS on battery", "site": porto.pk, "runbook": elsewhere.pk}
    refused = api_of("manager").post("/api/people/alert-rules/", body)
    assert refused.json() == {"runbook": ["This runbook is of another site."]}
    page = client_of("manager").post("/people/alert-rules/add/", body)
    assert "This runbook is of another site." in text_of(page, 422)
    assert not AlertRule.objects.exists()


class TestDrills:
    def test_its_page_shows_procedures_actions_and_who_took_part_to_those_who_may_see_names(
        self, porto, client_of
    ):
        ana, team = people.person(name="Ana Sousa"), people.team(name="Fabric")
        drill = practice.drill(porto, [(ana, "network")], [practice.procedure(title="UPS transfer")])
        drill.actions.create(text="Label the breakers", team=team, due_at=NOW + DAY)
        page = f"/people/drills/{drill.pk}/"
        seen = words_of(client_of("ops").get(page))
        for words in ("UPS transfer", "Label the breakers", "Ana Sousa"):
            assert words in seen
        told = words_of(client_of("viewer").get(page))
        assert "Label the breakers" in told
        assert "Ana" not in told

    def test_a_result_is_entered_once_it_was_held(self, porto, client_of):
        drill = practice.drill(porto, result="planned", held_at=NOW - DAY)
        address = f"/people/drills/{drill.pk}/result/"
        ahead = {"result": "passed", "held_at": (NOW + DAY).strftime("%Y-%m-%d %H:%M")}
        ops = client_of("ops")
        assert "once it was held" in text_of(ops.post(address, ahead), 422)
        given = {"result": "with-actions", "held_at": (NOW - DAY).strftime("%Y-%m-%d %H:%M")}
        assert ops.post(address, given).status_code == 302
        assert Drill.objects.get().result == "with-actions"
        assert client_of("viewer").post(address, given).status_code == 403

    def test_participants_come_by_file(self, porto, client_of, api_of):
        drill, ana = practice.drill(porto), people.person(name="Ana Sousa")
        body = {"drill": drill.pk, "person": ana.pk, "domain": "energy"}
        assert api_of("ops").post("/api/people/participants/", body).status_code == 201
        assert api_of("ops").post("/api/people/participants/", body).status_code in {400, 409}
        assert api_of("viewer").get("/api/people/participants/").status_code == 403
        assert Participant.objects.count() == 1
