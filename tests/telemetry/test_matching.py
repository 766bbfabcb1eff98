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


POD = "nvidia-dcgm-exporter-sv6g2"
# Labels as exporters write them and Prometheus stores them, with the object of the plant below that they describe.
DESCRIBED = {
    "dcgm-exporter in Kubernetes: its host is a pod, the target's label names the node": (
        "DCGM_FI_DEV_GPU_TEMP",
        {"gpu": "0", "UUID": "GPU-unknown", "Hostname": POD, "instance": "10.244.3.7:9400", "node": "node-1"},
        "gpu",
    ),
    "the same, relabelled otherwise": (
        "DCGM_FI_DEV_GPU_TEMP",
        {"gpu": "0", "Hostname": POD, "instance": "10.244.3.7:9400", "nodeName": "node-1.example.org"},
        "gpu",
    ),
    "a MIG instance is a part of its GPU": (
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
        {"gpu": "7", "UUID": "GPU-AA", "GPU_I_ID": "1", "GPU_I_PROFILE": "1g.10gb"},
        "gpu",
    ),
    "a field of DCGM that Muster does not know": (
        "DCGM_FI_DEV_POWER_MGMT_LIMIT",
        {"gpu": "0", "Hostname": "NODE-1"},
        "gpu",
    ),
    "nvidia_gpu_exporter leaves out GPU-": ("nvidia_smi_power_draw_watts", {"uuid": "aa"}, "gpu"),
    "device-metrics-exporter with labels in capitals": (
        "gpu_power_usage",
        {"GPU_ID": "0", "HOSTNAME": "node-1"},
        "gpu",
    ),
    "node_exporter's ethtool": (
        "node_ethtool_rx_prio3_pause",
        {"instance": "node-1.example.org:9100", "device": "eth0"},
        "port",
    ),
    "an InfiniBand port through an agent of the node itself": (
        "node_infiniband_state_id",
        {"instance": "localhost:9100", "host": "node-1", "device": "mlx5_0", "port": "1"},
        "ib",
    ),
    "smartctl through an agent of the node itself": (
        "smartctl_device_temperature",
        {"instance": "localhost:9633", "host": "node-1", "device": "nvme0"},
        "node",
    ),
    "Slurm speaks of its nodes": (
        "slurm_node_cpu_alloc",
        {"instance": "control:8080", "node": "node-1", "status": "mixed"},
        "node",
    ),
    "kube-state-metrics on another node": (
        "kube_node_status_condition",
        {"instance": "10.244.1.1:8080", "node": "control", "exported_node": "node-1", "condition": "Ready"},
        "node",
    ),
    "through a gateway": ("node_load1", {"instance": "control", "exported_instance": "node-1"}, "node"),
    "gnmic speaks of its switches": (
        "interfaces_interface_state_counters_in_octets",
        {"instance": "control:9804", "source": "leaf-1:57400", "interface_name": "Ethernet1/1"},
        "uplink",
    ),
    "SONiC's exporter": (
        "sonic_interface_receive_bytes_total",
        {"instance": "10.0.1.1:9101", "device": "Ethernet1/1"},
        "uplink",
    ),
    "snmp_exporter": ("ifHCInUcastPkts", {"instance": "leaf-1", "ifName": "Ethernet1/1"}, "uplink"),
    "an address of IPv6 in full": (
        "ipmi_temperature_celsius",
        {"instance": "[2001:0db8:0:0::7]:623", "name": "Inlet Temp"},
        "six",
    ),
    "nut_exporter speaks of its UPS": (
        "network_ups_tools_battery_charge",
        {"instance": "control:9199", "ups": "ups-1"},
        "ups",
    ),
    "a BMC that is not declared is not the machine of its exporter": (
        "ipmi_temperature_celsius",
        {"instance": "10.0.9.9", "node": "control", "name": "Inlet Temp"},
        None,
    ),
    "a switch that is not declared is not the machine of its exporter": (
        "ifHCInOctets",
        {"instance": "10.0.9.8", "node": "control", "ifName": "Ethernet1/1"},
        None,
    ),
}


@pytest.fixture
def plant(porto, node):
    leaf = made.device(site=porto, name="leaf-1", management_address="10.0.1.1", role="switch")
    made.device(site=porto, name="control")
    return {
        "node": node,
        "gpu": made.accelerator(device=node, index=0, uuid="GPU-aa"),
        "port": made.port(device=node, name="eth0"),
        "ib": made.port(device=node, name="mlx5_0"),
        "uplink": made.port(device=leaf, name="Ethernet1/1"),
        "six": made.device(site=porto, name="six", management_address="2001:db8::7"),
        "ups": made.device(site=porto, name="ups-1", role="ups"),
    }


@pytest.mark.parametrize(("metric", "labels", "described"), DESCRIBED.values(), ids=DESCRIBED)
def test_what_exporters_write_finds_its_object(sender, plant, metric, labels, described):
    sender.deliver(({"__name__": metric, **labels}, 1.0, 0))
    assert place(metric)[1] == (plant[described] if described else None)


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

    def test_a_metric_that_was_a_guess_when_its_series_came(self, sender, node):
        sender.deliver((RX, 1.0, 0))
        Series.objects.update(kind="gauge")
        assert self.match(sender) == 1
        assert Series.objects.get().kind == "counter"

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
