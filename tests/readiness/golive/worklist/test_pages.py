"""The worklist's pages and endpoint, and the way there from the gap's page."""

from datetime import date

import pytest

from readiness.assessment.scoring.models import CheckResult
from readiness.golive.models import WorkItem
from readiness.golive.worklist import operations
from tests.pages import offered_undo, rows_of, take_back, words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.golive.worklist.conftest import CHECK

pytestmark = pytest.mark.django_db
HERE = "/readiness/worklist/"
API = "/api/readiness/worklist/"
# At noon UTC of the 24th it is evening in Tokyo.
TODAY, YESTERDAY = date(2026, 11, 24), date(2026, 11, 23)


def exported(client, query=""):
    answer = client.get(f"{HERE}?export=json&{query}")
    assert answer.status_code == 200
    return rows_of(answer)


class TestList:
    def test_a_row_tells_what_is_to_be_done(self, porto, put, client_of):
        put(porto, owner_name="Facilities", due_on=YESTERDAY)
        words = words_of(
            client_of("ops").get(f"{HERE}?cols=how_to&cols=state&cols=reason&cols=held&cols=owner&cols=due")
        )
        for told in ("Open", "UPS battery is low.", "400 kW", "Facilities", "1 day overdue"):
            assert told in words

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("state=open", {"late"}),
            ("state=resolved", {"met"}),
            ("state=done", {"over"}),
            ("live=true", {"late", "met"}),
            ("overdue=true", {"late"}),
            ("unowned=true", {"met", "over"}),
            ("pillar=p1", {"over"}),
            ("check_state=fail", {"late"}),
            ("site=faro", {"met", "over"}),
            ("q=facilities", {"late"}),
        ],
    )
    def test_filters(self, porto, put, client_of, planner, frozen_now, query, found):
        faro = stored.site(name="Faro", slug="faro")
        stored.result(faro, CHECK, "pass")
        there = {
            "late": put(porto, due_on=YESTERDAY, owner_name="Facilities"),
            "met": put(faro, due_on=YESTERDAY),
            "over": put(faro, check_id="p1-soak-24h", status="done"),
        }
        ids = {row["id"] for row in exported(client_of("ops"), query)}
        assert ids == {there[name].pk for name in found}

    def test_a_day_ends_when_it_ends_at_the_site(self, porto, put, client_of, frozen_now):
        put(porto, due_on=TODAY)
        assert exported(client_of("viewer"), "overdue=true") == []
        frozen_now.move(hours=3, minutes=1)
        assert len(exported(client_of("viewer"), "overdue=true")) == 1

    def test_many_get_a_status_and_the_list_stays_as_it_was(self, porto, put, client_of):
        item = put(porto)
        answer = client_of("ops").post(f"{HERE}set/?state=open", {"id": [item.pk], "action": "in-progress"})
        assert answer["Location"] == f"{HERE}?state=open"
        item.refresh_from_db()
        assert item.status == "in-progress"

    @pytest.mark.parametrize(
        "posted",
        [{"id": ["x", "9" * 30, "9" * 5000], "action": "done"}, {"action": "paused"}, {}],
        ids=["numbers without end", "no such status", "nothing"],
    )
    def test_a_status_of_nothing_breaks_nothing(self, client_of, posted):
        assert client_of("planner").post(f"{HERE}set/", posted).status_code == 302

    def test_search_finds_it(self, porto, put, client_of):
        item = put(porto, note="Order batteries")
        assert f"{HERE}{item.pk}/" in client_of("viewer").get("/search/?q=batteries").text


