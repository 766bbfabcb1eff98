"""Runs compared with the inventory when they are imported, and runs that are withdrawn or moved."""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from inventory.models import SiteChange
from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.evidence.operations import move_run, withdraw_run
from readiness.assessment.evidence.refusals import EvidenceRefused
from readiness.assessment.evidence.runs import summary_of
from tests.inventory import made
from tests.readiness.assessment.evidence import benchmark_outputs, outputs
from web.permissions import MissingPermission

pytestmark = pytest.mark.django_db


@pytest.fixture
def porto():
    return made.site(name="Porto", slug="porto", time_zone="Europe/Lisbon")


def test_a_device_that_the_file_contradicts_is_refused_with_both(take, porto, node):
    other = made.device(site=porto, name="node-9", role="node")
    with pytest.raises(EvidenceRefused, match="The file is of node-1; the upload names node-9") as refused:
        take("nccl-tests", outputs.collective(), devices=[other])
    assert refused.value.field == "devices"
    assert not ValidationRun.objects.exists()


def test_a_device_fills_what_the_file_cannot_say(take, node):
    run = take("nccl-tests", outputs.collective(hosts=["localhost"], gpus=1), devices=[node])
    assert (list(run.devices.all()), run.sender_named) == ([node], True)
    assert not take("nccl-tests", outputs.collective(mark="2"), devices=[node]).sender_named


def test_another_name_counts_if_it_was_recorded_before_the_run(take, node, frozen_now):
    alias = made.device_name(device=node, name="trainer-0")
    alias.refresh_from_db()
    frozen_now.at = alias.recorded_at + timedelta(hours=1)
    run = take("nccl-tests", outputs.collective(hosts=["trainer-0"]))
    assert (list(run.devices.all()), run.sender_named) == ([node], False)
    earlier = take(
        "nccl-tests",
        outputs.collective(hosts=["trainer-0"], mark="earlier"),
        taken_at=frozen_now.at - timedelta(days=2),
    )
    assert not earlier.devices.exists()


def test_a_host_of_another_site_is_refused(take, node):
    made.device(site=made.site(name="Faro", slug="faro"), name="far-1")
    with pytest.raises(EvidenceRefused, match="far-1, which the inventory has at another site"):
        take("nccl-tests", outputs.collective(hosts=["far-1"]))


def test_nothing_installed_proves_nothing(take, node):
    assert "no accelerators in node-1" in take("nccl-tests", outputs.collective(gpus=1)).mismatch


def test_a_figure_above_the_ceiling_proves_nothing(take, node):
    made.port(device=node, name="mlx5_0", kind="infiniband", speed_gbps=400)
    run = take("perftest", outputs.write_bandwidth(gbps=788.0), devices=[node])
    assert "788 Gb/s, which is more than the hardware can do: 400 Gb/s" in run.implausible


def test_a_platform_that_is_not_installed_is_refused(take, node):
    with pytest.raises(EvidenceRefused, match="The upload names l4-2; the inventory has dgx-h100"):
        take("nccl-tests", outputs.collective(), platform="l4-2")


def test_a_withdrawn_run_frees_its_file(take, planner, frozen_now):
    run = take("nccl-tests", outputs.collective())
    withdraw_run(run, reason="Wrong site", by=planner, now=frozen_now.at)
    assert take("nccl-tests", outputs.collective()).pk != run.pk


def test_a_withdrawal_needs_a_reason_and_the_right_to_it(take, planner, ops, frozen_now):
    run = take("nccl-tests", outputs.collective(), by=ops)
    with pytest.raises(ValidationError, match="Enter a reason"):
        withdraw_run(run, reason=" ", by=planner, now=frozen_now.at)
    with pytest.raises(MissingPermission):
        withdraw_run(run, reason="Wrong", by=ops, now=frozen_now.at)


def test_a_wrongly_placed_run_can_be_moved_with_history(take, node, planner, frozen_now):
    faro = made.site(name="Faro", slug="faro")
    there = made.device(site=faro, name="far-1", role="node")
    run = take("perftest", outputs.write_bandwidth(), devices=[node])
    SiteChange.objects.all().delete()
    moved = move_run(
        run, site=faro, device_names=["far-1"], reason="Sent to the wrong site", by=planner, now=frozen_now.at
    )
    moved.refresh_from_db()
    assert (moved.pk, moved.site, list(moved.devices.all())) == (run.pk, faro, [there])
    assert {change.site_id for change in SiteChange.objects.all()} == {node.site_id, faro.pk}
    assert moved.file_sha256 == run.file_sha256


