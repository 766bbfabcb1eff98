"""Stored series that a mapping rule gives an object count backwards: in roll-ups, figures of days, checks and flips."""

import pytest

from readiness.assessment.evidence.models import Measure
from telemetry import matching
from telemetry.models import MappingRule, Series
from tests.readiness.plant import Plant

pytestmark = pytest.mark.django_db
POWER = "p2-power-headroom"


class ForeignMeters(Plant):
    """The rack PDUs send by names of their own, which the inventory does not know."""

    def labels(self, metric, of):
        if metric.startswith("rPDU2"):
            return metric, {"meter": f"R1/{of}"}
        return super().labels(metric, of)


@pytest.fixture
def plant(plant_of, frozen_now):
    plant_of(name="Other")  # makes the partitions
    plant = ForeignMeters(frozen_now)
    plant.change(rPDU2DeviceStatusPower={"A": 1900, "B": 700})
    plant.run(30)
    return plant


def loads():
    return {row.part: row.value for row in Measure.objects.filter(key="circuit-load", value__isnull=False)}


def match_and_judge(plant):
    matching.match_changed(now=plant.clock.at)
    plant.measure()
    return plant.evaluate().part(POWER, "circuit-load")


def test_a_rule_changes_what_was_judged_before_it(plant):
    plant.clock.move(hours=12)
    assert match_and_judge(plant)["state"] == "unknown"
    assert loads() == {}
    rule = MappingRule.objects.create(
        source=plant.source,
        site=plant.site,
        name="PDUs",
        label="meter",
        value="R1/*",
        object_name="plant-pdu-*",
    )
    part = match_and_judge(plant)
    assert set(Series.objects.filter(labels__has_key="meter").values_list("device__name", flat=True)) == {
        "plant-pdu-A",
        "plant-pdu-B",
    }
    assert sorted(map(round, loads().values())) == [32, 86]
    assert part["state"] == "fail"
    assert plant.flips(key=POWER)[-1][2] == "fail"
    rule.delete()
    assert match_and_judge(plant)["state"] == "unknown"
    assert loads() == {}
    assert plant.flips(key=POWER)[-1][2] == "unknown"
