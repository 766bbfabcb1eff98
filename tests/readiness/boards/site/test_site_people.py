"""The people tab of a site: who is on call and qualified for what, what rests on one person, and names for some."""

from datetime import timedelta

import pytest

from tests.inventory import made as inventory
from tests.pages import words_of
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.organisation.people import made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]


@pytest.fixture
def called(dallas):
    """Ada is on call for the network and alone knows one of two skills that the switches ask for."""
    maker = inventory.manufacturer(name="Acme", slug="acme")
    switch = made.hardware(maker)
    inventory.device(site=dallas, device_type=switch, role="switch")
    team = made.team(name="Network AMER")
    ada = made.person(team, name="Ada Quill")
    made.staffing(dallas, team)
    known, unknown = made.skill(name="Acme fabrics"), made.skill(name="Acme optics")
    for skill in (known, unknown):
        made.rule(skill)
    made.qualification(ada, known, device_type=switch)
    made.shift(made.rotation(dallas, name="Network nights"), ada, now=NOW)
    return dallas


@pytest.mark.parametrize(("role", "who"), [("viewer", "somebody"), ("manager", "Ada Quill")])
def test_who_is_on_call_and_qualified_for_what(client_of, called, role, who):
    words = words_of(client_of(role).get("/sites/dallas/?tab=people"))
    assert f"Network, primary: {who}" in words
    assert "qualified for Acme fabrics · not for Acme optics" in words
    assert "Nobody is on call for compute, energy" in words
    assert ("Ada Quill" in words) is (role == "manager")


def test_what_rests_on_one_person_is_counted(client_of, called):
    words = words_of(client_of("viewer").get("/sites/dallas/?tab=people"))
    assert "Covered once 1" in words
    assert "Covered by nobody 1" in words
    assert "1 person is alone qualified for something here: One person: Acme fabrics" in words


def test_a_shift_without_anybody_is_nobody(client_of, called):
    made.Shift.objects.update(person=None, ends_at=NOW + timedelta(hours=1))
    words = words_of(client_of("viewer").get("/sites/dallas/?tab=people"))
    assert "Network, primary: nobody" in words


def test_a_site_without_people_says_so(client_of, dallas):
    assert "No team staffs this site" in words_of(client_of("viewer").get("/sites/dallas/?tab=people"))
