"""Steps that no limit asks for: which moves are, at which price, and which are not."""

from readiness.tradeoffs.moves.options import BandedFigure
from readiness.tradeoffs.placing.core.objectives import Objective, ObjectiveDirection, step_of
from tests.cases import cases

OBJECTIVES = (
    Objective("cost"),
    Objective("latency"),
    Objective("carbon"),
    Objective("readiness", ObjectiveDirection.MAX, scale=100.0),
    Objective("compliance", ObjectiveDirection.MAX, scale=100.0),
)
UNITS = ("EUR/month", "ms", "kg CO2e/month", "points", "%")
OSAKA = (1875, 9.1, 640, 70, 30)
EVERY = ("latency", "carbon", "readiness")


def figures(*values):
    given = [each if isinstance(each, tuple) else (each, None, None) for each in values]
    return {
        one.name: BandedFigure(value, unit, low=low, high=high)
        for one, unit, (value, low, high) in zip(OBJECTIVES, UNITS, given, strict=True)
    }


def step(after, *, before=OSAKA, limited=EVERY):
    return step_of(figures(*before), figures(*after), OBJECTIVES, limited=limited, derived=("compliance",))


@cases(
    ("after", "words"),
    {
        "latency": ((8227, 3.3, 640, 70, 60), "+6352 EUR a month for 5.8 ms below a limit already met"),
        "latency and readiness": ((8227, 3.3, 640, 74, 60),
            "+6352 EUR a month for 5.8 ms below and 4 points above limits already met"),
        "carbon": ((1900, 9.1, 600, 70, 30), "+25 EUR a month for 40 kg CO2e below a limit already met"),
        "an unknown counts at its worse end, and is no gain": ((1900, 3.3, (None, 10, 900), 70, 30),
            "+25 EUR a month for 5.8 ms below a limit already met"),
    },
)  # fmt: skip
def test_what_costs_more_for_what_is_kept_already_is_told_with_its_price(after, words):
    assert step(after).words.replace(",", "") == words


def test_its_price_is_the_difference_of_the_costs_that_are_written():
    price = step((2977.4, 3.3, 640, 70, 60), before=(1904.6, *OSAKA[1:]))
    assert price.words.replace(",", "").startswith("+1072 EUR a month")


@cases(
    ("before", "carbon"),
    {"ten grams less": (OSAKA, 639.99), "carbon is known there": ((1875, 9.1, None, 70, 30), 640)},
)
def test_a_trifle_that_no_limit_asks_for_makes_it_no_other_step(before, carbon):
    price = step((8227, 3.3, carbon, 70, 60), before=before, limited=("latency",))
    assert price.words.replace(",", "") == "+6352 EUR a month for 5.8 ms below a limit already met"


@cases(
    ("after", "more"),
    {
        "costs nothing more": ((1875, 3.3, 640, 70, 60), {}),
        "saves money": ((1700, 3.3, 640, 70, 60), {}),
        "carbon has no limit": ((8227, 3.3, 600, 70, 60), {"limited": ("latency",)}),
        "better in nothing but what tells of others": ((8227, 9.1, 640, 70, 60), {}),
        "its price is unknown": ((None, 3.3, 640, 70, 60), {}),
        "what today costs is unknown": ((8227, 3.3, 640, 70, 60), {"before": (None, *OSAKA[1:])}),
        "it is known there alone": ((8227, 9.1, 640, 70, 60),
            {"before": (1875, 9.1, None, 70, 30), "limited": ("latency",)}),
    },
)  # fmt: skip
def test_what_somebody_may_want_is_no_such_step(after, more):
    assert step(after, **more) is None
