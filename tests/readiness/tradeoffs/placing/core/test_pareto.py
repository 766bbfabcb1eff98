"""The front, held against asking every pair."""

from hypothesis import given, settings

from readiness.tradeoffs.placing.core.objectives import ObjectiveDirection, dominated
from tests.cases import cases
from tests.readiness.tradeoffs.placing.core.choices import (
    ALL,
    COST,
    LATENCY,
    READINESS,
    option,
    option_lists,
    subsets,
)


def dominates(one, other, objectives):
    """Compare whole bands, as the definition does."""
    strict = False
    for objective in objectives:
        mine, theirs = one.figures[objective.name], other.figures[objective.name]
        if objective.direction is ObjectiveDirection.MIN:
            worst, best = mine.most, theirs.least
        else:
            worst, best = -mine.least, -theirs.most
        if worst > best:
            return False
        strict = strict or worst < best
    return strict


@settings(max_examples=50, deadline=None)
@given(option_lists(), subsets)
def test_the_front_is_what_no_other_dominates_and_every_other_says_by_whom(options, objectives):
    off_front = dominated(options, objectives)
    by_name = {one.name: one for one in options}
    brute = {one.name for one in options if not any(dominates(other, one, objectives) for other in options)}
    assert set(off_front) == set(by_name) - brute
    for name, by in off_front.items():
        assert by in brute
        assert dominates(by_name[by], by_name[name], objectives)


@cases(
    ("options", "objectives", "dominated_by"),
    {
        "no options": ([], ALL, {}),
        "worse in both": ([option("near", 10, 5), option("far", 20, 6)], (LATENCY, COST), {"far": "near"}),
        "a trade-off": ([option("near", 10, 6), option("far", 20, 5)], (LATENCY, COST), {}),
        "equal in all": ([option("one", 10, 5), option("two", 10, 5)], (LATENCY, COST), {}),
        "equal in one": ([option("one", 10, 5), option("two", 10, 6)], (LATENCY, COST), {"two": "one"}),
        "more is better": ([option("low", 1, 1, 1, 70), option("high", 1, 1, 1, 90)], (READINESS,),
            {"low": "high"}),
        "unknown is not dominated": ([option("known", 10), option("unknown", None)], (LATENCY,), {}),
        "unknown within a band that is wholly worse": (
            [option("known", 10), option("unknown", (None, 12, 20))], (LATENCY,), {"unknown": "known"}),
        "a band that reaches over": ([option("known", 10), option("estimate", (15, 9, 20))], (LATENCY,), {}),
        "a band that may be equal in all": ([option("known", 10), option("estimate", (15, 10, 20))],
            (LATENCY,), {}),
        "by one on the front, not by one that is dominated itself": (
            [option("worst", 30, 9), option("middle", 20, 8), option("best", 10, 7)], (LATENCY, COST),
            {"worst": "best", "middle": "best"}),
    },
)  # fmt: skip
def test_front(options, objectives, dominated_by):
    assert dominated(options, objectives) == dominated_by
