"""The pages under /waivers/: what they show, to whom, what they refuse, and what they cost."""

import pytest

from readiness.assessment.grants import operations
from readiness.assessment.grants.models import Grant
from tests.inventory import made
from tests.pages import rows_of, text_of
from tests.readiness.assessment.grants.conftest import DAY, WAIVABLE
from tests.readiness.assessment.scoring import stored

pytestmark = pytest.mark.django_db


class TestList:
    def test_a_row_tells_who_what_where_and_until_when(self, porto, ask, manager, client_of, frozen_now):
        asked = ask(porto)
        frozen_now.move(days=1)
        operations.approve(asked, by=manager, now=frozen_now.at)
        client = client_of("ops")
        page = text_of(client.get("/waivers/"))
        for told in ("Approved", WAIVABLE, "Waiver", "Porto", "in 6 d", "Request waiver"):
            assert told in page
        [row] = rows_of(client.get("/waivers/?export=json&cols=requester,approver"))
        assert (row["requester"], row["approver"]) == ("ops", "manager")
        assert f'href="/waivers/{asked.pk}/"' in page

    def test_key_figures_count_what_is_live(self, porto, ask, grant, client_of, frozen_now):
        grant(porto, days=20)
        ask(porto, kind="exception")
        frozen_now.move(days=7)
        page = text_of(client_of("viewer").get("/waivers/"))
        answer = client_of("viewer").get("/waivers/?export=json&live=true")
        [row] = rows_of(answer)
        assert (row["state"], row["age"]) == ("approved", 7 * 86400)
        assert "Waiting for a decision" in page

    def test_live_ones_come_first_and_of_those_the_first_to_end(self, porto, ask, client_of, frozen_now):
        over = ask(porto, days=1)
        late = ask(porto, days=90, check_id="p1-rdma-port")
        soon = ask(porto, days=30, check_id="p1-congestion")
        frozen_now.move(days=2)
        answer = client_of("viewer").get("/waivers/?export=json")
        ids = [row["id"] for row in rows_of(answer)]
        assert ids == [soon.pk, late.pk, over.pk]


class TestVendor:
    def test_it_is_that_of_the_device_that_decided(self, porto, grant, client_of):
        makers = [made.manufacturer(name=name) for name in ("Acme", "Bolt")]
        for number, maker in enumerate(makers):
            kind = made.device_type(domain="energy", manufacturer=maker)
            made.device(site=porto, name=f"ups-{number}", device_type=kind)
        stored.result(porto, WAIVABLE, "fail", evidence={"object": "ups-1"})
        grant(porto)
        assert self.vendor(client_of) == "Bolt"

    def test_one_maker_of_all_of_the_domain_is_it(self, porto, grant, client_of):
        kind = made.device_type(domain="energy", manufacturer=made.manufacturer(name="Acme"))
        for name in ("ups-1", "ups-2"):
            made.device(site=porto, name=name, device_type=kind)
        made.device(site=porto, device_type=made.device_type(domain="network"))
        grant(porto)
        assert self.vendor(client_of) == "Acme"

    def test_several_makers_cannot_be_told_apart(self, porto, grant, client_of):
        for _ in range(2):
            made.device(
                site=porto, device_type=made.device_type(domain="energy", manufacturer=made.manufacturer())
            )
        grant(porto)
        assert self.vendor(client_of) == ""

    def vendor(self, client_of):
        answer = client_of("viewer").get("/waivers/?export=json&cols=vendor")
        [row] = rows_of(answer)
        return row["vendor"]


class TestAgeing:
    @pytest.mark.parametrize(
        ("by", "groups"),
        [
            ("requester", {"ops": 3, "planner": 1}),
            ("owner", {"Ops South": 2, "": 2}),
            ("pillar", {"Continuity": 3, "Infrastructure": 1}),
        ],
    )
    def test_live_ones_are_counted_by(self, porto, ask, grant, planner, client_of, frozen_now, by, groups):
        faro = made.site(name="Faro", slug="faro", owner="")
        grant(porto, days=170)
        frozen_now.move(days=40)
        grant(faro, days=100)
        ask(faro, kind="exception", by=planner, days=100)
        frozen_now.move(days=60)
        ask(porto, check_id="p1-rdma-port", days=1)
        over = ask(porto, check_id="p1-congestion")
        over.__class__.objects.filter(pk=over.pk).update(
            state="denied", approver=planner, decided_at=frozen_now.at
        )
        answer = client_of("ops").get(f"/waivers/ageing/?by={by}&export=json")
        rows = rows_of(answer)
        assert sum(row["waiting"] + row["in_force"] for row in rows) == 4
        assert {row["group"]: row["waiting"] + row["in_force"] for row in rows} == groups
        assert [sum(row[key] for row in rows) for key in ("young", "middle", "old")] == [0, 1, 1]

    def test_the_oldest_group_comes_first_and_what_has_no_name_says_so(
        self, porto, grant, client_of, frozen_now
    ):
        grant(made.site(owner=""), days=100)
        frozen_now.move(days=1)
        grant(porto, days=100)
        page = text_of(client_of("viewer").get("/waivers/ageing/?by=owner"))
        assert page.index(">none<") < page.index("Ops South")
        assert "owner=Ops+South" in page

    @pytest.mark.parametrize("by", ["requester", "owner", "vendor", "pillar", "nonsense"])
    def test_without_any_it_says_so(self, client_of, by, db):
        assert "No live waiver" in text_of(client_of("ops").get(f"/waivers/ageing/?by={by}"))


