"""Measurements that are not to be trusted: sensors that do not move."""

from datetime import timedelta

import pytest

from inventory.models import Device, PowerFeed
from readiness.assessment.evidence.models import MeterContradiction
from readiness.loop.problems.models import Problem
from telemetry.models import Series
from telemetry.stuck import operations
from telemetry.stuck.models import StuckSensor
from tests.inventory import made
from tests.pages import words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.assessment.scoring.test_page_queries import source
from tests.readiness.problems import write_problems

pytestmark = pytest.mark.django_db
METRIC = "rPDU2DeviceStatusPower"
SINCE = NOW - timedelta(hours=24)


@pytest.fixture
def pdus():
    """Two PDUs of Porto whose power does not move."""
    site = stored.site(name="Porto", slug="porto", owner="Ops")
    meter = source(site, "on-time", name="meter")
    devices = [made.device(site=site, name=f"pdu-{number}", role=Device.Role.PDU) for number in (1, 2)]
    for number, device in enumerate(devices):
        series = Series.objects.create(
            source=meter, site=site, metric=METRIC, labels={"instance": device.name}, digest=str(number).encode(),
            object_kind="device", device=device, first_seen_at=SINCE,
        )  # fmt: skip
        StuckSensor.objects.create(series=series, site=site, value=4200 + number, since=SINCE, found_at=NOW)
    return devices


def test_stuck_sensors_of_a_metric_are_one_problem_until_they_move(pdus, client_of, frozen_now):
    frozen_now.at = NOW
    problem = write_problems()["measurement", METRIC]
    assert (problem.title, problem.state, problem.since) == ("PDU power does not move", "warn", SINCE)
    assert (problem.value, problem.limit, problem.objects_affected) == ("2 sensors", "moves within 24 h", 2)
    assert "rests on it: " in problem.detail
    assert [reason["object"] for reason in problem.reasons] == ["pdu-1", "pdu-2"]
    assert problem.is_last_known
    page = words_of(client_of("viewer").get(f"/problems/?problem={problem.pk}"))
    assert "PDU power does not move" in page

    StuckSensor.objects.filter(series__device=pdus[0]).delete()
    problem = write_problems()["measurement", METRIC]
    assert (problem.value, problem.object) == ("4.2 kW", "pdu-2")
    StuckSensor.objects.all().delete()
    write_problems()
    assert Problem.objects.get(kind="measurement").ended_by == "sample"


def test_they_end_with_their_objects(pdus):
    write_problems()
    Device.objects.all().delete()
    assert operations.end_moving(now=NOW) == 2
    write_problems()
    assert Problem.objects.get(kind="measurement").ended_by == "object-gone"


def test_they_stay_at_their_site_while_a_series_moves_to_another(pdus):
    porto, lisbon = pdus[0].site, stored.site(name="Lisbon", slug="lisbon", owner="Ops")
    Series.objects.update(site=lisbon)
    assert write_problems()["measurement", METRIC].site == porto
    assert operations.end_moving(now=NOW) == 2


def test_those_of_several_objects_end_by_samples_while_one_is_in_service(pdus):
    write_problems()
    pdus[0].delete()
    StuckSensor.objects.all().delete()
    write_problems()
    assert Problem.objects.get(kind="measurement").ended_by == "sample"


def test_a_check_says_that_a_sensor_it_rests_on_does_not_move(pdus, client_of, frozen_now):
    frozen_now.at = NOW
    site = pdus[0].site
    stored.result(site, "p2-power-headroom", "pass")
    write_problems()
    page = words_of(client_of("viewer").get(f"/sites/{site.slug}/checks/p2-power-headroom/"))
    assert (
        "Do not trust it alone: PDU power does not move (pdu-1 and others: 2 sensors), since 23 Nov 2026"
        in page
    )


def test_meters_that_disagree_are_told_with_both_figures_and_their_effect(pdus, client_of, frozen_now):
    frozen_now.at = NOW
    StuckSensor.objects.all().delete()
    site = pdus[0].site
    figure = {"value": 1.2, "weight": 100.0, "taken_at": NOW.isoformat(), "provenance": "measured"}
    stored.health(site, "energy", "ok", figures={"pue": figure | {"source": "site meter over rack PDUs"}})
    MeterContradiction.objects.create(
        site=site, device=pdus[0], meter="pdu-1", metric=METRIC, level="rack-pdu", behind="loads",
        kw=50, behind_kw=40, percent=25, since=SINCE, seen_at=NOW,
    )  # fmt: skip
    problem = write_problems()["measurement", f"meters-rack-pdu-{pdus[0].pk}-loads"]
    assert (problem.title, problem.state) == ("Meters disagree: pdu-1 and the loads of its racks", "warn")
    assert (problem.value, problem.limit) == ("50.0 kW against 40.0 kW", "limit 20 % apart")
    effect = (
        "PUE is 1.20 by the site meter, and 1.33 with what is behind pdu-1:"
        " cost and carbon of work placed here would be 11.1"
    )
    assert "25 % more than the sum of the loads of its racks" in problem.detail
    assert effect in problem.detail
    page = words_of(client_of("viewer").get(f"/sites/{site.slug}/?tab=energy"))
    assert effect in page

    problem = write_problems(now=NOW + timedelta(hours=2))["measurement", problem.key]
    assert problem.is_last_known
    assert "PUE" not in problem.detail

    MeterContradiction.objects.all().delete()
    write_problems()
    assert Problem.objects.get(kind="measurement").ended_by == "regrouped"


def test_meters_that_are_still_compared_end_by_samples(pdus):
    """Others end because the inventory no longer joins them, as above."""
    StuckSensor.objects.all().delete()
    site, rack = pdus[0].site, made.rack(site=pdus[0].site)
    PowerFeed.objects.create(site=site, rack=rack, device=pdus[0], name="A1", rated_kw=20)
    made.device(site=site, rack=rack, name="node-1", role=Device.Role.NODE)
    MeterContradiction.objects.create(
        site=site, device=pdus[0], meter="pdu-1", metric=METRIC, level="room-pdu", behind="loads",
        kw=50, behind_kw=40, percent=25, since=SINCE, seen_at=NOW,
    )  # fmt: skip
    write_problems()
    MeterContradiction.objects.all().delete()
    write_problems()
    assert Problem.objects.get(kind="measurement").ended_by == "sample"
