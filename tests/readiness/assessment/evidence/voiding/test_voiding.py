"""A change at the site voids the evidence it touches, says which change it was, and nothing else is touched."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Device, Link, SiteChange
from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.evidence.operations import attest, record_fact, void_changed
from readiness.assessment.scoring.operations import rescore_changed
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.voiding.changing import change
from web.actor import acting

pytestmark = pytest.mark.django_db


def test_without_a_change_nothing_is_voided(take, nodes, leaf, void):
    run = void(take("nccl-tests", outputs.collective()))
    assert (run.voided_at, run.void_changes, run.void_reason) == (None, [], "")


def test_new_firmware_voids_the_runs_on_that_device_and_says_when(take, nodes, void):
    first = take("nccl-tests", outputs.collective())
    second = take("nccl-tests", outputs.collective(hosts=["node-2"]))
    change(nodes[0], firmware_version="1.3")
    assert void(first).void_changes == ["firmware"]
    assert "node-1: firmware 1.2 → 1.3 (" in first.void_reason
    assert first.voided_at is not None
    assert void(second).voided_at is None


def test_a_new_driver_voids_the_run(take, nodes, void):
    run = take("dcgm-diag", outputs.diagnostic({0: 0}), devices=[nodes[0]])
    change(nodes[0], software_version="570.10")
    assert void(run).void_changes == ["driver"]
    assert "node-1: driver 560.35 → 570.10" in run.void_reason


def test_a_new_nos_voids_what_crosses_the_switch_and_not_what_stays_in_a_node(take, nodes, leaf, void):
    across = take("nccl-tests", outputs.collective(hosts=["node-1", "node-2"]), devices=[*nodes[:2], leaf])
    inside = take("dcgm-diag", outputs.diagnostic({0: 0}), devices=[nodes[0], leaf])
    change(leaf, software_version="4.31")
    assert void(across).void_changes == ["nos"]
    assert "leaf-1: NOS 4.30 → 4.31" in across.void_reason
    assert void(inside).voided_at is None


def test_firmware_of_an_accelerator_counts_as_firmware(take, nodes, void):
    gpu = made.accelerator(device=nodes[0], index=0, firmware_version="96.00.68")
    run = take("dcgm-diag", outputs.diagnostic({0: 0}), devices=[nodes[0]])
    change(gpu, firmware_version="96.00.99")
    assert void(run).void_changes == ["firmware"]


def test_a_version_entered_for_the_first_time_is_no_change(take, porto, void):
    node = made.device(site=porto, name="node-1")
    run = take("nccl-tests", outputs.collective())
    change(node, firmware_version="1.3")
    assert void(run).voided_at is None


def test_a_new_name_or_status_is_no_change_of_the_ground(take, nodes, void):
    run = take("nccl-tests", outputs.collective())
    change(nodes[0], name="node-01", status=Device.Status.DRAINED)
    assert void(run).voided_at is None


@pytest.mark.parametrize("how", ["removed", "moved", "added"])
def test_a_change_of_links_voids_the_runs_that_cross_them(take, nodes, leaf, void, how):
    pair = take("nccl-tests", outputs.collective(hosts=["node-1", "node-2"]))
    apart = take("nccl-tests", outputs.collective(hosts=["node-2", "node-3"], mark="apart"))
    link = Link.objects.get(name="leaf-1 to node-1")
    with acting("mira"):
        if how == "removed":
            link.delete()
        elif how == "moved":
            change(link, port_b=made.port(device=nodes[0]))
        else:
            made.link(port_a=made.port(device=leaf), port_b=made.port(device=nodes[0]), name="second")
    assert void(pair).void_changes == ["topology"]
    assert pair.void_reason.endswith(" UTC).")
    assert "mira" not in pair.void_reason
    assert void(apart).voided_at is None


def test_a_run_of_the_whole_fabric_is_voided_by_any_link(take, nodes, leaf, void):
    fabric = take("nccl-tests", outputs.collective(hosts=["node-1", "node-2", "node-3"]))
    Link.objects.get(name="leaf-1 to node-1").delete()
    assert void(fabric).void_changes == ["topology"]
    assert "Link leaf-1 to node-1 was removed" in fabric.void_reason


def test_links_do_not_void_a_run_inside_a_node(take, nodes, leaf, void):
    run = take("nccl-tests", outputs.collective())
    Link.objects.all().delete()
    assert void(run).voided_at is None


def test_a_link_that_is_renamed_is_the_same_link(take, nodes, leaf, void):
    run = take("nccl-tests", outputs.collective(hosts=["node-1", "node-2"]))
    change(Link.objects.get(name="leaf-1 to node-1"), name="renamed", capacity_gbps=400)
    assert void(run).voided_at is None


def test_a_table_that_proves_no_check_has_nothing_to_void(take, nodes, void):
    run = take("csv", outputs.table("copy,9,GB/s"), devices=[nodes[0]])
    change(nodes[0], firmware_version="1.3")
    assert void(run).voided_at is None


def test_a_table_is_voided_by_what_its_own_checks_say(take, nodes, porto, void):
    soak = take("csv", outputs.table("p1-soak-24h/duration,24,h"))
    congestion = take("csv", outputs.table("p1-congestion/pfc-storms,0,"))
    change(nodes[0], firmware_version="1.3")
    assert void(soak).voided_at is None
    assert void(congestion).void_changes == ["firmware"]
    made.accelerator(device=nodes[0], index=0)
    assert void(soak).void_changes == ["expansion"]
    assert "Accelerator of node-1 was entered" in soak.void_reason


def test_fewer_accelerators_are_no_expansion(take, nodes, void):
    gpu = made.accelerator(device=nodes[0], index=0)
    soak = take("csv", outputs.table("p1-soak-24h/duration,24,h"))
    gpu.delete()
    assert void(soak).voided_at is None


def test_what_was_voided_stays_so_when_the_change_is_undone(take, nodes, void):
    run = take("nccl-tests", outputs.collective())
    change(nodes[0], firmware_version="1.3")
    void(run)
    change(nodes[0], firmware_version="1.2")
    assert void(run).void_changes == ["firmware"]


def test_a_second_change_is_added_and_the_first_still_says_when(take, nodes, void):
    run = take("nccl-tests", outputs.collective())
    change(nodes[0], firmware_version="1.3")
    first_at = void(run).voided_at
    change(nodes[0], software_version="570.10")
    assert void(run).void_changes == ["driver", "firmware"]
    assert run.voided_at == first_at
    assert "driver 560.35 → 570.10" in run.void_reason
    assert "firmware 1.2 → 1.3" in run.void_reason


def test_looking_again_changes_nothing(take, nodes, porto, frozen_now):
    take("nccl-tests", outputs.collective())
    change(nodes[0], firmware_version="1.3")
    assert void_changed(site_ids=[porto.pk], now=frozen_now.at) == 1
    SiteChange.objects.all().delete()
    assert void_changed(site_ids=[porto.pk], now=frozen_now.at) == 0
    assert not SiteChange.objects.exists()


def test_a_voided_run_leaves_its_site_to_be_scored_again(take, nodes, porto, frozen_now):
    take("nccl-tests", outputs.collective())
    change(nodes[0], firmware_version="1.3")
    SiteChange.objects.all().delete()
    void_changed(site_ids=[porto.pk], now=frozen_now.at)
    assert SiteChange.objects.filter(site=porto, origin="evidence").exists()


@pytest.mark.django_db(transaction=True)
def test_a_run_from_before_a_change_is_voided_when_it_is_imported(take, nodes, frozen_now):
    """The history, which goes by the database's clock, knows that the firmware was another one then."""
    before = timezone.now()
    change(nodes[0], firmware_version="1.3")
    frozen_now.at = timezone.now()
    run = take("nccl-tests", outputs.collective(), taken_at=before)
    assert run.void_changes == ["firmware"]


