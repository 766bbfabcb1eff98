"""The pages and endpoints of campaigns: what they show, who may what, and what they cost."""

import re
from datetime import date

import pytest

from readiness.golive.campaigns import operations, queries
from readiness.golive.models import Campaign, CampaignItem
from tests.inventory import made
from tests.pages import take_back, text_of, words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.golive.campaigns.conftest import judged

pytestmark = pytest.mark.django_db
API = "/api/readiness/campaigns/"
ITEMS = "/api/readiness/campaign-items/"


def test_from_the_plan_to_its_end(porto, client_of):
    client = client_of("ops")
    assert 'value="porto" selected' in text_of(client.get("/readiness/campaigns/add/?site=porto"))
    asked = {"site": "porto", "name": "Go-live", "due_on": "2026-12-31", "counts_from": "", "note": ""}
    page = text_of(client.post("/readiness/campaigns/add/", asked, follow=True))
    campaign = Campaign.objects.get()
    assert "Checks that block go-live" in page
    assert "has not been evaluated yet" in page
    here = f"/readiness/campaigns/{campaign.pk}/"
    assert text_of(client.post(f"{here}start/", follow=True)).count("Running")
    item = campaign.items.get(check_id="p1-intra-node")
    of_item = text_of(client.get(f"/readiness/campaigns/items/{item.pk}/"))
    assert "/evidence/runs/add/?site=porto&amp;tool=nccl-tests&amp;devices=n2" in of_item
    more = {"assignee": "", "assigned_to": "The vendor", "due_on": "2026-12-01", "how": "All at once"}
    assert "The vendor" in text_of(
        client.post(f"/readiness/campaigns/items/{item.pk}/edit/", more, follow=True)
    )
    assert "Enter a reason" in text_of(client.post(f"/readiness/campaigns/items/{item.pk}/drop/", {}), 422)
    client.post(f"/readiness/campaigns/items/{item.pk}/drop/", {"reason": "Not here"})
    assert "dropped already" in text_of(
        client.post(f"/readiness/campaigns/items/{item.pk}/drop/", {"reason": "x"}), 409
    )
    client.post(f"/readiness/campaigns/items/{item.pk}/restore/")
    assert "items are open" in text_of(client.post(f"{here}finish/", {}), 422)
    assert "Repeat" in text_of(client.post(f"{here}finish/", {"note": "Enough"}, follow=True))
    assert "finished" in text_of(client.post(f"{here}cancel/", {"note": "x"}), 409)
    again = {"name": "Go-live 2", "due_on": "2027-01-31", "counts_from": ""}
    assert "Go-live 2" in text_of(client.post(f"{here}repeat/", again, follow=True))


def test_each_row_offers_one_step(porto, plan, client_of, ops, frozen_now):
    campaign, planner = plan(porto), client_of("planner")
    assert "nobody, by 31 Dec 2026" in words_of(planner.get("/readiness/campaigns/"))
    page = text_of(planner.get("/readiness/campaigns/"))
    [start] = re.findall(r'<form method="post" action="([^"]+/start/)"', page)
    assert "Start: Go-live" in page
    assert start not in text_of(client_of("viewer").get("/readiness/campaigns/"))
    planner.post(start)
    first = queries.rows([campaign], now=frozen_now.at)[0].next_run.item
    page = text_of(planner.get("/readiness/campaigns/"))
    assert f'href="/readiness/campaigns/items/{first.pk}/edit/"' in page
    operations.change_item(first, assignee=ops, due_on=date(2026, 12, 1), by=ops, now=frozen_now.at)
    here = text_of(planner.get(f"/readiness/campaigns/{campaign.pk}/"))
    assert here.index("Nobody yet") < here.index("<span>ops</span>")
    assert "by 1 Dec 2026" in here
    assert "Import a run: " in text_of(planner.get("/readiness/campaigns/"))
    dropped = planner.post(f"/readiness/campaigns/items/{first.pk}/drop/", {"reason": "no"}, follow=True)
    assert "The item is back." in text_of(take_back(planner, dropped))


def test_what_would_prove_each_is_a_form_filled_in(porto, plan, client_of):
    campaign = plan(porto)
    stored.score(porto)
    judged(porto, "p1-latency-under-load", "loaded-p99", "fail")
    judged(porto, "p4-runbook-coverage", "critical-rules", "fail", evidence="fact:1")
    declared = {"state": "warn", "tier": "capped", "code": "capped"}
    parts = [declared | {"part": "coverage", "gate": "BLOCK", "reason": "Declared."}]
    stored.result(porto, "p1-accelerator-diag", "warn", tier="capped", parts=parts)
    page = text_of(client_of("planner").get(f"/readiness/campaigns/{campaign.pk}/"))
    assert "2 BLOCK checks hold the site back" in page
    assert "1 BLOCK check is met by a declaration only, which keeps the site from being Ready." in page
    assert "/evidence/runs/add/?site=porto&amp;tool=perftest&amp;load=idle" in page
    assert (
        "/evidence/attestations/add/?site=porto&amp;check=p4-runbook-coverage&amp;part=critical-rules" in page
    )


