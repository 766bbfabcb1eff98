"""A sensor of a kind that moves is stuck after hours of one value, until a sample moves; silence ends nothing."""

import pytest

from inventory.models import Accelerator, Device, SiteChange
from telemetry import rollups
from telemetry.models import Series
from telemetry.stuck import operations
from telemetry.stuck.models import StuckSensor
from telemetry.stuck.queries import stuck_sensors
from tests.inventory import made

pytestmark = pytest.mark.django_db
POWER = {"__name__": "site_power_watts", "site": "porto"}
GPU = {"__name__": "DCGM_FI_DEV_POWER_USAGE", "Hostname": "node-1", "gpu": "0"}
GPU_OF_NEXT_EXPORTER = GPU | {"pod": "dcgm-2"}


@pytest.fixture
def gpu(porto):
    return made.accelerator(device=made.device(site=porto, name="node-1"), index=0)


def send_hours(sender, count, **values):
    """Two samples of each sensor in each hour: `power` and `gpu` are functions of the number of the sample."""
    labels = {"power": POWER, "gpu": GPU}
    for number in range(2 * count):
        sender.clock.move(minutes=30)
        sender.deliver(*((labels[name], value(number), 0) for name, value in values.items()))
    rollups.roll_up(now=sender.clock.move(minutes=6))


def stuck():
    return {row.series.metric: row.value for row in StuckSensor.objects.select_related("series")}


def test_a_sensor_that_gives_one_value_for_the_hours_of_its_rule_is_stuck(sender, porto, gpu):
    send_hours(sender, 5, power=lambda number: 40_000.0, gpu=lambda number: 900.0 + number)
    assert operations.find_stuck(now=sender.clock.at) == 0
    SiteChange.objects.all().delete()
    send_hours(sender, 3, power=lambda number: 40_000.0, gpu=lambda number: 900.0 + number)
    assert operations.find_stuck(now=sender.clock.at) == 1
    assert operations.find_stuck(now=sender.clock.at) == 0
    assert stuck() == {"site_power_watts": 40_000.0}
    [row] = stuck_sensors([porto.pk], now=sender.clock.at)
    assert (row.object, row.title, row.hours) == ("Porto", "Site power at the meter", 6)
    assert SiteChange.objects.filter(site=porto, origin="inventory").exists()

    sender.deliver((POWER, 40_001.0, 0))
    assert operations.end_moving(now=sender.clock.at) == 1
    assert operations.find_stuck(now=sender.clock.at) == 0
    assert stuck() == {}


def test_what_is_off_or_out_of_service_or_was_silent_is_not_stuck(sender, porto, gpu):
    send_hours(sender, 3, power=lambda number: 0.0, gpu=lambda number: 900.0)
    sender.clock.move(hours=2)
    send_hours(sender, 4, power=lambda number: 0.0, gpu=lambda number: 900.0)
    assert operations.find_stuck(now=sender.clock.at) == 0
    send_hours(sender, 3, power=lambda number: 0.0, gpu=lambda number: 900.0)
    assert operations.find_stuck(now=sender.clock.at) == 1
    assert stuck() == {GPU["__name__"]: 900.0}
    Device.objects.filter(pk=gpu.device_id).update(status=Device.Status.OFFLINE)
    assert operations.end_moving(now=sender.clock.at) == 1
    assert operations.find_stuck(now=sender.clock.at) == 0
    Device.objects.filter(pk=gpu.device_id).update(status=Device.Status.ACTIVE)
    assert operations.find_stuck(now=sender.clock.at) == 1
    Accelerator.objects.filter(pk=gpu.pk).update(status=Accelerator.Status.DRAINED)
    assert operations.end_moving(now=sender.clock.at) == 1


def test_silence_ends_none_but_a_later_series_of_the_object_does_that_moves(sender, porto, gpu):
    sender.deliver((GPU, 900.0, 0))
    at = sender.clock.at
    StuckSensor.objects.create(
        series=Series.objects.get(accelerator=gpu), site=porto, value=900, since=at, found_at=at
    )
    assert not stuck_sensors([porto.pk], now=at)[0].is_silent
    at = sender.clock.move(hours=30)
    assert operations.end_moving(now=at) == 0
    assert stuck_sensors([porto.pk], now=at)[0].is_silent
    sender.deliver((GPU_OF_NEXT_EXPORTER, 900.0, 0))
    assert operations.end_moving(now=sender.clock.move(minutes=1)) == 0
    sender.deliver((GPU_OF_NEXT_EXPORTER, 901.0, 0))
    assert operations.end_moving(now=sender.clock.at) == 1
