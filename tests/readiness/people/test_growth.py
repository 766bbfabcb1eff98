"""p3-capability-gap as evaluated: what counts, what is unknown with which reason, and when it changes."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.queries import site_facts
from readiness.people.facts import people_facts
from readiness.scoring.models import CheckResult, SiteScore
from readiness.scoring.operations import evaluate
from tests.inventory import made as inventory
from tests.readiness.people import made, scenes
from tests.readiness.scoring.stored import NOW

pytestmark = pytest.mark.django_db
CHECK, DAY = "p3-capability-gap", timedelta(days=1)


@pytest.fixture(autouse=True)
def _now(frozen_now):
    frozen_now.at = NOW


@pytest.fixture
def dallas(db):
    return inventory.site(name="Dallas", slug="dallas", stage="production")


def parts_of(site, now=NOW):
    evaluate(site_ids=[site.pk], now=now)
    result = CheckResult.objects.get(site=site, check_id=CHECK)
    return {part["part"]: part for part in result.parts}


def test_capacity_that_outgrows_people_fails_with_both_numbers(dallas):
    scenes.outgrown(dallas, NOW)
    parts = parts_of(dallas)
    assert (parts["growth-gap"]["state"], parts["growth-gap"]["value"]) == ("fail", 100)
    assert parts["accelerators-per-person"]["value"] == 128
    assert "1 qualified person assigned, 1 180 days ago" in parts["growth-gap"]["reason"]


def test_from_zero_it_is_unknown_with_the_reason_and_figures_for_each_person(dallas):
    scenes.outgrown(dallas, NOW)
    made.Qualification.objects.update(shown_at=NOW - 10 * DAY)
    parts = parts_of(dallas)
    assert parts["growth-gap"]["state"] == "unknown"
    assert "Nobody was qualified 180 days ago" in parts["growth-gap"]["reason"]
    assert parts["accelerators-per-person"]["value"] == 128


def test_a_qualification_that_runs_out_changes_it_at_that_instant(dallas):
    scenes.outgrown(dallas, NOW)
    noon = NOW + 5 * DAY
    made.Qualification.objects.update(valid_until=noon)
    assert parts_of(dallas, noon - timedelta(seconds=1))["growth-gap"]["value"] == 100
    assert SiteScore.objects.get(site=dallas).changes_at <= noon
    assert parts_of(dallas, noon)["growth-gap"]["value"] == 200


def facts_statements(now: datetime):
    sites = {site.id: site for site in site_facts()}
    with CaptureQueriesContext(connection) as captured:
        facts = people_facts(sites, now=now)
    return len(captured), facts


def test_many_sites_cost_the_statements_of_one(dallas):
    scenes.outgrown(dallas, NOW)
    one, facts = facts_statements(NOW)
    assert facts[dallas.pk].growth.qualified_now == 1
    for number in range(5):
        scenes.outgrown(inventory.site(name=f"More {number}", slug=f"more-{number}"), NOW)
    many, facts = facts_statements(NOW)
    assert many == one
    assert [each.growth.qualified_now for each in facts.values()] == [1] * 6
