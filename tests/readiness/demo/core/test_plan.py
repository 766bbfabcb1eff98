"""The fleet that the data files lay out: its size, its names, and that nothing in it depends on chance."""

import itertools
import re
from collections import Counter
from zoneinfo import ZoneInfo

import pytest

from readiness.demo.core.plan import book, fleet_plan
from readiness.demo.operations.workloads import confirmed_days_ago

FLEET = fleet_plan()


def accelerators(fleet):
    return [uuid for site in fleet.sites for node in site.nodes for uuid in node.uuids]


def test_the_fleet_has_24_sites_40_mw_and_1500_accelerators_by_device():
    assert len(FLEET.sites) == 24
    assert len(accelerators(FLEET)) == 1500
    assert sum(site.accelerators for site in FLEET.sites) == 22_540
    assert sum(site.it_kw for site in FLEET.sites) == pytest.approx(40_600, abs=50)


def test_three_liquid_cooled_training_sites_are_large_six_regional_and_the_rest_edge():
    large = {site.name for site in FLEET.sites if site.it_kw > 10_000}
    assert large == {"PHX-1", "DSM-1", "GVX-1"}
    for site in FLEET.sites:
        if site.name in large:
            assert {unit.medium for unit in site.cooling} == {"liquid"}
            assert site.facts["profiles"] == ["training"]
    kinds = Counter(site.facts["kind"] for site in FLEET.sites)
    # The fourth core site is under construction.
    assert kinds == {"core": 4, "regional": 6, "edge": 14}


def test_the_halls_that_report_by_rack_grew_in_whole_racks():
    for site in FLEET.sites:
        for _, nodes in site.waves:
            assert (len(site.hall_racks) * nodes / len(site.nodes)).is_integer(), site.name
        assert {feed.rack for feed in site.feeds} == {*site.racks, *site.hall_racks}


def test_the_same_data_gives_the_same_fleet():
    assert fleet_plan() == FLEET


def test_a_scale_of_two_doubles_nodes_and_accelerators_and_keeps_the_sites():
    twice = fleet_plan(scale=2)
    assert [site.name for site in twice.sites] == [site.name for site in FLEET.sites]
    assert len(accelerators(twice)) == 2 * len(accelerators(FLEET))
    assert [len(site.nodes) for site in twice.sites] == [2 * len(site.nodes) for site in FLEET.sites]


def test_a_fleet_of_some_sites_has_them_just_as_the_whole_fleet_does():
    cut = fleet_plan(names={"LON-1", "OSL-1"})
    assert cut.sites == tuple(site for site in FLEET.sites if site.name in {"LON-1", "OSL-1"})


@pytest.mark.parametrize("scale", [1, 4])
def test_no_two_things_share_a_name_an_address_or_a_uuid(scale):
    fleet = fleet_plan(scale=scale)
    devices = [
        device for site in fleet.sites for device in (*site.nodes, *site.switches, *site.ups, *site.cooling)
    ]
    names = [device.name for device in devices] + [feed.device for site in fleet.sites for feed in site.feeds]
    addresses = [device.address for device in devices]
    addresses += [feed.address for site in fleet.sites for feed in site.feeds]
    for each in (names, addresses, accelerators(fleet)):
        assert len(set(each)) == len(each)


def test_addresses_are_ipv4_addresses_at_four_times_the_size():
    for site in fleet_plan(scale=4).sites:
        for node in site.nodes:
            assert re.fullmatch(r"10\.\d+\.\d+\.\d+", node.address)
            assert all(int(part) < 256 for part in node.address.split("."))


def test_facts_of_sites_are_what_the_inventory_takes():
    for site in FLEET.sites:
        # An unquoted NO is a boolean in YAML.
        assert re.fullmatch(r"[A-Z]{2}", site.facts["country"]), site.name
        ZoneInfo(site.facts["time_zone"])


def test_what_workloads_circuits_and_meters_refer_to_is_there():
    names = {site.name for site in FLEET.sites}
    data = FLEET.fleet
    assert {name for workload in data["workload_classes"] for name in workload["sites"]} <= names
    assert {end for near, far, _ in data["circuits"] for end in (near, far)} <= names
    assert {*data["shared_edge_source"], *data["fast_meters"], *data["slurm_sites"]} <= names
    regions = {region["slug"] for region in data["user_regions"]}
    assert {slug for workload in data["workload_classes"] for slug in workload["user_regions"]} <= regions


def test_every_site_but_the_one_under_construction_has_hardware_and_dated_capacity():
    empty = [site.name for site in FLEET.sites if not site.nodes]
    assert empty == ["OSL-1"]
    for site in FLEET.sites:
        assert sum(count for _, count in site.waves) == len(site.nodes)
        assert all(days > 0 for days, _ in site.waves)


def test_waves_add_up_to_the_power_of_the_site():
    for site in FLEET.sites:
        if site.nodes:
            assert sum(site.wave_it_kw(nodes) for _, nodes in site.waves) == pytest.approx(site.it_kw)
            assert site.contracted_kw > site.it_kw


def test_every_device_type_names_where_its_figures_come_from():
    groups = ("accelerators", "nodes", "fabrics", "power")
    assert all(row["source"] for group in groups for row in FLEET.hardware[group].values())


def test_there_are_twelve_workload_classes_each_with_an_envelope_that_says_where_it_is_from():
    slugs = [row["slug"] for row in FLEET.fleet["workload_classes"]]
    assert len(slugs) == 12
    classes = book("workloads")["envelopes"]
    assert set(classes) == set(slugs)
    for row in FLEET.fleet["workload_classes"]:
        assert set(classes[row["slug"]].get("requests_per_s", {})) <= set(row["user_regions"])
        assert "assumed" in classes[row["slug"]]["source"] or "MLPerf" in classes[row["slug"]]["source"]


def test_no_envelope_runs_out_before_it_is_confirmed():
    for slug, envelope in book("workloads")["envelopes"].items():
        days = [envelope["declared"], *confirmed_days_ago(slug), 0]
        assert all(0 <= before - after < 180 for before, after in itertools.pairwise(days))
