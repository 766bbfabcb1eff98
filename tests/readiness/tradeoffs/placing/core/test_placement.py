"""Hard constraints: the right sites drop, each with the limit or rule named and the margin."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.assessment.scoring.core.states import Verdict
from readiness.tradeoffs.moves.options import (
    BandedFigure,
    Demand,
    FigureError,
    Jurisdiction,
    Latency,
    LatencyLimit,
    LimitBound,
    Limits,
    worst_latency,
)
from readiness.tradeoffs.moves.options import JurisdictionAnswer as Answer
from readiness.tradeoffs.placing.core.placement import REASON_GROUPS, Feasibility, placer
from tests.cases import cases
from tests.readiness.tradeoffs.moves.sites import DEMAND, LIMITS, demand, latencies, limits, ms, site

FEASIBLE, UNDECIDED, REJECTED = Feasibility.FEASIBLE, Feasibility.UNDECIDED, Feasibility.REJECTED


def law(*answers):
    return {"jurisdiction": Jurisdiction(*answers)}


def kg(value):
    return BandedFigure(value, "kg CO2e/month")


def p99(*figure):
    return {"latency": latencies(eu=ms(*figure))}


def judged(candidate, wanted=DEMAND, held=LIMITS):
    placed = placer(wanted, held)(candidate)
    return placed.standing, [(one.limit, one.subject, one.margin) for one in placed.reasons]


def test_a_site_within_every_limit_is_feasible():
    placed = placer(DEMAND, LIMITS)(site())
    assert (placed.standing, placed.reasons) == (Feasibility.FEASIBLE, ())
    assert placed.compliance_margin == pytest.approx(0.1)


@cases(
    ("wanted", "held", "limit", "subject", "margin", "words"),
    {
        "latency tightened": (DEMAND, limits(latency=(LatencyLimit("eu", 99, 20.0),)), "latency", "eu p99",
            8.0, "latency eu p99: 28 ms, limit 20 ms, 8 ms over"),
        "unit cost tightened": (DEMAND, limits(unit_cost=LimitBound(2.0, "EUR/h")), "unit-cost", "", 0.4,
            "unit cost: 2.4 EUR/h, limit 2 EUR/h, 0.4 EUR/h over"),
        "monthly cost tightened": (DEMAND, limits(monthly_cost=LimitBound(80_000.0, "EUR/month")),
            "monthly-cost", "", 10_000.0, None),
        "energy tightened": (DEMAND, limits(energy=LimitBound(50_000.0, "kWh/month")), "energy", "", 2_000.0,
            None),
        "carbon tightened": (DEMAND, limits(carbon=LimitBound(4_000.0, "kg CO2e/month")), "carbon", "", 200.0,
            None),
        "readiness score tightened": (DEMAND, limits(readiness=LimitBound(95.0, "points")), "readiness", "",
            2.0, "readiness: 93 points, 95 points needed, 2 points short"),
        "more accelerators than are free": (demand(accelerators={"H100": 80}), LIMITS, "accelerators", "H100",
            16.0, "64 H100 accelerators free, 80 needed"),
        "a type the site counts none of": (demand(accelerators={"MI300X": 8}), LIMITS, "accelerators",
            "MI300X", 8.0, None),
        "more power than is free": (demand(power_kw=450.0), LIMITS, "power", "", 50.0, None),
        "more bandwidth than is free": (demand(bandwidth_gbps=400.0), LIMITS, "bandwidth", "", 100.0, None),
        "residency tightened": (DEMAND, limits(allowed_countries=frozenset({"DE"})), "country", "FI", None,
            "FI is not among the allowed countries"),
        "forbidden country": (DEMAND, limits(forbidden_countries=frozenset({"FI"})), "country", "FI", None,
            None),
    },
)  # fmt: skip
def test_one_limit_tightened_rejects_with_its_name_and_margin(wanted, held, limit, subject, margin, words):
    placed = placer(wanted, held)(site())
    assert placed.standing is Feasibility.REJECTED
    (reason,) = placed.reasons
    assert (reason.limit, reason.subject) == (limit, subject)
    assert reason.limit in REASON_GROUPS
    assert reason.margin == (None if margin is None else pytest.approx(margin))
    if words is not None:
        assert reason.words == words


@cases(
    ("changed", "standing", "reasons"),
    {
        "forbidden by a rule": (law(Answer.FORBIDDEN, "cn-3"), REJECTED, [("jurisdiction", "cn-3", None)]),
        "a rule that cannot be decided": (law(Answer.CANNOT_DECIDE, "in-1 has no date"), UNDECIDED,
            [("jurisdiction", "in-1 has no date", None)]),
        "a basis that is not recorded": (law(Answer.NEEDS_BASIS, "gdpr-v"), UNDECIDED,
            [("jurisdiction", "gdpr-v", None)]),
        "whoever controls the operator is forbidden by a rule": (
            law(Answer.ALLOWED, "eu-1", Answer.FORBIDDEN, "owner-1"), REJECTED, [("operator", "owner-1", None)]),
        "an operator that a contract could answer for is told, and bars nothing": (
            law(Answer.ALLOWED, "eu-1", Answer.NEEDS_BASIS, "owner-1"), FEASIBLE, []),
        "unknown country": ({"country": None}, UNDECIDED, [("country", "", None)]),
        "verdict too low": ({"verdict": Verdict.NOT_READY}, REJECTED, [("verdict", "not-ready", None)]),
        "no verdict": ({"verdict": None}, UNDECIDED, [("verdict", "", None)]),
        "unknown carbon": ({"carbon": kg(None)}, UNDECIDED, [("carbon", "", None)]),
        "accelerators that nobody counted": ({"free_accelerators": {}}, UNDECIDED,
            [("accelerators", "H100", None)]),
        "a band that crosses the limit": (p99(35.0, 30.0, 55.0), UNDECIDED, [("latency", "eu p99", 15.0)]),
        "a band wholly beyond the limit": (p99(60.0, 50.0, 80.0), REJECTED, [("latency", "eu p99", 10.0)]),
        "a band within the limit": (p99(35.0, 30.0, 39.0), FEASIBLE, []),
        "a median does not prove a p99": ({"latency": (Latency("eu", 50, ms(30.0)),)}, UNDECIDED,
            [("latency", "eu p99", None)]),
        "a median over the limit of the p99": ({"latency": (Latency("eu", 50, ms(45.0)),)}, REJECTED,
            [("latency", "eu p99", 5.0)]),
        "a higher percentile proves": ({"latency": (Latency("eu", 99.9, ms(39.0)),)}, FEASIBLE, []),
        "every reason at once": (
            {"headroom": BandedFigure(50.0, "kW"), "carbon": kg(6_000.0), "country": "US"}, REJECTED,
            [("country", "US", None), ("country", "US", None), ("carbon", "", 1_000.0), ("power", "", 10.0)]),
        "rejected goes before undecided": ({"carbon": kg(None), "headroom": BandedFigure(50.0, "kW")}, REJECTED,
            [("carbon", "", None), ("power", "", 10.0)]),
    },
)  # fmt: skip
def test_what_a_site_is(changed, standing, reasons):
    assert judged(site(**changed)) == (standing, reasons)


def test_nothing_asked_allows_a_site_of_which_nothing_is_known():
    blank = site(country=None, latency=(), free_accelerators={}, verdict=None)
    assert judged(blank, Demand(), Limits()) == (Feasibility.FEASIBLE, [])


def test_an_unknown_is_told_as_unknown_and_a_band_with_its_worst():
    unknown = placer(DEMAND, LIMITS)(site(carbon=BandedFigure(None, "kg CO2e/month"))).reasons[0]
    crossing = placer(DEMAND, LIMITS)(site(latency=latencies(eu=ms(35.0, 30.0, 55.0)))).reasons[0]
    assert unknown.words == "carbon: unknown, limit 5,000 kg CO2e/month"
    assert crossing.words == "latency eu p99: 35 (30 to 55 ms), limit 40 ms, up to 15 ms over"


def test_two_currencies_are_not_compared():
    with pytest.raises(FigureError, match="USD/h"):
        placer(DEMAND, LIMITS)(site(unit_cost=BandedFigure(2.0, "USD/h")))


@cases(
    "given_figure",
    {
        "not a number": {"value": float("nan")},
        "infinite": {"value": float("inf")},
        "below its band": {"value": 5.0, "low": 6.0},
        "band upside down": {"value": None, "low": 6.0, "high": 5.0},
    },
)
def test_a_figure_that_contradicts_itself_is_refused(given_figure):
    with pytest.raises(FigureError):
        BandedFigure(unit="ms", **given_figure)


def test_the_farthest_region_is_the_latency_that_counts():
    both = (LatencyLimit("eu", 99, 40.0), LatencyLimit("us", 99, 200.0))
    lonely = site(latency=latencies(eu=ms(28.0)))
    assert worst_latency(site(), both).value == 110.0
    assert (worst_latency(lonely, both).value, worst_latency(lonely, both).low) == (None, 28.0)
    assert worst_latency(site(), ()).value is None


amounts = st.integers(0, 12).map(float)


@st.composite
def figures(draw, unit):
    ends = sorted(draw(st.lists(amounts, min_size=3, max_size=3)))
    return draw(
        st.sampled_from(
            [
                BandedFigure(None, unit),
                BandedFigure(ends[1], unit),
                BandedFigure(ends[1], unit, low=ends[0], high=ends[2]),
            ]
        )
    )


@st.composite
def sites(draw):
    return site(
        latency=latencies(eu=draw(figures("ms"))),
        carbon=draw(figures("kg CO2e/month")),
        readiness=draw(figures("points")),
        headroom=draw(figures("kW")),
        country=draw(st.sampled_from([None, "FI", "US"])),
        verdict=draw(st.sampled_from([None, *Verdict])),
        jurisdiction=Jurisdiction(draw(st.sampled_from(list(Answer))), "rule"),
    )


@st.composite
def envelopes(draw):
    return (
        demand(accelerators={}, bandwidth_gbps=None, power_kw=draw(amounts)),
        Limits(
            latency=(LatencyLimit("eu", 99, draw(amounts)),),
            carbon=LimitBound(draw(amounts), "kg CO2e/month"),
            readiness=LimitBound(draw(amounts), "points"),
            verdict=draw(st.sampled_from(list(Verdict))),
            allowed_countries=frozenset({"FI"}),
            forbidden_countries=frozenset({"US"}),
        ),
    )


RELAXED = {
    "latency raised": lambda d, held: (
        d,
        replace(held, latency=(LatencyLimit("eu", 99, held.latency[0].limit_ms + 1),)),
    ),
    "latency dropped": lambda d, held: (d, replace(held, latency=())),
    "carbon raised": lambda d, held: (
        d,
        replace(held, carbon=LimitBound(1.2 * held.carbon.value, held.carbon.unit)),
    ),
    "carbon dropped": lambda d, held: (d, replace(held, carbon=None)),
    "readiness lowered": lambda d, held: (
        d,
        replace(held, readiness=LimitBound(held.readiness.value - 1, "points")),
    ),
    "verdict lowered": lambda d, held: (d, replace(held, verdict=Verdict.NOT_READY)),
    "country allowed": lambda d, held: (d, replace(held, allowed_countries=frozenset({"FI", "US"}))),
    "any country allowed": lambda d, held: (d, replace(held, allowed_countries=None)),
    "country no longer forbidden": lambda d, held: (d, replace(held, forbidden_countries=frozenset())),
    "less power": lambda d, held: (replace(d, power_kw=d.power_kw / 2), held),
    "power not asked": lambda d, held: (replace(d, power_kw=None), held),
}


def standings(candidates, envelope):
    return list(map(placer(*envelope), candidates))


@settings(max_examples=25, deadline=None)
@given(st.lists(sites(), min_size=1, max_size=6), envelopes())
def test_relaxing_never_shrinks_the_feasible_set(candidates, envelope):
    before = [one.standing for one in standings(candidates, envelope)]
    for name, relax in RELAXED.items():
        after = [one.standing for one in standings(candidates, relax(*envelope))]
        for was, comes in zip(before, after, strict=True):
            assert was is not Feasibility.FEASIBLE or comes is Feasibility.FEASIBLE, name
            assert was is Feasibility.REJECTED or comes is not Feasibility.REJECTED, name


@settings(max_examples=25, deadline=None)
@given(st.lists(sites(), max_size=6), envelopes())
def test_only_feasible_sites_lack_reasons(candidates, envelope):
    for placed in standings(candidates, envelope):
        assert (placed.standing is Feasibility.FEASIBLE) is not bool(placed.reasons)
