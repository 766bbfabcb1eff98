"""Attestations by two: inbox, pages, tables and API say for whom they wait."""

import pytest
from django.test import RequestFactory

from accounts.models import AccessScope
from readiness.assessment.evidence import confirmations
from readiness.assessment.evidence.kinds import ATTESTATIONS
from readiness.assessment.evidence.models import Attestation
from readiness.assessment.evidence.operations import attest, confirm, reject
from tests.inventory import made
from tests.pages import text_of
from tests.readiness.assessment.evidence.confirming.conftest import CHECK, DAY
from web.kinds.importing import RowsRefused, enter
from web.visibility import read_by

pytestmark = pytest.mark.django_db
API = "/api/readiness/attestations/"


class TestWhereItIsSaid:
    def test_the_inbox_of_the_person_named(self, state, viewer, planner, ops, inbox):
        state(attester=viewer)
        subject = "L5 integrated-systems test: Commissioning level"
        assert [inbox(user) for user in (planner, ops)] == [[], []]
        assert len(inbox(viewer)) == 1
        assert inbox(viewer)[0].endswith(": Commissioning level"), subject

    def test_the_inbox_of_whoever_may_be_the_second(self, state, viewer, planner, ops, inbox):
        state()
        assert [len(inbox(user)) for user in (planner, ops, viewer)] == [1, 0, 0]

    def test_what_decides_nothing_waits_for_nobody(self, state, planner, inbox, porto, ops, frozen_now):
        replaced = state(taken_on=frozen_now.at.date() - 9 * DAY)
        state(valid_until=frozen_now.at.date() - DAY, part="dated-deficiencies")
        of_check = {"check": "p4-standard-interfaces", "part": "devices-conforming", "value": 100}
        attest(
            site=porto,
            statement="Audited",
            attested_by="R. Okafor",
            taken_on=frozen_now.at.date(),
            by=ops,
            now=frozen_now.at,
            **of_check,
        )
        assert len(inbox(planner)) == 1, "the first one only"
        state()
        assert len(inbox(planner)) == 1
        reject(replaced, reason="old", by=planner, now=frozen_now.at)
        assert len(inbox(planner)) == 1

    def test_the_page_offers_it_to_whom_it_waits_for(self, state, viewer, client_of):
        attestation = state(attester=viewer)
        address = f"/evidence/attestations/{attestation.pk}/"
        page = client_of("viewer").get(address).content.decode()
        assert f'action="{address}confirm/"' in page
        others = client_of("planner").get(address)
        assert f'action="{address}confirm/"' not in others.content.decode()
        assert "Only the person named in it can confirm or reject it." in text_of(others)
        assert "It waits for viewer." in text_of(others)

    def test_names_are_for_those_who_may_see_them(self, state, planner, client_of, user_of):
        attestation = state(attester=planner)
        page = text_of(client_of("viewer").get(f"/evidence/attestations/{attestation.pk}/"))
        assert "It waits for somebody." in page
        assert "planner" not in page

    def test_it_is_confirmed_and_rejected_by_page(self, state, viewer, client_of):
        attestation = state(attester=viewer)
        address, client = f"/evidence/attestations/{attestation.pk}/", client_of("viewer")
        assert client.post(f"{address}confirm/").status_code == 302
        assert client.post(f"{address}confirm/").status_code == 409, "a form of before"
        assert client.post(f"{address}reject/", {"reason": ""}).status_code == 422
        assert client.post(f"{address}reject/", {"reason": "Not mine"}).status_code == 302
        assert "Not mine" in text_of(client.get(address))

    def test_the_list_has_filters(self, state, planner, client_of, frozen_now):
        graced, waits, done = state("level"), state("critical-deficiencies"), state("dated-deficiencies")
        Attestation.objects.filter(pk=graced.pk).update(grace_until=frozen_now.at + 60 * DAY)
        confirm(done, by=planner, now=frozen_now.at)
        found = {
            name: Attestation.objects.filter(
                pk__in=confirmations.attestations(now=frozen_now.at).filter(confirmation=name).values("pk")
            ).get()
            for name in ("in-grace", "needed", "confirmed")
        }
        assert found == {"in-grace": graced, "needed": waits, "confirmed": done}
        page = text_of(client_of("planner").get("/evidence/attestations/?confirmation=in-grace"))
        assert "until 23 Jan 2027" in page
        assert "1 attestation" in page
        mine = client_of("planner").get("/evidence/attestations/?waits_for_me=true")
        assert "2 attestations" in text_of(mine)

    def test_the_pages_of_site_and_check_say_for_whom_it_waits(
        self, whole, result, viewer, client_of, django_assert_max_num_queries
    ):
        whole(attester=viewer)
        result()
        page = text_of(client_of("planner").get(f"/sites/porto/checks/{CHECK}/"))
        assert page.count("waits for viewer") == 4
        assert "4 attestations wait to be confirmed by viewer: declared only until then." in text_of(
            client_of("planner").get("/sites/porto/")
        )


