"""Nobody who has left is named as an owner: on the panel, on lists, on the page of a site and of a check."""

from datetime import timedelta

import pytest

from readiness.organisation.ownership import operations as ownership
from readiness.organisation.ownership.core.standing import Item
from tests.inventory import made
from tests.pages import rows_of, text_of, words_in
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import DAY, NOW
from tests.readiness.boards.problems.told import (
    address_of,
    check_problem,
    panel_of,
    problem_of,
    reason_about,
    section_of,
)
from tests.readiness.organisation.people import made as people

pytestmark = pytest.mark.django_db
LEFT = "Ilse Brandt left on 14 Nov 2026; nobody owns it"


@pytest.fixture(autouse=True)
def _judged_now(frozen_now):
    frozen_now.at = NOW


@pytest.fixture
def lisbon():
    site = stored.site(name="Lisbon", slug="lis", owner="", kw=88.0)
    stored.result(site, "p2-power-headroom", "fail")
    return site


@pytest.fixture
def own(lisbon, user_of):
    """`own(item)`: Ilse accepts the item of the site."""
    team = people.team(name="South crew")
    ilse = people.person(team, name="Ilse Brandt", user=user_of("viewer", username="ilse"))

    def accept(item=Item.ORCHESTRATION):
        proposal = ownership.Proposal(
            site=lisbon,
            item=item,
            accountable=ilse,
            team=team,
            deputy=people.person(team),
            decision_rights="May stop any placement.",
            escalation="Call the NOC.",
        )
        at = NOW - 60 * DAY
        asked = ownership.propose(proposal, by=user_of("manager"), now=at)
        ownership.accept(asked, by=ilse.user, now=at)
        return ilse

    return accept


def leave(person):
    person.left_at = NOW - 10 * DAY
    person.save()


@pytest.fixture
def problem(lisbon):
    feed = made.device(site=lisbon, name="ups-3", role="ups")
    told = {"metric": "upsBatteryStatus", "title": "Battery is low", "value": 3.0}
    return problem_of(lisbon, reason_about(feed, "device", **told), domain="energy")


PLACES = {
    "the list of problems": "/problems/",
    "the list of sites": "/sites/",
    "the page of the site": "/sites/lis/",
    "the page of the check": "/readiness/checks/p2-power-headroom/",
}


@pytest.mark.parametrize("path", PLACES.values(), ids=PLACES)
def test_an_owner_is_named_until_they_leave(client_of, own, problem, path):
    ilse, client = own(), client_of("ops")
    assert "Ilse Brandt" in words_in(text_of(client.get(path)))
    leave(ilse)
    assert LEFT in words_in(text_of(client.get(path)))


def test_the_panel_names_the_owner_of_the_domain_before_that_of_the_site(client_of, own, problem):
    own()
    client = client_of("ops")
    answers = section_of(panel_of(client, problem), "Who answers")
    assert "Owner, orchestration overall Ilse Brandt, South crew" in answers
    own(Item.ENERGY)
    assert "Owner, energy Ilse Brandt" in section_of(panel_of(client, problem), "Who answers")


def test_the_panel_says_that_the_owner_left(client_of, own, problem):
    leave(own(Item.ENERGY))
    answers = section_of(panel_of(client_of("ops"), problem), "Who answers")
    assert LEFT in answers
    assert "South crew" in answers


def test_whoever_cannot_sign_in_any_more_has_left(client_of, own, problem):
    ilse = own()
    ilse.user.is_active = False
    ilse.user.save()
    page = words_in(text_of(client_of("ops").get("/problems/")))
    assert "Ilse Brandt cannot sign in any more; nobody owns it" in page


def test_viewers_learn_that_the_owner_left_and_not_who_it_was(client_of, own, problem):
    leave(own())
    client = client_of("viewer")
    page = words_in(text_of(client.get(address_of(problem))))
    assert "The owner left on 14 Nov 2026; nobody owns it" in page
    assert "Ilse" not in page


def test_a_last_day_that_is_to_come_takes_nothing(client_of, own, problem):
    ilse = own()
    ilse.left_at = NOW + timedelta(days=3)
    ilse.save()
    assert "nobody owns it" not in words_in(text_of(client_of("ops").get("/problems/")))


def test_a_file_names_nobody(client_of, own, problem):
    leave(own())
    rows = rows_of(client_of("ops").get("/problems/?export=csv&kind=health&cols=what,owner"))
    assert [row["Owner"] for row in rows] == ["nobody, South crew"]


def test_a_site_without_an_owner_says_so(client_of, lisbon):
    problem = check_problem(lisbon, "p2-power-headroom")
    assert "No owner" in section_of(panel_of(client_of("ops"), problem), "Who answers")
