"""What is known of sites at an instant: which source counts, from which day, and what is unknown."""

from datetime import UTC, date, datetime, timedelta

import pytest

from readiness.assessment.framework import queries as framework
from readiness.assessment.scoring.models import DomainHealth, SiteScore
from readiness.demand.workloads.core.envelope import distance_km
from readiness.demand.workloads.models import UserRegion
from readiness.tradeoffs.factors import queries
from readiness.tradeoffs.factors.core.factors import ValueBasis
from readiness.tradeoffs.factors.core.published import estimated_round_trip
from readiness.tradeoffs.factors.core.series import integrated
from readiness.tradeoffs.models import SiteFactor
from readiness.tradeoffs.units import KINDS
from tests.inventory import made
from tests.readiness.plant import Plant, deliver
from tests.readiness.tradeoffs.conftest import entry, trip

pytestmark = pytest.mark.django_db


@pytest.fixture
def look(porto, frozen_now):
    """`look()` is what is known of Porto now; `look(at)` at another instant."""

    def at_an_instant(at=None):
        return queries.factors_of([porto.pk], at or frozen_now.at)[0]

    return at_an_instant


def test_nothing_entered_is_unknown_with_a_reason_and_never_nothing(look):
    found = look()
    assert set(found.factors) == set(KINDS)
    assert all(factor.best is None and factor.unknown for factor in found.factors.values())
    assert found.factors["staffing_cover"].unknown.startswith("Nobody entered a value")
    assert (found.verdict, found.score) == ("", None)


def test_a_value_holds_from_its_day_on_by_the_calendar_of_the_site(look, enter):
    enter(
        entry("pue", 1.4, as_of_on=date(2026, 6, 1)),
        entry("pue", 1.3, as_of_on=date(2026, 7, 1), line=2),
    )
    # Porto stands in the zone of Tokyo here: its first of July begins at 15:00 UTC.
    before = look(datetime(2026, 6, 30, 14, 59, tzinfo=UTC)).factors["pue"]
    since = look(datetime(2026, 6, 30, 15, 0, tzinfo=UTC)).factors["pue"]
    assert (before.best.value, since.best.value) == (1.4, 1.3)
    assert since.best.as_of == datetime(2026, 6, 30, 15, 0, tzinfo=UTC)
    assert since.best.age_s(datetime(2026, 6, 30, 16, 0, tzinfo=UTC)) == 3600


def test_what_ended_is_unknown_and_says_when(look, enter):
    enter(entry("pue", 1.4, until_on=date(2026, 6, 30)))
    assert look(datetime(2026, 6, 30, 14, 0, tzinfo=UTC)).factors["pue"].best.value == 1.4
    ended = look().factors["pue"]
    assert (ended.best, ended.unknown) == (None, "The last value, of contract 7, held until 30 Jun 2026.")


def test_two_sources_that_disagree_are_both_shown(look, enter):
    enter(
        entry(
            "carbon_average", 290, "g/kWh", source="national mean", basis="published", provenance="estimated"
        ),
        entry("carbon_average", 190, "g/kWh", source="supplier", line=2),
    )
    factor = look().factors["carbon_average"]
    assert [known.source for known in factor.values] == ["national mean", "supplier"]
    assert factor.disagrees


def test_meters_come_before_what_was_declared(look, enter, porto, frozen_now):
    enter(entry("pue", 1.2))
    figure = {"weight": 1, "provenance": "measured", "source": "UPS"}
    taken = frozen_now.at - timedelta(minutes=5)
    DomainHealth.objects.create(
        site=porto,
        domain="energy",
        health="ok",
        since=taken,
        evaluated_at=taken,
        figures={
            "pue": figure | {"value": 1.31, "taken_at": taken.isoformat()},
            "headroom": figure | {"value": 120.0, "taken_at": taken.isoformat()},
        },
    )
    found = look().factors
    assert [(known.basis, known.value) for known in found["pue"].values] == [
        (ValueBasis.TELEMETRY, 1.31),
        (ValueBasis.DECLARED, 1.2),
    ]
    assert found["power_headroom_kw"].best.value == 120.0
    assert look(taken - timedelta(hours=1)).factors["pue"].best.value == 1.2


