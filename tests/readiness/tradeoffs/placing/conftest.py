"""Four sites with what is known of them, one workload that runs at Porto, and ways to ask where it should run."""

import pytest

from readiness.assessment.framework import queries as framework
from readiness.assessment.scoring.models import SiteScore
from readiness.demand.workloads import operations
from readiness.tradeoffs.factors.operations import enter_factors, enter_latencies
from tests.inventory import made
from tests.readiness.tradeoffs.conftest import entry, trip

API = "/api/tradeoffs/placements/"
KINDS = {
    "electricity_price": ("EUR/kWh", "EUR"),
    "pue": ("", ""),
    "carbon_average": ("gCO2e/kWh", ""),
    "carbon_market": ("gCO2e/kWh", ""),
    "accelerator_hour_cost": ("EUR/h", "EUR"),
    "accelerators_free": ("", ""),
    "power_headroom_kw": ("kW", ""),
    "network_free_gbps": ("Gb/s", ""),
}
# Price, PUE, carbon, carbon of contracts, cost of an accelerator-hour, free accelerators, headroom, free bandwidth.
KNOWN = {
    "porto": (0.12, 1.4, 150, 40, 2.4, 6, 60, 20),
    "lulea": (0.05, 1.1, 20, 5, 2.0, 100, 500, 200),
    "lagos": (0.2, 1.8, 400, 400, 1.8, 100, 500, 200),
}
TRIPS = {"porto": 12.0, "lulea": 48.0, "lagos": 110.0}
SCORES = {"porto": ("ready", 0.9), "lulea": ("conditional", 0.8), "lagos": ("not-ready", 0.4)}


def scored(site, verdict, score, at):
    version = framework.current()[0]
    return SiteScore.objects.create(
        site=site, verdict=verdict, score=score, score_upper=score, verdict_since=at, evaluated_at=at,
        framework_version=version, pillars={"p1": {"score": score}, "p2": {"score": score - 0.1}},
    )  # fmt: skip


@pytest.fixture
def fleet(frozen_now, iberia):
    """Porto, Luleå and Lagos in production with every factor, and Oslo, which is only planned."""
    places = {"porto": ("PT", 41.15, -8.61), "lulea": ("SE", 65.58, 22.15), "lagos": ("NG", 6.52, 3.38)}
    sites = {
        slug: made.site(
            name=slug.capitalize(), slug=slug, country=country, latitude=latitude, longitude=longitude
        )
        for slug, (country, latitude, longitude) in places.items()
    }
    sites["oslo"] = made.site(name="Oslo", slug="oslo", country="NO", stage="planned")
    factors = [
        entry(kind, value, unit, site=slug, currency=currency, line=line)
        for line, (slug, kind, unit, currency, value) in enumerate(
            (slug, kind, unit, currency, value)
            for slug, values in KNOWN.items()
            for (kind, (unit, currency)), value in zip(KINDS.items(), values, strict=True)
        )
    ]
    enter_factors(entries=factors, by=None, now=frozen_now.at)
    trips = [
        trip(value, site=slug, user_region="iberia", percentile=99.0, line=line)
        for line, (slug, value) in enumerate(TRIPS.items())
    ]
    enter_latencies(entries=trips, by=None, now=frozen_now.at)
    for slug, (verdict, score) in SCORES.items():
        scored(sites[slug], verdict, score, frozen_now.at)
    return sites


@pytest.fixture
def chat(fleet, planner, iberia, frozen_now):
    """Runs at Porto, needs 8 accelerators of any type, and no limit keeps any site out."""
    found = operations.declare(
        name="Chat",
        slug="chat",
        kind="interactive",
        accelerators=[(None, 8)],
        it_kw=10.0,
        bandwidth_gbps=2.0,
        users=[(iberia, 12.5)],
        latency_limit_ms=200.0,
        min_verdict="",
        by=planner,
        now=frozen_now.at,
    )
    operations.place(found, site=fleet["porto"], on=None, by=planner, now=frozen_now.at)
    return found


@pytest.fixture
def ask(api_of, chat):
    """`ask({...})` is the answer; `ask({...}, status=400)` what is wrong with it."""
    api = api_of("viewer", scope="read")

    def post(given=None, status=200, **more):
        answer = api.post(API, {"workload": "chat"} | (given or {}) | more)
        assert answer.status_code == status, answer.content
        return answer.json()

    return post


@pytest.fixture
def options(ask):
    """`options({...})` is the options by site."""

    def post(given=None, **more):
        return {one["site"]: one for one in ask(given, **more)["options"]}

    return post
