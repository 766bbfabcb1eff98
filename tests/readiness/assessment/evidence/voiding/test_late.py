"""A file that comes late: what changed between the run and its import voids it, as if it had come at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.models import Device
from readiness.assessment.evidence.core.proving.values import ALWAYS_VOIDS
from readiness.assessment.evidence.operations import record_fact
from readiness.assessment.evidence.proofs import proofs
from readiness.assessment.framework import queries as framework_queries
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.voiding.changing import change

pytestmark = pytest.mark.django_db(transaction=True)


def entered_again(obj, maker, **changed):
    kept = {
        name: getattr(obj, name)
        for name in ("name", "site", "device", "index", "device_type")
        if hasattr(obj, name)
    }
    obj.delete()
    return maker(**kept | changed)


CHANGES = {
    "firmware": lambda node, **_: change(node, firmware_version="1.3"),
    "firmware of an accelerator": lambda gpu, **_: change(gpu, firmware_version="97"),
    "driver": lambda node, **_: change(node, software_version="570.10"),
    "nos": lambda leaf, **_: change(leaf, software_version="4.31"),
    "topology": lambda node, leaf, **_: made.link(
        port_a=made.port(device=leaf), port_b=made.port(device=node)
    ),
    "accelerator with another serial": lambda gpu, **_: change(gpu, serial="1777"),
    "accelerator whose serial was emptied between": lambda gpu, **_: [
        change(gpu, serial=serial, uuid="") for serial in ("", "1777")
    ],
    "accelerator entered again without numbers": lambda gpu, **_: entered_again(gpu, made.accelerator),
    "accelerator of another type": lambda gpu, **_: change(
        gpu, device_type=made.device_type(kind="accelerator")
    ),
    "accelerator retired and another at a new number": lambda node, gpu, **_: [
        change(gpu, status="retired"),
        made.accelerator(device=node, index=1),
    ],
    "accelerator that was not there": lambda node, **_: made.accelerator(device=node, index=5, serial="1655"),
    "device with another serial": lambda node, **_: change(node, serial="CH9"),
    "device of another type": lambda node, **_: change(node, device_type=made.device_type(kind="node")),
    "device entered again under its name": lambda node, **_: entered_again(node, made.device),
}
"""By kind of change: one that a run across nodes and a switch does not survive."""


@pytest.fixture
def ground(nodes, leaf):
    gpu = made.accelerator(device=nodes[0], index=0, firmware_version="96", serial="1650", uuid="GPU-0")
    return {"node": nodes[0], "leaf": leaf, "gpu": gpu}


@pytest.fixture
def across(take, frozen_now):
    """Takes a run across two nodes and the switch between them that was made at an instant."""

    def import_late(taken_at):
        frozen_now.at = timezone.now()
        devices = [
            *Device.objects.filter(role="node").order_by("name")[:2],
            Device.objects.get(name="leaf-1"),
        ]
        content = outputs.collective(hosts=["node-1", "node-2"])
        return take("nccl-tests", content, devices=devices, taken_at=taken_at)

    return import_late


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_between_the_run_and_its_import_voids_it(ground, across, kind):
    taken_at = timezone.now()
    CHANGES[kind](**ground)
    run = across(taken_at)
    assert kind.partition(" ")[0] in run.void_changes
    assert taken_at < run.voided_at


@pytest.mark.full
@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_before_the_run_does_not(ground, across, kind):
    CHANGES[kind](**ground)
    assert across(timezone.now()).void_changes == []


@pytest.mark.full
@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_after_the_import_does(ground, across, void, frozen_now, kind):
    run = across(timezone.now())
    CHANGES[kind](**ground)
    frozen_now.at = timezone.now()
    if kind == "device entered again under its name":
        # Its run went with it.
        assert "node-1" not in run.devices.values_list("name", flat=True)
    else:
        assert kind.partition(" ")[0] in void(run).void_changes


def test_every_part_that_can_be_replaced_is_above():
    assert {kind.value for kind in ALWAYS_VOIDS} <= {kind.partition(" ")[0] for kind in CHANGES}


def test_what_was_entered_after_a_run_of_before_the_site_counts_as_what_was_there(ground, across):
    assert across(timezone.now() - timedelta(days=30)).void_changes == []


def test_what_changed_since_a_run_of_before_the_site_voids_it(ground, across):
    change(ground["gpu"], serial="1777")
    run = across(timezone.now() - timedelta(days=30))
    assert run.void_changes == ["accelerator"]
    assert "node-1 GPU 0 is another accelerator: 1650 → 1777" in run.void_reason


def test_a_driver_that_was_entered_after_the_run_and_changed_then_voids_it(porto, take, frozen_now):
    node = made.device(site=porto, name="node-1")
    taken_at = timezone.now()
    for version in ("1.0", "2.0"):
        change(node, software_version=version)
    frozen_now.at = timezone.now()
    assert take("nccl-tests", outputs.collective(), taken_at=taken_at).void_changes == ["driver"]


@pytest.mark.parametrize(("printed", "voided"), [("1777", False), ("1650", True), (None, True)])
def test_the_serial_that_the_output_prints_decides(ground, take, porto, frozen_now, printed, voided):
    """1777 was in the node already when the inventory still said 1650."""
    taken_at = timezone.now()
    change(ground["gpu"], serial="1777", uuid="")
    frozen_now.at = timezone.now()
    content = outputs.diagnostic({0: 0}, serials=printed and {0: printed})
    take("dcgm-diag", content, devices=[ground["node"]], taken_at=taken_at)
    _, framework = framework_queries.current()
    [severity] = proofs([porto.pk], framework, now=frozen_now.at)[porto.pk][
        "p1-accelerator-diag", "worst-severity"
    ]
    assert bool(severity.voided or severity.cannot_judge) is voided


def test_a_fact_of_an_earlier_day_is_voided_by_what_changed_since(porto, frozen_now, void):
    feed = made.power_feed(site=porto, name="feed A", rated_kw=50.0)
    change(feed, rated_kw=99.0)
    frozen_now.at = timezone.now()
    fact = record_fact(
        site=porto, check="p1-commissioning-l5", part="critical-deficiencies", value=0, source="report 12",
        taken_on=frozen_now.at.date() - timedelta(days=2), by=None, now=frozen_now.at,
    )  # fmt: skip
    assert void(fact).void_changes == ["power-topology"]