def test_a_series_stands_for_its_last_thirty_days_with_its_coverage(look, enter_hours):
    enter_hours([50.0] * 24 + [100.0] * 24)
    price = look().factors["electricity_price"].best
    assert (price.value, price.low, price.high) == pytest.approx((0.075, 0.05, 0.1))
    assert price.coverage == pytest.approx(2 / 30)
    assert (price.basis, price.currency, price.unit) == (ValueBasis.PUBLISHED, "EUR", "EUR/kWh")
    assert look(datetime(2026, 11, 20, 12, tzinfo=UTC)).factors["electricity_price"].best is None


def test_an_hour_is_computed_where_every_part_is_known(look, enter):
    parts = [
        entry("accelerator_capex", 30_000, "USD"),
        entry("depreciation_years", 5, "years", line=2),
        entry("accelerator_utilisation", 60, "%", line=3),
        entry("accelerator_power_kw", 1.3, "kW", line=4),
        entry("electricity_price", 100, "USD/MWh", line=5),
    ]
    enter(*parts)
    assert look().factors["accelerator_hour_cost"].unknown.endswith("needs these: PUE.")
    enter(entry("pue", 1.2))
    computed = look().factors["accelerator_hour_cost"].best
    assert computed.basis is ValueBasis.COMPUTED
    assert computed.value == pytest.approx(30_000 / (5 * 8766) + 1.3 * 1.2 * 0.1)
    enter(entry("accelerator_hour_cost", 2.5, "USD/h"))
    assert [known.basis for known in look().factors["accelerator_hour_cost"].values] == [
        ValueBasis.DECLARED,
        ValueBasis.COMPUTED,
    ]


def test_energy_in_another_currency_is_in_an_hour_by_the_rate_of_the_day(look, enter, enter_rate):
    enter(
        entry("accelerator_capex", 30_000, "USD"),
        entry("depreciation_years", 5, "years", line=2),
        entry("accelerator_utilisation", 60, "%", line=3),
        entry("accelerator_power_kw", 1.3, "kW", line=4),
        entry("electricity_price", 100, "EUR/MWh", line=5),
        entry("pue", 1.2, line=6),
    )
    cost = look().factors["accelerator_hour_cost"]
    assert (cost.best, cost.unknown) == (None, "No rate from EUR to USD is known.")
    enter_rate("EUR", "USD", 1.25)
    computed = look().factors["accelerator_hour_cost"].best
    assert computed.value == pytest.approx(30_000 / (5 * 8766) + 1.3 * 1.2 * 0.125)
    assert computed.unit == "USD/h"


def test_a_round_trip_nobody_knows_is_the_band_of_its_distance(look, emea):
    estimate = look().latency["emea"].best
    expected = estimated_round_trip(distance_km((41.15, -8.61), (50.11, 8.68)))
    assert (estimate.low, estimate.value, estimate.high) == pytest.approx(
        (expected.low, expected.value, expected.high)
    )
    assert (estimate.basis, estimate.provenance) == (ValueBasis.GREAT_CIRCLE, "estimated")


def test_a_published_round_trip_takes_the_place_of_the_estimate(look, emea, enter_trips):
    enter_trips(trip(38, user_region="emea"))
    factor = look().latency["emea"]
    assert [(known.value, known.basis) for known in factor.values] == [(38, ValueBasis.PUBLISHED)]
    enter_trips(trip(39, user_region="emea", as_of_on=date(2026, 2, 1), until_on=date(2026, 3, 1)))
    assert look().latency["emea"].best.basis is ValueBasis.GREAT_CIRCLE


def test_places_without_a_position_are_unknown_and_say_whose(lagos, emea, frozen_now, porto):
    emea.latitude = emea.longitude = None
    emea.save()
    here, there = queries.factors_of([lagos.pk, porto.pk], frozen_now.at)
    assert "the site has no position" in here.latency["emea"].unknown
    assert "the user region has no position" in there.latency["emea"].unknown


def test_pairs_of_sites_are_known_from_both_ends(porto, lagos, frozen_now, enter_trips):
    enter_trips(trip(60, other_site="lagos"))
    made.wan(site_a=porto, site_b=lagos, design_latency_ms=55, name="sea")
    one, other = queries.factors_of([porto.pk, lagos.pk], frozen_now.at)
    for factor in (one.between["porto"], other.between["lagos"]):
        assert [(known.value, known.source) for known in factor.values] == [
            (60, "RIPE Atlas"),
            (55, "link sea"),
        ]


def test_probes_and_schedulers_are_read_first(frozen_now, emea, db):
    plant = Plant(frozen_now)
    plant.send()
    at = frozen_now.at
    idle = [("slurm_gpus_idle", {"partition": name}, free, at) for name, free in (("a", 1.0), ("b", 2.0))]
    deliver(plant.source, idle, now=at)
    found = queries.factors_of(None, frozen_now.at)[0]
    assert found.factors["accelerators_free"].best.value == 3.0
    assert found.accelerators


