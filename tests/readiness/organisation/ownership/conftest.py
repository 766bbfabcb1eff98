"""Two sites, people who sign in, and assignments in a word each."""

from datetime import timedelta

import pytest

from accounts.models import User
from readiness.organisation.ownership import operations
from readiness.organisation.ownership.core.standing import Item
from readiness.organisation.ownership.operations import Proposal
from tests.inventory import made
from tests.readiness.organisation.people import made as people

DAY = timedelta(days=1)
RIGHTS = "May stop any placement at the site."


@pytest.fixture
def porto(db):
    there = made.site(name="Porto", slug="porto")
    made.capacity_event(site=there, it_kw=5000.0, accelerators=400)
    return there


@pytest.fixture
def team(db):
    return people.team(name="Fabric", slug="fabric")


@pytest.fixture
def person_of(team, user_of):
    """`person_of("ana")` is a person of the team who signs in as the user ana, a viewer unless told otherwise."""

    def make(username, role="viewer", **given):
        user = User.objects.filter(username=username).first() or user_of(role, username=username)
        return people.person(team, **{"name": f"{username.title()} Reis", "user": user} | given)

    return make


@pytest.fixture
def ana(person_of):
    return person_of("ana")


@pytest.fixture
def rui(person_of):
    return person_of("rui")


@pytest.fixture
def eva(person_of):
    return person_of("eva")


@pytest.fixture
def proposal(team, rui):
    """`proposal(porto, ana)` for the orchestration, with Rui as deputy unless he is who is asked."""

    def make(site, person, item=Item.ORCHESTRATION, **given):
        given = {"deputy": None if person == rui else rui, "escalation": "Call the NOC, then Rui."} | given
        return Proposal(
            **{"site": site, "item": item, "accountable": person, "team": team, "decision_rights": RIGHTS}
            | given
        )

    return make


@pytest.fixture
def ask(proposal, manager, frozen_now):
    """As `proposal`, made by the manager."""

    def make(site, person, item=Item.ORCHESTRATION, **given):
        return operations.propose(proposal(site, person, item, **given), by=manager, now=frozen_now.at)

    return make


@pytest.fixture
def own(ask, frozen_now):
    """As `ask`, and the person accepts at once."""

    def make(site, person, item=Item.ORCHESTRATION, **given):
        return operations.accept(ask(site, person, item, **given), by=person.user, now=frozen_now.at)

    return make


@pytest.fixture
def own_all(own):
    """All seven items of a site."""
    return lambda site, person, **given: [own(site, person, item, **given) for item in Item]
