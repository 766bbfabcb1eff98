"""From latency runs and served requests to proofs: idle and loaded, repeats, tails."""

from dataclasses import replace
from datetime import timedelta

import pytest

from readiness.evidence.core.parsed import Figure
from readiness.evidence.core.proving import latency
from readiness.framework.core.vocabulary import Change
from tests.readiness.evidence import outputs
from tests.readiness.evidence.core.samples import sample
from tests.readiness.evidence.core.test_proving import LATENCY, NOW, SERVING, SITE, only, run, voided


class TestLatencyUnderLoad:
    def repeats(self, count, load, *, p99=3.0, p999=5.0, spread=0.0, **more):
        return [
            run(
                "perftest",
                outputs.latency(p99=p99 + spread * (place % 2), p999=p999),
                load=load,
                scope="link",
                id=place,
                nodes=(1, 2),
                days=1 + place / 100,
                **more,
            )
            for place in range(count)
        ]

    def under(self, *groups):
        return latency.under_load(LATENCY, [one for group in groups for one in group], SITE, NOW)

    def test_medians_over_the_repeats(self):
        found = self.under(self.repeats(20, "loaded"), self.repeats(20, "idle", p99=2.0))
        assert only(found, "loaded-p99").value == 3.0
        assert only(found, "load-factor").value == 1.5
        assert only(found, "tail-ratio").value == 2.5
        assert only(found, "repeats").value == 20
        assert only(found, "p99-cv").value == 0
        assert only(found, "loaded-p99").detail == "node-1 to node-2"
        assert not any(only(found, part).cannot_judge for part in found)

    def test_equal_medians_and_another_tail_are_told_apart(self):
        calm = self.under(self.repeats(20, "loaded", p99=3.0))
        wild = self.under(self.repeats(20, "loaded", p99=30.0))
        assert only(calm, "loaded-p99").value < only(wild, "loaded-p99").value

    def test_without_a_background_load_nothing_can_be_judged(self):
        for said in ("idle", ""):
            found = self.under(self.repeats(20, said))
            for part in ("loaded-p99", "load-factor", "tail-ratio"):
                assert "background load" in only(found, part).cannot_judge

    def test_too_few_repeats_are_no_evidence(self):
        found = self.under(self.repeats(19, "loaded"), self.repeats(20, "idle"))
        assert "19 times" in only(found, "loaded-p99").cannot_judge

    def test_a_wide_spread_is_no_evidence(self):
        found = self.under(self.repeats(20, "loaded", spread=0.5))
        assert "spreads" in only(found, "loaded-p99").cannot_judge
        assert only(found, "p99-cv").value > 5

    def test_repeats_of_nothing_have_no_spread(self):
        runs = self.repeats(3, "loaded")
        nothing = [
            replace(one, figures=tuple(replace(each, value=0.0) for each in one.figures)) for one in runs
        ]
        assert "3 times" in only(self.under(nothing), "loaded-p99").cannot_judge

    def test_without_an_idle_run_there_is_no_factor(self):
        found = self.under(self.repeats(20, "loaded"))
        assert only(found, "loaded-p99").cannot_judge == ""
        assert "idle" in only(found, "load-factor").cannot_judge

    def test_a_tail_of_too_few_samples_is_not_judged(self):
        runs = [
            run("perftest", outputs.latency(iterations=5000), load="loaded", id=place, nodes=(1, 2))
            for place in range(20)
        ]
        found = self.under(runs)
        assert only(found, "loaded-p99").cannot_judge == ""
        assert "10000" in only(found, "tail-ratio").cannot_judge

    def test_a_loopback_is_no_path(self):
        runs = [
            run("perftest", outputs.latency(lids=("0x07", "0x07")), load="loaded", id=place)
            for place in range(20)
        ]
        assert "crossed no network" in only(self.under(runs), "loaded-p99").cannot_judge

    def test_the_real_sockperf_sample_is_a_loopback(self):
        found = self.under([run("sockperf", sample("sockperf_sample.txt"))])
        assert "crossed no network" in only(found, "loaded-p99").cannot_judge

    def declared(self, *groups):
        """The same again on the next day, as somebody declares it."""
        return [
            replace(each, id=each.id + 100, taken_at=each.taken_at + timedelta(days=1), provenance="declared")
            for group in groups
            for each in group
        ]

    def test_declared_repeats_count_where_too_few_were_measured(self):
        measured, told = self.repeats(20, "loaded", p99=30.0), self.declared(self.repeats(20, "loaded"))
        proof = only(self.under(measured, told), "loaded-p99")
        assert (proof.value, proof.declaration) == (30.0, "")
        proof = only(
            self.under(measured[:19], self.declared(self.repeats(20, "loaded", p99=30.0))), "loaded-p99"
        )
        assert (proof.value, bool(proof.declaration)) == (30.0, True)

    @pytest.mark.parametrize("other", ["measured", "simulated"])
    @pytest.mark.parametrize("place", [0, 19], ids=["the newest", "the oldest"])
    def test_one_declared_repeat_makes_the_path_a_declaration(self, place, other):
        runs = self.repeats(20, "loaded", provenance=other)
        runs[place] = replace(runs[place], provenance="declared")
        found = self.under(runs, self.repeats(20, "idle", p99=2.0))
        assert {part: only(found, part).provenance for part in found} == dict.fromkeys(found, "declared")

    def test_a_declared_idle_run_makes_the_factor_alone_a_declaration(self):
        found = self.under(
            self.repeats(20, "loaded"), self.repeats(20, "idle", p99=2.0, provenance="declared")
        )
        declared = {part for part in found if only(found, part).declaration}
        assert declared == {"load-factor"}

    def test_a_declared_run_answers_no_measured_failure(self):
        loaded = self.repeats(20, "loaded")
        lost = (*loaded[0].figures, Figure(name="dropped_messages", value=7))
        failed = replace(loaded[0], id=99, taken_at=NOW - timedelta(hours=12), figures=lost)
        proof = only(self.under([*loaded, failed], self.declared(loaded)), "loaded-p99")
        assert (proof.ref, bool(proof.failed)) == ("run:99", True)

    def test_dropped_messages_void_a_path_until_a_newer_run(self):
        loaded, idle = self.repeats(20, "loaded"), self.repeats(20, "idle", p99=2.0)
        lost = (*loaded[0].figures, Figure(name="dropped_messages", value=7))
        newest = replace(loaded[0], id=99, taken_at=NOW, figures=lost)
        found = self.under(loaded, idle, [newest])
        assert {part: only(found, part).failed for part in found} == dict.fromkeys(
            ("loaded-p99", "load-factor", "tail-ratio"),
            "7 messages were dropped: the run is void, whatever its figures say.",
        )
        found = self.under(loaded, idle, [replace(newest, taken_at=NOW - timedelta(days=5))])
        assert (only(found, "loaded-p99").value, only(found, "repeats").value) == (3.0, 20)

    def test_all_repeats_decide_together(self):
        loaded, idle = self.repeats(20, "loaded"), self.repeats(20, "idle", p99=2.0)
        idle = [replace(each, id=100 + each.id) for each in idle]
        found = only(self.under(loaded, idle), "load-factor")
        assert set(found.others) == {each.id for each in (*loaded, *idle)}

    def test_runs_that_were_voided_are_voided(self):
        runs = [voided(one, Change.NOS) for one in self.repeats(20, "loaded")]
        assert only(self.under(runs), "loaded-p99").voided


