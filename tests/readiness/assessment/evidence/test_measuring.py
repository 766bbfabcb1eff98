"""Days become measures: once a minute while they last, once when they are over, again when late data
comes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import SiteChange
from readiness.assessment.evidence import operations, queries, tasks
from readiness.assessment.evidence.measures import MEASURES
from readiness.assessment.evidence.models import Measure, MeasuredDay
from telemetry import rollups

pytestmark = pytest.mark.django_db


def value(plant, key, part=None, day=None):
    rows = Measure.objects.filter(site=plant.site, key=key, on_date=day or plant.clock.at.date())
    return (rows.get(part=part) if part is not None else rows.get()).value


def test_a_day_has_all_its_measures(plant):
    plant.run(30)
    assert value(plant, "site-load", "meter") == pytest.approx(60)
    assert value(plant, "circuit-load", "R1-A") == pytest.approx(100 * 7 / 22.17, abs=0.01)
    assert value(plant, "inlet", "plant-node Inlet Temp") == pytest.approx(22, rel=0.01)
    assert value(plant, "round-trip", "iberia") == pytest.approx(12, rel=0.01)
    assert set(Measure.objects.values_list("key", flat=True)) <= set(MEASURES)
    assert set(Measure.objects.values_list("provenance", flat=True)) == {"measured"}
    assert all(
        row.taken_at <= row.measured_at == plant.clock.at for row in Measure.objects.filter(site=plant.site)
    )


def test_today_is_measured_again_only_when_a_minute_passed_and_something_came(plant):
    plant.run(20)
    assert operations.measure(now=plant.clock.move(seconds=30)) == 0
    plant.clock.move(seconds=40)
    assert operations.measure(now=plant.clock.at) == 0
    plant.send()
    assert operations.measure(now=plant.clock.move(seconds=1)) > 0


def test_the_highest_so_far_stays_though_only_what_is_new_is_read(plant):
    plant.change(site_power_watts=90_000)
    plant.run(10)
    plant.change(site_power_watts=50_000)
    for _ in range(4):
        plant.run(10)
    assert value(plant, "site-load", "meter") == pytest.approx(90)


def test_a_window_that_is_not_over_does_not_count(plant):
    plant.run(10)
    plant.change(site_power_watts=99_000)
    plant.run(1)
    assert value(plant, "site-load", "meter") == pytest.approx(60)
    plant.change(site_power_watts=60_000)
    plant.run(6)
    assert value(plant, "site-load", "meter") == pytest.approx((99 + 4 * 60) / 5)


def test_a_day_that_is_over_is_closed_once(plant):
    plant.run(20)
    yesterday = plant.clock.at.date()
    plant.clock.at = queries.start_of(yesterday + timedelta(days=1)) + timedelta(minutes=10)
    rollups.roll_up(now=plant.clock.at)
    plant.measure()
    assert not MeasuredDay.objects.get(site=plant.site, on_date=yesterday).closed
    plant.clock.move(minutes=10)
    plant.measure()
    assert MeasuredDay.objects.get(site=plant.site, on_date=yesterday).closed
    measured_at = MeasuredDay.objects.get(site=plant.site, on_date=yesterday).measured_at
    plant.run(5)
    assert MeasuredDay.objects.get(site=plant.site, on_date=yesterday).measured_at == measured_at


def test_late_data_measures_a_closed_day_again(plant):
    plant.run(20)
    yesterday = plant.clock.at.date()
    peak_at = plant.clock.at - timedelta(hours=1)
    plant.clock.at = queries.start_of(yesterday + timedelta(days=1)) + timedelta(minutes=30)
    plant.measure()
    assert value(plant, "site-load", "meter", yesterday) == pytest.approx(60)
    plant.change(site_power_watts=95_000)
    for minute in range(5):
        plant.send(at=peak_at + timedelta(minutes=minute))
    rollups.roll_up(now=plant.clock.move(minutes=1))
    plant.measure()
    assert value(plant, "site-load", "meter", yesterday) == pytest.approx(95)


def test_days_that_were_missed_are_caught_up_with(plant):
    plant.send()
    rollups.roll_up(now=plant.clock.at)
    first = plant.clock.at.date()
    plant.clock.move(days=6)
    for _ in range(3):
        plant.measure()
        plant.clock.move(minutes=2)
    noted = MeasuredDay.objects.filter(site=plant.site).order_by("on_date")
    assert [row.on_date for row in noted] == [first + timedelta(days=ahead) for ahead in range(7)]
    assert [row.closed for row in noted] == [True] * 6 + [False]


def test_what_changed_is_left_to_be_scored_again(plant):
    plant.run(20)
    for value, is_claimed in ((60_000, False), (90_000, True)):
        plant.change(site_power_watts=value)
        plant.clock.move(minutes=6)
        plant.send()
        rollups.roll_up(now=plant.clock.at + timedelta(minutes=6))
        SiteChange.objects.all().delete()
        plant.clock.move(minutes=6)
        plant.measure()
        assert SiteChange.objects.filter(waits_until=None).exists() is is_claimed, value


def test_p99_over_days_is_that_of_all_their_samples(plant):
    plant.change(inlet=35)
    plant.run(30)
    plant.change(inlet=20)
    plant.clock.move(hours=23)
    plant.run(90)
    plant.clock.move(hours=23)
    plant.run(90)
    now = plant.clock.at
    [figure] = queries.quantiles([plant.site.pk], ["inlet"], q=0.5, days=7, now=now)[plant.site.pk]
    assert figure.value == pytest.approx(20, rel=0.01)
    [figure] = queries.quantiles([plant.site.pk], ["inlet"], q=0.99, days=7, now=now)[plant.site.pk]
    assert figure.value == pytest.approx(35, rel=0.01)
    [figure] = queries.quantiles([plant.site.pk], ["inlet"], q=0.99, days=2, now=now)[plant.site.pk]
    assert figure.value == pytest.approx(20, rel=0.01)


def test_only_evidence_taken_by_then_is_read(plant):
    plant.run(30)
    before = plant.clock.at - timedelta(minutes=40)
    assert queries.peaks([plant.site.pk], ["site-load"], days=30, now=before) == {}
    assert queries.peaks([plant.site.pk], ["site-load"], days=30, now=plant.clock.at)


def test_a_switched_off_device_has_no_sensor(plant):
    plant.run(20)
    type(plant.node).objects.filter(pk=plant.node.pk).update(status="offline")
    operations.measure_day(
        day=plant.clock.at.date(), now=plant.clock.at, site_ids=[plant.site.pk], whole=True
    )
    assert not Measure.objects.filter(site=plant.site, key="inlet").exists()


def test_measuring_many_sites_takes_as_many_statements_as_one(plant_of, frozen_now):
    plants = [plant_of(name=f"Site{number}") for number in range(4)]
    start = frozen_now.at
    for plant in plants:
        frozen_now.at = start
        plant.run(20)

    def statements(some):
        frozen_now.move(minutes=2)
        with CaptureQueriesContext(connection) as captured:
            operations.measure_day(
                day=frozen_now.at.date(),
                now=frozen_now.at,
                site_ids=[plant.site.pk for plant in some],
                whole=True,
            )
        return len(captured)

    statements(plants)
    assert statements(plants) == statements(plants[:1]) <= 30


def test_the_task_reads_the_clock(plant):
    plant.run(20)
    plant.clock.move(minutes=2)
    plant.send()
    plant.clock.move(seconds=1)
    assert tasks.measure() > 0
