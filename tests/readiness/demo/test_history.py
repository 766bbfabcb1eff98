"""The demo's 18 months: dated inputs that the product scored, and scores again to the same."""

import itertools
import random
from datetime import timedelta

import pytest

from accounts.models import User
from readiness.assessment.evidence.models import RecordedFact, ValidationRun
from readiness.assessment.evidence.proofs import proofs
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.models import Flip, ScorePoint, SiteScore
from readiness.demo import operations
from readiness.tradeoffs.models import Decision, PortfolioRun
from tests.conftest import NOW
from tests.readiness.assessment.scoring import stored
from tests.readiness.demo.scenes import demo_past

pytestmark = [pytest.mark.django_db, pytest.mark.full]
# Since 196 days: not ready, then conditional, then ready.
SITE = "WAW-1"


@pytest.fixture(autouse=True)
def fleet(on_scene):
    return on_scene(demo_past)


def all_points():
    return ScorePoint.objects.filter(site__name=SITE).order_by("on_date")


def points():
    return random.Random(18).sample(list(all_points()), 10)


def test_ten_random_dates_are_scored_again_to_what_is_stored():
    assert {point.on_date: stored.differences(point) for point in points()} == {
        point.on_date: {} for point in points()
    }


def test_what_was_on_record_on_ten_random_dates_is_what_they_were_judged_by():
    _, framework = framework_queries.current()
    for point in points():
        kept = stored.kept_at(point)
        proved = proofs([point.site_id], framework, now=kept.evaluated_at)[point.site_id]
        said = {
            key: reading
            for key, reading in kept.inputs.readings.items()
            if reading.evidence.startswith("fact:")
        }
        for key, reading in said.items():
            assert (reading.value, reading.taken_at) in {(one.value, one.taken_at) for one in proved[key]}, (
                key
            )
    assert len(said) > 30


def test_it_went_from_not_ready_over_conditional_to_ready_and_a_flip_says_when():
    verdicts = Flip.objects.filter(site__name=SITE, subject="verdict").order_by("at")
    assert [flip.to_state for flip in verdicts] == ["not-ready", "conditional", "ready"]
    assert SiteScore.objects.get(site__name=SITE).verdict == "ready"


def test_it_became_ready_when_its_runs_came_and_its_score_rose_with_them():
    first_run = ValidationRun.objects.filter(site__name=SITE, tool="nccl-tests").earliest("taken_at")
    ready = Flip.objects.get(site__name=SITE, subject="verdict", to_state="ready")
    assert timedelta(0) < ready.at - first_run.taken_at <= timedelta(days=8)
    before = all_points().filter(on_date__lt=first_run.taken_at.date()).last()
    after = all_points().filter(on_date__gt=first_run.taken_at.date()).first()
    assert (before.verdict, after.verdict) == ("conditional", "ready")
    assert after.score - before.score > 0.05


def test_a_decision_of_six_weeks_ago_was_approved_reviewed_and_proves_how_far_it_was_off():
    decision = Decision.objects.get(site__name=SITE)
    assert (decision.state, decision.workload_slug) == ("approved", "assistant-emea")
    assert decision.decided_by != decision.answered_by
    assert timedelta(days=35) <= NOW - decision.decided_at <= timedelta(days=43)
    assert decision.decided_at < decision.answered_at < decision.reviewed_at < NOW
    outcomes = {one.objective: one.outcome for one in decision.forecasts.select_related("outcome")}
    assert outcomes["site-peak-power"].value > 0
    assert outcomes["latency"].value > 0
    facts = RecordedFact.objects.filter(check_id="p5-forecast-accuracy", source__startswith="Decisions")
    assert [(fact.part, fact.value < 30) for fact in facts] == [("power-error", True)]


def test_a_portfolio_of_the_present_is_worked_out():
    run = PortfolioRun.objects.get()
    assert (run.state, run.points_done) == ("done", run.points_total)


def test_removal_takes_decisions_and_portfolios_along():
    operations.remove(by=None, now=NOW)
    assert not Decision.objects.exists()
    assert not PortfolioRun.objects.exists()
    assert not User.objects.filter(username__in=("planner", "manager")).exists()


def test_scores_reach_back_to_the_first_capacity_every_four_weeks_at_least():
    days = list(all_points().values_list("on_date", flat=True))
    assert (NOW.date() - days[0]).days > 160
    assert max(later - sooner for sooner, later in itertools.pairwise(days)) <= timedelta(days=28)
