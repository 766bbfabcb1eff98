"""Decide, let 30 days go by with telemetry that differs: expected, realised and error, and what becomes evidence."""

from datetime import UTC, date, datetime, timedelta

import pytest

from readiness.assessment.evidence.models import Measure, RecordedFact
from readiness.assessment.evidence.operations import record_fact
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.models import CheckResult
from readiness.demand.workloads.models import Placement
from readiness.tradeoffs.decisions import operations, realising
from readiness.tradeoffs.decisions.queries import compared
from readiness.tradeoffs.models import Decision, DecisionOutcome
from readiness.tradeoffs.tasks import review_decisions
from telemetry import rollups, store
from telemetry.core.sketch import bucket_of
from telemetry.operations import create_source
from tests.cases import cases
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.plant import deliver
from tests.readiness.tradeoffs.conftest import entry
from web.workflows import NotInState

pytestmark = pytest.mark.django_db
DAYS = 30
MONTH_H = 730.5


@pytest.fixture
def metered(porto, frozen_now, settings):
    """Porto has four accelerators and one meter at the supply; `metered(kw)` sends a day of it and goes on a day."""
    # A partition that is past its time cannot be dropped within the test's transaction.
    settings.TELEMETRY_RAW_HOURS, settings.TELEMETRY_5M_DAYS = 100 * 24, 100
    node = made.device(site=porto)
    for _index in range(4):
        made.accelerator(device=node)
    source, _ = create_source(
        name="Porto", site=porto, cadence_s=3600, grace_s=3600, by=None, now=frozen_now.at
    )

    def day(kw, *, busy=1.0):
        start = frozen_now.at
        store.keep_partitions(now=start)
        readings = []
        for hour in range(1, 25):
            at = start + timedelta(hours=hour)
            readings.append(("site_power_watts", {"site": porto.slug}, 1000.0 * kw, at))
            readings.append(("slurm_gpus_alloc", {"site": porto.slug}, busy, at))
        frozen_now.move(days=1)
        deliver(source, readings, now=frozen_now.at)
        rollups.roll_up(now=frozen_now.at)

    return day


def daily(site, key, part, value, unit, day, **more):
    """What telemetry's days leave: one figure of one day."""
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=23)
    Measure.objects.create(
        site=site,
        key=key,
        part=part,
        on_date=day,
        value=value,
        unit=unit,
        taken_at=at,
        measured_at=at,
        **more,
    )


def round_trips(site, first, days, ms):
    for ahead in range(days):
        daily(
            site,
            "round-trip",
            "emea",
            ms,
            "ms",
            first + timedelta(days=ahead),
            sketch_buckets=[int(bucket_of([ms])[0])],
            sketch_counts=[100],
        )


def by_objective(pairs):
    return {pair.forecast.objective: pair for pair in pairs}


@pytest.mark.full
def test_a_month_later_what_came_stands_beside_what_was_expected_and_is_evidence(
    metered, approved, porto, chat, enter, enter_hours, frozen_now, client_of
):
    enter(
        entry("electricity_price", 0.08, "EUR/kWh"),
        entry("accelerator_hour_cost", 5.0, "EUR/h"),
        entry("pue", 1.25),
    )
    daily(porto, "site-load", "meter", 12.0, "kW", NOW.date() - timedelta(days=3))
    metered(10.0)
    decision = approved()
    first = decision.decided_at.date() + timedelta(days=1)
    Placement.objects.create(workload_class=chat, site=porto, started_on=decision.decided_at.date())
    for _day in range(DAYS):
        metered(12.0, busy=3.0)
    daily(porto, "site-load", "meter", 20.0, "kW", first + timedelta(days=4))
    round_trips(porto, first, 20, 12.5)
    hours = [100.0, 200.0] * 12 * DAYS
    enter_hours(hours, start=datetime.combine(first, datetime.min.time(), UTC))
    enter_hours(
        hours,
        start=datetime.combine(first, datetime.min.time(), UTC),
        kind="carbon_average",
        unit="g/kWh",
        source="grid",
    )

    so_far = by_objective(compared(decision, frozen_now.at))
    assert not so_far["energy"].final
    assert review_decisions() == 1
    decision = Decision.objects.get(pk=decision.pk)
    found = by_objective(compared(decision, frozen_now.at))
    assert all(pair.final for pair in found.values())

    # Two of four accelerators: half of 12 kW at the supply, all month.
    energy = found["energy"].comparison
    assert energy.realised.value == pytest.approx(6.0 * MONTH_H)
    assert energy.error == pytest.approx(6.0 * MONTH_H - 5844.0)
    assert found["energy"].percent == pytest.approx(100 * (6.0 * MONTH_H - 5844.0) / (6.0 * MONTH_H))
    assert energy.realised.provenance == "estimated"
    # 150 g/kWh on the mean of the hours.
    carbon = found["carbon"].comparison
    assert carbon.realised.value == pytest.approx(6.0 * MONTH_H * 0.150, rel=0.01)
    # Two accelerators for all hours, and the energy at the prices of its hours in place of what was expected of it.
    cost = found["cost"].comparison
    mean_price = 0.15
    assert cost.realised.value == pytest.approx(
        2 * MONTH_H * 5.0 + 6.0 * MONTH_H * mean_price - 5844.0 * mean_price, rel=0.01
    )
    assert found["latency"].comparison.realised.value == pytest.approx(12.5, rel=0.02)
    assert found["latency"].comparison.error == pytest.approx(2.5, abs=0.3)
    assert "derives it from the others" in found["compliance"].unknown
    assert "not scored" in found["readiness"].unknown

    # The site was expected at its peak of before and the workload's 4 kW at the supply, 5 with a PUE of 1.25.
    peak = found[realising.PEAK].comparison
    assert (peak.expected.value, peak.realised.value) == (pytest.approx(17.0), 20.0)
    in_use = found[realising.IN_USE].comparison
    assert (in_use.expected.value, in_use.realised.value) == (pytest.approx(3.0), pytest.approx(3.0))

    facts = {
        one.part: one for one in RecordedFact.objects.filter(site=porto, check_id="p5-forecast-accuracy")
    }
    assert facts["power-error"].value == pytest.approx(15.0)
    assert facts["accelerators-error"].value == pytest.approx(0.0)
    assert facts["power-error"].source == f"Decisions reviewed: #{decision.pk}"
    assert facts["power-error"].provenance == "estimated"
    assert facts["power-error"].taken_on == decision.due_on - timedelta(days=1)

    # A second time nothing is left to do, and nothing changes.
    assert review_decisions() == 0
    operations.review(decision, by=None, now=frozen_now.at)
    assert DecisionOutcome.objects.count() == len(found)
    assert RecordedFact.objects.filter(check_id="p5-forecast-accuracy").count() == 2

    _the_check_reads_it(porto, frozen_now)


