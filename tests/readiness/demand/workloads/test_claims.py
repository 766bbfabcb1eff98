"""Every write to workloads leaves a claim row for the sites whose envelope or placement it touched."""

from datetime import date

import pytest

from inventory.models import SiteChange
from readiness.demand.workloads.models import Placement, UserRegion, WorkloadClass
from tests.inventory import made

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat():
    return WorkloadClass.objects.create(name="Chat", slug="chat", latency_limit_ms=80)


@pytest.fixture
def here():
    return made.site()


@pytest.fixture
def claimed():
    """Sites claimed by workloads since the last call."""

    def take():
        taken = set(SiteChange.objects.filter(origin="workload").values_list("site_id", flat=True))
        SiteChange.objects.all().delete()
        return taken

    return take


@pytest.fixture
def placed(chat, here, claimed):
    placement = Placement.objects.create(workload_class=chat, site=here, started_on=date(2026, 1, 1))
    claimed()
    return placement


def test_a_placement_claims_its_site(chat, here, claimed):
    Placement.objects.create(workload_class=chat, site=here, started_on=date(2026, 1, 1))
    assert claimed() == {here.pk}


def test_a_placement_that_moves_claims_both_sites(placed, here, claimed):
    there = made.site()
    placed.site = there
    placed.save()
    assert claimed() == {here.pk, there.pk}


def test_a_placement_that_goes_claims_its_site(placed, here, claimed):
    placed.delete()
    assert claimed() == {here.pk}


def test_a_limit_changed_in_bulk_claims_the_sites_of_the_class(placed, here, claimed):
    made.site()
    WorkloadClass.objects.update(latency_limit_ms=40)
    assert claimed() == {here.pk}


def test_a_save_that_changes_nothing_claims_nothing(placed, chat, claimed):
    chat.save()
    assert claimed() == set()


def test_a_region_served_or_no_longer_served_claims_the_sites_of_the_class(placed, chat, here, claimed):
    iberia = UserRegion.objects.create(name="Iberia", slug="iberia")
    assert claimed() == set()
    chat.user_regions.add(iberia)
    assert claimed() == {here.pk}
    chat.user_regions.remove(iberia)
    assert claimed() == {here.pk}


def test_a_site_can_be_deleted_with_its_placements(placed, here):
    here.delete()
    assert not Placement.objects.exists()
    assert not SiteChange.objects.exists()


def test_a_placement_holds_on_its_last_day(placed):
    placed.ended_on = date(2026, 3, 1)
    placed.save()
    held = [Placement.objects.holding_on(date(2026, 3, day)).exists() for day in (1, 2)]
    assert held == [True, False]
