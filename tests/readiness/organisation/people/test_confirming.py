"""A qualification counts once its assessor confirmed it, an exemption once a second person approved it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from accounts.models import AccountTie
from readiness.organisation.people.facts import holders_of
from readiness.organisation.people.models import Qualification, SkillExemption
from readiness.organisation.people.operations import confirming
from tests.conftest import NOW
from tests.readiness.organisation.people import made
from web.actor import acting
from web.workflows import NotInState, second, waiting

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LIST = "/api/people/qualifications/"


@pytest.fixture
def assessor(user_of, frozen_now):
    return made.person(name="Ana Reis", user=user_of("ops"))


@pytest.fixture
def holder():
    return made.person(name="Rui Sá")


@pytest.fixture
def entered(assessor, holder, api_of):
    """A qualification as a manager enters it."""
    body = {
        "person": holder.pk, "skill": made.skill().pk, "basis": "assessed", "assessed_by": assessor.pk,
        "shown_at": (NOW - DAY).isoformat(),
    }  # fmt: skip
    answer = api_of("manager").post(LIST, body)
    assert answer.status_code == 201, answer.json()
    return Qualification.objects.get(pk=answer.json()["id"])


def confirmation_on(client, qualification):
    page = client.get(f"/people/qualifications/{qualification.pk}/")
    return page.text


def test_it_waits_for_its_assessor_and_counts_from_their_confirmation(
    entered, assessor, holder, api_of, client_of, user_of, frozen_now
):
    assert entered.entered_by == user_of("manager")
    assert not Qualification.objects.counting(NOW).exists()
    assert list(holders_of([holder.pk], now=NOW)) == []
    assert waiting.counts(assessor.user, now=NOW)["confirm-a-qualification"] == 1
    assert "waits for Ana Reis" in confirmation_on(client_of("manager"), entered)
    address = f"{LIST}{entered.pk}/confirm/"
    for role in ("manager", "planner", "admin"):
        assert api_of(role).post(address).status_code == 403
    answer = api_of("ops").post(address)
    assert (answer.status_code, answer.json()["confirmed_by"]["display"]) == (200, "ops")
    assert list(Qualification.objects.counting(NOW)) == [entered]
    assert not Qualification.objects.counting(NOW - timedelta(hours=1)).exists()
    assert [each.person_id for each in holders_of([holder.pk], now=NOW)] == [holder.pk]
    assert "confirm-a-qualification" not in waiting.counts(assessor.user, now=NOW)
    with pytest.raises(NotInState):
        confirming.confirm(entered, by=assessor.user, now=NOW)


def test_the_page_offers_it_to_the_assessor_alone(entered, client_of, frozen_now):
    address = f"/people/qualifications/{entered.pk}/"
    assert f"{address}confirm/" in client_of("ops").get(address).text
    assert f"{address}confirm/" not in client_of("manager").get(address).text
    assert client_of("ops").post(f"{address}confirm/").status_code == 302
    assert Qualification.objects.counting(NOW).exists()


def test_an_assessor_who_refuses_ends_it(entered, assessor, client_of):
    assert client_of("ops").post(f"/people/qualifications/{entered.pk}/refuse/").status_code == 302
    entered.refresh_from_db()
    assert (entered.revoked_for, entered.confirmed_at) == ("refused", None)


def test_who_entered_it_or_holds_it_does_not_confirm_it(assessor, holder, user_of, frozen_now):
    with acting(assessor.user):
        own = made.qualification(holder, made.skill(), assessed_by=assessor, confirmed_at=None, shown_at=NOW)
    own.refresh_from_db()
    with pytest.raises(PermissionDenied, match="somebody else must enter"):
        confirming.confirm(own, by=assessor.user, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Qualification.objects.update(confirmed_by=assessor.user, confirmed_at=NOW)
    # The holder was the assessor's own account a short time ago.
    second_account = user_of("viewer")
    person = made.person(user=second_account)
    AccountTie.objects.filter(account=second_account).update(person_id=assessor.pk, ended_at=NOW - DAY)
    theirs = made.qualification(person, made.skill(), assessed_by=assessor, confirmed_at=None, shown_at=NOW)
    with pytest.raises(second.SamePerson):
        confirming.confirm(theirs, by=assessor.user, now=NOW)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (lambda: {"assessed_by": None}, "nobody is named who assessed it"),
        (lambda: {"assessed_by": made.person(name="Vendor")}, "its assessor has no account"),
    ],
)
def test_without_an_account_of_the_assessor_it_does_not_count_and_says_so(holder, client_of, columns, words):
    qualification = made.qualification(holder, made.skill(), confirmed_at=None, **columns())
    assert words in confirmation_on(client_of("manager"), qualification)
    assert not Qualification.objects.counting(NOW).exists()


@pytest.mark.parametrize(
    ("changes", "stays"),
    [
        ({"level": 2}, False),
        ({"valid_until": None}, False),
        ({"valid_until": NOW + 900 * DAY}, False),
        ({"valid_until": NOW + DAY}, True),
        ({"evidence": "Certificate 8"}, True),
    ],
)
def test_a_change_that_gives_more_makes_it_wait_again(assessor, holder, changes, stays):
    made.qualification(
        holder,
        made.skill(),
        level=1,
        assessed_by=assessor,
        confirmed_by=assessor.user,
        valid_until=NOW + 300 * DAY,
    )
    Qualification.objects.update(**changes)
    assert Qualification.objects.counting(NOW).exists() is stays


def test_one_of_before_the_upgrade_counts_and_says_so(holder, client_of):
    qualification = made.qualification(holder, made.skill())
    assert "confirmed by the upgrade" in confirmation_on(client_of("manager"), qualification)
    assert Qualification.objects.counting(NOW).exists()


def exemption_body(holder, days):
    return {
        "person": holder.pk, "skill": made.skill().pk, "reason": "new", "begins_at": NOW.isoformat(),
        "ends_at": (NOW + days * DAY).isoformat(),
    }  # fmt: skip


def test_an_exemption_counts_once_a_second_person_approved_it(holder, api_of, user_of, frozen_now):
    address = "/api/people/skill-exemptions/"
    exemption_id = api_of("manager").post(address, exemption_body(holder, 60)).json()["id"]
    assert not SkillExemption.objects.counting(NOW).exists()
    approve = f"{address}{exemption_id}/approve/"
    assert api_of("manager").post(approve).status_code == 403
    assert waiting.counts(user_of("admin"), now=NOW)["approve-an-exemption"] == 1
    answer = api_of("admin").post(approve)
    assert (answer.status_code, answer.json()["approved_by"]["display"]) == (200, "admin")
    assert SkillExemption.objects.counting(NOW).exists()
    # Whoever lengthens it grants it anew.
    later = {"ends_at": (NOW + 90 * DAY).isoformat()}
    assert api_of("admin").patch(f"{address}{exemption_id}/", later).status_code == 200
    assert not SkillExemption.objects.counting(NOW).exists()
    assert SkillExemption.objects.get().granted_by == user_of("admin")


def test_whom_it_exempts_does_not_approve_it(user_of, frozen_now):
    manager = user_of("manager")
    own = made.exemption(made.person(user=manager), made.skill(), approved_at=None)
    with pytest.raises(PermissionDenied, match="exempts you"):
        confirming.approve(own, by=manager, now=NOW)


def test_an_exemption_lasts_a_year_at_most(holder, api_of, client_of):
    answer = api_of("manager").post("/api/people/skill-exemptions/", exemption_body(holder, 367))
    assert (answer.status_code, "a year at most" in answer.text) == (400, True)
    form = exemption_body(holder, 367) | {"begins_at": "2026-11-24T16:00", "ends_at": "2027-11-27T16:00"}
    page = client_of("manager").post("/people/skill-exemptions/add/", form)
    assert (page.status_code, "a year at most" in page.text) == (422, True)
