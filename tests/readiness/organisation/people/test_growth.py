"""p3-capability-gap as evaluated: what counts, what is unknown with which reason, and when it changes."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.queries import site_facts
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.assessment.scoring.operations import evaluate
from readiness.organisation.people.facts import people_facts
from tests.inventory import made as inventory
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.organisation.people import made, scenes

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
    assert "1 qualified person assigned now; 1 was 180 days ago" in parts["growth-gap"]["reason"]


def test_from_zero_it_is_unknown_with_the_reason_and_figures_for_each_person(dallas):
    scenes.outgrown(dallas, NOW)
    made.Qualification.objects.update(shown_at=NOW - 10 * DAY)
    # What was changed waits for its assessor again.
    made.Qualification.objects.update(confirmed_at=NOW - 10 * DAY)
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


class TestWhoCounts:
    """One site that asks for level 2 of a skill, on the switches of each vendor or on any."""

    @pytest.fixture
    def skill(self, dallas):
        skill = made.skill()
        made.rule(skill, subject="site", level=2)
        return skill

    @pytest.fixture
    def team(self, dallas):
        team = made.team()
        made.staffing(dallas, team, begins_at=NOW - 500 * DAY)
        return team

    def numbers(self):
        [facts] = facts_statements(NOW)[1].values()
        return facts.growth.qualified_then, facts.growth.qualified_now

    @pytest.mark.parametrize(
        ("given", "counts"),
        [
            pytest.param({}, (1, 1), id="all the time"),
            pytest.param({"shown_at": NOW - 100 * DAY}, (0, 1), id="since a hundred days"),
            pytest.param({"valid_until": NOW}, (1, 0), id="until this instant"),
            pytest.param({"valid_until": NOW + timedelta(seconds=1)}, (1, 1), id="for one more second"),
            pytest.param({"level": 1}, (0, 0), id="below the level"),
        ],
    )
    def test_whose_qualification_counts(self, team, skill, given, counts):
        made.qualification(made.person(team), skill, **{"level": 2, "shown_at": NOW - 400 * DAY} | given)
        made.qualification(made.person(team), made.skill(), level=2, shown_at=NOW - 400 * DAY)
        made.qualification(made.person(), skill, level=2, shown_at=NOW - 400 * DAY)
        assert self.numbers() == counts

    def test_a_vendor_has_to_be_the_one_it_was_shown_on(self, dallas, team):
        switch = made.hardware(inventory.manufacturer())
        inventory.device(site=dallas, device_type=switch, role="switch")
        skill = made.skill()
        made.rule(skill)
        for shown_on in (switch, None):
            made.qualification(made.person(team), skill, device_type=shown_on, shown_at=NOW - 400 * DAY)
        assert self.numbers() == (1, 1)

    @pytest.mark.parametrize(
        ("ago", "counts"),
        [pytest.param(190, (0, 1), id="half a year ago"), pytest.param(5, (1, 0), id="now")],
    )
    def test_an_exemption_leaves_the_time_around_it(self, team, skill, ago, counts):
        person, begins_at = made.person(team), NOW - ago * DAY
        made.qualification(person, skill, level=2, shown_at=NOW - 400 * DAY)
        for days in (20, 30):
            made.exemption(person, skill, begins_at=begins_at, ends_at=begins_at + days * DAY)
        assert self.numbers() == counts

    @pytest.mark.parametrize(
        ("first", "last", "domain", "counts"),
        [
            pytest.param(-200, 0, "network", (1, 1), id="those on call half a year ago and now"),
            pytest.param(-100, 0, "network", (2, 2), id="a younger rotation leaves those assigned"),
            pytest.param(-200, -40, "network", (2, 2), id="a rotation that ended leaves those assigned"),
            pytest.param(-200, 0, "energy", (0, 0), id="only skills of the domain they are on call for"),
        ],
    )
    def test_on_call(self, dallas, team, skill, first, last, domain, counts):
        people = [made.person(team), made.person(team)]
        for person in people:
            made.qualification(person, skill, level=2, shown_at=NOW - 400 * DAY)
        rotation = made.rotation(dallas, domain=domain)
        for days in range(first, last + 1, 20):
            made.shift(rotation, people[0], now=NOW + days * DAY)
        assert self.numbers() == counts

    def test_it_follows_the_end_of_a_shift(self, dallas, team, skill):
        people = [made.person(team), made.person(team)]
        for person in people:
            made.qualification(person, skill, level=2, shown_at=NOW - 400 * DAY)
        rotation = made.rotation(dallas, domain="network")
        for days in (-200, -35):
            made.shift(rotation, people[0], now=NOW + days * DAY, ends_at=NOW + (days + 40) * DAY)
        assert self.numbers() == (1, 1)
        made.Shift.objects.filter(ends_at__gt=NOW).update(ends_at=NOW - 34 * DAY)
        assert self.numbers() == (2, 2)


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