class TestItem:
    def test_it_leads_to_the_check_and_says_how(self, porto, put, client_of):
        item = put(porto)
        page = client_of("viewer").get(f"{HERE}{item.pk}/")
        assert f'href="/sites/porto/checks/{CHECK}/"' in page.text
        assert "UPS battery is low." in page.text
        assert '<form method="post"' not in page.text.split("<main")[1]

    def test_ops_say_how_far_they_are(self, porto, put, client_of):
        item = put(porto)
        page = client_of("ops").get(f"{HERE}{item.pk}/")
        assert 'name="due_on"' not in page.text
        client_of("ops").post(f"{HERE}{item.pk}/", {"status": "in-progress", "note": "Ordered"})
        item.refresh_from_db()
        assert (item.status, item.note) == ("in-progress", "Ordered")

    def test_what_another_person_changed_meanwhile_stays(self, porto, put, client_of, planner, frozen_now):
        item, client = put(porto), client_of("ops")
        page = f"{HERE}{item.pk}/"
        shown = client.get(page).context["form"]["shown"].value()
        operations.change(item, status="dropped", by=planner, now=frozen_now.at)
        late = client.post(page, {"status": "open", "note": "Ordered", "shown": shown})
        assert (late.status_code, "Open it again" in words_of(late)) == (422, True)
        item.refresh_from_db()
        assert (item.status, item.note) == ("dropped", "")

    def test_a_planner_gives_it_to_a_user_by_name(self, porto, put, client_of, ops):
        item = put(porto)
        given = {"status": "open", "owner": "ops", "due_on": "2026-12-01", "note": ""}
        assert client_of("planner").post(f"{HERE}{item.pk}/", given).status_code == 302
        item.refresh_from_db()
        assert (item.owner, item.owner_name, item.due_on) == (ops, "", date(2026, 12, 1))

    @pytest.mark.parametrize(
        "given",
        [{"status": "paused"}, {"status": "open", "due_on": "soon"}, {"status": "open", "owner": "x" * 101}],
    )
    def test_what_cannot_be_read_is_said_in_the_form(self, porto, put, client_of, given):
        assert client_of("planner").post(f"{HERE}{put(porto).pk}/", given).status_code == 422

    def test_done_without_evidence_is_said(self, porto, put, client_of):
        item = put(porto, status="done")
        assert "no evidence proves it yet" in words_of(client_of("viewer").get(f"{HERE}{item.pk}/"))


class TestAdding:
    def test_from_the_ranked_plan(self, porto, client_of):
        client = client_of("planner")
        page = client.get("/readiness/gap/?kind=core&target=conditional")
        assert f'formaction="{HERE}add/?kind=core&amp;target=conditional"' in page.text
        chosen = {"id": ["site:porto"], "action": "add"}
        asked = client.post(f"{HERE}add/?kind=core", chosen)
        assert "1 check at a site is chosen" in words_of(asked)
        assert not WorkItem.objects.exists()
        sent = client.post(f"{HERE}add/?kind=core", chosen | {"confirmed": "1", "owner": "Facilities"})
        assert sent["Location"] == HERE
        assert WorkItem.objects.get().owner_name == "Facilities"
        assert "1 of 1" in words_of(client.get("/readiness/gap/"))

    def test_a_check_at_every_site_it_holds(self, porto, client_of):
        faro = stored.site(name="Faro", slug="faro", first_blocker=CHECK)
        chosen = {"id": [f"check:{CHECK}", "site:faro"], "confirmed": "1"}
        client_of("manager").post(f"{HERE}add/", chosen)
        assert set(WorkItem.objects.values_list("site", "check_id")) == {(porto.pk, CHECK), (faro.pk, CHECK)}

    def test_what_holds_nothing_any_more_adds_nothing(self, porto, client_of):
        assert "Nothing to add" in words_of(client_of("planner").post(f"{HERE}add/", {"id": ["site:gone"]}))

    @pytest.mark.parametrize(
        ("query", "chosen"), [("", "moon"), ("?target=moon", "site:porto"), ("?region=x", "site:porto")]
    )
    def test_what_cannot_be_read_is_a_400(self, porto, client_of, query, chosen):
        assert client_of("planner").post(f"{HERE}add/{query}", {"id": [chosen]}).status_code == 400

    def test_one_by_hand(self, porto, put, client_of):
        client = client_of("planner")
        given = {"site": "porto", "check": CHECK, "owner": "", "due_on": "", "note": ""}
        assert client.post(f"{HERE}add/", given).status_code == 302
        again = client.post(f"{HERE}add/", given)
        assert again.status_code == 422
        assert "on the worklist for this site already" in words_of(again)

    def test_of_two_who_add_the_same_at_once_the_second_is_told(self, porto, put, client_of, monkeypatch):
        put(porto)
        # The other one's item came after this one had looked.
        monkeypatch.setattr(operations, "_refuse_second", lambda item: None)
        answer = client_of("planner").post(f"{HERE}add/", {"site": "porto", "check": CHECK})
        assert (answer.status_code, WorkItem.objects.count()) == (409, 1)
        assert "Somebody else saved first" in answer.content.decode()


