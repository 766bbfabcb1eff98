"""The endpoints of reviews, their actions and approvers."""

import pytest

from accounts import operations as accounts
from readiness.assessment.evidence.models import Review
from tests.conftest import ApiClient

pytestmark = pytest.mark.django_db
HERE = "/api/readiness/reviews/"
ACTIONS = "/api/readiness/review-actions/"
APPROVERS = "/api/readiness/review-approvers/"


@pytest.fixture
def api_for(frozen_now):
    def make(user):
        _, plain = accounts.create_token(user=user, name="t", scope="write", by=None, now=frozen_now.at)
        return ApiClient(plain)

    return make


def test_from_opening_to_go(porto, signers, excepted, api_of, api_for):
    api = api_of("manager")
    opened = api.post(HERE, {"site": {"slug": "porto"}, "approvers": {"energy": "energy-lead"}})
    assert opened.status_code == 201, opened.content
    here = f"{HERE}{opened.json()['id']}/"
    assert {one["approver"] for one in opened.json()["sign_offs"]} == {
        user.username for user in signers.values()
    }
    added = api.post(
        ACTIONS,
        {"review": {"id": opened.json()["id"]}, "title": "Label", "critical": True, "owner_name": "x"},
    )
    assert added.status_code == 201, added.content
    for domain, user in signers.items():
        theirs = api_for(user)
        assert theirs.post(f"{here}decline/", {}).status_code == 400
        answer = theirs.post(f"{here}sign/", {"note": "ok"})
        assert answer.status_code == 200, answer.content
        states = {one["domain"]: one["state"] for one in answer.json()["sign_offs"]}
        assert states[domain] == "signed"
    refused = api.post(f"{here}decide/", {"decision": "go"})
    assert (refused.status_code, "critical" in refused.content.decode()) == (400, True)
    action = f"{ACTIONS}{added.json()['id']}/"
    assert api.patch(action, {"critical": False, "due_on": "2026-12-24"}).json()["critical"] is False
    decided = api.post(f"{here}decide/", {"decision": "go"})
    assert (decided.status_code, decided.json()["state"]["value"]) == (200, "go")
    assert decided.json()["snapshot"]["checks"]
    assert api.post(f"{here}decide/", {"decision": "go"}).status_code == 409
    assert api.post(f"{action}close/", {"note": "done"}).json()["closed_by"]["display"] == "manager"
    porto.refresh_from_db()
    assert porto.stage == "production"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"site": {"slug": "nowhere"}}, "site"),
        ({"approvers": {"energy": "nobody"}}, "approvers"),
        ({"approvers": {"power": "manager"}}, "approvers"),
        ({"approvers": {"energy": "manager"}}, "approver"),
    ],
)
def test_a_refusal_is_by_field(porto, signers, api_of, sent, field):
    answer = api_of("manager").post(HERE, {"site": {"slug": "porto"}} | sent)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not Review.objects.exists()


def test_approvers_are_named_and_taken_off(porto, viewer, api_of):
    api = api_of("manager")
    named = api.post(
        APPROVERS, {"domain": "energy", "user": {"username": "viewer"}, "site": {"slug": "porto"}}
    )
    assert named.status_code == 201, named.content
    assert (
        api.post(
            APPROVERS, {"domain": "energy", "user": {"username": "viewer"}, "site": {"slug": "porto"}}
        ).status_code
        == 400
    )
    assert api.get(f"{APPROVERS}?domain=energy&site=porto").json()["count"] == 1
    assert api.delete(f"{APPROVERS}{named.json()['id']}/").status_code == 204
