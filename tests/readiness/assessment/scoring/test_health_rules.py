"""Rules of health from samples to stored reasons: ports in use, file systems, windows; and the dry run of new rules."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readiness.assessment.scoring.models import HealthReason
from readiness.assessment.scoring.rule_flips import rule_flips
from telemetry import rollups
from telemetry.models import Series
from telemetry.queries import value_ranges
from tests.inventory import made
from tests.readiness.plant import deliver

pytestmark = pytest.mark.django_db
UP, DOWN = 1.0, 0.0
ROOT = {"device": "/dev/sda1", "fstype": "ext4", "mountpoint": "/"}


def send(plant, *samples, minutes=1):
    """Deliver these beside the plant's usual samples, `minutes` later."""
    plant.clock.move(minutes=minutes)
    at = plant.clock.at
    deliver(plant.source, [*plant.readings(at), *((*sample, at) for sample in samples)], now=at)


def port_state(plant, name, value):
    return "node_network_up", {"instance": f"{plant.switch.name}:9100", "device": name}, value


def disk_sample(plant, metric, value, **labels):
    return f"node_filesystem_{metric}", {"instance": f"{plant.node.name}:9100", **ROOT, **labels}, value


def reasons(plant):
    """Title and health of what counts now."""
    plant.evaluate()
    rows = HealthReason.objects.filter(site=plant.site, counts_from__isnull=False).order_by("title")
    return [(reason.object, reason.title, reason.health) for reason in rows if reason.metric]


@pytest.fixture
def linked(well):
    """The first port of the switch is the end of a link, the second is not."""
    made.link(port_a=well.ports[0], port_b=made.port(device=well.node, name="eth0"))
    return well


def test_a_linked_port_that_is_down_is_critical_after_a_minute_and_well_at_once(linked):
    send(linked, port_state(linked, "eth0", DOWN))
    assert reasons(linked) == []
    send(linked, port_state(linked, "eth0", DOWN))
    assert reasons(linked) == [("plant-leaf eth0", "Port is down", "critical")]
    send(linked, port_state(linked, "eth0", UP))
    assert reasons(linked) == []


def test_a_port_without_a_link_is_down_only_if_it_was_up_lately(linked):
    for _ in range(3):
        send(linked, port_state(linked, "eth1", DOWN))
        assert reasons(linked) == []
    send(linked, port_state(linked, "eth1", UP))
    rollups.roll_up(now=linked.clock.at)
    for _ in range(2):
        send(linked, port_state(linked, "eth1", DOWN))
        found = reasons(linked)
    assert found == [("plant-leaf eth1", "Port is down", "critical")]


def test_a_reason_of_a_port_ends_when_an_operator_switches_it_off(linked):
    for _ in range(2):
        send(linked, port_state(linked, "eth0", DOWN))
        found = reasons(linked)
    assert found == [("plant-leaf eth0", "Port is down", "critical")]
    facts = {"instance": f"{linked.switch.name}:9100", "device": "eth0", "adminstate": "down"}
    send(linked, port_state(linked, "eth0", DOWN), ("node_network_info", facts, 1.0))
    assert reasons(linked) == []


def test_a_file_system_fills_up_and_its_hysteresis_holds(well):
    size = disk_sample(well, "size_bytes", 1000e9)
    states = []
    for available in (900e9, *[40e9] * 11, 55e9, 70e9):
        send(well, size, disk_sample(well, "avail_bytes", available))
        states.append([health for _, _, health in reasons(well)])
    assert states == [[]] * 11 + [["warn"], ["warn"], []]


def test_a_file_system_that_becomes_read_only(well):
    send(well, disk_sample(well, "readonly", 0), disk_sample(well, "readonly", 1, mountpoint="/usr"))
    for _ in range(2):
        send(well, disk_sample(well, "readonly", 1), disk_sample(well, "readonly", 1, mountpoint="/usr"))
        found = reasons(well)
    assert found == [("plant-node", "File system became read-only (/)", "critical")]


def test_errors_of_an_hour_are_over_after_an_hour(linked):
    def errors(count):
        labels = {"instance": f"{linked.switch.name}:9100", "device": "eth0"}
        return "node_infiniband_port_errors_received_total", labels, count

    for count in (100, 100, 140):
        send(linked, errors(count), minutes=5)
    assert reasons(linked) == [("plant-leaf eth0", "Port receives damaged packets", "warn")]
    for _ in range(15):
        send(linked, errors(140), minutes=5)
        rollups.roll_up(now=linked.clock.at)
    assert reasons(linked) == []


def statements(plant):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        plant.evaluate()
    return [query["sql"] for query in queries if "telemetry_" in query["sql"]]


def test_what_is_well_costs_no_statement_and_any_number_of_ports_costs_one(linked):
    ports = [made.port(device=linked.switch, name=f"swp{number}") for number in range(8)]
    send(linked, *(port_state(linked, port.name, UP) for port in ports))
    usual = len(statements(linked))
    send(linked, *(port_state(linked, port.name, DOWN) for port in ports[:1]))
    one = statements(linked)
    send(linked, *(port_state(linked, port.name, DOWN) for port in ports))
    many = statements(linked)
    assert sum("low" in sql for sql in many) == 1
    assert len(one) == len(many)
    assert len(many) <= usual + 3


class TestDryRun:
    def test_it_lists_what_would_flip_and_stores_nothing(self, linked):
        linked.evaluate()
        send(linked, port_state(linked, "eth0", DOWN), disk_sample(linked, "readonly", 0))
        flips = rule_flips(now=linked.clock.at)
        assert [(flip.object, flip.title, flip.before, flip.after) for flip in flips] == [
            ("plant-leaf eth0", "Port is down", "ok", "critical")
        ]
        assert not HealthReason.objects.exclude(metric="").exists()

    def test_what_is_stored_is_no_flip(self, linked):
        for _ in range(2):
            send(linked, port_state(linked, "eth0", DOWN))
            linked.evaluate()
        assert rule_flips(now=linked.clock.at) == []

    def test_the_command_names_rule_and_object(self, linked):
        linked.evaluate()
        send(linked, port_state(linked, "eth0", DOWN))
        linked.clock.move(days=2)
        printed = StringIO()
        call_command("health_rules", "--dry-run", stdout=printed)
        text = printed.getvalue()
        assert "1 reason would change" in text
        assert "Port is down (node_network_up): 1 object" in text
        assert "Plant, plant-leaf eth0: ok -> critical at 0" in text

    def test_the_command_prints_the_rules(self):
        printed = StringIO()
        call_command("health_rules", stdout=printed)
        assert "| Port is down |" in printed.getvalue()


def test_the_range_of_a_series_reaches_over_hours_and_samples(linked):
    began_at = linked.clock.at
    for value in (UP, DOWN, DOWN):
        send(linked, port_state(linked, "eth1", value), minutes=45)
        rollups.roll_up(now=linked.clock.at)
    series = Series.objects.get(metric="node_network_up")
    ranges = value_ranges([series.pk], start=began_at - timedelta(days=7), now=linked.clock.at)
    assert ranges == {series.pk: (DOWN, UP)}
    assert value_ranges([], start=began_at, now=linked.clock.at) == {}
