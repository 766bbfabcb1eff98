"""The pages of reviews: from opening one to the decision, what each reader is offered, what a site's page says."""

import pytest

from readiness.assessment.evidence.models import Review
from readiness.golive.models import Approver
from readiness.golive.reviews import operations
from tests.inventory import made
from tests.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_for(client_of):
    """A browser signed in as somebody."""

    def make(user):
        client = client_of(None)
        client.force_login(user)
        return client

    return make


def test_from_opening_to_go(porto, signers, excepted, client_of, client_for):
    client = client_of("manager")
    assert "Continue" in text_of(client.get("/readiness/reviews/open/"))
    page = text_of(client.get("/readiness/reviews/open/?site=porto"))
    assert f'value="{signers["energy"].pk}" selected' in page
    named = {domain: user.pk for domain, user in signers.items()} | {"note": "First light"}
    page = text_of(client.post("/readiness/reviews/open/?site=porto", named, follow=True))
    review = Review.objects.get()
    here = f"/readiness/reviews/{review.pk}/"
    assert "5 signatures are missing." in page
    assert "open review already" in text_of(client.post("/readiness/reviews/open/?site=porto", named), 422)
    action = {"title": "Label", "owner_name": "The builder", "owner": "", "due_on": "2026-12-24"}
    assert "Label" in text_of(client.post(f"{here}actions/add/", action, follow=True))
    assert "one owner" in text_of(client.post(f"{here}actions/add/", action | {"owner_name": ""}), 422)
    for domain, user in signers.items():
        theirs = client_for(user)
        assert f"Sign for {domain.title()}" in text_of(theirs.get(here))
        assert "You have signed." in text_of(theirs.post(f"{here}sign/", {"note": ""}, follow=True))
    assert "already given this answer" in text_of(theirs.post(f"{here}sign/", {}), 409)
    page = text_of(client.get(here))
    assert 'commandfor="go"' not in page
    assert "Nothing proves the site: no BLOCK check was judged." in page
    page = text_of(client.post(f"{here}decide/", {"decision": "go", "note": ""}, follow=True))
    assert "BLOCK checks at the decision" in page
    assert "Signed go-live exceptions" in page
    assert "has ended: go" in text_of(client.post(f"{here}decide/", {"decision": "go"}), 409)
    site = text_of(client.get("/sites/porto/"))
    assert f"Go-live review #{review.pk}: go, decided by manager" in site
    assert "Production" in site


def test_a_refusal_is_told_on_the_page(review, client_of, client_for, signers):
    client, here = client_of("manager"), f"/readiness/reviews/{review.pk}/"
    assert "5 signatures are missing" in text_of(client.post(f"{here}decide/", {"decision": "go"}), 422)
    assert "Enter a reason" in text_of(client.post(f"{here}decide/", {"decision": "no-go"}), 422)
    assert "go or no-go" in text_of(client.post(f"{here}decide/", {}), 422)
    assert "Enter a reason" in text_of(client.post(f"{here}cancel/", {}), 422)
    assert "Enter a reason" in text_of(client_for(signers["energy"]).post(f"{here}decline/", {}), 422)
    assert "is not in the list" in text_of(client.post(f"{here}name/energy/", {"approver": "0"}), 422)
    assert client.post(f"{here}name/luck/", {}).status_code == 404
    twice = {"approver": signers["network"].pk}
    client.post("/readiness/reviews/approvers/add/", {"domain": "energy", "user": signers["network"].pk})
    assert "Nobody may sign for two domains" in text_of(client.post(f"{here}name/energy/", twice), 422)


def test_the_list_of_approvers_is_edited(porto, signers, client_of):
    client, here = client_of("manager"), "/readiness/reviews/approvers/"
    page = text_of(
        client.post(
            f"{here}add/", {"domain": "energy", "user": signers["network"].pk, "site": "porto"}, follow=True
        )
    )
    assert "Porto" in page
    again = {"domain": "energy", "user": signers["network"].pk, "site": "porto"}
    assert "named there already" in text_of(client.post(f"{here}add/", again), 422)
    own = Approver.objects.get(site=porto)
    assert "may be asked to sign for Energy" in text_of(client.get(f"{here}{own.pk}/"))
    client.post(f"{here}{own.pk}/remove/")
    assert not Approver.objects.filter(site=porto).exists()


def test_a_site_in_production_says_that_nobody_signed(client_of):
    made.site(name="Faro", slug="faro", stage="production")
    made.site(name="Yard", slug="yard", stage="building")
    client = client_of("viewer")
    assert "In production without a go-live review" in text_of(client.get("/sites/faro/"))
    assert "without a review" not in text_of(client.get("/sites/yard/"))
    page = text_of(client.get("/sites/faro/checks/p4-golive-review/"))
    assert "/readiness/reviews/?site=faro" in page


def test_the_site_says_when_a_new_one_is_due(porto, signed, excepted, manager, client_of, frozen_now):
    operations.decide(signed, decision="go", by=manager, now=frozen_now.at)
    frozen_now.move(days=366)
    assert "a new one is due" in text_of(client_of("viewer").get("/sites/porto/"))
    assert "due since" in text_of(client_of("viewer").get("/readiness/reviews/"))
