"""p1-fabric-collective: pairs, more nodes, and which of several runs speaks for a node."""

from dataclasses import replace

import pytest

from readiness.assessment.evidence.core.proving import collectives
from readiness.assessment.evidence.core.proving.floors import GIB
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core.test_proving import (
    FABRIC,
    NOW,
    SITE,
    TWO_EACH,
    floor,
    only,
    run,
)


class TestFabric:
    def pair(self, busbw, nodes=(1, 2), **more):
        hosts = [f"node-{node}" for node in nodes]
        text = outputs.collective(gpus=2, busbw=busbw, size=8 * GIB, hosts=hosts)
        return run("nccl-tests", text, nodes=nodes, scope="pair" if len(nodes) == 2 else "fabric", **more)

    def test_a_pair_at_2_to_8_gib(self):
        proofs = collectives.fabric(FABRIC, [self.pair(260)], SITE, [floor(250, None)], NOW)
        pair = only(proofs, "pair-busbw")
        assert (pair.value, pair.floor, pair.detail) == (260, 250, "node-1 and node-2")
        assert only(proofs, "nodes-covered").value == 100

    @pytest.mark.parametrize(
        ("size", "reason"),
        [
            (16 * GIB, "has rows above 8 GiB only; between nodes it is judged at 2 GiB to 8 GiB"),
            (GIB, "ends at 1 GiB; between nodes it is judged at 2 GiB to 8 GiB"),
        ],
    )
    def test_a_size_outside_is_not_judged_and_says_so(self, size, reason):
        text = outputs.collective(gpus=2, size=size, hosts=("node-1", "node-2"))
        pair = run("nccl-tests", text, nodes=(1, 2))
        proofs = collectives.fabric(FABRIC, [pair], SITE, [floor(1, None)], NOW)
        assert reason in only(proofs, "pair-busbw").cannot_judge
        assert only(proofs, "nodes-covered").value == 0

    def test_small_sizes_are_not_read_and_still_explained(self):
        text = outputs.collective(gpus=2, size=GIB, hosts=("node-1", "node-2"))
        pair = run("nccl-tests", text, nodes=(1, 2))
        pair = replace(pair, figures=tuple(each for each in pair.figures if each.name != "busbw"))
        proofs = collectives.fabric(FABRIC, [pair], SITE, [floor(1, None)], NOW)
        assert "no row of 2 GiB or more" in only(proofs, "pair-busbw").cannot_judge

    def test_a_run_that_cannot_be_judged_says_nothing_of_nodes_that_others_proved(self):
        site = replace(
            SITE, nodes={1: "node-1", 2: "node-2", 3: "node-3", 4: "node-4"}, accelerators=TWO_EACH
        )
        text = outputs.collective(gpus=2, size=GIB, hosts=("node-2", "node-3"))
        tried = run("nccl-tests", text, nodes=(2, 3), id=9)
        runs = [self.pair(260), self.pair(260, (3, 4), id=2), tried]
        proofs = collectives.fabric(FABRIC, runs, site, [floor(250, None)], NOW)
        assert {each.ref for each in proofs["pair-busbw"]} == {"run:1", "run:2"}
        assert only(proofs, "nodes-covered").value == 100

    def test_wrong_values_fail_a_pair_at_any_speed(self):
        text = outputs.collective(gpus=2, busbw=999, size=8 * GIB, hosts=("node-1", "node-2"), wrong=32)
        proofs = collectives.fabric(
            FABRIC, [run("nccl-tests", text, nodes=(1, 2))], SITE, [floor(250, None)], NOW
        )
        pair = only(proofs, "pair-busbw")
        assert (pair.value, pair.failed) == (
            None,
            "64 values were wrong: the run is void, whatever its figures say.",
        )
        assert only(proofs, "nodes-covered").value == 0

    def test_wrong_values_over_three_nodes_outweigh_their_older_pairs(self):
        site = replace(SITE, nodes={1: "node-1", 2: "node-2", 3: "node-3"}, accelerators=TWO_EACH)
        text = outputs.collective(gpus=2, size=8 * GIB, hosts=("node-1", "node-2", "node-3"), wrong=1)
        bad = run("nccl-tests", text, nodes=(1, 2, 3), id=9, days=1)
        older = [self.pair(260, (1, 2), days=3), self.pair(260, (2, 3), id=2, days=3)]
        proofs = collectives.fabric(FABRIC, [*older, bad], site, [floor(250, None)], NOW)
        assert "wrong" in only(proofs, "scale-efficiency").failed
        assert only(proofs, "nodes-covered").value == 0
        newer = [self.pair(260, (1, 2), id=10, days=0.5), self.pair(260, (2, 3), id=11, days=0.5)]
        proofs = collectives.fabric(FABRIC, [*older, bad, *newer], site, [floor(250, None)], NOW)
        assert only(proofs, "nodes-covered").value == 100

    @pytest.mark.parametrize(("operation", "size"), [("all_gather", 8), ("all_reduce", 8), ("all_gather", 4)])
    def test_a_collapse_over_three_nodes_outweighs_older_runs_whatever_it_was_of(self, operation, size):
        site = replace(SITE, nodes={1: "node-1", 2: "node-2", 3: "node-3"}, accelerators=TWO_EACH)
        floors = [floor(250, each * GIB, operation="all_gather") for each in (4, 8)]
        older = [self.pair(260, (1, 2), days=3), self.pair(260, (2, 3), id=2, days=3)]
        older.append(self.pair(255, (1, 2, 3), id=3, days=3))

        def over_three(rate, row, days):
            hosts = ("node-1", "node-2", "node-3")
            text = outputs.collective(gpus=2, busbw=rate, size=size * GIB, operation=operation, hosts=hosts)
            return run("nccl-tests", text, nodes=(1, 2, 3), scope="fabric", id=row, days=days)

        bad = over_three(20.0, 9, 1)
        proofs = collectives.fabric(FABRIC, [*older, bad], site, floors, NOW)
        reason = "Over 3 nodes it was 20 GB/s; the floor of a pair is 250 GB/s."
        assert reason in {each.failed for each in proofs["scale-efficiency"]}
        covered = only(proofs, "nodes-covered")
        assert (covered.value, reason.rstrip(".") in covered.detail) == (0, True)
        pairs = [self.pair(260, (1, 2), id=10, days=0.5), self.pair(260, (2, 3), id=11, days=0.5)]
        proofs = collectives.fabric(FABRIC, [*older, bad, *pairs], site, floors, NOW)
        assert reason in {each.failed for each in proofs["scale-efficiency"]}
        again = over_three(255.0, 12, 0.2)
        proofs = collectives.fabric(FABRIC, [*older, bad, *pairs, again], site, floors, NOW)
        assert not any(each.failed for each in proofs["scale-efficiency"])
        assert only(proofs, "nodes-covered").value == 100

    def test_a_newer_run_over_more_nodes_answers_a_collapse(self):
        site = replace(SITE, nodes={1: "a", 2: "b", 3: "c", 4: "d"}, accelerators=TWO_EACH)
        runs = [self.pair(20, (1, 2, 3)), self.pair(255, (1, 2, 3, 4), id=2, days=0.5)]
        proofs = collectives.fabric(FABRIC, runs, site, [floor(250, None)], NOW)
        assert not any(each.failed for each in proofs["scale-efficiency"])
        assert only(proofs, "nodes-covered").value == 100

    def test_what_scale_efficiency_allows_is_no_collapse(self):
        site = replace(SITE, nodes={1: "a", 2: "b", 3: "c"}, accelerators=TWO_EACH)
        older = [self.pair(260, (1, 2), days=3), self.pair(260, (2, 3), id=2, days=3)]
        runs = [*older, self.pair(234, (1, 2, 3), id=3)]
        proofs = collectives.fabric(FABRIC, runs, site, [floor(250, None)], NOW)
        assert only(proofs, "scale-efficiency").value == pytest.approx(0.9)
        assert only(proofs, "nodes-covered").value == 100

    def test_an_unchecked_run_proves_nothing_and_hides_no_checked_one(self):
        text = outputs.collective(gpus=2, size=8 * GIB, hosts=("node-1", "node-2"), checked=False)
        unchecked = run("nccl-tests", text, nodes=(1, 2), id=2, days=0.5)
        proofs = collectives.fabric(FABRIC, [unchecked], SITE, [floor(250, None)], NOW)
        assert "did not check its results" in only(proofs, "pair-busbw").cannot_judge
        proofs = collectives.fabric(FABRIC, [self.pair(260), unchecked], SITE, [floor(250, None)], NOW)
        assert only(proofs, "pair-busbw").ref == "run:1"

    def test_one_accelerator_of_each_node_proves_no_node(self):
        text = outputs.collective(size=8 * GIB, hosts=("node-1", "node-2"), gpus=1)
        pair = run("nccl-tests", text, nodes=(1, 2))
        proofs = collectives.fabric(FABRIC, [pair], SITE, [floor(250, None)], NOW)
        reason = "Not all accelerators took part: 1 of 2 of node-1, 1 of 2 of node-2."
        assert only(proofs, "pair-busbw").cannot_judge == reason
        assert only(proofs, "nodes-covered").value == 0

    def test_a_run_below_its_floor_covers_no_node(self):
        proofs = collectives.fabric(FABRIC, [self.pair(200)], SITE, [floor(250, None)], NOW)
        assert only(proofs, "nodes-covered").value == 0

    def test_efficiency_is_of_the_largest_over_the_smallest(self):
        site = replace(SITE, nodes={1: "a", 2: "b", 3: "c"}, accelerators=TWO_EACH)
        proofs = collectives.fabric(FABRIC, [self.pair(260), self.pair(234, (1, 2, 3), id=2)], site, [], NOW)
        efficiency = only(proofs, "scale-efficiency")
        assert efficiency.value == pytest.approx(0.9)
        assert efficiency.detail == "3 nodes against 2"

    def test_one_size_of_cluster_gives_no_efficiency_and_says_what_is_missing(self):
        site = replace(SITE, nodes={1: "a", 2: "b", 3: "c"}, accelerators=TWO_EACH)
        efficiency = only(collectives.fabric(FABRIC, [self.pair(260)], site, [], NOW), "scale-efficiency")
        assert "Runs are over 2 nodes" in efficiency.cannot_judge
