"""People who sign and decide at the same moment."""

import pytest

from readiness.assessment.evidence.models import Review, SignOff
from readiness.golive.reviews import operations
from tests.readiness.assessment.grants.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_who_sign_at_once_have_both_signed_and_one_who_signs_twice_once(review, signers, frozen_now):
    def signs(domain):
        return lambda: operations.sign(review, by=signers[domain], now=frozen_now.at)

    done = at_once(signs("energy"), signs("network"), signs("energy"))
    assert sorted(type(each).__name__ for each in done) == ["NotInState", "SignOff", "SignOff"]
    assert SignOff.objects.filter(state="signed").count() == 2


def test_of_two_decisions_at_once_one_is_taken(porto, signed, excepted, manager, admin, frozen_now):
    goes = lambda: operations.decide(signed, decision="go", by=manager, now=frozen_now.at)  # noqa: E731
    stops = lambda: operations.decide(signed, decision="no-go", note="No", by=admin, now=frozen_now.at)  # noqa: E731
    done = at_once(goes, stops)
    assert sorted(type(each).__name__ for each in done) == ["NotInState", "Review"]
    decided = Review.objects.get()
    porto.refresh_from_db()
    assert (porto.stage == "production") is (decided.state == "go")


def test_a_signature_taken_back_at_the_moment_of_the_decision_is_before_or_after_it(
    signed, excepted, manager, signers, frozen_now
):
    goes = lambda: operations.decide(signed, decision="go", by=manager, now=frozen_now.at)  # noqa: E731
    declines = lambda: operations.decline(signed, note="Wait", by=signers["energy"], now=frozen_now.at)  # noqa: E731
    at_once(goes, declines)
    decided, energy = Review.objects.get(), SignOff.objects.get(domain="energy")
    assert (decided.state, energy.state) in {("go", "signed"), ("open", "declined")}


def test_of_two_reviews_opened_at_once_one_is(porto, signers, manager, frozen_now):
    opens = lambda: operations.open_review(site=porto, by=manager, now=frozen_now.at)  # noqa: E731
    done = at_once(opens, opens)
    assert sorted(type(each).__name__ for each in done) == ["Review", "ValidationError"]
