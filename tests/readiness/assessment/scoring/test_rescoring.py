"""Sites are scored again when something changed, when evidence aged, and never twice at the same time."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from inventory.models import Device, Site, SiteChange
from readiness.assessment.scoring import operations, tasks
from readiness.assessment.scoring.models import Flip, SiteScore
from readiness.assessment.scoring.queries.standing import fleet_standing
from tests.inventory import made
from tests.readiness.assessment.scoring import stored
from tests.telemetry.sending import empty_store

NOTHING_LEFT = 0


def claims():
    return SiteChange.objects.count()


@pytest.mark.django_db
class TestClaims:
    def test_a_new_site_is_scored_at_the_next_turn(self, frozen_now):
        there = made.site()
        assert operations.rescore_changed(now=frozen_now.at) == 1
        assert SiteScore.objects.get(site=there).verdict == "not-ready"
        assert claims() == NOTHING_LEFT

    def test_each_site_is_evaluated_once_however_many_claims_it_has(self, frozen_now):
        one, other = made.site(), made.site()
        for _ in range(5):
            SiteChange.objects.create(site=one, origin="telemetry")
        assert operations.rescore_changed(now=frozen_now.at) == 2
        assert set(SiteScore.objects.values_list("site_id", flat=True)) == {one.pk, other.pk}

    def test_nothing_claimed_is_nothing_done(self, frozen_now, django_assert_num_queries):
        with django_assert_num_queries(3):
            assert operations.rescore_changed(now=frozen_now.at) == 0

    def test_samples_score_the_site_they_came_for(self, plant):
        operations.rescore_changed(now=plant.clock.at)
        plant.clock.move(minutes=1)
        plant.send()
        assert operations.rescore_changed(now=plant.clock.at) == 1
        assert plant.state("p5-telemetry-coverage") == "pass"

    def test_draining_a_device_shows_without_any_new_sample(self, well):
        well.change(DCGM_FI_DEV_XID_ERRORS={"1": 79})
        well.run(5)
        operations.rescore_changed(now=well.clock.at)
        assert well.state("p5-accelerator-health") == "fail"
        Device.objects.filter(pk=well.node.pk).update(status=Device.Status.DRAINED)
        well.clock.move(seconds=3)
        assert operations.rescore_changed(now=well.clock.at) == 1
        assert well.part("p5-accelerator-health", "still-scheduling")["state"] == "pass"

    def test_a_tighter_latency_limit_shows_at_once(self, well):
        operations.rescore_changed(now=well.clock.at)
        well.site.placements.get().workload_class.__class__.objects.update(latency_limit_ms=5)
        well.clock.move(seconds=3)
        operations.rescore_changed(now=well.clock.at)
        assert well.state("p2-placement-latency") == "fail"

    def test_the_tasks_read_the_clock_and_count(self, frozen_now):
        made.site()
        assert tasks.rescore_changed() == 1
        frozen_now.move(seconds=61)
        assert (tasks.rescore_due(), tasks.rescore_aged()) == (0, 0)
        frozen_now.move(hours=1)
        assert (tasks.rescore_due(), tasks.rescore_aged()) == (1, 0)


@pytest.mark.django_db
class TestAge:
    def test_a_site_that_falls_silent_is_looked_at_then(self, well):
        SiteChange.objects.all().delete()
        well.clock.move(seconds=30)
        assert operations.rescore_aged(now=well.clock.at) == 0
        well.clock.move(minutes=6)
        assert operations.rescore_aged(now=well.clock.at) == 1
        assert well.state("p5-telemetry-coverage") == "fail"

    def test_a_site_whose_evidence_runs_out_is_looked_at_in_time(self, well):
        SiteScore.objects.update(changes_at=well.clock.at + timedelta(seconds=10))
        well.clock.move(seconds=11)
        assert operations.rescore_aged(now=well.clock.at) == 1

    def test_a_retired_site_loses_its_verdict_and_is_left_alone(self, frozen_now):
        there = made.site()
        operations.rescore_changed(now=frozen_now.at)
        Site.objects.update(stage=Site.Stage.RETIRED)
        frozen_now.move(minutes=2)
        assert operations.rescore_changed(now=frozen_now.at) == 1
        assert SiteScore.objects.get(site=there).verdict == ""
        frozen_now.move(days=2)
        assert operations.rescore_due(now=frozen_now.at) == 0
        assert operations.rescore_aged(now=frozen_now.at) == 0

    def test_one_sites_trouble_does_not_stop_the_others(self, frozen_now, caplog):
        broken, fine = made.site(), made.site()
        # A zone that no longer exists, as after an update of the time zone data.
        Site.objects.filter(pk=broken.pk).update(time_zone="Mars/Olympus")
        with caplog.at_level("CRITICAL"):
            assert operations.rescore_changed(now=frozen_now.at) == 1
        assert list(SiteScore.objects.values_list("site_id", flat=True)) == [fine.pk]

    def test_a_verdict_that_cannot_be_confirmed_is_marked_and_does_not_count_until_it_can(self, frozen_now):
        there = stored.site("ready", kw=900, slug="dublin-1")
        zone = there.time_zone
        SiteScore.objects.update(evaluated_at=frozen_now.at)
        Site.objects.filter(pk=there.pk).update(time_zone="Mars/Olympus")
        frozen_now.move(minutes=2)
        failed_at = frozen_now.at
        assert operations.rescore_aged(now=failed_at) == 0
        frozen_now.move(minutes=2)
        operations.rescore_aged(now=frozen_now.at)
        score = SiteScore.objects.get(site=there)
        assert (score.verdict, score.confirmed_verdict, score.failed_at) == ("ready", "", failed_at)
        assert "Mars/Olympus" in score.failure
        Site.objects.filter(pk=there.pk).update(time_zone=zone)
        known = fleet_standing(now=frozen_now.at)
        assert known.gap.deployed.it_kw == 900
        assert known.gap.ready.it_kw == 0
        assert known.verdicts == {"none": 1}
        operations.rescore_aged(now=frozen_now.at)
        score.refresh_from_db()
        assert (score.failed_at, score.failure) == (None, "")
        assert score.confirmed_verdict


@pytest.fixture
def emptied_samples(transactional_db):
    """Django's own clean-up does not know the tables that only SQL touches."""
    yield
    empty_store()