def _the_check_reads_it(site, frozen_now):
    scoring.evaluate(site_ids=[site.pk], now=frozen_now.at)
    result = CheckResult.objects.get(site=site, check_id="p5-forecast-accuracy")
    parts = {part["part"]: part for part in result.parts}
    assert (parts["power-error"]["value"], parts["power-error"]["state"]) == (pytest.approx(15.0), "pass")


class TestWhatCannotBeTold:
    def test_each_says_why(self, approved, frozen_now):
        decision = approved()
        frozen_now.move(days=30)
        found = by_objective(compared(operations.review(decision, by=None, now=frozen_now.at), frozen_now.at))
        assert {name: pair.percent for name, pair in found.items()} == dict.fromkeys(found)
        assert found["energy"].unknown.startswith(
            "The workload was not placed at Porto from 24 Nov 2026 to 24 Dec 2026"
        )
        assert found["latency"].unknown == "No round trip from emea was measured in this time."
        assert found["carbon"].unknown == "No source has a value for it."
        assert not RecordedFact.objects.filter(check_id="p5-forecast-accuracy").exists()

    @cases(
        ("accelerators", "told"),
        {
            "nothing is in service": (0, "The workload needs 2 accelerators, and 0 are in service"),
            "nothing is metered": (4, "No meter of the site sent power"),
        },
    )
    def test_of_a_workload_that_runs_there(self, approved, chat, porto, frozen_now, accelerators, told):
        node = made.device(site=porto)
        for _index in range(accelerators):
            made.accelerator(device=node)
        decision = approved()
        Placement.objects.create(workload_class=chat, site=porto, started_on=date(2026, 11, 25))
        frozen_now.move(days=30)
        assert told in by_objective(compared(decision, frozen_now.at))["energy"].unknown


class TestReviewing:
    def test_not_before_its_day(self, approved, planner, frozen_now):
        decision = approved(due_on=date(2026, 12, 4))
        frozen_now.move(days=9)
        with pytest.raises(NotInState, match="4 Dec 2026"):
            operations.review(decision, by=planner, now=frozen_now.at)
        assert review_decisions() == 0
        frozen_now.move(hours=8)
        assert review_decisions() == 1

    def test_only_what_was_approved(self, record, frozen_now):
        decision = record()
        frozen_now.move(days=31)
        with pytest.raises(NotInState):
            operations.review(decision, by=None, now=frozen_now.at)
        assert review_decisions() == 0

    def test_the_error_of_a_site_is_the_mean_of_the_quarter(self, approved, porto, frozen_now):
        daily(porto, "site-load", "meter", 10.0, "kW", date(2026, 11, 20))
        decisions = [approved(), approved()]
        # 10 and 4 kW of the envelope were expected, and 20 came: 30 % off, in both.
        daily(porto, "site-load", "meter", 20.0, "kW", date(2026, 12, 1))
        frozen_now.move(days=30)
        assert review_decisions() == 2
        fact = RecordedFact.objects.get(site=porto, part="power-error")
        assert fact.value == pytest.approx(30.0)
        assert fact.source == f"Decisions reviewed: #{decisions[1].pk}, #{decisions[0].pk}"
        assert fact.note == "Mean of 2 decisions reviewed within 91 days"

    def test_what_somebody_entered_of_that_day_stays(self, approved, porto, planner, frozen_now):
        daily(porto, "site-load", "meter", 10.0, "kW", date(2026, 11, 20))
        decision = approved()
        daily(porto, "site-load", "meter", 20.0, "kW", date(2026, 12, 1))
        frozen_now.move(days=30)
        record_fact(
            site=porto,
            check="p5-forecast-accuracy",
            part="power-error",
            value=7.0,
            taken_on=decision.due_on - timedelta(days=1),
            source="Plan against actuals",
            by=planner,
            now=frozen_now.at,
        )
        review_decisions()
        fact = RecordedFact.objects.get(site=porto, part="power-error")
        assert (fact.value, fact.source) == (7.0, "Plan against actuals")
