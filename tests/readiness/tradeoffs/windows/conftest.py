"""A class that may wait eight hours, at Porto, whose clocks are Tokyo's, with hours of price and carbon."""

import json
from datetime import date, timedelta
from urllib.parse import urlencode

import pytest

from readiness.demand.workloads import operations
from readiness.tradeoffs.factors.operations import enter_factors
from tests.readiness.tradeoffs.conftest import entry

PAGE = "/tradeoffs/workloads/training/windows/"
API = "/api/tradeoffs/windows/"


@pytest.fixture
def training(porto, planner, frozen_now):
    found = operations.declare(
        name="Training",
        slug="training",
        it_kw=100.0,
        deferrable_h=8.0,
        min_verdict="",
        by=planner,
        now=frozen_now.at,
    )
    operations.place(found, site=porto, on=date(2026, 11, 1), by=planner, now=frozen_now.at)
    enter_factors(entries=[entry("pue", 1.5)], by=None, now=frozen_now.at)
    return found


@pytest.fixture
def hourly(enter_hours, frozen_now):
    """`hourly(price=…, carbon=…, days=…)`: hours of the days before now, and of the next; each by the hour of UTC."""

    def many(price=None, carbon=None, *, days=10, ahead_h=24):
        start = frozen_now.at - timedelta(days=days)
        instants = [start + timedelta(hours=place) for place in range(24 * days + ahead_h)]
        for kind, unit, of in (
            ("electricity_price", "EUR/MWh", price),
            ("carbon_average", "gCO2e/kWh", carbon),
        ):
            if of is not None:
                enter_hours([of(at) for at in instants], start=start, kind=kind, unit=unit)

    return many


@pytest.fixture
def both(training, hourly):
    """Cheap at 20:00 UTC, clean at 22:00 UTC, something of both at 21:00; now it is 16:00."""
    hourly(
        price=lambda at: {20: 10.0, 21: 30.0}.get(at.hour, 100.0),
        carbon=lambda at: {21: 120.0, 22: 50.0}.get(at.hour, 400.0),
    )


@pytest.fixture
def look(client_of, training):
    """`look(hours=1)` is the page's text, `look("hours.json", hours=1)` that of a chart."""
    client = client_of("planner")

    def get(path="", status=200, **asked):
        answer = client.get(f"{PAGE}{path}?{urlencode(asked)}")
        assert answer.status_code == status, answer.content
        return answer.content.decode()

    return get


@pytest.fixture
def ask(api_of, training):
    api = api_of("viewer", scope="read")

    def get(status=200, **asked):
        answer = api.get(f"{API}?{urlencode({'workload': 'training'} | asked)}")
        assert answer.status_code == status, answer.content
        return json.loads(answer.content)

    return get
