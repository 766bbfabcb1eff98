"""Another accelerator in a place: what was proved of the one before is not proved of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.models import Accelerator
from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.evidence.operations import RunContext, import_run, void_changed
from readiness.assessment.evidence.proofs import proofs
from readiness.assessment.framework import queries as framework_queries
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs
from web.actor import acting

pytestmark = pytest.mark.django_db


@pytest.fixture
def node(porto):
    node = made.device(site=porto, name="node-1", device_type=made.device_type(slug="dgx-h100", kind="node"))
    for index in (0, 1):
        made.accelerator(device=node, index=index, serial=f"165{index}", uuid=f"GPU-{index}")
    return node


@pytest.fixture
def take(porto, node, frozen_now):
    def one(tool, content):
        context = RunContext(devices=[node])
        given = {"site": porto, "tool": tool, "content": content, "file_name": "out", "by": None}
        return import_run(**given, now=frozen_now.at, context=context)

    return one


@pytest.fixture
def proved(porto, frozen_now):
    def look(check, part):
        void_changed(site_ids=[porto.pk], now=frozen_now.at)
        _, framework = framework_queries.current()
        return proofs([porto.pk], framework, now=frozen_now.at)[porto.pk].get((check, part), ())

    return look


def swap(node, index, frozen_now, **identity):
    with acting("R. Costa"):
        Accelerator.objects.filter(device=node, index=index).update(**identity)
    # The history goes by the database's clock.
    frozen_now.at = timezone.now()


@pytest.mark.parametrize(
    "identity", [{"serial": "1777"}, {"uuid": "GPU-new"}, {"serial": "1777", "uuid": "GPU-new"}]
)
def test_a_diagnostic_stands_for_all_but_the_one_that_was_replaced(take, node, proved, frozen_now, identity):
    take("dcgm-diag", outputs.diagnostic({0: 0, 1: 0}))
    assert proved("p1-accelerator-diag", "coverage")[0].value == 100
    swap(node, 1, frozen_now, **identity)
    found = {proof.detail: proof.voided for proof in proved("p1-accelerator-diag", "worst-severity")}
    assert found["node-1 GPU 0"] == ""
    assert "node-1 GPU 1 is another accelerator" in found["node-1 GPU 1"]
    assert next(iter(identity.values())) in found["node-1 GPU 1"]
    assert found["node-1 GPU 1"].endswith(" UTC).")
    covered = proved("p1-accelerator-diag", "coverage")[0]
    assert (covered.value, covered.detail) == (50, "without: node-1 GPU 1")


def test_a_collective_over_it_is_voided_whole_and_a_new_one_counts(take, node, proved, frozen_now):
    run = take("nccl-tests", outputs.collective())
    swap(node, 0, frozen_now, serial="1777")
    assert "is another accelerator" in proved("p1-intra-node", "busbw")[0].voided
    assert ValidationRun.objects.get(pk=run.pk).void_changes == ["accelerator"]
    take("nccl-tests", outputs.collective(mark="again"))
    assert proved("p1-intra-node", "busbw")[0].voided == ""


def test_a_second_one_is_found_too_and_nothing_is_found_twice(take, node, proved, porto, frozen_now):
    take("dcgm-diag", outputs.diagnostic({0: 0, 1: 0}))
    swap(node, 0, frozen_now, serial="1777")
    assert void_changed(site_ids=[porto.pk], now=frozen_now.at) == 1
    assert void_changed(site_ids=[porto.pk], now=frozen_now.at) == 0
    swap(node, 1, frozen_now, serial="1778")
    found = {proof.detail: proof.voided for proof in proved("p1-accelerator-diag", "worst-severity")}
    assert found["node-1 GPU 0"]
    assert found["node-1 GPU 1"]


@pytest.mark.parametrize("identity", [{"serial": ""}, {"uuid": "gpu-0"}, {"status": "drained"}])
def test_what_is_the_same_accelerator_voids_nothing(take, node, proved, frozen_now, identity):
    run = take("nccl-tests", outputs.collective())
    swap(node, 0, frozen_now, **identity)
    proved("p1-intra-node", "busbw")
    assert ValidationRun.objects.get(pk=run.pk).void_changes == []


def test_entering_what_nobody_knew_voids_nothing(take, node, proved, frozen_now):
    Accelerator.objects.filter(device=node).update(serial="", uuid="")
    run = take("nccl-tests", outputs.collective())
    swap(node, 0, frozen_now, serial="1650")
    proved("p1-intra-node", "busbw")
    assert ValidationRun.objects.get(pk=run.pk).void_changes == []


def test_a_port_is_not_proved_of_an_accelerator(take, node, proved, frozen_now):
    run = take("perftest", outputs.write_bandwidth())
    swap(node, 0, frozen_now, serial="1777")
    proved("p1-rdma-port", "bandwidth")
    assert ValidationRun.objects.get(pk=run.pk).void_changes == []


def test_a_past_instant_knows_nothing_of_it(take, node, porto, frozen_now):
    frozen_now.at = timezone.now() - timedelta(hours=2)
    take("nccl-tests", outputs.collective())
    before = timezone.now() - timedelta(hours=1)
    swap(node, 0, frozen_now, serial="1777")
    void_changed(site_ids=[porto.pk], now=frozen_now.at)
    _, framework = framework_queries.current()
    then = proofs([porto.pk], framework, now=before)[porto.pk]["p1-intra-node", "busbw"][0]
    now = proofs([porto.pk], framework, now=frozen_now.at)[porto.pk]["p1-intra-node", "busbw"][0]
    assert (then.voided, bool(now.voided)) == ("", True)


def test_the_diagnostic_is_compared_with_the_inventory(take, node, proved):
    take("dcgm-diag", outputs.diagnostic({0: 0, 1: 0}, serials={0: "1650", 1: "9999"}))
    found = {proof.detail: proof.cannot_judge for proof in proved("p1-accelerator-diag", "worst-severity")}
    assert found["node-1 GPU 0"] == ""
    assert "serial number 9999 and the inventory 1651" in found["node-1 GPU 1"]
