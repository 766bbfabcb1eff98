"""Steps that no limit asks for: which moves are, at which price, and which are not."""

import pytest

from readiness.tradeoffs.core.objectives import Objective, ObjectiveDirection, step_of
from readiness.tradeoffs.core.options import BandedFigure

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


@pytest.mark.parametrize(
    ("after", "words"),
    [
        pytest.param(
            (8227, 3.3, 640, 70, 60), "+6352 EUR a month for 5.8 ms below a limit already met", id="latency"
        ),
        pytest.param(
            (8227, 3.3, 640, 74, 60),
            "+6352 EUR a month for 5.8 ms below and 4 points above limits already met",
            id="latency and readiness",
        ),
        pytest.param(
            (1900, 9.1, 600, 70, 30), "+25 EUR a month for 40 kg CO2e below a limit already met", id="carbon"
        ),
        pytest.param(
            (1900, 3.3, (None, 10, 900), 70, 30),
            "+25 EUR a month for 5.8 ms below a limit already met",
            id="an unknown counts at its worse end, and is no gain",
        ),
    ],
)
def test_what_costs_more_for_what_is_kept_already_is_told_with_its_price(after, words):
    assert step(after).words.replace("\u202f", "") == words


@pytest.mark.parametrize(
    ("before", "carbon"),
    [
        pytest.param(OSAKA, 639.99, id="ten grams less"),
        pytest.param((1875, 9.1, None, 70, 30), 640, id="carbon is known there"),
    ],
)
def test_a_trifle_that_no_limit_asks_for_makes_it_no_other_step(before, carbon):
    price = step((8227, 3.3, carbon, 70, 60), before=before, limited=("latency",))
    assert price.words.replace("\u202f", "") == "+6352 EUR a month for 5.8 ms below a limit already met"


@pytest.mark.parametrize(
    ("after", "more"),
    [
        pytest.param((1875, 3.3, 640, 70, 60), {}, id="costs nothing more"),
        pytest.param((1700, 3.3, 640, 70, 60), {}, id="saves money"),
        pytest.param((8227, 3.3, 600, 70, 60), {"limited": ("latency",)}, id="carbon has no limit"),
        pytest.param((8227, 9.1, 640, 70, 60), {}, id="better in nothing but what tells of others"),
        pytest.param((None, 3.3, 640, 70, 60), {}, id="its price is unknown"),
        pytest.param(
            (8227, 3.3, 640, 70, 60), {"before": (None, *OSAKA[1:])}, id="what today costs is unknown"
        ),
        pytest.param(
            (8227, 9.1, 640, 70, 60),
            {"before": (1875, 9.1, None, 70, 30), "limited": ("latency",)},
            id="it is known there alone",
        ),
    ],
)
def test_what_somebody_may_want_is_no_such_step(after, more):
    assert step(after, **more) is None
