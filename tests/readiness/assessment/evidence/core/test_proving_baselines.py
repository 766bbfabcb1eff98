"""Results against a site's own baseline: which runs make it, what is beyond, and what is not known."""

from dataclasses import replace
from datetime import timedelta

import pytest

from readiness.assessment.evidence.core.parsed import Figure
from readiness.assessment.evidence.core.proving.baselines import regressed
from readiness.assessment.evidence.core.proving.values import SiteParts
from readiness.assessment.framework.core.vocabulary import Change
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core.test_proving import FRAMEWORK, NOW, run

CHECK = FRAMEWORK.check("p5-baseline-regression")
ONE = SiteParts(nodes={1: "node-1"}, ports={})
TWO = SiteParts(nodes={1: "node-1", 2: "node-2"}, ports={})


def taken(value, days, *, id=0, node=1, about="", tool="nccl-tests"):
    content = {
        "nccl-tests": lambda: outputs.collective(gpus=2, busbw=value),
        "perftest": lambda: outputs.latency(p50=2.0, p99=value),
    }[tool]()
    one = run(tool, content, nodes=(node,), days=days, id=id or int(1000 - days * 10))
    return replace(one, about=about or f"{tool} {node}")


def short(value, days):
    content = outputs.collective(gpus=2, busbw=value, iterations=4)
    return replace(
        run("nccl-tests", content, nodes=(1,), days=days, id=int(1000 - days * 10)), about="nccl-tests 1"
    )


def judged(*runs, site=ONE, repeats=False):
    """The newest of each thing against all the others, the newest first."""
    newest = {}
    for one in runs:
        there = newest.get(one.about)
        if there is None or there.taken_at < one.taken_at:
            newest[one.about] = one
    return regressed(CHECK, list(runs) if repeats else list(newest.values()), list(runs), site, NOW)


def only(proofs, part="nodes-beyond"):
    [proof] = proofs[part]
    return proof


@pytest.mark.parametrize(
    ("values", "beyond"),
    [
        pytest.param([470, 470], 0, id="the same"),
        pytest.param([470, 446.5], 0, id="five per cent below is not beyond"),
        pytest.param([470, 446], 100, id="more than five per cent below"),
        pytest.param([470, 600], 0, id="faster is no regression"),
        pytest.param([400, 470, 470, 446], 100, id="the median of the first three"),
        pytest.param([470, 470, 470, 300, 468], 0, id="the fourth is no part of the baseline"),
        pytest.param([470, 470, 470, 440, 440, 440], 100, id="getting used to it does not help"),
    ],
)
def test_a_rate_is_measured_against_the_first_runs(values, beyond):
    runs = [taken(value, days=len(values) - place) for place, value in enumerate(values)]
    assert only(judged(*runs)).value == beyond


@pytest.mark.parametrize(
    ("values", "beyond"), [([3.0, 3.15], 0), ([3.0, 3.2], 100), ([3.0, 1.0], 0)], ids=["5 %", "6 %", "lower"]
)
def test_a_latency_is_beyond_above(values, beyond):
    runs = [taken(value, days=9 - 3 * place, tool="perftest") for place, value in enumerate(values)]
    proof = only(judged(*runs))
    assert proof.value == beyond
    assert ("p99" in proof.detail) == bool(beyond)


def test_repeats_of_one_day_are_one_result_their_median():
    first = [taken(3.0, days=5 + place / 100, tool="perftest", id=place + 1) for place in range(3)]
    again = [
        taken(value, days=1 + place / 100, tool="perftest", id=place + 10)
        for place, value in enumerate([9.0, 3.0, 3.05])
    ]
    assert only(judged(*first, *again, repeats=True)).value == 0


def test_the_detail_says_which_node_what_and_by_how_much():
    proof = only(judged(taken(470, 9, id=1), taken(423, 1, id=2)))
    assert proof.detail == "node-1: all_reduce -10.0 % of 470 GB/s"
    assert proof.ref == "run:2"


def test_one_run_is_no_result_newer_than_a_baseline():
    proof = only(judged(taken(470, 3)))
    assert proof.cannot_judge == "1 of 1 nodes have no result newer than a baseline: node-1."


def test_runs_that_a_change_voided_make_no_baseline():
    void = {"void_changes": frozenset({Change.FIRMWARE}), "voided_at": NOW, "void_reason": "1 → 2"}
    old = [replace(taken(600, days), **void) for days in (9, 8, 7)]
    assert "no result newer" in only(judged(*old, taken(470, 2))).cannot_judge
    assert only(judged(*old, taken(470, 2), taken(470, 1))).value == 0
    assert only(judged(*old)).voided == "1 → 2"


