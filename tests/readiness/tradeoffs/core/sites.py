"""Candidates and envelopes with names, for the tests of trade-offs."""

from dataclasses import replace

from readiness.scoring.core.states import Verdict
from readiness.tradeoffs.core.options import (
    Answer,
    Bound,
    Candidate,
    Demand,
    Figure,
    Jurisdiction,
    Latency,
    LatencyLimit,
    Limits,
)

ALLOWED = Jurisdiction(Answer.ALLOWED, "eu-1 (EU/EEA)")


def ms(value, low=None, high=None):
    return Figure(value, "ms", low=low, high=high)


def latencies(**by_region):
    return tuple(Latency(region, 99, figure) for region, figure in by_region.items())


HELSINKI = Candidate(
    site="helsinki",
    country="FI",
    region="eu-north",
    jurisdiction=ALLOWED,
    latency=latencies(eu=ms(28.0), us=ms(110.0)),
    unit_cost=Figure(2.4, "EUR/h"),
    monthly_cost=Figure(90_000.0, "EUR/month"),
    energy=Figure(52_000.0, "kWh/month"),
    carbon=Figure(4_200.0, "kg CO2e/month"),
    verdict=Verdict.READY,
    readiness=Figure(93.0, "points"),
    free_accelerators={"H100": Figure(64.0, "accelerators"), "MI300X": Figure(0.0, "accelerators")},
    headroom=Figure(400.0, "kW"),
    free_bandwidth=Figure(300.0, "Gb/s"),
    feed_load={"A": Figure(74.0, "%"), "B": Figure(69.0, "%")},
    residency=frozenset({"EU"}),
)
DEMAND = Demand(accelerators={"H100": 32}, power_kw=60.0, bandwidth_gbps=100.0)
LIMITS = Limits(
    latency=(LatencyLimit("eu", 99, 40.0),),
    unit_cost=Bound(3.0, "EUR/h"),
    monthly_cost=Bound(100_000.0, "EUR/month"),
    energy=Bound(60_000.0, "kWh/month"),
    carbon=Bound(5_000.0, "kg CO2e/month"),
    verdict=Verdict.CONDITIONAL,
    readiness=Bound(80.0, "points"),
    allowed_countries=frozenset({"FI", "SE", "DE"}),
    forbidden_countries=frozenset({"US"}),
)


def site(name="helsinki", **changed):
    return replace(HELSINKI, site=name, **changed)


def limits(**changed):
    return replace(LIMITS, **changed)


def demand(**changed):
    return replace(DEMAND, **changed)
