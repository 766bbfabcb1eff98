"""The demo's six stories, each by the flip that the product's own scoring made of it.

The sites concerned are loaded once, with the last day of their history.
"""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection

from inventory.models import Site
from readiness.assessment.scoring.checks import COMPUTED
from readiness.assessment.scoring.core.gap import NOTHING
from readiness.assessment.scoring.models import CheckResult, DomainHealth, Flip, ScorePoint, SiteScore
from readiness.assessment.scoring.queries.standing import fleet_standing
from readiness.demo import operations
from readiness.demo.core.plan import fleet_plan
from readiness.demo.core.shapes import column
from readiness.demo.core.stories import Stories
from readiness.demo.models import DemoFleet
from telemetry.models import Series, SourceFlip, SourceStatus
from tests.conftest import NOW
from tests.entries import entries_of
from tests.readiness.demo.scenes import SITES_OF_STORIES, demo_stories

pytestmark = [pytest.mark.django_db, pytest.mark.full]
STORIES = Stories(NOW.timestamp())


@pytest.fixture(autouse=True)
def fleet(on_scene):
    return on_scene(demo_stories)


def flip_of(site, subject, key, to_state, part=""):
    """The one flip to this state."""
    return Flip.objects.get(site__name=site, subject=subject, key=key, part=part, to_state=to_state)


def assert_began(flip, begun_s, within_s=3600):
    """It was noticed at the first look after it began, and dated from then."""
    assert 0 <= flip.at.timestamp() - begun_s <= within_s
    assert 0 <= flip.first_bad_at.timestamp() - begun_s <= within_s


def result(site, check):
    return CheckResult.objects.get(site__name=site, check_id=check)


def test_flapping_links_fail_fabric_health():
    flip = flip_of("DSM-1", "check", "p5-fabric-health", "fail")
    assert flip.from_state == "pass"
    # A port flaps about once in 100 minutes, and its site is looked at every hour.
    assert_began(flip, STORIES.flaps_from, within_s=160 * 60)
    assert "mlx5" in str(result("DSM-1", "p5-fabric-health").parts)


@pytest.mark.parametrize(("flaps", "state"), [(1, "warn"), (5, "critical")])
def test_health_is_dated_from_the_hour_in_which_the_samples_turned_and_not_from_the_loading(flaps, state):
    [site] = fleet_plan(names={"DSM-1"}).sites
    ports = [(node.name, port.name) for node in site.nodes for port in node.ports]
    minutes = np.arange(STORIES.flaps_from, STORIES.loaded_s, 60)
    counted = STORIES.flaps(ports, column(minutes.tolist())).max(axis=1)
    turned_s = minutes[counted >= flaps][0]
    flip = flip_of("DSM-1", "health", "network", state)
    assert 0 <= flip.at.timestamp() - turned_s <= 3600
    assert STORIES.loaded_s - turned_s > 12 * 3600


def test_accelerators_with_xid_79_that_still_work_fail_accelerator_health():
    flip = flip_of("SAT-1", "check", "p5-accelerator-health", "fail")
    assert flip.from_state == "pass"
    assert_began(flip, STORIES.xid_from)
    now = result("SAT-1", "p5-accelerator-health")
    assert now.value == 2
    assert "XID 79" in str(now.parts)


def test_an_inlet_over_its_envelope_fails_cooling_headroom_and_turns_health_critical():
    flip = flip_of("DXB-1", "check", "p2-cooling-headroom", "fail")
    assert 0 < flip.at.timestamp() - STORIES.hot_from < 4 * 3600
    assert flip.value > 32
    health = flip_of("DXB-1", "health", "compute", "critical")
    assert 0 < health.at.timestamp() - STORIES.hot_from < 3 * 3600
    assert DomainHealth.objects.get(site__name="DXB-1", domain="compute").health == "critical"


def test_a_feed_above_headroom_fails_power_headroom():
    flip = flip_of("LON-1", "check", "p2-power-headroom", "fail")
    assert flip.from_state == "pass"
    assert_began(flip, STORIES.heavy_from)
    assert flip.value == pytest.approx(91, abs=1)


def test_a_silent_edge_site_is_late_then_silent_and_fails_coverage():
    flips = SourceFlip.objects.filter(source__name="QRO-1 Prometheus").order_by("at")
    assert [flip.to_state for flip in flips] == ["on-time", "late", "silent"]
    assert 0 < flips[2].at.timestamp() - STORIES.silent_from < 600
    coverage = flip_of("QRO-1", "check", "p5-telemetry-coverage", "fail")
    assert coverage.from_state == "pass"
    assert 0 < coverage.at.timestamp() - STORIES.silent_from < 600
    clocks = DomainHealth.objects.filter(site__name="QRO-1").values_list("clock", flat=True)
    assert set(clocks) == {"silent"}
    assert set(
        SourceStatus.objects.filter(source__name__startswith="QRO-1").values_list("state", flat=True)
    ) == {"silent"}


