"""A user who owns five sites is deactivated: from the queue over the preview to new owners, and what the check says."""

import pytest

from accounts import operations as accounts
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.models import CheckResult
from readiness.organisation.ownership.core.standing import Item
from readiness.organisation.ownership.models import Assignment
from tests.inventory import made

pytestmark = pytest.mark.django_db
CHECK = "p4-orchestration-owner"
HERE = "/api/ownership/assignments/"


def test_an_owner_of_five_sites_leaves(ana, rui, eva, own_all, client_of, api_of, frozen_now):
    sites = [made.site(name=f"Site {letter}", slug=f"site-{letter}") for letter in "abcde"]
    for site in sites:
        made.device(site=site)
        own_all(site, ana)

    def states():
        scoring.rescore_changed(now=frozen_now.at)
        return set(CheckResult.objects.filter(check_id=CHECK).values_list("state", flat=True))

    assert states() == {"pass"}
    frozen_now.move(minutes=1)
    accounts.change_user(ana.user, is_active=False, by=None, now=frozen_now.at)
    assert states() == {"fail"}
    assert "owner cannot answer" in CheckResult.objects.filter(check_id=CHECK).first().reason

    queue = client_of("manager").get("/ownership/queues/?queue=unanswered&per=50").content.decode()
    assert all(site.name in queue for site in sites)
    owners = client_of("manager").get("/ownership/owners/").content.decode()
    assert "has an account that is disabled" in owners

    manager = api_of("manager")
    sent = {"from": ana.pk, "to": eva.pk}
    preview = manager.post(f"{HERE}reassign/", sent | {"dry_run": True}).json()
    assert preview["count"] == 5 * len(Item)
    assert {row["before"]["accountable"] for row in preview["results"]} == {"Ana Reis"}
    assert {row["after"]["accountable"] for row in preview["results"]} == {"Eva Reis"}
    assert not Assignment.objects.filter(accountable=eva).exists()

    # Somebody else is asked for one of them meanwhile: nothing at all is done.
    body = {
        "site": {"slug": "site-c"}, "item": "energy", "accountable": rui.pk, "team": {"slug": "fabric"},
        "decision_rights": "All",
    }  # fmt: skip
    other = manager.post(HERE, body).json()
    refused = manager.post(f"{HERE}reassign/", sent)
    assert refused.status_code == 400
    assert "Energy at Site c" in refused.json()["from"][0]
    assert not Assignment.objects.filter(accountable=eva).exists()
    manager.post(f"{HERE}{other['id']}/end/", {"reason": "Eva takes it"})

    frozen_now.move(minutes=1)
    assert manager.post(f"{HERE}reassign/", sent).json()["count"] == 5 * len(Item)
    assert states() <= {"fail"}
    asked = Assignment.objects.filter(accountable=eva, state="proposed")
    assert asked.count() == 5 * len(Item)

    frozen_now.move(minutes=1)
    new_owner = api_of("viewer", username="eva")
    for one in asked.filter(site=sites[0]):
        assert new_owner.post(f"{HERE}{one.pk}/accept/").status_code == 200
    states()
    passing = CheckResult.objects.filter(check_id=CHECK, state="pass").values_list("site__name", flat=True)
    assert list(passing) == ["Site a"]

    terms = manager.get(f"{HERE}?site=site-a&item=energy&ordering=id").json()["results"]
    assert [(term["accountable"]["display"], term["state"]["value"]) for term in terms] == [
        ("Ana Reis", "ended"),
        ("Eva Reis", "accepted"),
    ]
    first, second = terms
    assert first["ended_at"] == second["effective_at"]
    kept = manager.get(f"/api/history/?model=ownership.assignment&id={first['id']}").json()["results"]
    assert len(kept) >= 3
