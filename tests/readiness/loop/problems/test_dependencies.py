"""Dependencies of objects, read from inventory and series: in as many statements for many objects as for few."""

from datetime import timedelta

import pytest

from inventory.models import Device
from readiness.loop.problems.models import Problem
from telemetry.models import Series
from tests.inventory import made
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.assessment.scoring.test_page_queries import source
from tests.readiness.loop.problems.test_writing import statements
from tests.readiness.problems import write_problems

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def unwell(site, domain, kind, thing, metric="", **given):
    title = given.pop("title", metric or "Not seen")
    health = given.pop("health", "critical" if metric else "unknown")
    stored.reason(
        site, domain, object_kind=kind, object_id=thing.pk, object=str(thing), metric=metric, title=title,
        health=health, since=NOW, taken_at=NOW, **given,
    )  # fmt: skip


class Hall:
    """A rack with two feeds, each behind a PDU; nodes in it; and a switch with a port for each node."""

    def __init__(self, *, nodes):
        self.site = stored.site(name="Lyon", slug="lyon", owner="Ops")
        for domain in ("compute", "network", "energy"):
            stored.health(self.site, domain, "critical", heard_at=NOW, blind_at=NOW + HOUR)
        rack = made.rack(site=self.site)
        types = {name: made.device_type(domain=name) for name in ("network", "energy")}
        at = {"site": self.site}
        self.pdus = [
            made.device(**at, name=f"pdu-{leg}", role=Device.Role.PDU, device_type=types["energy"])
            for leg in "AB"
        ]
        self.feeds = [
            made.power_feed(**at, name=f"feed-{leg}", leg=leg, rack=rack, device=pdu)
            for leg, pdu in zip("AB", self.pdus, strict=True)
        ]
        self.nodes = [made.device(**at, rack=rack, name=f"n{number}") for number in range(nodes)]
        self.switch = made.device(**at, name="leaf", role=Device.Role.SWITCH, device_type=types["network"])
        self.ports, self.links = [], []
        for number, node in enumerate(self.nodes):
            near = made.port(device=self.switch, name=f"swp{number}")
            far = made.port(device=node, name="eth0")
            self.ports.append((near, far))
            self.links.append(
                made.link(name=f"l{number}", site_a=self.site, site_b=self.site, port_a=near, port_b=far)
            )


def causes(hall):
    write_problems()
    rows = Problem.objects.open().filter(site=hall.site, kind="health")
    return {each.object or each.key: each.cause_key for each in rows if each.object_id}


def test_a_rack_that_loses_both_feeds_takes_its_nodes():
    hall = Hall(nodes=2)
    for feed in hall.feeds:
        unwell(hall.site, "energy", "feed", feed, "outletState")
    for node in hall.nodes:
        unwell(hall.site, "compute", "device", node)
    unwell(hall.site, "network", "device", hall.switch)
    folded = causes(hall)
    assert folded["n0"] == folded["n1"] == "energy-outletState"
    assert folded["leaf"] == f"network-device-{hall.switch.pk}"


def test_a_feed_is_lost_with_its_distribution_and_that_needs_no_feed():
    hall = Hall(nodes=1)
    for pdu in hall.pdus:
        unwell(hall.site, "energy", "device", pdu, "rPDU2DeviceStatusLoadState")
    unwell(hall.site, "compute", "device", hall.nodes[0])
    folded = causes(hall)
    assert folded["n0"] == "energy-rPDU2DeviceStatusLoadState"
    assert folded["pdu-A"] == "energy-rPDU2DeviceStatusLoadState"


def test_a_dead_switch_takes_its_ports_their_links_and_the_ports_behind_them():
    hall = Hall(nodes=2)
    unwell(hall.site, "network", "device", hall.switch)
    for (near, far), link in zip(hall.ports, hall.links, strict=True):
        unwell(hall.site, "network", "port", near, "ifOperStatus")
        unwell(hall.site, "network", "port", far, "node_network_up")
        unwell(hall.site, "network", "link", link, "probe_success")
    assert set(causes(hall).values()) == {f"network-device-{hall.switch.pk}"}


def test_what_a_silent_source_alone_sends_follows_from_it():
    hall = Hall(nodes=2)
    silent, alive = source(hall.site, "silent", name="a"), source(hall.site, "on-time", name="b")
    for number, (sender, node) in enumerate([(silent, 0), (silent, 1), (alive, 1)]):
        Series.objects.create(
            source=sender, metric="node_load1", site=hall.site, object_kind="device", device=hall.nodes[node],
            first_seen_at=NOW, digest=bytes([number]) * 16,
        )  # fmt: skip
    for node in hall.nodes:
        unwell(hall.site, "compute", "device", node)
    folded = causes(hall)
    assert folded["n0"] == str(silent.pk)
    assert folded["n1"] == f"compute-device-{hall.nodes[1].pk}"


def test_a_check_folds_under_the_object_that_decided_it_even_in_a_crowd():
    hall = Hall(nodes=30)
    for node in hall.nodes:
        unwell(hall.site, "compute", "device", node, "idrac_sensors_fan_health")
    stored.result(
        hall.site, "p5-accelerator-health", "fail", gate="BLOCK", evidence={"part": "xid", "object": "n17"}
    )
    check = write_problems()["check", "p5-accelerator-health"]
    assert check.cause_key == "compute-idrac_sensors_fan_health"


def test_reading_takes_as_many_statements_for_many_objects():
    def cost(nodes):
        hall = Hall(nodes=nodes)
        silent = source(hall.site, "silent")
        Series.objects.create(
            source=silent, metric="node_load1", site=hall.site, object_kind="device", device=hall.nodes[0],
            first_seen_at=NOW, digest=bytes(16),
        )  # fmt: skip
        for feed in hall.feeds:
            unwell(hall.site, "energy", "feed", feed, "outletState")
        unwell(hall.site, "network", "device", hall.switch)
        for (near, far), node in zip(hall.ports, hall.nodes, strict=True):
            unwell(hall.site, "compute", "device", node)
            unwell(hall.site, "network", "port", near, "ifOperStatus")
            unwell(hall.site, "network", "port", far, "node_network_up")
        taken = statements(write_problems)
        hall.site.delete()
        write_problems()
        return taken

    cost(1)
    # A crowd costs one statement more, for all of its objects.
    assert cost(2) + 1 == cost(30) == cost(60)