def test_served_requests_by_their_tail():
    from tests.readiness.evidence.core.test_parse_others import logged, served

    log = logged("result_first_token_99.00_percentile_latency_ns", 5, 450_000_000)
    log += logged("result_validity", 6, "VALID")
    found = latency.serving(SERVING, [run("mlperf", log.encode(), scope="site")], NOW)
    assert only(found, "ttft-p99").cannot_judge == "The run does not say that it lasted 600 s."
    assert "tpot-p99" not in found
    assert "duration" not in found
    found = latency.serving(SERVING, [run("mlperf", served().encode(), scope="site")], NOW)
    assert (only(found, "ttft-p99").value, only(found, "ttft-p99").cannot_judge) == (450, "")
    assert only(found, "duration").value == 600


def served_by_vllm(**given):
    return run("vllm-bench", outputs.served(**given), scope="site", id=given.get("id", 1))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({}, "", id="as the framework asks"),
        pytest.param({"seconds": 564.1}, "lasted 564 s; 600 s are needed", id="too short"),
        pytest.param({"rate": "inf"}, "not sent at a rate", id="no rate"),
        pytest.param({"burstiness": 0.2}, "not Poisson", id="bursts"),
        pytest.param({"asked": 500}, "p99 needs 1000 samples", id="too few requests"),
    ],
)
def test_a_served_run_is_evidence_at_a_rate_for_long_enough(given, reason):
    tail = only(latency.serving(SERVING, [served_by_vllm(**given)], NOW), "ttft-p99")
    assert tail.value == 400
    assert reason in tail.cannot_judge
    assert bool(tail.cannot_judge) == bool(reason)


def test_failed_requests_void_a_served_run_and_outweigh_an_older_clean_one():
    runs = [
        run("vllm-bench", outputs.served(), days=3),
        run("vllm-bench", outputs.served(asked=3200, failed=1409, p99=73.0), days=1, id=2),
    ]
    tail = only(latency.serving(SERVING, runs, NOW), "ttft-p99")
    assert (tail.value, tail.ref) == (None, "run:2")
    assert tail.failed == "1,409 of 3,200 requests failed: the run is void, whatever its figures say."


def test_each_model_has_its_newest_run():
    runs = [
        run("vllm-bench", outputs.served(model="large", p99=9000.0), days=3),
        run("vllm-bench", outputs.served(model="small"), days=1, id=2),
    ]
    tails = latency.serving(SERVING, runs, NOW)["ttft-p99"]
    assert {(each.detail, each.value) for each in tails} == {("large", 9000), ("small", 400)}
