"""A site with people on call and an owner, who have channels; alerts of it."""

from datetime import timedelta
from itertools import count

import pytest

from inventory.models import Site
from readiness.loop.alerts.core.kinds import NoticeReason
from readiness.loop.alerts.core.transitions import Transition
from readiness.loop.alerts.models import Alert, Notice
from readiness.loop.alerts.telling.flush import flush
from readiness.loop.alerts.telling.notices import write_notices
from readiness.organisation.ownership import operations as ownership
from readiness.organisation.ownership.core.standing import Item
from readiness.organisation.ownership.operations import Proposal
from tests.conftest import NOW, make_user
from tests.inventory import made
from tests.readiness.organisation.people import made as people
from tests.web.delivery import made as delivery
from web.delivery.models import Message

MINUTE = timedelta(minutes=1)


@pytest.fixture
def porto(db):
    return made.site(name="Porto", slug="porto")


@pytest.fixture
def member(db):
    """`member("ana")` is a person who signs in as ops; with `kind`, with a channel of it, verified."""

    def make(username, kind="mail", role="ops", **columns):
        user = make_user(role, username=username)
        if kind:
            delivery.channel(user, kind=kind, name=f"{username}'s {kind}", address=f"{username}@example.com")
        return people.person(name=f"{username.title()} Reis", user=user, **columns)

    return make


@pytest.fixture
def ana(member):
    return member("ana")


@pytest.fixture
def rui(member):
    return member("rui")


@pytest.fixture
def eva(member):
    return member("eva")


@pytest.fixture
def own(manager, frozen_now):
    """The person accepts to answer for an item of the site."""

    def make(site, person, item=Item.COMPUTE, **columns):
        proposal = Proposal(
            **{
                "site": site,
                "item": item,
                "accountable": person,
                "team": people.team(),
                "decision_rights": "May stop any placement.",
                "escalation": "Call the NOC.",
                "deputy": None,
                **columns,
            }
        )
        asked = ownership.propose(proposal, by=manager, now=NOW)
        return ownership.accept(asked, by=person.user, now=NOW)

    return make


@pytest.fixture
def on_call(porto, ana, rui):
    """Ana is primary for compute at Porto, Rui secondary."""
    rotation = people.rotation(porto, domain="compute")
    people.shift(rotation, ana, now=NOW)
    people.shift(rotation, rui, now=NOW, level=2)
    return rotation


_numbers = count(1)


@pytest.fixture
def alert_at(db):
    def make(site: Site | None, **columns):
        number = next(_numbers)
        usual = {
            "key": f"problem:{number}",
            "kind": "health",
            "group": f"group {number}",
            "severity": "critical",
            "rank": 0,
            "domain": "compute",
            "title": "GPU temperature is critical",
            "began_at": NOW - MINUTE,
            "raised_at": NOW,
            "standing": "escalating",
            "standing_since": NOW,
            "escalating_since": NOW,
            "kw": 400.0,
        }
        return Alert.objects.create(site=site, **{**usual, **columns})

    return make


def told(alerts, reason=NoticeReason.BEGAN, *, level=1, turn=1, now=NOW):
    """The notices that a transition of each alert leaves."""
    alerts = alerts if isinstance(alerts, list) else [alerts]
    write_notices([Transition(alert, reason, level, turn) for alert in alerts], now=now)
    return list(Notice.objects.filter(alert__in=alerts, turn=turn).order_by("pk"))


def names(notices):
    return [
        (notice.user.username if notice.user else str(notice.channel), notice.role, notice.lack)
        for notice in notices
    ]


def sent(now=NOW):
    """The messages that leave now."""
    before = set(Message.objects.values_list("pk", flat=True))
    flush(now=now)
    return list(Message.objects.exclude(pk__in=before).order_by("pk"))
