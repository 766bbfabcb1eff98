"""What the demo's operator writes down: with its dates, marked simulated, and kept up as time goes on."""

from datetime import timedelta

import pytest
from django.db import transaction

from inventory.models import Site
from readiness.assessment.evidence.models import (
    Attestation,
    DeclaredLimit,
    Floor,
    RecordedFact,
    Review,
    RunMeasure,
    ValidationRun,
)
from readiness.assessment.grants.models import Grant
from readiness.demo.core.plan import fleet_plan
from readiness.demo.operations.fleet import write_inventory
from readiness.demo.operations.people import people
from readiness.demo.operations.plans import write_plans
from readiness.demo.operations.records import keep_current
from readiness.golive.models import Campaign
from tests.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.full]
SITES = {"DUB-1", "SIN-1", "WAW-1", "SYD-1"}


@pytest.fixture(scope="module")
def written(django_db_setup, django_db_blocker):
    """Three sites as they stand before they have a past, written once: each test begins at it."""
    with django_db_blocker.unblock(), transaction.atomic():
        fleet = write_inventory(fleet_plan(names=SITES), scale=1, now=NOW)
        fleet.sampled_at = NOW
        fleet.save()
        yield fleet
        transaction.set_rollback(True)


def test_all_of_it_is_marked_simulated_and_dated_before_the_demo_was_loaded(written):
    for model in (RecordedFact, Attestation):
        assert set(model.objects.values_list("provenance", flat=True)) == {"simulated"}
        assert not model.objects.filter(taken_at__gt=NOW).exists()
    assert {fact.by.username for fact in RecordedFact.objects.select_related("by")[:50]} == {"ops"}


def test_the_records_reach_back_eighteen_months(written):
    oldest = RecordedFact.objects.order_by("taken_on").first()
    assert (NOW.date() - oldest.taken_on).days > 400


def test_every_node_type_has_its_floors_and_every_site_and_class_its_limits(written):
    assert {floor.platform for floor in Floor.objects.all()} == {"dell-l40s-4", "dell-h200-8"}
    of_site = DeclaredLimit.objects.filter(site__name="DUB-1").values_list("limit_id", flat=True)
    assert {"pue-target", "fabric-latency", "carbon-target"} <= set(of_site)
    assert DeclaredLimit.objects.filter(workload_class__slug="assistant-emea", limit_id="ttft-slo").exists()


def test_grants_were_asked_for_by_one_and_decided_by_another_at_their_time(written):
    lifted = Grant.objects.get(site__name="DUB-1", kind="exception")
    assert (lifted.requested_by.username, lifted.approver.username) == ("planner", "manager")
    assert lifted.requested_at == NOW - timedelta(days=72)
    revoked = Grant.objects.get(site__name="WAW-1")
    assert (revoked.state, revoked.revoked_at) == ("revoked", NOW - timedelta(days=90))


def test_nightly_figures_are_entered_anew_before_they_run_out_and_others_when_they_are_due(written):
    assert keep_current(now=NOW + timedelta(hours=4)) == 0
    later = NOW + timedelta(hours=6)
    assert keep_current(now=later) > 0
    drift = RecordedFact.objects.filter(site__name="DUB-1", part="drift").latest("taken_at")
    assert drift.taken_at == later
    before = RecordedFact.objects.count()
    assert keep_current(now=NOW + timedelta(days=31)) > 0
    month = RecordedFact.objects.filter(taken_on__gt=NOW.date())
    assert {"drift", "busbw", "cost-to-budget", "pue"} <= set(month.values_list("part", flat=True))
    assert RecordedFact.objects.count() > before
    assert not RecordedFact.objects.filter(taken_at__gt=NOW + timedelta(days=31)).exists()


def test_runs_are_kept_with_their_files_and_marked_simulated(written):
    runs = ValidationRun.objects.filter(site__name="SYD-1")
    assert sorted(runs.values_list("tool", flat=True)) == ["dcgm-diag"] * 4 + ["nccl-tests"] * 4
    assert set(runs.values_list("provenance", flat=True)) == {"simulated"}
    assert all(run.file.content and run.taken_at < NOW for run in runs.select_related("file"))
    lowest = RunMeasure.objects.filter(run__in=runs, name="busbw", size_bytes=16 * 1024**3).order_by("value")[
        0
    ]
    assert lowest.value == 402.0


def test_a_quick_check_comes_before_the_last_one_runs_out_and_a_round_when_it_is_due(written):
    runs = ValidationRun.objects.filter(site__name="WAW-1")
    before = set(runs.values_list("pk", flat=True))
    later = NOW + timedelta(hours=6)
    keep_current(now=later)
    [quick] = runs.exclude(pk__in=before)
    assert (quick.tool, quick.taken_at) == ("dcgm-diag", later)
    keep_current(now=NOW + timedelta(days=27))
    new = runs.exclude(pk__in=before).filter(taken_at__gt=later)
    assert {"dcgm-diag", "nccl-tests", "sockperf", "vllm-bench"} <= set(new.values_list("tool", flat=True))
    assert not new.filter(taken_at__gt=NOW + timedelta(days=27)).exists()
    assert set(new.values_list("provenance", flat=True)) == {"simulated"}


def test_runs_of_the_past_were_taken_when_they_say_and_none_is_voided(written):
    runs = ValidationRun.objects.filter(site__name__in=("WAW-1", "SIN-1"))
    assert runs.count() > 100
    assert not runs.filter(taken_at__gt=NOW).exists()
    assert not runs.filter(voided_at__isnull=False).exists()
    assert not runs.exclude(warnings=[]).exclude(tool="vllm-bench").exists()


def test_what_people_set_out_to_do_is_there(written):
    sites = {site.name: site for site in Site.objects.all()}
    write_plans(sites, people(written.made), now=NOW)
    campaign = Campaign.objects.get(site__name="SYD-1")
    assert (campaign.state, campaign.items.count() > 5) == ("running", True)
    assert {item.assigned_to for item in campaign.items.all()} == {"", "Commissioning crew"}
    review = Review.objects.get(site__name="SYD-1")
    answers = dict(review.sign_offs.values_list("domain", "state"))
    assert (answers["compute"], answers["energy"]) == ("signed", "waiting")


def test_without_a_demo_nothing_is_entered(db):
    from readiness.demo.models import DemoFleet

    DemoFleet.objects.all().delete()
    assert keep_current(now=NOW) == 0
