"""The power path of a site as a page, and on the page of what lies on it."""

import pytest

from readiness.assessment.evidence.models import Measure
from tests.inventory import made
from tests.pages import statements, words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]


@pytest.fixture
def porto():
    return stored.site(name="Porto", slug="porto")


@pytest.fixture
def rack(porto):
    rack = made.rack(site=porto, name="R01", rated_kw=30)
    for leg in "AB":
        pdu = made.device(site=porto, rack=rack, name=f"pdu-{leg.lower()}", role="pdu")
        made.power_feed(site=porto, rack=rack, device=pdu, name=f"R01-{leg}", leg=leg, rated_kw=20)
    return rack


def load(site, feed, percent):
    Measure.objects.create(
        site=site, key="circuit-load", part=feed, on_date=NOW.date(), value=percent, unit="%",
        taken_at=NOW, measured_at=NOW,
    )  # fmt: skip


def test_a_rack_stands_between_its_feeds(viewer_pages, porto, rack):
    load(porto, "R01-A", 30)
    load(porto, "R01-B", 20)
    words = words_of(viewer_pages.get("/sites/porto/power/"))
    for part in ("R01-A via pdu-a", "6.0 kW of 20.0 kW, 30 %", "R01-B via pdu-b", "50 %", "6.0 kW"):
        assert part in words, words


def test_it_says_first_which_racks_cannot_lose_a_leg(viewer_pages, porto, rack):
    load(porto, "R01-A", 60)
    load(porto, "R01-B", 60)
    assert "1 rack cannot lose a leg: R01." in words_of(viewer_pages.get("/sites/porto/power/"))


def test_a_feed_without_a_reading_is_not_0(viewer_pages, porto, rack):
    load(porto, "R01-A", 30)
    words = words_of(viewer_pages.get("/sites/porto/power/"))
    assert "no reading, 20.0 kW" in words
    assert "1 rack has a feed without a reading: R01." in words


def test_the_energy_tab_leads_there(viewer_pages, porto, rack):
    assert "/sites/porto/power/" in viewer_pages.get("/sites/porto/?tab=energy").content.decode()


@pytest.mark.parametrize("path", ["racks/{rack}", "devices/{device}", "power-feeds/{feed}"])
def test_what_lies_on_the_path_shows_it(viewer_pages, porto, rack, path):
    load(porto, "R01-A", 30)
    load(porto, "R01-B", 20)
    device = made.device(site=porto, rack=rack, name="n01")
    feed = rack.power_feeds.first()
    address = "/inventory/" + path.format(rack=rack.pk, device=device.pk, feed=feed.pk) + "/"
    words = words_of(viewer_pages.get(address))
    assert "10.0 kW drawn, rated 30.0 kW" in words
    assert "50 % of the breaker that is left, limit 80 %" in words


def test_a_device_in_no_rack_has_no_path(viewer_pages, porto):
    device = made.device(site=porto, name="alone")
    assert "Power path" not in words_of(viewer_pages.get(f"/inventory/devices/{device.pk}/"))


def test_many_racks_take_no_more_statements(viewer_pages, porto, rack):
    first = statements(viewer_pages, "/sites/porto/power/")
    for number in range(30):
        more = made.rack(site=porto, name=f"S{number:02}")
        made.power_feed(site=porto, rack=more, name=f"S{number:02}-A", leg="A")
    assert statements(viewer_pages, "/sites/porto/power/") <= first
