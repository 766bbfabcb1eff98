"""From latency runs and served requests to proofs: idle and loaded, repeats, tails."""

from dataclasses import replace
from datetime import timedelta

import pytest

from readiness.assessment.evidence.core.parsed import Figure
from readiness.assessment.evidence.core.proving import latency
from readiness.assessment.framework.core.definition import Minimum
from readiness.assessment.framework.core.vocabulary import Amount, Change
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core.samples import sample
from tests.readiness.assessment.evidence.core.test_proving import FRAMEWORK, NOW, SITE, only, run, voided

LEAST = {
    "p1-latency-under-load": {Amount.REPEATS: 20, Amount.LOAD_SHARE: 0.5, Amount.ITERATIONS: 1000},
    "p1-serving-latency": {Amount.DURATION: 600, Amount.REQUESTS: 1000, Amount.PEAK_SHARE: 0.9},
}


def asking(least):
    """The framework with these minimums, for any tool."""
    checks = tuple(
        replace(
            check,
            minimums=tuple(
                Minimum(tool="*", measure=amount, value=value, source="OD")
                for amount, value in least.get(check.id, {}).items()
            ),
        )
        for check in FRAMEWORK.checks
    )
    return replace(FRAMEWORK, checks=checks)


DEMANDING = asking(LEAST)
LATENCY = DEMANDING.check("p1-latency-under-load")


class TestLatencyUnderLoad:
    def repeats(self, count, load, *, p99=3.0, p999=5.0, spread=0.0, iterations=20_000, id_from=0, **more):
        more = {"load_gbps": 320.0 if load == "loaded" else None, **more}
        return [
            run(
                "perftest",
                outputs.latency(p99=p99 + spread * (place % 2), p999=p999, iterations=iterations),
                load=load,
                scope="link",
                id=id_from + place,
                nodes=(1, 2),
                days=1 + place / 100,
                **more,
            )
            for place in range(count)
        ]

    def under(self, *groups, site=SITE, framework=DEMANDING):
        runs = [one for group in groups for one in group]
        return latency.loaded_latency(framework.check(LATENCY.id), runs, site, NOW)

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
            run(
                "perftest",
                outputs.latency(iterations=5000),
                load="loaded",
                load_gbps=320.0,
                id=place,
                nodes=(1, 2),
            )
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

    @pytest.mark.parametrize(
        ("gbps", "reason"),
        [
            pytest.param(
                0.5, "was 0.5 Gb/s; a path of 400 Gb/s needs 200 Gb/s at least", id="next to nothing"
            ),
            pytest.param(199.0, "was 199 Gb/s; a path of 400 Gb/s needs 200 Gb/s at least", id="below half"),
            pytest.param(None, "is not stated; a path of 400 Gb/s needs 200 Gb/s at least", id="not stated"),
            pytest.param(788.0, "of 788 Gb/s is above the path's rate of 400 Gb/s", id="beyond the port"),
            pytest.param(200.0, "", id="half of the rate"),
            pytest.param(400.0, "", id="line rate"),
        ],
    )
    def test_a_load_is_a_share_of_the_rate_of_the_path(self, gbps, reason):
        found = self.under(
            self.repeats(20, "loaded", load_gbps=gbps), self.repeats(20, "idle", p99=2.0, id_from=100)
        )
        for part in ("loaded-p99", "load-factor", "tail-ratio"):
            proof = only(found, part)
            assert reason in proof.cannot_judge
            assert bool(proof.cannot_judge) == bool(reason)
        assert ("repeats" in found) == (not reason)

    def test_slight_loads_hide_no_real_ones(self):
        slight = self.repeats(20, "loaded", p99=2.1, load_gbps=1.0, id_from=100)
        found = self.under(self.repeats(20, "loaded"), slight, self.repeats(20, "idle", p99=2.0, id_from=200))
        assert (only(found, "loaded-p99").value, only(found, "loaded-p99").cannot_judge) == (3.0, "")
        found = self.under(self.repeats(19, "loaded"), slight)
        assert "was 1 Gb/s" in only(found, "loaded-p99").cannot_judge

    def test_old_runs_under_a_slight_load_are_old(self):
        [first, *_] = self.repeats(1, "loaded", load_gbps=1.0)
        old = [replace(first, id=place, taken_at=NOW - timedelta(days=60)) for place in range(20)]
        proof = only(self.under(old), "loaded-p99")
        assert (proof.cannot_judge, proof.taken_at) == ("", NOW - timedelta(days=60))

    @pytest.mark.parametrize(
        ("speeds", "rate"),
        [
            pytest.param({(1, "mlx5_0"): 400.0, (2, "mlx5_0"): 200.0}, 200.0, id="the slower end"),
            pytest.param({(1, "mlx5_0"): 200.0, (1, "mlx5_1"): 400.0}, 200.0, id="the port that ran"),
            pytest.param(
                {(1, "eth0"): 1.0, (1, "eth1"): 100.0, (2, "eth0"): 1.0, (2, "eth1"): 50.0},
                50.0,
                id="else the fastest of each node",
            ),
            pytest.param({(1, "eth1"): 100.0}, None, id="not at one end"),
            pytest.param({}, None, id="nowhere"),
        ],
    )
    def test_the_rate_of_a_path_is_that_of_its_slowest_port(self, speeds, rate):
        [loaded] = self.repeats(1, "loaded")
        assert latency.path_gbps(loaded, replace(SITE, port_gbps=speeds)) == rate

    def test_without_a_speed_in_the_inventory_no_load_is_a_share(self):
        found = self.under(self.repeats(20, "loaded"), site=replace(SITE, port_gbps={}))
        assert "states no speed" in only(found, "loaded-p99").cannot_judge
        asks_nothing = asking({LATENCY.id: {Amount.LOAD_SHARE: 0, Amount.REPEATS: 20}})
        found = self.under(
            self.repeats(20, "loaded"), site=replace(SITE, port_gbps={}), framework=asks_nothing
        )
        assert only(found, "loaded-p99").cannot_judge == ""

    def test_few_iterations_are_no_repeat(self):
        few = self.repeats(20, "loaded", iterations=5)
        assert "needs 1,000 iterations; there are 5" in only(self.under(few), "loaded-p99").cannot_judge
        idle = self.repeats(20, "idle", iterations=5, id_from=100)
        found = self.under(self.repeats(20, "loaded"), idle)
        assert only(found, "loaded-p99").cannot_judge == ""
        assert "there are 5" in only(found, "load-factor").cannot_judge

    def test_the_framework_says_how_many_repeats_are_needed(self):
        framework = asking({LATENCY.id: {Amount.REPEATS: 3, Amount.LOAD_SHARE: 0.5}})
        assert (
            only(self.under(self.repeats(3, "loaded"), framework=framework), "loaded-p99").cannot_judge == ""
        )

    def test_runs_that_were_voided_are_voided(self):
        runs = [voided(one, Change.NOS) for one in self.repeats(20, "loaded")]
        assert only(self.under(runs), "loaded-p99").voided
