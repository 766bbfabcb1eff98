"""Two people answer an attestation at the same moment."""

import pytest
from django.core.exceptions import PermissionDenied

from readiness.assessment.evidence.models import Attestation
from readiness.assessment.evidence.operations import attest, confirm, reject
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.assessment.grants.test_races import at_once
from web.workflows import NotInState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stated(ops):
    return attest(
        site=made.site(name="Porto", slug="porto", stage="production"),
        check="p1-commissioning-l5",
        part="level",
        value=5,
        statement="The report says so",
        attested_by="H. Brandt",
        taken_on=NOW.date(),
        by=ops,
        now=NOW,
    )


def test_of_two_confirmations_one_stands_and_the_other_is_told(stated, planner, manager):
    done = at_once(lambda: confirm(stated, by=planner, now=NOW), lambda: confirm(stated, by=manager, now=NOW))
    assert sorted(type(each).__name__ for each in done) == ["Attestation", "NotInState"]
    [stands] = [each for each in done if isinstance(each, Attestation)]
    stated.refresh_from_db()
    assert stated.confirmed_by == stands.confirmed_by


def test_of_a_confirmation_and_a_rejection_by_others_one_stands(stated, planner, manager):
    done = at_once(
        lambda: confirm(stated, by=planner, now=NOW),
        lambda: reject(stated, reason="Not signed", by=manager, now=NOW),
    )
    [refused] = [each for each in done if isinstance(each, (NotInState, PermissionDenied))]
    stated.refresh_from_db()
    assert (stated.confirmed_at is None) != (stated.rejected_at is None), refused


def test_who_entered_it_loses_however_close_the_race(stated, ops, planner):
    own = lambda: confirm(stated, by=ops, now=NOW)  # noqa: E731
    done = at_once(own, lambda: confirm(stated, by=planner, now=NOW), own)
    assert [isinstance(each, PermissionDenied) for each in done] == [True, False, True]
    stated.refresh_from_db()
    assert stated.confirmed_by == planner
