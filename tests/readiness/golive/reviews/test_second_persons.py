"""Five people sign a review: none of them opened it, named somebody in it, or decides it."""

import pytest

from accounts.models import User
from readiness.golive.reviews import operations
from tests.inventory import made
from web.workflows.second import SamePerson

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(manager, frozen_now):
    return {"by": manager, "now": frozen_now.at}


def test_who_names_opens_or_signs_another_domain_does_not_sign(porto, user_of, by, frozen_now):
    lead, manager = user_of("manager", username="lead"), by["by"]
    operations.add_approver(domain="energy", user=manager, by=lead, now=frozen_now.at)
    operations.add_approver(domain="network", user=lead, by=manager, now=frozen_now.at)
    operations.add_approver(domain="compute", user=lead, by=lead, now=frozen_now.at)
    review = operations.open_review(site=porto, approvers={"compute": None}, **by)
    with pytest.raises(SamePerson):
        operations.sign(review, note="", by=manager, now=frozen_now.at)
    assert operations.sign(review, note="", by=lead, now=frozen_now.at).domain == "network"
    own = operations.open_review(
        site=made.site(slug="lagos", stage="commissioning"), approvers={"network": None},
        by=user_of("admin"), now=frozen_now.at,
    )  # fmt: skip
    with pytest.raises(SamePerson):
        operations.sign(own, note="", by=lead, now=frozen_now.at)


def test_who_signed_does_not_decide(review, signers, user_of, frozen_now):
    signers["energy"].groups.set(user_of("manager").groups.all())
    operations.sign(review, note="", by=signers["energy"], now=frozen_now.at)
    with pytest.raises(SamePerson):
        operations.decide(
            review, decision="no-go", note="Not yet", by=User.objects.get(pk=signers["energy"].pk),
            now=frozen_now.at,
        )  # fmt: skip
