"""A sensor of a kind that moves is stuck after hours of one value, until a sample moves; silence ends nothing."""

import pytest

from inventory.models import Device, SiteChange
from telemetry import rollups
from telemetry.stuck import operations
from telemetry.stuck.models import StuckSensor
from telemetry.stuck.queries import stuck_sensors
from tests.inventory import made

pytestmark = pytest.mark.django_db
POWER = {"__name__": "site_power_watts", "site": "porto"}
UPS = {"__name__": "upsOutputPower", "instance": "ups-1"}


@pytest.fixture
def ups(porto):
    return made.device(site=porto, name="ups-1", role=Device.Role.UPS)


def send_hours(sender, count, **values):
    """Two samples of each sensor in each hour: `power` and `ups` are functions of the number of the sample."""
    labels = {"power": POWER, "ups": UPS}
    for number in range(2 * count):
        sender.clock.move(minutes=30)
        sender.deliver(*((labels[name], value(number), 0) for name, value in values.items()))
    rollups.roll_up(now=sender.clock.move(minutes=6))


def stuck():
    return {row.series.metric: row.value for row in StuckSensor.objects.select_related("series")}


def test_a_sensor_that_gives_one_value_for_the_hours_of_its_rule_is_stuck(sender, porto, ups):
    send_hours(sender, 5, power=lambda number: 40_000.0, ups=lambda number: 900.0 + number)
    assert operations.find_stuck(now=sender.clock.at) == 0
    SiteChange.objects.all().delete()
    send_hours(sender, 3, power=lambda number: 40_000.0, ups=lambda number: 900.0 + number)
    assert operations.find_stuck(now=sender.clock.at) == 1
    assert operations.find_stuck(now=sender.clock.at) == 0
    assert stuck() == {"site_power_watts": 40_000.0}
    [row] = stuck_sensors([porto.pk])
    assert (row.object, row.title, row.hours) == ("Porto", "Site power at the meter", 6)
    assert SiteChange.objects.filter(site=porto, origin="inventory").exists()

    assert operations.end_moving(now=sender.clock.move(hours=30)) == 0
    sender.deliver((POWER, 40_001.0, 0))
    assert operations.end_moving(now=sender.clock.at) == 1
    assert stuck() == {}


def test_what_is_off_or_out_of_service_or_was_silent_is_not_stuck(sender, porto, ups):
    send_hours(sender, 3, power=lambda number: 0.0, ups=lambda number: 900.0)
    sender.clock.move(hours=2)
    send_hours(sender, 4, power=lambda number: 0.0, ups=lambda number: 900.0)
    assert operations.find_stuck(now=sender.clock.at) == 0
    send_hours(sender, 3, power=lambda number: 0.0, ups=lambda number: 900.0)
    assert operations.find_stuck(now=sender.clock.at) == 1
    assert stuck() == {"upsOutputPower": 900.0}
    Device.objects.filter(pk=ups.pk).update(status=Device.Status.OFFLINE)
    assert operations.end_moving(now=sender.clock.at) == 1
    assert operations.find_stuck(now=sender.clock.at) == 0