def at_once(*jobs):
    """Run each job in a worker of its own, started together; returns what they returned."""
    start = threading.Barrier(len(jobs))
    done = [None] * len(jobs)

    def work(place, job):
        start.wait(timeout=60)
        try:
            done[place] = job()
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(place, job)) for place, job in enumerate(jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    return done


class TestTwoWorkers:
    def test_the_same_site_flips_once(self, emptied_samples, plant):
        plant.run(10)
        plant.evaluate()
        plant.change(upsBatteryStatus=3)
        plant.run(2)
        evaluate = plant.evaluate
        at_once(evaluate, evaluate, evaluate)
        [flip] = Flip.objects.filter(site=plant.site, subject="check", key="p2-backup-power", to_state="fail")
        assert flip.from_state == "pass"
        assert Flip.objects.filter(site=plant.site, subject="health", to_state="critical").count() == 1

    def test_claims_are_shared_out_and_none_is_lost(self, emptied_samples, frozen_now):
        sites = [made.site() for _ in range(6)]
        turn = lambda: operations.rescore_changed(now=frozen_now.at)  # noqa: E731
        done = at_once(turn, turn)
        done.append(turn())
        assert sum(done) >= len(sites)
        assert SiteScore.objects.count() == len(sites)
        assert claims() == NOTHING_LEFT
        assert Flip.objects.filter(subject="verdict").count() == len(sites)

    def test_a_claim_left_during_an_evaluation_is_not_lost(self, emptied_samples, frozen_now):
        there = made.site()
        began, go_on = threading.Event(), threading.Event()

        def slow():
            with transaction.atomic():
                operations.rescore_changed(now=frozen_now.at)
                began.set()
                go_on.wait(timeout=20)

        def change():
            began.wait(timeout=20)
            SiteChange.objects.create(site=there, origin="telemetry")
            go_on.set()

        at_once(slow, change)
        assert list(SiteChange.objects.values_list("origin", flat=True)) == ["telemetry"]

    def test_a_failed_evaluation_gives_its_claims_back(self, emptied_samples, frozen_now):
        made.site()

        def evaluate_and_fail():
            with transaction.atomic():
                operations.rescore_changed(now=frozen_now.at)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            evaluate_and_fail()
        assert claims() == 1
