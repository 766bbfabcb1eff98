"""Rows that refer to each other are written together, in one statement for each model."""

from itertools import count

import pytest

from inventory.models import Device, DeviceType, Manufacturer, Port, Rack, Region, Site
from readiness.demo.building import Maker, SiteRows, write
from tests.inventory import made

pytestmark = pytest.mark.django_db


def planned_site(region, number, device_type):
    built = SiteRows(Site(name=f"P{number}", slug=f"p{number}", region=region, country="PT"))
    built.rack("R1")
    for name in ("leaf-1", "leaf-2"):
        built.device(name, Device.Role.SWITCH, device_type, rack="R1")
        built.port(name, "Ethernet1")
    built.link("up", ("leaf-1", "Ethernet1"), ("leaf-2", "Ethernet1"), capacity_gbps=100)
    return built


@pytest.fixture
def device_type():
    maker = Manufacturer(name="Maker", slug="maker")
    return DeviceType(manufacturer=maker, model="Leaf", slug="leaf", domain="network", kind="switch")


def test_a_fleet_is_one_statement_for_each_model(device_type, django_assert_num_queries):
    fleet = [planned_site(Region(name=f"R{n}", slug=f"r{n}"), n, device_type) for n in range(5)]
    fleet[0].circuit("to P1", fleet[1], capacity_gbps=10)
    models = ["region", "site", "manufacturer", "device type", "rack", "device", "port", "link"]
    with django_assert_num_queries(len(models)):
        write(*fleet)
    assert Device.objects.filter(rack__site__slug="p4", device_type__manufacturer__slug="maker").count() == 2
    assert Port.objects.get(device__name="leaf-1", site__slug="p2").links_from.get().name == "up"
    assert fleet[0].site.links_from.get(kind="wan").site_b == fleet[1].site


def test_a_tree_of_rows_is_written_from_its_root():
    europe = Region(name="Europe", slug="europe")
    iberia = Region(name="Iberia", slug="iberia", parent=europe)
    write([Region(name="Porto", slug="porto", parent=iberia), europe])
    assert Region.objects.get(slug="porto").parent.parent == europe


def test_what_is_stored_is_left_alone():
    site = made.site(name="Porto")
    site.name = "Not stored"
    rack = Rack(site=site, name="R1")
    write([rack], [rack, site])
    assert Rack.objects.get().site.name == "Porto"


def test_a_maker_fills_in_what_a_call_leaves_out():
    numbers = count(7)
    site = Maker(Site, lambda: next(numbers), "name", slug="site-{n}", country="PT", region=made.region)
    porto = site("Porto", country="ES")
    assert (porto.name, porto.slug, porto.country) == ("Porto", "site-7", "ES")
    assert Site.objects.get(region=porto.region) == porto
    assert site.row("Faro").pk is None
