"""The pages under /ownership/: what they show, to whom, what they refuse, and what they cost."""

import re

import pytest
from django.test import Client

from readiness.organisation.ownership.core.standing import Item
from readiness.organisation.ownership.models import Assignment
from tests.inventory import made
from tests.pages import take_back, text_of
from web.audit import AuditEntry

pytestmark = pytest.mark.django_db


def as_user(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def given(ana, rui, team):
    """What the form of a proposal sends."""
    return {
        "accountable": ana.pk, "team": "fabric", "deputy": rui.pk, "decision_rights": "May stop placements",
        "escalation": "Call the NOC",
    }  # fmt: skip


class TestBoard:
    def test_gaps_come_first_and_each_cell_says_who(self, porto, ana, own_all, own, client_of, frozen_now):
        faro = made.site(name="Faro", slug="faro")
        made.capacity_event(site=faro, it_kw=9000.0)
        own_all(faro, ana)
        own(porto, ana, Item.COMPUTE, deputy=None)
        page = text_of(client_of("ops").get("/ownership/"))
        assert page.index(">Porto</a>") < page.index(">Faro</a>")
        for told in (
            "Porto, Compute: A. Reis. No deputy, Ana Reis, confirmed until 23 May 2027",
            "Porto, Energy: nobody. Unowned",
            "Faro, all 7 items: A. Reis. Owned, Ana Reis, confirmed until 23 May 2027",
            "A. Reis",
        ):
            assert told in page
        assert 'value="porto.compute"' in page

    def test_one_cell_where_one_person_answers_for_all(self, porto, ana, rui, own_all, client_of):
        faro = made.site(name="Faro", slug="faro")
        own_all(faro, ana)
        owned = own_all(porto, ana)
        manager = client_of("manager")
        page = text_of(manager.get("/ownership/?cell=faro.compute"))
        [folded] = re.findall(r'<td[^>]*colspan="7"[^>]*><button[^>]*value="faro[^>]*>', page)
        assert 'value="faro.orchestration" data-others="faro.compute-network' in folded
        assert 'aria-current="true"' in folded
        assert 'href="/ownership/?cell=faro.energy"' in page
        # Another deputy answers for one of them.
        Assignment.objects.filter(pk=owned[0].pk).update(accountable=rui, deputy=None)
        page = text_of(manager.get("/ownership/"))
        assert 'value="porto.compute"' in page
        # Who sees no names sees the teams, which are the same.
        assert "Faro, all 7 items: Fabric. Owned, somebody of Fabric" in text_of(
            client_of("viewer").get("/ownership/")
        )

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("standing=owned", {"Faro"}),
            ("standing=waiting&item=energy", {"Porto"}),
            ("standing=owned&item=energy", {"Faro"}),
            ("team=Fabric", {"Faro", "Porto"}),
            ("kind=edge", {"Porto"}),
            ("q=faro", {"Faro"}),
        ],
    )
    def test_filters(self, ana, own_all, ask, client_of, query, found):
        own_all(made.site(name="Faro", slug="faro"), ana)
        ask(made.site(name="Porto", slug="porto", kind="edge"), ana, Item.ENERGY)
        made.site(name="Gone", stage="retired")
        page = text_of(client_of("manager").get(f"/ownership/?{query}"))
        assert {name for name in ("Faro", "Porto", "Gone") if f">{name}</a>" in page} == found

    def test_of_one_owner(self, ana, eva, own, client_of):
        own(made.site(name="Faro"), ana)
        own(made.site(name="Porto"), eva)
        page = text_of(client_of("manager").get(f"/ownership/?owner={eva.pk}"))
        assert ">Porto</a>" in page
        assert ">Faro</a>" not in page

    def test_the_cell_opens_beside_it_with_the_form_to_propose(self, porto, ana, client_of, given):
        manager = client_of("manager")
        page = text_of(manager.get("/ownership/?cell=porto.energy"))
        assert "Propose somebody" in page
        assert "Nobody owns the item." in page
        alone = text_of(
            manager.get("/ownership/?cell=porto.energy", headers={"HX-Target": "dialog#evidence"})
        )
        assert "<html" not in alone
        sent = given | {"id": "porto.energy", "confirmed": "1"}
        asked = manager.post("/ownership/propose/", sent)
        one = Assignment.objects.get()
        assert (asked.status_code, asked["Location"]) == (302, f"/ownership/assignments/{one.pk}/")
        assert (one.item, one.accountable, one.deputy) == ("energy", ana, given and one.deputy)
        again = text_of(manager.get("/ownership/?cell=porto.energy"))
        assert "Propose somebody" not in again
        assert "Waiting for acceptance" in again
        assert "Propose somebody" not in text_of(client_of("ops").get("/ownership/?cell=porto.compute"))

    @pytest.mark.parametrize("cell", ["porto", "porto.luck", "nowhere.compute", "gone.compute"])
    def test_a_cell_that_is_none_is_not_found(self, porto, client_of, cell):
        made.site(slug="gone", stage="retired")
        assert client_of("viewer").get(f"/ownership/?cell={cell}").status_code == 404

    def test_the_table_alone_is_asked_for(self, porto, ana, own, client_of):
        own(porto, ana)
        answer = client_of("viewer").get("/ownership/", headers={"HX-Target": "div#table-ownership-board"})
        assert "<html" not in text_of(answer)


