"""A change of health in words: the value that it moved to, for every metric that has a limit."""

import pytest

from readiness.assessment.scoring.models import Flip
from readiness.boards.health.sentences import flip_words
from telemetry import sources
from telemetry.core.metric import ComparedValue
from tests.readiness.plant import deliver
from tests.telemetry.rules import RULES, beyond
from tests.telemetry.rules import well as inside
from web.units import format_value

pytestmark = pytest.mark.django_db

# How a series names an object of each kind, at the plant of tests/readiness/plant.py.
LABELS = {
    "accelerator": {"gpu": "0", "gpu_id": "0", "Hostname": "plant-node", "hostname": "plant-node"},
    "node": {"instance": "plant-node:9100"},
    "port": {"instance": "plant-leaf:9100", "device": "eth0"},
    "pdu": {"instance": "plant-pdu-A"},
    "ups": {"instance": "plant-ups"},
    "cooling-unit": {"cooling_unit": "plant-crah"},
}
JUDGED = [
    pytest.param(metric, rule, id=f"{metric.name}-{rule.title}-{rule.direction}")
    for metric, rule in RULES
    if rule.measure is ComparedValue.VALUE
    and str(metric.object) in LABELS
    and not any((rule.min_duration_s, rule.only, rule.share_of, rule.days_left, rule.label))
]


@pytest.mark.parametrize(
    ("metric", "rule"),
    [
        *JUDGED[::4],
        *(
            pytest.param(*judged.values, marks=pytest.mark.full, id=judged.id)
            for number, judged in enumerate(JUDGED)
            if number % 4
        ),
    ],
)
def test_a_recovery_tells_the_value_before_and_the_new_one(plant, metric, rule):
    bad = beyond(rule, (rule.critical or rule.warn))
    well = inside(rule)
    labels = LABELS[str(metric.object)] | {name: pattern.strip("*") for name, pattern in rule.when}
    plant.stop(metric.name)
    for value in (well, bad, well):
        plant.clock.move(minutes=1)
        sent = value / metric.scale
        deliver(plant.source, [*plant.readings(plant.clock.at), (metric.name, labels, sent, plant.clock.at)],
                now=plant.clock.at)  # fmt: skip
        plant.evaluate()
    domains = {flip.key for flip in Flip.objects.filter(subject="health", to_state__in=["warn", "critical"])}
    assert len(domains) == 1
    worse, healed = Flip.objects.filter(subject="health", key=domains.pop()).order_by("at")[1:]
    assert (worse.value, healed.value_before, healed.value) == pytest.approx((bad, bad, well))
    shown_bad, shown_well = (format_value(value, metric.unit) for value in (bad, well))
    title = metric.titled(rule.title, labels)
    assert f"{title}: {shown_bad}" in flip_words(worse)
    assert f"{title}: {shown_bad} → {shown_well}" in flip_words(healed)


@pytest.mark.parametrize(
    ("metric", "bad"), [("node_network_carrier_down_changes_total", 9.0), ("DCGM_FI_DEV_XID_ERRORS", 79.0)]
)
def test_what_counts_for_a_day_is_over_when_nothing_new_came(well, metric, bad):
    of = "eth0" if metric.startswith("node") else "0"
    well.change(**{metric: {of: bad}})
    well.run(3)
    domain = "network" if of == "eth0" else "compute"
    worse = well.evaluate().flips("health", domain)[-1][2]
    well.clock.move(hours=25)
    well.run(3)
    well.evaluate()
    healed = well.flip(domain, "ok")
    assert (healed.from_state, healed.value) == (worse, 0)
    assert healed.value_before > 0


def test_silence_moves_nothing_that_was_known(well):
    well.change(upsBatteryStatus=3)
    well.run(3)
    well.evaluate()
    flips = well.flips("health", "energy")
    well.clock.move(minutes=6)
    sources.update_states(now=well.clock.at)
    well.evaluate()
    assert well.flips("health", "energy") == flips
    assert flip_words(well.flip("energy", "critical")) == "plant-ups: UPS battery is not normal: 3"