def filled(now, **given):
    return {
        "site": "porto",
        "check": WAIVABLE,
        "kind": "waiver",
        "part": "",
        "reason": "UPS B is being replaced",
        "starts_on": "",
        "ends_on": (now + 7 * DAY).date().isoformat(),
    } | given


class TestAsking:
    def test_the_form_knows_where_one_came_from(self, porto, client_of, frozen_now):
        page = text_of(client_of("ops").get(f"/waivers/request/?site=porto&check={WAIVABLE}&kind=n-a"))
        assert '<option value="porto" selected>' in page
        assert f'<option value="{WAIVABLE}" selected>' in page
        assert '<option value="n-a" selected>' in page
        assert 'value="output-load"' in page
        assert 'value="step-1s"' not in page
        assert 'value="2026-12-24"' in page

    def test_it_ends_with_the_last_day_of_the_sites_calendar(self, client_of, frozen_now):
        made.site(name="Porto", slug="porto", time_zone="Asia/Tokyo")
        answer = client_of("ops").post("/waivers/request/", filled(frozen_now.at, ends_on="2026-12-01"))
        asked = Grant.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, f"/waivers/{asked.pk}/")
        assert asked.ends_at.isoformat() == "2026-12-01T15:00:00+00:00"
        assert asked.starts_at == frozen_now.at

    def test_a_first_day_ahead_begins_with_it(self, porto, client_of, frozen_now):
        client_of("ops").post("/waivers/request/", filled(frozen_now.at, starts_on="2026-11-30"))
        assert Grant.objects.get().starts_at.isoformat() == "2026-11-30T00:00:00+00:00"

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"reason": " "}, "required"),
            ({"ends_on": ""}, "required"),
            ({"ends_on": "2026-11-01"}, "The end must be after the start"),
            ({"starts_on": "2026-11-01"}, "cannot begin before"),
            ({"starts_on": "0001-01-01"}, "Enter a day from"),
            ({"ends_on": "9999-12-31"}, "Enter a day from"),
            ({"kind": "n-a", "check": "p2-power-headroom"}, "applies everywhere"),
            ({"site": "nowhere"}, "is not in the list."),
        ],
    )
    def test_a_refusal_is_told_beside_the_field(self, porto, client_of, frozen_now, changes, says):
        answer = client_of("ops").post("/waivers/request/", filled(frozen_now.at, **changes))
        assert says in text_of(answer, 422)
        assert not Grant.objects.exists()

    def test_a_second_one_is_refused_above_the_form(self, porto, ask, client_of, frozen_now):
        ask(porto)
        answer = client_of("ops").post("/waivers/request/", filled(frozen_now.at))
        assert "is requested for this already" in text_of(answer, 422)

    def test_odd_addresses_are_no_trouble(self, porto, client_of):
        odd = "site=%00&check=x&part=y&kind=z"
        assert client_of("ops").get(f"/waivers/request/?{odd}").status_code == 200


class TestDeciding:
    def page(self, client_of, role, asked):
        return text_of(client_of(role).get(f"/waivers/{asked.pk}/"))

    def test_who_may_decide_is_offered_it(self, porto, ask, client_of):
        page = self.page(client_of, "manager", ask(porto))
        assert 'commandfor="approve"' in page
        assert 'commandfor="deny"' in page
        assert "Not approved yet, so it has no effect. Once approved, the check shows as waived" in page

    def test_who_asked_is_told_who_decides_and_may_withdraw(self, porto, ask, admin, client_of):
        page = self.page(client_of, "admin", ask(porto, by=admin))
        assert "a second person with the role manager or admin must approve it" in page
        assert 'commandfor="approve"' not in page
        assert "Withdraw" in page

    @pytest.mark.parametrize(
        ("step", "state"), [("approve", "approved"), ("deny", "denied"), ("revoke", "revoked")]
    )
    def test_a_decision_is_kept_with_its_note(self, porto, ask, client_of, step, state):
        asked, client = ask(porto), client_of("manager")
        answer = client.post(f"/waivers/{asked.pk}/{step}/", {"note": "Seen on site"}, follow=True)
        page = text_of(answer)
        asked.refresh_from_db()
        assert (asked.state, (asked.revoked_by or asked.approver).username) == (state, "manager")
        assert "Seen on site" in page

    def test_it_says_until_when_it_stands_and_what_then(self, porto, grant, client_of):
        page = self.page(client_of, "viewer", grant(porto))
        assert "The verdict stays the same." in page
        assert "It ends at 1 Dec 2026 16:00 UTC; from then on the evidence decides again." in page

    @pytest.mark.parametrize("step", ["deny", "revoke"])
    def test_without_a_word_it_is_refused_on_the_page(self, porto, ask, client_of, step):
        asked = ask(porto)
        assert "Enter a reason." in text_of(
            client_of("manager").post(f"/waivers/{asked.pk}/{step}/", {}), 422
        )
        asked.refresh_from_db()
        assert asked.state == "requested"

    def test_too_late_is_told_on_the_page(self, porto, grant, client_of):
        answer = client_of("manager").post(f"/waivers/{grant(porto).pk}/deny/", {"note": "no"})
        assert "It is approved, which cannot be changed any more." in text_of(answer, 409)
