"""What a day's score was decided from is kept, and gives the same score again."""

import random
from datetime import timedelta

import pytest

from readiness.assessment.grants import operations as waivers
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring import apply, operations, tasks
from readiness.assessment.scoring.models import ScoreInputs, ScorePoint
from readiness.assessment.scoring.queries.results import kept_on
from readiness.boards.waivers.requests import ask_for_grant
from tests.inventory import made
from tests.readiness.assessment.scoring.stored import differences, kept_at

pytestmark = pytest.mark.django_db
DAYS = 6
TROUBLE = (
    {"site_power_watts": 99_000},
    {"upsBatteryStatus": 3},
    {"DCGM_FI_DEV_XID_ERRORS": {"1": 79}},
    {"rtt": 0.08},
    {"site_power_watts": 60_000, "upsBatteryStatus": 2, "rtt": 0.012},
)


@pytest.fixture
def lived_through(plant_of, user_of):
    """Three sites over six days, with trouble, silence, a waiver and a change of stage among them."""
    rng = random.Random(20261124)
    plants = [plant_of(name=name) for name in ("Faro", "Gent", "Hull")]
    clock = plants[0].clock
    by = {"by": user_of("ops"), "now": clock.at}
    asked = ask_for_grant(
        site=plants[0].site,
        kind=Grant.Kind.WAIVER,
        check_id="p2-backup-power",
        reason="New UPS",
        ends_at=clock.at + timedelta(days=3),
        **by,
    )
    waivers.approve(asked, note="", by=user_of("manager"), now=clock.at)
    for day in range(DAYS):
        for plant in plants:
            plant.change(**rng.choice(TROUBLE))
            if plant is plants[1] and day == 4:
                plant.stop("site_power_watts", "node_load1")
            plant.send()
        if day == 4:
            type(plants[2].site).objects.filter(pk=plants[2].site.pk).update(stage="commissioning")
        plants[0].measure()
        operations.rescore_changed(now=clock.at)
        clock.move(hours=3)
        operations.rescore_aged(now=clock.at)
        clock.move(hours=21)
    return plants


def test_ten_random_points_follow_from_what_was_kept(lived_through):
    points = list(ScorePoint.objects.all())
    assert len(points) == 3 * DAYS
    assert len({str(point.counts) for point in points}) > 3
    chosen = random.Random(7).sample(points, 10)
    assert {point.pk: differences(point) for point in chosen} == {point.pk: {} for point in chosen}


def test_a_point_that_does_not_follow_says_what_differs(lived_through):
    point = ScorePoint.objects.first()
    stored, point.score = point.score, 0.999
    assert differences(point) == {"score": (0.999, stored)}


def test_inputs_are_kept_again_when_a_state_moves_and_else_each_hour(well):
    kept = lambda: ScoreInputs.objects.get(site=well.site, on_date=well.clock.at.date()).evaluated_at  # noqa: E731
    began = kept()
    assert began == well.clock.at
    well.run(2)
    well.evaluate()
    assert kept() == began
    well.change(upsBatteryStatus=3)
    well.run(2)
    well.evaluate()
    moved = kept()
    assert moved == well.clock.at
    well.clock.move(minutes=59)
    assert not apply.is_due(moved, False, well.clock.at)
    well.clock.move(minutes=1)
    well.send()
    well.evaluate()
    assert kept() == well.clock.at


def test_each_day_has_inputs_of_its_own(well):
    well.clock.move(days=1)
    well.evaluate()
    assert ScoreInputs.objects.filter(site=well.site).count() == 2


class TestReading:
    def test_the_newest_of_two_weeks_stands_for_a_day_without_any(self, well):
        day = well.clock.at.date()
        assert kept_on(None, day)[well.site.pk].on_date == day
        assert kept_on([well.site.pk], day + timedelta(days=13))[well.site.pk].on_date == day
        assert kept_on([well.site.pk], day + timedelta(days=14)) == {}
        assert kept_on([well.site.pk], day - timedelta(days=1)) == {}

    def test_any_number_of_sites_is_one_statement(self, frozen_now, django_assert_num_queries):
        sites = [made.site() for _ in range(4)]
        operations.rescore_changed(now=frozen_now.at)
        with django_assert_num_queries(1):
            assert set(kept_on(None, frozen_now.at.date())) == {site.pk for site in sites}


def test_what_is_past_its_time_is_forgotten_and_the_score_stays(well, settings):
    settings.SCORE_INPUTS_DAYS = 30
    well.clock.move(days=30)
    assert tasks.forget_inputs() == 0
    well.clock.move(days=1)
    assert tasks.forget_inputs() == 1
    point = ScorePoint.objects.get(site=well.site)
    assert kept_at(point) is None
