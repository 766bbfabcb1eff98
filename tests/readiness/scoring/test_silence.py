"""What silence does: coverage fails, health freezes with a clock, other evidence goes stale at its own
age."""

from datetime import timedelta

import pytest

from readiness.scoring.models import CheckResult
from telemetry import rollups, sources
from tests.readiness.plant import deliver

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
    assert (energy.health, energy.clock) == ("critical", "silent")
    assert energy.reasons[0]["title"] == "Battery status"
    assert (well.health("compute").health, well.health("compute").clock) == ("critical", "silent")
    assert well.state("p5-accelerator-health") in {"fail", "stale"}


def test_what_was_well_stays_so_with_a_clock_beside_it(well, later):
    later(minutes=3)
    assert (well.health("compute").health, well.health("compute").clock) == ("ok", "late")
    later(minutes=10)
    assert (well.health("compute").health, well.health("compute").clock) == ("ok", "silent")
    assert well.flips("health", "compute") == [("compute", "", "ok")]


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
    assert {reason["title"] for reason in compute.reasons} == {"Not heard from"}


def test_what_a_scraper_says_of_a_dead_exporter_is_told(well):
    """`up` goes on when the exporter is gone, and counts for nothing but what it says."""
    answers = ("up", {"instance": f"{well.node.name}:9100"}, 0.0, well.clock.at)
    deliver(well.source, [answers], now=well.clock.at)
    well.evaluate()
    reasons = [
        (reason["object"], reason["title"], reason["health"]) for reason in well.health("compute").reasons
    ]
    assert reasons == [(well.node.name, "Exporter answers", "warn")]


def test_samples_that_come_late_count_for_their_own_time(well, later):
    later(minutes=40)
    at = well.clock.at
    for minute in range(40, 6, -8):
        well.send(at=at - timedelta(minutes=minute))
    well.evaluate()
    assert well.state(COVERAGE) == "fail"
    well.send()
    assert well.evaluate().state(COVERAGE) == "pass"
