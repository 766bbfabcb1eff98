"""The endpoints under /api/readiness/waivers/."""

from datetime import timedelta

import pytest

from readiness.grants import operations
from readiness.grants.models import Grant
from readiness.scoring import operations as scoring
from tests.inventory import made
from tests.readiness.grants.conftest import DAY, WAIVABLE

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

    def test_the_asker_is_who_sends_it_whatever_it_says(self, porto, api_of, manager, frozen_now):
        sent = body(frozen_now.at, requested_by=manager.pk, approver=manager.pk, state="approved")
        asked = api_of("ops").post(HERE, sent).json()
        assert (asked["requested_by"]["display"], asked["approver"], asked["state"]["value"]) == (
            "ops",
            None,
            "requested",
        )

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"check": "p9-luck"}, "check"),
            ({"check": "p3-shared-understanding"}, "check"),
            ({"kind": "favour"}, "kind"),
            ({"kind": "exception", "check": "p5-fabric-health"}, "kind"),
            ({"part": "output-load"}, "part"),
            ({"kind": "n-a", "part": "nothing"}, "part"),
            ({"reason": "  "}, "reason"),
            ({"ends_at": "2026-11-01T00:00:00Z"}, "ends_at"),
            ({"ends_at": "2027-11-01T00:00:00Z"}, "ends_at"),
            ({"ends_at": "soon"}, "ends_at"),
            ({"starts_at": "2026-11-01T00:00:00Z"}, "starts_at"),
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

    def test_many_are_asked_for_at_once_or_none(self, porto, api_of, frozen_now):
        api, one = api_of("ops"), body(frozen_now.at)
        clash = api.post(HERE, [one, one])
        assert (clash.status_code, list(clash.json())) == (400, ["1"])
        assert not Grant.objects.exists()
        both = api.post(HERE, [one, body(frozen_now.at, check="p5-fabric-health")])
        assert (both.status_code, len(both.json())) == (201, 2)


class TestDeciding:
    def test_it_is_approved_by_another(self, porto, ask, api_of, frozen_now):
        asked = ask(porto)
        frozen_now.move(minutes=5)
        answer = api_of("manager").post(f"{HERE}{asked.pk}/approve/", {"note": "until the new UPS"})
        assert answer.status_code == 200, answer.content
        given = answer.json()
        assert (given["state"]["value"], given["approver"]["display"]) == ("approved", "manager")
        assert (given["decided_at"], given["decision_note"]) == ("2026-11-24T16:05:00Z", "until the new UPS")

    def test_nobody_approves_their_own(self, porto, api_of, frozen_now):
        api = api_of("admin")
        asked = api.post(HERE, body(frozen_now.at)).json()
        for step in ("approve", "deny"):
            answer = api.post(f"{HERE}{asked['id']}/{step}/", {"note": "mine"})
            assert answer.status_code == 403
            assert "requested this yourself" in answer.json()["detail"]
            assert "the role manager or admin must approve it" in answer.json()["detail"]
        assert api.get(f"{HERE}{asked['id']}/").json()["state"]["value"] == "requested"

    def test_a_denial_says_why(self, porto, ask, api_of):
        api, asked = api_of("manager"), ask(porto)
        silent = api.post(f"{HERE}{asked.pk}/deny/", {})
        assert (silent.status_code, list(silent.json())) == (400, ["note"])
        denied = api.post(f"{HERE}{asked.pk}/deny/", {"note": "not for a week"})
        assert (denied.json()["state"]["value"], denied.json()["decision_note"]) == (
            "denied",
            "not for a week",
        )

    def test_a_decision_that_comes_too_late_is_a_conflict(self, porto, grant, api_of):
        answer = api_of("manager").post(f"{HERE}{grant(porto).pk}/deny/", {"note": "no"})
        assert (answer.status_code, "approved" in answer.json()["detail"]) == (409, True)

    def test_whoever_asked_withdraws(self, porto, ask, api_of):
        asked = ask(porto)
        refused = api_of("planner").post(f"{HERE}{asked.pk}/revoke/", {"note": "not mine"})
        assert (refused.status_code, "grants.approve_grant" in refused.json()["detail"]) == (403, True)
        answer = api_of("ops").post(f"{HERE}{asked.pk}/revoke/", {"note": "fixed"})
        assert (answer.json()["state"]["value"], answer.json()["revoked_by"]["display"]) == ("revoked", "ops")

    def test_an_etag_of_before_is_not_decided_on(self, porto, ask, api_of, manager, frozen_now):
        asked, api = ask(porto), api_of("manager")
        read = api.get(f"{HERE}{asked.pk}/")["ETag"]
        operations.revoke(asked, note="fixed", by=manager, now=frozen_now.at)
        late = api.post(f"{HERE}{asked.pk}/approve/", {}, headers={"If-Match": read})
        assert late.status_code == 412


def test_a_reading_token_decides_nothing(porto, ask, api_of):
    assert api_of("manager", scope="read").post(f"{HERE}{ask(porto).pk}/approve/", {}).status_code == 403


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


def test_moving_the_clock_alone_expires_it(porto, grant, api_of, frozen_now):
    given, api = grant(porto, days=1), api_of("viewer")
    frozen_now.move(days=1, seconds=-1)
    assert api.get(f"{HERE}{given.pk}/").json()["state"]["value"] == "approved"
    frozen_now.at += timedelta(seconds=1)
    assert api.get(f"{HERE}{given.pk}/").json()["state"]["value"] == "expired"
