"""Each cause of trouble keeps the instant at which it was seen first, for as long as it lasts."""

from datetime import datetime, timedelta

import pytest

from readiness.assessment.scoring.models import CheckResult, Flip

pytestmark = pytest.mark.django_db


def cause(plant, domain, metric):
    [reason] = [each for each in plant.health(domain).reasons if each["metric"] == metric]
    return reason["health"], datetime.fromisoformat(reason["since"])


TROUBLES = [
    pytest.param(
        "energy",
        "upsOutputPercentLoad",
        {"upsOutputPercentLoad": 97},
        {"upsOutputPercentLoad": 99},
        id="a-value",
    ),
    pytest.param(
        *(
            "compute",
            "DCGM_FI_DEV_XID_ERRORS",
            {"DCGM_FI_DEV_XID_ERRORS": {"0": 79}},
            {"DCGM_FI_DEV_GPU_UTIL": {"0": 1}},
        ),
        id="a-code",
    ),
    pytest.param(
        *(
            "network",
            "node_network_carrier_down_changes_total",
            {"node_network_carrier_down_changes_total": {"eth0": 40}},
        ),
        {"node_network_carrier_down_changes_total": {"eth0": 60}},
        id="a-counter",
    ),
]


@pytest.mark.parametrize(("domain", "metric", "trouble", "more"), TROUBLES)
def test_a_cause_keeps_its_since_while_it_lasts(well, domain, metric, trouble, more):
    began_after = well.clock.at
    well.change(**trouble)
    well.run(2)
    health, since = cause(well.evaluate(), domain, metric)
    assert health != "ok"
    assert began_after - timedelta(minutes=5) <= since <= well.clock.at
    well.change(**more)
    well.run(20)
    assert cause(well.evaluate(), domain, metric)[1] == since


def test_a_cause_that_went_and_came_back_begins_anew(well):
    well.change(upsOutputPercentLoad=97)
    well.run(2)
    first = cause(well.evaluate(), "energy", "upsOutputPercentLoad")[1]
    well.change(upsOutputPercentLoad=50)
    well.run(10)
    assert well.evaluate().health("energy").reasons == []
    well.change(upsOutputPercentLoad=97)
    well.run(2)
    assert cause(well.evaluate(), "energy", "upsOutputPercentLoad")[1] > first + timedelta(minutes=10)


def test_another_rule_that_speaks_against_the_object_begins_at_its_own_time(well):
    well.change(upsOutputPercentLoad=97)
    well.run(2)
    first = cause(well.evaluate(), "energy", "upsOutputPercentLoad")[1]
    well.change(upsBatteryStatus=4, upsOutputPercentLoad=50)
    well.run(5)
    assert cause(well.evaluate(), "energy", "upsBatteryStatus")[1] > first


def test_silence_does_not_end_a_cause(well):
    well.change(upsOutputPercentLoad=97)
    well.run(2)
    since = cause(well.evaluate(), "energy", "upsOutputPercentLoad")[1]
    well.clock.move(hours=1)
    assert cause(well.evaluate(), "energy", "upsOutputPercentLoad") == ("warn", since)
    well.run(2)
    assert cause(well.evaluate(), "energy", "upsOutputPercentLoad")[1] == since


def test_keeping_it_writes_nothing_where_nothing_moved(well):
    well.change(upsBatteryStatus=4)
    well.run(2)
    well.evaluate()
    before = (Flip.objects.count(), list(CheckResult.objects.values_list("check_id", "digest")))
    well.evaluate()
    assert (Flip.objects.count(), list(CheckResult.objects.values_list("check_id", "digest"))) == before