class TestUndoing:
    """The message after each step takes it back."""

    def test_progress_by_whoever_may_report_it(self, porto, put, client_of):
        item, ops = put(porto), client_of("ops")
        page = ops.post(f"{HERE}{item.pk}/", {"status": "done", "note": "Ordered"}, follow=True)
        assert "Restored: " in words_of(take_back(ops, page))
        item.refresh_from_db()
        assert (item.status, item.note, item.closed_at) == ("open", "", None)

    def test_many_at_once_unless_one_was_changed_since(self, porto, put, client_of):
        items = [put(porto), put(stored.site(name="Faro", slug="faro"))]
        ops, body = client_of("ops"), {"id": [each.pk for each in items], "action": "done"}
        page = ops.post(f"{HERE}set/", body, follow=True)
        WorkItem.objects.filter(pk=items[0].pk).update(status="dropped")
        assert "Nothing was restored." in words_of(take_back(ops, page))
        WorkItem.objects.filter(pk=items[0].pk).update(status="done")
        take_back(ops, page)
        assert set(WorkItem.objects.values_list("status", flat=True)) == {"open"}

    def test_what_was_added_and_what_only_planners_set(self, porto, client_of):
        planner, ops = client_of("planner"), client_of("ops")
        body = {"site": "porto", "check": CHECK, "owner": "Facilities", "due_on": "", "note": ""}
        added = planner.post(f"{HERE}add/", body, follow=True)
        item = WorkItem.objects.get()
        change = {"status": "open", "owner": "Power", "due_on": "", "note": ""}
        changed = planner.post(f"{HERE}{item.pk}/", change, follow=True)
        url, fields = offered_undo(changed)
        assert "Nothing was restored." in words_of(ops.post(url, fields, follow=True))
        take_back(planner, changed)
        item.refresh_from_db()
        assert item.owner_name == "Facilities"
        take_back(planner, added)
        assert not WorkItem.objects.exists()


class TestEndpoint:
    def test_an_item_is_answered_whole(self, porto, api_of, planner):
        answer = api_of("planner").post(
            API, {"site": {"slug": "porto"}, "check": CHECK, "due_on": "2026-12-01"}
        )
        assert answer.status_code == 201, answer.content
        item = answer.json()
        assert (item["status"]["value"], item["state"]["value"], item["check_state"]) == (
            "open",
            "open",
            "fail",
        )
        assert item["created_by"]["id"] == planner.pk

    def test_resolved_follows_from_the_check(self, porto, put, api_of):
        item = put(porto)
        CheckResult.objects.filter(site=porto).update(state="pass")
        answer = api_of("viewer", scope="read").get(f"{API}{item.pk}/").json()
        assert (answer["status"]["value"], answer["state"]["value"]) == ("open", "resolved")

    @pytest.mark.parametrize("change", [{"status": "paused"}, {"check": "p1-soak-24h"}])
    def test_what_cannot_be_changed_is_refused(self, porto, put, api_of, change):
        answer = api_of("planner").patch(f"{API}{put(porto).pk}/", change)
        assert answer.status_code == 400, answer.content

    def test_twice_is_refused_by_field(self, porto, put, api_of):
        put(porto)
        answer = api_of("planner").post(API, {"site": {"slug": "porto"}, "check": CHECK})
        assert answer.status_code == 400
        assert "already" in str(answer.json()["check"])

    def test_a_mistake_is_removed(self, porto, put, api_of):
        assert api_of("planner").delete(f"{API}{put(porto).pk}/").status_code == 204
        assert not WorkItem.objects.exists()

    def test_filters_are_those_of_the_page(self, porto, put, api_of):
        put(porto, due_on=YESTERDAY)
        client = api_of("viewer", scope="read")
        assert client.get(f"{API}?overdue=true&state=open&check={CHECK}").json()["count"] == 1
        assert client.get(f"{API}?status=done").json()["count"] == 0
