"""The inventory against the labels of series: what opens a contradiction, and what ends it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Accelerator, SiteChange
from telemetry import matching, rollups
from telemetry.drift import comparing
from telemetry.drift.models import InventoryDrift
from telemetry.drift.operations import record_drift
from telemetry.drift.queries import contradicted_places
from tests.inventory import made

pytestmark = pytest.mark.django_db

UUIDS = ("GPU-aaaa", "GPU-bbbb")


@pytest.fixture
def node(porto):
    """A node of two H100 SXM with UUIDs and bus ids."""
    node = made.device(site=porto, name="node-1", serial="SN-1")
    h100 = made.device_type(kind="accelerator", model="H100 SXM 80 GB")
    for index, uuid in enumerate(UUIDS):
        made.accelerator(device=node, index=index, uuid=uuid, bus_id=f"{index + 1}b:00.0", device_type=h100)
    return node


def gpu(index, **said):
    labels = {
        "__name__": "DCGM_FI_DEV_GPU_TEMP",
        "gpu": str(index),
        "UUID": UUIDS[index] if index < len(UUIDS) else f"GPU-{index}",
        "modelName": "NVIDIA H100 80GB HBM3",
        "pci_bus_id": f"00000000:{index + 1}B:00.0",
        "Hostname": "node-1",
    }
    return labels | said


@pytest.fixture
def scrape(sender):
    """`scrape(*labels)` delivers one sample of each, six minutes ago, rolls up and compares."""

    def scrape(*labels):
        sender.clock.move(minutes=10)
        sender.deliver(*((each, 50.0, 0) for each in labels))
        rollups.roll_up(now=sender.clock.move(minutes=6))
        matching.match_changed(now=sender.clock.at)
        return comparing.compare_all(now=sender.clock.at)

    return scrape


def not_ended():
    rows = InventoryDrift.objects.not_ended().order_by("index", "field")
    return [(row.index, row.field, row.inventory_value, row.reported_value) for row in rows]


def test_an_exporter_that_agrees_opens_nothing(node, scrape) -> None:
    assert scrape(gpu(0), gpu(1)) == 0
    assert not InventoryDrift.objects.exists()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"UUID": "GPU-cccc"}, (1, "uuid", "GPU-bbbb", "GPU-cccc")),
        ({"modelName": "NVIDIA H200"}, (1, "model", "H100 SXM 80 GB", "NVIDIA H200")),
        ({"pci_bus_id": "00000000:9B:00.0"}, (1, "bus-id", "2b:00.0", "00000000:9B:00.0")),
    ],
)
def test_another_part_at_an_index_opens_one(node, scrape, said, expected) -> None:
    assert scrape(gpu(0), gpu(1, **said)) == 1
    assert not_ended() == [expected]


def test_another_number_of_accelerators_opens_one_at_the_device(node, scrape) -> None:
    scrape(gpu(0))
    assert not_ended() == [(-1, "count", "2", "1")]
    scrape(gpu(0), gpu(1), gpu(2))
    assert not_ended() == [(-1, "count", "2", "3")]
    scrape(gpu(0), gpu(1))
    assert not_ended() == []


def test_a_drained_accelerator_may_be_silent(node, scrape) -> None:
    Accelerator.objects.filter(device=node, index=1).update(status="drained")
    assert scrape(gpu(0)) == 0
    assert scrape(gpu(0), gpu(1)) == 0


def test_parts_of_a_partitioned_accelerator_have_no_place(node, scrape) -> None:
    parts = [
        {"__name__": "gpu_package_power", "gpu_id": str(index), "hostname": "node-1",
         "card_series": "AMD Instinct MI300X", "gpu_compute_partition_type": "cpx"}
        for index in range(8)
    ]  # fmt: skip
    assert scrape(*parts) == 0


def test_two_that_changed_places_contradict_at_both(node, scrape) -> None:
    scrape(gpu(0, UUID=UUIDS[1]), gpu(1, UUID=UUIDS[0]))
    assert [(index, field) for index, field, *_ in not_ended()] == [(0, "uuid"), (1, "uuid")]


def test_an_accelerator_that_moved_to_another_node_is_told_there(node, porto, scrape) -> None:
    other = made.device(site=porto, name="node-2")
    made.accelerator(device=other, index=0, uuid="GPU-dddd")
    scrape(gpu(0), gpu(1), gpu(0, UUID=UUIDS[1], Hostname="node-2", pci_bus_id=""))
    row = InventoryDrift.objects.get()
    assert (row.device, row.field, row.reported_value) == (other, "uuid", UUIDS[1])


def test_the_serial_of_a_node(node, scrape) -> None:
    dmi = {"__name__": "node_dmi_info", "instance": "node-1:9100", "product_serial": "SN-2"}
    scrape(dmi)
    assert not_ended() == [(-1, "serial", "SN-1", "SN-2")]
    InventoryDrift.objects.all().delete()
    assert scrape(dmi | {"product_serial": "Default string"}) == 0


def test_what_the_inventory_does_not_say_contradicts_nothing(node, scrape) -> None:
    Accelerator.objects.filter(index=1).update(uuid="")
    assert scrape(gpu(0), gpu(1, UUID="GPU-cccc")) == 0


def test_a_dead_exporter_neither_opens_nor_ends_one(node, scrape, sender) -> None:
    scrape(gpu(0), gpu(1, UUID="GPU-cccc"))
    before = not_ended()
    for _ in range(3):
        rollups.roll_up(now=sender.clock.move(hours=1))
        assert comparing.compare_all(now=sender.clock.at) == 0
    assert not_ended() == before


def test_telemetry_that_agrees_again_ends_it(node, scrape) -> None:
    scrape(gpu(0), gpu(1, UUID="GPU-cccc"))
    scrape(gpu(0), gpu(1))
    assert not_ended() == []
    assert InventoryDrift.objects.get().state == "ended"


def test_it_opens_again_in_the_same_row(node, scrape) -> None:
    for uuid in ("GPU-cccc", UUIDS[1], "GPU-eeee"):
        scrape(gpu(0), gpu(1, UUID=uuid))
    row = InventoryDrift.objects.get()
    assert (row.state, row.reported_value) == ("open", "GPU-eeee")


def test_a_change_of_the_inventory_ends_it(node, scrape) -> None:
    scrape(gpu(0), gpu(1, UUID="GPU-cccc"))
    Accelerator.objects.filter(index=1).update(uuid="cccc")
    scrape(gpu(0), gpu(1, UUID="GPU-cccc"))
    assert InventoryDrift.objects.get().state == "ended"


def test_it_claims_the_site_when_it_opens_and_not_while_it_stands(node, scrape) -> None:
    scrape(gpu(0), gpu(1, UUID="GPU-cccc"))
    assert SiteChange.objects.filter(origin="inventory", site=node.site).exists()
    SiteChange.objects.all().delete()
    scrape(gpu(0), gpu(1, UUID="GPU-cccc"))
    assert not SiteChange.objects.filter(origin="inventory").exists()


def test_places_in_doubt_have_a_sentence(node, scrape, sender, admin) -> None:
    scrape(gpu(0), gpu(1, UUID="GPU-cccc"))
    now = sender.clock.at
    assert contradicted_places([node.site_id], now) == {
        node.site_id: {
            (
                node.pk,
                1,
            ): "porto prometheus reports the UUID GPU-cccc for node-1 #1; the inventory has GPU-bbbb."
        }
    }
    assert contradicted_places([node.site_id], now - timedelta(days=1)) == {}
    InventoryDrift.objects.update(state="dismissed", decided_by=admin, decided_at=now)
    assert contradicted_places([node.site_id], now)


def test_a_fleet_costs_a_fixed_number_of_statements(node, scrape, sender) -> None:
    def cost():
        with CaptureQueriesContext(connection) as queries:
            comparing.compare_all(now=sender.clock.at)
        return len(queries)

    scrape(gpu(0), gpu(1, UUID="GPU-cccc"))
    one = cost()
    for _ in range(5):
        made.site()
    assert cost() == one


class TestRecordDrift:
    def record(self, node, seen, now, entered="550.1"):
        return record_drift(
            site_id=node.site_id, device_id=node.pk, field="driver", inventory_value=entered,
            seen_value=seen, source="run 7", now=now,
        )  # fmt: skip

    def test_a_run_with_another_driver_stands_until_one_agrees(self, node, frozen_now) -> None:
        now = frozen_now.at
        assert self.record(node, "550.1", now) is None
        assert str(self.record(node, "560.2", now)) == "Driver of node-1"
        assert self.record(node, "550.1", now - timedelta(hours=1)) is not None  # an older run ends nothing
        assert self.record(node, "560.2", now + timedelta(hours=2), entered="560.2") is None
        assert InventoryDrift.objects.get().state == "ended"

    def test_other_software_makes_no_place_doubtful(self, node, frozen_now) -> None:
        self.record(node, "560.2", frozen_now.at)
        assert contradicted_places([node.site_id], frozen_now.at) == {}

    def test_a_device_of_another_site_is_left_alone(self, node, frozen_now) -> None:
        node.site_id = made.site().pk
        assert self.record(node, "560.2", frozen_now.at) is None