def test_a_power_feed_voids_the_commissioning_report(porto, void, frozen_now):
    report = attest(
        site=porto,
        check="p1-commissioning-l5",
        part="level",
        value=5,
        statement="Level 5 closed",
        attested_by="R. Costa",
        taken_on=frozen_now.at.date(),
        by=None,
        now=frozen_now.at,
    )
    made.device(site=porto, firmware_version="1.2")
    assert void(report).voided_at is None
    with acting("mira"):
        made.power_feed(site=porto, name="feed A")
    assert void(report).void_changes == ["power-topology"]
    assert "Power feed feed A was entered (" in report.void_reason


def test_a_fact_entered_again_after_the_change_counts_again(porto, void, frozen_now):
    def enter(value):
        return record_fact(
            site=porto,
            check="p1-commissioning-l5",
            part="critical-deficiencies",
            value=value,
            taken_on=frozen_now.at.date(),
            source="report 12",
            by=None,
            now=frozen_now.at,
        )

    fact = enter(0)
    made.cooling_unit(site=porto)
    assert void(fact).void_changes == ["cooling-topology"]
    assert void(enter(1)).voided_at is None


def test_statements_do_not_depend_on_runs_or_sites(take, nodes, leaf, porto, frozen_now):
    def statements(sites):
        with CaptureQueriesContext(connection) as captured:
            void_changed(site_ids=sites, now=frozen_now.at)
        return len(captured)

    take("nccl-tests", outputs.collective())
    change(nodes[0], firmware_version="1.3")
    few = statements([porto.pk])
    for place in range(5):
        take("nccl-tests", outputs.collective(mark=str(place)))
        take("nccl-tests", outputs.collective(hosts=["node-1", "node-2"], mark=str(place)))
    ValidationRun.objects.update(void_changes=[], voided_at=None, void_reason="")
    change(nodes[0], firmware_version="1.4")
    assert statements([porto.pk, *(made.site().pk for _ in range(5))]) == few
    assert few <= 25


