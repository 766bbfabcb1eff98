"""Plans on the worklist: put there in one operation, and taken off again."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from readiness.golive.models import WorkItem, WorkPlan
from readiness.golive.worklist import operations, plans
from readiness.golive.worklist.plans import PlannedPair
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.golive.worklist.conftest import CHECK
from web.permissions import MissingPermission
from web.workflows import NotInState

pytestmark = pytest.mark.django_db
DUE = date(2026, 12, 20)
SOAK = "p1-soak-24h"


@pytest.fixture
def plan_of(porto, planner):
    """`plan_of(CHECK, SOAK)` puts these checks at Porto on the worklist as one plan."""

    def make(*checks, owner_name="Facilities", by=planner):
        pairs = [PlannedPair(porto, check, owner_name) for check in checks]
        return plans.add(name="By Christmas", due_on=DUE, pairs=pairs, by=by, now=NOW)

    return make


def items():
    return {item.check_id: item for item in WorkItem.objects.live()}


def test_each_check_gets_an_item_with_owner_and_day(plan_of):
    plan = plan_of(CHECK, SOAK)
    assert {(item.owner_name, item.due_on, item.note) for item in items().values()} == {
        ("Facilities", DUE, "By Christmas")
    }
    assert plan.steps.filter(is_new=True).count() == 2


def test_an_item_that_is_there_keeps_its_owner_and_gets_the_day(plan_of, put, porto, ops):
    put(porto, owner=ops)
    put(porto, check_id=SOAK, due_on=date(2027, 5, 1))
    plan_of(CHECK, SOAK)
    assert (items()[CHECK].owner, items()[CHECK].owner_name, items()[CHECK].due_on) == (ops, "", DUE)
    assert (items()[SOAK].owner_name, items()[SOAK].due_on) == ("Facilities", DUE)


def test_removing_it_takes_everything_back(plan_of, put, porto, planner):
    put(porto, check_id=SOAK, due_on=date(2027, 5, 1))
    plan = plan_of(CHECK, SOAK)
    assert plans.remove(plan, by=planner, now=NOW) == 1
    assert set(items()) == {SOAK}
    assert (items()[SOAK].owner_name, items()[SOAK].due_on) == ("", date(2027, 5, 1))
    assert not WorkPlan.objects.exists()


def test_what_somebody_has_begun_or_moved_stays(plan_of, planner):
    plan = plan_of(CHECK, SOAK)
    operations.change(items()[CHECK], status="in-progress", by=planner, now=NOW)
    operations.change(items()[SOAK], due_on=DUE + timedelta(days=3), by=planner, now=NOW)
    assert plans.remove(plan, by=planner, now=NOW) == 0
    assert set(items()) == {CHECK, SOAK}


def test_it_is_removed_once(plan_of, planner):
    plan = plan_of(CHECK)
    plans.remove(WorkPlan.objects.get(pk=plan.pk), by=planner, now=NOW)
    with pytest.raises(NotInState):
        plans.remove(plan, by=planner, now=NOW)


def test_it_needs_steps_and_a_name(porto, planner):
    with pytest.raises(ValidationError, match="1 to 1000 steps"):
        plans.add(name="Empty", due_on=DUE, pairs=[], by=planner, now=NOW)
    pair = PlannedPair(porto, CHECK, "")
    with pytest.raises(ValidationError, match="blank"):
        plans.add(name="  ", due_on=DUE, pairs=[pair], by=planner, now=NOW)
    with pytest.raises(ValidationError, match="has no check"):
        plans.add(name="Wrong", due_on=DUE, pairs=[PlannedPair(porto, "p9-no", "")], by=planner, now=NOW)


def test_ops_may_neither_make_nor_remove_one(plan_of, ops):
    with pytest.raises(MissingPermission):
        plan_of(CHECK, by=ops)
    with pytest.raises(MissingPermission):
        plans.remove(plan_of(CHECK), by=ops, now=NOW)
