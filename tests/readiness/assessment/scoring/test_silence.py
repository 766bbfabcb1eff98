"""What silence does: coverage fails and health is unknown in the same evaluation, which comes in time; other
evidence goes stale at its own age."""

from datetime import timedelta

import pytest

from inventory.models import Device
from readiness.assessment.scoring import operations, tasks
from readiness.assessment.scoring.models import CheckResult, DomainHealth
from telemetry import rollups, sources
from tests.readiness.plant import deliver
from tests.readiness.problems import write_problems

pytestmark = pytest.mark.django_db

COVERAGE = "p5-telemetry-coverage"


@pytest.fixture
def later(well):
    """Time goes by in which nothing is sent: `later(minutes=5)` leaves the site evaluated."""

    def go(**by):
        well.clock.move(**by)
        sources.update_states(now=well.clock.at)
        rollups.roll_up(now=well.clock.at)
        return well.evaluate()

    return go


def test_coverage_fails_when_nothing_is_live_any_more(well, later):
    assert later(minutes=5).state(COVERAGE) == "pass"
    assert later(minutes=1).state(COVERAGE) == "fail"
    flip = well.flip(COVERAGE, "fail")
    assert (flip.from_state, flip.cause, flip.value, flip.threshold) == ("pass", "data", 0, 99)


def test_live_evidence_goes_stale_in_minutes_and_daily_evidence_in_a_day(well, later):
    later(minutes=6)
    assert (well.state("p5-fabric-health"), well.state("p5-accelerator-health")) == ("stale", "stale")
    assert (well.state("p2-backup-power"), well.state("p2-cooling-headroom")) == ("pass", "pass")
    later(hours=25)
    assert (well.state("p2-backup-power"), well.state("p2-cooling-headroom")) == ("stale", "stale")
    flip = well.flip("p2-backup-power", "stale")
    assert flip.cause == "evidence-age"


def test_stale_evidence_is_remembered_and_not_called_never_had(well, later):
    later(days=20)
    assert well.state("p2-backup-power") == "stale"
    assert well.check("p2-backup-power").taken_at is not None


def test_what_was_wrong_is_not_resolved_by_silence(well, later):
    well.change(upsBatteryStatus=3, DCGM_FI_DEV_XID_ERRORS={"0": 79})
    well.run(3)
    well.evaluate()
    assert (well.health("energy").health, well.health("compute").health) == ("critical", "critical")
    later(hours=3)
    energy = well.health("energy")
    assert (energy.health, energy.clock, energy.is_last_known) == ("critical", "silent", True)
    first = energy.reasons[0]
    told = ("UPS battery is not normal", "critical", "silent", 3)
    assert (first["title"], first["health"], first["standing"], first["value"]) == told
    assert (well.health("compute").health, well.health("compute").is_last_known) == ("critical", True)
    assert well.state("p5-accelerator-health") in {"fail", "stale"}
    later(days=3)
    assert (well.health("energy").health, well.health("energy").is_last_known) == ("critical", True)


DOMAINS = ("compute", "network", "energy")
LIVE_S = 300


def test_health_and_coverage_turn_in_the_same_evaluation(well, later):
    last_sample_at = well.clock.at
    before = well.health("compute")
    later(seconds=LIVE_S)
    late = [(well.health(domain).health, well.health(domain).clock) for domain in DOMAINS]
    assert (well.state(COVERAGE), late) == ("pass", [("ok", "late")] * 3)
    later(seconds=1)
    for domain in DOMAINS:
        told = well.health(domain)
        assert well.part(COVERAGE, f"{domain}-coverage")["value"] == 0
        assert (told.health, told.last_health, told.heard_at) == ("unknown", "ok", last_sample_at)
        assert set(told.objects_by_health) == {"unknown"}
        assert told.since == last_sample_at + timedelta(seconds=LIVE_S)
    assert before.heard_at == last_sample_at
    assert well.flips("health", "compute") == [("compute", "", "ok"), ("compute", "ok", "unknown")]


def test_what_it_was_and_until_when_is_kept_however_long_it_is_silent(well, later):
    last_sample_at = well.clock.at
    for hours in (1, 30, 1000):
        later(hours=hours)
        told = well.health("network")
        assert (told.health, told.last_health, told.heard_at) == ("unknown", "ok", last_sample_at)
    well.run(3)
    well.evaluate()
    told = well.health("network")
    assert (told.health, told.last_health, told.heard_at) == ("ok", "", well.clock.at)


def test_beat_looks_within_a_minute_after_samples_count_as_live_no_more(well, settings):
    """Nothing else asks for it: a source of 60 s cadence and 60 s grace is late before that and silent later."""
    entry = settings.CELERY_BEAT_SCHEDULE["rescore-due"]
    task = next(task for task in vars(tasks).values() if getattr(task, "name", "") == entry["task"])
    operations.rescore_changed(now=well.clock.at)
    last_sample_at = well.clock.at
    while well.health("energy").health == "ok":
        well.clock.move(seconds=entry["schedule"])
        task()
    assert well.state(COVERAGE) == "fail"
    assert LIVE_S < (well.clock.at - last_sample_at).total_seconds() <= LIVE_S + 60


