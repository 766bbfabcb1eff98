"""The headline of a decision: how many of all that was expected came so, with what nobody knows."""

from readiness.tradeoffs.decisions.core import compare
from readiness.tradeoffs.decisions.queries import Pair
from readiness.tradeoffs.decisions.tables import finding
from readiness.tradeoffs.models import Decision, DecisionForecast
from readiness.tradeoffs.moves.options import BandedFigure
from tests.cases import cases


def pair(objective, came, *, final=True):
    expected, realised = BandedFigure(100.0, "units"), BandedFigure(came, "units")
    comparison = compare(expected, realised)
    return Pair(DecisionForecast(objective=objective, unit="units"), comparison, "", final)


@cases(
    ("came", "final", "words"),
    {
        "what is unknown is among all": (
            {"latency": 101, "readiness": 99, "cost": None, "energy": None, "carbon": None}, True,
            "2 of 5 objectives came within 15 % of what was expected, 3 unknown (Cost, Energy, Carbon)."),
        "all known": ({"latency": 101, "cost": 300}, False,
            "1 of 2 objectives came within 15 % of what was expected, so far."),
        "within what was expected, not within what came": ({"cost": 117, "carbon": 86}, True,
            "1 of 2 objectives came within 15 % of what was expected."),
        "nothing came": ({"carbon": 0.0}, True, "0 of 1 objective came within 15 % of what was expected."),
        "none known": ({"cost": None}, True, "Nothing can be compared: the outcome is unknown."),
    },
)  # fmt: skip
def test_the_headline_counts_what_is_unknown(came, final, words):
    pairs = [pair(name, value, final=final) for name, value in came.items()]
    assert finding(pairs, Decision()) == words
