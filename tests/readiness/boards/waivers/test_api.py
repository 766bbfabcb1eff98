"""The endpoints under /api/readiness/waivers/."""

import pytest

from readiness.assessment.grants import operations
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring import operations as scoring
from tests.inventory import made
from tests.readiness.assessment.grants.conftest import DAY, WAIVABLE

pytestmark = pytest.mark.django_db
HERE = "/api/readiness/waivers/"


def body(now, **given):
    return {
        "site": {"slug": "porto"},
        "kind": "waiver",
        "check": WAIVABLE,
        "reason": "UPS B is being replaced",
        "ends_at": (now + 7 * DAY).isoformat(),
    } | given


def rows(response):
    assert response.status_code == 200, response.content
    return response.json()["results"]


def ids(response):
    return {row["id"] for row in rows(response)}


class TestAsking:
    def test_a_request_is_answered_whole(self, porto, api_of, frozen_now):
        answer = api_of("ops").post(HERE, body(frozen_now.at))
        assert answer.status_code == 201, answer.content
        asked = answer.json()
        assert asked["state"] == {"value": "requested", "label": "Requested"}
        assert asked["kind"] == {"value": "waiver", "label": "Waiver"}
        assert (asked["site"]["slug"], asked["check"], asked["part"]) == ("porto", WAIVABLE, "")
        assert (asked["requested_by"]["display"], asked["approver"]) == ("ops", None)
        assert asked["starts_at"] == asked["requested_at"] == "2026-11-24T16:00:00Z"
        assert asked["display"] == "Waiver: p2-backup-power at Porto"
        assert answer["ETag"].startswith('W/"')

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"check": "p9-luck"}, "check"),
            ({"kind": "favour"}, "kind"),
            ({"kind": "exception", "check": "p5-fabric-health"}, "kind"),
            ({"kind": "n-a", "part": "nothing"}, "part"),
            ({"ends_at": "soon"}, "ends_at"),
            ({"site": {"slug": "nowhere"}}, "site"),
        ],
    )
    def test_a_refusal_is_by_field(self, porto, api_of, frozen_now, changes, field):
        answer = api_of("ops").post(HERE, body(frozen_now.at, **changes))
        assert (answer.status_code, list(answer.json())) == (400, [field]), answer.content
        assert not Grant.objects.exists()

    def test_an_end_is_required(self, porto, api_of, frozen_now):
        sent = body(frozen_now.at)
        del sent["ends_at"]
        assert list(api_of("ops").post(HERE, sent).json()) == ["ends_at"]


class TestDeciding:
    def test_it_is_approved_by_another(self, porto, ask, api_of, frozen_now):
        asked = ask(porto)
        frozen_now.move(minutes=5)
        answer = api_of("manager").post(f"{HERE}{asked.pk}/approve/", {"note": "until the new UPS"})
        assert answer.status_code == 200, answer.content
        given = answer.json()
        assert (given["state"]["value"], given["approver"]["display"]) == ("approved", "manager")
        assert (given["decided_at"], given["decision_note"]) == ("2026-11-24T16:05:00Z", "until the new UPS")

    @pytest.mark.parametrize(("step", "state"), [("deny", "denied"), ("revoke", "revoked")])
    def test_it_ends_once_and_with_a_reason(self, porto, ask, api_of, step, state):
        api, address = api_of("manager"), f"{HERE}{ask(porto).pk}/{step}/"
        silent = api.post(address, {})
        assert (silent.status_code, list(silent.json())) == (400, ["note"])
        assert api.post(address, {"note": "no"}).json()["state"]["value"] == state
        assert api.post(address, {"note": "no"}).status_code == 409

    def test_an_etag_of_before_is_not_decided_on(self, porto, ask, api_of, manager, frozen_now):
        asked, api = ask(porto), api_of("manager")
        read = api.get(f"{HERE}{asked.pk}/")["ETag"]
        operations.revoke(asked, note="fixed", by=manager, now=frozen_now.at)
        late = api.post(f"{HERE}{asked.pk}/approve/", {}, headers={"If-Match": read})
        assert late.status_code == 412


class TestListing:
    @pytest.fixture
    def several(self, porto, ask, grant, manager, frozen_now):
        """One of each standing, as of eight days on."""
        made_of = {
            "expired": grant(porto, days=7),
            "approved": grant(porto, days=30, check_id="p5-fabric-health", kind="waiver"),
            "denied": ask(porto, days=30, check_id="p1-rdma-port"),
            "revoked": grant(porto, days=30, check_id="p1-intra-node"),
            "requested": ask(made.site(slug="faro"), days=30, kind="exception"),
            "later": grant(porto, days=30, kind="n-a", starts_at=frozen_now.at + 20 * DAY),
        }
        operations.deny(made_of["denied"], note="no", by=manager, now=frozen_now.at)
        operations.revoke(made_of["revoked"], note="no", by=manager, now=frozen_now.at)
        frozen_now.move(days=8)
        return made_of

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("state=expired", {"expired"}),
            ("state=approved", {"approved", "later"}),
            ("state=requested&state=denied", {"requested", "denied"}),
            ("state=revoked", {"revoked"}),
            ("live=true", {"approved", "requested", "later"}),
            ("live=false", {"expired", "denied", "revoked"}),
            ("in_force=true", {"approved"}),
            ("site=faro", {"requested"}),
            ("site__n=porto", {"requested"}),
            ("check=p1-rdma-port,p1-intra-node", {"denied", "revoked"}),
            ("pillar=p1", {"denied", "revoked"}),
            ("kind=exception&kind=n-a", {"requested", "later"}),
            ("requested_by=ops&live=true&kind=waiver", {"approved"}),
            ("approver=manager&state=denied", {"denied"}),
            ("ends_at__lt=2026-12-10T00:00:00Z", {"expired"}),
            ("owner=Ops+South&state=expired", {"expired"}),
            ("owner=Nobody", set()),
            ("q=faro", set()),
            ("q=rdma", {"denied"}),
        ],
    )
    def test_filters(self, several, api_of, query, found):
        Grant.objects.filter(pk=several["requested"].pk).update(reason="Asked for in time")
        assert ids(api_of("ops").get(f"{HERE}?{query}")) == {several[name].pk for name in found}


def test_a_waiver_shows_in_results_and_scores(porto, grant, api_of, frozen_now):
    grant(porto, check_id="p3-role-coverage")
    frozen_now.move(seconds=3)
    scoring.rescore_changed(now=frozen_now.at)
    api = api_of("viewer")
    [result] = rows(api.get("/api/readiness/results/?site=porto&state=waived"))
    assert (result["check"], result["measured_state"]["value"]) == ("p3-role-coverage", "unknown")
    [score] = rows(api.get("/api/readiness/scores/?site=porto"))
    assert (score["counts"]["waived"], score["verdict"]["value"]) == (1, "not-ready")
    assert score["waived"] > 0
    [flip] = rows(api.get("/api/readiness/flips/?site=porto&to_state=waived"))
    frozen_now.move(days=7)
    scoring.rescore_aged(now=frozen_now.at)
    assert rows(api.get("/api/readiness/results/?site=porto&state=waived")) == []
    [back] = rows(api.get("/api/readiness/flips/?site=porto&from_state=waived"))
    assert (back["to_state"]["value"], back["cause"]["value"]) == ("unknown", "waiver")
    assert flip["at"] < back["at"]