def test_between_evaluations_it_is_told_as_the_next_one_will_have_it(well, later):
    """Also while no worker evaluates anything."""
    stored = {domain: well.health(domain) for domain in DOMAINS}
    before_blind = well.clock.at + timedelta(seconds=LIVE_S)
    well.clock.move(seconds=LIVE_S)
    assert [one.state_at(well.clock.at).health for one in stored.values()] == ["ok"] * 3
    well.clock.move(seconds=1)
    told = {domain: one.state_at(well.clock.at) for domain, one in stored.items()}
    found = DomainHealth.objects.annotate_health_now(well.clock.at).values_list("domain", "health_now")
    assert dict(found) == {domain: one.health for domain, one in told.items()}
    well.evaluate()
    for domain, one in told.items():
        after = well.health(domain)
        assert (one.health, one.last_health) == (after.health, after.last_health) == ("unknown", "ok")
        assert one.objects_by_health == after.objects_by_health
        assert one.since == after.since == before_blind
        assert one.heard_at == after.heard_at


def test_problems_stay_critical_as_last_known_without_samples(well, later):
    well.change(upsBatteryStatus=3)
    well.run(3)
    well.evaluate()

    def critical():
        listed = write_problems(now=well.clock.at).values()
        return {(each.subject, each.is_last_known) for each in listed if each.state == "critical"}

    assert critical() == {("energy", False)}
    later(seconds=LIVE_S - 60)
    energy = well.health("energy")
    assert (energy.health, energy.clock, critical()) == ("critical", "late", {("energy", False)})
    well.clock.move(seconds=61)
    well.evaluate()
    assert critical() == {("energy", True)}


def test_a_domain_whose_objects_left_the_inventory_is_not_monitored(well):
    assert well.health("network").health == "ok"
    Device.objects.filter(device_type__domain="network").delete()
    well.evaluate()
    network = well.health("network")
    assert (network.health, network.last_health) == ("not-monitored", "")


def test_a_metric_that_told_of_trouble_and_stops_does_not_resolve_it(well):
    """The object goes on by its other metrics."""
    well.change(DCGM_FI_DEV_GPU_TEMP={"0": 99})
    for _ in range(3):
        well.run(1)
        well.evaluate()
    assert well.health("compute").health == "critical"
    well.stop("DCGM_FI_DEV_GPU_TEMP")
    well.run(8)
    well.evaluate()
    compute = well.health("compute")
    assert (compute.health, compute.is_last_known) == ("critical", True)
    assert compute.objects_by_health == {"ok": 2, "critical": 1}
    assert compute.reasons[0]["standing"] == "last-known"
    well.resume()
    well.change(DCGM_FI_DEV_GPU_TEMP={"0": 60})
    well.run(3)
    well.evaluate()
    assert well.health("compute").health == "ok"


def test_a_scraper_that_answers_for_a_dead_exporter_makes_nothing_well(well):
    """`up` is no reading of the node; coverage does not count it either."""
    well.stop(*(metric for metric, of in well.values))
    for _ in range(8):
        well.clock.move(minutes=1)
        answers = ("up", {"instance": f"{well.node.name}:9100"}, 1.0, well.clock.at)
        deliver(well.source, [answers], now=well.clock.at)
    well.evaluate()
    assert well.part(COVERAGE, "compute-coverage")["value"] == 0
    assert well.health("compute").objects_by_health == {"unknown": 3}


def test_it_heals_when_samples_come_again(well, later):
    later(hours=30)
    assert well.state(COVERAGE) == "fail"
    well.run(10)
    well.evaluate()
    computed = CheckResult.objects.filter(site=well.site, check_id__in=["p2-backup-power", COVERAGE])
    assert set(computed.values_list("state", flat=True)) == {"pass"}
    assert well.health("compute").clock == ""
    assert well.flips("check", COVERAGE) == [
        (COVERAGE, "unknown", "pass"),
        (COVERAGE, "pass", "fail"),
        (COVERAGE, "fail", "pass"),
    ]
    assert well.check(COVERAGE).first_bad_at is None


def test_a_dead_exporter_shows_though_its_source_goes_on(well):
    well.end("node_load1", "inlet")
    well.stop("DCGM_FI_DEV_XID_ERRORS", "DCGM_FI_DEV_ROW_REMAP_FAILURE", "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL")
    well.stop("DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_GPU_UTIL")
    well.run(8)
    well.evaluate()
    assert well.part(COVERAGE, "compute-coverage")["value"] == 0
    compute = well.health("compute")
    assert (compute.health, compute.clock, compute.objects_by_health) == ("unknown", "", {"unknown": 3})
    assert {reason["title"] for reason in compute.reasons} == {"Not seen"}


def test_what_a_scraper_says_of_a_dead_exporter_is_told(well):
    """`up` goes on when the exporter is gone, and counts for nothing but what it says."""
    answers = ("up", {"instance": f"{well.node.name}:9100", "job": "node"}, 0.0, well.clock.at)
    deliver(well.source, [answers], now=well.clock.at)
    well.evaluate()
    reasons = [
        (reason["object"], reason["title"], reason["health"]) for reason in well.health("compute").reasons
    ]
    assert reasons == [(well.node.name, "Exporter does not answer (node)", "warn")]


def test_samples_that_come_late_count_for_their_own_time(well, later):
    later(minutes=40)
    at = well.clock.at
    for minute in range(40, 6, -8):
        well.send(at=at - timedelta(minutes=minute))
    well.evaluate()
    assert well.state(COVERAGE) == "fail"
    well.send()
    assert well.evaluate().state(COVERAGE) == "pass"