def test_a_table_names_the_account(porto, ops, planner, frozen_now):
    head = ["site", "check", "part", "value", "statement", "attester", "taken_on"]
    row = ["porto", CHECK, "level", "5", "So it is", "planner", "2026-11-20"]
    sender = RequestFactory().post("/")
    sender.user = ops
    with read_by(sender):
        [entered] = enter(ATTESTATIONS, iter([(1, head), (2, row)]), by=ops)
    assert (entered.attester, entered.attested_by, entered.by) == (planner, "planner", ops)
    again = ["porto", CHECK, "level", "5", "So it is", "ops", "2026-11-20"]
    with read_by(sender), pytest.raises(RowsRefused) as refused:
        enter(ATTESTATIONS, iter([(1, head), (2, again)]), by=ops)
    [(line, reason)] = refused.value.problems
    assert line == 2
    assert "You enter this yourself" in reason


class TestThroughTheApi:
    BODY = {"site": {"slug": "porto"}, "check": CHECK, "part": "level", "value": 5, "statement": "So it is"}

    def test_it_is_entered_confirmed_and_taken_back(self, porto, api_of, planner, frozen_now):
        day = {"taken_on": (frozen_now.at.date() - DAY).isoformat()}
        answer = api_of("ops").post(API, self.BODY | day | {"attester": "planner"})
        assert answer.status_code == 201, answer.content
        sent = answer.json()
        assert (sent["attester"], sent["attested_by"]) == ("planner", "planner")
        assert sent["confirmation"] == {"value": "needed", "label": "Not confirmed"}
        address = f"{API}{sent['id']}/"
        assert api_of("ops").post(f"{address}confirm/").status_code == 403
        confirmed = api_of("planner").post(f"{address}confirm/").json()
        assert (confirmed["confirmation"]["value"], confirmed["confirmed_by"]) == ("confirmed", "planner")
        assert api_of("planner").post(f"{address}confirm/").status_code == 409
        rejected = api_of("planner").post(f"{address}reject/", {"reason": "Another report"}).json()
        assert (rejected["confirmation"]["value"], rejected["rejection"]) == ("rejected", "Another report")

    def test_a_body_of_before_is_accepted(self, porto, api_of, frozen_now):
        day = {"taken_on": (frozen_now.at.date() - DAY).isoformat()}
        answer = api_of("ops").post(API, self.BODY | day | {"attested_by": "H. Brandt"})
        assert answer.status_code == 201, answer.content
        assert answer.json()["attester"] is None

    @pytest.mark.parametrize(
        ("sent", "field"),
        [({}, "attested_by"), ({"attester": "ops"}, "attester"), ({"attester": "nobody"}, "attester")],
        ids=["nobody", "oneself", "no such account"],
    )
    def test_refusals_name_the_field(self, porto, api_of, ops, frozen_now, sent, field):
        day = {"taken_on": (frozen_now.at.date() - DAY).isoformat()}
        answer = api_of("ops").post(API, self.BODY | day | sent)
        assert (answer.status_code, list(answer.json())) == (400, [field])

    def test_a_scope_hides_what_waits_elsewhere(self, state, api_of, planner):
        made.site(name="Lyon", slug="lyon")
        attestation = state(attester=planner)
        AccessScope.objects.create(user=planner, kind="site", slug="lyon")
        assert api_of("planner").post(f"{API}{attestation.pk}/confirm/").status_code == 404
