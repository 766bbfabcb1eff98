"""What the demo knows of its sites' costs and energy: all of it dated and simulated, with gaps and disagreements."""

from datetime import timedelta

import pytest
from django.db import transaction

from inventory.models import Site
from readiness.demo.core.factors import hours
from readiness.demo.core.plan import book, fleet_plan
from readiness.demo.operations.factors import keep_hours, load_published
from readiness.demo.operations.fleet import write_inventory
from readiness.demo.operations.removal import remove
from readiness.tradeoffs.factors import queries
from readiness.tradeoffs.factors.core.factors import ValueBasis, compared
from readiness.tradeoffs.models import ExchangeRate, FactorDay, SiteFactor
from tests.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.full]
SITES = {"DUB-1", "DXB-1", "JNB-1", "LON-1"}


@pytest.fixture(scope="module")
def written(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        fleet = write_inventory(fleet_plan(names=SITES), scale=1, now=NOW)
        load_published(by=None, now=NOW)
        yield fleet
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def known(written):
    return {site.name: site for site in queries.factors_of(None, NOW)}


def test_every_site_of_the_plan_has_factors_and_every_node_type_its_costs():
    plan = fleet_plan()
    assert {site.name for site in plan.sites} == set(book("factors")["sites"])
    assert {site.node_type.key for site in plan.sites} <= set(book("factors")["accelerators"])


def test_all_that_was_entered_is_simulated_and_dated_before(written):
    entered = SiteFactor.objects.exclude(source__startswith="codecarbon")
    assert set(entered.values_list("provenance", flat=True)) == {"simulated"}
    assert set(FactorDay.objects.values_list("provenance", flat=True)) == {"simulated"}
    assert not SiteFactor.objects.filter(as_of_on__gt=NOW.date()).exists()
    assert not SiteFactor.objects.exclude(caution="").exists()


def test_one_site_has_an_unknown_and_one_has_sources_that_disagree(known):
    assert known["DXB-1"].factors["electricity_price"].best is None
    assert known["DXB-1"].factors["accelerator_hour_cost"].best is None
    assert known["DUB-1"].factors["carbon_average"].disagrees
    assert known["LON-1"].factors["staffing_cover"].unknown


def test_what_an_hour_costs_is_computed_in_dollars_where_a_rate_is_known(known):
    cost = known["LON-1"].factors["accelerator_hour_cost"].best
    assert (cost.basis, cost.provenance, cost.unit) == (ValueBasis.COMPUTED, "simulated", "USD/h")
    assert cost.detail.startswith(f"capital {11_000 / (5 * 8766):.4g}, the rest energy")
    assert "No rate from ZAR" in known["JNB-1"].factors["accelerator_hour_cost"].unknown


def test_prices_compare_in_one_currency_except_where_no_rate_is_known(known):
    rates = queries.known_rates(NOW)
    price = compared(known["LON-1"].factors["electricity_price"], rates, "EUR").best
    assert 0.05 < price.value < 0.2
    assert "No rate from ZAR" in compared(known["JNB-1"].factors["electricity_price"], rates, "EUR").unknown


def test_hours_reach_to_the_end_of_tomorrow_and_go_on(written):
    half_hours = FactorDay.objects.filter(site__name="LON-1")
    assert half_hours.latest("day_on").day_on == (NOW + timedelta(days=1)).date()
    assert half_hours.latest("day_on").known == 48
    assert keep_hours(Site.objects.all(), by=None, now=NOW) == 0
    series = FactorDay.objects.values("site", "kind").distinct().count()
    assert keep_hours(Site.objects.all(), by=None, now=NOW + timedelta(days=1)) == series


def test_hours_are_the_same_whenever_they_are_made():
    row = next(row for row in book("factors")["hours"] if row["site"] == "FRA-1")
    day = NOW.date()
    alone = hours(row, day, day, utc_offset_h=1)
    longer = hours(row, day - timedelta(days=3), day, utc_offset_h=1)
    assert [each.value for each in alone] == [each.value for each in longer[-24:]]
    year = [each.value for each in hours(row, day - timedelta(days=365), day, utc_offset_h=1)]
    assert min(year) < 0 < max(year)
    assert sum(year) / len(year) == pytest.approx(row["base"] - row["noon"] / 8, rel=0.15)


def test_the_demo_takes_its_rates_along(written):
    assert ExchangeRate.objects.count() == 30
    remove(by=None, now=NOW)
    assert not ExchangeRate.objects.exists()
    assert not SiteFactor.objects.exists()