def test_no_other_source_was_ever_late_or_silent():
    sources = SourceFlip.objects.filter(to_state__in=("late", "silent")).values_list(
        "source__name", flat=True
    )
    assert set(sources) == {"QRO-1 Prometheus", "QRO-1 power meter"}


def test_a_site_under_construction_has_no_verdict_and_no_capacity():
    score = SiteScore.objects.get(site__name="OSL-1")
    assert score.verdict == ""
    assert not Flip.objects.filter(site__name="OSL-1", subject="verdict").exists()
    known = fleet_standing(now=NOW, site_ids=[score.site_id])
    assert not known.changes[score.site_id]
    assert known.capacity[score.site_id].deployed == NOTHING


@pytest.mark.parametrize(
    ("site", "verdict"),
    [
        # Links decide nothing that blocks.
        ("DSM-1", "conditional"),
        ("SAT-1", "not-ready"),
        ("DXB-1", "not-ready"),
        ("LON-1", "not-ready"),
        ("QRO-1", "not-ready"),
    ],
)
def test_every_other_site_has_the_verdict_that_its_evidence_allows(site, verdict):
    assert SiteScore.objects.get(site__name=site).verdict == verdict


@pytest.mark.parametrize(
    "check",
    [
        "p2-power-headroom",
        "p2-cooling-headroom",
        "p2-backup-power",
        "p2-placement-latency",
        "p5-telemetry-coverage",
        "p5-accelerator-health",
        "p5-fabric-health",
    ],
)
@pytest.mark.parametrize("site", ["DSM-1", "SAT-1", "DXB-1", "LON-1"])
def test_what_telemetry_proves_is_computed_on_a_freshly_loaded_demo(site, check):
    assert result(site, check).state in {"pass", "warn", "fail"}


def test_only_the_stories_go_wrong_in_what_telemetry_tells():
    failed = CheckResult.objects.filter(state="fail", check_id__in=COMPUTED)
    failing = set(failed.values_list("site__name", "check_id"))
    assert failing == {
        ("DSM-1", "p5-fabric-health"),
        ("SAT-1", "p5-accelerator-health"),
        ("DXB-1", "p2-cooling-headroom"),
        ("LON-1", "p2-power-headroom"),
        ("QRO-1", "p5-telemetry-coverage"),
    }


def test_flips_lie_in_the_past_at_their_own_times():
    times = set(Flip.objects.filter(subject="check", to_state="fail").values_list("at", flat=True))
    assert len(times) >= 5
    assert max(times) < NOW


def test_everything_that_was_sent_found_its_object():
    assert Series.objects.exists()
    assert not Series.objects.unmatched().exists()


def test_every_site_has_a_score_of_today():
    assert ScorePoint.objects.filter(on_date=NOW.date()).count() == len(SITES_OF_STORIES)


def test_history_says_that_the_demo_did_it():
    written = entries_of(Site, object_id__in=Site.objects.values("pk"))
    assert {entry.username for entry in written} == {"demo"}


def test_loading_again_changes_nothing(fleet):
    before = (Site.objects.count(), Flip.objects.count(), Series.objects.count())
    assert operations.load(by=None, now=NOW + timedelta(hours=1)) == fleet
    assert (Site.objects.count(), Flip.objects.count(), Series.objects.count()) == before
    assert DemoFleet.objects.count() == 1


def test_the_minutes_that_loading_took_are_added(fleet):
    later = NOW + timedelta(minutes=3, seconds=20)
    operations.catch_up(fleet, now=later)
    status = SourceStatus.objects.get(source__name="LON-1 Prometheus")
    assert (status.state, status.last_sample_at) == ("on-time", later)
    assert SiteScore.objects.get(site__name="LON-1").evaluated_at == later


def test_a_long_pause_is_no_loading(fleet):
    operations.catch_up(fleet, now=NOW + timedelta(hours=1))
    assert SourceStatus.objects.get(source__name="LON-1 Prometheus").last_sample_at == NOW


def test_no_sample_is_left_of_months_ago():
    """Raw partitions are dropped by the product's own rule once the history is rolled up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(first_at), max(last_at) FROM telemetry_samplebatch")
        oldest, newest = cursor.fetchone()
    assert NOW - oldest < timedelta(hours=72)
    assert newest <= NOW
