"""Rules of scoring that hold whatever is sent: over real rows, not over made-up states."""

import random

import pytest

from readiness.assessment.scoring.models import CheckResult

pytestmark = pytest.mark.django_db

METRICS = (
    "node_load1",
    "inlet",
    "DCGM_FI_DEV_XID_ERRORS",
    "node_network_carrier_down_changes_total",
    "node_network_receive_errs_total",
    "rPDU2DeviceStatusPower",
    "site_power_watts",
    "upsBatteryStatus",
    "upsTestResultsSummary",
    "upsOutputPercentLoad",
    "cooling_return_temperature_celsius",
    "rtt",
)
TROUBLE = {
    "site_power_watts": 97_000,
    "upsOutputPercentLoad": 90,
    "inlet": 36,
    "rtt": 0.053,
    "node_network_carrier_down_changes_total": {"eth0": 9},
}


POINTS = {"pass": 1.0, "warn": 0.5}


def points(plant):
    """What each check counts at present."""
    results = CheckResult.objects.filter(site=plant.site).exclude(state="n-a")
    return {one.check_id: POINTS.get(one.state, 0.0) for one in results}


def risen(before, after):
    return {
        check_id: (before[check_id], after[check_id])
        for check_id in before
        if after[check_id] > before[check_id]
    }


@pytest.mark.parametrize(
    ("hours", "trouble"), [(0.2, {}), (26, TROUBLE)], ids=["minutes, well", "a day, in trouble"]
)
@pytest.mark.parametrize("metric", METRICS)
def test_evidence_that_stops_never_raises_a_score(plant, metric, trouble, hours):
    plant.change(**trouble)
    plant.run(30)
    before, score = points(plant.evaluate()), plant.score.score
    plant.stop(metric)
    plant.clock.move(hours=hours)
    plant.run(12)
    assert risen(before, points(plant.evaluate())) == {}
    assert plant.score.score <= score


@pytest.mark.parametrize("seed", range(8))
def test_whatever_stops_together_never_raises_a_score(plant, seed):
    """Exporters go in groups, with a stale marker or without, for minutes up to longer than any check looks back."""
    chance = random.Random(seed)
    plant.change(**dict(chance.sample(sorted(TROUBLE.items()), chance.randint(0, 3))))
    plant.run(30)
    before, score = points(plant.evaluate()), plant.score.score
    leave = chance.choice([plant.stop, plant.end])
    leave(*chance.sample(METRICS, chance.randint(2, len(METRICS))))
    for hours in sorted(chance.sample([0.1, 0.5, 2, 25, 50, 31 * 24], 3)):
        plant.clock.move(hours=hours)
        plant.run(12)
        now = points(plant.evaluate())
        assert risen(before, now) == {}
        assert plant.score.score <= score


@pytest.mark.parametrize("metric", METRICS)
def test_evidence_that_never_came_is_worth_no_more_than_evidence_that_did(plant_of, metric):
    whole, lacking = plant_of(name="Whole"), plant_of(name="Lacking")
    lacking.stop(metric)
    start = whole.clock.at
    for plant in (whole, lacking):
        plant.clock.at = start
        plant.change(**TROUBLE)
        plant.run(30)
        plant.evaluate()
    assert risen(points(whole), points(lacking)) == {}
    assert lacking.score.score <= whole.score.score


IMPROVEMENTS = {
    "site_power_watts": (99_000, 93_000, 70_000),
    "upsOutputPercentLoad": (110, 90, 50),
    "upsEstimatedMinutesRemaining": (1, 2, 30),
    "inlet": (38, 30, 22),
    "rtt": (0.080, 0.053, 0.020),
    "node_network_carrier_down_changes_total": ({"eth0": 12}, {"eth0": 5}, {"eth0": 3}),
    "DCGM_FI_DEV_XID_ERRORS": ({"0": 79}, {"0": 31}, {"0": 0}),
}


@pytest.mark.parametrize("metric", IMPROVEMENTS)
def test_improving_a_measure_never_lowers_a_score(plant_of, metric):
    scores = []
    start = None
    for place, value in enumerate(IMPROVEMENTS[metric]):
        plant = plant_of(name=f"Site{place}")
        start = start or plant.clock.at
        plant.clock.at = start
        plant.run(10)
        plant.change(**{metric: value})
        plant.run(25)
        plant.evaluate()
        scores.append((plant.score.score, plant.score.score_upper))
    lower, upper = zip(*scores, strict=True)
    assert list(lower) == sorted(lower)
    assert list(upper) == sorted(upper)
    assert scores[0] != scores[-1]


def test_a_high_score_never_overrides_a_blocking_check(well):
    passing = CheckResult.objects.filter(site=well.site, state="pass").count()
    assert passing >= 6
    assert well.score.verdict == "not-ready"