class TestAssignment:
    def test_the_person_named_answers_confirms_and_ends(self, porto, ana, ask, frozen_now):
        asked = ask(porto, ana)
        here, client = f"/ownership/assignments/{asked.pk}/", as_user(ana.user)
        assert "Accept this item?" in text_of(client.get(here))
        assert "Waiting for your answer" in text_of(client.get("/ownership/mine/"))
        assert "Enter a reason." in text_of(client.post(f"{here}decline/", {"note": ""}), 422)
        assert client.post(f"{here}accept/", {"note": ""}).status_code == 302
        assert "no longer possible" in text_of(client.post(f"{here}accept/", {}), 409)
        step = asked.steps.first()
        assert client.post(f"{here}steps/{step.pk}/", {"done": "1"}).status_code == 302
        assert "Open again" in text_of(client.get(here))
        frozen_now.move(days=170)
        assert "Confirm soon" in text_of(client.get("/ownership/mine/"))
        assert client.post(f"{here}confirm/", {"back": "mine"})["Location"] == "/ownership/mine/"
        frozen_now.move(days=181)
        assert "Overdue" in text_of(client.get("/ownership/mine/"))
        assert client.post(f"{here}end/", {"reason": "Moves on"}).status_code == 302
        assert client.post(f"{here}steps/{step.pk}/", {"done": "0"}).status_code == 409
        assert client.get("/ownership/assignments/999999/").status_code == 404

    def test_a_confirmation_is_taken_back_by_whoever_gave_it(self, porto, ana, own, client_of, frozen_now):
        owned = own(porto, ana)
        due_at, client = owned.due_at, as_user(ana.user)
        frozen_now.move(days=170)
        page = client.post(f"/ownership/assignments/{owned.pk}/confirm/", follow=True)
        entry = AuditEntry.objects.filter(table="ownership_assignment").latest("id")
        refused = client_of("manager").post(f"/history/{entry.pk}/restore/", follow=True)
        assert "Only the user who wrote it takes it back." in text_of(refused)
        undone = take_back(client, page)
        owned.refresh_from_db()
        assert (owned.due_at, owned.confirmations.count()) == (due_at, 1)
        # And again the other way.
        take_back(client, undone)
        owned.refresh_from_db()
        assert (owned.due_at > due_at, owned.confirmations.count()) == (True, 2)

    def test_history_and_earlier_terms_are_shown(self, porto, ana, rui, own, client_of, frozen_now):
        own(porto, ana)
        frozen_now.move(days=1)
        after = own(porto, rui)
        page = text_of(client_of("manager").get(f"/ownership/assignments/{after.pk}/"))
        for told in ("Ana Reis", f"Handed over: assignment {after.pk}.", "Rui Reis", "Hand-over checklist"):
            assert told in page

    def test_mine_for_who_is_nobody(self, client_of):
        assert "Your user is linked to no person" in text_of(client_of("viewer").get("/ownership/mine/"))

    def test_the_deputy_may_be_changed(self, porto, ana, eva, own, client_of):
        owned = own(porto, ana)
        here = f"/ownership/assignments/{owned.pk}/edit/"
        client = client_of("manager")
        assert "Deputy" in text_of(client.get(here))
        assert "must be two people" in text_of(client.post(here, {"deputy": ana.pk}), 422)
        assert client.post(here, {"deputy": eva.pk, "escalation": "Eva"}).status_code == 302
        owned.refresh_from_db()
        assert (owned.deputy, owned.escalation) == (eva, "Eva")


class TestQueues:
    def test_each_is_there_with_what_is_at_stake(
        self, porto, ana, rui, eva, own, ask, client_of, frozen_now, monkeypatch
    ):
        monkeypatch.setattr("readiness.organisation.ownership.gaps.MOST_ITEMS", 1)
        own(porto, ana, Item.COMPUTE)
        frozen_now.move(days=170)
        own(porto, eva, Item.ENERGY, deputy=None)
        own(porto, eva, Item.NETWORK)
        own(porto, rui, Item.COMPUTE_ENERGY)
        rui.left_at = frozen_now.at
        rui.save()
        ask(porto, ana, Item.NETWORK_ENERGY, deputy=None)
        client = client_of("manager")
        page = text_of(client.get("/ownership/queues/"))
        for queue in ("Unowned", "Waiting for acceptance", "Confirmation due soon", "Unanswered", "No deputy",
                      "Owner overloaded"):  # fmt: skip
            assert queue in page
        assert "5,000" in page or "5 000" in page or "5000" in page or "5.0" in page
        assert "Propose an owner" in page
        frozen_now.move(days=10)
        assert "Ana Reis" in text_of(client.get("/ownership/queues/?queue=overdue"))
        owners = text_of(client.get("/ownership/owners/"))
        for told in ("Eva Reis", "overloaded", "has left", f"source={rui.pk}"):
            assert told in owners

    def test_all_is_owned(self, porto, ana, own_all, client_of):
        own_all(porto, ana)
        assert "No item waits for an owner" in text_of(client_of("viewer").get("/ownership/queues/"))


