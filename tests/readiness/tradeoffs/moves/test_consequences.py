"""The consequence line: what changes, in the words of the figures, and what is unknown by its name."""

import pytest

from readiness.assessment.scoring.core.states import Verdict
from readiness.tradeoffs.moves.consequences import ConsequenceEffect, consequences, line
from readiness.tradeoffs.moves.options import (
    BandedFigure,
    FigureError,
    Jurisdiction,
    JurisdictionAnswer,
    LatencyLimit,
)
from readiness.tradeoffs.units import number, signed
from tests.cases import cases
from tests.readiness.tradeoffs.moves.sites import ALLOWED, HELSINKI, latencies, ms, site

EU = (LatencyLimit("eu", 99, 40.0),)
CARBON = "kg CO2e/month"
ALLOWED_BY = (ALLOWED.answer, ALLOWED.rule)

BETTER, WORSE, UNKNOWN = ConsequenceEffect.BETTER, ConsequenceEffect.WORSE, ConsequenceEffect.UNKNOWN


def kg(value, **band):
    return BandedFigure(value, CARBON, **band)


def law(*answers):
    return {"jurisdiction": Jurisdiction(*answers)}


def told(**changed):
    return consequences(HELSINKI, site("boston", **changed), EU)


def test_the_line_of_a_move():
    found = told(
        latency=latencies(eu=ms(46.0)),
        monthly_cost=BandedFigure(80_100.0, "EUR/month"),
        carbon=BandedFigure(4_440.0, CARBON),
        residency=frozenset(),
        feed_load={"A": BandedFigure(74.0, "%"), "B": BandedFigure(91.0, "%")},
    )
    assert line(found) == "+18 ms, −11 % cost, +240 kg CO2e a month, leaves EU residency, feed B to 91 %"
    assert [one.effect for one in found] == [
        ConsequenceEffect.WORSE,
        ConsequenceEffect.BETTER,
        ConsequenceEffect.WORSE,
        ConsequenceEffect.WORSE,
        ConsequenceEffect.WORSE,
    ]


@cases(
    ("changed", "words", "effect"),
    {
        "unknown there": ({"carbon": kg(None)}, "carbon unknown at boston", UNKNOWN),
        "latency unknown": ({"latency": ()}, "latency unknown at boston", UNKNOWN),
        "an estimate keeps its band": (
            {"carbon": kg(4_300.0, low=4_250.0, high=4_400.0)}, "+100 kg CO2e a month (+50 to +200)", WORSE),
        "a band with both signs is unclear": (
            {"carbon": kg(4_300.0, low=4_100.0, high=4_400.0)}, "+100 kg CO2e a month (−100 to +200)",
            ConsequenceEffect.UNCLEAR),
        "less energy": ({"energy": BandedFigure(51_000.0, "kWh/month")}, "−1,000 kWh a month", BETTER),
        "a little dearer": ({"monthly_cost": BandedFigure(90_270.0, "EUR/month")}, "+0.3 % cost", WORSE),
        "enters residency": ({"residency": frozenset({"EU", "FI"})}, "enters FI residency", BETTER),
        "a basis is needed": (
            law(JurisdictionAnswer.NEEDS_BASIS, "gdpr-v"), "transfer needs a basis (gdpr-v)", WORSE),
        "no rule decides": (
            law(JurisdictionAnswer.CANNOT_DECIDE, "no rule"), "transfer cannot be decided (no rule)", UNKNOWN),
        "an operator controlled from elsewhere": (
            law(*ALLOWED_BY, JurisdictionAnswer.NEEDS_BASIS, "us-cloud-act"),
            "operator needs a basis (us-cloud-act)", WORSE),
        "a worse verdict": ({"verdict": Verdict.NOT_READY}, "to a not ready site", WORSE),
        "no verdict": ({"verdict": None}, "readiness unknown at boston", UNKNOWN),
        "feed unknown": ({"feed_load": {"A": BandedFigure(None, "%")}}, "load of feed A unknown", UNKNOWN),
        "a feed that may come over": (
            {"feed_load": {"A": BandedFigure(78.0, "%", low=70.0, high=85.0)}}, "feed A to 78 % (70 to 85)", WORSE),
    },
)  # fmt: skip
def test_one_change(changed, words, effect):
    (found,) = told(**changed)
    assert (found.words, found.effect) == (words, effect)


def test_no_change_says_nothing():
    assert line(told()) == ""


def test_a_cost_of_nothing_is_told_in_money():
    free = site("free", monthly_cost=BandedFigure(0.0, "EUR/month"))
    (found,) = consequences(free, HELSINKI, EU)
    assert found.words == "+90,000 EUR a month"


def test_unknown_at_both_names_both():
    dark = {"carbon": BandedFigure(None, CARBON)}
    (found,) = consequences(site("oslo", **dark), site("boston", **dark), EU)
    assert found.words == "carbon unknown at oslo and boston"


def test_two_currencies_are_not_subtracted():
    with pytest.raises(FigureError, match="USD/month"):
        told(monthly_cost=BandedFigure(1.0, "USD/month"))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (240.0, "240"),
        (12_300, "12,300"),
        (4.5678, "4.57"),
        (0.012345, "0.0123"),
        (1234.5, "1,234"),
        (0.99999, "1"),
        (-0.25, "−0.25"),
        (float("inf"), "?"),
    ],
)
def test_numbers_as_people_read_them(value, words):
    assert number(value) == words


def test_a_rise_has_its_sign():
    assert (signed(3.0), signed(-3.0), signed(0.0)) == ("+3", "−3", "0")
