"""The demo has sites of each verdict, and says of each what it rests on: runs, declarations, or what is left undone.

Some of each are loaded with the last hour of their history: those with the fewest devices.
"""

from datetime import timedelta

import pytest

from readiness.assessment.evidence.models import RecordedFact
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.golive.models import WorkPlan
from readiness.loop.findings.models import Finding
from readiness.loop.findings.proving import SOURCE
from tests.conftest import NOW
from tests.readiness.demo.scenes import DECLARED, NOT_READY, OPEN, READY, demo_verdicts

pytestmark = [pytest.mark.django_db, pytest.mark.full]


@pytest.fixture(autouse=True)
def fleet(on_scene):
    return on_scene(demo_verdicts)


def test_five_sites_are_ready_six_conditional_and_three_not_ready():
    verdicts = dict(SiteScore.objects.values_list("site__name", "verdict"))
    assert verdicts == (
        dict.fromkeys(READY, "ready")
        | dict.fromkeys((*OPEN, DECLARED), "conditional")
        | dict.fromkeys(NOT_READY, "not-ready")
    )


def test_the_shipped_framework_judged_them():
    versions = SiteScore.objects.values_list("framework_version__version", flat=True).order_by()
    assert set(versions.distinct()) == {"muster-2"}


@pytest.mark.parametrize("site", [*READY, *OPEN])
def test_these_sites_are_proved_by_runs_and_telemetry_and_not_by_declarations(site):
    assert SiteScore.objects.get(site__name=site).capped == []
    proved = {
        row["evidence"].partition(":")[0]
        for result in CheckResult.objects.filter(site__name=site, check_id__startswith="p1-")
        for row in result.parts
        if result.check_id != "p1-commissioning-l5" and row["state"] != "n-a"
    }
    assert proved == {"run"}


def test_one_site_is_conditional_because_of_declarations_alone():
    score = SiteScore.objects.get(site__name=DECLARED)
    assert {"p1-accelerator-diag", "p1-serving-latency", "p1-soak-24h", "p2-failover-drill"} <= set(
        score.capped
    )
    results = CheckResult.objects.filter(site__name=DECLARED)
    assert not results.exclude(state__in=("pass", "warn", "n-a")).exists()
    capped = results.filter(gate="BLOCK", tier="capped")
    assert set(capped.values_list("state", flat=True)) == {"warn"}
    assert sorted(capped.values_list("check_id", flat=True)) == sorted(score.capped)


@pytest.mark.parametrize("site", OPEN)
def test_the_other_conditional_sites_have_a_cond_check_that_is_open(site):
    states = CheckResult.objects.filter(site__name=site, gate="COND").values_list("state", flat=True)
    assert {"fail", "waived"} & set(states)


def test_findings_stand_where_their_sites_left_them():
    states = dict(Finding.objects.values_list("site__name", "state"))
    assert states == {"FRA-1": "closed", "GRU-1": "accepted", "SIN-1": "deferred"}
    facts = RecordedFact.objects.filter(source=SOURCE, site__name="FRA-1").order_by("part", "-taken_on")
    newest = dict(facts.distinct("part").values_list("part", "value"))
    assert newest == {"review-held": 1.0, "decision-days": 2.0}


def test_a_plan_of_the_road_has_all_that_holds_its_sites():
    plan = WorkPlan.objects.get(name="Paris and Dublin before the holidays")
    checks = {step.item.check_id for step in plan.steps.select_related("item")}
    assert checks >= set(SiteScore.objects.get(site__name=DECLARED).capped)
    assert plan.due_on == NOW.date() + timedelta(days=21)
