import pytest

from readiness.assessment.evidence.core.feeding import FeedPlace, PlacedDevice, fed_racks, feed_all_of

DEVICES = {
    device.id: device
    for device in (
        *(PlacedDevice(number, f"pdu-{number}", "pdu", 10) for number in (1, 2, 3)),
        *(PlacedDevice(20 + number, f"node-{number}", "node", 10 + number) for number in (0, 1)),
        PlacedDevice(30, "leaf", "switch", 10),
        PlacedDevice(40, "ups", "ups", 10),
    )
}


def feeds(*places):
    return [FeedPlace(device, rack) for device, rack in places]


@pytest.mark.parametrize(
    ("places", "groups"),
    [
        pytest.param([(1, 10), (2, 10)], [({1, 2}, {20, 30})], id="two legs of a rack are one group"),
        pytest.param([(1, 10), (1, 11)], [({1}, {20, 21, 30})], id="a PDU of two racks"),
        pytest.param([(1, 10), (2, 11)], [({1}, {20, 30}), ({2}, {21})], id="a PDU of each rack"),
        pytest.param([(1, 10), (None, 10)], [], id="one leg has no meter"),
        pytest.param([(1, 10), (1, None)], [], id="a feed of it goes elsewhere"),
        pytest.param([(1, 12)], [], id="an empty rack"),
        pytest.param([(9, 10)], [], id="a meter out of service"),
        pytest.param([(40, 10)], [({40}, {20, 30})], id="a UPS that feeds a rack"),
    ],
)
def test_meters_and_racks_that_belong_together_are_compared(places, groups):
    found = fed_racks(feeds(*places), DEVICES)
    assert [(set(group.meters), set(group.loads)) for group in found] == groups


@pytest.mark.parametrize(
    ("places", "feeds_all"),
    [
        pytest.param([(1, 10), (2, 11)], True, id="each rack by one of them"),
        pytest.param([(1, 10)], False, id="a rack without a feed"),
        pytest.param([(1, 10), (2, 11), (40, 11)], False, id="one leg of another meter"),
        pytest.param([(1, 10), (2, 11), (None, 11)], False, id="one leg without a meter"),
    ],
)
def test_meters_feed_all_of_some_devices_by_the_feeds_of_their_racks(places, feeds_all):
    assert feed_all_of({1, 2}, [20, 21], DEVICES, feeds(*places)) is feeds_all
