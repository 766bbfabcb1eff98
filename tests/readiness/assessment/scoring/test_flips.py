"""Every change of state is a row that says what moved, why, since when, and by which value."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Site
from readiness.assessment.evidence.core.rules import RULES
from readiness.assessment.framework import operations as framework_operations
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.models import CheckResult, Flip, ScorePoint, SiteScore
from web.versioned.core.documents import written

pytestmark = pytest.mark.django_db

ACCELERATORS = "p5-accelerator-health"


def test_the_first_evaluation_flips_what_is_not_unknown_and_gives_the_verdict(well):
    moved = {key: to for key, _, to in well.flips("check")}
    assert moved["p5-fabric-health"] == "pass"
    assert "p3-role-coverage" not in moved
    [verdict] = Flip.objects.filter(site=well.site, subject="verdict")
    assert (verdict.from_state, verdict.to_state, verdict.cause) == ("", "not-ready", "applicability")


def test_a_flip_carries_value_threshold_reason_and_the_first_bad_time(well):
    well.change(upsOutputPercentLoad=92)
    began = well.clock.at + timedelta(minutes=1)
    well.run(5)
    well.evaluate()
    flip = well.flip("p2-backup-power", "warn")
    assert (flip.value, flip.unit, flip.threshold, flip.cause) == (92, "%", 80, "data")
    assert "UPS load, worst UPS: 92 % (plant-ups) is above the limit of 80 %" in flip.reason
    assert began <= flip.first_bad_at <= well.clock.at
    assert flip.at == well.clock.at
    part = Flip.objects.get(site=well.site, subject="part", part="output-load", to_state="warn")
    assert (part.key, part.from_state) == ("p2-backup-power", "pass")


def test_first_bad_time_is_kept_until_it_is_good_again(well):
    well.change(upsOutputPercentLoad=92)
    well.run(5)
    first = well.evaluate().check("p2-backup-power").first_bad_at
    well.change(upsBatteryStatus=3)
    well.run(5)
    worse = well.evaluate().check("p2-backup-power")
    assert (worse.state, worse.first_bad_at) == ("fail", first)
    well.change(upsOutputPercentLoad=50, upsBatteryStatus=2)
    well.run(5)
    assert well.evaluate().check("p2-backup-power").first_bad_at is None


def test_evaluating_again_without_news_moves_nothing(well):
    flips = Flip.objects.count()
    before = list(CheckResult.objects.order_by("pk").values())
    well.clock.move(seconds=20)
    well.evaluate()
    after = list(CheckResult.objects.order_by("pk").values())
    changed = {row["check_id"] for row, old in zip(after, before, strict=True) if row != old}
    assert Flip.objects.count() == flips
    assert changed <= {"p5-telemetry-coverage"}
    assert well.score.evaluated_at == well.clock.at


@pytest.mark.parametrize(("rules", "cause"), [(RULES - 1, "rule"), (RULES, "data")])
def test_the_first_evaluation_after_an_upgrade_says_that_rules_changed(well, rules, cause):
    """Other rules had decided otherwise on the evidence of the last evaluation, which is all that there is."""
    well.evaluate()
    backup = CheckResult.objects.filter(site=well.site, check_id="p2-backup-power")
    backup.update(state="warn", measured_state="warn", digest="")
    SiteScore.objects.filter(site=well.site).update(rules=rules)
    well.clock.move(seconds=20)
    well.evaluate()
    flip = well.flip("p2-backup-power", "pass")
    assert (flip.from_state, flip.cause) == ("warn", cause)
    assert flip.reason.startswith("Muster's rules changed with an upgrade.") is (cause == "rule")
    assert SiteScore.objects.get(site=well.site).rules == RULES
    flips = Flip.objects.count()
    well.clock.move(seconds=20)
    well.evaluate()
    assert Flip.objects.count() == flips


def test_a_changed_rule_is_the_cause_and_results_pin_the_new_version(well):
    _, framework = framework_queries.current()
    definition = written(framework) | {"version": "muster-3"}
    [check] = [one for one in definition["checks"] if one["id"] == "p2-backup-power"]
    [load] = [part for part in check["parts"] if part["id"] == "output-load"]
    load["pass"]["value"], load["warn"]["value"] = 40, 50
    framework_operations.publish(definition, by=None, now=well.clock.at)
    well.clock.move(seconds=10)
    well.evaluate()
    flip = well.flip("p2-backup-power", "fail")
    assert (flip.cause, flip.framework_version.version) == ("rule", "muster-3")
    assert well.score.framework_version.version == "muster-3"
    assert set(CheckResult.objects.values_list("framework_version__version", flat=True)) == {"muster-3"}


def test_a_stage_gives_and_takes_the_verdict(well):
    Site.objects.filter(pk=well.site.pk).update(stage=Site.Stage.BUILDING)
    well.clock.move(seconds=10)
    well.evaluate()
    assert well.score.verdict == ""
    assert "no verdict" in well.score.verdict_reason
    taken = well.flip("", "")
    assert (taken.from_state, taken.cause) == ("not-ready", "applicability")


def test_a_verdict_names_what_decides_it_with_the_first_blocker_first(well):
    score = well.score
    assert score.verdict == "not-ready"
    assert score.deciding == sorted(score.deciding)
    assert score.first_blocker == score.deciding[0]
    assert score.verdict_since == well.clock.at


def test_health_flips_tell_the_object_that_was_worst(well):
    well.change(upsOutputSource=5)
    well.run(3)
    well.evaluate()
    flip = well.flip("energy", "critical")
    assert (flip.subject, flip.value) == ("health", 5)
    assert flip.reason == "plant-ups: UPS does not protect its load"


def test_each_day_keeps_its_last_score(well):
    well.run(5)
    well.evaluate()
    assert ScorePoint.objects.filter(site=well.site).count() == 1
    well.clock.move(hours=24)
    well.run(5)
    well.evaluate()
    days = ScorePoint.objects.filter(site=well.site).order_by("on_date")
    assert [point.on_date for point in days] == [
        (well.clock.at - timedelta(days=1)).date(),
        well.clock.at.date(),
    ]
    assert days[1].score == well.score.score


def test_an_older_evaluation_does_not_undo_a_newer_one(well):
    before = SiteScore.objects.get(site=well.site)
    well.clock.at -= timedelta(minutes=20)
    well.evaluate()
    assert SiteScore.objects.get(site=well.site).evaluated_at == before.evaluated_at


def test_scores_add_up_from_the_stored_checks(well):
    results = CheckResult.objects.filter(site=well.site, pillar="p2").exclude(state="n-a")
    points = {"pass": 1.0, "warn": 0.5}
    weight = {"BLOCK": 3, "COND": 2, "INFO": 0}
    earned = sum(weight[one.gate] * points.get(one.state, 0.0) for one in results)
    total = sum(weight[one.gate] for one in results)
    stored = well.score.pillars["p2"]
    assert stored["score"] == pytest.approx(earned / total)
    unproven = sum(weight[one.gate] for one in results if one.state in ("unknown", "stale"))
    assert stored["upper"] == pytest.approx((earned + unproven) / total)
    scores = [pillar["score"] for pillar in well.score.pillars.values() if pillar["score"] is not None]
    assert well.score.score == pytest.approx(sum(scores) / len(scores))


def test_evaluating_many_sites_takes_as_many_statements_as_one(plant_of, frozen_now):
    from readiness.assessment.scoring import operations

    plants = [plant_of(name=f"Site{number}") for number in range(4)]
    for plant in plants:
        plant.send()
    frozen_now.move(minutes=1)

    def statements(some):
        with CaptureQueriesContext(connection) as captured:
            operations.evaluate(site_ids=[plant.site.pk for plant in some], now=frozen_now.at)
        return len(captured)

    statements(plants)
    frozen_now.move(minutes=1)
    one = statements(plants[:1])
    frozen_now.move(minutes=1)
    assert statements(plants) == one <= 51