def test_a_refusal_is_told_beside_the_field(porto, plan, client_of):
    client, campaign = client_of("planner"), plan(porto)
    asked = {"site": "porto", "name": "x", "due_on": "2026-12-31"}
    assert "open campaign already" in text_of(client.post("/readiness/campaigns/add/", asked), 422)
    late = {"name": "x", "due_on": "2026-12-31", "counts_from": "2027-01-31"}
    assert "only from after" in text_of(client.post(f"/readiness/campaigns/{campaign.pk}/edit/", late), 422)
    wrong = {"check": "p1-intra-node", "parts": ["p1-rdma-port/bandwidth"], "tool": "csv", "scope": "site"}
    wrong |= {"targets": "site", "repeats": "1"}
    assert "belong to another check" in text_of(
        client.post(f"/readiness/campaigns/{campaign.pk}/items/add/", wrong), 422
    )
    right = wrong | {"parts": ["p1-intra-node/busbw"]}
    page = text_of(client.post(f"/readiness/campaigns/{campaign.pk}/items/add/", right, follow=True))
    assert "The item is added." in page


class TestApi:
    def test_from_the_plan_to_its_end(self, porto, api_of):
        api = api_of("planner")
        asked = {"site": {"slug": "porto"}, "name": "Go-live", "due_on": "2026-12-31"}
        made_of = api.post(API, asked)
        assert made_of.status_code == 201, made_of.content
        here = f"{API}{made_of.json()['id']}/"
        assert api.post(API, asked).status_code == 400
        assert api.patch(here, {"note": "In two steps"}).json()["note"] == "In two steps"
        items = api.get(f"{here}items/").json()
        assert {each["progress"]["value"] for each in items} == {"missing"}
        added = api.post(
            f"{here}items/",
            {"check": "p1-intra-node", "tool": "rccl-tests", "scope": "node", "targets": "node"},
        )
        assert added.status_code == 201, added.content
        item = f"{ITEMS}{added.json()['id']}/"
        assert api.patch(item, {"assigned_to": "The vendor"}).json()["assigned_to"] == "The vendor"
        assert api.post(f"{item}drop/", {}).status_code == 400
        assert api.post(f"{item}drop/", {"reason": "no"}).json()["progress"]["value"] == "dropped"
        assert api.post(f"{item}drop/", {"reason": "no"}).status_code == 409
        assert api.post(f"{item}restore/").json()["progress"]["value"] == "missing"
        assert api.post(f"{here}start/").json()["state"]["value"] == "running"
        assert list(api.post(f"{here}finish/", {}).json()) == ["note"]
        assert api.post(f"{here}finish/", {"note": "x"}).json()["state"]["value"] == "finished"
        assert api.delete(here).status_code == 409
        again = api.post(f"{here}clone/", {"due_on": "2027-02-01"})
        assert (again.status_code, again.json()["repeats"]["id"]) == (201, made_of.json()["id"])
        assert api.delete(f"{API}{again.json()['id']}/").status_code == 204
        assert CampaignItem.objects.filter(campaign_id=again.json()["id"]).count() == 0

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": " "}, "name"),
            ({"due_on": "soon"}, "due_on"),
            ({"counts_from": "2027-12-31"}, "counts_from"),
            ({"site": {"slug": "nowhere"}}, "site"),
        ],
    )
    def test_a_refusal_names_the_field(self, porto, api_of, changes, field):
        asked = {"site": {"slug": "porto"}, "name": "Go-live", "due_on": "2026-12-31"} | changes
        answer = api_of("planner").post(API, asked)
        assert answer.status_code == 400
        assert field in answer.content.decode() or "non_field_errors" in answer.json()

    def test_its_site_is_fixed_and_may_be_written_back(self, porto, plan, api_of):
        api, here = api_of("planner"), f"{API}{plan(porto).pk}/"
        made.site(name="Faro", slug="faro")
        refused = api.patch(here, {"site": {"slug": "faro"}})
        assert (refused.status_code, list(refused.json())) == (400, ["site"])
        assert api.patch(here, {"site": {"slug": "porto"}}).status_code == 200

    def test_lists_filter(self, porto, plan, api_of, ops, frozen_now):
        campaign, api = plan(porto), api_of("ops")
        operations.change_item(campaign.items.first(), assignee=ops, by=ops, now=frozen_now.at)
        assert api.get(f"{ITEMS}?assignee=ops").json()["count"] == 1
        assert api.get(f"{API}?open=true&site=porto").json()["count"] == 1
        assert api.get(f"{API}?state=finished").json()["count"] == 0
