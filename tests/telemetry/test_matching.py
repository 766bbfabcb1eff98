"""Series find their objects when they first come, and again when the inventory changes."""

import pytest

from inventory.models import SiteChange
from telemetry import matching, operations
from telemetry.models import Series
from tests.inventory import made

pytestmark = pytest.mark.django_db

GPU = {"__name__": "DCGM_FI_DEV_POWER_USAGE", "gpu": "0", "UUID": "GPU-AA", "Hostname": "node-1"}
RX = {"__name__": "node_network_receive_errs_total", "instance": "node-1.example.org:9100", "device": "eth0"}
IB = {
    "__name__": "node_infiniband_link_downed_total",
    "instance": "10.0.0.7:9100",
    "device": "mlx5_0",
    "port": "1",
}
LOAD = {"__name__": "node_load1", "instance": "NODE-1:9100"}


def place(metric):
    series = Series.objects.get(metric=metric)
    found = {
        "accelerator": series.accelerator,
        "device": series.device,
        "port": series.port,
        "feed": series.power_feed,
        "link": series.link,
        "cooling-unit": series.cooling_unit,
        "site": series.site,
    }
    return series.object_kind, found.get(series.object_kind)


@pytest.fixture
def node(porto):
    return made.device(site=porto, name="Node-1", management_address="10.0.0.7")


def test_each_kind_of_object_is_found_by_its_labels(sender, porto, node):
    gpu = made.accelerator(device=node, index=3, uuid="GPU-aa")
    eth, ib = made.port(device=node, name="eth0"), made.port(device=node, name="mlx5_0/1")
    feed = made.power_feed(site=porto, name="Feed A")
    crah = made.cooling_unit(site=porto, name="CRAH 1")
    wan = made.wan(site_a=porto, name="Porto - Lisbon")
    expected = {
        GPU["__name__"]: ("accelerator", gpu),
        RX["__name__"]: ("port", eth),
        IB["__name__"]: ("port", ib),
        LOAD["__name__"]: ("device", node),
    }
    sender.deliver((GPU, 1.0, 0), (RX, 1.0, 0), (IB, 1.0, 0), (LOAD, 1.0, 0))
    assert {metric: place(metric) for metric in expected} == expected
    series = Series.objects.get(metric=GPU["__name__"])
    assert series.device == node
    sender.deliver(
        ({"__name__": "rPDU2DeviceStatusPower", "feed": "feed a"}, 1.0, 0),
        ({"__name__": "probe_icmp_duration_seconds", "link": "porto - lisbon", "phase": "rtt"}, 1.0, 0),
    )
    assert place("rPDU2DeviceStatusPower") == ("feed", feed)
    assert place("probe_icmp_duration_seconds") == ("link", wan)
    assert crah.site == porto


def test_an_undeclared_gpu_is_listed_under_its_host(sender, node):
    sender.deliver((GPU, 1.0, 0))
    assert place(GPU["__name__"]) == ("device", node)


def test_a_series_that_nothing_fits_is_kept_and_has_no_object(sender, porto):
    sender.deliver((LOAD, 1.0, 0))
    series = Series.objects.get()
    assert (series.object_kind, series.site) == ("", porto)
    assert list(Series.objects.unmatched()) == [series]


def test_a_name_of_two_objects_finds_neither(sender, porto):
    made.device(site=porto, name="node-1.example.org")
    made.device(site=porto, name="node-1.example.net")
    sender.deliver((LOAD, 1.0, 0), (RX, 1.0, 0))
    assert place(LOAD["__name__"]) == ("", None)
    assert place(RX["__name__"])[0] == "device"


def test_objects_of_another_site_are_not_found(sender):
    made.device(name="node-1")
    sender.deliver((LOAD, 1.0, 0))
    assert place(LOAD["__name__"]) == ("", None)


def test_a_label_names_the_site(sender_of):
    lisbon = made.site(slug="lisbon")
    node = made.device(site=lisbon, name="node-1")
    many = sender_of(site_label="dc")
    many.deliver((LOAD | {"dc": "Lisbon"}, 1.0, 0), (RX | {"dc": "nowhere"}, 1.0, 0))
    assert place(LOAD["__name__"]) == ("device", node)
    assert Series.objects.get(metric=RX["__name__"]).site is None


class TestAnew:
    def match(self, sender):
        return matching.match_changed(now=sender.clock.at)

    def test_a_device_that_is_declared_later(self, sender, porto):
        sender.deliver((LOAD, 1.0, 0))
        self.match(sender)
        SiteChange.objects.all().delete()
        node = made.device(site=porto, name="node-1")
        assert self.match(sender) == 1
        assert place(LOAD["__name__"]) == ("device", node)
        assert "telemetry" in SiteChange.objects.values_list("origin", flat=True)
        assert self.match(sender) == 0

    def test_a_gpu_that_is_declared_later_is_found_instead_of_its_host(self, sender, node):
        sender.deliver((GPU, 1.0, 0))
        self.match(sender)
        gpu = made.accelerator(device=node, index=0)
        self.match(sender)
        assert place(GPU["__name__"]) == ("accelerator", gpu)

    def test_a_device_that_is_renamed_or_gone(self, sender, node):
        sender.deliver((LOAD, 1.0, 0))
        node.name = "other"
        node.save()
        assert self.match(sender) == 1
        assert place(LOAD["__name__"]) == ("", None)
        node.name = "node-1"
        node.save()
        self.match(sender)
        node.delete()
        self.match(sender)
        assert place(LOAD["__name__"]) == ("", None)

    def test_a_site_that_is_made_later_gets_the_series_that_name_it(self, sender_of):
        many = sender_of(site_label="dc")
        many.deliver((LOAD | {"dc": "lisbon"}, 1.0, 0))
        lisbon = made.site(slug="lisbon")
        self.match(many)
        assert Series.objects.get().site == lisbon
        many.deliver((LOAD | {"dc": "lisbon"}, 1.0, 60))
        claims = SiteChange.objects.filter(origin="telemetry", site=lisbon)
        assert claims.exists()

    def test_a_drain_notices_that_its_series_moved(self, sender_of):
        many = sender_of(site_label="dc")
        many.deliver((LOAD | {"dc": "lisbon"}, 1.0, 0))
        lisbon = made.site(slug="lisbon")
        self.match(many)
        SiteChange.objects.all().delete()
        many.deliver((LOAD | {"dc": "lisbon"}, 1.0, 60))
        assert list(SiteChange.objects.values_list("site", "origin")) == [(lisbon.pk, "telemetry")]

    def test_a_source_that_moves_to_another_site_takes_its_series_along(self, sender):
        sender.deliver((LOAD, 1.0, 0))
        lisbon = made.site()
        node = made.device(site=lisbon, name="node-1")
        operations.update_source(sender.source, changes={"site": lisbon}, by=None, now=sender.clock.at)
        assert place(LOAD["__name__"]) == ("device", node)
        assert Series.objects.get().site == lisbon

    def test_nothing_is_matched_where_nothing_changed(self, sender, node, django_assert_num_queries):
        sender.deliver((LOAD, 1.0, 0))
        self.match(sender)
        node.description = "not a name"
        node.save()
        with django_assert_num_queries(2):
            assert self.match(sender) == 0
