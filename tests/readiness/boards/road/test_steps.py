"""Where the day of a check comes from: worklist, campaign, go-live review, a declared n-a that begins."""

from datetime import date, timedelta

import pytest
from django.db.models import Q

from readiness.assessment.evidence.models import Review, ReviewAction
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.grants.models import Grant
from readiness.boards.road.steps import StepKind, planned_steps
from readiness.golive.models import Campaign, CampaignItem
from readiness.golive.worklist import operations as worklist
from tests.readiness.assessment.scoring.stored import DAY, NOW

pytestmark = pytest.mark.django_db
CHECK, REVIEW_CHECK = "p5-fabric-health", "p4-golive-review"
EARLY, LATE = date(2026, 12, 3), date(2026, 12, 9)


def step_of(site, check_id=CHECK):
    return planned_steps(lambda path: Q(**{path: site}), now=NOW).get((site.pk, check_id))


@pytest.fixture
def campaign(lagos, planner):
    version = framework_queries.current()[0]
    columns = {"created_by": planner, "created_at": NOW, "framework_version": version}
    return Campaign.objects.create(site=lagos, name="Winter", due_on=LATE, **columns)


def run_of(campaign, **columns):
    given = {"check_id": CHECK, "tool": "nccl-tests", "scope": "site", "targets": "fabric"}
    return CampaignItem.objects.create(campaign=campaign, **given | {"parts": ["link-errors"]} | columns)


def review_at(site, by, *days):
    review = Review.objects.create(site=site, opened_by=by, opened_at=NOW)
    for day in days:
        columns = {"title": "Test", "owner_name": "Ana", "opened_by": by, "opened_at": NOW}
        ReviewAction.objects.create(review=review, due_on=day, **columns)
    return review


def test_no_step(lagos):
    assert step_of(lagos) is None


def test_a_run_has_its_own_day_else_that_of_the_campaign(lagos, campaign):
    run = run_of(campaign)
    assert (step_of(lagos).kind, step_of(lagos).due_on) == (StepKind.RUN, LATE)
    run.due_on = EARLY
    run.save()
    assert step_of(lagos).due_on == EARLY


def test_of_several_runs_the_last_counts(lagos, campaign):
    run_of(campaign, due_on=EARLY)
    last = run_of(campaign, due_on=LATE, parts=["errors"])
    assert (step_of(lagos).pk, step_of(lagos).due_on) == (last.pk, LATE)


def test_a_campaign_that_has_ended_plans_nothing(lagos, campaign, planner):
    run_of(campaign)
    Campaign.objects.update(state="cancelled", ended_by=planner, ended_at=NOW, end_note="Moved")
    assert step_of(lagos) is None


def test_the_worklist_goes_before_a_campaign(lagos, campaign, planner):
    run_of(campaign, assigned_to="Vendor")
    item = worklist.add(site=lagos, check_id=CHECK, due_on=EARLY, by=planner, now=NOW)
    step = step_of(lagos)
    assert (step.kind, step.pk, step.due_on) == (StepKind.WORK_ITEM, item.pk, EARLY)
    assert step.doer_name == "Vendor"


def test_an_item_without_a_day_takes_that_of_the_run_and_keeps_its_owner(lagos, campaign, planner):
    run_of(campaign, assigned_to="Vendor")
    worklist.add(site=lagos, check_id=CHECK, owner_name="Facilities", by=planner, now=NOW)
    step = step_of(lagos)
    assert (step.kind, step.due_on, step.doer_name) == (StepKind.RUN, LATE, "Facilities")


@pytest.mark.parametrize(
    ("days", "due_on"),
    [((EARLY, LATE), LATE), ((LATE, None), None), ((None, LATE), None)],
    ids=["the last of its actions", "one without a day", "the first without a day"],
)
def test_a_review_is_over_after_its_last_action(lagos, planner, days, due_on):
    review_at(lagos, planner, *days)
    step = step_of(lagos, REVIEW_CHECK)
    assert (step.kind, step.due_on) == (StepKind.REVIEW, due_on)


def test_a_review_without_open_actions_has_no_day(lagos, planner):
    review_at(lagos, planner)
    assert step_of(lagos, REVIEW_CHECK) is None


def test_a_declared_na_counts_from_its_beginning(lagos, planner, manager):
    columns = {"kind": "n-a", "check_id": CHECK, "reason": "No fabric", "requested_by": planner}
    days = {"requested_at": NOW, "starts_at": NOW + 5 * DAY, "ends_at": NOW + timedelta(days=90)}
    grant = Grant.objects.create(site=lagos, **columns, **days)
    assert step_of(lagos) is None
    Grant.objects.update(state="approved", approver=manager, decided_at=NOW)
    step = step_of(lagos)
    assert (step.kind, step.pk, step.due_on) == (StepKind.NOT_APPLICABLE, grant.pk, date(2026, 11, 29))
