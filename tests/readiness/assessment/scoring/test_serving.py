"""p5-slo-compliance from the histograms that serving engines send."""

from datetime import timedelta

import numpy as np
import pytest

from readiness.assessment.evidence.models import Measure
from readiness.assessment.evidence.operations import declare_limit
from telemetry import rollups
from telemetry.core.sketch import quantile_by_step
from tests.readiness.plant import deliver

pytestmark = pytest.mark.django_db
CHECK, TTFT, TPOT = (
    "p5-slo-compliance",
    "vllm:time_to_first_token_seconds",
    "vllm:inter_token_latency_seconds",
)
FAST, SLOW = {"0.1": 60, "0.5": 100, "5.0": 100, "+Inf": 100}, {"0.1": 10, "0.5": 40, "5.0": 100, "+Inf": 100}


class Engine:
    """Counts what it served; `serve(FAST)` is a hundred requests of which 60 answered within 0.1 s."""

    def __init__(self, plant, *, family=TTFT, instance="plant-node:8000"):
        self.plant, self.family = plant, family
        self.labels = {"instance": instance, "model_name": "m", "engine": "0"}
        self.counts = dict.fromkeys(FAST, 0)

    def serve(self, within):
        for le, count in within.items():
            self.counts[le] += count

    def restart(self):
        self.counts = dict.fromkeys(self.counts, 0)

    def readings(self, at):
        buckets = [
            (f"{self.family}_bucket", {**self.labels, "le": le}, count, at)
            for le, count in self.counts.items()
        ]
        return [*buckets, (f"{self.family}_count", self.labels, self.counts["+Inf"], at)]


@pytest.fixture
def plant(plant_of):
    return plant_of(profiles=["inference"])


@pytest.fixture
def promise(plant, frozen_now):
    def declare(limit, value):
        day = frozen_now.at.date() - timedelta(days=1)
        given = {"site": plant.site, "limit": limit, "value": value, "declared_on": day, "source": "contract"}
        declare_limit(**given, by=None, now=frozen_now.at)

    return declare


def run(plant, engines, windows):
    """Each window is what every engine served in it; time goes by, the day is measured, the site evaluated."""
    for within in windows:
        for _ in range(5):
            plant.clock.move(minutes=1)
            for engine in engines:
                engine.serve({le: count / 5 for le, count in within.items()})
            readings = [reading for engine in engines for reading in engine.readings(plant.clock.at)]
            deliver(plant.source, readings, now=plant.clock.at)
    rollups.roll_up(now=plant.clock.at + timedelta(minutes=1))
    plant.clock.move(seconds=90)
    deliver(
        plant.source,
        [one for engine in engines for one in engine.readings(plant.clock.at)],
        now=plant.clock.at,
    )
    plant.measure()
    plant.evaluate()


def part(plant, name="ttft-windows"):
    return plant.part(CHECK, name)


def test_the_share_of_windows_inside_the_limit_decides(plant, promise):
    promise("ttft-slo", 1000)
    run(plant, [Engine(plant)], [FAST, FAST, FAST, SLOW])
    found = part(plant)
    assert (found["state"], found["value"]) == ("fail", 75.0)
    assert "4 windows of 28 days, against 1000 ms" in found["detail"]


def test_a_limit_declared_later_is_held_against_windows_that_were_measured_before(plant, promise):
    run(plant, [Engine(plant)], [FAST, SLOW])
    assert (part(plant)["state"], part(plant)["reason"]) == ("unknown", "No limit is declared (ttft-slo).")
    promise("ttft-slo", 6000)
    plant.evaluate()
    assert (part(plant)["state"], part(plant)["value"]) == ("pass", 100.0)


def test_what_is_kept_of_a_window_is_the_quantile_of_all_engines_together(plant):
    run(plant, [Engine(plant), Engine(plant, instance="plant-node:8001")], [FAST])
    kept = Measure.objects.get(site=plant.site, key="ttft-windows")
    by_hand = (
        1000
        * quantile_by_step(0.99, [0.1, 0.5, 5.0, float("inf")], np.array([[120.0, 200.0, 200.0, 200.0]]))[0]
    )
    assert kept.samples == 1
    assert kept.value == pytest.approx(by_hand, rel=0.01)


def test_a_window_in_which_nothing_was_served_counts_for_nothing(plant, promise):
    promise("ttft-slo", 1000)
    idle = dict.fromkeys(FAST, 0)
    run(plant, [Engine(plant)], [FAST, idle, idle, FAST])
    assert "2 windows" in part(plant)["detail"]


def test_an_engine_that_starts_anew_serves_on(plant, promise):
    promise("ttft-slo", 1000)
    engine = Engine(plant)
    run(plant, [engine], [FAST])
    engine.restart()
    run(plant, [engine], [FAST])
    assert part(plant)["value"] == 100.0


def test_the_earlier_name_of_the_inter_token_histogram_counts_too(plant, promise):
    promise("tpot-slo", 1000)
    run(plant, [Engine(plant, family="vllm:time_per_output_token_seconds")], [FAST])
    assert part(plant, "tpot-windows")["state"] == "pass"
    assert part(plant, "ttft-windows")["state"] == "unknown"


def test_silence_makes_it_stale(plant, promise):
    promise("ttft-slo", 1000)
    run(plant, [Engine(plant)], [FAST])
    assert part(plant)["state"] == "pass"
    plant.clock.move(minutes=6)
    plant.evaluate()
    assert part(plant)["state"] == "stale"


def test_series_without_a_bound_are_no_buckets(plant):
    deliver(
        plant.source,
        [(f"{TTFT}_bucket", {"instance": "plant-node:8000"}, 5, plant.clock.at)],
        now=plant.clock.at,
    )
    plant.measure()
    assert not Measure.objects.filter(key="ttft-windows").exists()