class TestProposing:
    def test_many_are_shown_before_and_after_then_proposed(self, porto, rui, own, given, client_of):
        own(porto, rui, Item.ENERGY)
        # As rows of the queues name them, one item twice.
        chosen_rows = ["porto.energy.due-soon", "porto.energy.overloaded", "porto.compute"]
        client, sent = client_of("manager"), given | {"id": chosen_rows}
        chosen = text_of(client.post("/ownership/propose/", {"id": sent["id"]}))
        assert "2 items" in chosen
        preview = text_of(client.post("/ownership/propose/", sent | {"begins_on": "2026-12-01"}))
        for told in ("Rui Reis", "nobody", "Ana Reis, once accepted", "Propose all 2 items"):
            assert told in preview
        assert Assignment.objects.filter(state="proposed").count() == 0
        done = client.post("/ownership/propose/", sent | {"confirmed": "1", "begins_on": "2026-12-01"})
        assert done["Location"] == "/ownership/"
        asked = Assignment.objects.filter(state="proposed")
        assert {one.effective_at.isoformat() for one in asked} == {"2026-12-01T00:00:00+00:00"}

    def test_one_that_cannot_be_made_stops_all(self, porto, rui, ask, given, client_of):
        ask(porto, rui, Item.ENERGY)
        sent = given | {"id": ["porto.energy", "porto.compute"], "confirmed": "1"}
        page = text_of(client_of("manager").post("/ownership/propose/", sent), 422)
        assert "Porto, Energy: Somebody is already asked to accept this item" in page
        assert Assignment.objects.count() == 1

    @pytest.mark.parametrize("names", [[], ["porto"], ["nowhere.compute"], ["porto.luck"]])
    def test_a_choice_that_means_nothing_is_refused(self, porto, client_of, names):
        assert client_of("manager").post("/ownership/propose/", {"id": names}).status_code == 400

    @pytest.mark.parametrize(
        "wrong",
        [{"accountable": "x"}, {"team": "nobody"}, {"begins_on": "soon"}, {"begins_on": "9999-12-31"}],
    )
    def test_a_bad_form_says_where(self, porto, given, client_of, wrong):
        sent = given | {"id": "porto.compute", "confirmed": "1"} | wrong
        assert "errors" in text_of(client_of("manager").post("/ownership/propose/", sent), 422)
        assert not Assignment.objects.exists()


class TestReassigning:
    def test_first_shown_then_done(self, porto, ana, eva, own_all, client_of, frozen_now):
        own_all(porto, ana)
        ana.left_at = frozen_now.at
        ana.save()
        client, sent = client_of("manager"), {"source": ana.pk, "target": eva.pk, "team": ""}
        assert "Current person" in text_of(client.get(f"/ownership/reassign/?source={ana.pk}"))
        page = client.post("/ownership/reassign/", sent)
        preview = text_of(page)
        assert "Reassign all 7" in preview
        assert "Eva Reis is asked" in preview
        assert not Assignment.objects.filter(accountable=eva).exists()
        done = client.post("/ownership/reassign/", sent | {"confirmed": page.context["shown"]})
        assert done["Location"] == "/ownership/queues/?queue=waiting"
        assert Assignment.objects.filter(accountable=eva, state="proposed").count() == 7
        again = text_of(client.post("/ownership/reassign/", sent))
        assert "end it first" in again
        assert "Energy at Porto" in text_of(
            client.post("/ownership/reassign/", sent | {"confirmed": "1"}), 422
        )

    def test_what_was_not_shown_is_shown_first(self, porto, ana, rui, eva, own, ask, client_of):
        own(porto, ana, deputy=None)
        client, sent = client_of("manager"), {"source": ana.pk, "target": eva.pk, "team": ""}
        shown = client.post("/ownership/reassign/", sent).context["shown"]
        ask(porto, ana, Item.ENERGY, deputy=None)
        for others in ({}, {"target": rui.pk}):
            page = client.post("/ownership/reassign/", sent | others | {"confirmed": shown})
            assert "not what was shown" in text_of(page, 422)
        assert not Assignment.objects.filter(accountable__in=[rui, eva]).exists()
        done = client.post("/ownership/reassign/", sent | others | {"confirmed": page.context["shown"]})
        assert done.status_code == 302

    def test_what_makes_no_sense_is_said(self, porto, ana, rui, client_of):
        client = client_of("manager")
        assert "Choose another person" in text_of(
            client.post("/ownership/reassign/", {"source": ana.pk, "target": ana.pk}), 422
        )
        idle = text_of(client.post("/ownership/reassign/", {"source": ana.pk, "target": rui.pk}))
        assert "owns no item" in idle