def test_a_site_without_evidence_costs_three_statements(porto, frozen_now, django_assert_num_queries):
    with django_assert_num_queries(5):  # with the savepoint's two
        void_changed(site_ids=[porto.pk], now=frozen_now.at)


def test_claims_of_the_inventory_void_before_the_site_is_scored(take, nodes, porto, frozen_now):
    run = take("nccl-tests", outputs.collective())
    SiteChange.objects.all().delete()
    change(nodes[0], firmware_version="1.3")
    assert rescore_changed(now=frozen_now.at) == 1
    run.refresh_from_db()
    assert run.void_changes == ["firmware"]


def test_claims_of_telemetry_look_at_no_evidence(take, nodes, porto, frozen_now):
    run = take("nccl-tests", outputs.collective())
    change(nodes[0], firmware_version="1.3")
    SiteChange.objects.all().delete()
    SiteChange.objects.create(site=porto, origin="telemetry")
    rescore_changed(now=frozen_now.at)
    run.refresh_from_db()
    assert run.voided_at is None


def test_one_sites_trouble_stops_no_others_voiding(take, nodes, porto, frozen_now, caplog):
    run = take("nccl-tests", outputs.collective())
    broken = made.site(name="Broken")
    ValidationRun.objects.create(
        site=broken,
        tool="csv",
        scope="site",
        taken_at=frozen_now.at,
        received_at=frozen_now.at,
        file_name="a",
        file_sha256="a",
        file_bytes=1,
        basis={"a-kind-of-a-later-version": "x"},
    ).measures.create(name="p1-soak-24h/duration", value=1)
    change(nodes[0], firmware_version="1.3")
    rescore_changed(now=frozen_now.at)
    run.refresh_from_db()
    assert run.void_changes == ["firmware"]
    assert f"Evidence of site {broken.pk} could not be looked at" in caplog.text
