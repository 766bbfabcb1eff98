"""From runs to proofs: which row and floor decide, what covers what, what is no evidence and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from readiness.assessment.evidence.core.parsers import parse
from readiness.assessment.evidence.core.proving import collectives, tables
from readiness.assessment.evidence.core.proving import floors as ports
from readiness.assessment.evidence.core.proving.floors import GIB, judged
from readiness.assessment.evidence.core.proving.values import FloorValue, Run, SiteParts
from readiness.assessment.framework.core.document import load
from readiness.assessment.framework.core.vocabulary import Change
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core.samples import sample

NOW = datetime(2026, 11, 24, 16, tzinfo=UTC)
FRAMEWORK = load(Path("readiness/assessment/framework/data/muster"))
INTRA = FRAMEWORK.check("p1-intra-node")
FABRIC = FRAMEWORK.check("p1-fabric-collective")
RDMA = FRAMEWORK.check("p1-rdma-port")
LATENCY = FRAMEWORK.check("p1-latency-under-load")
DIAG = FRAMEWORK.check("p1-accelerator-diag")
SERVING = FRAMEWORK.check("p1-serving-latency")
SITE = SiteParts(
    nodes={1: "node-1", 2: "node-2"},
    accelerators=frozenset({(1, 0), (1, 1), (2, 0), (2, 1)}),
    ports={(1, "mlx5_0"): "node-1 mlx5_0", (2, "mlx5_0"): "node-2 mlx5_0"},
    port_gbps={(1, "mlx5_0"): 400.0, (2, "mlx5_0"): 400.0},
)
TWO_EACH = frozenset((node, gpu) for node in range(1, 9) for gpu in (0, 1))


def floor(value, size=16 * GIB, *, tool="nccl-tests", measure="busbw", operation="all_reduce", unit="GB/s"):
    return FloorValue("dgx-h100", tool, measure, operation, size, value, unit, "x.conf")


def run(tool, content, *, nodes=(1,), days=1.0, **more):
    parsed = parse(tool, content)
    values = {
        "id": 1,
        "scope": "node",
        "platform": "DGX-H100",
        "loopback": parsed.loopback,
        "hosts": len(parsed.hosts),
        "devices": nodes,
    }
    return Run(
        tool=tool, taken_at=NOW - timedelta(days=days), nodes=nodes, figures=parsed.figures, **values | more
    )


def only(proofs, part):
    [proof] = proofs[part]
    return proof


def voided(one, *changes):
    return replace(one, void_changes=frozenset(changes), voided_at=NOW, void_reason="firmware 1 → 2")


class TestWhichRowIsJudged:
    def test_the_16_gib_row_by_its_floor(self):
        found = judged(
            run("nccl-tests", outputs.collective(gpus=2, busbw=470)),
            "busbw",
            "GB/s",
            [floor(460)],
            operations=("all_reduce",),
        )
        assert (found.value, found.floor.value, found.reason) == (470, 460, "")

    def test_else_the_largest_size_that_has_a_floor(self):
        text = outputs.collective(gpus=2, busbw=400, size=8 * GIB)
        found = judged(
            run("nccl-tests", text),
            "busbw",
            "GB/s",
            [floor(460), floor(390, 8 * GIB)],
            operations=("all_reduce",),
        )
        assert (found.value, found.floor.value) == (400, 390)

    def test_the_lower_of_in_and_out_of_place_counts(self):
        found = judged(
            run("nccl-tests", outputs.collective(gpus=2, busbw=470)),
            "busbw",
            "GB/s",
            [],
            operations=("all_reduce",),
        )
        assert found.value == 470

    def test_a_floor_of_any_size_holds_at_the_largest(self):
        text = outputs.collective(gpus=2, busbw=400, size=4 * GIB)
        found = judged(
            run("nccl-tests", text), "busbw", "GB/s", [floor(390, None)], operations=("all_reduce",)
        )
        assert (found.value, found.floor.value) == (400, 390)

    @pytest.mark.parametrize(
        ("floors", "platform", "reason"),
        [
            pytest.param([], "dgx-h100", "No floor of busbw is set for dgx-h100.", id="no floor"),
            pytest.param([floor(460)], "", "names no platform", id="no platform"),
            pytest.param([floor(460)], "other", "No floor of busbw is set for other", id="another platform"),
            pytest.param([floor(460, tool="rccl-tests")], "dgx-h100", "No floor", id="another tool's floor"),
            pytest.param([floor(460, operation="broadcast")], "dgx-h100", "No floor", id="another operation"),
            pytest.param(
                [floor(460, 32 * GIB)],
                "dgx-h100",
                "a floor at 32 GiB; the run's largest row is 16 GiB",
                id="size",
            ),
        ],
    )
    def test_why_there_is_no_floor(self, floors, platform, reason):
        one = run("nccl-tests", outputs.collective(gpus=2), platform=platform)
        found = judged(one, "busbw", "GB/s", floors, operations=("all_reduce",))
        assert found.floor is None
        assert reason in found.reason

    def test_another_operation_is_not_judged(self):
        one = run("nccl-tests", outputs.collective(gpus=2, operation="alltoall"))
        assert judged(one, "busbw", "GB/s", [floor(1)], operations=("all_reduce",)) is None


class TestIntraNode:
    def test_each_nodes_newest_run(self):
        runs = [
            run("nccl-tests", outputs.collective(gpus=2, busbw=400), days=5, id=1),
            run("nccl-tests", outputs.collective(gpus=2, busbw=470), days=1, id=2),
            run("nccl-tests", outputs.collective(gpus=2, busbw=465), nodes=(2,), days=3, id=3),
        ]
        found = collectives.intra_node(INTRA, runs, SITE, [floor(460)], NOW)
        assert {(each.ref, each.value, each.detail, each.floor) for each in found["busbw"]} == {
            ("run:2", 470, "node-1", 460),
            ("run:3", 465, "node-2", 460),
        }
        assert [each.value for each in found["wrong-values"]] == [0, 0]
        covered = only(found, "nodes-covered")
        assert (covered.value, covered.taken_at) == (100, NOW - timedelta(days=3))

    def test_a_node_without_a_run_is_named(self):
        found = collectives.intra_node(
            INTRA, [run("nccl-tests", outputs.collective(gpus=2))], SITE, [floor(460)], NOW
        )
        covered = only(found, "nodes-covered")
        assert (covered.value, covered.detail) == (50, "without: node-2")

    def test_coverage_counts_what_can_be_judged(self):
        found = collectives.intra_node(INTRA, [run("nccl-tests", outputs.collective(gpus=2))], SITE, [], NOW)
        assert "No floor" in only(found, "busbw").cannot_judge
        assert only(found, "nodes-covered").value == 0

    def test_a_run_of_another_operation_says_so(self):
        one = run("nccl-tests", outputs.collective(gpus=2, operation="reduce_scatter"))
        found = collectives.intra_node(INTRA, [one], SITE, [floor(460)], NOW)
        reason = "The run is of reduce_scatter; the check asks for all_reduce."
        assert only(found, "busbw").cannot_judge == reason

    def test_no_run_at_all_proves_nothing(self):
        assert collectives.intra_node(INTRA, [], SITE, [floor(460)], NOW) == {}

    def test_a_run_on_two_nodes_is_none_inside_a_node(self):
        text = outputs.collective(gpus=2, hosts=("node-1", "node-2"))
        assert collectives.intra_node(INTRA, [run("nccl-tests", text, nodes=(1, 2))], SITE, [], NOW) == {}

    def test_an_older_run_that_counts_goes_before_a_newer_one_that_does_not(self):
        runs = [
            run("nccl-tests", outputs.collective(gpus=2, busbw=470), days=5, id=1),
            run("nccl-tests", outputs.collective(gpus=2, busbw=480), days=1, id=2, platform=""),
        ]
        assert only(collectives.intra_node(INTRA, runs, SITE, [floor(460)], NOW), "busbw").ref == "run:1"

    def test_a_newer_failure_goes_before_an_older_success(self):
        runs = [
            run("nccl-tests", outputs.collective(gpus=2, busbw=470), days=5, id=1),
            run("nccl-tests", outputs.collective(gpus=2, busbw=300), days=1, id=2),
        ]
        assert only(collectives.intra_node(INTRA, runs, SITE, [floor(460)], NOW), "busbw").value == 300

    def test_all_voided_is_voided_and_not_zero_per_cent(self):
        one = voided(run("nccl-tests", outputs.collective(gpus=2)), Change.FIRMWARE)
        found = collectives.intra_node(INTRA, [one], SITE, [floor(460)], NOW)
        assert only(found, "busbw").voided == "firmware 1 → 2"
        assert only(found, "nodes-covered").voided == "firmware 1 → 2"

    def test_a_change_that_the_check_does_not_mind_voids_nothing(self):
        one = voided(run("nccl-tests", outputs.collective(gpus=2)), Change.TOPOLOGY)
        assert only(collectives.intra_node(INTRA, [one], SITE, [floor(460)], NOW), "busbw").voided == ""

    def test_a_run_that_is_too_old_covers_nothing_more(self):
        runs = [
            run("nccl-tests", outputs.collective(gpus=2), days=31, id=1),
            run("nccl-tests", outputs.collective(gpus=2), nodes=(2,), days=2, id=2),
        ]
        covered = only(collectives.intra_node(INTRA, runs, SITE, [floor(460)], NOW), "nodes-covered")
        assert (covered.value, covered.detail) == (50, "without: node-1")

    def test_a_part_of_the_accelerators_proves_that_part_only(self):
        site = replace(SITE, accelerators=frozenset((node, gpu) for node in (1, 2) for gpu in range(8)))
        runs = [
            run("nccl-tests", outputs.collective(gpus=2)),
            run("nccl-tests", outputs.collective(gpus=8, hosts=("node-2",)), nodes=(2,), id=2),
        ]
        found = collectives.intra_node(INTRA, runs, site, [floor(460)], NOW)
        assert {(each.detail, each.cannot_judge) for each in found["busbw"]} == {
            ("node-1", "Not all accelerators took part: 2 of 8 of node-1."),
            ("node-2", ""),
        }
        covered = only(found, "nodes-covered")
        assert (covered.value, covered.detail) == (
            50,
            "without: node-1; Not all accelerators took part: 2 of 8 of node-1",
        )

    def test_a_part_does_not_hide_an_older_run_of_all(self):
        runs = [
            run("nccl-tests", outputs.collective(gpus=2), days=3),
            run("nccl-tests", outputs.collective(gpus=1), days=1, id=2),
        ]
        found = collectives.intra_node(INTRA, runs, SITE, [floor(460)], NOW)
        assert only(found, "busbw").ref == "run:1"

    def test_how_many_took_part_must_be_said(self):
        one = run("nccl-tests", outputs.collective(gpus=2))
        mute = [replace(each, streams=None) for each in one.figures if each.name != "ranks"]
        found = collectives.intra_node(INTRA, [replace(one, figures=tuple(mute))], SITE, [floor(460)], NOW)
        assert "does not say how many accelerators" in only(found, "busbw").cannot_judge

    def test_wrong_values_void_the_rate_too_and_outweigh_an_older_clean_run(self):
        runs = [
            run("nccl-tests", outputs.collective(gpus=2), days=3),
            run("nccl-tests", outputs.collective(gpus=2, busbw=999, wrong=3), days=1, id=2),
        ]
        found = collectives.intra_node(INTRA, runs, SITE, [floor(460)], NOW)
        assert "6 values were wrong" in only(found, "busbw").failed
        assert only(found, "wrong-values").value == 6
        assert only(found, "nodes-covered").value == 0

    def test_of_one_instant_the_later_row_counts(self):
        runs = [
            run("nccl-tests", outputs.collective(gpus=2, busbw=rate), id=row)
            for rate, row in ((300, 10), (470, 9))
        ]
        assert only(collectives.intra_node(INTRA, runs, SITE, [floor(460)], NOW), "busbw").value == 300

    def test_the_real_sample_has_no_floor_at_a_size_that_it_has(self):
        one = run("nccl-tests", sample("nccl_allreduce.log"))
        found = collectives.intra_node(INTRA, [one], SITE, [floor(228)], NOW)
        assert only(found, "busbw").value == 235.03
        assert "floor at 16 GiB; the run's largest row is 8 GiB" in only(found, "busbw").cannot_judge
        assert "did not check" in only(found, "wrong-values").cannot_judge


class TestPorts:
    FLOOR = floor(380, 8 * 1024**2, tool="perftest", measure="bandwidth", operation="write", unit="Gb/s")

    def test_each_ports_newest_run(self):
        one = run("perftest", outputs.write_bandwidth(gbps=391.0))
        found = ports.rdma_ports(RDMA, [one], SITE, [self.FLOOR], NOW)
        port = only(found, "bandwidth")
        assert (port.value, port.floor, port.detail) == (391, 380, "node-1 mlx5_0")
        covered = only(found, "ports-covered")
        assert (covered.value, covered.detail) == (50, "without: node-2 mlx5_0")

    def test_a_loopback_proves_no_port(self):
        one = run("perftest", outputs.write_bandwidth(lids=("0x07", "0x07")))
        found = ports.rdma_ports(RDMA, [one], SITE, [self.FLOOR], NOW)
        assert "crossed no network" in only(found, "bandwidth").cannot_judge
        assert "ports-covered" not in found

    def test_the_real_sample_is_a_loopback(self):
        one = run("perftest", sample("ib_loopback_8M_size.log"))
        found = ports.rdma_ports(RDMA, [one], SITE, [self.FLOOR], NOW)
        assert only(found, "bandwidth").value == pytest.approx(201.802, abs=0.001)
        assert "crossed no network" in only(found, "bandwidth").cannot_judge


class TestNamedByATable:
    def test_a_figure_is_turned_into_the_unit_of_its_sub_measure(self):
        one = run("csv", outputs.table("p1-soak-24h/duration,1500,min", "p1-soak-24h/busbw-cv,3,%"))
        found = tables.table_proofs(FRAMEWORK, [one], NOW)
        assert found["p1-soak-24h", "duration"][0].value == 25
        assert found["p1-soak-24h", "busbw-cv"][0].value == 3

    def test_each_subject_has_its_newest_figure(self):
        head = "measure,value,subject"
        runs = [
            run("csv", outputs.table("p1-congestion/lossless-drops,0,leaf-1", head=head), days=5, id=1),
            run(
                "csv",
                outputs.table(
                    "p1-congestion/lossless-drops,7,leaf-1",
                    "p1-congestion/lossless-drops,0,leaf-2",
                    head=head,
                ),
                days=1,
                id=2,
            ),
        ]
        found = tables.table_proofs(FRAMEWORK, runs, NOW)["p1-congestion", "lossless-drops"]
        assert {(each.detail, each.value) for each in found} == {("leaf-1", 7), ("leaf-2", 0)}

    def test_a_name_that_the_framework_no_longer_has_is_left_out(self):
        assert tables.table_proofs(FRAMEWORK, [run("csv", outputs.table("p1-gone/duration,1,h"))], NOW) == {}
