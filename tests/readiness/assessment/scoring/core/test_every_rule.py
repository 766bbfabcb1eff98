"""Every rule of health, through the memory of health: a reason begins, waits its minimum duration, ends and stays."""

from datetime import timedelta

from readiness.assessment.scoring.core.reasons import Heard, ObjectFacts, RuleFinding, follow
from telemetry.core.metric import ComparedValue
from tests.readiness.assessment.scoring.core.builders import NOW
from tests.telemetry.rules import ORDERED, beyond, each_rule, levels, well

KEY = ("device", 4)
STEP = timedelta(seconds=30)


class Watch:
    """Follows one object under one rule; time moves with each sample, or with silence."""

    def __init__(self, metric, rule):
        self.metric, self.rule, self.at, self.reasons = metric, rule, NOW, []

    def see(self, value, *, after=STEP):
        self.at += after
        finding = RuleFinding(
            *("compute", KEY, self.metric.name, "", self.rule, value, self.at, self.at, self.rule.title),
            *(self.rule.unit(self.metric.unit), True),
        )
        return self._follow([finding], sampled={(KEY, self.metric.name, "")})

    def miss(self, *, after=STEP):
        """The object is heard from, without this metric."""
        self.at += after
        return self._follow([], sampled=frozenset())

    def _follow(self, findings, sampled):
        facts = ObjectFacts(
            names={KEY: "node-4"},
            domains={KEY: "compute"},
            watched={KEY},
            heard={KEY: Heard(self.at, self.at + timedelta(minutes=5))},
            sampled=sampled,
        )
        self.reasons = follow(self.reasons, findings, facts, self.at).reasons
        return self.counting

    @property
    def counting(self):
        return [reason.health for reason in self.reasons if reason.counts_from is not None]

    def hold(self, value):
        """Samples of this value until the minimum duration is over."""
        counting = self.see(value)
        for _ in range(self.rule.min_duration_s // 30):
            counting = self.see(value)
        return counting


@each_rule
def test_it_counts_once_its_minimum_duration_is_over_and_not_before(metric, rule):
    for level, limits in levels(rule):
        watch = Watch(metric, rule)
        bad = beyond(rule, limits)
        counted = [watch.see(bad)]
        for _ in range(rule.min_duration_s // 30):
            counted.append(watch.see(bad))
        assert counted == [[]] * (rule.min_duration_s // 30) + [[level]]
        assert [reason.since for reason in watch.reasons] == [NOW + STEP]


@each_rule
def test_it_ends_at_a_live_sample_that_is_well(metric, rule):
    for level, limits in levels(rule):
        watch = Watch(metric, rule)
        assert watch.hold(beyond(rule, limits)) == [level]
        assert watch.see(well(rule)) == []
        assert watch.reasons == []


@each_rule
def test_it_does_not_flap_within_its_hysteresis(metric, rule):
    if rule.direction not in ORDERED or not rule.hysteresis:
        return
    for level, limits in levels(rule):
        watch = Watch(metric, rule)
        watch.hold(beyond(rule, limits))
        inside = limits[0] + (1 if well(rule) > limits[0] else -1) * rule.hysteresis / 2
        states = [watch.see(value) for value in (inside, beyond(rule, limits), inside, inside)]
        assert states == [[level]] * 4


@each_rule
def test_what_is_shorter_than_its_minimum_duration_never_counts(metric, rule):
    if not rule.min_duration_s:
        return
    for _level, limits in levels(rule):
        watch = Watch(metric, rule)
        for _ in range(3):
            for _ in range(rule.min_duration_s // 30):
                assert watch.see(beyond(rule, limits)) == []
            assert watch.see(well(rule)) == []


@each_rule
def test_without_samples_it_stays_as_the_last_known(metric, rule):
    for level, limits in levels(rule):
        watch = Watch(metric, rule)
        watch.hold(beyond(rule, limits))
        assert watch.miss(after=timedelta(minutes=7)) == [level]
        assert [reason.is_last_known for reason in watch.reasons] == [True]
        if rule.measure is ComparedValue.VALUE:
            assert watch.miss(after=timedelta(hours=25)) == [level]
            assert [str(reason.standing) for reason in watch.reasons] == ["metric-gone"]
