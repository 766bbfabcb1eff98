"""Runs, facts and attestations in verdicts: they count, age, yield to telemetry, and go when they are taken back."""

from datetime import timedelta

import pytest

from readiness.assessment.evidence.models import RecordedFact
from readiness.assessment.evidence.operations import record_fact
from readiness.assessment.evidence.refusals import EvidenceRefused
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring import operations as scoring

pytestmark = pytest.mark.django_db
GIB = 1024**3
COMMISSIONED = {
    "level": 5,
    "critical-deficiencies": 0,
    "undated-deficiencies": 0,
    "dated-deficiencies": 0,
}


@pytest.fixture
def record(well, ops):
    """Record a fact about the plant, dated the day before unless told otherwise."""

    def one(check, part, value, *, unit="", taken_on=None):
        day = taken_on or (well.clock.at - timedelta(days=1)).date()
        return record_fact(
            site=well.site,
            check=check,
            part=part,
            value=value,
            unit=unit,
            taken_on=day,
            source="report 7",
            by=ops,
            now=well.clock.at,
        )

    return one


@pytest.fixture
def commissioned(well, record):
    for part, value in COMMISSIONED.items():
        record("p1-commissioning-l5", part, value)
    return well.evaluate()


def test_facts_of_all_sub_measures_pass_a_check(commissioned):
    assert commissioned.state("p1-commissioning-l5") == "pass"
    level = commissioned.part("p1-commissioning-l5", "level")
    assert (level["value"], level["provenance"]) == (5.0, "declared")
    assert level["evidence"].startswith("fact:")
    assert ("p1-commissioning-l5", "unknown", "pass") in commissioned.flips()


def test_one_sub_measure_without_a_fact_leaves_the_check_unknown(well, record):
    record("p1-commissioning-l5", "level", 5)
    assert well.evaluate().state("p1-commissioning-l5") == "unknown"


def test_a_fact_wakes_the_scoring_by_itself(well, record):
    scoring.rescore_changed(now=well.clock.at)
    for part, value in COMMISSIONED.items():
        record("p1-commissioning-l5", part, value)
    assert scoring.rescore_changed(now=well.clock.at) == 1
    assert well.state("p1-commissioning-l5") == "pass"


def test_a_fact_goes_stale_by_itself_and_the_flip_says_so(commissioned):
    commissioned.clock.move(days=1827)
    commissioned.evaluate()
    assert commissioned.state("p1-commissioning-l5") == "stale"
    assert commissioned.flip("p1-commissioning-l5", "stale").cause == "evidence-age"


def test_a_fact_that_is_taken_back_proves_nothing(commissioned):
    RecordedFact.objects.filter(site=commissioned.site, part="level").delete()
    commissioned.clock.move(minutes=1)
    assert commissioned.evaluate().state("p1-commissioning-l5") == "unknown"


def test_telemetry_goes_before_a_fact_that_says_otherwise(well, record):
    well.change(upsBatteryStatus=3.0)
    well.run(10)
    record("p2-backup-power", "battery-status", 2.0)
    assert well.evaluate().state("p2-backup-power") == "fail"


def test_silence_does_not_bring_back_what_telemetry_contradicted(well, record):
    record("p2-backup-power", "battery-status", 2.0)
    well.change(upsBatteryStatus=3.0)
    well.run(10)
    assert well.evaluate().state("p2-backup-power") == "fail"
    well.stop("upsBatteryStatus")
    well.clock.move(days=3)
    well.evaluate()
    assert well.part("p2-backup-power", "battery-status")["state"] in ("stale", "unknown")


def test_a_younger_fact_takes_the_place_of_telemetry_that_went_stale(well, record):
    well.stop("upsBatteryStatus", "upsOutputSource", "upsTestResultsSummary")
    well.clock.move(days=3)
    assert well.evaluate().part("p2-backup-power", "battery-test")["state"] == "pass"
    well.clock.move(days=400)
    assert well.evaluate().part("p2-backup-power", "battery-test")["state"] == "stale"
    record("p2-backup-power", "battery-test", 1.0)
    part = well.evaluate().part("p2-backup-power", "battery-test")
    assert (part["state"], part["tier"]) == ("warn", "capped")


def test_with_a_fact_for_every_sub_measure_only_undeclared_limits_and_live_figures_are_missing(well, record):
    """A fact has a day, so it cannot stand for a figure that counts for minutes, and is refused there."""
    _, framework = framework_queries.current()
    for check in framework.checks:
        if well.state(check.id) not in ("pass", "warn", "n-a"):
            for part in check.parts:
                if part.validity.is_live:
                    with pytest.raises(EvidenceRefused, match="counts only while it is live"):
                        record(check.id, part.id, passing(part), unit=part.unit)
                else:
                    record(check.id, part.id, passing(part), unit=part.unit)
    well.evaluate()
    reasons = {
        part["reason"]
        for check in framework.checks
        if well.state(check.id) not in ("pass", "warn", "n-a")
        for part in well.check(check.id).parts
        if part["state"] not in ("pass", "warn", "n-a")
    }
    missing = {reason for reason in reasons if not reason.startswith("No limit is declared")}
    # Nothing here serves, so nothing tells of serving.
    live = {part.waits_for for check in framework.checks for part in check.parts if part.validity.is_live}
    assert {reason for reason in missing - live if not reason.endswith("counts for 5 min.")} == set()


def passing(part):
    """A value inside the limits; 0 or 1000 where the site declares the limit."""
    bound = part.pass_at.bound if part.pass_at else None
    if bound is None:
        return 0.0 if part.direction == "lower" else 1000.0
    edges = [edge + step for edge in (bound.low, bound.high) if edge is not None for step in (0, -0.01, 0.01)]
    return next(float(value) for value in (*edges, *bound.values) if bound.contains(value))
