"""The demo's people tell its stories: computed from dated records, today and in the past."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from inventory.models import Port, Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.checks import ON_RECORD, computed
from readiness.assessment.scoring.gather import gather
from readiness.demo.core.plan import fleet_plan
from readiness.demo.operations.fleet import write_inventory
from readiness.demo.operations.practice import keep_practice
from readiness.demo.operations.runs import Portion
from readiness.organisation.people.models import Drill, Person, Procedure, Shift, Swap
from tests.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.full]
STORIES = [
    ("PHX-1", "p3-role-coverage", "people-per-role", 0, (1, 1)),
    ("PHX-1", "p3-capability-gap", "growth-gap", 0, (27, 41)),
    ("PHX-1", "p3-oncall-staffing", "unqualified-on-call", 0, (1, 1)),
    ("GVX-1", "p3-role-coverage", "people-per-role", 0, (1, 1)),
    ("QUE-1", "p3-training-currency", "on-call", 0, (78, 88)),
    ("QUE-1", "p3-training-currency", "on-call", 121, (100, 100)),
    ("SAT-1", "p3-oncall-staffing", "domains-uncovered", 0, (1, 1)),
    ("SAT-1", "p3-oncall-staffing", "domains-uncovered", 70, (0, 0)),
    ("SEL-1", "p3-cross-domain-literacy", "literate", 0, (38, 49)),
    ("WAW-1", "p3-competency-verified", "assessed", 100, (55, 66)),
    ("WAW-1", "p3-competency-verified", "assessed", 0, (90, 100)),
    ("PNQ-1", "p4-documentation-currency", "documents-missing", 0, (2, 2)),
    ("LON-1", "p4-runbook-coverage", "critical-rules", 0, (87, 88)),
    ("TYO-1", "p3-role-coverage", "people-per-role", 250, (1, 1)),
    ("TYO-1", "p3-role-coverage", "people-per-role", 0, (2, 4)),
    ("TYO-1", "p3-oncall-staffing", "time-on-call", 0, (20, 25)),
    ("TYO-1", "p3-cross-domain-literacy", "literate", 0, (80, 95)),
    ("LON-1", "p3-shared-understanding", "weakest-team", 0, (50, 70)),
]


@pytest.fixture(scope="module")
def written(django_db_setup, django_db_blocker):
    """The sites of the stories as they stand before they have a past, written once: each test begins at it."""
    with django_db_blocker.unblock(), transaction.atomic():
        plan = fleet_plan(names={site for site, *_ in STORIES})
        yield write_inventory(plan, scale=1, portion=Portion.NEWEST, now=NOW)
        transaction.set_rollback(True)


@pytest.mark.parametrize(("site", "check", "part", "days_ago", "between"), STORIES, ids=str)
def test_what_is_known_of_people_comes_to_the_story(written, site, check, part, days_ago, between):
    now, site_id = NOW - timedelta(days=days_ago), Site.objects.get(name=site).pk
    _, framework = framework_queries.current()
    facts = gather([site_id], framework, now=now)[site_id]
    low, high = between
    assert low <= computed(framework, facts, now, ON_RECORD)[check, part].value <= high


def test_the_open_swap_is_of_a_shift_that_is_still_to_come(written):
    swap = Swap.objects.get()
    assert (swap.state, swap.starts_at > NOW) == ("open", True)
    assert Shift.objects.filter(person=swap.person, starts_at=swap.starts_at, level=swap.level).exists()


def test_drills_and_reviews_go_on_while_the_demo_is_loaded(written):
    sites = {site.name: site for site in Site.objects.all()}
    later, before = NOW + timedelta(days=160), Drill.objects.count()
    ids = written.made[Person._meta.label]
    assert keep_practice(sites, ids, loaded_at=NOW, last_at=NOW, now=later) > 0
    assert Drill.objects.filter(held_at__gt=NOW, held_at__lte=later).count() >= len(sites)
    assert Drill.objects.count() > before
    runbooks = Procedure.objects.filter(kind="runbook")
    assert set(runbooks.values_list("reviewed_at", flat=True)) == {later}


def test_postgresql_has_counted_the_inventory(written):
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'inventory_port'")
        assert cursor.fetchall() == [(Port.objects.count(),)]
