"""The stated weight does flip the winner, nothing flips it before, and robustness counts draws."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings

from readiness.tradeoffs.placing.core.ranking import ranking, robustness, sensitivity
from tests.cases import cases
from tests.readiness.tradeoffs.placing.core.choices import (
    ALL,
    CARBON,
    COST,
    LATENCY,
    option,
    option_lists,
    weightings,
)

BESIDE = 1e-6
"""Tried so little beyond a flip."""

ROUNDING = 2
"""Points that two options may differ by and be level: ranks are decided at nine digits, flips at all of them."""


def winner(options, weights):
    return ranking(options, ALL, weights)[0].name


def leads(options, weights, name):
    points = {one.name: one.points for one in ranking(options, ALL, weights)}
    return points[name] >= max(points.values()) - ROUNDING


def at_share(weights, name, share):
    """The weights with one objective's share of them set, the others in proportion."""
    others = sum(weight for other, weight in weights.items() if other != name)
    return {
        other: share if other == name else weight / others * (1 - share) for other, weight in weights.items()
    }


def test_a_flip_worked_by_hand():
    options = [option("near", 10, 9), option("far", 30, 3)]
    found = sensitivity(options, (LATENCY, COST), {"latency": 3, "unit-cost": 1})
    assert found.winner == "near"
    told = [(one.objective, one.share, one.weight, one.to, one.up) for one in found.flips]
    assert told == [
        ("latency", pytest.approx(0.5), pytest.approx(1.0), "far", False),
        ("unit-cost", pytest.approx(0.5), pytest.approx(3.0), "far", True),
    ]


@cases(
    ("options", "weights", "flips", "fixed"),
    {
        "dominant": ([option("best", 1, 1), option("worst", 2, 2)], {"latency": 1, "unit-cost": 1}, [], ()),
        "one option": ([option("only", 1, 1)], {"latency": 1, "unit-cost": 1}, [], ()),
        "all weight on one: the others have no proportions": (
            [option("near", 10, 8), option("far", 30, 4)],
            {"latency": 1, "unit-cost": 0},
            [("unit-cost", "far", True)],
            ("latency",),
        ),
        "of two that are level any weight on what sets them apart decides": (
            [option("dear", 10, 8), option("good value", 10, 4)],
            {"latency": 1},
            [("unit-cost", "good value", True)],
            ("latency",),
        ),
        "one in the middle has a rival on each side": (
            [option("near", 10, 9), option("steady", 14, 6), option("cheap", 30, 4)],
            {"latency": 1, "unit-cost": 1},
            [
                ("latency", "cheap", False),
                ("latency", "near", True),
                ("unit-cost", "near", False),
                ("unit-cost", "cheap", True),
            ],
            (),
        ),
    },
)
def test_flips(options, weights, flips, fixed):
    found = sensitivity(options, (LATENCY, COST), weights)
    assert [(one.objective, one.to, one.up) for one in found.flips] == flips
    assert found.fixed == fixed


def test_no_options_have_no_winner():
    assert sensitivity([], ALL, {"latency": 1}) is None
    assert robustness([], ALL, {"latency": 1}, seed=1) is None


@settings(max_examples=35, deadline=None)
@given(option_lists(most=6), weightings)
def test_the_stated_weight_flips_the_winner_and_no_smaller_change_does(options, weights):
    found = sensitivity(options, ALL, weights)
    assert found.winner == winner(options, weights)
    total = sum(weights.values())
    for flip in found.flips:
        now = weights[flip.objective] / total
        sign = 1 if flip.up else -1
        beyond = flip.share + sign * BESIDE
        assume(0 < beyond < 1)
        assert leads(options, at_share(weights, flip.objective, beyond), flip.to)
        assert leads(options, {**weights, flip.objective: flip.weight + sign * BESIDE * total * 10}, flip.to)
        for part in (0.25, 0.5, 0.9):
            between = now + (flip.share - sign * BESIDE - now) * part
            if (between - now) * sign > 0:
                assert leads(options, at_share(weights, flip.objective, between), found.winner)


@settings(max_examples=25, deadline=None)
@given(option_lists(most=6), weightings)
def test_where_no_flip_is_stated_no_weight_changes_the_winner(options, weights):
    found = sensitivity(options, ALL, weights)
    total = sum(weights.values())
    for objective in ALL:
        if objective.name in found.fixed:
            continue
        now = weights[objective.name] / total
        stated = {one.up for one in found.flips if one.objective == objective.name}
        for share in (0.003, 0.2, 0.5, 0.8, 0.997):
            if (share > now) not in stated and share != now:
                assert leads(options, at_share(weights, objective.name, share), found.winner)


def test_robustness_is_the_share_of_weights_that_keep_the_winner():
    """Of two options that trade one objective for another each wins half of all weights."""
    options = [option("near", 10, 9), option("far", 30, 3)]
    found = robustness(options, (LATENCY, COST), {"latency": 3, "unit-cost": 1}, seed=4)
    assert found.winner == "near"
    assert found.share == pytest.approx(0.5, abs=0.04)
    assert sum(found.by_option.values()) == pytest.approx(1)
    assert found.objectives == ("latency", "unit-cost")


def test_what_is_unscored_has_no_part_in_flips_and_draws():
    options = [option("near", 10, 9), option("far", 30, 3)]
    bare = replace(COST, reference=None)
    assert sensitivity(options, (LATENCY, bare), {"unit-cost": 1}) is None
    assert robustness(options, (LATENCY, bare), {"unit-cost": 1}, seed=4) is None
    found = robustness(options, (LATENCY, bare), {"latency": 1, "unit-cost": 1}, seed=4)
    assert (found.by_option, found.objectives) == ({"near": 1.0}, ("latency",))
    assert sensitivity(options, (LATENCY, bare), {"latency": 1, "unit-cost": 1}).fixed == ("latency",)


def test_a_dominant_option_wins_under_every_weight_and_the_seed_decides_the_draws():
    best = [option("best", 1, 1, 1), option("worst", 2, 2, 2)]
    assert robustness(best, (LATENCY, COST, CARBON), {"carbon": 1}, seed=1).by_option == {"best": 1.0}
    mixed = [option("one", 1, 5, 3), option("two", 3, 1, 4), option("three", 2, 3, 1)]
    once, again, other = (
        robustness(mixed, (LATENCY, COST, CARBON), {"carbon": 1}, seed=seed) for seed in (7, 7, 8)
    )
    assert once == again != other
