"""Checks that runs, recorded facts and attestations prove, as the site's score shows them."""

from datetime import timedelta

import pytest

from inventory.models import Device
from readiness.assessment.evidence.operations import import_run, record_fact, set_floor
from readiness.assessment.scoring.models import CheckResult, Flip
from readiness.assessment.scoring.operations import evaluate, rescore_changed
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs

pytestmark = pytest.mark.django_db


@pytest.fixture
def porto(frozen_now):
    return made.site(name="Porto", slug="porto", profiles=["training"])


@pytest.fixture
def node(porto):
    node = made.device(
        site=porto,
        name="node-1",
        device_type=made.device_type(slug="dgx-h100", kind="node"),
        firmware_version="1.2",
    )
    for index in (0, 1):
        made.accelerator(device=node, index=index)
    return node


@pytest.fixture
def result_of(porto, frozen_now):
    """`result_of(check)` evaluates Porto and gives the check's result."""

    def look(check_id):
        evaluate(site_ids=[porto.pk], now=frozen_now.at)
        return CheckResult.objects.get(site=porto, check_id=check_id)

    return look


def floor(now, value=460):
    set_floor(
        platform="dgx-h100", tool="nccl-tests", measure="busbw", value=value, unit="GB/s", by=None, now=now
    )


def take(porto, now, **what):
    return import_run(
        site=porto,
        tool="nccl-tests",
        content=outputs.collective(hosts=("node-1",), gpus=2, **what),
        file_name="out.log",
        by=None,
        now=now,
    )


def test_a_run_passes_its_check_and_the_result_names_it(porto, node, result_of, frozen_now):
    floor(frozen_now.at)
    assert result_of("p1-intra-node").state == "unknown"
    run = take(porto, frozen_now.at)
    result = result_of("p1-intra-node")
    assert result.state == "pass"
    assert result.evidence["ref"] == f"run:{run.pk}"


def test_a_floor_that_is_raised_fails_it(porto, node, result_of, frozen_now):
    take(porto, frozen_now.at)
    floor(frozen_now.at, 460)
    assert result_of("p1-intra-node").state == "pass"
    floor(frozen_now.at, 600)
    frozen_now.move(seconds=5)
    assert result_of("p1-intra-node").state == "fail"


def test_new_firmware_makes_it_stale_and_the_flip_names_the_change(porto, node, result_of, frozen_now):
    floor(frozen_now.at)
    take(porto, frozen_now.at)
    assert result_of("p1-intra-node").state == "pass"
    Device.objects.filter(pk=node.pk).update(firmware_version="1.3")
    frozen_now.move(seconds=5)
    rescore_changed(now=frozen_now.at)
    result = CheckResult.objects.get(site=porto, check_id="p1-intra-node")
    assert result.state == "stale"
    flip = Flip.objects.filter(site=porto, key="p1-intra-node", subject="check").latest("id")
    assert (flip.from_state, flip.to_state) == ("pass", "stale")
    assert "firmware 1.2 → 1.3" in flip.reason


def test_a_fact_proves_what_nothing_measures_and_ages(porto, result_of, frozen_now):
    values = {
        "site": porto,
        "check": "p3-role-coverage",
        "part": "people-per-role",
        "source": "rota",
        "by": None,
    }
    record_fact(**values, value=2, taken_on=frozen_now.at.date(), now=frozen_now.at)
    assert result_of("p3-role-coverage").state == "pass"
    frozen_now.move(days=91)
    assert result_of("p3-role-coverage").state == "stale"


def test_a_later_fact_replaces_an_earlier_one(porto, result_of, frozen_now):
    values = {"site": porto, "check": "p2-power-headroom", "part": "step-10s", "source": "meter", "by": None}
    for value in (5.0, 7.0):
        record_fact(**values, value=value, taken_on=frozen_now.at.date(), now=frozen_now.at)
        parts = {part["part"]: part for part in result_of("p2-power-headroom").parts}
        assert parts["step-10s"]["value"] == value
        frozen_now.move(seconds=5)


def test_evidence_does_not_hide_what_is_measured(well, frozen_now):
    """The plant is metered: a kinder figure that somebody enters changes nothing while its samples count."""
    site = well.site
    before = CheckResult.objects.get(site=site, check_id="p2-power-headroom").parts
    record_fact(
        site=site,
        check="p2-power-headroom",
        part="site-load",
        value=0.001,
        taken_on=(frozen_now.at - timedelta(days=0)).date(),
        source="hearsay",
        by=None,
        now=frozen_now.at,
    )
    well.evaluate()
    after = CheckResult.objects.get(site=site, check_id="p2-power-headroom").parts
    assert [part["value"] for part in after] == [part["value"] for part in before]


def test_the_page_of_a_check_leads_to_the_forms_of_those_who_may(porto, client_of, frozen_now):
    evaluate(site_ids=[porto.pk], now=frozen_now.at)
    for role, seen in (("ops", True), ("viewer", False)):
        page = client_of(role).get("/sites/porto/checks/p3-role-coverage/").text
        assert ("/evidence/facts/add/?site=porto&amp;check=p3-role-coverage" in page) is seen
        assert ("/evidence/attestations/add/?site=porto&amp;check=p3-role-coverage" in page) is seen