def test_a_change_that_the_check_does_not_mind_voids_nothing():
    runs = [
        replace(taken(470, days), void_changes=frozenset({Change.TOPOLOGY}), void_reason="x")
        for days in (3, 2)
    ]
    assert only(judged(*runs)).value == 0


def test_a_marked_run_is_the_baseline():
    marked = replace(taken(440, 5), is_baseline=True)
    runs = [*(taken(470, days) for days in (9, 8, 7)), marked, taken(440, 1)]
    assert only(judged(*runs)).value == 0


def test_the_newest_run_can_be_made_the_baseline():
    runs = [*(taken(470, days) for days in (9, 8)), replace(taken(440, 1), is_baseline=True)]
    proofs = judged(*runs)
    assert only(proofs).value == 0
    assert only(proofs, "nodes-without-ticket").value == 0


def test_nodes_are_counted_once_and_of_those_in_service():
    def both(node, value):
        return [taken(470, 9, node=node), taken(value, 1, node=node)]

    worse = [replace(one, about=f"pair {one.about}") for one in both(1, 300)]
    assert only(judged(*both(1, 300), *worse, *both(2, 470), site=TWO)).value == 50
    assert only(judged(*both(1, 470), *both(3, 300))).value == 0


def test_a_pair_counts_for_both_of_its_nodes():
    pair = [replace(taken(value, days), nodes=(1, 2)) for value, days in ((470, 9), (300, 1))]
    assert only(judged(*pair, site=TWO)).value == 100


def test_what_is_known_to_be_beyond_stands_beside_what_is_not_known():
    share, lacking = judged(taken(470, 9), taken(300, 1), taken(470, 1, node=2), site=TWO)["nodes-beyond"]
    assert share.value == 50
    assert "node-2" in lacking.cannot_judge


def test_a_result_that_is_too_old_is_given_with_its_age():
    proofs = judged(taken(470, 60), taken(470, 40))
    assert only(proofs).taken_at == NOW - timedelta(days=40)


def test_a_node_is_as_fresh_as_its_newest_result_and_the_site_as_its_oldest_node():
    proof = only(
        judged(*(taken(470, days, node=node) for node, days in ((1, 9), (1, 1), (2, 9), (2, 8))), site=TWO)
    )
    assert proof.taken_at == NOW - timedelta(days=8)


def test_a_loopback_is_no_result_and_says_so():
    runs = [replace(taken(value, days), loopback="one port") for value, days in ((470, 9), (300, 1))]
    assert {proof.cannot_judge for proof in judged(*runs)["nodes-beyond"]} == {"one port"}


def test_a_loopback_says_nothing_of_nodes_with_results():
    looped = replace(taken(300, 0.5), loopback="one port", about="another")
    assert only(judged(taken(470, 9), taken(470, 1), looped)).value == 0


def test_a_failed_run_is_the_newest_judgement_of_its_thing():
    wrong = Figure(name="wrong_values", value=3)
    newest = taken(999, 0.5)
    bad = replace(newest, figures=(*newest.figures, wrong))
    proofs = judged(taken(470, 9), taken(470, 1), bad)["nodes-beyond"]
    assert "3 values were wrong" in {proof.failed for proof in proofs if proof.failed}.pop()


def test_a_failed_run_makes_no_baseline():
    first = taken(999, 20)
    bad = replace(first, figures=(*first.figures, Figure(name="failed_operations", value=1)))
    assert only(judged(bad, taken(470, 9), taken(470, 1))).value == 0


def test_small_messages_and_far_tails_are_not_compared():
    slow_tail = [
        replace(
            run("perftest", outputs.latency(p999=p999), nodes=(1,), days=days),
            about="tail",
            id=int(100 - days),
        )
        for p999, days in ((5.0, 9), (50.0, 1))
    ]
    assert only(judged(*slow_tail)).value == 0


def test_nodes_beyond_ask_for_what_people_know_of_tickets():
    proof = only(judged(taken(470, 9), taken(300, 1)), "nodes-without-ticket")
    assert "record how many of them have no ticket" in proof.cannot_judge
    assert proof.asked_at == NOW - timedelta(days=1)
    assert only(judged(taken(470, 9), taken(470, 1)), "nodes-without-ticket").value == 0


def test_runs_of_nothing_that_is_in_service_prove_nothing():
    assert judged(taken(470, 9, node=3), taken(470, 1, node=3)) == {}


def test_a_run_below_the_minimum_is_not_compared():
    proof = only(judged(taken(470, 3), short(470, 1)))
    assert proof.cannot_judge == "The run has 4 iterations; 20 iterations are needed."


def test_a_run_below_the_minimum_is_no_baseline():
    assert only(judged(short(900, 4), taken(470, 3), taken(470, 1))).value == 0
    assert only(judged(short(200, 4), taken(470, 3), taken(400, 1))).value == 100