def test_a_run_is_not_moved_to_where_its_file_contradicts(take, node, planner, frozen_now):
    other = made.device(site=node.site, name="node-9", role="node")
    run = take("nccl-tests", outputs.collective(), devices=[node])
    with pytest.raises(EvidenceRefused, match="The file is of node-1"):
        move_run(run, site=node.site, device_names=[other.name], reason="Try", by=planner, now=frozen_now.at)
    run.refresh_from_db()
    assert list(run.devices.all()) == [node]


def test_a_short_run_hides_no_full_one(take, node):
    full = take("perftest", outputs.write_bandwidth(mark="full"), devices=[node])
    short = take("perftest", outputs.write_bandwidth(iterations=5, mark="short"), devices=[node])
    again = take("perftest", outputs.write_bandwidth(mark="again"), devices=[node])
    assert full.about == again.about != short.about


@pytest.mark.parametrize("given", [{"model": "NVIDIA L4"}, {"busbw": 4736.0}])
def test_a_run_that_proves_nothing_proves_no_sub_measure(take, node, given, frozen_now):
    kind = made.device_type(slug="h100", model="H100 SXM 80 GB", kind="accelerator")
    for index in range(8):
        made.accelerator(device=node, index=index, device_type=kind)
    run = take("nccl-tests", outputs.collective(gpus=8, **given))
    assert run.mismatch or run.implausible
    summary = summary_of(run, now=frozen_now.at)
    assert summary.proves == []
    assert any((run.mismatch or run.implausible) in each.why_not for each in summary.proves_not)


def test_a_type_named_after_its_accelerators_has_not_the_ceiling_of_one(take, porto):
    kind = made.device_type(slug="dgx", model="DGX H100", kind="node")
    node = made.device(site=porto, name="node-3", device_type=kind)
    h100 = made.device_type(slug="h100", model="H100 SXM 80 GB", kind="accelerator")
    for index in range(8):
        made.accelerator(device=node, index=index, device_type=h100)
    run = take("hpl-mxp", benchmark_outputs.hpl_mxp(gflops=3_300_000.0), devices=[node])
    assert run.implausible == ""


@pytest.mark.parametrize(
    ("address", "host"),
    [("fd00::1", "FD00:0:0::1"), ("fd00::1", "fd00::1%eth0"), ("10.1.2.3", "::ffff:10.1.2.3")],
)
def test_an_address_may_be_written_in_several_ways(take, porto, node, address, host):
    other = made.device(site=porto, name="node-9", role="node", management_address=address)
    with pytest.raises(EvidenceRefused, match="The file is of node-9; the upload names node-1"):
        take("nccl-tests", outputs.collective(hosts=[host]), devices=[node])
    assert list(take("nccl-tests", outputs.collective(hosts=[host])).devices.all()) == [other]


def test_the_file_of_a_retired_device_is_of_no_other(take, porto, node):
    made.device(site=porto, name="node-9", role="node", status="retired")
    with pytest.raises(EvidenceRefused, match="The file is of node-9; the upload names node-1"):
        take("nccl-tests", outputs.collective(hosts=["node-9"]), devices=[node])


def test_a_device_retired_at_another_site_refuses_nothing(take, node):
    made.device(site=made.site(name="Faro", slug="faro"), name="pod-1", status="retired")
    assert take("nccl-tests", outputs.collective(hosts=["pod-1"]), devices=[node]).sender_named


def swapped_ranks(content):
    lines = content.splitlines(keepends=True)
    first = next(place for place, line in enumerate(lines) if b"Rank  0" in line)
    lines[first : first + 2] = reversed(lines[first : first + 2])
    return b"".join(lines)


def swapped_ends(content):
    title = b"                    RDMA_Write"
    remark, first, second = content.split(title)
    return title.join([remark, second, first])


REORDERED = {
    "ranks": ("nccl-tests", outputs.collective(gpus=2), swapped_ranks),
    "ends": ("perftest", outputs.write_bandwidth(both=True), swapped_ends),
}


@pytest.mark.parametrize(("tool", "content", "reordered"), REORDERED.values(), ids=REORDERED)
def test_another_order_makes_no_other_run(take, tool, content, reordered):
    take(tool, content)
    assert reordered(content) != content
    with pytest.raises(EvidenceRefused, match="is run"):
        take(tool, reordered(content))


@pytest.mark.parametrize(("hours", "zone"), [(1, "UTC"), (9, "America/Los_Angeles")])
def test_clocks_of_hosts_may_show_utc(take, frozen_now, hours, zone):
    west = made.site(name="Los Angeles", slug="lax", time_zone="America/Los_Angeles")
    shown = (frozen_now.at - timedelta(hours=hours)).astimezone(UTC).replace(microsecond=0)
    run = take("vllm-bench", outputs.served(date=f"{shown:%Y%m%d-%H%M%S}"), site=west)
    assert run.taken_at == shown.replace(tzinfo=ZoneInfo(zone))
