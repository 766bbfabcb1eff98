"""Stored runs: compared again when the inventory changes, and read again when Muster's rules did."""

import pytest

from inventory.models import Accelerator
from readiness.assessment.evidence.core.rules import RULES
from readiness.assessment.evidence.models import RunMeasure, ValidationRun
from readiness.assessment.evidence.operations import (
    RunContext,
    import_run,
    move_run,
    reconcile_stored,
    reread_stored,
    withdraw_run,
)
from readiness.assessment.evidence.refusals import EvidenceRefused
from readiness.assessment.scoring.operations import rescore_changed
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs

pytestmark = pytest.mark.django_db
H100 = "H100 SXM 80 GB"


@pytest.fixture
def node():
    node = made.device(site=made.site(name="Porto", slug="porto"), name="node-1", role="node")
    kind = made.device_type(slug="h100", model=H100, kind="accelerator")
    for index in range(8):
        made.accelerator(device=node, index=index, device_type=kind)
    return node


@pytest.fixture
def take(node, frozen_now):
    def one(content, tool="nccl-tests", site=None, **context):
        return import_run(
            site=site or node.site,
            tool=tool,
            content=content,
            file_name="out.log",
            by=None,
            now=frozen_now.at,
            context=RunContext(**context),
        )

    return one


def log(**given):
    return outputs.collective(**{"gpus": 8, **given})


def test_a_changed_inventory_takes_a_proof_and_gives_it_back(take, node, frozen_now):
    run = take(log(model="NVIDIA H100 80GB HBM3"))
    assert run.mismatch == ""
    other = made.device_type(slug="l4", model="L4 24 GB", kind="accelerator")
    installed = Accelerator.objects.filter(device=node)
    first = installed.first().device_type
    installed.update(device_type=other)
    rescore_changed(now=frozen_now.at)
    run.refresh_from_db()
    assert "The file names NVIDIA H100 80GB HBM3; the inventory has L4 24 GB in node-1." in run.mismatch
    installed.update(device_type=first)
    rescore_changed(now=frozen_now.at)
    run.refresh_from_db()
    assert run.mismatch == ""


def test_a_ceiling_that_is_entered_judges_stored_runs(take, node, frozen_now):
    run = take(log(busbw=480.0))
    assert run.implausible == ""
    kind = Accelerator.objects.filter(device=node).first().device_type
    kind.attributes = {"interconnect_gbs": 450}
    kind.save()
    assert reconcile_stored(site_ids=[node.site_id], now=frozen_now.at) == 1
    run.refresh_from_db()
    assert "more than the hardware can do: 450 GB/s" in run.implausible
    assert reconcile_stored(site_ids=[node.site_id], now=frozen_now.at) == 0


def as_stored_before(*runs):
    """Make runs look as earlier releases stored them."""
    earlier = {"rules": 0, "identity": {}, "content_digest": "", "sender_named": False, "platform": "typed"}
    ValidationRun.objects.filter(pk__in=[run.pk for run in runs]).update(**earlier)
    RunMeasure.objects.filter(run__in=runs, name="iterations").delete()


def test_stored_runs_are_read_again_once(take, node, frozen_now):
    run = take(log())
    digest = run.content_digest
    as_stored_before(run)
    assert reread_stored(now=frozen_now.at) == 1
    run.refresh_from_db()
    assert (run.rules, run.content_digest, run.platform) == (RULES, digest, node.device_type.slug)
    assert run.identity["ranks"] == {"node-1": 8}
    assert run.measures.filter(name="iterations").count() == 1
    assert reread_stored(now=frozen_now.at) == 0


def test_of_two_copies_the_first_stays(take, node, frozen_now):
    first = take(log(mark="1"))
    second = take(log(mark="2"))
    content = bytes(first.file.content)
    second.file.content = content
    second.file.save()
    as_stored_before(first, second)
    reread_stored(now=frozen_now.at)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.implausible, second.content_digest) == ("", "")
    assert second.implausible == f"It is a copy of run {first.pk}: one run counts once."


def test_a_file_that_is_refused_today_proves_nothing(take, node, frozen_now):
    run = take(log())
    run.file.content = bytes(run.file.content).replace(b"all_reduce_perf", b"all_gather_perf")
    run.file.save()
    as_stored_before(run)
    reread_stored(now=frozen_now.at)
    run.refresh_from_db()
    assert "Its file is refused since Muster's rules changed. Line" in run.implausible
    assert run.rules == RULES


def test_a_copy_and_a_refused_file_stay_without_proof(take, node, frozen_now):
    first, second, refused = take(log(mark="1")), take(log(mark="2")), take(log(mark="3"))
    second.file.content = bytes(first.file.content)
    second.file.save()
    refused.file.content = bytes(refused.file.content).replace(b"all_reduce_perf", b"all_gather_perf")
    refused.file.save()
    # Another revision of the rules: these runs have an identity already.
    ValidationRun.objects.update(rules=RULES - 1, content_digest="")
    reread_stored(now=frozen_now.at)
    reconcile_stored(site_ids=[node.site_id], now=frozen_now.at)
    second.refresh_from_db()
    refused.refresh_from_db()
    assert "It is a copy of run" in second.implausible
    assert "Its file is refused" in refused.implausible


def test_a_withdrawn_run_is_no_original(take, node, planner, frozen_now):
    first = take(log())
    withdraw_run(first, reason="Wrong time", by=planner, now=frozen_now.at)
    second = take(log())
    as_stored_before(first, second)
    reread_stored(now=frozen_now.at)
    second.refresh_from_db()
    assert second.implausible == ""


def test_a_copy_is_not_moved_beside_its_original(take, node, planner, frozen_now):
    first, second = take(log(mark="1")), take(log(mark="2"))
    second.file.content = bytes(first.file.content)
    second.file.save()
    as_stored_before(first, second)
    reread_stored(now=frozen_now.at)
    with pytest.raises(EvidenceRefused, match=f"run {first.pk}"):
        move_run(second, site=node.site, device_names=[], reason="Try", by=planner, now=frozen_now.at)
