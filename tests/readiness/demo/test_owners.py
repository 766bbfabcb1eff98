"""Who answers for what in the demo: a leaver, an owner with too much, two hand-overs that wait, and gaps."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.demo import operations as demo
from readiness.demo.core.plan import book, fleet_plan
from readiness.demo.models import DemoFleet
from readiness.demo.operations.inventory import write_regions, write_sites
from readiness.demo.operations.made import DemoObjects
from readiness.demo.operations.people import keep_owned, people, write_logins, write_owners
from readiness.organisation.ownership import gaps
from readiness.organisation.ownership.core.standing import CONFIRM_EVERY, Item
from readiness.organisation.ownership.gaps import OwnershipQueue
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.ownership.queries import terms_of
from readiness.organisation.people.models import Person, Team
from tests.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.full]


@pytest.fixture(scope="module")
def owned(django_db_setup, django_db_blocker):
    """All sites of the plan without their hardware, written once: each test begins at it."""
    with django_db_blocker.unblock(), transaction.atomic():
        plan, made = fleet_plan(), DemoObjects()
        sites = write_sites(plan, write_regions(plan.fleet["regions"], made), made)
        write_logins(made, now=NOW)
        write_owners(sites, people(made.ids), made, now=NOW)
        yield made
        transaction.set_rollback(True)


def test_every_queue_has_something(owned):
    found = Counter(gap.queue for gap in gaps.fleet(now=NOW).gaps())
    assert set(found) == set(OwnershipQueue)
    assert found[OwnershipQueue.UNANSWERED] == len(Item)
    assert found[OwnershipQueue.OVERDUE] == len(Item)


def test_one_left_one_has_too_much_and_two_hand_over(owned):
    fleet = gaps.fleet(now=NOW)
    assert [load.person for load in fleet.loads if load.gone] == ["Peter Whitcomb"]
    assert [load.person for load in fleet.loads if load.is_overloaded] == ["Ingrid Solberg"]
    changing = [cell for site in fleet.sites for cell in site.cells.values() if cell.current and cell.coming]
    assert len(changing) == len(book("owners")["handing_over"]) == 2


def test_nothing_is_dated_after_the_demo_was_loaded(owned):
    for name in ("proposed_at", "answered_at", "confirmed_at", "effective_at", "ended_at"):
        assert not Assignment.objects.filter(**{f"{name}__gt": NOW}).exists(), name


def test_sites_that_are_ready_are_owned_by_items_since_one_instant(owned):
    names = {"ASH-1", "TYO-1", "FRA-1", "PAR-1", "ZRH-1", "WAW-1"}
    board = {site.site.name: site for site in gaps.fleet(now=NOW).sites}
    assert {name for name in names if board[name].gaps} == set()
    for site in Site.objects.filter(name__in=names):
        begun = Assignment.objects.filter(site=site, state="accepted").values_list("effective_at", flat=True)
        [accepted_at] = set(begun)
        assert terms_of([site.pk], now=accepted_at - timedelta(seconds=1)) == {}
        assert len(terms_of([site.pk], now=accepted_at)[site.pk]) == len(Item)


def test_the_logins_are_people_who_own_something(owned):
    ruth = Person.objects.get(user__username="ops")
    assert Assignment.objects.only_in_force(NOW).filter(accountable=ruth).count() == len(Item)
    assert Assignment.objects.filter(accountable=ruth, state="proposed").count() == 1


def test_owners_confirm_in_time_and_what_ran_out_stays_overdue(owned):
    at = NOW + timedelta(days=8)
    ids = list(Site.objects.values_list("pk", flat=True))
    assert keep_owned(ids, now=at) == len(Item)
    marseille = Assignment.objects.only_in_force(at).filter(site__name="MRS-1")
    assert set(marseille.values_list("due_at", flat=True)) == {at + CONFIRM_EVERY}
    assert {gap.site.name for gap in gaps.fleet(now=at).gaps() if gap.queue is OwnershipQueue.OVERDUE} == {
        "PNQ-1"
    }


def test_taking_the_demo_out_takes_them_along(owned):
    DemoFleet.objects.create(loaded_at=NOW, scale=1, site_names=[], made=owned.ids)
    demo.remove(by=None, now=NOW)
    assert not Person.objects.exists()
    assert not Team.objects.exists()
    assert not User.objects.filter(username__startswith="demo-").exists()
