"""Two sites, a user region, and ways to enter what is known of them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from readiness.demand.workloads.models import UserRegion
from readiness.tradeoffs.factors.core.entries import FactorEntry, LatencyEntry, RateEntry
from readiness.tradeoffs.factors.core.series import SeriesRow
from readiness.tradeoffs.factors.operations import (
    SeriesOf,
    enter_factors,
    enter_latencies,
    enter_rates,
    enter_series,
)
from tests.inventory import made


def entry(kind, value, unit="", *, site="porto", currency="", line=1, low=None, high=None, **sourcing):
    given = {"source": "contract 7", "as_of_on": date(2026, 1, 1)} | sourcing
    return FactorEntry(
        line=line,
        site=site,
        kind=kind,
        value=value,
        unit=unit,
        currency=currency,
        low=low,
        high=high,
        **given,
    )


def trip(value, *, site="porto", user_region="", other_site="", percentile=50.0, line=1, **sourcing):
    given = {"source": "RIPE Atlas", "as_of_on": date(2026, 1, 1), "basis": "published"} | sourcing
    return LatencyEntry(
        line=line,
        site=site,
        user_region=user_region,
        other_site=other_site,
        value=value,
        percentile=percentile,
        **given,
    )


@pytest.fixture
def porto(frozen_now):
    return made.site(
        name="Porto", slug="porto", time_zone="Asia/Tokyo", latitude=41.15, longitude=-8.61, contracted_kw=900
    )


@pytest.fixture
def lagos(frozen_now):
    return made.site(name="Lagos", slug="lagos", country="NG")


@pytest.fixture
def emea(db):
    return UserRegion.objects.create(name="EMEA", slug="emea", latitude=50.11, longitude=8.68)


@pytest.fixture
def enter(frozen_now, porto):
    def many(*entries, by=None):
        return enter_factors(entries=entries, by=by, now=frozen_now.at)

    return many


@pytest.fixture
def enter_trips(frozen_now, porto):
    def many(*entries, by=None):
        return enter_latencies(entries=entries, by=by, now=frozen_now.at)

    return many


@pytest.fixture
def enter_rate(frozen_now):
    def one(currency, to_currency, rate, **more):
        given = {"line": 1, "as_of_on": date(2026, 1, 1), "source": "ECB"} | more
        entries = [RateEntry(currency=currency, to_currency=to_currency, rate=rate, **given)]
        return enter_rates(entries=entries, by=None, now=frozen_now.at)

    return one


@pytest.fixture
def enter_hours(frozen_now, porto):
    def many(values, *, start=datetime(2026, 11, 20, tzinfo=UTC), kind="electricity_price", **more):
        step_min = more.pop("step_min", 60)
        given = {"site": porto, "kind": kind, "unit": "EUR/MWh", "source": "exchange"} | more
        rows = [
            SeriesRow(line, start + timedelta(minutes=step_min * line), value)
            for line, value in enumerate(values)
        ]
        about = SeriesOf(**given, step_min=step_min)
        return enter_series(about=about, rows=rows, by=None, now=frozen_now.at)

    return many
