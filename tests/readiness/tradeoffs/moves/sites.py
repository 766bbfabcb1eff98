"""Candidates and envelopes with names, for the tests of trade-offs."""

from dataclasses import replace

from readiness.assessment.scoring.core.states import Verdict
from readiness.tradeoffs.moves.options import (
    BandedFigure,
    CandidateSite,
    Demand,
    Jurisdiction,
    JurisdictionAnswer,
    Latency,
    LatencyLimit,
    LimitBound,
    Limits,
)

ALLOWED = Jurisdiction(JurisdictionAnswer.ALLOWED, "eu-1 (EU/EEA)")


def ms(value, low=None, high=None):
    return BandedFigure(value, "ms", low=low, high=high)


def latencies(**by_region):
    return tuple(Latency(region, 99, figure) for region, figure in by_region.items())


HELSINKI = CandidateSite(
    site="helsinki",
    country="FI",
    region="eu-north",
    jurisdiction=ALLOWED,
    latency=latencies(eu=ms(28.0), us=ms(110.0)),
    unit_cost=BandedFigure(2.4, "EUR/h"),
    monthly_cost=BandedFigure(90_000.0, "EUR/month"),
    energy=BandedFigure(52_000.0, "kWh/month"),
    carbon=BandedFigure(4_200.0, "kg CO2e/month"),
    verdict=Verdict.READY,
    readiness=BandedFigure(93.0, "points"),
    free_accelerators={
        "H100": BandedFigure(64.0, "accelerators"),
        "MI300X": BandedFigure(0.0, "accelerators"),
    },
    headroom=BandedFigure(400.0, "kW"),
    free_bandwidth=BandedFigure(300.0, "Gb/s"),
    feed_load={"A": BandedFigure(74.0, "%"), "B": BandedFigure(69.0, "%")},
    residency=frozenset({"EU"}),
)
DEMAND = Demand(accelerators={"H100": 32}, power_kw=60.0, bandwidth_gbps=100.0)
LIMITS = Limits(
    latency=(LatencyLimit("eu", 99, 40.0),),
    unit_cost=LimitBound(3.0, "EUR/h"),
    monthly_cost=LimitBound(100_000.0, "EUR/month"),
    energy=LimitBound(60_000.0, "kWh/month"),
    carbon=LimitBound(5_000.0, "kg CO2e/month"),
    verdict=Verdict.CONDITIONAL,
    readiness=LimitBound(80.0, "points"),
    allowed_countries=frozenset({"FI", "SE", "DE"}),
    forbidden_countries=frozenset({"US"}),
)


def site(name="helsinki", **changed):
    return replace(HELSINKI, site=name, **changed)


def limits(**changed):
    return replace(LIMITS, **changed)


def demand(**changed):
    return replace(DEMAND, **changed)