def test_the_verdict_stands_beside_the_factors(look, porto, frozen_now):
    version, _ = framework.current()
    SiteScore.objects.create(
        site=porto,
        verdict="ready",
        score=0.9,
        verdict_since=frozen_now.at,
        evaluated_at=frozen_now.at,
        framework_version=version,
    )
    assert (look().verdict, look().score) == ("ready", 0.9)


def test_rates_are_those_of_the_day(enter_rate, frozen_now):
    enter_rate("EUR", "USD", 1.1)
    enter_rate("EUR", "USD", 1.2, as_of_on=date(2026, 6, 1))
    assert queries.known_rates(frozen_now.at).rate_between("EUR", "USD").rate == 1.2
    may = datetime(2026, 5, 1, tzinfo=UTC)
    assert queries.known_rates(may).rate_between("USD", "EUR").rate == pytest.approx(1 / 1.1)
    assert queries.known_rates(datetime(2025, 5, 1, tzinfo=UTC)).rate_between("USD", "EUR") is None


def test_kept_hours_integrate_as_the_file_did(porto, enter_hours):
    start = datetime(2026, 11, 20, tzinfo=UTC)
    prices = [40.0 + 3 * (hour % 24) for hour in range(72)]
    enter_hours(prices)
    (found,) = queries.series_of(porto.pk, "electricity_price", start, start + timedelta(hours=72))
    cost = integrated(found.series, 800.0, start, start + timedelta(hours=72))
    assert cost.total == pytest.approx(sum(price / 1000 * 800 for price in prices), rel=1e-9)
    assert (cost.complete, found.unit, found.source) == (True, "EUR/kWh", "exchange")
    assert (
        queries.series_of(porto.pk, None, start, start + timedelta(hours=72))[0].kind == "electricity_price"
    )
    assert len(queries.days_of(porto.pk, "electricity_price", "exchange")) == 3


def test_only_what_is_wanted_is_read(porto, enter, emea, frozen_now):
    UserRegion.objects.create(name="APAC", slug="apac")
    enter(
        entry("accelerator_capex", 30_000, "USD"),
        entry("depreciation_years", 5, "years", line=2),
        entry("accelerator_utilisation", 60, "%", line=3),
        entry("accelerator_power_kw", 1.3, "kW", line=4),
        entry("electricity_price", 100, "USD/MWh", line=5),
        entry("pue", 1.2, line=6),
    )
    asked = {"kinds": ["accelerator_hour_cost", "carbon_average"], "regions": ["emea"]}
    (found,) = queries.factors_of([porto.pk], frozen_now.at, **asked)
    assert list(found.factors) == ["accelerator_hour_cost", "carbon_average"]
    assert found.factors["accelerator_hour_cost"].best.basis is ValueBasis.COMPUTED
    assert list(found.latency) == ["emea"]
    (without,) = queries.factors_of([porto.pk], frozen_now.at, kinds=["pue"], regions=[])
    assert (list(without.factors), without.latency) == (["pue"], {})


def test_what_did_not_change_is_not_read_again_and_what_did_is(
    look, enter, emea, enter_trips, django_assert_num_queries
):
    enter(entry("pue", 1.2))
    look()
    with django_assert_num_queries(STATEMENTS - 3):
        assert look().factors["pue"].best.value == 1.2
    enter(entry("pue", 1.3))
    assert look().factors["pue"].best.value == 1.3
    enter_trips(trip(30, user_region="emea"))
    assert look().latency["emea"].best.value == 30
    SiteFactor.objects.all().delete()
    assert look().factors["pue"].best is None


def test_statements_do_not_grow_with_the_sites(
    porto, lagos, emea, enter, enter_trips, frozen_now, django_assert_num_queries
):
    enter(entry("pue", 1.2), entry("carbon_average", 200, "g/kWh", site="lagos", line=2))
    enter_trips(trip(30, user_region="emea"), trip(60, other_site="lagos", line=2))
    with django_assert_num_queries(STATEMENTS):
        queries.factors_of([porto.pk], frozen_now.at)
    for _ in range(8):
        made.site()
    with django_assert_num_queries(STATEMENTS):
        assert len(queries.factors_of(None, frozen_now.at)) == 10
    assert queries.factors_of([], frozen_now.at) == ()


STATEMENTS = 14
